// mysql_exporter: the collectors, each with a connection of its own for every scrape.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_COLLECTORS_HPP
#define MYSQL_EXPORTER_COLLECTORS_HPP

#include "metrics.hpp"
#include "server.hpp"
#include "session.hpp"

#include <promlite/collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/sink.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>

namespace mysql_exporter {

/// A session until the scrape's deadline; where no kit says when that is, for ten seconds.
inline Session connect(const Server& server) {
  const auto deadline = promlite::scrape_deadline();
  if (deadline != Deadline::max()) return Session(server, deadline);
  return Session(server, std::chrono::steady_clock::now() + std::chrono::seconds(10));
}

/// mysql_up comes in any case.
class StatusCollector final : public promlite::Collector {
 public:
  explicit StatusCollector(const Server& server) : server_(server) {}

  void collect(promlite::Sink& sink) override {
    auto up = sink.gauge("mysql_up", "1 if the server let the exporter in and told its status.");
    try {
      write_status(sink, to_values(connect(server_).ask("SHOW GLOBAL STATUS")));
      up.sample(1);
    } catch (const std::exception& error) {
      up.sample(0);
      promlite::collection_problem(error.what());
    }
  }

 private:
  const Server& server_;
};

class VariablesCollector final : public promlite::Collector {
 public:
  explicit VariablesCollector(const Server& server) : server_(server) {}

  void collect(promlite::Sink& sink) override {
    write_variables(sink, to_values(connect(server_).ask("SHOW GLOBAL VARIABLES")));
  }

 private:
  const Server& server_;
};

class InnodbCollector final : public promlite::Collector {
 public:
  explicit InnodbCollector(const Server& server) : server_(server) {}

  void collect(promlite::Sink& sink) override {
    write_innodb(sink, to_values(connect(server_).ask("SHOW GLOBAL STATUS LIKE 'Innodb%'")));
  }

 private:
  const Server& server_;
};

class ReplicationCollector final : public promlite::Collector {
 public:
  explicit ReplicationCollector(const Server& server) : server_(server) {}

  void collect(promlite::Sink& sink) override {
    Session session = connect(server_);
    write_replication(sink, session.ask(statement(session)));
  }

 private:
  static std::string statement(const Session& session) {
    if (session.is_mariadb()) return "SHOW ALL SLAVES STATUS";
    return session.version() >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
  }

  const Server& server_;
};

/// Reads the definition of every table: slow on a server with very many of them.
class SchemaSizeCollector final : public promlite::Collector {
 public:
  explicit SchemaSizeCollector(const Server& server) : server_(server) {}

  void collect(promlite::Sink& sink) override {
    Session session = connect(server_);
    const auto left = session.deadline() - std::chrono::steady_clock::now();
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const std::string limit = std::to_string(std::max<decltype(milliseconds)>(milliseconds, 1));
    // The server gives up as well when nobody waits any longer. What stands in the first comment is for
    // MariaDB alone, what stands in the second is for MySQL.
    const std::string statement = "/*M!100101 SET STATEMENT max_statement_time=" + limit +
                                  "e-3 FOR */ SELECT /*+ MAX_EXECUTION_TIME(" + limit + ") */ " + columns;
    write_schema_sizes(sink, session.ask(statement, "the sizes of the schemas"));
  }

 private:
  static constexpr const char* columns =
      "table_schema, COUNT(*), SUM(data_length), SUM(index_length) FROM information_schema.tables"
      " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN"
      " ('information_schema', 'performance_schema', 'mysql', 'sys')"
      " GROUP BY table_schema ORDER BY SUM(data_length) DESC LIMIT 500";

  const Server& server_;
};

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_COLLECTORS_HPP
