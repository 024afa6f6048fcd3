// promlite: the memory of series: their records with their texts, and their cells.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SERIES_STORE_HPP
#define PROMLITE_SERIES_STORE_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/label_index.hpp>
#include <promlite/detail/lasting_memory.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/error.hpp>
#include <promlite/labels.hpp>
#include <promlite/series.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Makes the series of one declaration, and takes them back: never to make another one of the same memory,
/// but so that it may be forgotten. Not thread safe.
class SeriesStore {
 public:
  SeriesStore(const Declaration& declared, const ChosenClock& clock, std::uint32_t cells, bool owned,
              std::uint32_t largest_chunk_cells)
      : declared_(declared), clock_(clock), cells_(cells), arena_(owned, 32, largest_chunk_cells) {
    sort_labels();
  }
  SeriesStore(const SeriesStore&) = delete;
  SeriesStore& operator=(const SeriesStore&) = delete;
  ~SeriesStore() = default;

  /// A series of these values, one for each label name. Throws std::bad_alloc and then has changed nothing.
  PROMLITE_COLD Series* make(std::uint64_t hash, const std::string_view* values) {
    return make_in(arena_, hash, values);
  }
  /// The same with cells of another arena; not to be given back.
  PROMLITE_COLD Series* make_in(CellArena& arena, std::uint64_t hash, const std::string_view* values) {
    const std::string text = label_text(values);
    const std::size_t count = declared_.label_names.size();
    const std::size_t packed_size = PackedValues::size(values, count);
    // One number for each series there ever was at the same time, with room to take them back.
    if (free_numbers_.empty() && free_numbers_.capacity() <= numbers_)
      free_numbers_.reserve(2 * numbers_ + 8);
    const auto taken = records_.take(sizeof(Series) + packed_size + text.size() + ByteBuffer::padding);
    CellRange range;
    PROMLITE_TRY {
      if (cells_ != 0) range = arena.take(cells_);
    }
    PROMLITE_CATCH_ALL {
      records_.give_back(taken.block);
      throw_bad_alloc();
    }
    std::uint32_t number = numbers_;
    if (free_numbers_.empty()) {
      ++numbers_;
    } else {
      number = free_numbers_.back();
      free_numbers_.pop_back();
    }
    Series* const series = ::new (taken.memory) Series{{range.chunk},
                                                       {range.offset},
                                                       number,
                                                       {hash},
                                                       static_cast<std::uint32_t>(packed_size),
                                                       static_cast<std::uint32_t>(text.size()),
                                                       false,
                                                       false,
                                                       true,
                                                       taken.block,
                                                       clock_.unix_now()};
    char* const at = reinterpret_cast<char*>(series + 1);
    PackedValues::write(at, values, count);
    if (!text.empty()) std::memcpy(at + packed_size, text.data(), text.size());
    return series;
  }

  /// Nobody but old handles and late look-ups will look at this series any more.
  void give_back(Series& series) noexcept {
    free_numbers_.push_back(series.number);
    if (cells_ != 0) arena_.give_back(series.range());
    records_.give_back(series.block);
  }

  /// A store and two series: by the values of their labels, labels by name.
  static bool less(const void* store, const void* one, const void* other) noexcept {
    const char* const a = static_cast<const Series*>(one)->packed_values();
    const char* const b = static_cast<const Series*>(other)->packed_values();
    for (const std::size_t label : static_cast<const SeriesStore*>(store)->label_order_) {
      const int order = PackedValues::at(a, label).compare(PackedValues::at(b, label));
      if (order != 0) return order < 0;
    }
    return false;
  }

 private:
  // label_order_: the variable labels by name, as positions in the declaration.
  PROMLITE_COLD void sort_labels() {
    const std::vector<std::string>& names = declared_.label_names;
    label_order_.resize(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t at = i;
      for (; at > 0 && names[i] < names[label_order_[at - 1]]; --at) label_order_[at] = label_order_[at - 1];
      label_order_[at] = i;
    }
  }

  PROMLITE_COLD std::string label_text(const std::string_view* values) const {
    const auto& const_labels = declared_.const_labels;
    std::string text;
    std::size_t fixed = 0;
    for (const std::size_t label : label_order_) {
      for (; fixed < const_labels.size() && const_labels[fixed].first < declared_.label_names[label];
           ++fixed) {
        append_label(text, const_labels[fixed].first, const_labels[fixed].second);
      }
      append_label(text, declared_.label_names[label], values[label]);
    }
    for (; fixed < const_labels.size(); ++fixed) {
      append_label(text, const_labels[fixed].first, const_labels[fixed].second);
    }
    return text;
  }

  const Declaration& declared_;
  const ChosenClock& clock_;
  const std::uint32_t cells_;
  CellArena arena_;
  LastingArena records_;
  std::uint32_t numbers_ = 0;
  std::vector<std::uint32_t> free_numbers_;
  std::vector<std::size_t> label_order_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SERIES_STORE_HPP
