// promlite: what a registry holds, and how it is scraped.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRY_CORE_HPP
#define PROMLITE_REGISTRY_CORE_HPP

#include <promlite/callback.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/family.hpp>
#include <promlite/membership.hpp>
#include <promlite/sink.hpp>
#include <promlite/source_directory.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
namespace detail {

/// A collector in a registry.
struct CollectorEntry {
  Collector* collector;
  std::shared_ptr<CallGate> gate;
  bool quick;  ///< known not to block
};

/// The inside of a registry, shared with whoever may still be scraping it when the Registry object dies.
///
/// Two locks: `scrape_` orders scrapes and is taken first; `registration_` guards the directory and is held
/// for moments only, never while user code runs. Updates take neither.
class RegistryCore {
 public:
  RegistryCore() = default;
  RegistryCore(const RegistryCore&) = delete;
  RegistryCore& operator=(const RegistryCore&) = delete;

  template <class Metric>
  FamilyOf<Metric>& declare(Declaration declared) {
    using Family = FamilyOf<Metric>;
    check(declared);
    const std::lock_guard<std::mutex> lock(registration_);
    // Same type and value kind, no callback: it is a FamilyOf of this metric.
    if (Source* const same = find_same(declared)) return static_cast<Family&>(*same);
    auto made = std::make_unique<Family>(std::move(declared),
                                         MetricTraits<Metric>::owned ? owned_cells_ : shared_cells_);
    Family& family = *made;
    directory_.add(std::move(made));
    return family;
  }

  template <class Function>
  Membership add_callback(Declaration declared, Function function) {
    declared.is_callback = true;
    check(declared);
    auto made = std::make_unique<CallbackSource<Function>>(std::move(declared), std::move(function),
                                                           collector_errors_);
    std::shared_ptr<CallGate> gate = made->gate();
    make_room();
    const std::lock_guard<std::mutex> lock(registration_);
    find_same(made->declared());
    directory_.add(std::move(made));
    user_code_.store(true, std::memory_order_relaxed);
    return Membership(std::move(gate));
  }

  PROMLITE_COLD Membership add(Collector& collector, bool quick) {
    auto gate = std::make_shared<CallGate>();
    make_room();
    const std::lock_guard<std::mutex> lock(registration_);
    for (const CollectorEntry& entry : collectors_) {
      if (entry.collector == &collector && !entry.gate->closed())
        fail("this collector is in the registry already");
    }
    collectors_.push_back({&collector, gate, quick});
    if (!quick) user_code_.store(true, std::memory_order_relaxed);
    return Membership(std::move(gate));
  }

  bool has_collectors() const noexcept { return user_code_.load(std::memory_order_relaxed); }
  void expose_scrape_metrics(bool on) noexcept { scrape_metrics_.store(on, std::memory_order_relaxed); }

  /// One scrape. Throws std::bad_alloc only.
  void collect(Encoder& encoder, const NameFilter& filter = {});

 private:
  struct Scraping;

  PROMLITE_COLD static void check(Declaration& declared) {
    declared.normalise();
    DeclarationCheck(declared).run();
    declared.drop_empty_facts();
  }
  Source* find_same(const Declaration& declared) const { return directory_.find_same(declared); }

  /// A source in one scrape.
  struct Scraped {
    Source* source;
    bool first;   ///< of the sources of its name
    bool wanted;  ///< the filter asks for it
  };

  void make_room();
  void forget_the_gone();
  void list_sources(std::vector<Scraped>& sources, const NameFilter& filter, bool callbacks);
  void run_collectors(Sink& sink);
  void write_self_metrics(Sink& sink);
  void drop_clashing(Sink& sink);
  static void encode(Encoder& encoder, const NameFilter& filter, const std::vector<Scraped>& sources,
                     Sink& sink, ScrapeContext& scrape);
  static void encode_collected(Encoder& encoder, const CollectedFamily& family);

  std::mutex scrape_;
  std::atomic<const void*> scraper_{nullptr};
  std::vector<Scraped> scraped_;  // under scrape_

  std::mutex registration_;
  CellArena owned_cells_{true, 256};
  CellArena shared_cells_{false, 64};
  SourceDirectory directory_;  // after the arenas: sources release what their cells hold
  std::vector<CollectorEntry> collectors_;

