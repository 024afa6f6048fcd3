// promlite: the embedded HTTP server that Prometheus scrapes.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_METRICS_SERVER_HPP
#define PROMLITE_TRANSPORT_METRICS_SERVER_HPP

#include <promlite/config.hpp>
#include <promlite/default_registry.hpp>
#include <promlite/error.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/scrape_handler.hpp>
#include <promlite/transport/server.hpp>
#include <promlite/transport/server_options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Serves a Registry, or Registries, over HTTP on two threads of its own, from construction to stop() or
/// destruction:
///
///   /metrics      the exposition; GET, HEAD; `?name[]=` chooses families
///   /             a page with a link to it
///   /-/healthy    200 while the server runs
///   /-/ready      200 while set_ready(true), else 503
///
/// ADDRESS is `HOST:PORT`, `[IPV6]:PORT`, `:PORT` for 127.0.0.1, `unix:PATH`, or `fd:NUMBER`. Port 0 takes
/// any free port. A wildcard has to be written: `0.0.0.0:9464`, or `[::]:9464` for both families. A socket
/// file that nobody listens on is replaced.
///
/// `fd:3` is a stream socket that listens already and that the process was given as descriptor 3, as systemd
/// does it (socket activation). From a successful start on the descriptor is the server's, which closes it in
/// the end; the socket goes on listening for whoever shares it.
///
/// Collectors and callbacks run on the second thread: one that hangs delays nothing but scrapes, which get
/// 503 at their deadline. The threads are called `promlite-http` and `promlite-scrape`. Clients are bounded
/// in number, size and time by ServerOptions. The server installs no signal handler, runs none on its
/// threads, and uses no standard stream.
///
/// A registry may be destroyed before its server, which then serves what is left of it. After a fork the
/// server runs in the parent alone; the child may destroy its copy and make another. Not thread safe, but for
/// set_ready().
class MetricsServer {
 public:
  /// Serves the default registry. Throws Error naming the address and the reason.
  explicit MetricsServer(std::string_view address, const ServerOptions& options = {})
      : MetricsServer(address, default_registry(), options) {}
  /// Serves `registry`. Throws Error naming the address and the reason.
  PROMLITE_COLD MetricsServer(std::string_view address, Gatherer& registry,
                              const ServerOptions& options = {}) {
    const std::string reason = launch(address, registry, options);
    if (!reason.empty()) detail::fail(reason);
  }

  /// As the constructors, but returns the reason instead of throwing Error.
  PROMLITE_COLD static Expected<MetricsServer> start(std::string_view address,
                                                     const ServerOptions& options = {}) {
    return start(address, default_registry(), options);
  }
  PROMLITE_COLD static Expected<MetricsServer> start(std::string_view address, Gatherer& registry,
                                                     const ServerOptions& options = {}) {
    MetricsServer server;
    std::string reason = server.launch(address, registry, options);
    if (!reason.empty()) return Expected<MetricsServer>::failure(std::move(reason));
    return server;
  }

  /// Moving leaves a server that has been stopped.
  MetricsServer(MetricsServer&&) noexcept = default;
  MetricsServer& operator=(MetricsServer&&) noexcept = default;
  /// Stops.
  ~MetricsServer() = default;

  /// Where clients can connect, in the form that the constructor takes: `127.0.0.1:43211`, `[::1]:9464`,
  /// `unix:/path`; of a socket that was given, where it listens, or else `fd:3`.
  const std::string& address() const noexcept { return server_.address(); }
  /// The port; 0 for a Unix socket.
  std::uint16_t port() const noexcept { return server_.port(); }

  /// What /-/ready answers from now on. Thread safe.
  void set_ready(bool ready) noexcept { server_.set_ready(ready); }

  /// Closes the port and all connections, within 200 ms whatever clients and collectors are doing. A
  /// collector that hangs keeps its thread until it returns; that thread touches nothing that is destroyed
  /// here. Does nothing the second time.
  void stop() noexcept { server_.stop(); }

 private:
  MetricsServer() = default;

  std::string launch(std::string_view address, Gatherer& registry, const ServerOptions& options) {
    return server_.start(
        address,
        std::make_shared<detail::RegistrySource>(registry.share(), options.created, options.compression),
        options);
  }

  detail::Server server_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_METRICS_SERVER_HPP
