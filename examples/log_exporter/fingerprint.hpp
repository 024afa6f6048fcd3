// log_exporter: the first bytes of a file, made small, to know the file again. Pure.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_FINGERPRINT_HPP
#define LOG_EXPORTER_FINGERPRINT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace log_exporter {

/// FNV-1a with 64 bits. `hash` is that of what came before.
constexpr std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325u) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

/// Of the first `length` bytes of a file, at most `longest`. It grows while the file does: an inode number
/// that is used again, or a file that was truncated and has grown past where it was, shows by other bytes.
struct Fingerprint {
  static constexpr std::uint64_t longest = 1024;

  std::uint64_t length = 0;
  std::uint64_t hash = hash_bytes({});

  /// `bytes` stand at `offset` of the file; those that are known or too far are passed over.
  constexpr void extend(std::uint64_t offset, std::string_view bytes) {
    if (length >= longest || offset > length || length - offset >= bytes.size()) return;
    bytes.remove_prefix(static_cast<std::size_t>(length - offset));
    bytes = bytes.substr(0, static_cast<std::size_t>(longest - length));
    hash = hash_bytes(bytes, hash);
    length += bytes.size();
  }

  /// `head` is what a file begins with, `length` bytes of it or more.
  constexpr bool matches(std::string_view head) const {
    return head.size() >= length && hash_bytes(head.substr(0, static_cast<std::size_t>(length))) == hash;
  }
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_FINGERPRINT_HPP
