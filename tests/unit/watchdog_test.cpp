// promlite: tests of asking a server whether it answers.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/watchdog.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/listener.hpp>
#include <promlite/transport/metrics_server.hpp>

#include <string>

#include <unistd.h>

#include "support/catch.hpp"

using promlite::detail::Event;
using promlite::detail::Listener;
using promlite::detail::now;
using promlite::detail::server_answers;

TEST_CASE("a server that runs answers, on an address of any kind") {
  promlite::Registry registry;
  Event quiet;
  const std::string path = "unix:/tmp/promlite-watchdog-" + std::to_string(::getpid());
  for (const std::string& address : {std::string("127.0.0.1:0"), std::string("0.0.0.0:0"), path}) {
    INFO(address);
    promlite::MetricsServer server(address, registry);
    CHECK(server_answers(server.address(), now() + 10'000, quiet.descriptor()));
    server.stop();
    CHECK_FALSE(server_answers(server.address().empty() ? address : server.address(), now() + 10'000,
                               quiet.descriptor()));
  }
}

TEST_CASE("a server that does nothing does not answer") {
  Listener listener;
  REQUIRE(listener.open("127.0.0.1:0").empty());
  Event event;
  const auto began = now();
  CHECK_FALSE(server_answers(listener.address(), began + 50, event.descriptor()));
  CHECK(now() - began >= 50);
}

TEST_CASE("whoever has something else to do does not wait") {
  Listener listener;
  REQUIRE(listener.open("127.0.0.1:0").empty());
  Event event;
  event.signal();
  const auto began = now();
  CHECK_FALSE(server_answers(listener.address(), began + 60'000, event.descriptor()));
  CHECK(now() - began < 30'000);
}

TEST_CASE("an address that no client can know is not held against the server") {
  Event event;
  CHECK(server_answers("fd:3", now(), event.descriptor()));
}
