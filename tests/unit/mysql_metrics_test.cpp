// promlite: how examples/mysql_exporter reads its flags and the answers of servers that a test does not
// start. SPDX-License-Identifier: MIT
#include "../../examples/mysql_exporter/look_up.hpp"
#include "../../examples/mysql_exporter/metrics.hpp"
#include "../../examples/mysql_exporter/server.hpp"

#include <promlite/exporter/collection.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "support/catch.hpp"

using namespace mysql_exporter;

/// The sample lines that a function writes, and what it says is wrong.
struct Written {
  std::string samples;
  std::string problem;
};

class WriterCollector final : public promlite::Collector {
 public:
  explicit WriterCollector(std::function<void(promlite::Sink&)> write) : write_(std::move(write)) {}
  void collect(promlite::Sink& sink) override { write_(sink); }

 private:
  std::function<void(promlite::Sink&)> write_;
};

static Written written(std::function<void(promlite::Sink&)> write) {
  WriterCollector collector(std::move(write));
  promlite::Registry registry;
  registry.expose_scrape_metrics(false);
  const promlite::Membership membership = registry.add(collector);
  const promlite::detail::CollectionScope scope(std::chrono::steady_clock::time_point::max());
  const std::string text = promlite::to_text(registry);
  Written result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    if (text[at] != '#') result.samples += text.substr(at, end - at);
    at = end;
  }
  result.problem = scope.problem();
  return result;
}

static std::string show(const std::string& address) {
  const auto server = parse_server(address);
  if (!server) return server.message();
  return server->socket.empty() ? server->host + " " + std::to_string(server->port) : server->socket;
}

TEST_CASE("mysql_exporter: the server's address") {
  const std::string bad_port =
      "the port is not a number from 1 to 65535 (an IPv6 address stands in brackets)";
  CHECK(show("localhost:3306") == "localhost 3306");
  CHECK(show("db.example.org") == "db.example.org 3306");
  CHECK(show("[::1]:65535") == "::1 65535");
  CHECK(show("[::1]") == "::1 3306");
  CHECK(show("/run/mysqld/mysqld.sock") == "/run/mysqld/mysqld.sock");
  CHECK(show("./mysqld.sock") == "./mysqld.sock");
  CHECK(show("") == "the host is missing");
  CHECK(show(":3306") == "the host is missing");
  CHECK(show("[]:3306") == "the host is missing");
  CHECK(show("::1]:3306") == "\"]\" without \"[\"");
  for (const char* const wrong :
       {"host:", "host:0", "host:65536", "host:http", "::1", "[::1]3306", "host:+1"}) {
    INFO(wrong);
    CHECK(show(wrong) == (std::string(wrong) == "::1" ? "the host is missing" : bad_port));
  }
}

TEST_CASE("mysql_exporter: a look-up that hangs is left behind") {
  using std::chrono::steady_clock;
  CHECK(can_look_up("127.0.0.1", steady_clock::now() + std::chrono::seconds(20)));
  std::promise<void> end;
  std::promise<void> ended;
  const auto hang = [&, wanted = end.get_future().share()] {
    wanted.wait();
    ended.set_value();
  };
  CHECK_FALSE(finishes(hang, steady_clock::now() + std::chrono::milliseconds(1)));
  end.set_value();
  ended.get_future().wait();
}

TEST_CASE("mysql_exporter: values as the server writes them") {
  CHECK(parse_integer("18446744073709551615") == UINT64_MAX);
  CHECK(parse_microseconds("10.000000") == 10.0);
  CHECK(parse_microseconds("0.050000") == 0.05);
  CHECK(parse_microseconds("3") == 3.0);
  CHECK(parse_switch("ON") == true);
  CHECK(parse_switch("0") == false);
  for (const char* const wrong : {"", "-1", "18446744073709551616", "1e3", " 1", "NULL"}) {
    INFO(wrong);
    CHECK_FALSE(parse_integer(wrong));
    CHECK_FALSE(parse_microseconds(wrong));
    CHECK_FALSE(parse_switch(wrong));
  }
  CHECK_FALSE(parse_microseconds("1.5"));
  CHECK_FALSE(parse_microseconds("1."));
}

