// promlite: tests of what a collector may ask and say while the exporter kit runs it.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/collection.hpp>

#include <chrono>
#include <string>
#include <thread>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

using TimePoint = std::chrono::steady_clock::time_point;

TEST_CASE("outside of a collection there is no deadline, and nobody to hear of a problem") {
  CHECK(scrape_deadline() == TimePoint::max());
  collection_problem("nobody hears this");
  const detail::CollectionScope scope(TimePoint(5s));
  CHECK_FALSE(scope.has_problem());
  CHECK(scope.problem().empty());
}

TEST_CASE("a collection has a deadline and takes problems, on its own thread and until its end") {
  {
    const detail::CollectionScope scope(TimePoint(5s));
    CHECK(scrape_deadline() == TimePoint(5s));
    std::thread([] {
      CHECK(scrape_deadline() == TimePoint::max());
      collection_problem("of another thread");
    }).join();
    CHECK_FALSE(scope.has_problem());
    collection_problem("disk sda: no such file");
    collection_problem("disk sdb: permission denied");
    CHECK(scope.has_problem());
    CHECK(scope.problem() == "disk sda: no such file; disk sdb: permission denied");
  }
  CHECK(scrape_deadline() == TimePoint::max());
}

TEST_CASE("a collection within another one has the earlier deadline and its own problems") {
  const detail::CollectionScope outer(TimePoint(5s));
  {
    const detail::CollectionScope inner(TimePoint(3s));
    CHECK(scrape_deadline() == TimePoint(3s));
    collection_problem("inner");
    CHECK(inner.problem() == "inner");
    const detail::CollectionScope innermost(TimePoint::max());
    CHECK(scrape_deadline() == TimePoint(3s));
  }
  CHECK(scrape_deadline() == TimePoint(5s));
  CHECK_FALSE(outer.has_problem());
}

TEST_CASE("a problem may have no reason, and reasons have an end") {
  detail::CollectionScope scope(TimePoint::max());
  collection_problem("");
  CHECK(scope.has_problem());
  CHECK(scope.problem().empty());
  collection_problem(std::string(991, 'x'));
  collection_problem("too long");
  collection_problem("fits");
  CHECK(scope.problem() == std::string(991, 'x') + "; fits");
  detail::CollectionScope another(TimePoint::max());
  collection_problem(std::string(5000, 'y'));
  CHECK(another.problem() == std::string(1000, 'y'));
}
