// promlite: the protobuf format: delimited io.prometheus.client.MetricFamily, encoded by hand.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PROTOBUF_HPP
#define PROMLITE_EXPOSITION_PROTOBUF_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/name_escaper.hpp>
#include <promlite/exposition/protobuf_labels.hpp>
#include <promlite/exposition/protobuf_wire.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What a response with this format says in its Content-Type.
constexpr const char* protobuf_content_type =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

namespace detail {

/// Encodes into a buffer that it does not own, in one pass: a length is written into a place kept for it, and
/// what follows moves in the rare case that it does not fit. Holds everything that a sample may have; info
/// and stateset are gauges, as in text format 0.0.4.
class ProtobufEncoder final : public Encoder {
 public:
  explicit ProtobufEncoder(ByteBuffer& out, Escaping escaping = Escaping::underscores) noexcept
      : out_(&out), names_(escaping) {}

  PROMLITE_COLD void begin_family(const FamilyHead& given) override {
    const FamilyHead head = names_.begin(given);
    end_family();
    begin_length();
    const bool info = head.type == MetricType::info;
    char* to = out_->reserve(head.name.size() + head.help.size() + head.unit.size() + 8 * Wire::max_varint);
    to = text_field(to + 1, name_key, {head.name, info ? "_info" : ""});
    if (!head.help.empty()) to = text_field(to, help_key, {head.help, {}});
    to = Wire::varint_field(to, type_key, type_number(head.type));
    if (!head.unit.empty() && !info) to = text_field(to, unit_key, {head.unit, {}});
    value_key_ = head.type == MetricType::counter   ? counter_key
                 : head.type == MetricType::untyped ? untyped_key
                                                    : gauge_key;
    out_->set_end(to);
    make_room_for_length();
  }

  void value(PaddedText labels, Number number) override {
    labels = names_.labels(labels);
    char* const metric = begin_metric(labels, 0);
    char* to = labels_.write_next(metric, labels);
    *to++ = value_key_;
    *to++ = 9;  // a key and a double
    end_metric(metric, Wire::real_field(to, value_value_key, number.as_double()));
  }

  void counter(PaddedText labels, const CounterSample& sample) override {
    labels = names_.labels(labels);
    char* const metric = begin_metric(labels, room_of(sample.exemplar) + max_timestamp);
    char* const message = Wire::open(labels_.write_next(metric, labels), counter_key);
    char* to = Wire::real_field(message, value_value_key, sample.value.as_double());
    to = write_exemplar(to, counter_exemplar_key, sample.exemplar);
    to = write_time(to, counter_created_key, sample.created);
    end_metric(metric, Wire::close(message, to));
  }

  void histogram(PaddedText labels, const HistogramSample& sample) override {
    labels = names_.labels(labels);
    char* const metric = begin_metric(labels, room_of(sample));
    char* const message = Wire::open(labels_.write_next(metric, labels), histogram_key);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= sample.size; ++i) total += sample.counts[i];
    char* to = Wire::varint_field(message, sample_count_key, total);
    to = Wire::real_field(to, sample_sum_key, sample.sum);
    to = write_buckets(to, sample, total);
    if (sample.native != nullptr) to = write_native(to, *sample.native);
    to = write_time(to, histogram_created_key, sample.created);
    if (sample.native != nullptr) to = write_native_exemplars(to, *sample.native);
    end_metric(metric, Wire::close(message, to));
  }

  void summary(PaddedText labels, const SummarySample& sample) override {
    labels = names_.labels(labels);
    char* const metric = begin_metric(labels, (sample.size + 1) * (2 * max_field + 2) + max_timestamp);
    char* const message = Wire::open(labels_.write_next(metric, labels), summary_key);
    char* to = Wire::varint_field(message, sample_count_key, sample.count);
    to = Wire::real_field(to, sample_sum_key, sample.sum);
    for (std::size_t i = 0; i < sample.size; ++i) {
      *to++ = quantile_key;
      *to++ = 18;  // two keys and two doubles
      to = Wire::real_field(to, quantile_quantile_key, sample.quantiles[i]);
      to = Wire::real_field(to, quantile_value_key, sample.values[i]);
    }
    to = write_time(to, summary_created_key, sample.created);
    end_metric(metric, Wire::close(message, to));
  }

