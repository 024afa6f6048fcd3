// promlite: which of some states something is in.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_STATESET_HPP
#define PROMLITE_STATESET_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// One of the states that were declared; at first the first of them. It is shown as a series for each state,
/// 1 for the present one and 0 for the others, so exactly one is 1 at any time.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time and never lock, allocate or throw.
class Stateset {
 public:
  Stateset() noexcept : cell_(detail::vanishing_chunk()->shared()) {}

  /// From now on it is in this state: any string type, or an enumeration that has a `to_label(E)` beside it.
  /// A state that was not declared is refused: nothing changes and `promlite_refused_updates_total` counts
  /// it.
  template <class State>
  void set(const State& state) const noexcept {
    set_text(detail::LabelValue(state).text());
  }

  /// The present state; empty for a default-constructed handle.
  std::string_view state() const noexcept {
    if (declared_ == nullptr) return {};
    return declared_->states[static_cast<std::size_t>(cell_->load(std::memory_order_relaxed))];
  }

 private:
  friend struct detail::MetricTraits<Stateset>;

  Stateset(detail::Cell* cell, const detail::Declaration* declared, detail::FamilyStats* stats) noexcept
      : cell_(cell), declared_(declared), stats_(stats) {}

  void set_text(std::string_view state) const noexcept {
    if (declared_ == nullptr) return;
    for (std::size_t i = 0; i < declared_->states.size(); ++i) {
      if (declared_->states[i] != state) continue;
      cell_->store(i, std::memory_order_relaxed);
      // Says to expire_after() that there was an update, as in a gauge.
      cell_[1].store(1, std::memory_order_relaxed);
      return;
    }
    stats_->count(&detail::FamilyStats::refused);
  }

  detail::Cell* cell_;
  const detail::Declaration* declared_ = nullptr;
  detail::FamilyStats* stats_ = nullptr;
};

namespace detail {

template <>
struct MetricTraits<Stateset> {
  static constexpr MetricType type = MetricType::stateset;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = false;
  static constexpr const char* value_kind = "";
  struct Config {
    /// The declaration is that of the family, which the handles do not outlive.
    Config(const Declaration& of, FamilyStats&) noexcept : declared(&of) {}

    const Declaration* declared;
    std::string text;  // a scrape's scratch
  };
  struct SeriesState {};

  static std::uint32_t cells(const Config&) noexcept { return 2; }
  static Stateset handle(const CellRange& range, const Config& config, FamilyStats& stats) noexcept {
    return {range.chunk->shared() + range.offset, config.declared, &stats};
  }
  // The label with the state stands behind the others, so that the states of a series stay together.
  PROMLITE_COLD static void encode(Encoder& encoder, PaddedText labels, const CellRange& range,
                                   Config& config, SeriesState&, ScrapeContext&) {
    const std::uint64_t present = range.chunk->shared()[range.offset].load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < config.declared->states.size(); ++i) {
      config.text.assign(labels.data, labels.size);
      append_label(config.text, config.declared->name, config.declared->states[i]);
      const std::size_t size = config.text.size();
      config.text.append(ByteBuffer::padding, '\0');
      encoder.value({config.text.data(), size}, i == present ? 1 : 0);
    }
  }
  static bool updated_since(const CellRange& range, std::uint64_t&) noexcept {
    return marked_since(range.chunk->shared()[range.offset + 1]);
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_STATESET_HPP
