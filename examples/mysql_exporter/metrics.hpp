// mysql_exporter: the server's answers as samples. Pure functions, no connection.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_METRICS_HPP
#define MYSQL_EXPORTER_METRICS_HPP

#include "answer.hpp"
#include "metric_table.hpp"

#include <promlite/exporter/collection.hpp>
#include <promlite/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mysql_exporter {

inline std::optional<promlite::Number> parse_value(Format format, std::string_view text) {
  if (format == Format::on_off) {
    if (const auto value = parse_switch(text)) return promlite::Number(*value);
  } else if (format == Format::seconds) {
    if (const auto value = parse_microseconds(text)) return promlite::Number(*value);
  } else if (const auto value = parse_integer(text)) {
    if (format == Format::integer) return promlite::Number(*value);
    return promlite::Number(static_cast<double>(*value) / 1e3);
  }
  return std::nullopt;
}

/// A sample of a value that is there. One that cannot be read makes none, and is a problem of the collection.
inline void write_sample(promlite::Sink::Family& family, const promlite::Labels& labels, std::string_view key,
                         std::optional<std::string_view> text, Format format = Format::integer) {
  if (!text) return;
  // Some versions of the servers count a value down below 0 and write it as 2^64 less that.
  if (parse_integer(*text).value_or(0) > std::numeric_limits<std::int64_t>::max()) return;
  if (const auto value = parse_value(format, *text)) {
    family.sample(labels, *value);
  } else {
    promlite::collection_problem("a value cannot be read: " + std::string(key) + "=" +
                                 std::string(text->substr(0, 80)));
  }
}

inline promlite::Sink::Family begin(promlite::Sink& sink, const Metric& metric) {
  if (metric.type == Type::counter) return sink.counter(metric.name, metric.help);
  return sink.gauge(metric.name, metric.help);
}

template <std::size_t N>
void write_metrics(promlite::Sink& sink, const Metric (&metrics)[N], const Values& values) {
  for (const Metric& metric : metrics) {
    auto family = begin(sink, metric);
    write_sample(family, {}, metric.key, find(values, metric.key), metric.format);
  }
}

template <std::size_t N>
void write_labelled(promlite::Sink::Family family, std::string_view label, const Labelled (&samples)[N],
                    const Values& values) {
  for (const Labelled& each : samples) {
    write_sample(family, {{label, each.value}}, each.key, find(values, each.key));
  }
}

inline void write_status(promlite::Sink& sink, const Values& status) {
  write_metrics(sink, status_metrics, status);
  write_labelled(sink.counter("mysql_commands_total", "Statements, by what they do."), "command", commands,
                 status);
  write_labelled(
      sink.counter("mysql_connection_errors_total", "Connections that failed, by what went wrong."), "error",
      connection_errors, status);
  write_labelled(
      sink.counter("mysql_handler_requests_total", "What statements asked of the storage engines."),
      "request", handler_requests, status);
}

inline void write_variables(promlite::Sink& sink, const Values& variables) {
  if (const auto version = find(variables, "version")) {
    sink.info("mysql_version", "What the server says it is.")
        .sample({{"version", *version}, {"comment", find(variables, "version_comment").value_or("")}});
  }
  write_metrics(sink, variable_metrics, variables);
}

inline void write_innodb(promlite::Sink& sink, const Values& status) {
  write_metrics(sink, innodb_metrics, status);
  write_labelled(
      sink.gauge("mysql_innodb_buffer_pool_pages", "Pages of the buffer pool, by what is in them."), "state",
      buffer_pool_states, status);
  write_labelled(sink.counter("mysql_innodb_row_operations_total", "Rows, by what was done with them."),
                 "operation", row_operations, status);
}

/// `replicas` has one row per channel: MySQL's SHOW REPLICA STATUS or SHOW SLAVE STATUS, or MariaDB's SHOW
/// ALL SLAVES STATUS. The channel without a name has no label. NULL, which a lag is while it is not known, is
/// left out.
inline void write_replication(promlite::Sink& sink, const Answer& replicas) {
  auto io = sink.gauge("mysql_replica_io_running",
                       "1 if the channel is connected to its source and reads from it.");
  auto sql = sink.gauge("mysql_replica_sql_running", "1 if the channel applies what it has read.");
  auto lag = sink.gauge("mysql_replica_lag_seconds", "How far the channel is behind what it has read.");
  auto delay = sink.gauge("mysql_replica_delay_seconds", "How far the channel is meant to be behind.");
  auto io_error =
      sink.gauge("mysql_replica_io_error_code", "What keeps the channel from reading; 0: nothing.");
  auto sql_error =
      sink.gauge("mysql_replica_sql_error_code", "What keeps the channel from applying; 0: nothing.");
  auto relay_log = sink.gauge("mysql_replica_relay_log_bytes", "Bytes of the channel's relay logs.");
  for (const Answer::Row& row : replicas.rows) {
    const auto name = replicas.field(row, {"Connection_name", "Channel_Name"});
    const std::vector<promlite::Label> labels{{"channel", name.value_or("")}};
    if (const auto state = replicas.field(row, {"Slave_IO_Running", "Replica_IO_Running"})) {
      io.sample(labels, *state == "Yes");  // also: Connecting, Preparing
    }
    if (const auto state = replicas.field(row, {"Slave_SQL_Running", "Replica_SQL_Running"})) {
      sql.sample(labels, *state == "Yes");
    }
    const auto write = [&](promlite::Sink::Family& family, std::initializer_list<std::string_view> names) {
      write_sample(family, labels, *names.begin(), replicas.field(row, names));
    };
    write(lag, {"Seconds_Behind_Master", "Seconds_Behind_Source"});
    write(delay, {"SQL_Delay"});
    write(io_error, {"Last_IO_Errno"});
    write(sql_error, {"Last_SQL_Errno"});
    write(relay_log, {"Relay_Log_Space"});
  }
}

/// Rows of schema, tables, bytes of data, bytes of indexes.
inline void write_schema_sizes(promlite::Sink& sink, const Answer& schemas) {
  auto tables = sink.gauge("mysql_schema_tables", "Tables of the schema.");
  auto data =
      sink.gauge("mysql_schema_data_bytes", "Bytes of the tables' data, as the storage engines estimate.");
  auto indexes = sink.gauge("mysql_schema_index_bytes",
                            "Bytes of the tables' indexes, as the storage engines estimate.");
  for (const Answer::Row& row : schemas.rows) {
    if (row.size() != 4 || !row[0]) continue;
    const std::vector<promlite::Label> labels{{"schema", *row[0]}};
    write_sample(tables, labels, "tables", row[1]);
    write_sample(data, labels, "data_length", row[2]);
    write_sample(indexes, labels, "index_length", row[3]);
  }
}

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_METRICS_HPP
