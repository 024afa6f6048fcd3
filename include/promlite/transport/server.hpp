// promlite: the embedded server over any source of expositions: its threads, their start and their end.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SERVER_HPP
#define PROMLITE_TRANSPORT_SERVER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/scrape_worker.hpp>
#include <promlite/transport/server_limits.hpp>
#include <promlite/transport/server_loop.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/site.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
namespace detail {

/// What the threads of a server share with its owner. They keep it alive: an owner does not wait for ever.
struct ServerState {
  ServerState(const ServerOptions& options, std::shared_ptr<ScrapeSource> scraped, Listener opened)
      : source(std::move(scraped)),
        listener(std::move(opened)),
        site(options),
        worker(source, wake),
        loop(ServerLimits(options), site, *source, listener, wake, worker) {
    loop.set_ready(options.ready);
  }

  std::shared_ptr<ScrapeSource> source;
  Listener listener;
  Site site;
  Event wake;      ///< for the loop: a result, or the end
  Event finished;  ///< for the owner: one of the flags below has been set
  std::atomic<bool> loop_finished{false};
  std::atomic<bool> worker_finished{false};
  ScrapeWorker worker;
  ServerLoop loop;
};

/// A running server. stop() and the destructor take less than 200 ms, whatever clients and collectors are
/// doing. Not thread safe, but for set_ready().
class Server {
 public:
  /// Listens and answers, or says why not.
  static Expected<Server> start(std::string_view address, std::shared_ptr<ScrapeSource> source,
                                const ServerOptions& options);

  Server(Server&& other) noexcept { swap(other); }
  Server& operator=(Server&& other) noexcept {
    Server taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Server() { stop(); }

  const std::string& address() const noexcept { return address_; }
  std::uint16_t port() const noexcept { return port_; }
  void set_ready(bool ready) noexcept {
    if (state_) state_->loop.set_ready(ready);
  }
  void stop() noexcept;

 private:
  // Leaves room below 200 ms for a busy machine.
  static constexpr Instant stop_timeout = 100;

  Server() = default;
  void swap(Server& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(loop_, other.loop_);
    std::swap(worker_, other.worker_);
    std::swap(address_, other.address_);
    std::swap(port_, other.port_);
    std::swap(process_, other.process_);
  }
  static Expected<Server> open(std::string_view address, std::shared_ptr<ScrapeSource> source,
                               const ServerOptions& options);
  int start_threads();
  static bool end_thread(Thread& thread, const std::atomic<bool>& finished) noexcept;

  std::shared_ptr<ServerState> state_;
  Thread loop_;
  Thread worker_;
  std::string address_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

PROMLITE_COLD inline Expected<Server> Server::start(std::string_view address,
                                                    std::shared_ptr<ScrapeSource> source,
                                                    const ServerOptions& options) {
  std::string reason;
  PROMLITE_TRY {
    Expected<Server> made = open(address, std::move(source), options);
    if (made) return made;
    reason = made.message();
  }
  PROMLITE_CATCH_ALL { reason = "out of memory"; }
  return Expected<Server>::failure(message_of("cannot serve metrics on ", address, ": ", reason));
}

// The failure is the reason alone.
PROMLITE_COLD inline Expected<Server> Server::open(std::string_view address,
                                                   std::shared_ptr<ScrapeSource> source,
                                                   const ServerOptions& options) {
  if (const char* problem = Site::problem_of(options)) return Expected<Server>::failure(problem);
  Expected<Listener> listener = Listener::open(address);
  if (!listener) return Expected<Server>::failure(listener.message());
  Server made;
  made.process_ = ::getpid();
  made.address_ = listener->address();
  made.port_ = listener->port();
  made.state_ = std::make_shared<ServerState>(options, std::move(source), std::move(*listener));
  int error = made.state_->wake && made.state_->finished && made.state_->worker ? 0 : EMFILE;
  if (error == 0) error = made.start_threads();
  if (error == 0) return made;
  made.stop();
  return Expected<Server>::failure(errno_text(error));
}

PROMLITE_COLD inline int Server::start_threads() {
  const int error = loop_.start<ServerState>(
      [](ServerState& state) {
        state.loop.run();
        state.loop_finished.store(true,
                                  std::memory_order_release);  // the owner may touch what the loop has used
        state.finished.signal();
      },
      state_);
  if (error != 0) return error;
  return worker_.start<ServerState>(
      [](ServerState& state) {
        state.worker.run();
        state.worker_finished.store(true, std::memory_order_release);  // as above
        state.finished.signal();
      },
      state_);
}

PROMLITE_COLD inline void Server::stop() noexcept {
  const std::shared_ptr<ServerState> state = std::move(state_);
  state_.reset();
  if (!state) return;
  if (process_ != ::getpid()) {
    // A child of fork: the threads are the parent's, and so is the socket's file. Only the descriptor is a
    // copy.
    loop_.forget();
    worker_.forget();
    state->listener.close();
    return;
  }
  state->loop.stop();
  state->worker.stop();
  const Instant deadline = now() + stop_timeout;
  const auto finished = [](const Thread& thread, const std::atomic<bool>& flag) {
    return !thread.runs() || flag.load(std::memory_order_acquire);  // pairs with the threads' ends
  };
  while (!(finished(loop_, state->loop_finished) && finished(worker_, state->worker_finished)) &&
         state->finished.wait_until(deadline)) {
  }
  state->listener.remove_path();
  if (end_thread(loop_, state->loop_finished)) {
    state->listener.close();
  } else {
    state->listener.refuse();
  }
  end_thread(worker_, state->worker_finished);
}

// A thread that is inside somebody's collector is left behind; it holds what it needs and ends when that
// returns.
PROMLITE_COLD inline bool Server::end_thread(Thread& thread, const std::atomic<bool>& finished) noexcept {
  if (thread.runs() && !finished.load(std::memory_order_acquire)) {  // pairs with the threads' ends
    thread.detach();
    return false;
  }
  thread.join();
  return true;
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SERVER_HPP
