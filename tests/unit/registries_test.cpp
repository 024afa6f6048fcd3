// promlite: tests of several registries scraped as one.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registries.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/metrics_server.hpp>
#include <promlite/transport/scrape_handler.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"
#include "support/http_client.hpp"

using namespace promlite;
using test::errors;

/// Shows one gauge.
class OneGauge final : public Collector {
 public:
  explicit OneGauge(std::string name, double value = 1) : name_(std::move(name)), value_(value) {}
  void collect(Sink& sink) override { sink.gauge(name_, "").sample(value_); }

 private:
  const std::string name_;
  const double value_;
};

TEST_CASE("families of several registries come out as those of one, wherever a registry can be") {
  Registry a;
  Registry b;
  Registry c;
  a.gauge("m", "M.").set(1);
  b.gauge("a", "").set(2);
  b.gauge("z", "").set(3);
  const Membership callback = c.gauge_callback("n", "", [] { return 4; });
  OneGauge collector("b");
  const Membership member = a.add(collector);
  Registries all{a, b, c};
  const std::string text =
      "# TYPE a gauge\na 2\n# TYPE b gauge\nb 1\n# HELP m M.\n# TYPE m gauge\nm 1\n# TYPE n gauge\nn 4\n"
      "# TYPE z gauge\nz 3\n";
  CHECK(to_text(all) == text);
  CHECK(to_text(*all.share()) == text);
  CHECK(scrape(all).body == text);
  ScrapeRequest some;
  some.query = "name[]=n&name[]=z";
  CHECK(scrape(all, some).body == "# TYPE n gauge\nn 4\n# TYPE z gauge\nz 3\n");
  CHECK(all.has_collectors());
  MetricsServer server("127.0.0.1:0", all);
  CHECK(test::get(server.address()).body == text);
  // Each is still served by itself.
  CHECK(to_text(c) == "# TYPE n gauge\nn 4\n");
  CHECK_FALSE(Registries(b, b).has_collectors());
}

TEST_CASE("groups are made of registries and of groups, each registry once, and outlive them") {
  std::optional<Registry> a(std::in_place);
  std::optional<Registry> b(std::in_place);
  a->counter("x_total", "", {"l"}).with("a").inc();
  b->counter("x_total", "", {"l"}).with("b").inc(2);
  std::optional<Registries> both(std::in_place, *a, *b);
  Registries again{*both, *b, *a, *a};
  Registries listed(std::vector<const Gatherer*>{&*b});
  const Registries none{std::vector<const Gatherer*>()};
  a.reset();
  b.reset();
  both.reset();
  CHECK(to_text(again) == "# TYPE x_total counter\nx_total{l=\"a\"} 1\nx_total{l=\"b\"} 2\n");
  CHECK(to_text(listed) == "# TYPE x_total counter\nx_total{l=\"b\"} 2\n");
  CHECK(to_text(*none.share()).empty());
}

TEST_CASE(
    "series of one family are merged in order, and of those that are there twice the first one counts") {
  Registry a;
  Registry b;
  const auto first = a.histogram("h", "H.", {"l"}, buckets({1}));
  const auto second = b.histogram("h", "H.", {"l"}, buckets({2}));
  first.with(1).observe(0);
  first.with(3).observe(0);
  second.with(2).observe(0);
  second.with(3).observe(9);
  a.gauge("g", "", const_labels({{"k", "2"}})).set(2);
  b.gauge("g", "", {"k"}).with(1).set(1);
  a.info("i", "", {{"x", "1"}});
  b.info("i", "", {{"y", "1"}});
  const auto text = [](const char* third_sum, int lost) {
    return "# TYPE g gauge\ng{k=\"1\"} 1\ng{k=\"2\"} 2\n# HELP h H.\n# TYPE h histogram\n"
           "h_bucket{l=\"1\",le=\"1\"} 1\nh_bucket{l=\"1\",le=\"+Inf\"} 1\nh_sum{l=\"1\"} "
           "0\nh_count{l=\"1\"} "
           "1\n"
           "h_bucket{l=\"2\",le=\"2\"} 1\nh_bucket{l=\"2\",le=\"+Inf\"} 1\nh_sum{l=\"2\"} "
           "0\nh_count{l=\"2\"} "
           "1\n" +
           std::string(third_sum) + "# TYPE i_info gauge\ni_info{x=\"1\"} 1\ni_info{y=\"1\"} 1\n" +
           (lost == 0 ? "" : errors(lost));
  };
  const char* const of_a =
      "h_bucket{l=\"3\",le=\"1\"} 1\nh_bucket{l=\"3\",le=\"+Inf\"} 1\nh_sum{l=\"3\"} 0\nh_count{l=\"3\"} 1\n";
  const char* const of_b =
      "h_bucket{l=\"3\",le=\"2\"} 0\nh_bucket{l=\"3\",le=\"+Inf\"} 1\nh_sum{l=\"3\"} 9\nh_count{l=\"3\"} 1\n";
  Registries ab{a, b};
  Registries ba{b, a};
  CHECK(to_text(ab) == text(of_a, 0));
  CHECK(to_text(ab) == text(of_a, 1));
  CHECK(to_text(ba) == text(of_b, 0));
  CHECK(to_text(a).find("promlite_") == std::string::npos);
}

