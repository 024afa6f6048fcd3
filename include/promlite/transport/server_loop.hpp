// promlite: the server's thread: one poll for all connections, no waiting anywhere else.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SERVER_LOOP_HPP
#define PROMLITE_TRANSPORT_SERVER_LOOP_HPP

#include <promlite/config.hpp>
#include <promlite/transport/connection.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/listener.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/scrape_queue.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/scrape_worker.hpp>
#include <promlite/transport/server_limits.hpp>
#include <promlite/transport/site.hpp>
#include <promlite/transport/socket.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Answers the connections of one listener. A round reads everything that has come, then makes the bodies
/// that are asked for, and then sends: so a scrape never gets a body that was begun before it came. Only
/// where code that is not the library's takes part does another thread collect; there a scrape may join a
/// collection that is running.
class ServerLoop {
 public:
  /// Everything is referred to and must live as long.
  ServerLoop(const Site& site, ScrapeSource& source, Listener& listener, std::shared_ptr<Event> wake,
             ScrapeWorker& worker) noexcept
      : site_(&site), listener_(&listener), wake_(std::move(wake)), scrapes_(source, worker) {}
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;
  ~ServerLoop() {
    for (Connection* const each : connections_) {
      drop(*each);
      delete each;
    }
  }

  /// Before run(). Throws std::bad_alloc, as nothing does later.
  PROMLITE_COLD void open(const ServerLimits& limits) {
    limits_ = limits;
    const std::size_t most = limits.connections + accepts_of_round(limits.connections);
    fds_ = std::make_unique<pollfd[]>(most + first_connection);
    for (ConnectionList* const list : {&connections_, &late_, &answered_, &resumed_}) list->reserve(most);
    scrapes_.open(most, limits.body_bytes);
    fds_[0] = {wake_->descriptor(), POLLIN, 0};
    fds_[1] = {listener_->descriptor(), POLLIN, 0};
  }

  /// Serves until stop(). Runs on the server's thread.
  void run() noexcept {
    now_ = now();
    while (!stopping_.load(std::memory_order_acquire)) {  // pairs with stop()
      const int count = wait_for(fds_.get(), first_connection + connections_.size(), wake_up_, now_);
      if (count < 0) {
        survive_poll(errno);
        continue;
      }
      now_ = now();
      if (fds_[0].revents != 0) {
        wake_->drain();
        scrapes_.take_result(now_, answered_);
        take_late();
      }
      read_all();
      if (fds_[1].revents != 0) accept_all();
      collect();
      for (Connection* const each : answered_) send(*each);
      answered_.truncate(0);
      end_round();
    }
    for (Connection* const each : connections_) drop(*each);
  }

  /// From any thread.
  void stop() noexcept {
    stopping_.store(true, std::memory_order_release);  // what came before stop() is seen by the end of run()
    wake_->signal();
  }
  void set_ready(bool ready) noexcept { ready_.store(ready, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t first_connection = 2;  // fds_: wake, listener, connections
  static constexpr Instant accept_pause = 100;
  static constexpr Instant linger_timeout = 1000;
  static constexpr Instant stall_timeout = 1000;

  // Not all at once: those that are there already have their turn. A round takes longer the more there are.
  static constexpr std::size_t accepts_of_round(std::size_t connections) noexcept {
    return 32 + connections / 8;
  }

  bool is_ready() const noexcept { return ready_.load(std::memory_order_relaxed); }

  void read_all() noexcept {
    while (!resumed_.empty()) take_request(*resumed_.pop_back());
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (fds_[first_connection + i].revents != 0)
        react(*connections_[i], fds_[first_connection + i].revents);
    }
  }

  void react(Connection& connection, int events) noexcept {
    switch (connection.state()) {
      case Connection::State::reading:
        if (!connection.fill()) return drop(connection);
        return take_request(connection);
      case Connection::State::sending:
        // What was begun in this very round is sent at its end.
        if ((events & (POLLOUT | POLLERR | POLLHUP)) != 0) flush(connection);
        return;
      case Connection::State::waiting:
        if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) drop(connection);
        return;
      case Connection::State::lingering:
        if (!connection.discard()) drop(connection);
        return;
      case Connection::State::closed:
        return;
    }
  }

