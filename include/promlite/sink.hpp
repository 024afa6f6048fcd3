// promlite: what a collector writes into.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SINK_HPP
#define PROMLITE_SINK_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/naming.hpp>
#include <promlite/scope.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {

namespace detail {

/// One sample as a collector gave it: its label text stands in the family's `text`.
struct CollectedSample {
  std::size_t text_at = 0;
  std::size_t text_size = 0;
  Number value = 0;
};

struct CollectedFamily {
  std::string name;
  std::string help;
  MetricType type = MetricType::untyped;
  std::string text;
  std::vector<CollectedSample> samples;

  std::string_view text_of(const CollectedSample& sample) const noexcept {
    return std::string_view(text).substr(sample.text_at, sample.text_size);
  }
};

}  // namespace detail

/// Collects the families of one collector during one scrape.
///
/// Families may be filled in any order and by turns: their samples are kept apart and come out together. What
/// cannot be exposed (an invalid name, a repeated label or series, a counter that is negative or NaN) is left
/// out and counted in `promlite_collector_errors_total`; bytes that are not UTF-8 in a value become U+FFFD.
/// Nothing here throws anything but std::bad_alloc. A sink and what it returns are valid during that one call
/// of collect().
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

   private:
    friend class Sink;
    Family(Sink& sink, std::size_t index) noexcept : sink_(&sink), index_(index) {}
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
  Family counter(std::string_view name, std::string_view help) {
    return begin(name, help, MetricType::counter);
  }
  Family gauge(std::string_view name, std::string_view help) { return begin(name, help, MetricType::gauge); }
  Family untyped(std::string_view name, std::string_view help) {
    return begin(name, help, MetricType::untyped);
  }
  /// `name` with or without `_info`.
  InfoFamily info(std::string_view name, std::string_view help) {
    if (detail::ends_with(name, "_info")) name.remove_suffix(5);
    return InfoFamily(begin(name, help, MetricType::info));
  }

 private:
  friend class SinkAccess;

  PROMLITE_COLD Family begin(std::string_view name, std::string_view help, MetricType type) {
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
    if (detail::metric_name_problem(name, detail::Colons::allowed) != nullptr ||
        detail::metric_name_problem(family.name, detail::Colons::allowed) != nullptr) {
      family.name.clear();
      ++problems_;
    }
    return Family(*this, index);
  }

  PROMLITE_COLD void add(std::size_t index, const Labels& labels, Number value) {
    detail::CollectedFamily& family = *families_[index];
    if (family.name.empty()) return;
    if (!acceptable(family.type, value) || !append_labels(labels)) {
      ++problems_;
      return;
    }
    detail::CollectedSample sample;
    sample.text_at = family.text.size();
    sample.text_size = label_text_.size();
    sample.value = value;
    family.text.append(label_text_);
    family.samples.push_back(sample);
  }

  static bool acceptable(MetricType type, Number value) noexcept {
    const double number = value.as_double();
    return type != MetricType::counter || !(detail::is_nan(number) || detail::is_negative(number));
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
  static Sink::Family begin(Sink& sink, std::string_view name, std::string_view help, MetricType type) {
    return sink.begin(name, help, type);
  }

  /// Whose prefix and labels all get from now on; null: none.
  static void enter(Sink& sink, const detail::Scope* scope) noexcept { sink.scope_ = scope; }

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
    if (first.type != more.type || first.help != more.help) {
      ++sink.problems_;
      return;
    }
    for (detail::CollectedSample sample : more.samples) {
      sample.text_at += first.text.size();
      first.samples.push_back(sample);
    }
    first.text.append(more.text);
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

}  // namespace promlite

#endif  // PROMLITE_SINK_HPP