TEST_CASE("callbacks are merged as other series are, and one that fails has none") {
  Registry a;
  Registry b;
  const auto labels = [](const char* value) { return const_labels({{"k", value}}); };
  bool fails = false;
  const Membership one = a.gauge_callback(
      "g", "", [] { return 1; }, labels("1"));
  const Membership three = a.gauge_callback(
      "g", "", [] { return 3; }, labels("3"));
  const auto value = [&] {
    if (fails) throw std::runtime_error("no");
    return 2;
  };
  const Membership two = b.gauge_callback("g", "", value, labels("2"));
  Registries both{a, b};
  CHECK(to_text(both) == "# TYPE g gauge\ng{k=\"1\"} 1\ng{k=\"2\"} 2\ng{k=\"3\"} 3\n");
  fails = true;
  CHECK(to_text(both) == "# TYPE g gauge\ng{k=\"1\"} 1\ng{k=\"3\"} 3\n" + errors(1));
}

TEST_CASE("what does not go with the first registry of a name is left out and counted") {
  Registry a;
  Registry b;
  Registry c;
  a.gauge("cb", "One.").set(1);
  a.gauge("help", "One.").set(1);
  b.gauge("help", "Other.").set(2);
  a.gauge("labels", "", {"l"}).with(1).set(1);
  b.gauge("labels", "").set(2);
  b.gauge("names_sum", "").set(2);
  a.summary("names", "");
  a.gauge("type", "").set(1);
  b.counter<std::uint64_t>("type_total", "").inc(2);
  // In the first of the others a name is free that was left out before.
  c.gauge("type_total", "").set(3);
  a.gauge("unit_s", "").set(1);
  b.gauge("unit_s", "", unit("s")).set(2);
  c.gauge("fine", "").set(3);
  int calls = 0;
  const Membership callback = b.gauge_callback("cb", "Other.", [&] { return ++calls; });
  Registries all{a, b, c};
  const std::string text =
      "# HELP cb One.\n# TYPE cb gauge\ncb 1\n# TYPE fine gauge\nfine 3\n# HELP help One.\n# TYPE help "
      "gauge\nhelp 1\n"
      "# TYPE labels gauge\nlabels{l=\"1\"} 1\n# TYPE names summary\nnames_sum 0\nnames_count 0\n";
  const std::string rest =
      "# TYPE type gauge\ntype 1\n# TYPE type_total gauge\ntype_total 3\n# TYPE unit_s gauge\nunit_s 1\n";
  CHECK(to_text(all) == text + errors(6) + rest);
  CHECK(to_text(all) == text + errors(12) + rest);
  CHECK(calls == 0);
  // What was left out is shown where the registry is by itself.
  CHECK_THAT(to_text(b), ContainsSubstring("help 2\n"));
}

