// promlite: the protobuf wire format, as much of it as the exposition needs.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PROTOBUF_WIRE_HPP
#define PROMLITE_EXPOSITION_PROTOBUF_WIRE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The protobuf wire format. All functions write at `to`, where there must be room, and return the end.
struct Wire {
  static constexpr std::size_t max_varint = 10;

  static char* varint(char* to, std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
    *to++ = static_cast<char>(value);
    return to;
  }
  /// Small numbers of either sign are short.
  static char* zigzag(char* to, std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    return varint(to, (bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
  }
  /// A NaN is written as one that says nothing more: some have a meaning inside of Prometheus.
  static char* real(char* to, double value) noexcept {
    const std::uint64_t bits = is_nan(value) ? quiet_nan_bits : bits_of(value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    std::memcpy(to, &bits, 8);
#else
    for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(bits >> (8 * i));
#endif
    return to + 8;
  }

  static char* varint_field(char* to, char key, std::uint64_t value) noexcept {
    *to++ = key;
    return varint(to, value);
  }
  static char* real_field(char* to, char key, double value) noexcept {
    *to++ = key;
    return real(to, value);
  }

  /// Begins a message, or anything else that a length stands before; close() it with the returned address.
  static char* open(char* to, char key) noexcept {
    *to++ = key;
    return to + 1;
  }
  /// Writes the length of what lies from `from` to `to`; where it takes more than a byte, that moves.
  static char* close(char* from, char* to) noexcept {
    const auto size = static_cast<std::size_t>(to - from);
    if (PROMLITE_LIKELY(size < 0x80)) {
      from[-1] = static_cast<char>(size);
      return to;
    }
    const std::size_t more = varint_size(size) - 1;
    std::memmove(from + more, from, size);
    varint(from - 1, size);
    return to + more;
  }
  static std::size_t varint_size(std::uint64_t value) noexcept {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PROTOBUF_WIRE_HPP
