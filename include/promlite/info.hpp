// promlite: facts that do not change, as labels of a series that is always 1.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_INFO_HPP
#define PROMLITE_INFO_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>

#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Stands for a declared info; there is nothing to update.
class Info {};

namespace detail {

template <>
struct MetricTraits<Info> {
  static constexpr MetricType type = MetricType::info;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = false;
  static constexpr const char* value_kind = "";
  struct Config {
    Config(const Declaration&, FamilyStats&) noexcept {}
  };
  struct SeriesState {};

  static std::uint32_t cells(const Config&) noexcept { return 0; }
  static Info handle(const CellRange&, const Config&, FamilyStats&) noexcept { return Info(); }
  static void encode(Encoder& encoder, PaddedText labels, const CellRange&, Config&, SeriesState&,
                     ScrapeContext&) {
    encoder.value(labels, 1);
  }
  static bool updated_since(const CellRange&, std::uint64_t&) noexcept { return true; }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_INFO_HPP
