// promlite: one registry behind several servers.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_SHARED_SOURCE_HPP
#define PROMLITE_EXPORTER_SHARED_SOURCE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/registry_group.hpp>
#include <promlite/transport/compression.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/scrape_handler.hpp>
#include <promlite/transport/scrape_source.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A registry as several servers see it. A scrape that comes while another server makes the same body gets
/// that one, as a server does it with scrapes of its own: so it does not wait for the one collection and then
/// cause another; unless ScrapeTime says that it will not do. One that has less time brings the deadline of
/// that body forward. Collectors are told the scrape's deadline. Unlike other sources it is thread safe.
class SharedSource final : public ScrapeSource {
 public:
  SharedSource(std::shared_ptr<RegistryGroup> registry, CreatedSamples created,
               const Compression& compression) noexcept
      : registry_(std::move(registry)), created_(created), compression_(compression) {}

  bool may_block() const noexcept override { return registry_->has_collectors(); }
  bool keeps_deadline() const noexcept override { return true; }
  bool has_gzip() const noexcept override { return compression_.gzip != nullptr; }
  void hurry(const ScrapeKey& key, Instant deadline) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found =
        std::find_if(bodies_.begin(), bodies_.end(), [&](const auto& body) { return body->key == key; });
    if (found != bodies_.end() && deadline != never) {
      bring_forward(**found, deadline);
    } else {
      hurry_of_next_ = deadline;
    }
  }

  PROMLITE_COLD bool render(const ScrapeKey& key, Instant deadline, ByteBuffer& out) override {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto found =
        std::find_if(bodies_.begin(), bodies_.end(), [&](const auto& body) { return body->key == key; });
    if (found != bodies_.end()) {
      const std::shared_ptr<Body> joined = *found;  // the list may change meanwhile
      join(lock, *joined, deadline);
      if (joined->time.will_do(deadline, now())) {
        out.append(joined->text);
        return joined->compressed;
      }
    }

    const auto body = bodies_.emplace_back(std::make_shared<Body>(key));
    body->time.begun = now();
    body->time.given = deadline - body->time.begun;
    bring_forward(*body, std::exchange(hurry_of_next_, never));
    lock.unlock();
    try {
      const bool compressed = collect(key, deadline, body->earlier, out);
      lock.lock();
      // The copy is for those who wait alone.
      if (body->waiting > 0) body->text = out.view();
      body->compressed = compressed;
      body->failed = false;
      finish(*body);
      return compressed;
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      finish(*body);
      throw;
    }
  }

  /// Scrapes that wait for what another one is making.
  std::size_t waiting() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::size_t count = 0;
    for (const auto& body : bodies_) count += body->waiting;
    return count;
  }

 private:
  using TimePoint = CollectionScope::TimePoint;

  /// What one scrape makes, for all that ask for the same.
  struct Body {
    explicit Body(ScrapeKey asked) : key(std::move(asked)) {}

    const ScrapeKey key;
    ScrapeTime time;
    std::size_t waiting = 0;
    bool finished = false;
    bool failed = true;
    bool compressed = false;
    std::string text;
    std::atomic<TimePoint> earlier{TimePoint::max()};  // the collectors' deadline, brought forward
  };

  static TimePoint time_of(Instant instant) { return TimePoint(std::chrono::milliseconds(instant)); }
  /// The collectors' deadline: what was collected until then still has to be written.
  static TimePoint for_collectors(Instant deadline) {
    return time_of(deadline - std::clamp<Instant>((deadline - now()) / 10, 0, 250));
  }

  /// Under the lock.
  static void bring_forward(Body& body, Instant deadline) noexcept {
    if (deadline >= body.time.begun + body.time.given) return;
    body.time.given = deadline - body.time.begun;
    body.earlier.store(for_collectors(deadline), std::memory_order_relaxed);
  }

  void join(std::unique_lock<std::mutex>& lock, Body& body, Instant deadline) {
    ++body.waiting;
    bring_forward(body, deadline);
    changed_.wait_until(lock, time_of(deadline), [&] { return body.finished; });
    --body.waiting;
    if (!body.finished || body.failed) fail("the scrape that was joined has failed");
  }

  bool collect(const ScrapeKey& key, Instant deadline, const std::atomic<TimePoint>& earlier,
               ByteBuffer& out) {
    const CollectionScope scope(for_collectors(deadline), &earlier);
    return RegistrySource(registry_, created_, compression_).render(key, deadline, out);
  }

  /// Under the lock.
  void finish(Body& body) noexcept {
    body.finished = true;
    bodies_.erase(
        std::find_if(bodies_.begin(), bodies_.end(), [&](const auto& each) { return each.get() == &body; }));
    changed_.notify_all();
  }

  const std::shared_ptr<RegistryGroup> registry_;
  const CreatedSamples created_;
  const Compression compression_;
  mutable std::mutex mutex_;  // for what follows; not held while collectors run
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Body>> bodies_;  // that are being made
  Instant hurry_of_next_ = never;              // of one whose render() has not begun yet
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_SHARED_SOURCE_HPP
