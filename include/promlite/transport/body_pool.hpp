// promlite: response bodies that connections share, in buffers that are used again.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_BODY_POOL_HPP
#define PROMLITE_TRANSPORT_BODY_POOL_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// One exposition, and how many connections are sending it.
struct Body {
  ByteBuffer bytes;
  bool compressed = false;
  std::size_t users = 0;
};

/// Counts the bodies that are being sent and keeps a few buffers for the next ones, so that a scrape writes
/// into memory that is there already. Not thread safe.
class BodyPool {
 public:
  /// An empty body without users. Throws std::bad_alloc.
  std::unique_ptr<Body> take() {
    if (idle_count_ == 0) return std::make_unique<Body>();
    std::unique_ptr<Body> body = std::move(idle_[--idle_count_]);
    idle_bytes_ -= body->bytes.capacity();
    body->bytes.clear();
    body->compressed = false;
    return body;
  }

  /// Puts a body back that nobody uses.
  void give_back(std::unique_ptr<Body> body) noexcept {
    const std::size_t capacity = body->bytes.capacity();
    if (idle_count_ == max_idle || (idle_count_ != 0 && idle_bytes_ + capacity > max_idle_bytes)) return;
    idle_bytes_ += capacity;
    idle_[idle_count_++] = std::move(body);
  }

  /// The body stays until it has been released as often as it was retained; the first time makes it the
  /// pool's.
  void retain(Body* body) noexcept {
    if (body->users++ == 0) shared_bytes_ += body->bytes.size();
  }
  void release(Body* body) noexcept {
    if (--body->users != 0) return;
    shared_bytes_ -= body->bytes.size();
    give_back(std::unique_ptr<Body>(body));
  }

  /// Bytes of all bodies that are being sent.
  std::size_t shared_bytes() const noexcept { return shared_bytes_; }

 private:
  static constexpr std::size_t max_idle = 4;
  static constexpr std::size_t max_idle_bytes = std::size_t{8} << 20;  // one body may be larger

  std::unique_ptr<Body> idle_[max_idle];
  std::size_t idle_count_ = 0;
  std::size_t idle_bytes_ = 0;
  std::size_t shared_bytes_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_BODY_POOL_HPP
