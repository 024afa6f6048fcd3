// mysql_exporter: serves the state of one MySQL or MariaDB server to Prometheus.
// SPDX-License-Identifier: MIT
#include "collectors.hpp"
#include "server.hpp"

#include <promlite/exporter.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

namespace mysql_exporter {

template <class C>
void add(promlite::Exporter& exporter, const std::string& name, const std::string& help, const Server& server,
         const promlite::CollectorOptions& options = {}) {
  exporter.collector(
      name, help, [&server] { return std::make_unique<C>(server); }, options);
}

static int main(int argc, char** argv) {
  std::string address = "localhost:3306";
  std::string my_cnf;
  Server server;

  promlite::Exporter exporter("mysql_exporter", PROMLITE_VERSION,
                              "Serves the state of a MySQL or MariaDB server.");
  exporter.default_address("127.0.0.1:9104");
  exporter.flag("mysql.address", address, "HOST:PORT, or the path of a Unix socket.");
  exporter.flag(
      "config.my-cnf", my_cnf,
      "File with user and password in [client]. Without it: the user of this process, no password.");
  exporter.on_start([&] {
    auto parsed = parse_server(address);
    if (!parsed) throw promlite::Error("--mysql.address: \"" + address + "\": " + parsed.message());
    server = *parsed;
    server.my_cnf = my_cnf;
    check_my_cnf(server);
  });
  add<StatusCollector>(exporter, "status", "connections, statements, traffic, caches; mysql_up", server);
  add<VariablesCollector>(exporter, "variables", "the version, limits and sizes from the configuration",
                          server);
  add<InnodbCollector>(exporter, "innodb", "buffer pool, row locks, redo log", server);
  add<ReplicationCollector>(exporter, "replication", "the channels of a replica", server);

  promlite::CollectorOptions seldom;
  seldom.enabled = false;
  seldom.cache_for = std::chrono::minutes(5);
  add<SchemaSizeCollector>(exporter, "schema_size", "tables and bytes of each schema", server, seldom);

  ::unsetenv("MYSQL_PWD");        // the client library would take it
  std::signal(SIGPIPE, SIG_IGN);  // what the client library's TLS writes to a server that has gone
  return exporter.run(argc, argv);
}

}  // namespace mysql_exporter

int main(int argc, char** argv) { return mysql_exporter::main(argc, argv); }
