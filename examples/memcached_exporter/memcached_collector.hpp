// memcached_exporter: memcached's statistics as metrics, fetched anew for every scrape.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_MEMCACHED_COLLECTOR_HPP
#define MEMCACHED_EXPORTER_MEMCACHED_COLLECTOR_HPP

#include "memcached_client.hpp"
#include "metric_table.hpp"
#include "stats_reply.hpp"

#include <promlite/collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/sink.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memcached_exporter {

/// The answers to `stats_commands`, in their order.
inline constexpr std::string_view stats_commands =
    "stats\r\nstats settings\r\nstats items\r\nstats slabs\r\n";
inline constexpr std::size_t stats_replies = 4;

/// Writes the metrics that some answers make. A key that is absent makes no sample; a value that cannot be
/// read makes none either, and is remembered.
class MetricWriter {
 public:
  explicit MetricWriter(promlite::Sink& sink) : sink_(sink) {}

  /// The first value that could not be read, as "key=value"; empty when there was none.
  const std::string& problem() const { return problem_; }

  /// Everything. Answers that did not come are empty.
  void write(const Reply& stats, const Reply& settings, const Reply& items, const Reply& slabs) {
    for (const Metric& metric : general_metrics) {
      auto value = stats.find(metric.key);
      if (!value) value = slabs.find(metric.key);
      auto family = begin(metric);
      write_sample(family, metric, {}, value);
    }
    if (const auto version = stats.find("version")) {
      sink_.gauge("memcached_version", "The version of the server, as a label.")
          .sample({{"version", *version}}, 1);
    }
    write_commands(stats);
    if (stats.find("extstore_limit_maxbytes")) write_all(extstore_metrics, stats);
    if (stats.find("proxy_backend_total")) write_all(proxy_metrics, stats);

    write_all(settings_metrics, settings);
    if (settings.find("lru_crawler") == "yes") write_all(lru_crawler_settings_metrics, settings);

    const std::vector<Slab> by_chunks = group_by_slab(slabs, "");
    write_slabs(slab_metrics, by_chunks);
    write_slab_commands(by_chunks);
    const std::vector<Slab> by_items = group_by_slab(items, "items:");
    write_slabs(slab_items_metrics, by_items);
    write_slabs(slab_mem_requested_metrics, says_mem_requested(by_chunks) ? by_chunks : by_items);
    write_lru_hits(by_items);
  }

 private:
  struct Slab {
    std::string_view name;
    Reply stats;  // with the keys inside the slab class
  };

  static std::vector<Slab> group_by_slab(const Reply& reply, std::string_view prefix) {
    std::vector<Slab> slabs;
    for (const Stat& stat : reply.stats) {
      const auto key = parse_slab_key(stat.key, prefix);
      if (!key) continue;
      if (slabs.empty() || slabs.back().name != key->slab) slabs.push_back({key->slab, {}});
      slabs.back().stats.stats.push_back({key->key, stat.value});
    }
    return slabs;
  }

  template <std::size_t N>
  void write_all(const Metric (&metrics)[N], const Reply& reply) {
    for (const Metric& metric : metrics) {
      auto family = begin(metric);
      write_sample(family, metric, {}, reply.find(metric.key));
    }
  }

  template <std::size_t N>
  void write_slabs(const Metric (&metrics)[N], const std::vector<Slab>& slabs) {
    for (const Metric& metric : metrics) {
      auto family = begin(metric);
      for (const Slab& slab : slabs) {
        write_sample(family, metric, {{"slab", slab.name}}, slab.stats.find(metric.key));
      }
    }
  }

  static bool says_mem_requested(const std::vector<Slab>& slabs) {
    for (const Slab& slab : slabs) {
      if (slab.stats.find("mem_requested")) return true;
    }
    return false;
  }

  /// A family without a sample is not exposed.
  promlite::Sink::Family begin(const Metric& metric) {
    return metric.type == Type::counter ? sink_.counter(metric.name, metric.help)
                                        : sink_.gauge(metric.name, metric.help);
  }

  void write_sample(promlite::Sink::Family& family, const Metric& metric, promlite::Labels labels,
                    std::optional<std::string_view> text) {
    if (!text) return;
    if (const auto value = parse_value(metric.format, *text)) {
      family.sample(labels, *value);
    } else {
      remember(metric.key, *text);
    }
  }

