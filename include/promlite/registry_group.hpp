// promlite: one scrape of one registry, or of several as if they were one.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRY_GROUP_HPP
#define PROMLITE_REGISTRY_GROUP_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/encoder.hpp>
#include <promlite/registry_core.hpp>
#include <promlite/sink.hpp>
#include <promlite/source.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

using RegistryCores = std::vector<std::shared_ptr<RegistryCore>>;

/// The scrape locks of some registries, but of those that this thread is scraping already.
///
/// Nobody waits here for one lock while holding another: where one is busy, all others are given back. So the
/// order does not matter in which groups hold their registries, nor that a callback which scrapes another
/// registry holds the lock of its own meanwhile.
class ScrapeLocks {
 public:
  PROMLITE_COLD explicit ScrapeLocks(const RegistryCores& cores) {
    for (const auto& core : cores) {
      if (!core->scraped_by_this_thread()) taken_.push_back(core.get());
    }
    for (std::size_t first = 0; first < taken_.size();) {
      taken_[first]->scrape_.lock();
      const std::size_t busy = try_all_but(first);
      if (busy == taken_.size()) break;
      taken_[first]->scrape_.unlock();
      first = busy;
    }
  }
  ScrapeLocks(const ScrapeLocks&) = delete;
  ScrapeLocks& operator=(const ScrapeLocks&) = delete;
  ~ScrapeLocks() {
    for (RegistryCore* const core : taken_) core->scrape_.unlock();
  }

  const std::vector<RegistryCore*>& taken() const noexcept { return taken_; }

  /// Marks this thread in the registries whose locks were taken, while user code runs.
  class Marks {
   public:
    explicit Marks(const ScrapeLocks& locks) noexcept : locks_(locks) { mark(true); }
    Marks(const Marks&) = delete;
    Marks& operator=(const Marks&) = delete;
    ~Marks() { mark(false); }

   private:
    void mark(bool runs) const noexcept {
      for (RegistryCore* const core : locks_.taken_) core->scrape_.mark(runs);
    }
    const ScrapeLocks& locks_;
  };

 private:
  // The first one that is busy; then none of them is held. Their number when none is.
  std::size_t try_all_but(std::size_t first) {
    for (std::size_t i = 0; i < taken_.size(); ++i) {
      if (i == first || taken_[i]->scrape_.try_lock()) continue;
      for (std::size_t j = 0; j < i; ++j) {
        if (j != first) taken_[j]->scrape_.unlock();
      }
      return i;
    }
    return taken_.size();
  }

  std::vector<RegistryCore*> taken_;
};

/// The families that a scrape shows of the registries before a given one.
class ListedFamilies final : public KnownFamilies {
 public:
  ListedFamilies(const std::vector<Scraped>& sources, std::size_t registries) noexcept
      : sources_(sources), registries_(registries) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// The first source of this name, or null.
  const Declaration* find(std::string_view name) const {
    std::size_t at = 0;
    for (std::size_t high = sources_.size(); at < high;) {
      const std::size_t middle = at + (high - at) / 2;
      if (sources_[middle].source->declared().name < name) {
        at = middle + 1;
      } else {
        high = middle;
      }
    }
    for (; at < sources_.size() && sources_[at].source->declared().name == name; ++at) {
      if (sources_[at].shown && sources_[at].registry < registries_) return &sources_[at].source->declared();
    }
    return nullptr;
  }

 private:
  bool find_type(std::string_view family, MetricType& type) const override {
    const Declaration* const found = find(family);
    if (found != nullptr) type = found->type;
    return found != nullptr;
  }

  const std::vector<Scraped>& sources_;  // sorted by name
  const std::size_t registries_;
};

/// Scrapes registries together. The first of them that has a name decides what its family is; what does not
/// go with that is left out and counted.
///
/// Two scrapes of a registry never run at the same time, whatever groups they are of. What stands here is
/// guarded by the scrape locks of all its registries.
class RegistryGroup {
 public:
  /// Each registry once.
  PROMLITE_COLD explicit RegistryGroup(RegistryCores cores) noexcept : cores_(std::move(cores)) {}

  const RegistryCores& cores() const noexcept { return cores_; }

  bool has_collectors() const noexcept {
    for (const auto& core : cores_) {
      if (core->has_collectors()) return true;
    }
    return false;
  }

  /// One scrape. Throws std::bad_alloc only. From inside a callback or a collector of a scrape it sees the
  /// declared families of what that scrape is scraping and runs none of its user code; the outer scrape has
  /// not begun to encode.
  void collect(Encoder& encoder, const NameFilter& filter = {});