TEST_CASE("mysql_exporter: only two columns without NULL are a name and its value") {
  const Answer answer{{"Variable_name", "Value"}, {{"a", "1"}, {"b", std::nullopt}, {"c"}, {}}};
  CHECK(to_values(answer) == Values{{"a", "1"}});
}

TEST_CASE("mysql_exporter: InnoDB's values") {
  const auto result = written([](promlite::Sink& sink) {
    write_innodb(sink, {{"Innodb_row_lock_time", "1234"},
                        {"Innodb_row_lock_waits", "many"},
                        {"Innodb_buffer_pool_pages_data", "7"},
                        {"Innodb_buffer_pool_pages_misc", "18446744073709551614"},  // -2
                        {"Innodb_rows_read", "9223372036854775807"},
                        {"Innodb_row_lock_time_avg", "5"}});
  });
  CHECK(result.samples ==
        "mysql_innodb_buffer_pool_pages{state=\"data\"} 7\n"
        "mysql_innodb_row_lock_time_seconds_total 1.234\n"
        "mysql_innodb_row_operations_total{operation=\"read\"} 9223372036854775807\n");
  CHECK(result.problem == "a value cannot be read: Innodb_row_lock_waits=many");
}

TEST_CASE("mysql_exporter: MariaDB's replicas") {
  const Answer answer{{"Connection_name", "Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master",
                       "Last_IO_Errno", "Last_SQL_Errno", "SQL_Delay", "Relay_Log_Space"},
                      {{"", "Yes", "Yes", "0", "0", "0", "0", "772"},
                       {"east", "Connecting", "No", std::nullopt, "2003", "1062", "60", "256"}}};
  const auto result = written([&](promlite::Sink& sink) { write_replication(sink, answer); });
  CHECK(result.samples ==
        "mysql_replica_delay_seconds 0\n"
        "mysql_replica_delay_seconds{channel=\"east\"} 60\n"
        "mysql_replica_io_error_code 0\n"
        "mysql_replica_io_error_code{channel=\"east\"} 2003\n"
        "mysql_replica_io_running 1\n"
        "mysql_replica_io_running{channel=\"east\"} 0\n"
        "mysql_replica_lag_seconds 0\n"
        "mysql_replica_relay_log_bytes 772\n"
        "mysql_replica_relay_log_bytes{channel=\"east\"} 256\n"
        "mysql_replica_sql_error_code 0\n"
        "mysql_replica_sql_error_code{channel=\"east\"} 1062\n"
        "mysql_replica_sql_running 1\n"
        "mysql_replica_sql_running{channel=\"east\"} 0\n");
  CHECK(result.problem.empty());
}

TEST_CASE("mysql_exporter: MySQL's replicas") {
  const Answer answer{{"Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source", "Channel_Name"},
                      {{"Yes", "Yes", "3", "west"}}};
  const auto result = written([&](promlite::Sink& sink) { write_replication(sink, answer); });
  CHECK(result.samples ==
        "mysql_replica_io_running{channel=\"west\"} 1\n"
        "mysql_replica_lag_seconds{channel=\"west\"} 3\n"
        "mysql_replica_sql_running{channel=\"west\"} 1\n");
  CHECK(written([](promlite::Sink& sink) { write_replication(sink, {}); }).samples.empty());
}

TEST_CASE("mysql_exporter: sizes of schemas") {
  const Answer answer{{"table_schema", "COUNT(*)", "SUM(data_length)", "SUM(index_length)"},
                      {{"shop", "2", "32768", "0"}, {"views", "1", std::nullopt, std::nullopt}}};
  const auto result = written([&](promlite::Sink& sink) { write_schema_sizes(sink, answer); });
  CHECK(result.samples ==
        "mysql_schema_data_bytes{schema=\"shop\"} 32768\n"
        "mysql_schema_index_bytes{schema=\"shop\"} 0\n"
        "mysql_schema_tables{schema=\"shop\"} 2\n"
        "mysql_schema_tables{schema=\"views\"} 1\n");
}
