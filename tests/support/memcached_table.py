# promlite: what examples/memcached_exporter must make of memcached's answers, written down a second time.
# SPDX-License-Identifier: MIT
import re

COUNTER, GAUGE = "counter", "gauge"


def table(text):
    """Rows "key metric C|G"; "=" in place of the metric is the key."""
    rows = {}
    for line in text.split("\n"):
        words = line.split()
        if words:
            key, metric, kind = words
            rows[key] = (key if metric == "=" else metric, {"C": COUNTER, "G": GAUGE}[kind])
    return rows


STATS = table("""
uptime uptime_seconds C
time time_seconds G
rusage_user process_user_cpu_seconds_total C
rusage_system process_system_cpu_seconds_total C
bytes_read read_bytes_total C
bytes_written written_bytes_total C
bytes current_bytes G
limit_maxbytes limit_bytes G
total_malloced malloced_bytes G
curr_items current_items G
total_items items_total C
evictions items_evicted_total C
reclaimed items_reclaimed_total C
curr_connections current_connections G
total_connections connections_total C
rejected_connections connections_rejected_total C
conn_yields connections_yielded_total C
listen_disabled_num connections_listener_disabled_total C
accepting_conns accepting_connections G
store_too_large item_too_large_total C
store_no_memory item_no_memory_total C
direct_reclaims direct_reclaims_total C
lru_crawler_starts lru_crawler_starts_total C
crawler_reclaimed lru_crawler_reclaimed_total C
crawler_items_checked lru_crawler_items_checked_total C
moves_to_cold lru_crawler_moves_to_cold_total C
moves_to_warm lru_crawler_moves_to_warm_total C
moves_within_lru lru_crawler_moves_within_lru_total C
""")
SETTINGS = table("""
maxconns max_connections G
lru_crawler lru_crawler_enabled G
lru_crawler_sleep = G
lru_crawler_tocrawl lru_crawler_to_crawl G
lru_maintainer_thread lru_crawler_maintainer_thread G
hot_lru_pct lru_crawler_hot_percent G
warm_lru_pct lru_crawler_warm_percent G
hot_max_factor lru_crawler_hot_max_factor G
warm_max_factor lru_crawler_warm_max_factor G
""")
ITEMS = table("""
number slab_current_items G
age slab_items_age_seconds G
crawler_reclaimed slab_items_crawler_reclaimed_total C
evicted slab_items_evicted_total C
evicted_nonzero slab_items_evicted_nonzero_total C
evicted_unfetched slab_items_evicted_unfetched_total C
expired_unfetched slab_items_expired_unfetched_total C
outofmemory slab_items_outofmemory_total C
reclaimed slab_items_reclaimed_total C
tailrepairs slab_items_tailrepairs_total C
evicted_time slab_items_evicted_time_seconds C
moves_to_cold slab_items_moves_to_cold C
moves_to_warm slab_items_moves_to_warm C
moves_within_lru slab_items_moves_within_lru C
number_hot slab_hot_items G
number_warm slab_warm_items G
number_cold slab_cold_items G
number_temp slab_temporary_items G
age_hot slab_hot_age_seconds G
age_warm slab_warm_age_seconds G
mem_requested slab_mem_requested_bytes G
""")
SLABS = table("""
chunk_size slab_chunk_size_bytes G
chunks_per_page slab_chunks_per_page G
total_pages slab_current_pages G
total_chunks slab_current_chunks G
used_chunks slab_chunks_used G
free_chunks slab_chunks_free G
free_chunks_end slab_chunks_free_end G
""")
EXTSTORE = table("""
extstore_compact_lost extstore_compact_lost_total C
extstore_compact_rescues extstore_compact_rescued_total C
extstore_compact_skipped extstore_compact_skipped_total C
extstore_page_allocs extstore_pages_allocated_total C
extstore_page_evictions extstore_pages_evicted_total C
extstore_page_reclaims extstore_pages_reclaimed_total C
extstore_pages_free = G
extstore_pages_used = G
extstore_objects_evicted extstore_objects_evicted_total C
extstore_objects_read extstore_objects_read_total C
extstore_objects_written extstore_objects_written_total C
extstore_objects_used = G
extstore_bytes_evicted extstore_bytes_evicted_total C
extstore_bytes_written extstore_bytes_written_total C
extstore_bytes_read extstore_bytes_read_total C
extstore_bytes_used = C
extstore_bytes_fragmented = G
extstore_limit_maxbytes extstore_bytes_limit G
extstore_io_queue extstore_io_queue_depth G
""")
PROXY = table("""
proxy_conn_requests proxy_conn_requests_total C
proxy_conn_errors proxy_conn_errors_total C
proxy_conn_oom proxy_conn_oom_total C
proxy_config_reloads proxy_config_reloads_total C
proxy_config_reload_fails proxy_config_reload_fails_total C
proxy_config_cron_runs proxy_config_cron_runs_total C
proxy_config_cron_fails proxy_config_cron_fails_total C
proxy_backend_marked_bad proxy_backend_marked_bad_total C
proxy_request_failed_depth proxy_request_failed_depth_total C
round_robin_fallback round_robin_fallback_total C
unexpected_napi_ids unexpected_napi_ids_total C
proxy_req_active = G
proxy_backend_total = G
proxy_backend_failed = G
""")
COMMANDS = [(f"{op}_{what}s" if what == "hit" else f"{op}_{what}es", op, what)
            for op in ("get", "delete", "incr", "decr", "cas", "touch") for what in ("hit", "miss")]
