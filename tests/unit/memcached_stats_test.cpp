// promlite: how examples/memcached_exporter reads its command line and memcached's answers.
// SPDX-License-Identifier: MIT
#include "../../examples/memcached_exporter/memcached_collector.hpp"

#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using namespace memcached_exporter;
using namespace std::chrono_literals;

/// Exposes four answers as the exporter does, without a server.
class FixedReplies : public promlite::Collector {
 public:
  explicit FixedReplies(std::string text) : text_(std::move(text)) {}
  void collect(promlite::Sink& sink) override {
    std::vector<Reply> replies = parse_replies(text_);
    replies.resize(stats_replies);
    MetricWriter writer(sink);
    writer.write(replies[0], replies[1], replies[2], replies[3]);
    problem = writer.problem();
  }
  /// Sample lines alone.
  std::string expose() {
    promlite::Registry registry;
    const auto membership = registry.add(*this);
    const std::string text = promlite::to_text(registry);
    std::string samples;
    std::string_view rest = text;
    while (const auto line = take_line(rest)) {
      if (line->substr(0, 1) != "#") samples.append(*line).append("\n");
    }
    return samples;
  }

  std::string problem;

 private:
  std::string text_;
};

TEST_CASE("memcached: answers are taken apart") {
  const auto replies = parse_replies(
      "STAT version 1.6.18\r\nSTAT ssl_key (null) x\r\nSTAT empty\r\nSTAT blank \r\nEND\r\n"
      "ERROR\r\nSERVER_ERROR out of memory\r\nEND\r\nSTAT cut 1\r\nSTAT in the mid");
  REQUIRE(replies.size() == 4);
  REQUIRE(replies[0].stats.size() == 4);
  CHECK_FALSE(replies[0].refused);
  CHECK(replies[0].find("version") == "1.6.18");
  CHECK(replies[0].find("ssl_key") == "(null) x");
  CHECK(replies[0].find("empty") == "");
  CHECK(replies[0].find("blank") == "");
  CHECK_FALSE(replies[0].find("uptime"));
  CHECK(replies[1].refused);
  CHECK(replies[2].refused);
  CHECK_FALSE(replies[3].refused);
  CHECK(replies[3].stats.empty());
}

TEST_CASE("memcached: an answer is complete at its last newline, however it is cut") {
  const std::string text = "STAT a 1\r\nEND\r\nERROR\r\nSTAT b 2\r\nEND\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    ReplyScanner scanner(3);
    for (std::size_t size = step; size < text.size(); size += step) {
      REQUIRE(scanner.scan(std::string_view(text).substr(0, size)) == ReplyScanner::State::incomplete);
    }
    CHECK(scanner.scan(text) == ReplyScanner::State::complete);
  }
}

TEST_CASE("memcached: what is not an answer is seen at its first line") {
  for (const char* text : {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "STATS a 1\n", "STAT \r\n", "STAT  a\r\n",
                           "VALUE a 0 1\r\n", "END \r\n", "STAT a 1\r\nnonsense\r\nEND\r\n"}) {
    INFO(text);
    CHECK(ReplyScanner(1).scan(text) == ReplyScanner::State::nonsense);
    CHECK(parse_replies(text).empty());
  }
}

TEST_CASE("memcached: values") {
  CHECK(parse_integer("0") == 0U);
  CHECK(parse_integer("18446744073709551615") == 18446744073709551615U);
  for (const char* bad : {"", "18446744073709551616", "-1", "+1", " 1", "1.0", "1e3", "NULL"}) {
    INFO(bad);
    CHECK_FALSE(parse_integer(bad));
  }
  CHECK(parse_decimal("0.80") == 0.8);
  CHECK(parse_decimal("2.00") == 2.0);
  CHECK(parse_decimal("0.010") == 0.01);
  CHECK(parse_decimal("7") == 7.0);
  for (const char* bad :
       {"", ".", "1.", ".5", "1.2.3", "-1.5", "nan", "inf", "1e3", "0.0000000000000000001"}) {
    INFO(bad);
    CHECK_FALSE(parse_decimal(bad));
  }
  CHECK(parse_seconds("0.002899") == 0.002899);
  CHECK(parse_seconds("12.000001") == 12.000001);
  for (const char* bad : {"", "1", "1.1000000", "x.000001", "1.", "-1.000000"}) {
    INFO(bad);
    CHECK_FALSE(parse_seconds(bad));
  }
  CHECK(parse_yes_no("yes") == true);
  CHECK(parse_yes_no("no") == false);
  CHECK_FALSE(parse_yes_no("1"));
}

