// promlite: what a registry holds.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRY_CORE_HPP
#define PROMLITE_REGISTRY_CORE_HPP

#include <promlite/callback.hpp>
#include <promlite/clock.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/error.hpp>
#include <promlite/family.hpp>
#include <promlite/membership.hpp>
#include <promlite/scope.hpp>
#include <promlite/series.hpp>
#include <promlite/sink.hpp>
#include <promlite/source_directory.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A collector in a registry.
struct CollectorEntry {
  Collector* collector;
  std::shared_ptr<const Scope> scope;  ///< null: none
  std::shared_ptr<CallGate> gate;
};

/// A source in one scrape.
struct Scraped {
  Source* source;
  std::uint32_t registry;  ///< its place in the group
  bool first;              ///< of the sources of its name
  bool wanted;             ///< the filter asks for it
  bool shown;              ///< its name is not taken otherwise by a registry before its own
};

/// Marks this thread as the one that runs user code for a scrape while this lives.
class ScraperMark {
 public:
  explicit ScraperMark(UserCodeLock& held) noexcept : held_(held) { held_.mark(true); }
  ScraperMark(const ScraperMark&) = delete;
  ScraperMark& operator=(const ScraperMark&) = delete;
  ~ScraperMark() { held_.mark(false); }

 private:
  UserCodeLock& held_;
};

/// The inside of a registry, shared with whoever may still be scraping it when the Registry object dies.
/// RegistryGroup scrapes it.
///
/// Two locks: `scrape_` orders scrapes and is taken first; `registration_` guards the directory and is held
/// for moments only, never while user code runs. Updates take neither.
class RegistryCore {
 public:
  RegistryCore() = default;
  RegistryCore(const RegistryCore&) = delete;
  RegistryCore& operator=(const RegistryCore&) = delete;

  template <class Metric>
  FamilyOf<Metric>& declare(Declaration declared, const Scope* scope) {
    using Family = FamilyOf<Metric>;
    check(declared, scope);
    const UndividedLock lock(registration_);
    // Same type and value kind, no callback: it is a FamilyOf of this metric.
    if (Source* const same = find_same(declared)) return static_cast<Family&>(*same);
    auto made = std::make_unique<Family>(std::move(declared),
                                         MetricTraits<Metric>::owned ? owned_cells_ : shared_cells_, shared_);
    Family& family = *made;
    directory_.add(std::move(made));
    return family;
  }

  /// `Made` is a Callback.
  template <class Made, class Function>
  Membership add_callback(Declaration declared, Function function, const Scope* scope) {
    declared.is_callback = true;
    check(declared, scope);
    return add_callback(std::make_unique<Made>(std::move(declared), std::move(function), collector_errors_));
  }

  /// `quick`: known not to block.
  PROMLITE_COLD Membership add(Collector& collector, std::shared_ptr<const Scope> scope, bool quick) {
    auto gate = std::make_shared<CallGate>();
    make_room();
    const UndividedLock lock(registration_);
    for (const CollectorEntry& entry : collectors_) {
      if (entry.collector == &collector && !entry.gate->closed() && equal(entry.scope.get(), scope.get()))
        fail("this collector is in the registry already");
    }
    collectors_.push_back({&collector, std::move(scope), gate});
    if (!quick) user_code_.store(true, std::memory_order_relaxed);
    return Membership(std::move(gate));
  }

  /// Takes the metrics of this name that were declared with all labels of `scope` out, and ends callbacks.
  bool unregister(std::string_view name, const Scope* scope);

  bool has_collectors() const noexcept { return user_code_.load(std::memory_order_relaxed); }
  void expose_scrape_metrics(bool on) noexcept { scrape_metrics_.store(on, std::memory_order_relaxed); }

  bool scrape_metrics_exposed() const noexcept { return scrape_metrics_.load(std::memory_order_relaxed); }
  /// Callbacks and collectors that failed.
  std::uint64_t collector_errors() const noexcept {
    return collector_errors_.load(std::memory_order_relaxed);
  }

  void max_series(std::size_t count) noexcept { shared_.bound.set(count); }
  void use_clock(const Clock& clock) noexcept { shared_.clock.use(clock); }
  /// By the clock of the registry; `real` by the real one.
  std::chrono::steady_clock::time_point now(std::chrono::steady_clock::time_point real) const noexcept {
    return shared_.clock.now(real);
  }

 private:
  friend class ScrapeLocks;
  friend class RegistryGroup;

  PROMLITE_COLD static void check(Declaration& declared, const Scope* scope) {
    declared.normalise();
    DeclarationCheck(declared).run();
    if (scope != nullptr) {
      scope->apply(declared);
      DeclarationCheck(declared).run();
    }
    declared.drop_empty_facts();
  }
  static bool equal(const Scope* one, const Scope* other) {
    return one == nullptr || other == nullptr ? one == other : *one == *other;
  }
  Source* find_same(const Declaration& declared) const { return directory_.find_same(declared); }