TEST_CASE(
    "collected families of several registries are joined; declared ones win, whichever registry they are "
    "in") {
  Registry a;
  Registry b;
  OneGauge x("x");
  OneGauge other_x("x", 2);
  OneGauge y("y");
  OneGauge sum("s_sum");
  std::vector<Membership> members;
  members.push_back(a.with_labels({{"r", "a"}}).add(x));
  members.push_back(b.with_labels({{"r", "b"}}).add(x));
  members.push_back(b.with_labels({{"r", "a"}}).add(other_x));  // a second value of one series
  members.push_back(a.add(y));
  members.push_back(a.add(sum));
  b.gauge("y", "").set(5);
  b.summary("s", "");
  Registries all{a, b};
  CHECK(to_text(all) ==
        "# TYPE s summary\ns_sum 0\ns_count 0\n# TYPE x gauge\nx{r=\"a\"} 1\nx{r=\"b\"} 1\n"
        "# TYPE y gauge\ny 5\n");
  CHECK_THAT(to_text(all), ContainsSubstring("promlite_collector_errors_total 3\n"));
}

TEST_CASE("a collector in two registries of a group is called for both") {
  Registry a;
  Registry b;
  OneGauge x("x");
  const Membership one = a.add(x);
  Membership two = b.with_prefix("b_").add(x);
  Registries all{a, b};
  CHECK(to_text(all) == "# TYPE b_x gauge\nb_x 1\n# TYPE x gauge\nx 1\n");
  two.leave();
  CHECK(to_text(all) == "# TYPE x gauge\nx 1\n");
}

TEST_CASE("what went wrong is added up over the registries; how scrapes went is that of the group") {
  Registry a;
  Registry b;
  a.counter("x_total", "", const_labels({{"r", "a"}})).inc(-1);
  b.counter("x_total", "", const_labels({{"r", "b"}})).inc(-1);
  b.counter("y_total", "").inc(-1);
  const auto fails = []() -> int { throw 1; };
  const Membership one = a.gauge_callback("f", "", fails);
  const Membership two = b.gauge_callback("g", "", fails);
  Registries all{a, b};
  const std::string text = to_text(all);
  CHECK_THAT(text, ContainsSubstring("promlite_refused_updates_total{family=\"x_total\"} 2\n"
                                     "promlite_refused_updates_total{family=\"y_total\"} 1\n"));
  CHECK_THAT(text, ContainsSubstring("promlite_collector_errors_total 2\n"));
  CHECK(text.find("promlite_scrapes_total") == std::string::npos);
  a.expose_scrape_metrics(true);
  b.expose_scrape_metrics(true);
  to_text(a);
  to_text(a);
  CHECK_THAT(to_text(all), ContainsSubstring("\npromlite_scrapes_total 1\n"));
  CHECK_THAT(to_text(a), ContainsSubstring("\npromlite_scrapes_total 2\n"));
}

TEST_CASE(
    "from inside a scrape of a group one may register, scrape each of its registries, others, and the "
    "group") {
  Registry a;
  Registry b;
  Registry c;
  Registries all{a, b};
  Registries more{c, all};
  a.counter("a_total", "").inc();
  b.counter("b_total", "").inc(2);
  c.counter("c_total", "").inc(3);
  const Membership other = c.gauge_callback("d", "", [] { return 7; });
  std::vector<std::string> seen;
  const Membership callback = a.gauge_callback("f", "", [&] {
    b.gauge("born", "").set(1);
    seen = {to_text(a), to_text(b), to_text(all), to_text(more)};
    return 1;
  });
  const std::string one = "# TYPE a_total counter\na_total 1\n";
  const std::string two = "# TYPE b_total counter\nb_total 2\n# TYPE born gauge\nborn 1\n";
  // Of what is being scraped the declared metrics, of others everything.
  const std::string three = "# TYPE c_total counter\nc_total 3\n# TYPE d gauge\nd 7\n";
  CHECK(to_text(all) == one + "# TYPE b_total counter\nb_total 2\n# TYPE f gauge\nf 1\n");
  CHECK(seen == std::vector<std::string>{one, two, one + two, one + two + three});
  CHECK(to_text(a) == one + "# TYPE f gauge\nf 1\n");
  CHECK(seen == std::vector<std::string>{one, two, one + two, one + two + three});
}