TEST_CASE("memcached: keys of slab classes") {
  const auto item = parse_slab_key("items:12:evicted", "items:");
  REQUIRE(item);
  CHECK(item->slab == "12");
  CHECK(item->key == "evicted");
  const auto slab = parse_slab_key("3:chunk_size", "");
  REQUIRE(slab);
  CHECK(slab->slab == "3");
  CHECK(slab->key == "chunk_size");
  CHECK_FALSE(parse_slab_key("active_slabs", ""));
  CHECK_FALSE(parse_slab_key("items:x:evicted", "items:"));
  CHECK_FALSE(parse_slab_key("3:chunk_size", "items:"));
}

TEST_CASE("memcached: a compare-and-swap is not a set") {
  FixedReplies replies(
      "STAT cmd_set 100\r\nSTAT cas_hits 7\r\nSTAT cas_misses 5\r\nSTAT cas_badval 3\r\nEND\r\n"
      "END\r\nEND\r\n"
      "STAT 1:cmd_set 40\r\nSTAT 1:cas_hits 7\r\nSTAT 1:cas_badval 3\r\n"
      "STAT 2:cmd_set 4\r\nSTAT 2:cas_hits 5\r\nEND\r\n");
  CHECK(replies.expose() ==
        "memcached_commands_total{command=\"cas\",status=\"badval\"} 3\n"
        "memcached_commands_total{command=\"cas\",status=\"hit\"} 7\n"
        "memcached_commands_total{command=\"cas\",status=\"miss\"} 5\n"
        "memcached_commands_total{command=\"set\",status=\"hit\"} 85\n"
        "memcached_slab_commands_total{command=\"cas\",slab=\"1\",status=\"badval\"} 3\n"
        "memcached_slab_commands_total{command=\"cas\",slab=\"1\",status=\"hit\"} 7\n"
        "memcached_slab_commands_total{command=\"cas\",slab=\"2\",status=\"hit\"} 5\n"
        "memcached_slab_commands_total{command=\"set\",slab=\"1\",status=\"hit\"} 30\n"
        "memcached_slab_commands_total{command=\"set\",slab=\"2\",status=\"hit\"} 0\n");
  CHECK(replies.problem.empty());
}

TEST_CASE("memcached: a value that cannot be read is left out and named, the rest is shown") {
  FixedReplies replies(
      "STAT uptime 12\r\nSTAT curr_items many\r\nSTAT get_hits -4\r\nSTAT bytes "
      "18446744073709551615\r\nEND\r\n"
      "STAT lru_crawler yes\r\nSTAT hot_max_factor 0.20\r\nSTAT lru_maintainer_thread no\r\nEND\r\n"
      "STAT items:5:number 2\r\nEND\r\nEND\r\n");
  CHECK(replies.expose() ==
        "memcached_current_bytes 18446744073709551615\n"
        "memcached_lru_crawler_enabled 1\n"
        "memcached_lru_crawler_hot_max_factor 0.2\n"
        "memcached_lru_crawler_maintainer_thread 0\n"
        "memcached_slab_current_items{slab=\"5\"} 2\n"
        "memcached_uptime_seconds 12\n");
  CHECK(replies.problem == "curr_items=many");
}

