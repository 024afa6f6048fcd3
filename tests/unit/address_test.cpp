// promlite: tests of how a listening address is read.
// SPDX-License-Identifier: MIT
#include <promlite/transport/address.hpp>

#include <string>

#include "support/catch.hpp"

static std::string read(std::string_view text) {
  promlite::detail::ListenAddress address;
  if (const char* const problem = promlite::detail::parse_address(text, address))
    return std::string("error: ") + problem;
  if (address.descriptor >= 0) return "descriptor " + std::to_string(address.descriptor);
  return address.path.empty() ? address.host + " " + address.port : "path " + address.path;
}

TEST_CASE("addresses of every kind") {
  CHECK(read("127.0.0.1:9464") == "127.0.0.1 9464");
  CHECK(read("[::1]:9464") == "::1 9464");
  CHECK(read("[::]:0") == ":: 0");
  CHECK(read("[fe80::1%lo]:1") == "fe80::1%lo 1");
  CHECK(read("localhost:65535") == "localhost 65535");
  CHECK(read("0.0.0.0:09") == "0.0.0.0 09");
  CHECK(read("unix:/run/a:1.sock") == "path /run/a:1.sock");
  CHECK(read("unix:relative") == "path relative");
  CHECK(read("fd:0") == "descriptor 0");
  CHECK(read("fd:0000123") == "descriptor 123");
}

TEST_CASE("no host is the loopback address") { CHECK(read(":9464") == "127.0.0.1 9464"); }

TEST_CASE("what is no address") {
  const std::string no_port = "error: there is no port; write HOST:PORT, [IPV6]:PORT or unix:PATH";
  CHECK(read("") == no_port);
  CHECK(read("127.0.0.1") == no_port);
  CHECK(read("localhost") == no_port);
  CHECK(read("[::1]") == no_port);
  const std::string bad_port = "error: the port is not a number from 0 to 65535";
  for (const char* text : {":", "a:", ":abc", "127.0.0.1:99999", "a:65536", "a:100000", "a:-1", "a:+1",
                           "a: 1", "a:1 ", "a:0x1", "a:1.", "a:http"}) {
    INFO(text);
    CHECK(read(text) == bad_port);
  }
  const std::string brackets = "error: an IPv6 address needs brackets: [::1]:9464";
  CHECK(read("::1:9464") == brackets);
  CHECK(read("::1") == brackets);
  CHECK(read("http://a:80") == brackets);
  const std::string not_v6 = "error: the brackets are not around an IPv6 address";
  for (const char* text : {"[]:1", "[:]:1", "[::1:1", "[::1]x:1", "[127.0.0.1]:1", "[a]:1"}) {
    INFO(text);
    CHECK(read(text) == not_v6);
  }
  CHECK(read("*:80") == "error: a wildcard is written 0.0.0.0 or [::]");
  for (const char* text : {"fd:", "fd:-1", "fd:a", "fd: 3", "fd:3 ", "fd:3:4", "fd:12345678"}) {
    INFO(text);
    CHECK(read(text) == "error: there is no number of a file descriptor behind fd:");
  }
  CHECK(read("unix:") == "error: there is no path behind unix:");
  CHECK(read(std::string_view("a\0:1", 4)) == "error: there is a NUL in it");
}
