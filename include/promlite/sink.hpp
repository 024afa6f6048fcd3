// promlite: what a collector writes into.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SINK_HPP
#define PROMLITE_SINK_HPP

#include <promlite/collected_family.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/naming.hpp>
#include <promlite/scope.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// When a collector's series was made or last reset; not given: unknown.
using CreatedAt = std::chrono::system_clock::time_point;

/// Collects the families of one collector during one scrape.
///
/// Families may be filled in any order and by turns: their samples are kept apart and come out together. What
/// cannot be exposed (an invalid name, a repeated label or series, a counter that is negative or NaN, buckets
/// that do not fit) is left out and counted in `promlite_collector_errors_total`; bytes that are not UTF-8 in
/// a value become U+FFFD. Nothing here throws anything but std::bad_alloc. A sink and what it returns are
/// valid during that one call of collect().
class Sink {
 public:
  /// Takes the samples of one family; copyable, valid as long as the sink.
  class Family {
   public:
    /// A sample without labels.
    void sample(Number value) { sink_->add(index_, Labels(), value); }
    /// A sample with labels, in any order: `sample({{"device", "sda"}}, 1.5)`. Integers are printed with all
    /// digits.
    void sample(const Labels& labels, Number value) { sink_->add(index_, labels, value); }

   protected:
    Sink* sink_;
    std::size_t index_;

   private:
    friend class Sink;
    Family(Sink& sink, std::size_t index) noexcept : sink_(&sink), index_(index) {}
  };

  /// Takes the samples of one counter family.
  class CounterFamily : public Family {
   public:
    using Family::sample;
    void sample(const Labels& labels, Number value, CreatedAt created) {
      sink_->add(index_, labels, value, created);
    }

   private:
    friend class Sink;
    explicit CounterFamily(Family family) noexcept : Family(family) {}
  };

  /// Takes the samples of one family of histograms or gauge histograms.
  class HistogramFamily {
   public:
    void sample(const BucketCounts& buckets, CreatedAt created = {}) { sample({}, buckets, created); }
    /// `sample({{"device", "sda"}}, cumulative_counts({0.1, 1}, {3, 5, 7}, 12.5))`. A gauge histogram has no
    /// time of creation.
    void sample(const Labels& labels, const BucketCounts& buckets, CreatedAt created = {}) {
      sink_->add_buckets(index_, labels, buckets, created);
    }

   private:
    friend class Sink;
    explicit HistogramFamily(Family family) noexcept : sink_(family.sink_), index_(family.index_) {}
    Sink* sink_;
    std::size_t index_;
  };

  /// Takes the samples of one summary family.
  class SummaryFamily {
   public:
    /// `sample({{0.5, 0.1}, {0.99, 0.7}}, 1000, 153.2)`: quantiles, which ascend, count and sum.
    void sample(const std::vector<QuantileValue>& quantiles, std::uint64_t count, double sum) {
      sample({}, quantiles, count, sum);
    }
    void sample(const Labels& labels, const std::vector<QuantileValue>& quantiles, std::uint64_t count,
                double sum, CreatedAt created = {}) {
      sink_->add_quantiles(index_, labels, quantiles, count, sum, created);
    }

   private:
    friend class Sink;
    explicit SummaryFamily(Family family) noexcept : sink_(family.sink_), index_(family.index_) {}
    Sink* sink_;
    std::size_t index_;
  };

  /// Takes the label sets of one stateset family.
  class StatesetFamily {
   public:
    /// All states, those that are off as well: `sample({{"starting", false}, {"running", true}})`.
    void sample(const std::vector<StateValue>& states) { sample({}, states); }
    /// No label has the family's name, which is that of the label with the state.
    void sample(const Labels& labels, const std::vector<StateValue>& states) {
      sink_->add_states(index_, labels, states);
    }

   private:
    friend class Sink;
    explicit StatesetFamily(Family family) noexcept : sink_(family.sink_), index_(family.index_) {}
    Sink* sink_;
    std::size_t index_;
  };

  /// Takes the label sets of one info family.
  class InfoFamily {
   public:
    void sample(const Labels& labels) { family_.sample(labels, 1); }

   private:
    friend class Sink;
    explicit InfoFamily(Family family) noexcept : family_(family) {}
    Family family_;
  };

  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() { shorten(0); }

  /// Begins a family, or goes on with it: the same name, type and help may come again, from another collector
  /// too. Unlike a declared counter, one from elsewhere keeps its name even when that lacks `_total`.
  /// A unit must be the end of the name (before `_total`), or it is left out and counted.
  CounterFamily counter(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return CounterFamily(begin(name, help, MetricType::counter, unit.value));
  }
  Family gauge(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return begin(name, help, MetricType::gauge, unit.value);
  }
  Family untyped(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return begin(name, help, MetricType::untyped, unit.value);
  }
  HistogramFamily histogram(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return HistogramFamily(begin(name, help, MetricType::histogram, unit.value));
  }
  /// A histogram of what is now, such as the ages of the items in a queue: its counts may fall.
  HistogramFamily gauge_histogram(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return HistogramFamily(begin(name, help, MetricType::gauge_histogram, unit.value));
  }
  SummaryFamily summary(std::string_view name, std::string_view help, const Unit& unit = {}) {
    return SummaryFamily(begin(name, help, MetricType::summary, unit.value));
  }
  StatesetFamily stateset(std::string_view name, std::string_view help) {
    return StatesetFamily(begin(name, help, MetricType::stateset, {}));
  }
  /// `name` with or without `_info`.
  InfoFamily info(std::string_view name, std::string_view help) {
    if (detail::ends_with(name, "_info")) name.remove_suffix(5);
    return InfoFamily(begin(name, help, MetricType::info, {}));
  }

