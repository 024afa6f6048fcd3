// promlite: the embedded server over any source of expositions: its threads, their start and their end.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SERVER_HPP
#define PROMLITE_TRANSPORT_SERVER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/listener.hpp>
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
inline namespace PROMLITE_ABI {
namespace detail {

/// What the threads of a server share with its owner. They keep it alive: an owner does not wait for ever.
struct ServerState {
  ServerState(const ServerOptions& options, std::shared_ptr<ScrapeSource> scraped,
              std::shared_ptr<const Site> asked)
      : source(std::move(scraped)),
        site(asked ? std::move(asked) : std::make_shared<const Site>(options)),
        worker(source, *wake),
        loop(*site, *source, listener, wake, worker) {
    loop.set_ready(options.ready);
  }

  std::shared_ptr<ScrapeSource> source;
  Listener listener;
  std::shared_ptr<const Site> site;
  /// For the loop: a result, or the end. Shared by whoever makes a late reply, who may signal it after the
  /// end.
  std::shared_ptr<Event> wake = std::make_shared<Event>();
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
  Server() = default;
  /// Listens and answers as `site` says, or Site(options) where there is none; the reason why not, with the
  /// address, or nothing. Once only.
  std::string start(std::string_view address, std::shared_ptr<ScrapeSource> source,
                    const ServerOptions& options, std::shared_ptr<const Site> site = nullptr);

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

  void swap(Server& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(loop_, other.loop_);
    std::swap(worker_, other.worker_);
    std::swap(address_, other.address_);
    std::swap(port_, other.port_);
    std::swap(process_, other.process_);
  }
  std::string open(std::string_view address, const ServerOptions& options);
  int start_threads();
  static bool end_thread(Thread& thread, const std::atomic<bool>& finished) noexcept;

  std::shared_ptr<ServerState> state_;
  Thread loop_;
  Thread worker_;
  std::string address_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

PROMLITE_COLD inline std::string Server::start(std::string_view address, std::shared_ptr<ScrapeSource> source,
                                               const ServerOptions& options,
                                               std::shared_ptr<const Site> site) {
  std::string reason;
  PROMLITE_TRY {
    if (const char* const problem = Site::problem_of(options)) {
      reason = problem;
    } else {
      state_.reset(new ServerState(options, std::move(source), std::move(site)));
      reason = open(address, options);
    }
  }
  PROMLITE_CATCH_ALL { reason = "out of memory"; }
  if (reason.empty()) return reason;
  stop();
  return message_of("cannot serve metrics on ", address, ": ", reason);
}

// The reason alone.
PROMLITE_COLD inline std::string Server::open(std::string_view address, const ServerOptions& options) {
  process_ = ::getpid();
  std::string reason = state_->listener.open(address);
  if (!reason.empty()) return reason;
  address_ = state_->listener.address();
  port_ = state_->listener.port();
  for (const int error : {state_->wake->error(), state_->finished.error(), state_->worker.error()}) {
    if (error != 0) return errno_text(error);
  }
  ServerLimits limits(options);
  limits.header_room = state_->site->header_room();
  state_->loop.open(limits);
  const int error = start_threads();
  return error == 0 ? reason : errno_text(error);
}

PROMLITE_COLD inline int Server::start_threads() {
  const int error = loop_.start<ServerState>(
      [](ServerState& state) {
        state.loop.run();
        state.loop_finished.store(true,
                                  std::memory_order_release);  // the owner may touch what the loop has used
        state.finished.signal();
      },
      state_, "promlite-http");
  if (error != 0) return error;
  return worker_.start<ServerState>(
      [](ServerState& state) {
        state.worker.run();
        state.worker_finished.store(true, std::memory_order_release);  // as above
        state.finished.signal();
      },
      state_, "promlite-scrape");
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
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SERVER_HPP
