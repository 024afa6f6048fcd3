// promlite: the growing buffer that every exposition is written into.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_BYTE_BUFFER_HPP
#define PROMLITE_DETAIL_BYTE_BUFFER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Copies `text` and returns the end; there must be room.
inline char* put(char* to, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

/// Bytes in one block that is kept over clear(), so that a scrape writes into warm memory. Unlike
/// std::string it grows without filling the new room and offers it for writing.
/// Growth throws std::bad_alloc and leaves the content as it was. Not thread safe.
class ByteBuffer {
 public:
  /// Readable bytes that a source of copy_padded() must have behind its end.
  static constexpr std::size_t padding = 16;

  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~ByteBuffer() { std::free(data_); }

  void swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  const char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::string_view view() const noexcept { return {data_, size_}; }
  void clear() noexcept { size_ = 0; }
  /// Drops everything behind the first `size` bytes; `size` must not exceed size().
  void truncate(std::size_t size) noexcept { size_ = size; }

  /// Room for at least `room` bytes behind the content; hand the end of what was written to set_end().
  char* reserve(std::size_t room) {
    if (capacity_ - size_ < room) grow(room);
    return data_ + size_;
  }
  void set_end(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data_); }

  void append(std::string_view text) {
    char* to = reserve(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) {
    *reserve(1) = c;
    ++size_;
  }

  /// Copies in blocks of 16 bytes, which for short text beats a memcpy of unknown length. Reads and
  /// writes up to `padding` bytes behind both ends: the source must allow it, `to` must have been reserved
  /// so.
  static char* copy_padded(char* to, const char* from, std::size_t size) noexcept {
    for (std::size_t done = 0; done < size; done += padding) std::memcpy(to + done, from + done, padding);
    return to + size;
  }
  /// The same, and quicker when `size` is between 1 and `padding`.
  static char* copy_short(char* to, const char* from, std::size_t size) noexcept {
    std::size_t done = 0;
    do {
      std::memcpy(to + done, from + done, padding);
      done += padding;
    } while (!PROMLITE_LIKELY(done >= size));
    return to + size;
  }

 private:
  PROMLITE_COLD void grow(std::size_t room) {
    if (room > static_cast<std::size_t>(-1) / 4 - size_) throw_bad_alloc();
    std::size_t wanted = capacity_ < 512 ? 1024 : capacity_ * 2;
    while (wanted < size_ + room) wanted *= 2;
    void* grown = std::realloc(data_, wanted);
    if (grown == nullptr) throw_bad_alloc();
    data_ = static_cast<char*>(grown);
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_BYTE_BUFFER_HPP
