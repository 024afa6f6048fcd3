// promlite: the sources of a registry by name, and the rules between them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SOURCE_DIRECTORY_HPP
#define PROMLITE_SOURCE_DIRECTORY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/source.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
namespace detail {

/// Every source of one name: they share type, help and label names, and differ in their constant labels.
struct SourceGroup {
  std::string_view name() const noexcept { return sources.front()->declared().name; }
  MetricType type() const noexcept { return sources.front()->declared().type; }
  std::vector<std::unique_ptr<Source>> sources;  // never empty
};

/// The sources of a registry by name, with the rules that hold between them. Used under the registry's lock.
class SourceDirectory final : public KnownFamilies {
 public:
  using Groups = std::vector<std::unique_ptr<SourceGroup>>;

  /// The groups, sorted by name.
  const Groups& groups() const noexcept { return groups_; }

  SourceGroup* find(std::string_view name) const noexcept {
    const std::size_t at = lower_bound(name);
    return at < groups_.size() && groups_[at]->name() == name ? groups_[at].get() : nullptr;
  }

  /// The source that was declared exactly so, or null. Throws Error when something else has the name or one
  /// of its sample names. A callback is never the same as another.
  PROMLITE_COLD Source* find_same(const Declaration& declared) const {
    check_clashes(declared);
    SourceGroup* const group = find(declared.name);
    if (group == nullptr) return nullptr;
    check_same_kind(declared, group->sources.front()->declared());
    for (const std::unique_ptr<Source>& source : group->sources) {
      const Declaration& known = source->declared();
      if (known.const_labels != declared.const_labels || source->gone()) continue;
      if (known.is_callback || declared.is_callback) refuse(declared, known, "a callback is registered once");
      return source.get();
    }
    return nullptr;
  }

  /// Adds what find_same() did not find. Throws std::bad_alloc and then has changed nothing.
  PROMLITE_COLD void add(std::unique_ptr<Source> source) {
    const std::string_view name = source->declared().name;
    if (SourceGroup* const group = find(name)) {
      auto at = group->sources.begin();
      while (at != group->sources.end() && (*at)->declared().const_labels < source->declared().const_labels)
        ++at;
      group->sources.insert(at, std::move(source));
      return;
    }
    auto group = std::make_unique<SourceGroup>();
    group->sources.push_back(std::move(source));
    groups_.insert(groups_.begin() + static_cast<std::ptrdiff_t>(lower_bound(group->name())),
                   std::move(group));
  }

  /// Moves the sources that are gone to `dead`, for the caller to destroy without locks. While no scrape
  /// runs.
  PROMLITE_COLD void take_gone(std::vector<std::unique_ptr<Source>>& dead) {
    std::size_t kept_groups = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      auto& sources = groups_[g]->sources;
      std::size_t kept = 0;
      for (std::size_t i = 0; i < sources.size(); ++i) {
        if (sources[i]->gone()) dead.push_back(std::move(sources[i]));
        if (sources[i] == nullptr) continue;
        if (kept != i) sources[kept] = std::move(sources[i]);
        ++kept;
      }
      sources.resize(kept);
      if (sources.empty()) continue;
      if (kept_groups != g) groups_[kept_groups] = std::move(groups_[g]);
      ++kept_groups;
    }
    groups_.resize(kept_groups);
  }

 private:
  std::size_t lower_bound(std::string_view name) const noexcept {
    std::size_t low = 0;
    std::size_t high = groups_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (groups_[middle]->name() < name) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  [[noreturn]] PROMLITE_COLD static void refuse(const Declaration& declared, const Declaration& known,
                                                std::string_view reason) {
    fail(message_of("cannot register ", describe(declared), ": ", describe(known),
                    " is registered already: ", reason));
  }

  PROMLITE_COLD void check_clashes(const Declaration& declared) const {
    const std::string clash = clashing_with(declared.name, declared.type);
    if (!clash.empty()) {
      refuse(declared, find(clash)->sources.front()->declared(), "they would share a sample name");
    }
  }

  bool find_type(std::string_view family, MetricType& type) const override {
    const SourceGroup* const group = find(family);
    if (group == nullptr) return false;
    type = group->type();
    for (const std::unique_ptr<Source>& source : group->sources) {
      if (!source->gone()) return true;
    }
    return false;
  }

  PROMLITE_COLD static void check_same_kind(const Declaration& declared, const Declaration& known) {
    if (declared.type != known.type || declared.value_kind != known.value_kind) {
      refuse(declared, known, "another type");
    }
    if (declared.help != known.help) {
      refuse(declared, known,
             message_of("another help text, '", known.help, "' instead of '", declared.help, "'"));
    }
    if (declared.unit != known.unit) refuse(declared, known, "another unit");
    bool same_names = declared.label_names == known.label_names &&
                      declared.const_labels.size() == known.const_labels.size();
    for (std::size_t i = 0; same_names && i < known.const_labels.size(); ++i) {
      same_names = declared.const_labels[i].first == known.const_labels[i].first;
    }
    // Facts may differ in their labels from one series to the next; measurements may not.
    if (!same_names && declared.type != MetricType::info) refuse(declared, known, "other label names");
    if (declared.bounds != known.bounds) refuse(declared, known, "other bucket bounds");
    if (declared.quantiles != known.quantiles) refuse(declared, known, "other quantiles");
    if (declared.max_age != known.max_age) refuse(declared, known, "another max_age");
    if (declared.max_series != known.max_series) refuse(declared, known, "another max_series");
  }

  Groups groups_;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_SOURCE_DIRECTORY_HPP
