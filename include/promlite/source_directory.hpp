// promlite: the sources of a registry by name, and the rules between them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SOURCE_DIRECTORY_HPP
#define PROMLITE_SOURCE_DIRECTORY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/escaping.hpp>
#include <promlite/metric_name.hpp>
#include <promlite/scope.hpp>
#include <promlite/source.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The sources of a registry by name, with the rules that hold between them. Used under the registry's lock.
/// Several sources may have one name: they share type, help and label names, and differ in their constant
/// labels.
class SourceDirectory final : public KnownFamilies {
 public:
  SourceDirectory() = default;
  ~SourceDirectory() {
    for (std::size_t i = 0; i < sources_.size(); ++i) delete sources_[i];
    for (std::size_t i = 0; i < retired_.size(); ++i) delete retired_[i];
  }

  std::size_t size() const noexcept { return sources_.size(); }
  /// The sources sorted by name, and by constant labels where they share it.
  Source& operator[](std::size_t at) const noexcept { return *sources_[at]; }

  /// True when some source that has not left has this name.
  bool has(std::string_view name) const {
    MetricType type = MetricType::untyped;
    return find_type(name, type);
  }

  /// The source that was declared exactly so, or null. Throws Error when something else has the name or one
  /// of its sample names. A callback is never the same as another.
  PROMLITE_COLD Source* find_same(const Declaration& declared) const {
    const std::string clash = clashing_with(declared.name, declared.type);
    if (!clash.empty()) {
      std::size_t at = lower_bound(clash);
      while (sources_[at]->gone() && is_named(at + 1, clash)) ++at;
      refuse(declared, sources_[at]->declared(), "they would share a sample name");
    }
    check_escaped(declared);
    for (std::size_t at = lower_bound(declared.name); is_named(at, declared.name); ++at) {
      if (sources_[at]->gone()) continue;
      const Declaration& known = sources_[at]->declared();
      check_same_kind(declared, known);
      if (known.const_labels != declared.const_labels) continue;
      if (known.is_callback || declared.is_callback) refuse(declared, known, "a callback is registered once");
      return sources_[at];
    }
    return nullptr;
  }

  /// Adds what find_same() did not find, and owns it. Throws std::bad_alloc and then has changed nothing.
  PROMLITE_COLD void add(std::unique_ptr<Source> source) {
    const Declaration& declared = source->declared();
    std::size_t at = lower_bound(declared.name);
    while (is_named(at, declared.name) && sources_[at]->declared().const_labels < declared.const_labels) ++at;
    sources_.insert(at, source.get());
    (void)source.release();
  }

  /// The sources of this name, with or without an info's suffix, that have all labels of `scope` (null: all
  /// of them).
  PROMLITE_COLD std::vector<Source*> find_all(std::string_view name, const Scope* scope) const {
    std::vector<Source*> found;
    for (const std::string_view each : {name, without_info(name)}) {
      for (std::size_t at = lower_bound(each); is_named(at, each); ++at) {
        const Declaration& declared = sources_[at]->declared();
        if (sources_[at]->gone() || (each != name && declared.type != MetricType::info)) continue;
        if (scope == nullptr || scope->all_in(declared.const_labels)) found.push_back(sources_[at]);
      }
      if (each == without_info(name)) break;
    }
    return found;
  }

  /// Room for so many more to be retired. Throws std::bad_alloc and then has changed nothing.
  void make_room_to_retire(std::size_t more) { retired_.reserve_more(more); }
  /// Takes a source out and keeps it for those who hold its handles. There must be room.
  PROMLITE_COLD void retire(Source* source) noexcept {
    retired_.push_back(source);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i] != source) sources_.at(kept++) = sources_[i];
    }
    sources_.truncate(kept);
  }

  /// Moves the sources that have left to `dead`, for the caller to delete without locks. While no scrape
  /// runs. Throws std::bad_alloc and then has changed nothing.
  PROMLITE_COLD void take_gone(PointerList<Source>& dead) {
    dead.reserve_more(sources_.size());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i]->gone()) {
        dead.push_back(sources_[i]);
      } else {
        sources_.at(kept++) = sources_[i];
      }
    }
    sources_.truncate(kept);
  }

 private:
  std::size_t lower_bound(std::string_view name) const noexcept {
    std::size_t low = 0;
    std::size_t high = sources_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (sources_[middle]->declared().name < name) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  bool is_named(std::size_t at, std::string_view name) const noexcept {
    return at < sources_.size() && sources_[at]->declared().name == name;
  }

  bool find_type(std::string_view family, MetricType& type) const override {
    for (std::size_t at = lower_bound(family); is_named(at, family); ++at) {
      if (sources_[at]->gone()) continue;
      type = sources_[at]->declared().type;
      return true;
    }
    return false;
  }

  /// One family by itself.
  class OneFamily final : public KnownFamilies {
   public:
    OneFamily(std::string name, MetricType type) noexcept : name_(std::move(name)), type_(type) {}
    bool clashes_with(const OneFamily& other) const {
      return name_ == other.name_ || !clashing_with(other.name_, other.type_).empty();
    }

   private:
    bool find_type(std::string_view family, MetricType& type) const override {
      type = type_;
      return family == name_;
    }
    std::string name_;
    MetricType type_;
  };

  // Names that differ may be written alike for a reader who does not know them as they are.
  PROMLITE_COLD void check_escaped(const Declaration& declared) const {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Declaration& known = sources_[i]->declared();
      if (!(declared.utf8_names || known.utf8_names) || known.name == declared.name || sources_[i]->gone()) {
        continue;
      }
      for (const Escaping scheme : {Escaping::underscores, Escaping::dots, Escaping::values}) {
        const OneFamily one(escaped_name(declared.name, scheme), declared.type);
        if (one.clashes_with(OneFamily(escaped_name(known.name, scheme), known.type))) {
          refuse(declared, known, "they would share a sample name where names are escaped");
        }
      }
    }
  }

  [[noreturn]] PROMLITE_COLD static void refuse(const Declaration& declared, const Declaration& known,
                                                std::string_view reason) {
    fail(message_of("cannot register ", describe(declared), ": ", describe(known),
                    " is registered already: ", reason));
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
    if (!(declared.native == known.native)) refuse(declared, known, "other native buckets");
    if (declared.quantiles != known.quantiles) refuse(declared, known, "other quantiles");
    if (declared.states != known.states) refuse(declared, known, "other states");
    if (declared.max_age != known.max_age) refuse(declared, known, "another max_age");
    if (declared.max_series != known.max_series) refuse(declared, known, "another max_series");
    if (declared.expire_after != known.expire_after) refuse(declared, known, "another expire_after");
  }

  PointerList<Source> sources_;
  PointerList<Source> retired_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SOURCE_DIRECTORY_HPP
