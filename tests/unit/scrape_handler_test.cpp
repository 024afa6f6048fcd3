// promlite: tests of the scrape as a function.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/transport/scrape_handler.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

#include "support/accept_cases.hpp"
#include "support/catch.hpp"

using promlite::ScrapeRequest;
using promlite::ScrapeResponse;

static std::string scraped(promlite::Registry& registry, const std::string& accept,
                           const std::string& query) {
  ScrapeRequest request;
  request.accept = accept;
  request.query = query;
  const ScrapeResponse response = promlite::scrape(registry, request);
  return std::to_string(response.status) + " " + response.content_type + "\n" + response.body;
}

static const std::string ok = "200 text/plain; version=0.0.4; charset=utf-8\n";
static const std::string jobs = "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n";
static const std::string queue = "# HELP queue Waiting.\n# TYPE queue gauge\nqueue 2\n";

TEST_CASE("a scrape without a request") {
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs done.").inc(7);
  const ScrapeResponse response = promlite::scrape(registry);
  CHECK(response.status == 200);
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body == jobs);
}

TEST_CASE("every Accept gets its format") {
  promlite::Registry registry;
  const promlite::ManualClock clock{std::chrono::system_clock::time_point(std::chrono::seconds(17))};
  registry.use_clock(clock);
  registry.counter("jobs_total", "Jobs done.").inc(7);
  for (const test::AcceptCase& each : test::accept_cases()) {
    INFO(each.accept);
    CHECK(scraped(registry, each.accept, "") == "200 " + each.content_type() + "\n" + each.body());
  }
}

TEST_CASE("the query chooses families") {
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs done.").inc(7);
  registry.gauge("queue", "Waiting.").set(2);
  registry.histogram("seconds", "Time.", promlite::linear_buckets(1, 1, 1)).observe(1);
  const std::string seconds =
      "# HELP seconds Time.\n# TYPE seconds histogram\nseconds_bucket{le=\"1\"} "
      "1\nseconds_bucket{le=\"+Inf\"} 1\n"
      "seconds_sum 1\nseconds_count 1\n";
  CHECK(scraped(registry, "", "") == ok + jobs + queue + seconds);
  CHECK(scraped(registry, "", "x=%&y") == ok + jobs + queue + seconds);
  CHECK(scraped(registry, "", "name[]=jobs_total") == ok + jobs);
  CHECK(scraped(registry, "", "name%5B%5D=queue&name[]=jobs_total&name[]=queue") == ok + jobs + queue);
  CHECK(scraped(registry, "", "name[]=seconds_bucket") == ok + seconds);
  CHECK(scraped(registry, "", "name[]=unknown") == ok);
  CHECK(scraped(registry, "", "name[]=") == ok);
  CHECK(scraped(registry, "application/openmetrics-text;version=1.0.0", "name[]=") ==
        "200 application/openmetrics-text; version=1.0.0; charset=utf-8\n# EOF\n");
}

TEST_CASE("too many names are refused") {
  promlite::Registry registry;
  std::string query;
  for (int i = 0; i < 65; ++i) query += "name[]=a&";
  CHECK(scraped(registry, "", query) == "400 text/plain; charset=utf-8\nBad request\n");
}

struct Secretive : promlite::Collector {
  void collect(promlite::Sink& sink) override {
    sink.gauge("half", "Half.").sample(1);
    throw std::runtime_error("secret");
  }
};

TEST_CASE("a collector that throws loses its own families and says nothing") {
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs done.").inc(7);
  Secretive secretive;
  const auto membership = registry.add(secretive);
  const std::string text = scraped(registry, "", "");
  CHECK(text.rfind(ok, 0) == 0);
  CHECK_THAT(text, ContainsSubstring(jobs));
  CHECK(text.find("half") == std::string::npos);
  CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("the server's view of a registry outlives the Registry") {
  std::unique_ptr<promlite::detail::RegistrySource> source;
  promlite::detail::ByteBuffer out;
  {
    promlite::Registry registry;
    registry.counter("jobs_total", "Jobs done.").inc(7);
    source = std::make_unique<promlite::detail::RegistrySource>(registry.share());
    CHECK_FALSE(source->may_block());
    Secretive secretive;
    const auto membership = registry.add(secretive);
    CHECK(source->may_block());
  }
  source->render({}, promlite::detail::never, out);
  CHECK(out.view() == jobs);
}
