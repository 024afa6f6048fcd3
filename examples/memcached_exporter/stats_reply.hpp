// memcached_exporter: the text that memcached answers to "stats", taken apart. Pure functions, no socket.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_STATS_REPLY_HPP
#define MEMCACHED_EXPORTER_STATS_REPLY_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace memcached_exporter {

/// One line "STAT key value".
struct Stat {
  std::string_view key;
  std::string_view value;
};

/// The answer to one stats command. Its views look into the text that it was parsed from.
struct Reply {
  bool refused = false;  // "ERROR" and its kin: the server does not know the command
  std::vector<Stat> stats;

  /// The value of a key; none when the server did not say it.
  std::optional<std::string_view> find(std::string_view key) const {
    for (const Stat& stat : stats) {
      if (stat.key == key) return stat.value;
    }
    return std::nullopt;
  }
};

enum class Line { stat, end, refusal, nonsense };

inline bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// What a line, given without its newline, is in an answer to a stats command.
inline Line classify(std::string_view line) {
  if (line == "END" || line == "RESET") return Line::end;
  if (starts_with(line, "STAT ") && line.size() > 5 && line[5] != ' ') return Line::stat;
  if (line == "ERROR" || starts_with(line, "CLIENT_ERROR") || starts_with(line, "SERVER_ERROR"))
    return Line::refusal;
  return Line::nonsense;
}

/// Takes the first line off `text`, without its "\r\n" or "\n"; none when no newline has come yet.
inline std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, newline);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  text.remove_prefix(newline + 1);
  return line;
}

/// Watches the answers to several commands arrive, and says when the last one is complete.
class ReplyScanner {
 public:
  enum class State { incomplete, complete, nonsense };

  explicit ReplyScanner(std::size_t expected) : missing_(expected) {}

  /// `text` is everything that has come so far; only what is new is looked at.
  State scan(std::string_view text) {
    std::string_view rest = text.substr(scanned_);
    while (missing_ > 0) {
      const auto line = take_line(rest);
      if (!line) return State::incomplete;
      scanned_ = text.size() - rest.size();
      const Line kind = classify(*line);
      if (kind == Line::nonsense) return State::nonsense;
      if (kind != Line::stat) --missing_;
    }
    return State::complete;
  }

 private:
  std::size_t missing_;
  std::size_t scanned_ = 0;
};

/// The answers that are complete in `text`, in order. What follows nonsense is not looked at.
inline std::vector<Reply> parse_replies(std::string_view text) {
  std::vector<Reply> replies;
  Reply reply;
  while (const auto line = take_line(text)) {
    const Line kind = classify(*line);
    if (kind == Line::nonsense) break;
    if (kind == Line::stat) {
      const std::string_view words = line->substr(5);
      const std::size_t space = words.find(' ');
      const bool alone = space == std::string_view::npos;
      reply.stats.push_back({words.substr(0, space), alone ? std::string_view() : words.substr(space + 1)});
      continue;
    }
    reply.refused = kind == Line::refusal;
    replies.push_back(std::move(reply));
    reply = Reply();
  }
  return replies;
}

/// Digits and nothing else, below 2^64.
inline std::optional<std::uint64_t> parse_integer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// "12" or "0.80": whole digits, perhaps a dot and at most 18 digits. Whatever the locale.
inline std::optional<double> parse_decimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto whole = parse_integer(text.substr(0, dot));
  if (!whole) return std::nullopt;
  if (dot == std::string_view::npos) return static_cast<double>(*whole);
  const std::string_view digits = text.substr(dot + 1);
  const auto fraction = parse_integer(digits);
  if (!fraction || digits.size() > 18) return std::nullopt;
  double scale = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) scale *= 10;
  // One division of two exact numbers, so that 0.80 is the double that "0.8" means.
  return (static_cast<double>(*whole) * scale + static_cast<double>(*fraction)) / scale;
}

/// memcached's "seconds.microseconds", as in rusage_user.
inline std::optional<double> parse_seconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto seconds = parse_integer(text.substr(0, dot));
  const auto micros = parse_integer(text.substr(dot + 1));
  if (!seconds || !micros || *micros >= 1000000) return std::nullopt;
  if (*seconds > 1000000000) return std::nullopt;
  return static_cast<double>(*seconds * 1000000 + *micros) / 1e6;
}

/// "yes" or "no".
inline std::optional<bool> parse_yes_no(std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}

/// A key of "stats items" ("items:7:evicted") or "stats slabs" ("7:chunk_size").
struct SlabKey {
  std::string_view slab;
  std::string_view key;
};

/// `prefix` is "items:" or empty. None when the key is not that of a slab class.
inline std::optional<SlabKey> parse_slab_key(std::string_view text, std::string_view prefix) {
  if (!starts_with(text, prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !parse_integer(text.substr(0, colon))) return std::nullopt;
  return SlabKey{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_STATS_REPLY_HPP
