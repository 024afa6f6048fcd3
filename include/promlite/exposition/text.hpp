// promlite: the Prometheus text format, version 0.0.4.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_TEXT_HPP
#define PROMLITE_EXPOSITION_TEXT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace promlite {

/// What a response with this format says in its Content-Type.
constexpr const char* text_content_type = "text/plain; version=0.0.4; charset=utf-8";

namespace detail {

/// Encodes into a buffer that it does not own. Types that the format lacks are mapped as the reference
/// encoder maps them: info to a gauge named `x_info`, stateset to gauge, gauge histogram to histogram.
class TextEncoder final : public Encoder {
 public:
  explicit TextEncoder(ByteBuffer& out) noexcept : out_(&out) {}

  void begin_family(const FamilyHead& head) override {
    name_.clear();
    name_.append(head.name);
    if (head.type == MetricType::info) name_.append("_info");
    if (!head.help.empty()) {
      out_->append("# HELP ");
      out_->append(name_.view());
      out_->append(' ');
      append_help(head.help);
      out_->append('\n');
    }
    out_->append("# TYPE ");
    out_->append(name_.view());
    out_->append(type_line(head.type));
    name_size_ = name_.size();
    name_.reserve(ByteBuffer::padding);
    le_texts_.clear();
  }

  void value(PaddedText labels, Number number) override {
    char* to = begin_series({}, labels, max_number_chars + 1);
    to = number.write(end_series(to, labels.size != 0));
    *to++ = '\n';
    out_->set_end(to);
  }

  void histogram(PaddedText labels, const HistogramSample& sample) override {
    if (le_texts_.size() == 0 || sample.bounds != bounds_ || sample.size != bounds_size_) {
      remember_bounds(sample);
    }
    std::uint64_t total = 0;
    const char* le = le_texts_.data();
    for (std::size_t i = 0; i <= sample.size; ++i, le += le_stride) {
      total += sample.counts[i];
      char* to = begin_series("_bucket", labels, le_stride + 4 + max_number_chars);
      *to++ = labels.size == 0 ? '{' : ',';
      to = ByteBuffer::copy_padded(to, le + 1, static_cast<unsigned char>(*le));
      to = write_number(to, total);
      *to++ = '\n';
      out_->set_end(to);
    }
    sum_and_count(labels, sample.sum, total);
  }

  void summary(PaddedText labels, const SummarySample& sample) override {
    for (std::size_t i = 0; i < sample.size; ++i) {
      char* to = begin_series({}, labels, 64 + max_number_chars);
      *to++ = labels.size == 0 ? '{' : ',';
      to = put(to, "quantile=\"");
      to = put(write_number(to, sample.quantiles[i]), "\"} ");
      to = write_number(to, sample.values[i]);
      *to++ = '\n';
      out_->set_end(to);
    }
    sum_and_count(labels, sample.sum, sample.count);
  }

  void finish() override {}
  std::size_t size() const noexcept override { return out_->size(); }

 private:
  static constexpr std::size_t le_stride = 64;

  static const char* type_line(MetricType type) noexcept {
    switch (type) {
      case MetricType::counter:
        return " counter\n";
      case MetricType::gauge:
      case MetricType::info:
      case MetricType::stateset:
        return " gauge\n";
      case MetricType::histogram:
      case MetricType::gauge_histogram:
        return " histogram\n";
      case MetricType::summary:
        return " summary\n";
      case MetricType::untyped:
        break;
    }
    return " untyped\n";
  }

  static char* put(char* to, std::string_view text) noexcept {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
  }

  // HELP text escapes the backslash and the line feed, and no quote (text format 0.0.4).
  void append_help(std::string_view help) {
    for (const char c : help) {
      if (c == '\\') {
        out_->append("\\\\");
      } else if (c == '\n') {
        out_->append("\\n");
      } else {
        out_->append(c);
      }
    }
  }

  // Writes `name suffix{labels` and leaves `room` bytes besides the padding of the block copies.
  PROMLITE_ALWAYS_INLINE char* begin_series(std::string_view suffix, PaddedText labels, std::size_t room) {
    char* to = out_->reserve(name_size_ + suffix.size() + labels.size + room + 2 * ByteBuffer::padding + 4);
    to = ByteBuffer::copy_padded(to, name_.data(), name_size_);
    if (!suffix.empty()) to = put(to, suffix);
    if (labels.size == 0) return to;
    *to++ = '{';
    return ByteBuffer::copy_padded(to, labels.data, labels.size);
  }

  static char* end_series(char* to, bool labelled) noexcept {
    if (labelled) *to++ = '}';
    *to++ = ' ';
    return to;
  }

  PROMLITE_NOINLINE void sum_and_count(PaddedText labels, double sum, std::uint64_t count) {
    char* to = end_series(begin_series("_sum", labels, max_number_chars), labels.size != 0);
    to = write_number(to, sum);
    *to++ = '\n';
    out_->set_end(to);
    to = end_series(begin_series("_count", labels, max_number_chars), labels.size != 0);
    to = write_number(to, count);
    *to++ = '\n';
    out_->set_end(to);
  }

  // `le="0.005"} ` for each bound, as many bytes as the first byte of its stride says: a family's series
  // share them.
  PROMLITE_COLD void remember_bounds(const HistogramSample& sample) {
    le_texts_.clear();
    for (std::size_t i = 0; i <= sample.size; ++i) {
      char* const at = le_texts_.reserve(le_stride);
      char* to = put(at + 1, "le=\"");
      to = i < sample.size ? write_number(to, sample.bounds[i]) : put(to, "+Inf");
      to = put(to, "\"} ");
      *at = static_cast<char>(to - at - 1);
      le_texts_.set_end(at + le_stride);
    }
    bounds_ = sample.bounds;
    bounds_size_ = sample.size;
  }

  ByteBuffer* out_;
  ByteBuffer name_;
  std::size_t name_size_ = 0;
  ByteBuffer le_texts_;
  const double* bounds_ = nullptr;
  std::size_t bounds_size_ = 0;
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

}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_TEXT_HPP
