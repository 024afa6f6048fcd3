// promlite: tests of events, descriptors, and of reading and sending without waiting.
// SPDX-License-Identifier: MIT
#include <promlite/transport/listener.hpp>
#include <promlite/transport/socket.hpp>

#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::detail::Event;
using promlite::detail::FileDescriptor;
using promlite::detail::Io;
using promlite::detail::Listener;

TEST_CASE("events are kept until they are taken") {
  Event event;
  REQUIRE(event.error() == 0);
  CHECK_FALSE(event.wait_until(promlite::detail::now()));
  event.signal();
  event.signal();
  CHECK(event.wait_until(promlite::detail::never));
  CHECK_FALSE(event.wait_until(promlite::detail::now() + 5));
}

TEST_CASE("reading and sending without waiting") {
  Listener listener;
  REQUIRE(listener.open("127.0.0.1:0") == "");
  test::HttpClient client(listener.address());
  FileDescriptor fd;
  REQUIRE(listener.accept(fd) == Listener::Accepted::connection);
  char buffer[16];
  std::size_t count = 0;
  CHECK(promlite::detail::receive(fd.get(), buffer, sizeof buffer, count) == Io::blocked);
  CHECK(promlite::detail::send_both(fd.get(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "abc", count) ==
        Io::done);
  CHECK(client.read().body == "abc");
  CHECK(promlite::detail::send_both(fd.get(), "", "d", count) == Io::done);
  const std::string large(1 << 20, 'x');
  Io result = Io::done;
  while (result == Io::done) result = promlite::detail::send_both(fd.get(), "", large, count);
  CHECK(result == Io::blocked);
  client.reset();
  // No SIGPIPE, whose disposition here is to kill.
  while (result != Io::failed) result = promlite::detail::send_both(fd.get(), "x", "y", count);
  CHECK(result == Io::failed);
  // The first failure tells of the reset; only what is sent after that would raise the signal.
  CHECK(promlite::detail::send_both(fd.get(), "x", "y", count) == Io::failed);
}

TEST_CASE("a closed descriptor is closed once") {
  FileDescriptor one(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  FileDescriptor other(std::move(one));
  CHECK_FALSE(one);
  CHECK(other);
  other.close();
  other.close();
  CHECK(other.get() == -1);
}

TEST_CASE("addresses in digits, of both kinds, and names") {
  promlite::detail::SocketAddress address;
  const auto shown = [&] {
    char host[64] = {};
    char port[16] = {};
    REQUIRE(::getnameinfo(address.get(), address.size, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV) == 0);
    return std::string(host) + " " + port;
  };
  REQUIRE(promlite::detail::numeric_address("127.0.0.1", 80, address));
  CHECK(shown() == "127.0.0.1 80");
  REQUIRE(promlite::detail::numeric_address("2001:db8::1", 65535, address));
  CHECK(shown() == "2001:db8::1 65535");
  for (const char* name : {"localhost", "", "1.2.3", "127.0.0.1 ", "[::1]", "::1%lo"}) {
    CHECK_FALSE(promlite::detail::numeric_address(name, 80, address));
  }
}
