// memcached_exporter: which of memcached's statistics becomes which metric. Data only.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_METRIC_TABLE_HPP
#define MEMCACHED_EXPORTER_METRIC_TABLE_HPP

#include <string_view>

namespace memcached_exporter {

enum class Type { counter, gauge };

/// How a value is written in memcached's answer.
enum class Format { integer, decimal, seconds, yes_no };

struct Metric {
  std::string_view key;  // memcached's
  std::string_view name;
  Type type;
  std::string_view help;
  Format format = Format::integer;
};

/// A sample of commands_total. `key` is memcached's.
struct Command {
  std::string_view key;
  std::string_view command;
  std::string_view status;
};

/// A sample of slab_lru_hits_total.
struct LruHits {
  std::string_view key;
  std::string_view lru;
};

/// "stats"; total_malloced stands in "stats slabs" today.
inline constexpr Metric general_metrics[] = {
    {"uptime", "memcached_uptime_seconds", Type::counter, "Seconds since the server started."},
    {"time", "memcached_time_seconds", Type::gauge, "The server's clock, in seconds since the epoch."},
    {"rusage_user", "memcached_process_user_cpu_seconds_total", Type::counter,
     "CPU time the server has spent in user mode.", Format::seconds},
    {"rusage_system", "memcached_process_system_cpu_seconds_total", Type::counter,
     "CPU time the server has spent in the kernel.", Format::seconds},
    {"bytes_read", "memcached_read_bytes_total", Type::counter, "Bytes read from the network."},
    {"bytes_written", "memcached_written_bytes_total", Type::counter, "Bytes written to the network."},
    {"bytes", "memcached_current_bytes", Type::gauge, "Bytes that items take now."},
    {"limit_maxbytes", "memcached_limit_bytes", Type::gauge, "Bytes that items may take."},
    {"total_malloced", "memcached_malloced_bytes", Type::gauge, "Bytes allocated to slab pages."},
    {"curr_items", "memcached_current_items", Type::gauge, "Items stored now."},
    {"total_items", "memcached_items_total", Type::counter, "Items stored since the start."},
    {"evictions", "memcached_items_evicted_total", Type::counter,
     "Valid items removed to make room for new ones."},
    {"reclaimed", "memcached_items_reclaimed_total", Type::counter,
     "Times that the memory of an expired item was used for a new one."},
    {"curr_connections", "memcached_current_connections", Type::gauge, "Open connections."},
    {"total_connections", "memcached_connections_total", Type::counter,
     "Connections opened since the start."},
    {"rejected_connections", "memcached_connections_rejected_total", Type::counter,
     "Connections rejected because there were too many."},
    {"conn_yields", "memcached_connections_yielded_total", Type::counter,
     "Times that a connection had to wait for others after many requests in a row."},
    {"listen_disabled_num", "memcached_connections_listener_disabled_total", Type::counter,
     "Times that the server stopped accepting because there were too many connections."},
    {"accepting_conns", "memcached_accepting_connections", Type::gauge,
     "1 if the server accepts connections now."},
    {"store_too_large", "memcached_item_too_large_total", Type::counter,
     "Items refused because they were larger than the limit."},
    {"store_no_memory", "memcached_item_no_memory_total", Type::counter,
     "Items refused because there was no memory."},
    {"direct_reclaims", "memcached_direct_reclaims_total", Type::counter,
     "Times that a worker had to free memory itself to store an item."},
    {"lru_crawler_starts", "memcached_lru_crawler_starts_total", Type::counter,
     "Times that the LRU crawler was started."},
    {"crawler_reclaimed", "memcached_lru_crawler_reclaimed_total", Type::counter,
     "Items freed by the LRU crawler."},
    {"crawler_items_checked", "memcached_lru_crawler_items_checked_total", Type::counter,
     "Items looked at by the LRU crawler."},
    {"moves_to_cold", "memcached_lru_crawler_moves_to_cold_total", Type::counter,
     "Items moved from the hot or warm to the cold LRU."},
    {"moves_to_warm", "memcached_lru_crawler_moves_to_warm_total", Type::counter,
     "Items moved from the cold to the warm LRU."},
    {"moves_within_lru", "memcached_lru_crawler_moves_within_lru_total", Type::counter,
     "Active items moved to the front of the hot or warm LRU."},
};

/// memcached_commands_total. "set" is not here: see MemcachedCollector.
inline constexpr Command commands[] = {
    {"get_hits", "get", "hit"},          {"get_misses", "get", "miss"},   {"delete_hits", "delete", "hit"},
    {"delete_misses", "delete", "miss"}, {"incr_hits", "incr", "hit"},    {"incr_misses", "incr", "miss"},
    {"decr_hits", "decr", "hit"},        {"decr_misses", "decr", "miss"}, {"cas_hits", "cas", "hit"},
    {"cas_misses", "cas", "miss"},       {"touch_hits", "touch", "hit"},  {"touch_misses", "touch", "miss"},
    {"cas_badval", "cas", "badval"},     {"cmd_flush", "flush", "hit"},
};

/// memcached_slab_commands_total; "set" as above.
inline constexpr Command slab_commands[] = {
    {"get_hits", "get", "hit"},      {"delete_hits", "delete", "hit"}, {"incr_hits", "incr", "hit"},
    {"decr_hits", "decr", "hit"},    {"cas_hits", "cas", "hit"},       {"touch_hits", "touch", "hit"},
    {"cas_badval", "cas", "badval"},
};

/// "stats settings".
inline constexpr Metric settings_metrics[] = {
    {"maxconns", "memcached_max_connections", Type::gauge, "Connections that may be open at once."},
};

/// "stats settings", while lru_crawler is "yes".
inline constexpr Metric lru_crawler_settings_metrics[] = {
    {"lru_crawler", "memcached_lru_crawler_enabled", Type::gauge, "1 if the LRU crawler is enabled.",
     Format::yes_no},
    {"lru_crawler_sleep", "memcached_lru_crawler_sleep", Type::gauge,
     "Microseconds that the LRU crawler sleeps between two items."},
    {"lru_crawler_tocrawl", "memcached_lru_crawler_to_crawl", Type::gauge,
     "Items that the LRU crawler looks at in a run, 0 for all."},
    {"lru_maintainer_thread", "memcached_lru_crawler_maintainer_thread", Type::gauge,
     "1 if the LRU maintainer thread runs.", Format::yes_no},
    {"hot_lru_pct", "memcached_lru_crawler_hot_percent", Type::gauge,
     "Percentage of slab memory reserved for the hot LRU."},
    {"warm_lru_pct", "memcached_lru_crawler_warm_percent", Type::gauge,
     "Percentage of slab memory reserved for the warm LRU."},
    {"hot_max_factor", "memcached_lru_crawler_hot_max_factor", Type::gauge,
     "Age of the hot LRU, relative to the cold one, at which its items move on.", Format::decimal},
    {"warm_max_factor", "memcached_lru_crawler_warm_max_factor", Type::gauge,
     "Age of the warm LRU, relative to the cold one, at which its items move on.", Format::decimal},
};

/// "stats items"; label slab.
inline constexpr Metric slab_items_metrics[] = {
    {"number", "memcached_slab_current_items", Type::gauge, "Items stored now."},
    {"age", "memcached_slab_items_age_seconds", Type::gauge, "Age of the oldest item."},
    {"crawler_reclaimed", "memcached_slab_items_crawler_reclaimed_total", Type::counter,
     "Items freed by the LRU crawler."},
    {"evicted", "memcached_slab_items_evicted_total", Type::counter,
     "Valid items removed to make room for new ones."},
    {"evicted_nonzero", "memcached_slab_items_evicted_nonzero_total", Type::counter,
     "Items with an expiry time that were evicted before it."},
    {"evicted_time", "memcached_slab_items_evicted_time_seconds", Type::counter,
     "Seconds since the last use of the item evicted most recently."},
    {"evicted_unfetched", "memcached_slab_items_evicted_unfetched_total", Type::counter,
     "Valid items evicted that had never been fetched."},
    {"expired_unfetched", "memcached_slab_items_expired_unfetched_total", Type::counter,
     "Items expired that had never been fetched."},
    {"outofmemory", "memcached_slab_items_outofmemory_total", Type::counter,
     "Items refused because there was no memory."},
    {"reclaimed", "memcached_slab_items_reclaimed_total", Type::counter,
     "Times that the memory of an expired item was used for a new one."},
    {"tailrepairs", "memcached_slab_items_tailrepairs_total", Type::counter,
     "Times that an item with a stuck reference count had to be freed."},
    {"moves_to_cold", "memcached_slab_items_moves_to_cold", Type::counter,
     "Items moved from the hot or warm to the cold LRU."},
    {"moves_to_warm", "memcached_slab_items_moves_to_warm", Type::counter,
     "Items moved from the cold to the warm LRU."},
    {"moves_within_lru", "memcached_slab_items_moves_within_lru", Type::counter,
     "Active items moved to the front of the hot or warm LRU."},
    {"number_hot", "memcached_slab_hot_items", Type::gauge, "Items in the hot LRU."},
    {"number_warm", "memcached_slab_warm_items", Type::gauge, "Items in the warm LRU."},
    {"number_cold", "memcached_slab_cold_items", Type::gauge, "Items in the cold LRU."},
    {"number_temp", "memcached_slab_temporary_items", Type::gauge, "Items in the temporary LRU."},
    {"age_hot", "memcached_slab_hot_age_seconds", Type::gauge, "Age of the oldest item in the hot LRU."},
    {"age_warm", "memcached_slab_warm_age_seconds", Type::gauge, "Age of the oldest item in the warm LRU."},
};

/// memcached_slab_lru_hits_total, from "stats items".
inline constexpr LruHits lru_hits[] = {
    {"hits_to_hot", "hot"},
    {"hits_to_warm", "warm"},
    {"hits_to_cold", "cold"},
    {"hits_to_temp", "temporary"},
};

/// In "stats slabs" or "stats items" or both, as the server's version has it.
inline constexpr Metric slab_mem_requested_metrics[] = {
    {"mem_requested", "memcached_slab_mem_requested_bytes", Type::gauge,
     "Bytes that were asked for by the items stored."},
};

/// "stats slabs"; label slab.
inline constexpr Metric slab_metrics[] = {
    {"chunk_size", "memcached_slab_chunk_size_bytes", Type::gauge, "Bytes of a chunk."},
    {"chunks_per_page", "memcached_slab_chunks_per_page", Type::gauge, "Chunks in a page."},
    {"total_pages", "memcached_slab_current_pages", Type::gauge, "Pages allocated."},
    {"total_chunks", "memcached_slab_current_chunks", Type::gauge, "Chunks allocated."},
    {"used_chunks", "memcached_slab_chunks_used", Type::gauge, "Chunks that hold an item."},
    {"free_chunks", "memcached_slab_chunks_free", Type::gauge, "Chunks that hold no item."},
    {"free_chunks_end", "memcached_slab_chunks_free_end", Type::gauge,
     "Chunks at the end of the newest page that were never used."},
};

/// "stats", while extstore_limit_maxbytes is there.
inline constexpr Metric extstore_metrics[] = {
    {"extstore_compact_lost", "memcached_extstore_compact_lost_total", Type::counter,
     "Items lost because they were locked during compaction."},
    {"extstore_compact_rescues", "memcached_extstore_compact_rescued_total", Type::counter,
     "Items moved to a new page during compaction."},
    {"extstore_compact_skipped", "memcached_extstore_compact_skipped_total", Type::counter,
     "Items dropped during compaction because they were not used."},
    {"extstore_page_allocs", "memcached_extstore_pages_allocated_total", Type::counter,
     "Times that a page was allocated."},
    {"extstore_page_evictions", "memcached_extstore_pages_evicted_total", Type::counter,
     "Times that a page was evicted."},
    {"extstore_page_reclaims", "memcached_extstore_pages_reclaimed_total", Type::counter,
     "Times that an empty page was freed."},
    {"extstore_pages_free", "memcached_extstore_pages_free", Type::gauge, "Pages free."},
    {"extstore_pages_used", "memcached_extstore_pages_used", Type::gauge, "Pages in use."},
    {"extstore_objects_evicted", "memcached_extstore_objects_evicted_total", Type::counter,
     "Objects evicted."},
    {"extstore_objects_read", "memcached_extstore_objects_read_total", Type::counter, "Objects read."},
    {"extstore_objects_written", "memcached_extstore_objects_written_total", Type::counter,
     "Objects written."},
    {"extstore_objects_used", "memcached_extstore_objects_used", Type::gauge, "Objects stored now."},
    {"extstore_bytes_evicted", "memcached_extstore_bytes_evicted_total", Type::counter, "Bytes evicted."},
    {"extstore_bytes_written", "memcached_extstore_bytes_written_total", Type::counter, "Bytes written."},
    {"extstore_bytes_read", "memcached_extstore_bytes_read_total", Type::counter, "Bytes read."},
    {"extstore_bytes_used", "memcached_extstore_bytes_used", Type::counter, "Bytes in use by objects."},
    {"extstore_bytes_fragmented", "memcached_extstore_bytes_fragmented", Type::gauge,
     "Bytes lost to fragmentation."},
    {"extstore_limit_maxbytes", "memcached_extstore_bytes_limit", Type::gauge,
     "Bytes that external storage may take."},
    {"extstore_io_queue", "memcached_extstore_io_queue_depth", Type::gauge,
     "Requests waiting for external storage."},
};

/// "stats", while proxy_backend_total is there.
inline constexpr Metric proxy_metrics[] = {
    {"proxy_conn_requests", "memcached_proxy_conn_requests_total", Type::counter,
     "Requests that the proxy received."},
    {"proxy_conn_errors", "memcached_proxy_conn_errors_total", Type::counter,
     "Errors of connections to the proxy."},
    {"proxy_conn_oom", "memcached_proxy_conn_oom_total", Type::counter,
     "Connections to the proxy that failed because there was no memory."},
    {"proxy_config_reloads", "memcached_proxy_config_reloads_total", Type::counter,
     "Times that the proxy reloaded its configuration."},
    {"proxy_config_reload_fails", "memcached_proxy_config_reload_fails_total", Type::counter,
     "Reloads of the proxy's configuration that failed."},
    {"proxy_config_cron_runs", "memcached_proxy_config_cron_runs_total", Type::counter,
     "Times that a scheduled function of the proxy's configuration ran."},
    {"proxy_config_cron_fails", "memcached_proxy_config_cron_fails_total", Type::counter,
     "Scheduled functions of the proxy's configuration that failed."},
    {"proxy_backend_marked_bad", "memcached_proxy_backend_marked_bad_total", Type::counter,
     "Times that a backend of the proxy was marked bad."},
    {"proxy_request_failed_depth", "memcached_proxy_request_failed_depth_total", Type::counter,
     "Requests that failed because a backend's queue was too deep."},
    {"round_robin_fallback", "memcached_round_robin_fallback_total", Type::counter,
     "Connections given to a worker in turn because no other rule held."},
    {"unexpected_napi_ids", "memcached_unexpected_napi_ids_total", Type::counter,
     "Connections with a network queue that no worker was known for."},
    {"proxy_req_active", "memcached_proxy_req_active", Type::gauge, "Requests that the proxy is working on."},
    {"proxy_backend_total", "memcached_proxy_backend_total", Type::gauge, "Backends of the proxy."},
    {"proxy_backend_failed", "memcached_proxy_backend_failed", Type::gauge,
     "Backends of the proxy that have failed."},
};

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_METRIC_TABLE_HPP