  void take_request(Connection& connection) noexcept {
    HttpRequestParser::State state = HttpRequestParser::State::failed;
    PROMLITE_TRY {
      state = connection.parse();
      if (state == HttpRequestParser::State::complete) return route(connection);
    }
    PROMLITE_CATCH_ALL { return answer(connection, error_reply(503)); }
    if (state == HttpRequestParser::State::failed) {
      answer(connection, error_reply(connection.error_status()));
    } else if (connection.input_ended()) {
      drop(connection);
    } else if (!connection.in_head) {
      connection.in_head = true;
      connection.deadline = now_ + limits_.header_timeout;
    }
  }

  void route(Connection& connection) {
    const HttpRequest& request = connection.request();
    connection.deadline = now_ + limits_.patience(request);
    Reply reply = site_->reply_to(request, is_ready(), wake_);
    connection.headers = reply.headers;
    settle(connection, std::move(reply));
  }

  void collect() noexcept {
    if (!scrapes_.is_due()) return;
    if (!scrapes_.has_room()) drop_stalled();
    scrapes_.collect(now_, answered_);
  }

  // What a site answers to the request of this connection, or a late reply of it.
  void settle(Connection& connection, Reply reply) {
    if (reply.late) {
      connection.late = std::move(reply.late);
      connection.wait();
      late_.push_back(&connection);
    } else if (!reply.scrape) {
      answer(connection, reply);
    } else if (!scrapes_.add(connection, now_)) {
      answer(connection, error_reply(400));
    }
  }

  PROMLITE_COLD void take_late() noexcept {
    for (std::size_t i = 0; i < late_.size();) {
      Connection& each = *late_[i];
      if (!each.late->ready()) {
        ++i;
        continue;
      }
      late_[i] = late_.pop_back();
      const std::shared_ptr<LateReply> made = each.late;  // lives on here where a later one takes its place
      PROMLITE_TRY { settle(each, made->reply(each.request(), is_ready())); }
      PROMLITE_CATCH_ALL { answer(each, error_reply(503)); }
    }
  }

  // A body is not kept for those who do not read it while others wait for its memory.
  PROMLITE_COLD void drop_stalled() noexcept {
    for (Connection* const each : connections_) {
      if (each->state() == Connection::State::sending && now_ - each->since >= stall_timeout) drop(*each);
    }
  }

  void answer(Connection& connection, const Reply& reply) noexcept {
    connection.respond(reply, reply.body, nullptr, now_);
    answered_.push_back(&connection);
  }

  void send(Connection& connection) noexcept {
    if (connection.state() != Connection::State::sending) return;
    connection.deadline = now_ + limits_.write_timeout;
    flush(connection);
  }

  void flush(Connection& connection) noexcept {
    if (connection.state() != Connection::State::sending) return;
    bool progress = false;
    const Io result = connection.flush(progress);
    if (progress) connection.since = now_;
    if (result == Io::blocked) return;
    if (result != Io::done) return drop(connection);
    scrapes_.release(connection);
    connection.late.reset();
    if (connection.next_request()) {
      connection.since = now_;
      connection.in_head = connection.has_input();
      connection.deadline = now_ + (connection.in_head ? limits_.header_timeout : limits_.idle_timeout);
      if (connection.in_head) resumed_.push_back(&connection);
    } else if (connection.must_linger()) {
      connection.linger();
      connection.deadline = now_ + linger_timeout;
    } else {
      drop(connection);
    }
  }

  void drop(Connection& connection) noexcept {
    if (connection.state() == Connection::State::closed) return;
    stop_waiting(connection);
    resumed_.remove(connection);
    scrapes_.release(connection);
    connection.close();
    ++closed_;
  }

  void stop_waiting(Connection& connection) noexcept {
    if (connection.state() != Connection::State::waiting) return;
    scrapes_.remove(connection);
    late_.remove(connection);
  }

  PROMLITE_COLD void accept_all() noexcept {
    const std::size_t most = accepts_of_round(connections_.size());
    std::size_t lost = 0;
    for (std::size_t i = 0; i < most; ++i) {
      Connection* victim = nullptr;
      if (connections_.size() - closed_ >= limits_.connections) {
        victim = find_victim();
        if (victim == nullptr) return pause_accepting();
      }
      FileDescriptor fd;
      const Listener::Accepted result = listener_->accept(fd);
      if (result == Listener::Accepted::none) return;
      if (result == Listener::Accepted::exhausted) return pause_accepting();
      if (result == Listener::Accepted::lost) {
        ++lost;
        continue;
      }
      if (victim != nullptr) turn_away(*victim);
      add(std::move(fd));
    }
    if (lost == most) pause_accepting();
  }

