// promlite: exemplars: what is a valid one, how it is kept, and what a scrape shows.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXEMPLAR_HPP
#define PROMLITE_EXEMPLAR_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/cell.hpp>
#include <promlite/detail/exemplar_slot.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/naming.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// The largest number of characters (Unicode code points) that the names and values of an exemplar's labels
/// may have together (OpenMetrics 1.0.0, "Exemplars").
constexpr std::size_t max_exemplar_characters = 128;

namespace detail {

/// The label text of an exemplar, escaped as that of a series is, or nothing when it cannot be exposed.
class ExemplarText {
 public:
  PROMLITE_COLD explicit ExemplarText(const Labels& labels) noexcept {
    for (const Label* label = labels.begin(); ok_ && label != labels.end(); ++label) {
      ok_ = label_name_problem(label->name) == nullptr && is_new(labels, *label) && count(label->name.size());
      // To Prometheus an empty value is the same as no such label.
      if (ok_ && !label->value.empty()) append(*label);
    }
  }
  ExemplarText(const ExemplarText&) = delete;
  ExemplarText& operator=(const ExemplarText&) = delete;

  bool ok() const noexcept { return ok_; }
  std::string_view text() const noexcept { return {text_, size_}; }

 private:
  static bool is_new(const Labels& labels, const Label& label) noexcept {
    for (const Label* other = labels.begin(); other != &label; ++other) {
      if (other->name == label.name) return false;
    }
    return true;
  }
  bool count(std::size_t characters) noexcept {
    characters_ += characters;
    return characters_ <= max_exemplar_characters;
  }
  void append(const Label& label) noexcept {
    if (size_ != 0) text_[size_++] = ',';
    put(text_ + size_, label.name);
    size_ += label.name.size();
    text_[size_++] = '=';
    text_[size_++] = '"';
    for (std::size_t at = 0; at < label.value.size();) {
      std::size_t bad = 0;
      const std::size_t length = utf8_sequence(label.value, at, bad);
      ok_ = length != 0 && count(1);
      if (!ok_) return;
      const char c = label.value[at];
      if (c == '\\' || c == '"' || c == '\n') text_[size_++] = '\\';
      put(text_ + size_, c == '\n' ? "n" : label.value.substr(at, length));
      size_ += length;
      at += length;
    }
    text_[size_++] = '"';
  }

  char text_[ExemplarSlot::longest_text];
  std::size_t size_ = 0;
  std::size_t characters_ = 0;
  bool ok_ = true;
};

using ExemplarTime = std::chrono::system_clock::time_point;

/// Keeps the exemplar of a cell of a series; it takes the place of the one before it. One that cannot be
/// exposed is counted in `stats`. A handle that counts nowhere has no `stats`.
PROMLITE_COLD inline void keep_exemplar(const CellRange& range, std::size_t cell, const Labels& labels,
                                        double value, ExemplarTime time, FamilyStats* stats) noexcept {
  if (stats == nullptr) return;
  const ExemplarText text(labels);
  if (!text.ok()) return stats->count(&FamilyStats::refused_exemplars);
  // In this order: a chunk that has a size after it was asked had not been forgotten when it was.
  const bool lasting = range.chunk->lasting();
  Cell* const addresses = range.chunk->make_side();
  if (addresses == nullptr || range.chunk->size() == 0) return;
  ExemplarSlot::put(addresses[range.offset + cell], addresses, lasting, text.text(), value,
                    unix_nanoseconds(time));
}

/// The exemplars of one series as an encoder takes them. A scrape's own; its memory serves one series after
/// the other.
class ExemplarSamples {
 public:
  /// Those of `count` cells from `cell` on, one for each, or null when there is none at all; valid until the
  /// next read(). Throws std::bad_alloc.
  PROMLITE_ALWAYS_INLINE const ExemplarSample* read(const CellRange& range, std::size_t cell,
                                                    std::size_t count) {
    const Cell* const addresses = range.chunk->side();
    return PROMLITE_LIKELY(addresses == nullptr) ? nullptr
                                                 : read_some(addresses + range.offset + cell, count);
  }

 private:
  PROMLITE_COLD const ExemplarSample* read_some(const Cell* addresses, std::size_t count) {
    texts_.clear();
    samples_.assign(count, ExemplarSample());
    bool any = false;
    ExemplarSlot::Content content;
    for (std::size_t i = 0; i < count; ++i) {
      if (!ExemplarSlot::read(addresses[i], content)) continue;
      any = true;
      ExemplarSample& sample = samples_[i];
      sample.present = true;
      sample.value = content.value;
      sample.time = content.time;
      sample.labels.size = content.text_size;
      texts_.append({reinterpret_cast<const char*>(content.text), content.text_size});
    }
    if (!any) return nullptr;
    // From here on the texts stay where they are.
    texts_.reserve(ByteBuffer::padding);
    const char* text = texts_.data();
    for (ExemplarSample& sample : samples_) {
      sample.labels.data = text;
      text += sample.labels.size;
    }
    return samples_.data();
  }

  std::vector<ExemplarSample> samples_;
  ByteBuffer texts_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXEMPLAR_HPP
