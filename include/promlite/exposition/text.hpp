// promlite: the Prometheus text format, version 0.0.4.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_TEXT_HPP
#define PROMLITE_EXPOSITION_TEXT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/line_writer.hpp>
#include <promlite/exposition/name_escaper.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What a response with this format says in its Content-Type.
constexpr const char* text_content_type = "text/plain; version=0.0.4; charset=utf-8";

namespace detail {

/// Encodes into a buffer that it does not own. Types that the format lacks are mapped as the reference
/// encoder maps them: info to a gauge named `x_info`, stateset to gauge, gauge histogram to histogram.
class TextEncoder final : public Encoder {
 public:
  explicit TextEncoder(ByteBuffer& out, Escaping escaping = Escaping::underscores) noexcept
      : lines_(out, LineWriter::Style::shortest), names_(escaping) {}

  void begin_family(const FamilyHead& given) override {
    const FamilyHead head = names_.begin(given);
    const std::string_view suffix = head.type == MetricType::info ? "_info" : "";
    lines_.begin_family(head.name, suffix);
    lines_.help(suffix, head.help, LineWriter::Escape::help);
    lines_.metadata("TYPE", suffix, type_text(head.type));
  }

  void value(PaddedText labels, Number number) override {
    labels = names_.labels(labels);
    lines_.end_line(number.write(lines_.begin_value(labels, 0)));
  }

  void histogram(PaddedText labels, const HistogramSample& sample) override {
    labels = names_.labels(labels);
    lines_.prepare_bounds(sample);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= sample.size; ++i) {
      total += sample.counts[i];
      lines_.end_line(write_number(lines_.begin_bucket(i, labels, 0), total));
    }
    sum_and_count(labels, sample.sum, total);
  }

  void summary(PaddedText labels, const SummarySample& sample) override {
    labels = names_.labels(labels);
    for (std::size_t i = 0; i < sample.size; ++i) {
      lines_.end_line(lines_.real(lines_.begin_quantile(sample.quantiles[i], labels), sample.values[i]));
    }
    sum_and_count(labels, sample.sum, sample.count);
  }

  void finish() override {}
  std::size_t size() const noexcept override { return lines_.size(); }

 private:
  static const char* type_text(MetricType type) noexcept {
    switch (type) {
      case MetricType::counter:
        return "counter";
      case MetricType::gauge:
      case MetricType::info:
      case MetricType::stateset:
        return "gauge";
      case MetricType::histogram:
      case MetricType::gauge_histogram:
        return "histogram";
      case MetricType::summary:
        return "summary";
      case MetricType::untyped:
        break;
    }
    return "untyped";
  }

  PROMLITE_NOINLINE void sum_and_count(PaddedText labels, double sum, std::uint64_t count) {
    lines_.end_line(lines_.real(lines_.begin_line("_sum", labels, 0), sum));
    lines_.end_line(write_number(lines_.begin_line("_count", labels, 0), count));
  }

  LineWriter lines_;
  NameEscaper names_;
};

}  // namespace detail

/// One exposition as text. `source` is a Registry, or anything else with `collect(Encoder&)`.
/// Thread safe as `collect` is; throws std::bad_alloc.
template <class Source>
std::string to_text(Source& source) {
  detail::ByteBuffer out;
  detail::TextEncoder encoder(out);
  source.collect(encoder);
  return std::string(out.view());
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_TEXT_HPP