  std::atomic<bool> user_code_{false};
  std::atomic<std::uint32_t> registrations_{0};  // of user code
  std::atomic<bool> scrape_metrics_{false};
  std::atomic<std::uint64_t> collector_errors_{0};
  std::atomic<std::uint64_t> scrapes_{0};
  double last_seconds_ = 0;       // under scrape_
  std::uint64_t last_bytes_ = 0;  // under scrape_
};

/// Marks the thread that runs user code for a scrape, so that a callback which scrapes its own registry is
/// known.
struct RegistryCore::Scraping {
  explicit Scraping(RegistryCore& core) noexcept : scraper(core.scraper_) {
    scraper.store(this_thread(), std::memory_order_relaxed);
  }
  Scraping(const Scraping&) = delete;
  Scraping& operator=(const Scraping&) = delete;
  ~Scraping() { scraper.store(nullptr, std::memory_order_relaxed); }
  std::atomic<const void*>& scraper;
};

inline void RegistryCore::collect(Encoder& encoder, const NameFilter& filter) {
  // Only the scraping thread can find its own mark: this is a scrape from inside a callback or a collector.
  // It sees the declared families and runs no user code; the outer scrape has not begun to encode.
  if (scraper_.load(std::memory_order_relaxed) == this_thread()) {
    std::vector<Scraped> sources;
    list_sources(sources, filter, false);
    Sink nothing;
    ScrapeContext scrape{std::chrono::steady_clock::now(), {}};
    return encode(encoder, filter, sources, nothing, scrape);
  }
  const std::lock_guard<std::mutex> ordered(scrape_);
  const auto start = std::chrono::steady_clock::now();
  forget_the_gone();
  list_sources(scraped_, filter, true);
  Sink sink;
  {
    const Scraping mark(*this);
    for (const Scraped& scraped : scraped_) {
      if (scraped.wanted) scraped.source->prepare();
    }
    run_collectors(sink);
  }
  write_self_metrics(sink);
  SinkAccess::settle(sink);
  drop_clashing(sink);
  collector_errors_.fetch_add(SinkAccess::problems(sink), std::memory_order_relaxed);
  ScrapeContext scrape{start, {}};
  encode(encoder, filter, scraped_, sink, scrape);
  scrapes_.fetch_add(1, std::memory_order_relaxed);
  last_bytes_ = encoder.size();
  last_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Where scrapes are rare, those who register forget the gone, now and then, unless a scrape runs right now.
PROMLITE_COLD inline void RegistryCore::make_room() {
  if (registrations_.fetch_add(1, std::memory_order_relaxed) % 64 != 63) return;
  // As in collect(): this thread holds the lock already, and must not try it.
  if (scraper_.load(std::memory_order_relaxed) == this_thread()) return;
  const std::unique_lock<std::mutex> idle(scrape_, std::try_to_lock);
  if (idle.owns_lock()) forget_the_gone();
}

/// Under scrape_.
PROMLITE_COLD inline void RegistryCore::forget_the_gone() {
  const Scraping mark(*this);
  // Deleted after the lock is given back: what a callback holds is user code.
  struct Dead : PointerList<Source> {
    ~Dead() {
      for (std::size_t i = 0; i < size(); ++i) delete (*this)[i];
    }
  } dead;
  const std::lock_guard<std::mutex> lock(registration_);
  if (has_collectors()) directory_.take_gone(dead);
  std::size_t kept = 0;
  for (const CollectorEntry& entry : collectors_) {
    if (!entry.gate->closed()) collectors_[kept++] = entry;
  }
  collectors_.resize(kept);
}

inline void RegistryCore::list_sources(std::vector<Scraped>& sources, const NameFilter& filter,
                                       bool callbacks) {
  sources.clear();
  const std::lock_guard<std::mutex> lock(registration_);
  sources.reserve(directory_.size());
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    Source& source = directory_[i];
    const Declaration& declared = source.declared();
    if (declared.is_callback && !callbacks) continue;
    const bool first = sources.empty() || sources.back().source->declared().name != declared.name;
    sources.push_back({&source, first, filter.matches(declared.name, declared.type)});
  }
}

PROMLITE_COLD inline void RegistryCore::run_collectors(Sink& sink) {
  std::vector<CollectorEntry> collectors;
  {
    const std::lock_guard<std::mutex> lock(registration_);
    collectors = collectors_;
  }
  for (const CollectorEntry& entry : collectors) {
    const std::size_t families = SinkAccess::families(sink).size();
    PROMLITE_TRY {
      entry.gate->pass([&] { entry.collector->collect(sink); });
    }
    PROMLITE_CATCH_ALL {
      SinkAccess::roll_back(sink, families);
      collector_errors_.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

/// What went wrong is shown as soon as there is something to show; how scrapes went, where that is asked for.
PROMLITE_COLD inline void RegistryCore::write_self_metrics(Sink& sink) {
  struct Column {
    const char* name;
    const char* help;
    std::atomic<std::uint64_t> FamilyStats::*count;
  };
  static const Column columns[] = {
      {"promlite_overflowed_updates_total", "Look-ups in a full family that got its overflow series.",
       &FamilyStats::overflowed},
      {"promlite_refused_updates_total", "Updates with a value that the metric cannot take.",
       &FamilyStats::refused},
      {"promlite_repaired_label_values_total", "Look-ups with a label value that was not UTF-8.",
       &FamilyStats::repaired}};
  for (const Column& column : columns) {
    std::uint64_t count = 0;
    for (std::size_t i = scraped_.size(); i-- > 0;) {
      Source& source = *scraped_[i].source;
      count += (source.stats().*column.count).load(std::memory_order_relaxed);
      if (!scraped_[i].first) continue;
      if (count != 0) {
        sink.counter(column.name, column.help).sample({{"family", source.declared().name}}, count);
      }
      count = 0;
    }
  }
  const std::uint64_t errors = collector_errors_.load(std::memory_order_relaxed);
  if (errors != 0) {
    sink.counter(
            "promlite_collector_errors_total",
            "Collectors and callbacks that failed, and families and samples of theirs that were invalid.")
        .sample(errors);
  }
  if (!scrape_metrics_.load(std::memory_order_relaxed)) return;
  sink.counter("promlite_scrapes_total", "Scrapes of this registry before this one.")
      .sample(scrapes_.load(std::memory_order_relaxed));
  sink.gauge("promlite_scrape_duration_seconds", "Time that the last scrape took.").sample(last_seconds_);
  sink.gauge("promlite_scrape_body_bytes", "Size of the last scrape before compression.").sample(last_bytes_);
}

/// Drops collected families that would share a name with a declared family or with a collected one before
/// them.
PROMLITE_COLD inline void RegistryCore::drop_clashing(Sink& sink) {
  const SinkAccess::Families& families = SinkAccess::families(sink);
  const std::lock_guard<std::mutex> lock(registration_);
  for (std::size_t i = 0; i < families.size(); ++i) {
    CollectedFamily& family = *families[i];
    if (family.samples.empty()) continue;
    const SinkAccess::FamiliesBefore before(families, i);
    if (!directory_.has(family.name) && directory_.clashing_with(family.name, family.type).empty() &&
        before.clashing_with(family.name, family.type).empty()) {
      continue;
    }
    family.samples.clear();
    collector_errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

inline void RegistryCore::encode(Encoder& encoder, const NameFilter& filter,
                                 const std::vector<Scraped>& sources, Sink& sink, ScrapeContext& scrape) {
  const SinkAccess::Families& collected = SinkAccess::families(sink);
  std::size_t next = 0;
  bool begun = false;
  for (std::size_t i = 0; i <= sources.size(); ++i) {
    const Declaration* const declared = i < sources.size() ? &sources[i].source->declared() : nullptr;
    for (; next < collected.size() && (declared == nullptr || collected[next]->name < declared->name);
         ++next) {
      if (filter.matches(collected[next]->name, collected[next]->type))
        encode_collected(encoder, *collected[next]);
    }
    if (declared == nullptr) break;
    if (sources[i].first) begun = false;
    if (!sources[i].wanted || !sources[i].source->has_series()) continue;
    if (!begun) encoder.begin_family({declared->name, declared->help, declared->unit, declared->type});
    begun = true;
    sources[i].source->encode(encoder, scrape);
  }
  encoder.finish();
}

PROMLITE_COLD inline void RegistryCore::encode_collected(Encoder& encoder, const CollectedFamily& family) {
  if (family.samples.empty()) return;
  encoder.begin_family({family.name, family.help, {}, family.type});
  for (const CollectedSample& sample : family.samples) {
    encoder.value({family.text.data() + sample.text_at, sample.text_size}, sample.value);
  }
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_REGISTRY_CORE_HPP
