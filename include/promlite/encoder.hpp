// promlite: the interface that an exposition format implements.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_ENCODER_HPP
#define PROMLITE_ENCODER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace promlite {
inline namespace PROMLITE_ABI {

enum class MetricType : unsigned char {
  counter,
  gauge,
  histogram,
  summary,
  info,
  untyped,
  stateset,
  gauge_histogram,
  unknown = untyped  ///< OpenMetrics' word
};

/// A value as it is stored: an integer is printed with all its digits, a double in its shortest form.
class Number {
 public:
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  constexpr Number(T value) noexcept {  // NOLINT(google-explicit-constructor): a number is a number
    if constexpr (std::is_floating_point_v<T>) {
      kind_ = Kind::real;
      real_ = static_cast<double>(value);
    } else if constexpr (std::is_signed_v<T>) {
      kind_ = Kind::integer;
      integer_ = static_cast<std::int64_t>(value);
    } else {
      kind_ = Kind::natural;
      natural_ = static_cast<std::uint64_t>(value);
    }
  }

  bool is_real() const noexcept { return kind_ == Kind::real; }
  double as_double() const noexcept {
    if (kind_ == Kind::real) return real_;
    return kind_ == Kind::natural ? static_cast<double>(natural_) : static_cast<double>(integer_);
  }
  /// Needs detail::max_number_chars of room and returns the end.
  char* write(char* to) const noexcept {
    if (kind_ == Kind::natural) return detail::write_number(to, natural_);
    return kind_ == Kind::real ? detail::write_number(to, real_) : detail::write_number(to, integer_);
  }
  /// The same, but with a point or an exponent in it: `1.0`.
  char* write_real(char* to) const noexcept {
    if (kind_ == Kind::real) return detail::write_real(to, real_);
    to = write(to);
    *to++ = '.';
    *to++ = '0';
    return to;
  }

 private:
  enum class Kind : unsigned char { natural, integer, real };
  Kind kind_ = Kind::natural;
  union {
    std::uint64_t natural_ = 0;
    std::int64_t integer_;
    double real_;
  };
};

/// A family as its declaration names it: a counter with `_total`, an info without `_info`.
struct FamilyHead {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  MetricType type = MetricType::untyped;
  bool utf8_names = false;  ///< its name, or one of a label, may be one that not all readers know
};

/// Text that an encoder may copy in blocks: detail::ByteBuffer::padding bytes behind its end are readable.
struct PaddedText {
  const char* data = nullptr;
  std::size_t size = 0;
};

/// A point in time as nanoseconds since the Unix epoch; 0 where it is not known.
using UnixNanoseconds = std::int64_t;

/// One observation, as an example of those that a sample counts. Its labels are escaped as those of a series
/// are; they may be empty.
struct ExemplarSample {
  bool present = false;
  PaddedText labels;
  double value = 0;
  UnixNanoseconds time = 0;
};

/// A counter with more than its value; Encoder::value() takes the others.
struct CounterSample {
  Number value = 0;
  const ExemplarSample* exemplar = nullptr;  ///< null: none
  UnixNanoseconds created = 0;               ///< when it was made, or last became 0
};

/// A bucket of exponential width: `count` observations, or those whose absolute value is meant, lie above
/// 2^((index - 1) * 2^-schema) and at or below 2^(index * 2^-schema).
struct NativeBucket {
  std::int32_t index = 0;
  std::uint64_t count = 0;
};

/// The exponential buckets of a histogram; buckets ascend by index, and those that are empty may be missing.
/// With the zero bucket they hold the same observations as the classic ones.
struct NativeSample {
  int schema = 0;             ///< -4 to 8
  double zero_threshold = 0;  ///< observations from -zero_threshold to zero_threshold are the zero bucket's
  std::uint64_t zero_count = 0;
  const NativeBucket* positive = nullptr;
  std::size_t positive_size = 0;
  const NativeBucket* negative = nullptr;
  std::size_t negative_size = 0;
  const ExemplarSample* exemplars = nullptr;  ///< those that have a time; any number, in any order
  std::size_t exemplars_size = 0;
};

/// One series of a histogram or a gauge histogram: `counts[i]` observations lie above `bounds[i - 1]` and at
/// or below `bounds[i]`, `counts[size]` above them all; a snapshot of the same observations as `sum` and
/// `native`. A histogram without classic buckets has a size of 0, and all its observations in `counts[0]`.
struct HistogramSample {
  const double* bounds = nullptr;
  std::size_t size = 0;
  const std::uint64_t* counts = nullptr;
  double sum = 0;
  const ExemplarSample* exemplars = nullptr;  ///< null, or size + 1 of them: the one of each bucket
  const NativeSample* native = nullptr;       ///< null: it has none
  UnixNanoseconds created = 0;                ///< when it was made, or last became empty
};

/// One series of a summary: `values[i]` is the `quantiles[i]`-quantile, NaN when nothing was observed lately.
struct SummarySample {
  const double* quantiles = nullptr;
  const double* values = nullptr;
  std::size_t size = 0;
  std::uint64_t count = 0;
  double sum = 0;
  UnixNanoseconds created = 0;  ///< when it was made
};

/// Writes one exposition. The caller sees to what all formats share: families in order, each begun once and
/// with at least one series, names valid, labels unique, sorted by name and escaped (`a="x",b="y"`; the
/// escaping of label values is that of text 0.0.4 and of OpenMetrics). Label names that not all readers know
/// are quoted, and escaped like values: `"a.b"="x"`. May throw std::bad_alloc; the exposition is then
/// worthless.
class Encoder {
 public:
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder() = default;

  virtual void begin_family(const FamilyHead& head) = 0;
  /// A counter, a gauge, an info (value 1), an untyped sample, or one state of a stateset (0 or 1; a label
  /// named like the family tells which), of the family that was begun last.
  virtual void value(PaddedText labels, Number number) = 0;
  /// A counter that may have an exemplar or a time of creation. A format that holds neither needs only
  /// value().
  virtual void counter(PaddedText labels, const CounterSample& sample) { value(labels, sample.value); }
  /// A histogram or a gauge histogram.
  virtual void histogram(PaddedText labels, const HistogramSample& sample) = 0;
  virtual void summary(PaddedText labels, const SummarySample& sample) = 0;
  /// True when it shows when series were made; else nobody need tell it.
  virtual bool shows_created() const noexcept { return false; }
  /// After the last family.
  virtual void finish() = 0;
  /// Bytes written so far.
  virtual std::size_t size() const noexcept = 0;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_ENCODER_HPP
