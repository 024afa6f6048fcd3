// promlite: counts the program's allocations, and lets one of them fail. Include in one file of a program.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_ALLOCATIONS_HPP
#define PROMLITE_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdlib>
#include <new>

#include "support/sanitized.hpp"

#if defined(__GLIBC__) && !PROMLITE_TEST_SANITIZED
#define PROMLITE_TEST_OWN_MALLOC
#endif

// Never inlined: a compiler that sees malloc behind one operator and free behind another warns of a mismatch.
#if defined(__GNUC__)
#define PROMLITE_TEST_OPERATOR __attribute__((noinline))
#else
#define PROMLITE_TEST_OPERATOR
#endif

namespace test {

/// What this thread has allocated, and the allocations that are to fail: all with operator new, and with
/// glibc those with malloc and realloc, too.
struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;      ///< of all that came from operator new, given back or not
  std::size_t fail_from = 0;  ///< 1: the next one; 0: none
  std::size_t fail_to = 0;    ///< the last one that fails
  std::size_t since = 0;      ///< allocations since the failure was asked for
};
inline thread_local Allocations allocations;

/// Lets the `first`-th allocation from now on fail, or all from the `first`-th to the `last`-th.
inline void fail_allocations(std::size_t first, std::size_t last) {
  allocations.since = 0;
  allocations.fail_to = last;
  allocations.fail_from = first;
}
inline void fail_no_allocation() { allocations.fail_from = 0; }

/// True when the failure that was asked for has happened.
inline bool allocation_failed() { return allocations.since >= allocations.fail_from; }

/// Counts an allocation; true when it must fail.
inline bool refuse_allocation() {
  Allocations& mine = allocations;
  ++mine.count;
  ++mine.since;
  return mine.fail_from != 0 && mine.since >= mine.fail_from && mine.since <= mine.fail_to;
}

inline void* allocate(std::size_t size, std::size_t alignment) {
#if !defined(PROMLITE_TEST_OWN_MALLOC)
  if (refuse_allocation()) return nullptr;
#else
  if (alignment > alignof(std::max_align_t) && refuse_allocation()) return nullptr;
#endif
  const std::size_t rounded = (size / alignment + 1) * alignment;
  allocations.bytes += rounded;
  return alignment <= alignof(std::max_align_t) ? std::malloc(rounded)
                                                : std::aligned_alloc(alignment, rounded);
}

}  // namespace test

#if defined(PROMLITE_TEST_OWN_MALLOC)
// What does not go through operator new.
extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_realloc(void* memory, std::size_t size);
extern "C" void* malloc(std::size_t size) noexcept {
  return test::refuse_allocation() ? nullptr : __libc_malloc(size);
}
extern "C" void* realloc(void* memory, std::size_t size) noexcept {
  return test::refuse_allocation() ? nullptr : __libc_realloc(memory, size);
}
#endif

PROMLITE_TEST_OPERATOR void* operator new(std::size_t size) {
  void* const made = test::allocate(size, alignof(std::max_align_t));
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
PROMLITE_TEST_OPERATOR void* operator new(std::size_t size, std::align_val_t alignment) {
  void* const made = test::allocate(size, static_cast<std::size_t>(alignment));
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
PROMLITE_TEST_OPERATOR void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return test::allocate(size, alignof(std::max_align_t));
}
PROMLITE_TEST_OPERATOR void* operator new(std::size_t size, std::align_val_t alignment,
                                          const std::nothrow_t&) noexcept {
  return test::allocate(size, static_cast<std::size_t>(alignment));
}
PROMLITE_TEST_OPERATOR void* operator new[](std::size_t size) { return operator new(size); }
PROMLITE_TEST_OPERATOR void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
PROMLITE_TEST_OPERATOR void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
PROMLITE_TEST_OPERATOR void* operator new[](std::size_t size, std::align_val_t alignment,
                                            const std::nothrow_t& tag) noexcept {
  return operator new(size, alignment, tag);
}
PROMLITE_TEST_OPERATOR void operator delete(void* memory) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
PROMLITE_TEST_OPERATOR void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
PROMLITE_TEST_OPERATOR void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
PROMLITE_TEST_OPERATOR void operator delete[](void* memory) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
PROMLITE_TEST_OPERATOR void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
PROMLITE_TEST_OPERATOR void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
PROMLITE_TEST_OPERATOR void operator delete[](void* memory, std::align_val_t,
                                              const std::nothrow_t&) noexcept {
  std::free(memory);
}

#endif  // PROMLITE_TESTS_SUPPORT_ALLOCATIONS_HPP