COMMANDS += [("cas_badval", "cas", "badval"), ("cmd_flush", "flush", "hit")]
LRU_HITS = {"hits_to_hot": "hot", "hits_to_warm": "warm", "hits_to_cold": "cold", "hits_to_temp": "temporary"}
PROCESS = {"cpu_seconds_total": COUNTER, "open_fds": GAUGE, "max_fds": GAUGE, "virtual_memory_bytes": GAUGE,
           "virtual_memory_max_bytes": GAUGE, "resident_memory_bytes": GAUGE, "start_time_seconds": GAUGE,
           "threads": GAUGE, "network_receive_bytes_total": COUNTER, "network_transmit_bytes_total": COUNTER}


def series(name, **labels):
    """The text of a series of memcached_NAME, labels sorted by name."""
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"memcached_{name}" + (f"{{{inside}}}" if inside else "")


def value_text(text):
    """A value of memcached's as the exposition must print it."""
    if text in ("yes", "no"):
        return "1" if text == "yes" else "0"
    if re.fullmatch(r"\d+", text):
        return str(int(text))
    return repr(float(text)).removesuffix(".0")


def expected_series(stats, settings, items, slabs):
    """Every series that the table makes of four answers, with its value, and the type of every family."""
    values, types = {}, {}

    def add(name, kind, value, **labels):
        values[series(name, **labels)] = value
        types["memcached_" + name] = kind

    def add_table(rows, answer, **labels):
        for key, (metric, kind) in rows.items():
            if key in answer:
                add(metric, kind, value_text(answer[key]), **labels)

    def by_slab(answer, pattern):
        found = {}
        for key, value in answer.items():
            match = re.fullmatch(pattern, key)
            if match:
                found.setdefault(match[1], {})[match[2]] = value
        return found

    add_table(STATS, {**slabs, **stats})
    if "version" in stats:
        add("version", GAUGE, "1", version=stats["version"])
    for key, command, status in COMMANDS:
        if key in stats:
            add("commands_total", COUNTER, stats[key], command=command, status=status)
    if "cmd_set" in stats:
        cas = sum(int(stats.get(key, 0)) for key in ("cas_hits", "cas_misses", "cas_badval"))
        add("commands_total", COUNTER, str(int(stats["cmd_set"]) - cas), command="set", status="hit")
    if "extstore_limit_maxbytes" in stats:
        add_table(EXTSTORE, stats)
    if "proxy_backend_total" in stats:
        add_table(PROXY, stats)
    crawler = settings.get("lru_crawler") == "yes"
    add_table({key: row for key, row in SETTINGS.items() if crawler or key == "maxconns"}, settings)
    for slab, answer in by_slab(items, r"items:(\d+):(\w+)").items():
        add_table(ITEMS, answer, slab=slab)
        for key, lru in LRU_HITS.items():
            if key in answer:
                add("slab_lru_hits_total", COUNTER, answer[key], slab=slab, lru=lru)
    for slab, answer in by_slab(slabs, r"(\d+):(\w+)").items():
        add_table(SLABS, answer, slab=slab)
        for key, command, status in COMMANDS:
            if key in answer and status != "miss":
                add("slab_commands_total", COUNTER, answer[key], slab=slab, command=command, status=status)
        cas = int(answer.get("cas_hits", 0)) + int(answer.get("cas_badval", 0))
        add("slab_commands_total", COUNTER, str(int(answer["cmd_set"]) - cas), slab=slab, command="set", status="hit")
    return values, types