  PROMLITE_COLD void add(FileDescriptor fd) noexcept {
    PROMLITE_TRY {
      const int descriptor = fd.get();
      connections_.push_back(new Connection(std::move(fd), limits_, now_));
      fds_[first_connection + connections_.size() - 1] = {descriptor, POLLIN, 0};
    }
    PROMLITE_CATCH_ALL {}
  }

  // The descriptor stays readable while nothing can be accepted: without a pause the thread would spin.
  PROMLITE_COLD void pause_accepting() noexcept { accept_at_ = now_ + accept_pause; }

  // Who has to go for a new connection: the oldest without a complete request; else the reader that has stood
  // still longest; else the oldest scrape without a body. Null when all are being served.
  PROMLITE_COLD Connection* find_victim() noexcept {
    Connection* best = nullptr;
    int best_rank = 0;
    for (Connection* const each : connections_) {
      const int rank = each->expendability(now_ - stall_timeout);
      if (rank == 0 || rank < best_rank || (rank == best_rank && each->since >= best->since)) continue;
      best = each;
      best_rank = rank;
    }
    return best;
  }

  PROMLITE_COLD void turn_away(Connection& connection) noexcept {
    if (connection.state() == Connection::State::waiting) say(connection, 503);
    drop(connection);
  }

  // Answers at once instead of at the round's end.
  PROMLITE_COLD void say(Connection& connection, int status) noexcept {
    stop_waiting(connection);
    const Reply reply = error_reply(status);
    connection.respond(reply, reply.body, nullptr, now_);
    send(connection);
  }

  PROMLITE_COLD void expire(Connection& connection) noexcept {
    switch (connection.state()) {
      case Connection::State::reading:
        if (!connection.has_input()) return drop(connection);
        return say(connection, 408);
      case Connection::State::waiting:
        return say(connection, 503);
      case Connection::State::sending:
      case Connection::State::lingering:
        return drop(connection);
      case Connection::State::closed:
        return;
    }
  }

  // EINVAL: the process may no longer have as many descriptors as it has, and goes on with fewer. Everything
  // else may be over after a while.
  PROMLITE_COLD void survive_poll(int error) noexcept {
    now_ = now();
    Connection* const victim = error == EINVAL ? find_victim() : nullptr;
    if (victim != nullptr) drop(*victim);
    wait_for(nullptr, 0, now_ + 10, now_);
    now_ = now();
    end_round();
  }

  // Deadlines, the places of closed connections, and when to wake up next.
  void end_round() noexcept {
    wake_up_ = never;
    for (std::size_t i = 0; i < connections_.size();) {
      Connection& each = *connections_[i];
      if (each.deadline <= now_) expire(each);
      if (each.state() == Connection::State::closed) {
        delete &each;
        fds_[first_connection + i] = fds_[first_connection + connections_.size() - 1];
        connections_[i] = connections_.pop_back();
        continue;
      }
      fds_[first_connection + i].events = each.wanted_events();
      if (each.deadline < wake_up_) wake_up_ = each.deadline;
      ++i;
    }
    closed_ = 0;
    const bool accepting = accept_at_ <= now_;
    fds_[1].fd = accepting ? listener_->descriptor() : -1;
    if (!accepting && accept_at_ < wake_up_) wake_up_ = accept_at_;
    if (scrapes_.is_due()) {
      const Instant again = scrapes_.has_room() ? now_ : now_ + accept_pause;
      if (again < wake_up_) wake_up_ = again;
    }
    if (!resumed_.empty()) wake_up_ = now_;
  }

  ServerLimits limits_;
  const Site* site_;
  Listener* listener_;
  std::shared_ptr<Event> wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ready_{true};

  // All below belongs to the server's thread.
  std::unique_ptr<pollfd[]> fds_;
  ConnectionList connections_;  // all of them, owned; [i] is that of fds_[i + first_connection]
  ScrapeQueue scrapes_;         // those in State::waiting are in here
  ConnectionList late_;         // or in here
  ConnectionList answered_;     // responses that were begun in this round
  ConnectionList resumed_;      // connections whose next request may be there already
  std::size_t closed_ = 0;      // connections that have been closed but still have their place
  Instant now_ = 0;
  Instant wake_up_ = never;
  Instant accept_at_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SERVER_LOOP_HPP
