// promlite: the servers of an exporter, one for each address, over one registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_SERVING_HPP
#define PROMLITE_EXPORTER_SERVING_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/shared_source.hpp>
#include <promlite/exporter/watchdog.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/server.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/site.hpp>
#include <promlite/transport/socket.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// `:PORT` is what operators write for every address of the machine; a server wants a wildcard in full.
inline std::string wildcard_in_full(const std::string& address, bool has_ipv6) {
  return address[0] == ':' ? (has_ipv6 ? "[::]" : "0.0.0.0") + address : address;
}

inline bool machine_has_ipv6() noexcept {
  return static_cast<bool>(FileDescriptor(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)));
}

/// Several servers of one registry that begin and end together. Not thread safe.
class Servers {
 public:
  Servers(const Gatherer& registry, ServerOptions options)
      : options_(std::move(options)),
        source_(std::make_shared<SharedSource>(registry.share(), options_.created, options_.compression)) {}

  /// Serves on one more address. Throws Error naming the address and the reason.
  PROMLITE_COLD void add(const std::string& address, std::shared_ptr<const Site> site) {
    Server server;
    const std::string reason =
        server.start(wildcard_in_full(address, machine_has_ipv6()), source_, options_, std::move(site));
    if (!reason.empty()) fail(reason);
    servers_.push_back(std::move(server));
  }

  /// Where each listens.
  std::vector<std::string> addresses() const {
    std::vector<std::string> all;
    for (const Server& server : servers_) all.push_back(server.address());
    return all;
  }

  /// True when the threads of all of them answer before the deadline; false as well when `interrupting`
  /// becomes readable first.
  bool answer(Instant deadline, int interrupting) const {
    return std::all_of(servers_.begin(), servers_.end(), [&](const Server& server) {
      return server_answers(server.address(), deadline, interrupting);
    });
  }

  /// Closes all addresses; false when one of the threads is inside of a collector that does not return, and
  /// has been left behind.
  bool stop() noexcept {
    servers_.clear();
    return source_.use_count() == 1;
  }

 private:
  const ServerOptions options_;
  const std::shared_ptr<SharedSource> source_;  // also of each server's threads
  std::vector<Server> servers_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_SERVING_HPP
