// promlite: several series that a function gives when a scrape asks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SERIES_CALLBACK_HPP
#define PROMLITE_SERIES_CALLBACK_HPP

#include <promlite/callback.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/sink.hpp>
#include <promlite/source.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A callback with labels: what its function gives is kept in a sink of its own, whose rules hold, and is
/// bounded by max_series.
class SeriesCallback : public Callback {
 public:
  using Callback::Callback;

  /// A series with values for the declared labels. Throws std::bad_alloc, and so do the others.
  PROMLITE_COLD void add(const std::string_view* values, Number value) {
    const Undivided step;
    labels_.clear();
    for (std::size_t i = 0; i < declared_.label_names.size(); ++i) {
      labels_.push_back({declared_.label_names[i], values[i]});
    }
    add_sample(value);
  }
  /// A series with these labels.
  PROMLITE_COLD void add(const Labels& labels) {
    const Undivided step;
    labels_.assign(labels.begin(), labels.end());
    add_sample(1);
  }

  bool has_series(const ScrapeContext&) override { return !samples().empty(); }
  PROMLITE_COLD void encode(Encoder& encoder, ScrapeContext&) override {
    for (const CollectedSample& sample : samples()) encoder.value(text_of(sample), sample.value);
  }
  PROMLITE_COLD void list(std::vector<ListedSeries>& to) override {
    for (const CollectedSample& sample : samples()) to.push_back({this, &sample, text_of(sample)});
  }
  PROMLITE_COLD void encode_one(const ListedSeries& series, Encoder& encoder, ScrapeContext&) override {
    encoder.value(series.labels, static_cast<const CollectedSample*>(series.series)->value);
  }

 private:
  PROMLITE_COLD void clear() noexcept override {
    sink_.reset();
    family_.reset();
    added_ = too_many_ = 0;
  }
  PROMLITE_COLD std::size_t settle() override {
    if (!sink_) return 0;
    SinkAccess::settle(*sink_);
    return SinkAccess::problems(*sink_) + too_many_;
  }

  void add_sample(Number value) {
    if (added_ == declared_.max_series) {
      ++too_many_;
      return;
    }
    if (!sink_) {
      sink_.emplace();
      family_ = SinkAccess::begin(*sink_, declared_.name, declared_.help, declared_.type, declared_.unit);
    }
    for (const auto& label : declared_.const_labels) labels_.push_back({label.first, label.second});
    family_->sample(labels_, value);
    ++added_;
  }

  const CollectedFamily& family() const noexcept { return *SinkAccess::families(*sink_)[0]; }
  const std::vector<CollectedSample>& samples() const noexcept {
    static const std::vector<CollectedSample> none;
    return sink_ ? family().samples : none;
  }
  PaddedText text_of(const CollectedSample& sample) const noexcept {
    return {family().text.data() + sample.text_at, sample.text_size};
  }

  std::optional<Sink> sink_;
  std::optional<Sink::Family> family_;
  std::vector<Label> labels_;
  std::size_t added_ = 0;
  std::size_t too_many_ = 0;
};

}  // namespace detail

/// What a callback with `N` labels fills: `out.set(5, "mail")`, one call for each series. Valid during that
/// call of the callback.
template <std::size_t N>
class CallbackSeries {
 public:
  explicit CallbackSeries(detail::SeriesCallback& source) noexcept : source_(source) {}
  CallbackSeries(const CallbackSeries&) = delete;
  CallbackSeries& operator=(const CallbackSeries&) = delete;

  /// The series with these label values, in the order of the declared names and of the types that
  /// Family::with() takes, has this value. Left out and counted in `promlite_collector_errors_total` are a
  /// counter's value that is negative or NaN, a series that has a value already, and what comes after
  /// max_series of them. Throws std::bad_alloc.
  template <class... Values>
  void set(Number value, const Values&... values) {
    static_assert(sizeof...(Values) == N,
                  "promlite: set() takes a number and exactly one value for each label name of the callback");
    if constexpr (sizeof...(Values) == N) {
      const detail::LabelValue texts[N] = {detail::LabelValue(values)...};
      std::string_view views[N];
      for (std::size_t i = 0; i < N; ++i) views[i] = texts[i].text();
      source_.add(views, value);
    }
  }

 private:
  detail::SeriesCallback& source_;
};

/// What an info callback fills: `out.set({{"version", "1.4.2"}})`, one call for each set of facts. Valid
/// during that call of the callback.
class CallbackFacts {
 public:
  explicit CallbackFacts(detail::SeriesCallback& source) noexcept : source_(source) {}
  CallbackFacts(const CallbackFacts&) = delete;
  CallbackFacts& operator=(const CallbackFacts&) = delete;

  /// Left out and counted are facts with an invalid name or one that is there twice, facts that were set
  /// already, and what comes after max_series of them. Throws std::bad_alloc.
  void set(const Labels& facts) { source_.add(facts); }

 private:
  detail::SeriesCallback& source_;
};

namespace detail {

/// Its function fills an `Out`.
template <class Out, class Function>
class FillingCallback final : public SeriesCallback {
 public:
  FillingCallback(Declaration declared, Function function, std::atomic<std::uint64_t>& errors)
      : SeriesCallback(std::move(declared), errors), function_(std::move(function)) {}

 private:
  void call() override {
    Out out(*this);
    function_(out);
  }

  Function function_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SERIES_CALLBACK_HPP