  bool shows_created() const noexcept override { return true; }
  void finish() override { end_family(); }
  std::size_t size() const noexcept override { return out_->size(); }

 private:
  // Field number << 3 | wire type; the names are those of metrics.proto.
  static constexpr char name_key = 0x0A, help_key = 0x12, type_key = 0x18, metric_key = 0x22, unit_key = 0x2A;
  static constexpr char gauge_key = 0x12, counter_key = 0x1A, summary_key = 0x22, untyped_key = 0x2A,
                        histogram_key = 0x3A;
  static constexpr char value_value_key = 0x09, counter_exemplar_key = 0x12, counter_created_key = 0x1A;
  static constexpr char sample_count_key = 0x08, sample_sum_key = 0x11;
  static constexpr char quantile_key = 0x1A, quantile_quantile_key = 0x09, quantile_value_key = 0x11,
                        summary_created_key = 0x22;
  static constexpr char bucket_key = 0x1A, cumulative_count_key = 0x08, upper_bound_key = 0x11,
                        bucket_exemplar_key = 0x1A;
  static constexpr char schema_key = 0x28, zero_threshold_key = 0x31, zero_count_key = 0x38,
                        negative_span_key = 0x4A, negative_delta_key = 0x52, positive_span_key = 0x62,
                        positive_delta_key = 0x6A, histogram_created_key = 0x7A;
  static constexpr char span_offset_key = 0x08, span_length_key = 0x10;
  static constexpr char exemplar_value_key = 0x11, exemplar_time_key = 0x1A;
  static constexpr char seconds_key = 0x08, nanos_key = 0x10;

  static constexpr std::size_t max_field = 1 + Wire::max_varint;
  static constexpr std::size_t max_timestamp = 2 + 2 * max_field;
  // As the reference implementation does: a gap of this many empty buckets is filled with them, because that
  // is shorter than another span.
  static constexpr std::int64_t max_filled_gap = 2;
  static constexpr std::size_t max_native_bucket =
      2 + 2 * max_field + (max_filled_gap + 1) * Wire::max_varint;

  static std::uint64_t type_number(MetricType type) noexcept {
    switch (type) {
      case MetricType::counter:
        return 0;
      case MetricType::gauge:
      case MetricType::info:
      case MetricType::stateset:
        return 1;
      case MetricType::summary:
        return 2;
      case MetricType::untyped:
        break;
      case MetricType::histogram:
        return 4;
      case MetricType::gauge_histogram:
        return 5;
    }
    return 3;
  }

  struct TwoTexts {
    std::string_view one;
    std::string_view other;
  };
  static char* text_field(char* to, char key, TwoTexts text) noexcept {
    to = Wire::varint_field(to, key, text.one.size() + text.other.size());
    for (const std::string_view part : {text.one, text.other}) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    return to;
  }

  // A family's length stands before it. Its place grows while the family does: so what moves is small.
  void begin_length() {
    family_at_ = out_->size();
    prefix_ = 1;
    longest_ = family_at_ + 0x80;
  }
  void make_room_for_length() {
    while (!PROMLITE_LIKELY(out_->size() <= longest_)) widen_length();
  }
  PROMLITE_COLD void widen_length() {
    char* const end = out_->reserve(1);
    char* const from = end - (out_->size() - family_at_ - prefix_);
    std::memmove(from + 1, from, static_cast<std::size_t>(end - from));
    out_->set_end(end + 1);
    ++prefix_;
    longest_ = family_at_ + prefix_ + (std::size_t{1} << (7 * prefix_)) - 1;
  }
  void end_family() {
    if (prefix_ == 0) return;
    const std::size_t size = out_->size() - family_at_;
    Wire::varint(out_->reserve(0) - size, size - prefix_);
    prefix_ = 0;
  }