  bool scraped_by_this_thread() const noexcept { return scrape_.marked_by_this_thread(); }
  Membership add_callback(std::unique_ptr<Callback> made);
  void make_room();
  void forget_the_gone();
  void list_sources(std::vector<Scraped>& sources, std::uint32_t registry, bool callbacks);
  void run_collectors(Sink& sink);

  UserCodeLock scrape_;  // marked by the thread that runs user code for a scrape

  std::mutex registration_;
  CellArena owned_cells_{true, 256};
  CellArena shared_cells_{false, 64};
  SeriesShared shared_;
  SourceDirectory directory_;  // after what its sources refer to
  std::vector<CollectorEntry> collectors_;

  std::atomic<bool> user_code_{false};
  std::atomic<std::uint32_t> registrations_{0};  // of user code
  std::atomic<bool> scrape_metrics_{false};
  std::atomic<std::uint64_t> collector_errors_{0};
};

PROMLITE_COLD inline Membership RegistryCore::add_callback(std::unique_ptr<Callback> made) {
  std::shared_ptr<CallGate> gate = made->gate();
  make_room();
  const UndividedLock lock(registration_);
  find_same(made->declared());
  directory_.add(std::move(made));
  user_code_.store(true, std::memory_order_relaxed);
  return Membership(std::move(gate));
}

PROMLITE_COLD inline bool RegistryCore::unregister(std::string_view name, const Scope* scope) {
  std::string whole(scope == nullptr ? std::string_view() : scope->prefix());
  whole.append(name);
  std::vector<Source*> retired;
  std::vector<Membership> ended;  // their ends, behind the lock, wait for calls that run
  {
    const UndividedLock lock(registration_);
    const std::vector<Source*> found = directory_.find_all(whole, scope);
    retired.reserve(found.size());
    ended.reserve(found.size());
    directory_.make_room_to_retire(found.size());
    for (Source* const source : found) {
      if (source->declared().is_callback) {
        ended.emplace_back(static_cast<Callback*>(source)->gate());
      } else {
        directory_.retire(source);
        retired.push_back(source);
      }
    }
  }
  for (Source* const source : retired) source->retire();
  return !(retired.empty() && ended.empty());
}

/// Where scrapes are rare, those who register forget the gone, now and then, unless a scrape runs right now.
PROMLITE_COLD inline void RegistryCore::make_room() {
  if (registrations_.fetch_add(1, std::memory_order_relaxed) % 64 != 63) return;
  // This thread holds the lock already, and must not try it.
  if (scraped_by_this_thread()) return;
  const std::unique_lock<UserCodeLock> idle(scrape_, std::try_to_lock);
  if (!idle.owns_lock()) return;
  const ScraperMark mark(scrape_);
  forget_the_gone();
}

/// Under scrape_, by a thread that is marked: what a callback holds is user code.
PROMLITE_COLD inline void RegistryCore::forget_the_gone() {
  // Deleted after the lock is given back.
  struct Dead : PointerList<Source> {
    ~Dead() {
      for (std::size_t i = 0; i < size(); ++i) delete (*this)[i];
    }
  } dead;
  const UndividedLock lock(registration_);
  if (has_collectors()) directory_.take_gone(dead);
  std::size_t kept = 0;
  for (const CollectorEntry& entry : collectors_) {
    if (!entry.gate->closed()) collectors_[kept++] = entry;
  }
  collectors_.resize(kept);
}

/// Appends the sources in the order of their names. Without `callbacks`, the declared metrics alone.
inline void RegistryCore::list_sources(std::vector<Scraped>& sources, std::uint32_t registry,
                                       bool callbacks) {
  const UndividedLock lock(registration_);
  sources.reserve(sources.size() + directory_.size());
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    Source& source = directory_[i];
    if (callbacks || !source.declared().is_callback) sources.push_back({&source, registry, true, true, true});
  }
}

PROMLITE_COLD inline void RegistryCore::run_collectors(Sink& sink) {
  std::vector<CollectorEntry> collectors;
  {
    const UndividedLock lock(registration_);
    collectors = collectors_;
  }
  for (const CollectorEntry& entry : collectors) {
    const std::size_t families = SinkAccess::families(sink).size();
    SinkAccess::enter(sink, entry.scope.get());
    PROMLITE_TRY {
      entry.gate->pass([&] { entry.collector->collect(sink); });
    }
    PROMLITE_CATCH_ALL {
      SinkAccess::roll_back(sink, families);
      collector_errors_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  SinkAccess::enter(sink, nullptr);
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_REGISTRY_CORE_HPP
