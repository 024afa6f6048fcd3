// promlite: a growing list of pointers, compiled once for all types.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_POINTER_LIST_HPP
#define PROMLITE_DETAIL_POINTER_LIST_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a PointerList does whatever its type. Growth throws std::bad_alloc and then has changed nothing.
class UntypedPointerList {
 public:
  /// `context` and two elements: true when the first comes before the second.
  using Less = bool (*)(const void* context, const void* a, const void* b);

  UntypedPointerList() = default;
  UntypedPointerList(const UntypedPointerList&) = delete;
  UntypedPointerList& operator=(const UntypedPointerList&) = delete;
  ~UntypedPointerList() { std::free(items_); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Shortens the list.
  void truncate(std::size_t size) noexcept { size_ = size; }
  /// Empties the list and gives its memory back.
  void reset() noexcept {
    std::free(items_);
    items_ = nullptr;
    size_ = capacity_ = 0;
  }

  /// Room for `more` elements, so that adding them cannot fail.
  PROMLITE_COLD void reserve_more(std::size_t more) {
    if (capacity_ - size_ >= more) return;
    const std::size_t doubled = 2 * capacity_;
    const std::size_t capacity = size_ + more > doubled ? size_ + more : doubled;
    void* const grown = std::realloc(items_, capacity * sizeof(void*));
    if (grown == nullptr) throw_bad_alloc();
    items_ = static_cast<void**>(grown);
    capacity_ = capacity;
  }

  PROMLITE_COLD void insert_any(std::size_t at, void* item) {
    reserve_more(1);
    std::memmove(items_ + at + 1, items_ + at, (size_ - at) * sizeof(void*));
    items_[at] = item;
    ++size_;
  }

  PROMLITE_COLD void append_all(const UntypedPointerList& other) {
    if (other.size_ == 0) return;
    reserve_more(other.size_);
    std::memcpy(items_ + size_, other.items_, other.size_ * sizeof(void*));
    size_ += other.size_;
  }

  /// Sorts stably a list of which the first `sorted` elements are in order: new ones are sorted and merged
  /// in, so a few new among many cost one pass. Throws std::bad_alloc before anything has moved.
  PROMLITE_COLD void sort_in(std::size_t sorted, Less less, const void* context) {
    if (sorted >= size_) return;
    void** const scratch = static_cast<void**>(std::malloc(size_ * sizeof(void*)));
    if (scratch == nullptr) throw_bad_alloc();
    for (std::size_t width = 1; width < size_ - sorted; width *= 2) {
      for (std::size_t low = sorted; low < size_; low += 2 * width) {
        merge(scratch, low, least(low + width, size_), least(low + 2 * width, size_), less, context);
      }
    }
    merge(scratch, 0, sorted, size_, less, context);
    std::free(scratch);
  }

 protected:
  void** items_ = nullptr;

 private:
  static std::size_t least(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }

  // Merges [low, middle) and [middle, high), each in order. When nothing has to move it is one comparison.
  void merge(void** scratch, std::size_t low, std::size_t middle, std::size_t high, Less less,
             const void* context) noexcept {
    if (low == middle || middle == high || !less(context, items_[middle], items_[middle - 1])) return;
    std::memcpy(scratch, items_ + low, (middle - low) * sizeof(void*));
    std::size_t left = 0;
    for (std::size_t right = middle, to = low; left < middle - low; ++to) {
      const bool take_right = right < high && less(context, items_[right], scratch[left]);
      items_[to] = take_right ? items_[right++] : scratch[left++];
    }
  }

  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Pointers to `T` that the list does not own.
template <class T>
class PointerList : public UntypedPointerList {
 public:
  T* operator[](std::size_t at) const noexcept { return static_cast<T*>(items_[at]); }
  T*& at(std::size_t index) noexcept { return *reinterpret_cast<T**>(items_ + index); }
  void insert(std::size_t at, T* item) { insert_any(at, item); }
  void push_back(T* item) { insert_any(size(), item); }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_POINTER_LIST_HPP
