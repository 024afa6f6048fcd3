// promlite: the scrapes that wait for a body, and the bodies that are being sent.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SCRAPE_QUEUE_HPP
#define PROMLITE_TRANSPORT_SCRAPE_QUEUE_HPP

#include <promlite/config.hpp>
#include <promlite/exposition/negotiation.hpp>
#include <promlite/transport/body_pool.hpp>
#include <promlite/transport/compression.hpp>
#include <promlite/transport/connection.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/query.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/scrape_worker.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Makes each body once for all who wait for the same, so many scrapes at once cost one collection. Only
/// where ScrapeTime says that it will not do for one of them does that one wait for the next. Belongs to the
/// server's thread.
class ScrapeQueue {
 public:
  /// Both are referred to and must live as long.
  ScrapeQueue(ScrapeSource& source, ScrapeWorker& worker) noexcept : source_(&source), worker_(&worker) {}

  /// For so many connections. Throws std::bad_alloc.
  void open(std::size_t most, std::size_t body_bytes) {
    waiting_.reserve(most);
    body_bytes_ = body_bytes;
  }

  /// Has the scrape that the connection asks for wait; false when it asks for too many names. Throws
  /// std::bad_alloc.
  bool add(Connection& connection, Instant current) {
    const HttpRequest& request = connection.request();
    connection.key = ScrapeKey();
    connection.key.exposition = negotiate(request.accept);
    connection.key.gzip = source_->has_gzip() && wants_gzip(request.accept_encoding);
    if (!request.query.empty() && !parse_filter(request.query, connection.key.filter)) return false;
    connection.wait();
    waiting_.push_back(&connection);
    if (worker_->is_busy() && source_->keeps_deadline()) {
      const Instant deadline = latest_for(connection, worker_->key(), current);
      if (deadline < time_.begun + time_.given) {
        time_.given = deadline - time_.begun;
        hurried_ = true;
        source_->hurry(worker_->key(), deadline);
      }
    }
    return true;
  }
  void remove(const Connection& connection) noexcept { waiting_.remove(connection); }

  /// True when a body can be begun, as soon as there is room for it.
  bool is_due() const noexcept { return !waiting_.empty() && !worker_->is_busy(); }
  /// A guess, by the last body: true when one more keeps within the bound.
  bool has_room() const noexcept {
    return pool_.shared_bytes() == 0 || pool_.shared_bytes() + last_size_ <= body_bytes_;
  }

  /// Makes bodies, or has the worker begin with one. Whose response can begin then is added to `answered`.
  void collect(Instant current, ConnectionList& answered) noexcept {
    while (!waiting_.empty() && has_room()) {
      const Connection& first = next(current);
      const ScrapeKey& key = first.key;
      const Instant deadline = first.deadline;
      std::unique_ptr<Body> body;
      bool failed = true;
      PROMLITE_TRY {
        body = pool_.take();
        if (source_->may_block() || key.gzip) {
          time_ = {current, deadline - current};
          return worker_->start(key, deadline, std::move(body));
        }
        body->compressed = source_->render(key, deadline, body->bytes);
        failed = false;
      }
      PROMLITE_CATCH_ALL {}
      share(key, std::move(body), failed, false, current, answered);
    }
  }

  /// The same with what the worker has made, if it has.
  PROMLITE_COLD void take_result(Instant current, ConnectionList& answered) noexcept {
    std::unique_ptr<Body> body;
    bool failed = false;
    if (!worker_->take(body, failed)) return;
    if (std::exchange(hurried_, false)) source_->hurry(worker_->key(), never);
    const bool may_lack = !failed && source_->keeps_deadline();
    share(worker_->key(), std::move(body), failed, may_lack, current, answered);
  }

  /// Takes the body from a connection that has sent it, or will not.
  void release(Connection& connection) noexcept {
    if (Body* const body = connection.take_body()) pool_.release(body);
  }

 private:
  // Half of a second, which the least patient scrapers ask for, less what a busy machine takes.
  static constexpr Instant least_left = 400;
  static constexpr std::string_view vary_header = "Vary: Accept, Accept-Encoding\r\n";
  static constexpr std::string_view gzip_headers =
      "Content-Encoding: gzip\r\nVary: Accept, Accept-Encoding\r\n";

  // The scrape to be made now: the oldest, or where a deadline ends it the one that has the least time left.
  // One with less than `least_left` does not overtake: many of them would leave no turn for the others.
  const Connection& next(Instant current) const noexcept {
    const Connection* first = waiting_[0];
    if (!source_->keeps_deadline()) return *first;
    for (const Connection* const each : waiting_) {
      if (each->deadline < first->deadline && each->deadline - current >= least_left) first = each;
    }
    return *first;
  }

  // When a body of this key must be there for a scrape that waits for it, or that waits for its own behind
  // it. One that has less than `least_left` hurries nobody: many of them would leave no time for the others.
  static Instant latest_for(const Connection& waiting, const ScrapeKey& key, Instant current) noexcept {
    const Instant left = waiting.deadline - current;
    if (left < least_left) return never;
    return current + (waiting.key == key ? left : left / 2);
  }

  // Gives the body to all who wait for it; where it `may_lack` something, to those for whom it will do.
  void share(const ScrapeKey& key, std::unique_ptr<Body> made, bool failed, bool may_lack, Instant current,
             ConnectionList& answered) noexcept {
    Reply reply;
    const ContentType content_type(key.exposition);
    if (failed) {
      reply = error_reply(503);
    } else {
      last_size_ = made->bytes.size();
      reply.content_type = content_type.text();
      if (key.gzip) reply.extra = made->compressed ? gzip_headers : vary_header;
    }
    Body* body = nullptr;
    std::size_t kept = 0;
    for (Connection* const each : waiting_) {
      if (!(each->key == key) || (may_lack && !time_.will_do(each->deadline, current))) {
        waiting_[kept++] = each;
        continue;
      }
      if (!failed) {
        if (body == nullptr) body = made.release();
        pool_.retain(body);
      }
      each->respond(reply, failed ? reply.body : body->bytes.view(), body, current);
      answered.push_back(each);
    }
    waiting_.truncate(kept);
    if (made) pool_.give_back(std::move(made));
  }

  ScrapeSource* source_;
  ScrapeWorker* worker_;
  ConnectionList waiting_;  // in the order they came
  BodyPool pool_;
  std::size_t body_bytes_ = 0;
  std::size_t last_size_ = 0;  // of the last body, as a guess of the next
  ScrapeTime time_;            // of what the worker makes
  bool hurried_ = false;       // the source knows that there is less
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SCRAPE_QUEUE_HPP