  // Room for labels, a value, `more`, and what close() moves.
  PROMLITE_ALWAYS_INLINE char* begin_metric(PaddedText labels, std::size_t more) {
    return Wire::open(out_->reserve(ProtobufLabels::room_of(labels) + more + 8 * Wire::max_varint),
                      metric_key);
  }
  PROMLITE_ALWAYS_INLINE void end_metric(char* metric, char* to) {
    out_->set_end(Wire::close(metric, to));
    make_room_for_length();
  }

  static std::size_t room_of(const ExemplarSample* exemplar) noexcept {
    if (exemplar == nullptr || !exemplar->present) return 0;
    return ProtobufLabels::room_of(exemplar->labels) + 3 * max_field + max_timestamp;
  }
  static std::size_t room_of(const ExemplarSample* exemplars, std::size_t count) noexcept {
    std::size_t room = 0;
    for (std::size_t i = 0; i < count && exemplars != nullptr; ++i) room += room_of(exemplars + i);
    return room;
  }
  static std::size_t room_of(const HistogramSample& sample) noexcept {
    std::size_t room = (sample.size + 1) * (2 + 2 * max_field) + room_of(sample.exemplars, sample.size + 1) +
                       max_timestamp + 4 * max_field;
    if (const NativeSample* const native = sample.native) {
      room += 10 * max_field + (native->positive_size + native->negative_size) * max_native_bucket +
              room_of(native->exemplars, native->exemplars_size);
    }
    return room;
  }

  static char* write_time(char* to, char key, UnixNanoseconds time) noexcept {
    if (PROMLITE_LIKELY(time <= 0)) return to;
    constexpr std::int64_t second = 1'000'000'000;
    char* const message = Wire::open(to, key);
    to = Wire::varint_field(message, seconds_key, static_cast<std::uint64_t>(time / second));
    if (time % second != 0) {
      to = Wire::varint_field(to, nanos_key, static_cast<std::uint64_t>(time % second));
    }
    return Wire::close(message, to);
  }

  static char* write_exemplar(char* to, char key, const ExemplarSample* exemplar) noexcept {
    if (PROMLITE_LIKELY(exemplar == nullptr || !exemplar->present)) return to;
    return write_exemplar(Wire::open(to, key), *exemplar);
  }
  // At the message's beginning.
  PROMLITE_NOINLINE static char* write_exemplar(char* message, const ExemplarSample& exemplar) noexcept {
    char* to = ProtobufLabels::write(message, exemplar.labels);
    to = Wire::real_field(to, exemplar_value_key, exemplar.value);
    return Wire::close(message, write_time(to, exemplar_time_key, exemplar.time));
  }

  // Readers make the last bucket from the count; it is written where it has an exemplar.
  static char* write_buckets(char* to, const HistogramSample& sample, std::uint64_t total) noexcept {
    std::uint64_t cumulative = 0;
    const ExemplarSample* exemplar = sample.exemplars;
    for (std::size_t i = 0; i < sample.size; ++i) {
      cumulative += sample.counts[i];
      to = write_bucket(to, cumulative, sample.bounds[i], exemplar);
      if (exemplar != nullptr) ++exemplar;
    }
    if (PROMLITE_LIKELY(exemplar == nullptr || !exemplar->present)) return to;
    return write_bucket(to, total, double_of(infinity_bits), exemplar);
  }
  static char* write_bucket(char* to, std::uint64_t cumulative, double bound,
                            const ExemplarSample* exemplar) noexcept {
    char* const message = Wire::open(to, bucket_key);
    to = Wire::varint_field(message, cumulative_count_key, cumulative);
    to = Wire::real_field(to, upper_bound_key, bound);
    return Wire::close(message, write_exemplar(to, bucket_exemplar_key, exemplar));
  }

