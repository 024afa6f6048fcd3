// promlite: what a collector wrote, kept to be shown later.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_RECORDING_HPP
#define PROMLITE_EXPORTER_RECORDING_HPP

#include <promlite/collected_family.hpp>
#include <promlite/config.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/label_text.hpp>
#include <promlite/labels.hpp>
#include <promlite/scope.hpp>
#include <promlite/sink.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A sink that keeps what a collector writes into it, to be written into the sinks of scrapes. Once it is
/// written, any number of threads may read it at once.
class Recording {
 public:
  /// Where the collector writes.
  Sink& sink() noexcept { return sink_; }

  /// Writes all of it as if the collector wrote into `to` now: it gets the prefix and the labels of the
  /// registry's part that `to` is written for, and what was left out is counted. Two things differ: a label
  /// without a value clashes with none of those labels, and where a stateset's labels clash, each of its
  /// states is counted. Costs a copy of the samples; throws std::bad_alloc and then has written a part.
  PROMLITE_COLD void write_to(Sink& to) const {
    const SinkAccess::Families& families = SinkAccess::families(sink_);
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (!families[i]->name.empty()) copy(*families[i], to);
    }
    SinkAccess::count_problems(to, SinkAccess::problems(sink_));
  }

 private:
  PROMLITE_COLD static void copy(const CollectedFamily& from, Sink& to) {
    SinkAccess::begin(to, from.name, from.help, from.type, from.unit);
    const SinkAccess::Families& families = SinkAccess::families(to);
    CollectedFamily& copied = *families[families.size() - 1];
    if (copied.name.empty()) return;  // with the prefix it is no name, which begin() has counted
    copied.reals = from.reals;
    copied.counts = from.counts;
    const Scope* const scope = SinkAccess::scope(to);
    if (scope == nullptr) {
      copied.text = from.text;
      copied.samples = from.samples;
      return;
    }
    std::string labels;
    for (const CollectedSample& sample : from.samples) {
      labels.clear();
      if (add_labels(from.text_of(sample), *scope, copied, labels)) {
        copied.add(sample, labels);
      } else {
        SinkAccess::count_problems(to, 1);
      }
    }
  }

  /// Makes the `out` of a recorded label text and the labels of `scope`, in the order of their names. A
  /// stateset's label with the state has the family's name and stays behind the others. False when a name
  /// would be there twice.
  PROMLITE_COLD static bool add_labels(std::string_view recorded, const Scope& scope,
                                       const CollectedFamily& family, std::string& out) {
    const bool is_stateset = family.type == MetricType::stateset;
    const std::string_view own = own_label(family);
    const ConstLabelList& added = scope.labels();
    auto next = added.begin();
    const auto add_those_before = [&](const std::string_view* name) {
      for (; next != added.end() && (name == nullptr || next->first < *name); ++next) {
        if (next->first == own) return false;
        if (!next->second.empty()) append_label(out, next->first, next->second);
      }
      return true;
    };
    LabelTexts labels(recorded);
    LabelText label;
    for (std::size_t begin = 0; labels.next(label); begin = labels.position()) {
      // position() is one behind the comma, or behind where it would be.
      const std::string_view text = recorded.substr(begin, labels.position() - 1 - begin);
      const bool is_state = is_stateset && begin + text.size() == recorded.size();
      if (!add_those_before(is_state ? nullptr : &label.name)) return false;
      if (!is_state && (label.name == own || (next != added.end() && next->first == label.name)))
        return false;
      if (!out.empty()) out.push_back(',');
      out.append(is_state ? std::string_view(family.name) : label.name);
      out.append(text.substr(label.name.size()));
    }
    return add_those_before(nullptr);
  }

  /// The label that a family of this type makes itself; empty: none.
  static std::string_view own_label(const CollectedFamily& family) noexcept {
    switch (family.type) {
      case MetricType::stateset:
        return family.name;
      case MetricType::summary:
        return "quantile";
      case MetricType::histogram:
      case MetricType::gauge_histogram:
        return "le";
      default:
        return {};
    }
  }

  Sink sink_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_RECORDING_HPP