 private:
  void list_sources(std::vector<Scraped>& sources, const NameFilter& filter);
  void leave_out_clashing(std::vector<Scraped>& sources);
  void drop_clashing(Sink& sink, const std::vector<Scraped>& sources);
  void write_self_metrics(Sink& sink, const std::vector<Scraped>& sources) const;
  void write_scrape_metrics(Sink& sink) const;
  void encode(Encoder& encoder, const NameFilter& filter, const std::vector<Scraped>& sources, Sink& sink,
              ScrapeContext& scrape);
  void encode_merged(Encoder& encoder, const Scraped* begin, const Scraped* end, ScrapeContext& scrape);

  const RegistryCores cores_;
  std::uint64_t errors_ = 0;  // what was invalid, or did not go together
  std::uint64_t scrapes_ = 0;
  double last_seconds_ = 0;
  std::uint64_t last_bytes_ = 0;
};

inline void RegistryGroup::collect(Encoder& encoder, const NameFilter& filter) {
  const ScrapeLocks locks(cores_);
  const auto start = std::chrono::steady_clock::now();
  std::vector<Scraped> sources;
  Sink sink;
  {
    const ScrapeLocks::Marks marks(locks);
    for (RegistryCore* const core : locks.taken()) core->forget_the_gone();
    for (std::size_t i = 0, taken = 0; i < cores_.size(); ++i) {
      const bool outermost = taken < locks.taken().size() && locks.taken()[taken] == cores_[i].get();
      if (outermost) ++taken;
      cores_[i]->list_sources(sources, static_cast<std::uint32_t>(i), outermost);
    }
    list_sources(sources, filter);
    for (const Scraped& scraped : sources) {
      if (scraped.wanted && scraped.shown) scraped.source->prepare();
    }
    for (RegistryCore* const core : locks.taken()) core->run_collectors(sink);
  }
  const bool nested = locks.taken().empty();
  if (!nested) write_self_metrics(sink, sources);
  SinkAccess::settle(sink);
  drop_clashing(sink, sources);
  errors_ += SinkAccess::problems(sink);
  ScrapeContext scrape{start, start, {}, encoder.shows_created(), 0};
  const Undivided step;
  encode(encoder, filter, sources, sink, scrape);
  if (nested) return;
  ++scrapes_;
  last_bytes_ = encoder.size();
  last_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Brings the sources of all registries in one order: by name, then by registry.
inline void RegistryGroup::list_sources(std::vector<Scraped>& sources, const NameFilter& filter) {
  const auto name_of = [](const Scraped& scraped) -> const std::string& {
    return scraped.source->declared().name;
  };
  if (cores_.size() > 1) {
    stable_sort(sources, [&](const Scraped& a, const Scraped& b) { return name_of(a) < name_of(b); });
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    sources[i].first = i == 0 || name_of(sources[i - 1]) != name_of(sources[i]);
    sources[i].wanted = sources[i].first
                            ? filter.matches(name_of(sources[i]), sources[i].source->declared().type)
                            : sources[i - 1].wanted;
  }
  if (cores_.size() > 1) leave_out_clashing(sources);
}

/// What Prometheus sees of two declarations of one family: it must be the same.
PROMLITE_COLD inline bool shown_alike(const Declaration& one, const Declaration& other) {
  if (one.type != other.type || one.help != other.help || one.unit != other.unit) return false;
  if (one.type == MetricType::info) return true;  // facts may differ from series to series
  const auto names_of = [](const Declaration& declared) {
    std::vector<std::string> names = declared.label_names;
    for (const auto& label : declared.const_labels) names.push_back(label.first);
    stable_sort(names, [](const std::string& a, const std::string& b) { return a < b; });
    return names;
  };
  return names_of(one) == names_of(other);
}

PROMLITE_COLD inline void RegistryGroup::leave_out_clashing(std::vector<Scraped>& sources) {
  for (std::size_t registry = 1; registry < cores_.size(); ++registry) {
    const ListedFamilies before(sources, registry);
    for (Scraped& scraped : sources) {
      if (scraped.registry != registry) continue;
      const Declaration& declared = scraped.source->declared();
      const Declaration* const first = before.find(declared.name);
      scraped.shown = first != nullptr ? shown_alike(*first, declared)
                                       : before.clashing_with(declared.name, declared.type).empty();
      if (!scraped.shown) ++errors_;
    }
  }
}

/// Drops collected families that would share a name with a declared family or with a collected one before
/// them.
PROMLITE_COLD inline void RegistryGroup::drop_clashing(Sink& sink, const std::vector<Scraped>& sources) {
  const SinkAccess::Families& families = SinkAccess::families(sink);
  const ListedFamilies declared(sources, cores_.size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    CollectedFamily& family = *families[i];
    if (family.samples.empty()) continue;
    const SinkAccess::FamiliesBefore before(families, i);
    if (!declared.has(family.name) && declared.clashing_with(family.name, family.type).empty() &&
        before.clashing_with(family.name, family.type).empty()) {
      continue;
    }
    family.samples.clear();
    ++errors_;
  }
}

/// What went wrong is shown as soon as there is something to show; how scrapes went, where that is asked for.
PROMLITE_COLD inline void RegistryGroup::write_self_metrics(Sink& sink,
                                                            const std::vector<Scraped>& sources) const {
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
      {"promlite_refused_exemplars_total",
       "Exemplars with labels that cannot be shown; their updates counted.", &FamilyStats::refused_exemplars},
      {"promlite_repaired_label_values_total", "Look-ups with a label value that was not UTF-8.",
       &FamilyStats::repaired}};
  for (const Column& column : columns) {
    std::uint64_t count = 0;
    for (std::size_t i = sources.size(); i-- > 0;) {
      Source& source = *sources[i].source;
      count += (source.stats().*column.count).load(std::memory_order_relaxed);
      if (!sources[i].first) continue;
      if (count != 0) {
        sink.counter(column.name, column.help).sample({{"family", source.declared().name}}, count);
      }
      count = 0;
    }
  }
  std::uint64_t errors = errors_;
  for (const auto& core : cores_) errors += core->collector_errors();
  if (errors != 0) {
    sink.counter(
            "promlite_collector_errors_total",
            "Collectors and callbacks that failed, and families and samples of theirs that were invalid.")
        .sample(errors);
  }
  for (const auto& core : cores_) {
    if (core->scrape_metrics_exposed()) return write_scrape_metrics(sink);
  }
}

