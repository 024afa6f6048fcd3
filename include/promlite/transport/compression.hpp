// promlite: compressed responses: who wants one, and the place for what compresses.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_COMPRESSION_HPP
#define PROMLITE_TRANSPORT_COMPRESSION_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exposition/accept.hpp>

#include <cstddef>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// How responses are compressed for those who ask for it; by default they are not. `promlite/gzip.hpp` has
/// gzip().
struct Compression {
  /// Appends `body` in the format gzip to `out`. False, or an exception, when it could not; then the body is
  /// sent as it is. Thread safe.
  bool (*gzip)(std::string_view body, int level, detail::ByteBuffer& out) = nullptr;
  int level = 0;
};

namespace detail {

/// A smaller body is sent as it is.
constexpr std::size_t min_compressed_body = 1024;

/// True when Accept-Encoding asks for gzip (RFC 9110 section 12.5.3): by its name, or else by `*`, with a
/// weight above 0.
PROMLITE_COLD inline bool wants_gzip(std::string_view accept_encoding) noexcept {
  bool any = false;
  while (!accept_encoding.empty()) {
    const AcceptClause clause(take_until(accept_encoding, ','));
    if (clause.is("gzip") || clause.is("x-gzip")) return clause.weight() != 0;
    any = any || (clause.is("*") && clause.weight() != 0);
  }
  return any;
}

/// Puts the compressed body in the place of `body`, by way of `scratch`; false when it stays as it is.
PROMLITE_COLD inline bool compress(const Compression& compression, ByteBuffer& body,
                                   ByteBuffer& scratch) noexcept {
  if (compression.gzip == nullptr || body.size() < min_compressed_body) return false;
  PROMLITE_TRY {
    scratch.clear();
    if (!compression.gzip(body.view(), compression.level, scratch)) return false;
    body.swap(scratch);
    return true;
  }
  PROMLITE_CATCH_ALL { return false; }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_COMPRESSION_HPP