 private:
  friend class SinkAccess;

  PROMLITE_COLD Family begin(std::string_view name, std::string_view help, MetricType type,
                             std::string_view unit) {
    const std::size_t index = families_.size();
    families_.reserve_more(1);
    families_.push_back(new detail::CollectedFamily());
    detail::CollectedFamily& family = *families_[index];
    family.type = type;
    if (scope_ != nullptr) family.name.assign(scope_->prefix());
    family.name.append(name);
    // A byte that is not UTF-8 fails the scrapes of newer servers; a CR could end a line for a lenient
    // reader.
    detail::append_repaired_utf8(family.help, help);
    detail::drop_carriage_returns(family.help);
    // A stateset's name is that of a label, too.
    const detail::Colons colons =
        type == MetricType::stateset ? detail::Colons::refused : detail::Colons::allowed;
    if (detail::metric_name_problem(name, colons) != nullptr ||
        detail::metric_name_problem(family.name, colons) != nullptr) {
      family.name.clear();
      ++problems_;
    }
    if (detail::ends_in_unit(detail::base_name(family.name, type), unit)) {
      family.unit.assign(unit);
    } else if (!unit.empty() && !family.name.empty()) {
      ++problems_;
    }
    return Family(*this, index);
  }

  // Each of these leaves out and counts what cannot be.
  PROMLITE_COLD void add(std::size_t index, const Labels& labels, Number value, CreatedAt created = {}) {
    detail::CollectedFamily& family = *families_[index];
    detail::CollectedSample sample = made_at(created);
    sample.value = value;
    const double number = value.as_double();
    const bool wrong =
        family.type == MetricType::counter && (detail::is_nan(number) || detail::is_negative(number));
    finish(family, labels, !wrong, sample);
  }
  PROMLITE_COLD void add_buckets(std::size_t index, const Labels& labels, const BucketCounts& buckets,
                                 CreatedAt created) {
    detail::CollectedFamily& family = *families_[index];
    detail::CollectedSample sample = made_at(created);
    finish(family, labels, !has(labels, "le") && family.keep(buckets, sample), sample);
  }
  PROMLITE_COLD void add_quantiles(std::size_t index, const Labels& labels,
                                   const std::vector<QuantileValue>& quantiles, std::uint64_t count,
                                   double sum, CreatedAt created) {
    detail::CollectedFamily& family = *families_[index];
    detail::CollectedSample sample = made_at(created);
    sample.value = sum;
    finish(family, labels, !has(labels, "quantile") && family.keep(quantiles, count, sample), sample);
  }
  // The label with the state stands behind the others, so that sorting keeps the states of one series
  // together.
  PROMLITE_COLD void add_states(std::size_t index, const Labels& labels,
                                const std::vector<StateValue>& states) {
    detail::CollectedFamily& family = *families_[index];
    if (family.name.empty()) return;
    bool valid = !states.empty() && !has(labels, family.name) && append_labels(labels);
    for (std::size_t i = 0; i < states.size(); ++i) {
      valid = valid && !states[i].state.empty() && detail::is_utf8(states[i].state);
      for (std::size_t j = 0; j < i; ++j) valid = valid && states[i].state != states[j].state;
    }
    if (!valid) {
      ++problems_;
      return;
    }
    const std::size_t common = label_text_.size();
    for (const StateValue& each : states) {
      label_text_.resize(common);
      detail::append_label(label_text_, family.name, each.state);
      detail::CollectedSample sample;
      sample.value = each.on;
      family.add(sample, label_text_);
    }
  }

  static detail::CollectedSample made_at(CreatedAt created) noexcept {
    detail::CollectedSample sample;
    sample.created = std::chrono::duration_cast<std::chrono::nanoseconds>(created.time_since_epoch()).count();
    return sample;
  }
  bool has(const Labels& labels, std::string_view name) const noexcept {
    for (const Label& label : labels) {
      if (label.name == name) return true;
    }
    if (scope_ == nullptr) return false;
    for (const auto& label : scope_->labels()) {
      if (label.first == name) return true;
    }
    return false;
  }
  PROMLITE_COLD void finish(detail::CollectedFamily& family, const Labels& labels, bool valid,
                            const detail::CollectedSample& sample) {
    if (family.name.empty()) return;
    if (valid && append_labels(labels)) {
      family.add(sample, label_text_);
    } else {
      ++problems_;
    }
  }

