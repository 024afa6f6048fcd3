// promlite: label pairs in protobuf, from the text that series have.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PROTOBUF_LABELS_HPP
#define PROMLITE_EXPOSITION_PROTOBUF_LABELS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/label_text.hpp>
#include <promlite/exposition/protobuf_wire.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Writes label texts as repeated LabelPair, field 1 of Metric and of Exemplar. All functions write at `to`,
/// where there must be room_of() bytes, and return the end.
class ProtobufLabels {
 public:
  /// A pair takes six bytes and its text at least four, and more only with lengths from 128 on.
  static std::size_t room_of(PaddedText labels) noexcept { return 2 * labels.size + 64; }

  /// The labels of the next series. Series come sorted, so most begin as the one before does: up to its last
  /// label the bytes are the same.
  PROMLITE_ALWAYS_INLINE char* write_next(char* to, PaddedText labels) noexcept {
    if (labels.size == 0) return to;
    if (!begins_as_the_last(labels)) return write_new(to, labels);
    to = ByteBuffer::copy_padded(to, beginning_.encoded, beginning_.encoded_size);
    LastPair ignored;
    return write(to, {labels.data + beginning_.size, labels.size - beginning_.size}, ignored);
  }
  /// Any other labels.
  static char* write(char* to, PaddedText labels) noexcept {
    LastPair ignored;
    return write(to, labels, ignored);
  }

 private:
  static constexpr char label_key = 0x0A, pair_name_key = 0x0A, pair_value_key = 0x12;

  PROMLITE_ALWAYS_INLINE bool begins_as_the_last(PaddedText labels) const noexcept {
    const std::size_t size = beginning_.size;
    if (size == 0 || labels.size <= size) return false;
    std::uint64_t difference = 0;
    for (std::size_t at = 0; at + 8 < size; at += 8) difference |= differ(labels.data, at);
    return (difference | differ(labels.data, size - 8)) == 0;
  }
  PROMLITE_ALWAYS_INLINE std::uint64_t differ(const char* text, std::size_t at) const noexcept {
    std::uint64_t one = 0;
    std::uint64_t other = 0;
    std::memcpy(&one, text + at, 8);
    std::memcpy(&other, beginning_.text + at, 8);
    return one ^ other;
  }
  PROMLITE_NOINLINE char* write_new(char* to, PaddedText labels) noexcept {
    LastPair last;
    char* const end = write(to, labels, last);
    const auto encoded_size = static_cast<std::size_t>(last.to - to);
    beginning_.size = 0;
    if (last.at < 8 || last.at > sizeof beginning_.text - ByteBuffer::padding ||
        encoded_size > sizeof beginning_.encoded - ByteBuffer::padding) {
      return end;
    }
    ByteBuffer::copy_padded(beginning_.text, labels.data, last.at);
    ByteBuffer::copy_padded(beginning_.encoded, to, encoded_size);
    beginning_.size = last.at;
    beginning_.encoded_size = encoded_size;
    return end;
  }

  // Where the last pair stands in a label text, and where it was written.
  struct LastPair {
    std::size_t at = 0;
    char* to = nullptr;
  };
  PROMLITE_ALWAYS_INLINE static char* write(char* to, PaddedText labels, LastPair& last) noexcept {
    last.to = to;
    for (std::size_t at = 0; at < labels.size;) {
      const char* const text = labels.data + at;
      std::uint64_t quotes = QuoteMask::of(text, labels.size - at);
      // A pair is `name="value",`: where its quotes are, all is known. No name is empty, none is quoted.
      std::size_t pair = 0;
      for (std::uint64_t rest = quotes & (quotes - 1); rest != 0; rest = quotes & (quotes - 1)) {
        const std::size_t open = QuoteMask::first(quotes);
        if (!PROMLITE_LIKELY(open != pair)) break;
        const std::size_t close = QuoteMask::first(rest);
        quotes = rest & (rest - 1);
        last = {at + pair, to};
        to = write_pair(to, text + pair, open - 1 - pair, text + open + 1, close - open - 1);
        pair = close + 2;
      }
      if (!PROMLITE_LIKELY(pair != 0)) {
        last = {at, to};
        to = write_unusual_label(to, {text, labels.size - at}, pair);
      }
      at += pair;
    }
    return to;
  }
  // Both texts together have less than 64 bytes.
  PROMLITE_ALWAYS_INLINE static char* write_pair(char* to, const char* name, std::size_t name_size,
                                                 const char* value, std::size_t value_size) noexcept {
    to[0] = label_key;
    to[1] = static_cast<char>(4 + name_size + value_size);
    to[2] = pair_name_key;
    to[3] = static_cast<char>(name_size);
    to = ByteBuffer::copy_short(to + 4, name, name_size);
    to[0] = pair_value_key;
    to[1] = static_cast<char>(value_size);
    return ByteBuffer::copy_short(to + 2, value, value_size);
  }
  // The first label of a text; adds its length and that of the comma to `at`.
  PROMLITE_COLD static char* write_unusual_label(char* to, std::string_view text, std::size_t& at) noexcept {
    LabelTexts texts(text);
    LabelText label;
    texts.next(label);
    at += texts.position();
    const auto copy = [&](char* start, std::string_view part) {
      return label.escaped ? unescape(start, part) : put(start, part);
    };
    char* const message = Wire::open(to, label_key);
    char* const name = Wire::open(message, pair_name_key);
    char* const value = Wire::open(Wire::close(name, copy(name, label.name)), pair_value_key);
    return Wire::close(message, Wire::close(value, copy(value, label.value)));
  }

  // The labels that the last series had before its last one; a copy, for its text may have changed since.
  struct {
    std::size_t size = 0;
    std::size_t encoded_size = 0;
    char text[96 + ByteBuffer::padding] = {};
    char encoded[160 + ByteBuffer::padding] = {};
  } beginning_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PROTOBUF_LABELS_HPP