TEST_CASE("memcached: parts of the table that depend on others") {
  SECTION("the crawler's settings while it is on") {
    CHECK(FixedReplies(
              "END\r\nSTAT maxconns 9\r\nSTAT lru_crawler no\r\nSTAT hot_lru_pct 20\r\nEND\r\nEND\r\nEND\r\n")
              .expose() == "memcached_max_connections 9\n");
  }
  SECTION("external storage while there is a limit") {
    CHECK(FixedReplies("STAT extstore_bytes_used 5\r\nEND\r\n").expose().empty());
    CHECK(FixedReplies("STAT extstore_bytes_used 5\r\nSTAT extstore_limit_maxbytes 9\r\nEND\r\n").expose() ==
          "memcached_extstore_bytes_limit 9\nmemcached_extstore_bytes_used 5\n");
  }
  SECTION("the proxy while it has backends") {
    CHECK(FixedReplies("STAT round_robin_fallback 5\r\nEND\r\n").expose().empty());
    CHECK(FixedReplies(
              "STAT round_robin_fallback 5\r\nSTAT proxy_backend_total 2\r\nSTAT proxy_conn_oom 1\r\nEND\r\n")
              .expose() ==
          "memcached_proxy_backend_total 2\nmemcached_proxy_conn_oom_total "
          "1\nmemcached_round_robin_fallback_total 5\n");
  }
  SECTION("requested memory is said by either answer") {
    const std::string items = "STAT items:1:mem_requested 10\r\nEND\r\n";
    CHECK(FixedReplies("END\r\nEND\r\n" + items + "END\r\n").expose() ==
          "memcached_slab_mem_requested_bytes{slab=\"1\"} 10\n");
    CHECK(FixedReplies("END\r\nEND\r\n" + items + "STAT 1:mem_requested 11\r\nEND\r\n").expose() ==
          "memcached_slab_mem_requested_bytes{slab=\"1\"} 11\n");
  }
}

TEST_CASE("memcached: addresses") {
  const auto plain = parse_address("localhost:11212");
  REQUIRE(plain);
  CHECK(plain->host == "localhost");
  CHECK(plain->port == "11212");
  CHECK(parse_address("cache.example")->port == "11211");
  const auto v6 = parse_address("[::1]:4");
  REQUIRE(v6);
  CHECK(v6->host == "::1");
  CHECK(v6->port == "4");
  CHECK(parse_address("[::1]")->port == "11211");
  CHECK(parse_address("/run/memcached.sock")->path == "/run/memcached.sock");
  CHECK(parse_address("unix:/run/m")->path == "/run/m");
  for (const char* bad : {"", ":11211", "h:", "h:0", "h:65536", "h:x", "::1", "[::1", "[::1]x", "h:123456"}) {
    INFO(bad);
    CHECK_FALSE(parse_address(bad));
  }
  CHECK_FALSE(parse_address("/" + std::string(200, 'x')));
}

/// A name server that answers when it is told to.
struct SlowNames {
  std::mutex mutex;
  std::condition_variable changed;
  bool answer = false;
  int questions = 0;

  SocketAddresses look_up() {
    std::unique_lock lock(mutex);
    ++questions;
    changed.wait(lock, [this] { return answer; });
    return std::vector<SocketAddress>(2);
  }
  void answer_now() {
    const std::lock_guard lock(mutex);
    answer = true;
    changed.notify_all();
  }
};

TEST_CASE("memcached: a name is looked up in bounded time, by one thread at a time") {
  const auto names = std::make_shared<SlowNames>();
  Resolver resolver({"", "cache.example", "11211"}, [names](const Address&) { return names->look_up(); });
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(resolver.resolve(start + 30ms).message() == "resolving cache.example took too long");
    CHECK(std::chrono::steady_clock::now() - start < 5s);
  }
  names->answer_now();
  const auto found = resolver.resolve(std::chrono::steady_clock::now() + 10s);
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK(names->questions == 1);
  REQUIRE(resolver.resolve(std::chrono::steady_clock::now() + 10s));
  CHECK(names->questions == 2);
}

TEST_CASE("memcached: a numeric address needs no name server") {
  Resolver resolver({"", "127.0.0.1", "11211"},
                    [](const Address&) { return SocketAddresses::failure("asked"); });
  const auto found = resolver.resolve(std::chrono::steady_clock::now());
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].storage.ss_family == AF_INET);
}
