// promlite: the unit of a metric's storage.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_CELL_HPP
#define PROMLITE_DETAIL_CELL_HPP

#include <promlite/config.hpp>

#include <atomic>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// 8 bytes: a count, or the bits of a double. Only the owner of its slot writes an owned cell; a shared cell
/// is written with read-modify-write operations by anybody.
using Cell = std::atomic<std::uint64_t>;
static_assert(sizeof(Cell) == 8 && Cell::is_always_lock_free, "promlite needs lock-free 64-bit atomics");

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_CELL_HPP
