// promlite: the servers of an exporter, one for each address, over one registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_SERVING_HPP
#define PROMLITE_EXPORTER_SERVING_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/watchdog.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/scrape_handler.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/server.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/site.hpp>
#include <promlite/transport/socket.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
namespace detail {

/// A registry whose collectors are told the scrape's deadline.
class TimedSource final : public ScrapeSource {
 public:
  explicit TimedSource(RegistrySource source) noexcept : source_(std::move(source)) {}

  bool may_block() const noexcept override { return source_.may_block(); }
  bool has_gzip() const noexcept override { return source_.has_gzip(); }
  bool render(const ScrapeKey& key, Instant deadline, ByteBuffer& out) override {
    // What was collected until then still has to be written.
    const Instant margin = std::min<Instant>((deadline - now()) / 20, 250);
    const CollectionScope scope(
        CollectionScope::TimePoint(std::chrono::milliseconds(deadline - std::max<Instant>(margin, 0))));
    return source_.render(key, deadline, out);
  }

 private:
  RegistrySource source_;
};

/// `:PORT` is what operators write for every address of the machine; a server wants a wildcard in full.
inline std::string wildcard_in_full(const std::string& address, bool has_ipv6) {
  return address[0] == ':' ? (has_ipv6 ? "[::]" : "0.0.0.0") + address : address;
}

inline bool machine_has_ipv6() noexcept {
  return static_cast<bool>(FileDescriptor(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)));
}

/// Several servers that begin and end together. Not thread safe.
class Servers {
 public:
  /// Serves `registry` on one more address. Throws Error naming the address and the reason.
  PROMLITE_COLD void add(const std::string& address, Gatherer& registry, const ServerOptions& options,
                         std::shared_ptr<const Site> site) {
    auto source =
        std::make_shared<TimedSource>(RegistrySource(registry.share(), options.created, options.compression));
    sources_.push_back(source);
    Server server;
    const std::string reason = server.start(wildcard_in_full(address, machine_has_ipv6()), std::move(source),
                                            options, std::move(site));
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
    return std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source.expired(); });
  }

 private:
  std::vector<Server> servers_;
  std::vector<std::weak_ptr<ScrapeSource>> sources_;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_SERVING_HPP
