// mysql_exporter: which of the server's status values and variables becomes which metric. Data only.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_METRIC_TABLE_HPP
#define MYSQL_EXPORTER_METRIC_TABLE_HPP

#include <string_view>

namespace mysql_exporter {

enum class Type { counter, gauge };

/// How the server writes a value.
enum class Format { integer, milliseconds, seconds, on_off };

struct Metric {
  std::string_view key;  // the server's
  std::string_view name;
  Type type;
  std::string_view help;
  Format format = Format::integer;
};

/// A sample of a family that has one label. `key` is the server's.
struct Labelled {
  std::string_view key;
  std::string_view value;
};

/// SHOW GLOBAL STATUS.
inline constexpr Metric status_metrics[] = {
    {"Uptime", "mysql_uptime_seconds", Type::gauge, "Seconds since the server started."},
    {"Threads_connected", "mysql_current_connections", Type::gauge, "Open connections."},
    {"Threads_running", "mysql_running_threads", Type::gauge, "Connections that execute a statement now."},
    {"Threads_cached", "mysql_cached_threads", Type::gauge, "Threads kept for connections to come."},
    {"Threads_created", "mysql_threads_created_total", Type::counter, "Threads started for connections."},
    {"Max_used_connections", "mysql_max_used_connections", Type::gauge,
     "Most connections open at once since the start or FLUSH STATUS."},
    {"Connections", "mysql_connections_total", Type::counter,
     "Attempts to connect, whatever became of them."},
    {"Aborted_connects", "mysql_aborted_connects_total", Type::counter, "Attempts to connect that failed."},
    {"Aborted_clients", "mysql_aborted_clients_total", Type::counter,
     "Connections that ended without being closed."},
    {"Access_denied_errors", "mysql_access_denied_errors_total", Type::counter,
     "Log-ins and statements refused for want of a right."},
    {"Queries", "mysql_queries_total", Type::counter, "Statements, those inside stored programs as well."},
    {"Questions", "mysql_questions_total", Type::counter, "Statements that clients sent."},
    {"Slow_queries", "mysql_slow_queries_total", Type::counter,
     "Statements that took longer than long_query_time."},
    {"Bytes_received", "mysql_received_bytes_total", Type::counter, "Bytes received from clients."},
    {"Bytes_sent", "mysql_sent_bytes_total", Type::counter, "Bytes sent to clients."},
    {"Created_tmp_tables", "mysql_temporary_tables_created_total", Type::counter,
     "Temporary tables made to execute a statement, in memory or on disk."},
    {"Created_tmp_disk_tables", "mysql_temporary_disk_tables_created_total", Type::counter,
     "Temporary tables made to execute a statement, on disk."},
    {"Created_tmp_files", "mysql_temporary_files_created_total", Type::counter, "Temporary files made."},
    {"Open_tables", "mysql_open_tables", Type::gauge, "Tables in the table cache."},
    {"Open_table_definitions", "mysql_open_table_definitions", Type::gauge,
     "Definitions in the table definition cache."},
    {"Opened_tables", "mysql_tables_opened_total", Type::counter, "Tables opened."},
    {"Table_open_cache_hits", "mysql_table_open_cache_hits_total", Type::counter,
     "Tables found in the table cache."},
    {"Table_open_cache_misses", "mysql_table_open_cache_misses_total", Type::counter,
     "Tables looked for in the table cache in vain."},
    {"Table_open_cache_overflows", "mysql_table_open_cache_overflows_total", Type::counter,
     "Tables put out of the table cache because it was full."},
    {"Table_locks_immediate", "mysql_table_locks_immediate_total", Type::counter,
     "Table locks granted at once."},
    {"Table_locks_waited", "mysql_table_locks_waited_total", Type::counter,
     "Table locks that had to be waited for."},
    {"Open_files", "mysql_open_files", Type::gauge, "Files that the server has open."},
    {"Prepared_stmt_count", "mysql_prepared_statements", Type::gauge, "Prepared statements kept now."},
    {"Select_full_join", "mysql_select_full_join_total", Type::counter,
     "Joins that scanned a table because no index fitted."},
    {"Select_scan", "mysql_select_scan_total", Type::counter,
     "Selects that scanned the first table in full."},
    {"Sort_merge_passes", "mysql_sort_merge_passes_total", Type::counter,
     "Merge passes of sorts that did not fit in sort_buffer_size."},
    {"Sort_rows", "mysql_sort_rows_total", Type::counter, "Rows sorted."},
    {"Slaves_connected", "mysql_connected_replicas", Type::gauge, "Replicas that read from this server."},
};

/// mysql_connection_errors_total{error}.
inline constexpr Labelled connection_errors[] = {
    {"Connection_errors_accept", "accept"},
    {"Connection_errors_internal", "internal"},
    {"Connection_errors_max_connections", "max_connections"},
    {"Connection_errors_peer_address", "peer_address"},
    {"Connection_errors_select", "select"},
    {"Connection_errors_tcpwrap", "tcpwrap"},
};

/// mysql_commands_total{command}: those that say something about a load. There are 170 of them, most always
/// 0.
inline constexpr Labelled commands[] = {
    {"Com_admin_commands", "admin_commands"},
    {"Com_alter_table", "alter_table"},
    {"Com_analyze", "analyze"},
    {"Com_begin", "begin"},
    {"Com_call_procedure", "call_procedure"},
    {"Com_change_db", "change_db"},
    {"Com_commit", "commit"},
    {"Com_create_index", "create_index"},
    {"Com_create_table", "create_table"},
    {"Com_delete", "delete"},
    {"Com_delete_multi", "delete_multi"},
    {"Com_drop_index", "drop_index"},
    {"Com_drop_table", "drop_table"},
    {"Com_flush", "flush"},
    {"Com_insert", "insert"},
    {"Com_insert_select", "insert_select"},
    {"Com_kill", "kill"},
    {"Com_load", "load"},
    {"Com_lock_tables", "lock_tables"},
    {"Com_optimize", "optimize"},
    {"Com_replace", "replace"},
    {"Com_replace_select", "replace_select"},
    {"Com_rollback", "rollback"},
    {"Com_savepoint", "savepoint"},
    {"Com_select", "select"},
    {"Com_set_option", "set_option"},
    {"Com_show_status", "show_status"},
    {"Com_show_variables", "show_variables"},
    {"Com_stmt_close", "stmt_close"},
    {"Com_stmt_execute", "stmt_execute"},
    {"Com_stmt_prepare", "stmt_prepare"},
    {"Com_truncate", "truncate"},
    {"Com_unlock_tables", "unlock_tables"},
    {"Com_update", "update"},
    {"Com_update_multi", "update_multi"},
};

/// mysql_handler_requests_total{request}: what statements ask of the storage engines.
inline constexpr Labelled handler_requests[] = {
    {"Handler_commit", "commit"},
    {"Handler_delete", "delete"},
    {"Handler_read_first", "read_first"},
    {"Handler_read_key", "read_key"},
    {"Handler_read_last", "read_last"},
    {"Handler_read_next", "read_next"},
    {"Handler_read_prev", "read_prev"},
    {"Handler_read_rnd", "read_rnd"},
    {"Handler_read_rnd_next", "read_rnd_next"},
    {"Handler_rollback", "rollback"},
    {"Handler_update", "update"},
    {"Handler_write", "write"},
};

/// SHOW GLOBAL VARIABLES.
inline constexpr Metric variable_metrics[] = {
    {"max_connections", "mysql_max_connections", Type::gauge, "Connections that may be open at once."},
    {"table_open_cache", "mysql_table_open_cache_tables", Type::gauge,
     "Tables that the table cache may hold."},
    {"table_definition_cache", "mysql_table_definition_cache_tables", Type::gauge,
     "Definitions that the table definition cache may hold."},
    {"open_files_limit", "mysql_open_files_limit", Type::gauge, "Files that the server may have open."},
    {"max_prepared_stmt_count", "mysql_max_prepared_statements", Type::gauge,
     "Prepared statements that may be kept."},
    {"innodb_buffer_pool_size", "mysql_innodb_buffer_pool_size_bytes", Type::gauge,
     "Bytes that the buffer pool may take."},
    {"innodb_log_file_size", "mysql_innodb_log_file_size_bytes", Type::gauge,
     "Bytes of a file of the redo log."},
    {"tmp_table_size", "mysql_temporary_table_size_bytes", Type::gauge,
     "Bytes that a temporary table may take in memory."},
    {"max_allowed_packet", "mysql_max_allowed_packet_bytes", Type::gauge, "Bytes that a statement may have."},
    {"long_query_time", "mysql_long_query_time_seconds", Type::gauge, "What makes a statement a slow one.",
     Format::seconds},
    {"wait_timeout", "mysql_wait_timeout_seconds", Type::gauge,
     "After how long an idle connection is closed."},
    {"read_only", "mysql_read_only", Type::gauge, "1 if ordinary users may not write.", Format::on_off},
    {"log_bin", "mysql_binary_log_enabled", Type::gauge, "1 if there is a binary log.", Format::on_off},
    {"slow_query_log", "mysql_slow_query_log_enabled", Type::gauge, "1 if slow statements are logged.",
     Format::on_off},
};

/// SHOW GLOBAL STATUS LIKE 'Innodb%'.
inline constexpr Metric innodb_metrics[] = {
    {"Innodb_page_size", "mysql_innodb_page_size_bytes", Type::gauge, "Bytes of a page."},
    {"Innodb_buffer_pool_bytes_data", "mysql_innodb_buffer_pool_data_bytes", Type::gauge,
     "Bytes of the buffer pool that hold data."},
    {"Innodb_buffer_pool_bytes_dirty", "mysql_innodb_buffer_pool_dirty_bytes", Type::gauge,
     "Bytes of the buffer pool that are yet to be written."},
    {"Innodb_buffer_pool_pages_dirty", "mysql_innodb_buffer_pool_dirty_pages", Type::gauge,
     "Pages of the buffer pool that are yet to be written; among those of state data."},
    {"Innodb_buffer_pool_pages_flushed", "mysql_innodb_buffer_pool_pages_flushed_total", Type::counter,
     "Pages of the buffer pool that were written."},
    {"Innodb_buffer_pool_read_requests", "mysql_innodb_buffer_pool_read_requests_total", Type::counter,
     "Reads of a page, from the buffer pool or from disk."},
    {"Innodb_buffer_pool_reads", "mysql_innodb_buffer_pool_reads_total", Type::counter,
     "Reads of a page that was not in the buffer pool."},
    {"Innodb_buffer_pool_write_requests", "mysql_innodb_buffer_pool_write_requests_total", Type::counter,
     "Writes to a page of the buffer pool."},
    {"Innodb_buffer_pool_wait_free", "mysql_innodb_buffer_pool_wait_free_total", Type::counter,
     "Times that a free page had to be waited for."},
    {"Innodb_data_read", "mysql_innodb_read_bytes_total", Type::counter, "Bytes read from data files."},
    {"Innodb_data_written", "mysql_innodb_written_bytes_total", Type::counter,
     "Bytes written to data files."},
    {"Innodb_data_reads", "mysql_innodb_data_reads_total", Type::counter, "Reads from data files."},
    {"Innodb_data_writes", "mysql_innodb_data_writes_total", Type::counter, "Writes to data files."},
    {"Innodb_data_fsyncs", "mysql_innodb_data_fsyncs_total", Type::counter, "Calls of fsync for data files."},
    {"Innodb_pages_created", "mysql_innodb_pages_created_total", Type::counter, "Pages made."},
    {"Innodb_pages_read", "mysql_innodb_pages_read_total", Type::counter, "Pages read."},
    {"Innodb_pages_written", "mysql_innodb_pages_written_total", Type::counter, "Pages written."},
    {"Innodb_row_lock_waits", "mysql_innodb_row_lock_waits_total", Type::counter,
     "Row locks that had to be waited for."},
    {"Innodb_row_lock_time", "mysql_innodb_row_lock_time_seconds_total", Type::counter,
     "Time spent waiting for row locks.", Format::milliseconds},
    {"Innodb_row_lock_current_waits", "mysql_innodb_row_lock_current_waits", Type::gauge,
     "Row locks that are being waited for."},
    {"Innodb_deadlocks", "mysql_innodb_deadlocks_total", Type::counter, "Deadlocks."},
    {"Innodb_log_waits", "mysql_innodb_log_waits_total", Type::counter,
     "Times that the log buffer was too small and had to be written first."},
    {"Innodb_log_write_requests", "mysql_innodb_log_write_requests_total", Type::counter,
     "Writes to the log buffer."},
    {"Innodb_log_writes", "mysql_innodb_log_writes_total", Type::counter, "Writes to the redo log."},
    {"Innodb_os_log_written", "mysql_innodb_log_written_bytes_total", Type::counter,
     "Bytes written to the redo log."},
    {"Innodb_checkpoint_age", "mysql_innodb_checkpoint_age_bytes", Type::gauge,
     "Bytes of the redo log since the last checkpoint."},
    {"Innodb_checkpoint_max_age", "mysql_innodb_checkpoint_max_age_bytes", Type::gauge,
     "Bytes of the redo log at which a checkpoint must be made."},
    {"Innodb_history_list_length", "mysql_innodb_history_list_length", Type::gauge,
     "Transactions in the undo log that are yet to be purged."},
};

/// mysql_innodb_buffer_pool_pages{state}: every page is in one of them.
inline constexpr Labelled buffer_pool_states[] = {
    {"Innodb_buffer_pool_pages_data", "data"},
    {"Innodb_buffer_pool_pages_free", "free"},
    {"Innodb_buffer_pool_pages_misc", "misc"},
};

/// mysql_innodb_row_operations_total{operation}. MariaDB has not had them since 10.8.
inline constexpr Labelled row_operations[] = {
    {"Innodb_rows_deleted", "delete"},
    {"Innodb_rows_inserted", "insert"},
    {"Innodb_rows_read", "read"},
    {"Innodb_rows_updated", "update"},
};

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_METRIC_TABLE_HPP
