// promlite: the OpenMetrics text format, version 1.0.0.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_OPENMETRICS_HPP
#define PROMLITE_EXPOSITION_OPENMETRICS_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/line_writer.hpp>
#include <promlite/exposition/name_escaper.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What a response with this format says in its Content-Type.
constexpr const char* openmetrics_content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the format shows when a series was created, as a sample of its own: `x_created`.
enum class CreatedSamples : bool { hidden, shown };

namespace detail {

/// Encodes into a buffer that it does not own. What the format cannot hold is left out: exponential buckets;
/// a sum that is NaN or negative, and that of a histogram with a negative bound, for a histogram together
/// with the count; negative quantile values (OpenMetrics 1.0.0, sections on Histogram, GaugeHistogram and
/// Summary). A counter without `_total`, which only a collector can have, is of type unknown, so that its
/// sample has one name in all formats.
class OpenMetricsEncoder final : public Encoder {
 public:
  explicit OpenMetricsEncoder(ByteBuffer& out, CreatedSamples created = CreatedSamples::hidden,
                              Escaping escaping = Escaping::underscores) noexcept
      : lines_(out, LineWriter::Style::with_point), names_(escaping), created_(created) {}

  void begin_family(const FamilyHead& given) override {
    const FamilyHead head = names_.begin(given);
    const std::string_view name = base_name(head.name, head.type);
    type_ = head.type;
    if (type_ == MetricType::counter && (name.size() == head.name.size() || name.empty())) {
      type_ = MetricType::unknown;
    }
    integral_ = type_ == MetricType::info || type_ == MetricType::stateset;
    lines_.begin_family(type_ == MetricType::counter ? name : head.name, suffix_of(type_));
    lines_.metadata("TYPE", {}, type_text(type_));
    // Escaping may change a name's end.
    if (ends_in_unit(name, head.unit) && !integral_) lines_.metadata("UNIT", {}, head.unit);
    lines_.help({}, head.help, LineWriter::Escape::value);
  }

  void value(PaddedText labels, Number number) override {
    labels = names_.labels(labels);
    char* const to = lines_.begin_value(labels, 0);
    lines_.end_line(integral_ ? number.write(to) : number.write_real(to));
  }

  void counter(PaddedText labels, const CounterSample& sample) override {
    labels = names_.labels(labels);
    const ExemplarSample* const exemplar = type_ == MetricType::counter ? sample.exemplar : nullptr;
    char* const to = sample.value.write_real(lines_.begin_value(labels, room_of(exemplar)));
    lines_.end_line(write_exemplar(to, exemplar));
    if (type_ == MetricType::counter) write_created(labels, sample.created);
  }

  void histogram(PaddedText labels, const HistogramSample& sample) override {
    labels = names_.labels(labels);
    lines_.prepare_bounds(sample);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= sample.size; ++i) {
      const ExemplarSample* const exemplar = sample.exemplars == nullptr ? nullptr : sample.exemplars + i;
      total += sample.counts[i];
      char* const to = write_number(lines_.begin_bucket(i, labels, room_of(exemplar)), total);
      lines_.end_line(write_exemplar(to, exemplar));
    }
    const bool gauge = type_ == MetricType::gauge_histogram;
    const bool negative_bound = sample.size != 0 && is_negative(sample.bounds[0]);
    if (gauge ? !is_nan(sample.sum) && (negative_bound || !is_negative(sample.sum))
              : can_be_a_sum(sample.sum) && !negative_bound) {
      count_and_sum(labels, total, sample.sum, gauge ? "_gcount" : "_count", gauge ? "_gsum" : "_sum");
    }
    if (!gauge) write_created(labels, sample.created);
  }

  void summary(PaddedText labels, const SummarySample& sample) override {
    labels = names_.labels(labels);
    for (std::size_t i = 0; i < sample.size; ++i) {
      if (is_negative(sample.values[i])) continue;
      lines_.end_line(lines_.real(lines_.begin_quantile(sample.quantiles[i], labels), sample.values[i]));
    }
    if (can_be_a_sum(sample.sum)) {
      count_and_sum(labels, sample.count, sample.sum, "_count", "_sum");
    } else {
      lines_.end_line(write_number(lines_.begin_line("_count", labels, 0), sample.count));
    }
    write_created(labels, sample.created);
  }

  bool shows_created() const noexcept override { return created_ == CreatedSamples::shown; }
  void finish() override { lines_.append("# EOF\n"); }
  std::size_t size() const noexcept override { return lines_.size(); }

 private:
  static const char* type_text(MetricType type) noexcept {
    switch (type) {
      case MetricType::gauge_histogram:
        return "gaugehistogram";
      case MetricType::unknown:
        return "unknown";
      default:
        return type_name(type);
    }
  }
  static std::string_view suffix_of(MetricType type) noexcept {
    return type == MetricType::counter ? "_total" : type == MetricType::info ? "_info" : "";
  }
  // It must look like one that never falls.
  static bool can_be_a_sum(double sum) noexcept { return !(is_nan(sum) || is_negative(sum)); }

  PROMLITE_NOINLINE void count_and_sum(PaddedText labels, std::uint64_t count, double sum,
                                       std::string_view count_suffix, std::string_view sum_suffix) {
    lines_.end_line(write_number(lines_.begin_line(count_suffix, labels, 0), count));
    lines_.end_line(write_real(lines_.begin_line(sum_suffix, labels, 0), sum));
  }

  void write_created(PaddedText labels, UnixNanoseconds created) {
    if (created_ == CreatedSamples::hidden || created <= 0) return;
    lines_.end_line(write_seconds(lines_.begin_line("_created", labels, 0), created));
  }

  // ` # {trace_id="ab12"} 0.5 1700000000.5`
  static std::size_t room_of(const ExemplarSample* exemplar) noexcept {
    return exemplar == nullptr || !exemplar->present ? 0 : exemplar->labels.size + 3 * max_number_chars;
  }
  static char* write_exemplar(char* to, const ExemplarSample* exemplar) noexcept {
    if (exemplar == nullptr || !exemplar->present) return to;
    to = put(to, " # {");
    to = put(to, {exemplar->labels.data, exemplar->labels.size});
    to = write_real(put(to, "} "), exemplar->value);
    if (exemplar->time <= 0) return to;
    *to++ = ' ';
    return write_seconds(to, exemplar->time);
  }

  // Seconds to the millisecond, as digits: `1700000000.25`.
  static char* write_seconds(char* to, UnixNanoseconds time) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    to = write_number(to, time / second);
    *to++ = '.';
    auto rest = static_cast<unsigned>(time % second / 1'000'000);
    for (unsigned unit = 100; unit == 100 || rest != 0; unit /= 10) {
      *to++ = static_cast<char>('0' + rest / unit);
      rest %= unit;
    }
    return to;
  }

  LineWriter lines_;
  NameEscaper names_;
  MetricType type_ = MetricType::untyped;
  CreatedSamples created_;
  bool integral_ = false;  // values are integer fields
};

}  // namespace detail

/// One exposition as OpenMetrics text. `source` is a Registry, or anything else with `collect(Encoder&)`.
/// Thread safe as `collect` is; throws std::bad_alloc.
template <class Source>
std::string to_openmetrics(Source& source, CreatedSamples created = CreatedSamples::hidden) {
  detail::ByteBuffer out;
  detail::OpenMetricsEncoder encoder(out, created);
  source.collect(encoder);
  return std::string(out.view());
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_OPENMETRICS_HPP