  // Makes label_text_: names sorted, values repaired and escaped. False when a name is invalid or there
  // twice.
  bool append_labels(const Labels& labels) {
    sorted_.assign(labels.begin(), labels.end());
    if (scope_ != nullptr) {
      for (const auto& label : scope_->labels()) sorted_.push_back({label.first, label.second});
    }
    for (std::size_t i = 1; i < sorted_.size(); ++i) {
      for (std::size_t at = i; at > 0 && sorted_[at].name < sorted_[at - 1].name; --at) {
        std::swap(sorted_[at], sorted_[at - 1]);
      }
    }
    label_text_.clear();
    for (std::size_t i = 0; i < sorted_.size(); ++i) {
      const Label& label = sorted_[i];
      if (detail::label_name_problem(label.name) != nullptr) return false;
      if (i > 0 && sorted_[i - 1].name == label.name) return false;
      if (label.value.empty())
        continue;  // to Prometheus the same as no such label, so no two series differ by it
      if (detail::is_utf8(label.value)) {
        detail::append_label(label_text_, label.name, label.value);
      } else {
        repaired_.clear();
        detail::append_repaired_utf8(repaired_, label.value);
        detail::append_label(label_text_, label.name, repaired_);
      }
    }
    return true;
  }

  // Deletes all families but the first `count`.
  void shorten(std::size_t count) noexcept {
    for (std::size_t i = count; i < families_.size(); ++i) delete families_[i];
    families_.truncate(count);
  }

  detail::PointerList<detail::CollectedFamily> families_;  // owned
  std::size_t problems_ = 0;
  const detail::Scope* scope_ = nullptr;  // of the collector that writes
  std::vector<Label> sorted_;
  std::string label_text_;
  std::string repaired_;
};

/// The registry's side of a sink.
class SinkAccess {
 public:
  using Families = detail::PointerList<detail::CollectedFamily>;

  static const Families& families(const Sink& sink) noexcept { return sink.families_; }
  static std::size_t problems(const Sink& sink) noexcept { return sink.problems_; }

  /// A family whose name has been checked.
  static Sink::Family begin(Sink& sink, std::string_view name, std::string_view help, MetricType type,
                            std::string_view unit) {
    return sink.begin(name, help, type, unit);
  }

  /// Whose prefix and labels all get from now on; null: none.
  static void enter(Sink& sink, const detail::Scope* scope) noexcept { sink.scope_ = scope; }
  static const detail::Scope* scope(const Sink& sink) noexcept { return sink.scope_; }
  /// Counts what was left out of what stands elsewhere.
  static void count_problems(Sink& sink, std::size_t count) noexcept { sink.problems_ += count; }

  /// The first `count` of some families sorted by name, but for those that were dropped.
  class FamiliesBefore final : public detail::KnownFamilies {
   public:
    FamiliesBefore(const Families& families, std::size_t count) noexcept
        : families_(families), count_(count) {}

   private:
    bool find_type(std::string_view family, MetricType& type) const override {
      std::size_t low = 0;
      for (std::size_t high = count_; low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (families_[middle]->name < family) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      if (low == count_ || families_[low]->name != family) return false;
      type = families_[low]->type;
      return !families_[low]->samples.empty();
    }

    const Families& families_;
    const std::size_t count_;
  };

  /// Drops what a collector wrote that threw.
  static void roll_back(Sink& sink, std::size_t families) noexcept { sink.shorten(families); }

  /// Sorts families by name and samples by labels, joins families of one name, and drops what is not unique.
  PROMLITE_COLD static void settle(Sink& sink) {
    Families& families = sink.families_;
    families.sort_in(0, &less, nullptr);
    for (std::size_t i = 0, head = 0; i < families.size(); ++i) {
      if (i != head && families[i]->name == families[head]->name) {
        join(sink, *families[head], *families[i]);
        families[i]->samples.clear();
      } else {
        head = i;
      }
    }
    for (std::size_t i = 0; i < families.size(); ++i) drop_repeated(sink, *families[i]);
  }

 private:
  static bool less(const void*, const void* a, const void* b) noexcept {
    return static_cast<const detail::CollectedFamily*>(a)->name <
           static_cast<const detail::CollectedFamily*>(b)->name;
  }

  static void join(Sink& sink, detail::CollectedFamily& first, const detail::CollectedFamily& more) {
    if (more.samples.empty()) return;
    if (first.type != more.type || first.help != more.help || first.unit != more.unit) {
      ++sink.problems_;
      return;
    }
    first.join(more);
  }

  static void drop_repeated(Sink& sink, detail::CollectedFamily& family) {
    std::vector<detail::CollectedSample>& samples = family.samples;
    if (samples.empty()) return;
    detail::stable_sort(samples,
                        [&](const auto& a, const auto& b) { return family.text_of(a) < family.text_of(b); });
    std::size_t kept = 1;
    for (std::size_t i = 1; i < samples.size(); ++i) {
      if (family.text_of(samples[i]) == family.text_of(samples[kept - 1])) {
        ++sink.problems_;
      } else {
        samples[kept++] = samples[i];
      }
    }
    samples.resize(kept);
    family.text.append(detail::ByteBuffer::padding, '\0');
  }
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SINK_HPP