  PROMLITE_NOINLINE static char* write_native(char* to, const NativeSample& native) noexcept {
    *to++ = schema_key;
    to = Wire::zigzag(to, native.schema);
    to = Wire::real_field(to, zero_threshold_key, native.zero_threshold);
    to = Wire::varint_field(to, zero_count_key, native.zero_count);
    const char* const before = to;
    to = write_spans(to, negative_span_key, native.negative, native.negative_size);
    to = write_deltas(to, negative_delta_key, native.negative, native.negative_size);
    to = write_spans(to, positive_span_key, native.positive, native.positive_size);
    to = write_deltas(to, positive_delta_key, native.positive, native.positive_size);
    // Something has to tell readers that it is a native histogram.
    if (to == before && native.zero_count == 0 && !(native.zero_threshold > 0)) {
      to = write_span(to, positive_span_key, 0, 0);
    }
    return to;
  }
  static char* write_native_exemplars(char* to, const NativeSample& native) noexcept {
    for (std::size_t i = 0; i < native.exemplars_size; ++i) {
      const ExemplarSample& exemplar = native.exemplars[i];
      if (!exemplar.present || exemplar.time <= 0) continue;
      *to++ = '\x82';  // field 16, whose key takes two bytes
      to = write_exemplar(Wire::open(to, '\x01'), exemplar);
    }
    return to;
  }

  // Calls `visit(gap, bucket)` for each bucket that is not empty; `gap` buckets are between it and the last
  // one, for the first one the index itself, which may be negative.
  template <class Visit>
  static void for_each_bucket(const NativeBucket* buckets, std::size_t size, Visit&& visit) noexcept {
    std::int64_t next = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (buckets[i].count == 0) continue;
      visit(buckets[i].index - next, buckets[i]);
      next = std::int64_t{buckets[i].index} + 1;
    }
  }
  static char* write_spans(char* to, char key, const NativeBucket* buckets, std::size_t size) noexcept {
    std::int64_t offset = 0;
    std::uint64_t length = 0;
    for_each_bucket(buckets, size, [&](std::int64_t gap, const NativeBucket&) {
      if (length != 0 && gap <= max_filled_gap) {
        length += static_cast<std::uint64_t>(gap) + 1;
        return;
      }
      if (length != 0) to = write_span(to, key, offset, length);
      offset = gap;
      length = 1;
    });
    return length == 0 ? to : write_span(to, key, offset, length);
  }
  static char* write_span(char* to, char key, std::int64_t offset, std::uint64_t length) noexcept {
    char* const message = Wire::open(to, key);
    *message = span_offset_key;
    return Wire::close(message,
                       Wire::varint_field(Wire::zigzag(message + 1, offset), span_length_key, length));
  }
  static char* write_deltas(char* to, char key, const NativeBucket* buckets, std::size_t size) noexcept {
    char* const packed = Wire::open(to, key);
    char* at = packed;
    std::uint64_t last = 0;
    const auto write = [&](std::uint64_t count) {
      at = Wire::zigzag(at, static_cast<std::int64_t>(count - last));
      last = count;
    };
    for_each_bucket(buckets, size, [&](std::int64_t gap, const NativeBucket& bucket) {
      if (at != packed && gap <= max_filled_gap) {
        while (gap-- > 0) write(0);
      }
      write(bucket.count);
    });
    return at == packed ? to : Wire::close(packed, at);
  }

  ByteBuffer* out_;
  NameEscaper names_;
  std::size_t family_at_ = 0;  // where the length of the family stands that is being written
  std::size_t prefix_ = 0;     // bytes kept for it; 0 when none is
  std::size_t longest_ = 0;    // out_ may grow to this size before it needs more
  char value_key_ = gauge_key;
  ProtobufLabels labels_;
};

}  // namespace detail

/// One exposition as protobuf. `source` is a Registry, or anything else with `collect(Encoder&)`. Thread safe
/// as `collect` is; throws std::bad_alloc.
template <class Source>
std::string to_protobuf(Source& source) {
  detail::ByteBuffer out;
  detail::ProtobufEncoder encoder(out);
  source.collect(encoder);
  return std::string(out.view());
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PROTOBUF_HPP
