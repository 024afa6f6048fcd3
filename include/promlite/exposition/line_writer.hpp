// promlite: the lines of the text formats: what they have in common.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_LINE_WRITER_HPP
#define PROMLITE_EXPOSITION_LINE_WRITER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/escaping.hpp>

#include <cstddef>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Writes metadata and the beginnings of sample lines into a buffer that it does not own. What may hold a
/// name that is not of the set that all readers know writes it quoted, as text format 0.0.4 and OpenMetrics
/// 1.0.0 do with `escaping=allow-utf-8`: `{"disk.free",a="b"} 1`.
class LineWriter {
 public:
  /// How bounds and quantiles are written as label values, and float fields as values.
  enum class Style : unsigned char {
    shortest,   ///< `1`, `0.5`, `1e+06`
    with_point  ///< `1.0`, `0.5`, `1e+06`
  };

  LineWriter(ByteBuffer& out, Style style) noexcept : out_(&out), style_(style) {}

  std::size_t size() const noexcept { return out_->size(); }
  void append(std::string_view text) { out_->append(text); }

  /// The family's lines follow. `suffix` is what its values have behind their name, besides what line() is
  /// told.
  PROMLITE_COLD void begin_family(std::string_view name, std::string_view suffix) {
    quoted_ = !is_legacy_name(name);
    name_.clear();
    if (quoted_) {
      name_.append("{\"");
      append_escaped(name_, name, Escape::value);
    } else {
      name_.append(name);
    }
    base_size_ = name_.size();
    name_.append(suffix);
    name_size_ = name_.size();
    name_.reserve(ByteBuffer::padding);
    numbers_.clear();
  }

  /// `# WORD name text`, with the family's name and `suffix`; `text` is escaped already.
  PROMLITE_COLD void metadata(std::string_view word, std::string_view suffix, std::string_view text) {
    begin_metadata(word, suffix);
    out_->append(text);
    out_->append('\n');
  }
  /// `# HELP name text`; nothing when there is no text.
  enum class Escape : unsigned char { help, value };  ///< `value` escapes the quote as well
  PROMLITE_COLD void help(std::string_view suffix, std::string_view text, Escape escape) {
    if (text.empty()) return;
    begin_metadata("HELP", suffix);
    append_escaped(*out_, text, escape);
    out_->append('\n');
  }

  /// The line of a value up to the blank before it; `room` bytes and max_number_chars are reserved behind.
  PROMLITE_ALWAYS_INLINE char* begin_value(PaddedText labels, std::size_t room) {
    return close(open(name_size_, {}, labels, room), labels);
  }
  /// The same for a line whose name is that of the family with `suffix`.
  PROMLITE_ALWAYS_INLINE char* begin_line(std::string_view suffix, PaddedText labels, std::size_t room) {
    return close(open(base_size_, suffix, labels, room), labels);
  }
  /// The line of bucket `i` of bounds that prepare_bounds() has seen, up to the blank before the value.
  PROMLITE_ALWAYS_INLINE char* begin_bucket(std::size_t i, PaddedText labels, std::size_t room) {
    char* to = open(base_size_, "_bucket", labels, stride + room);
    *to++ = separator(labels);
    const char* const le = numbers_.data() + i * stride;
    return ByteBuffer::copy_padded(to, le + 1, static_cast<unsigned char>(*le));
  }
  /// The line of a quantile up to the blank before the value.
  char* begin_quantile(double quantile, PaddedText labels) {
    char* to = open(base_size_, {}, labels, stride);
    *to++ = separator(labels);
    return put(real(put(to, "quantile=\""), quantile), "\"} ");
  }
  void end_line(char* to) noexcept {
    *to++ = '\n';
    out_->set_end(to);
  }

  /// A float field.
  char* real(char* to, double value) const noexcept {
    return style_ == Style::shortest ? write_number(to, value) : write_real(to, value);
  }

  /// Before the buckets of each series.
  void prepare_bounds(const HistogramSample& sample) {
    if (numbers_.size() == 0 || sample.bounds != bounds_ || sample.size != bounds_size_) {
      remember_bounds(sample);
    }
  }

 private:
  static constexpr std::size_t stride = 64;

  PROMLITE_COLD static void append_escaped(ByteBuffer& out, std::string_view text, Escape escape) {
    for (const char c : text) {
      if (c == '\n') {
        out.append("\\n");
        continue;
      }
      if (c == '\\' || (c == '"' && escape == Escape::value)) out.append('\\');
      out.append(c);
    }
  }

  PROMLITE_COLD void begin_metadata(std::string_view word, std::string_view suffix) {
    out_->append("# ");
    out_->append(word);
    out_->append(' ');
    out_->append(name_.view().substr(quoted_ ? 1 : 0, base_size_ - (quoted_ ? 1 : 0)));
    out_->append(suffix);
    out_->append(quoted_ ? "\" " : " ");
  }

  // Writes `name suffix{labels` and leaves room besides the padding of the block copies.
  PROMLITE_ALWAYS_INLINE char* open(std::size_t name_size, std::string_view suffix, PaddedText labels,
                                    std::size_t room) {
    char* to = out_->reserve(name_size + suffix.size() + labels.size + room + max_number_chars +
                             2 * ByteBuffer::padding + 8);
    to = ByteBuffer::copy_padded(to, name_.data(), name_size);
    to = put(to, suffix);
    if (quoted_) *to++ = '"';
    if (labels.size == 0) return to;
    *to++ = quoted_ ? ',' : '{';
    return ByteBuffer::copy_padded(to, labels.data, labels.size);
  }
  char separator(PaddedText labels) const noexcept { return labels.size == 0 && !quoted_ ? '{' : ','; }
  char* close(char* to, PaddedText labels) const noexcept {
    if (labels.size != 0 || quoted_) *to++ = '}';
    *to++ = ' ';
    return to;
  }

  // `le="0.005"} ` for each bound, as many bytes as the first byte of its stride says: a family's series
  // share them.
  PROMLITE_COLD void remember_bounds(const HistogramSample& sample) {
    numbers_.clear();
    for (std::size_t i = 0; i <= sample.size; ++i) {
      char* const at = numbers_.reserve(stride);
      char* to = put(at + 1, "le=\"");
      to = i < sample.size ? real(to, sample.bounds[i]) : put(to, "+Inf");
      to = put(to, "\"} ");
      *at = static_cast<char>(to - at - 1);
      numbers_.set_end(at + stride);
    }
    bounds_ = sample.bounds;
    bounds_size_ = sample.size;
  }

  ByteBuffer* out_;
  ByteBuffer name_;
  std::size_t base_size_ = 0;  // of name_: without the values' suffix
  std::size_t name_size_ = 0;
  ByteBuffer numbers_;
  const double* bounds_ = nullptr;
  std::size_t bounds_size_ = 0;
  Style style_;
  bool quoted_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_LINE_WRITER_HPP
