// memcached_exporter: addresses of a memcached server, and looking up their host names in bounded time.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_ADDRESS_HPP
#define MEMCACHED_EXPORTER_ADDRESS_HPP

#include <promlite/error.hpp>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace memcached_exporter {

using Deadline = std::chrono::steady_clock::time_point;

/// A unix socket's path, or a host and a port.
struct Address {
  std::string path;
  std::string host;
  std::string port;
};

/// "HOST:PORT", "[IPV6]:PORT", "HOST" (port 11211), or a path, which is anything with a slash.
inline promlite::Expected<Address> parse_address(const std::string& text) {
  using Result = promlite::Expected<Address>;
  if (text.find('/') != std::string::npos) {
    const std::string path = text.compare(0, 5, "unix:") == 0 ? text.substr(5) : text;
    if (path.empty() || path.size() >= sizeof ::sockaddr_un::sun_path)
      return Result::failure("the path is too long for a unix socket");
    return Address{path, "", ""};
  }
  Address address{"", text, "11211"};
  std::string after_host;
  if (!text.empty() && text[0] == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string::npos) return Result::failure("\"[\" without \"]\"");
    address.host = text.substr(1, bracket - 1);
    after_host = text.substr(bracket + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    address.host = text.substr(0, colon);
    after_host = text.substr(colon);
  }
  if (!after_host.empty()) {
    address.port = after_host.substr(1);
    if (after_host[0] != ':' || address.port.empty() || address.port.size() > 5 ||
        address.port.find_first_not_of("0123456789") != std::string::npos || std::stoi(address.port) < 1 ||
        std::stoi(address.port) > 65535) {
      return Result::failure("the port is not a number from 1 to 65535 (an IPv6 address stands in brackets)");
    }
  }
  if (address.host.empty()) return Result::failure("the host is missing");
  return address;
}

/// A socket address as the system takes it.
struct SocketAddress {
  ::sockaddr_storage storage{};
  ::socklen_t size = 0;

  const ::sockaddr* get() const { return reinterpret_cast<const ::sockaddr*>(&storage); }
};

using SocketAddresses = promlite::Expected<std::vector<SocketAddress>>;

/// getaddrinfo, which may take as long as the name servers do.
inline SocketAddresses resolve_now(const Address& address, int flags = 0) {
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  ::addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list);
  if (error != 0)
    return SocketAddresses::failure("cannot resolve " + address.host + ": " + ::gai_strerror(error));
  std::vector<SocketAddress> found;
  for (const ::addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress socket_address;
    if (entry->ai_addrlen > sizeof socket_address.storage) continue;
    std::memcpy(&socket_address.storage, entry->ai_addr, entry->ai_addrlen);
    socket_address.size = entry->ai_addrlen;
    found.push_back(socket_address);
  }
  ::freeaddrinfo(list);
  return found;
}

/// Looks up one address within a deadline. The system's look-up cannot be interrupted, so it runs on a thread
/// of its own; while one is still running, later calls wait for that one, so there is never a second thread.
class Resolver {
 public:
  using LookUp = std::function<SocketAddresses(const Address&)>;

  explicit Resolver(Address address)
      : Resolver(std::move(address), [](const Address& a) { return resolve_now(a); }) {}
  Resolver(Address address, LookUp look_up) : address_(std::move(address)), look_up_(std::move(look_up)) {}

  SocketAddresses resolve(Deadline deadline) {
    if (!address_.path.empty()) return unix_address();
    if (auto numeric = resolve_now(address_, AI_NUMERICHOST)) return numeric;
    if (!running_) {
      auto running = std::make_shared<Running>();
      try {
        std::thread([running, look_up = look_up_, address = address_] {
          running->finish(look_up(address));
        }).detach();
      } catch (const std::system_error& error) {
        return SocketAddresses::failure(std::string("cannot start a thread to resolve a name: ") +
                                        error.what());
      }
      running_ = std::move(running);
    }
    if (!running_->wait_until(deadline))
      return SocketAddresses::failure("resolving " + address_.host + " took too long");
    return std::exchange(running_, nullptr)->result;
  }

 private:
  /// Shared with the thread, which may outlive the resolver.
  struct Running {
    void finish(SocketAddresses found) {
      const std::lock_guard lock(mutex);
      result = std::move(found);
      done = true;
      changed.notify_all();
    }
    bool wait_until(Deadline deadline) {
      std::unique_lock lock(mutex);
      return changed.wait_until(lock, deadline, [this] { return done; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    SocketAddresses result = SocketAddresses::failure("not resolved");
  };

  SocketAddresses unix_address() const {
    ::sockaddr_un unix_socket{};
    unix_socket.sun_family = AF_UNIX;
    std::memcpy(unix_socket.sun_path, address_.path.data(), address_.path.size());
    SocketAddress socket_address;
    std::memcpy(&socket_address.storage, &unix_socket, sizeof unix_socket);
    socket_address.size = sizeof unix_socket;
    return std::vector<SocketAddress>{socket_address};
  }

  const Address address_;
  const LookUp look_up_;
  std::shared_ptr<Running> running_;
};

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_ADDRESS_HPP