PROMLITE_COLD inline void RegistryGroup::write_scrape_metrics(Sink& sink) const {
  sink.counter("promlite_scrapes_total", "Scrapes of this registry before this one.").sample(scrapes_);
  sink.gauge("promlite_scrape_duration_seconds", "Time that the last scrape took.").sample(last_seconds_);
  sink.gauge("promlite_scrape_body_bytes", "Size of the last scrape before compression.").sample(last_bytes_);
}

inline void RegistryGroup::encode(Encoder& encoder, const NameFilter& filter,
                                  const std::vector<Scraped>& sources, Sink& sink, ScrapeContext& scrape) {
  const SinkAccess::Families& collected = SinkAccess::families(sink);
  const Scraped* const end = sources.data() + sources.size();
  std::size_t next = 0;
  for (const Scraped* at = sources.data();;) {
    for (; next < collected.size() && (at == end || collected[next]->name < at->source->declared().name);
         ++next) {
      if (filter.matches(collected[next]->name, collected[next]->type)) collected[next]->encode(encoder);
    }
    if (at == end) break;
    const Scraped* const begin = at;
    bool apart = true;  // no two of these sources can have the same series
    do {
      if (at->shown && at != begin) {
        apart = apart && at->registry == begin->registry && at->source->declared().type != MetricType::info;
      }
      ++at;
    } while (at != end && !at->first);
    if (!begin->wanted) continue;
    if (!apart) {
      encode_merged(encoder, begin, at, scrape);
      continue;
    }
    bool begun = false;
    for (const Scraped* scraped = begin; scraped != at; ++scraped) {
      if (!scraped->shown) continue;
      scrape.now = cores_[scraped->registry]->now(scrape.start);
      if (scraped->source->has_series(scrape)) {
        const Declaration& declared = scraped->source->declared();
        if (!begun) encoder.begin_family(declared.head());
        begun = true;
        scraped->source->encode(encoder, scrape);
      }
      scraped->source->finish();
    }
  }
  encoder.finish();
}

/// One family of several registries, or of facts: its series in the order of their labels, each from the
/// first that has it.
PROMLITE_COLD inline void RegistryGroup::encode_merged(Encoder& encoder, const Scraped* begin,
                                                       const Scraped* end, ScrapeContext& scrape) {
  std::vector<ListedSeries> all;
  for (const Scraped* scraped = begin; scraped != end; ++scraped) {
    if (!scraped->shown) continue;
    scrape.now = cores_[scraped->registry]->now(scrape.start);
    if (scraped->source->has_series(scrape)) scraped->source->list(all);
  }
  const auto text_of = [](const ListedSeries& series) {
    return std::string_view(series.labels.data, series.labels.size);
  };
  // Stable: the registry that comes first stays first.
  stable_sort(all, [&](const ListedSeries& a, const ListedSeries& b) { return text_of(a) < text_of(b); });
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Declaration& declared = all[i].source->declared();
    if (i == 0) encoder.begin_family(declared.head());
    if (i > 0 && text_of(all[i - 1]) == text_of(all[i])) {
      ++errors_;
      continue;
    }
    const Scraped* of = begin;
    while (of->source != all[i].source) ++of;
    scrape.now = cores_[of->registry]->now(scrape.start);
    all[i].source->encode_one(all[i], encoder, scrape);
  }
  for (const Scraped* scraped = begin; scraped != end; ++scraped) {
    if (scraped->shown) scraped->source->finish();
  }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_REGISTRY_GROUP_HPP