  static std::optional<promlite::Number> parse_value(Format format, std::string_view text) {
    switch (format) {
      case Format::integer:
        return number(parse_integer(text));
      case Format::decimal:
        return number(parse_decimal(text));
      case Format::seconds:
        return number(parse_seconds(text));
      case Format::yes_no:
        return number(parse_yes_no(text));
    }
    return std::nullopt;
  }
  template <class T>
  static std::optional<promlite::Number> number(std::optional<T> value) {
    if (!value) return std::nullopt;
    return promlite::Number(*value);
  }

  void write_commands(const Reply& stats) {
    auto family = sink_.counter("memcached_commands_total", "Commands, by what became of them.");
    for (const Command& command : commands) {
      if (const auto count = find_integer(stats, command.key)) {
        family.sample({{"command", command.command}, {"status", command.status}}, *count);
      }
    }
    if (const auto count = count_sets(stats, {"cas_hits", "cas_misses", "cas_badval"})) {
      family.sample({{"command", "set"}, {"status", "hit"}}, *count);
    }
  }

  void write_slab_commands(const std::vector<Slab>& slabs) {
    auto family = sink_.counter("memcached_slab_commands_total",
                                "Commands on items of a slab class, by what became of them.");
    for (const Slab& slab : slabs) {
      for (const Command& command : slab_commands) {
        if (const auto count = find_integer(slab.stats, command.key)) {
          family.sample({{"slab", slab.name}, {"command", command.command}, {"status", command.status}},
                        *count);
        }
      }
      if (const auto count = count_sets(slab.stats, {"cas_hits", "cas_badval"})) {
        family.sample({{"slab", slab.name}, {"command", "set"}, {"status", "hit"}}, *count);
      }
    }
  }

  void write_lru_hits(const std::vector<Slab>& slabs) {
    auto family = sink_.counter("memcached_slab_lru_hits_total", "Hits, by the LRU that the item was in.");
    for (const Slab& slab : slabs) {
      for (const LruHits& hits : lru_hits) {
        if (const auto count = find_integer(slab.stats, hits.key)) {
          family.sample({{"slab", slab.name}, {"lru", hits.lru}}, *count);
        }
      }
    }
  }

  /// Sets that are not compare-and-swap: cmd_set counts both. A compare-and-swap that changes an item's slab
  /// class counts as cmd_set in the new class but as a hit in the old one, so the difference may fall below 0
  /// there.
  std::optional<std::uint64_t> count_sets(const Reply& reply,
                                          std::initializer_list<std::string_view> cas_keys) {
    const auto sets = find_integer(reply, "cmd_set");
    if (!sets) return std::nullopt;
    std::uint64_t left = *sets;
    for (const std::string_view key : cas_keys) {
      const std::uint64_t cas = find_integer(reply, key).value_or(0);
      left -= cas < left ? cas : left;
    }
    return left;
  }

  std::optional<std::uint64_t> find_integer(const Reply& reply, std::string_view key) {
    const auto text = reply.find(key);
    if (!text) return std::nullopt;
    const auto value = parse_integer(*text);
    if (!value) remember(key, *text);
    return value;
  }

  void remember(std::string_view key, std::string_view value) {
    if (problem_.empty()) problem_.append(key).append("=").append(value.substr(0, 80));
  }

  promlite::Sink& sink_;
  std::string problem_;
};

class MemcachedCollector : public promlite::Collector {
 public:
  /// `timeout` is for everything that one collection asks of the server.
  MemcachedCollector(Address address, std::chrono::nanoseconds timeout)
      : client_(std::move(address)), timeout_(timeout) {}

  /// memcached_up comes in any case; what the server did not say in full is absent.
  void collect(promlite::Sink& sink) override {
    const Deadline deadline =
        std::min(std::chrono::steady_clock::now() + timeout_, promlite::scrape_deadline());
    Conversation conversation = client_.ask(stats_commands, stats_replies, deadline);
    std::vector<Reply> replies = parse_replies(conversation.text);
    replies.resize(stats_replies);
    if (conversation.error.empty() && (replies[0].refused || replies[1].refused)) {
      conversation.error = "the server refuses \"stats\" or \"stats settings\"";
    }
    MetricWriter writer(sink);
    writer.write(replies[0], replies[1], replies[2], replies[3]);
    if (conversation.error.empty() && !writer.problem().empty()) {
      conversation.error = "a value cannot be read: " + writer.problem();
    }
    const bool up = conversation.error.empty();
    sink.gauge("memcached_up", "1 if the last scrape got everything from the server.").sample(up ? 1 : 0);
    if (!up) promlite::collection_problem(conversation.error);
  }

 private:
  MemcachedClient client_;
  const std::chrono::nanoseconds timeout_;
};

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_MEMCACHED_COLLECTOR_HPP
