// promlite: tests of how long a scrape may take.
// SPDX-License-Identifier: MIT
#include <promlite/transport/server_limits.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "support/catch.hpp"

using namespace std::chrono_literals;

/// In milliseconds.
static std::int64_t patience(std::chrono::milliseconds timeout, std::chrono::milliseconds most,
                             std::string_view asked) {
  promlite::ServerOptions options;
  options.scrape_timeout = timeout;
  options.max_scrape_timeout = most;
  promlite::detail::HttpRequest request;
  request.scrape_timeout = asked;
  return promlite::detail::ServerLimits(options).patience(request);
}

TEST_CASE("a scraper that says nothing has the server's time") {
  CHECK(patience(10s, 0s, "") == 10000);
  CHECK(patience(10s, 60s, "") == 10000);
  CHECK(patience(10s, 60s, "soon") == 10000);
}

TEST_CASE("a scraper asks for less, and is answered in good time") {
  CHECK(patience(10s, 0s, "1") == 950);
  CHECK(patience(20s, 0s, "15") == 14500);
}

TEST_CASE("a scraper asks for more than the server's time as far as the server allows it") {
  CHECK(patience(10s, 0s, "30") == 10000);
  CHECK(patience(10s, 60s, "30") == 29500);
  CHECK(patience(10s, 60s, "90") == 60000);
  CHECK(patience(10s, 5s, "30") == 10000);
}
