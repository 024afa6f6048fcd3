// promlite: compressed responses, with zlib: link it, or promlite::gzip in CMake.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_GZIP_HPP
#define PROMLITE_GZIP_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/transport/compression.hpp>

#include <cstddef>
#include <limits>
#include <string_view>

#include <zlib.h>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

PROMLITE_COLD inline bool gzip_with_zlib(std::string_view body, int level, ByteBuffer& out) {
  if (body.size() > std::numeric_limits<uInt>::max() / 2) return false;
  z_stream stream{};
  // 16: with the header and the trailer of gzip (RFC 1952).
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
  struct End {
    z_stream* stream;
    ~End() { deflateEnd(stream); }
  } const end{&stream};
  const std::size_t room = deflateBound(&stream, static_cast<uLong>(body.size()));
  char* const to = out.reserve(room);
  // zlib's interface lacks const: it reads the input only.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(to);
  stream.avail_out = static_cast<uInt>(room);
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return false;
  out.set_end(to + stream.total_out);
  return true;
}

}  // namespace detail

/// Compresses responses for those who ask for it in Accept-Encoding:
///
///     options.compression = promlite::gzip();    // of a MetricsServer
///     request.compression = promlite::gzip();    // of scrape(), with request.accept_encoding
///
/// `level` from 1, the fastest, to 9; text shrinks to a tenth or so with any of them. The server compresses
/// on its second thread.
inline Compression gzip(int level = 1) noexcept {
  return {detail::gzip_with_zlib, level < 1 ? 1 : level > 9 ? 9 : level};
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_GZIP_HPP
