// promlite: what a collector may ask and say while the exporter kit runs it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_COLLECTION_HPP
#define PROMLITE_EXPORTER_COLLECTION_HPP

#include <promlite/config.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// One collection on the calling thread, for as long as this lives: until when it may take, and what went
/// wrong in it. Scopes nest as calls do; a problem goes to the innermost one, which passes it on or not.
/// Made and destroyed by one thread.
class CollectionScope {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A deadline behind that of the scope around this one is that one's. `earlier`, where there is one, may
  /// bring it forward while the scope lasts.
  explicit CollectionScope(TimePoint deadline, const std::atomic<TimePoint>* earlier = nullptr) noexcept
      : outer_(innermost_), deadline_(deadline), earlier_(earlier) {
    innermost_ = this;
  }
  CollectionScope(const CollectionScope&) = delete;
  CollectionScope& operator=(const CollectionScope&) = delete;
  ~CollectionScope() { innermost_ = outer_; }

  /// The innermost scope of the calling thread; null: none.
  static CollectionScope* innermost() noexcept { return innermost_; }

  TimePoint deadline() const noexcept {
    TimePoint deadline = deadline_;
    if (earlier_ != nullptr) deadline = std::min(deadline, earlier_->load(std::memory_order_relaxed));
    return outer_ == nullptr ? deadline : std::min(deadline, outer_->deadline());
  }
  bool has_problem() const noexcept { return has_problem_; }
  /// The reasons in their order, with "; " between; at most 1,000 bytes, and then the last ones are left out.
  const std::string& problem() const noexcept { return problem_; }

  void add_problem(std::string_view reason) {
    has_problem_ = true;  // even where there is no memory for the reason
    if (problem_.empty()) {
      problem_.assign(reason.substr(0, longest));
    } else if (problem_.size() + 2 + reason.size() <= longest) {
      problem_.append("; ").append(reason);
    }
  }

 private:
  static constexpr std::string_view::size_type longest = 1000;
  static inline thread_local CollectionScope* innermost_ = nullptr;

  CollectionScope* const outer_;
  const TimePoint deadline_;
  const std::atomic<TimePoint>* const earlier_;
  bool has_problem_ = false;
  std::string problem_;
};

/// In a handler: what was thrown, in words; empty where there is no memory for them.
PROMLITE_COLD inline std::string thrown_reason() noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& thrown) {
      return thrown.what();
    } catch (...) {
      return "it threw what is no std::exception";
    }
  } catch (...) {
    return {};
  }
}

}  // namespace detail

/// When the scrape that this collection is for must be answered, already less a margin: what a collector
/// waits for should be waited for until then. It may come forward meanwhile. time_point::max() outside of a
/// kit's collection. It is that of the calling thread: a collector that has threads of its own tells it to
/// them.
inline std::chrono::steady_clock::time_point scrape_deadline() noexcept {
  const detail::CollectionScope* const scope = detail::CollectionScope::innermost();
  return scope == nullptr ? std::chrono::steady_clock::time_point::max() : scope->deadline();
}

/// Says that what is being collected is not whole: `..._collector_success` will be 0, the reason is logged
/// when it changes, and what was written stays. A reason that varies from scrape to scrape, by a number in it
/// say, is logged each time. Outside of a kit's collection it does nothing. Throws std::bad_alloc only.
inline void collection_problem(std::string_view reason) {
  detail::CollectionScope* const scope = detail::CollectionScope::innermost();
  if (scope != nullptr) scope->add_problem(reason);
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_COLLECTION_HPP
