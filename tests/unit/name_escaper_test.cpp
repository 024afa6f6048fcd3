// promlite: tests of names beyond the set that all readers know: declared, refused, and written in every
// format. SPDX-License-Identifier: MIT
#include <promlite/exposition/name_escaper.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/scrape_handler.hpp>

#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/padded.hpp"

using namespace promlite;

// In C++20 a name that is no literal says so; a macro would hide it.
static RuntimeName name(std::string_view text) { return runtime_name(text); }

static std::string scraped(Registry& registry, const char* accept) {
  ScrapeRequest request;
  request.accept = accept;
  const ScrapeResponse response = scrape(registry, request);
  return response.content_type.substr(0, response.content_type.find("; charset")) + "\n" + response.body;
}

TEST_CASE("a scrape gets names as it asks for them") {
  Registry registry;
  registry.gauge(name("disk.free"), "Free.", {name("mount.point"), name("fs")}, utf8_names())
      .with("a.b\"", "ext4")
      .set(12);
  registry.counter(name("my.jobs_total"), "Jobs.", const_labels({{"l.x", "v"}}), utf8_names()).inc();
  registry.histogram(name("wait.seconds"), "Wait.", buckets({1}), utf8_names()).observe(0.5);
  const std::string quoted_labels = "fs=\"ext4\",\"mount.point\"=\"a.b\\\"\"";
  CHECK(scraped(registry, "text/plain;version=0.0.4;escaping=allow-utf-8") ==
        "text/plain; version=0.0.4\n"
        "# HELP \"disk.free\" Free.\n# TYPE \"disk.free\" gauge\n{\"disk.free\"," +
            quoted_labels +
            "} 12\n"
            "# HELP \"my.jobs_total\" Jobs.\n# TYPE \"my.jobs_total\" counter\n"
            "{\"my.jobs_total\",\"l.x\"=\"v\"} 1\n"
            "# HELP \"wait.seconds\" Wait.\n# TYPE \"wait.seconds\" histogram\n"
            "{\"wait.seconds_bucket\",le=\"1\"} 1\n{\"wait.seconds_bucket\",le=\"+Inf\"} 1\n"
            "{\"wait.seconds_sum\"} 0.5\n{\"wait.seconds_count\"} 1\n");
  CHECK(scraped(registry, "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8") ==
        "application/openmetrics-text; version=1.0.0\n"
        "# TYPE \"disk.free\" gauge\n# HELP \"disk.free\" Free.\n{\"disk.free\"," +
            quoted_labels +
            "} 12.0\n"
            "# TYPE \"my.jobs\" counter\n# HELP \"my.jobs\" Jobs.\n{\"my.jobs_total\",\"l.x\"=\"v\"} 1.0\n"
            "# TYPE \"wait.seconds\" histogram\n# HELP \"wait.seconds\" Wait.\n"
            "{\"wait.seconds_bucket\",le=\"1.0\"} 1\n{\"wait.seconds_bucket\",le=\"+Inf\"} 1\n"
            "{\"wait.seconds_count\"} 1\n{\"wait.seconds_sum\"} 0.5\n# EOF\n");
  const auto text = [](const char* disk, const char* mount, const char* jobs, const char* label,
                       const char* wait) {
    const std::string d = disk, j = jobs, w = wait;
    return "text/plain; version=0.0.4\n# HELP " + d + " Free.\n# TYPE " + d + " gauge\n" + d +
           "{fs=\"ext4\"," + mount + "=\"a.b\\\"\"} 12\n# HELP " + j + " Jobs.\n# TYPE " + j + " counter\n" +
           j + "{" + label + "=\"v\"} 1\n# HELP " + w + " Wait.\n# TYPE " + w + " histogram\n" + w +
           "_bucket{le=\"1\"} 1\n" + w + "_bucket{le=\"+Inf\"} 1\n" + w + "_sum 0.5\n" + w + "_count 1\n";
  };
  const std::string underscores = text("disk_free", "mount_point", "my_jobs_total", "l_x", "wait_seconds");
  CHECK(scraped(registry, "") == underscores);
  CHECK(scraped(registry, "text/plain;escaping=underscores") == underscores);
  CHECK("text/plain; version=0.0.4\n" + to_text(registry) == underscores);
  CHECK(scraped(registry, "text/plain;escaping=dots") ==
        text("disk_dot_free", "mount_dot_point", "my_dot_jobs__total", "l_dot_x", "wait_dot_seconds"));
  CHECK(scraped(registry, "text/plain;escaping=values") == text("U__disk_2e_free", "U__mount_2e_point",
                                                                "U__my_2e_jobs__total", "U__l_2e_x",
                                                                "U__wait_2e_seconds"));
  CHECK(scraped(registry, "application/openmetrics-text;version=1.0.0;escaping=dots")
            .find("# TYPE my_dot_jobs_ counter\n# HELP my_dot_jobs_ Jobs.\nmy_dot_jobs__total{l_dot_x=\"v\"} "
                  "1.0\n") != std::string::npos);
}

TEST_CASE("protobuf has names unquoted, or escaped") {
  const auto encoded = [](Escaping scheme) {
    return encoded_by<detail::ProtobufEncoder>(
        [](detail::ProtobufEncoder& encoder) {
          encoder.begin_family({"a.b", "", "", MetricType::gauge, true});
          encoder.value(Padded("c=\"d\",\"e.\\\"f\"=\"g\\n\""), 0);
        },
        scheme);
  };
  const auto expected = [](const std::string& family, const std::string& label) {
    std::string pairs =
        "\n\x06\n\x01"
        "c\x12\x01"
        "d\n";
    pairs += static_cast<char>(6 + label.size());
    pairs += "\n";
    pairs += static_cast<char>(label.size());
    pairs += label + "\x12\x02g\n\x12\x09\x09" + std::string(8, '\0');
    std::string metric = "\x22";
    metric += static_cast<char>(pairs.size());
    metric += pairs;
    std::string text = "\n";
    text += static_cast<char>(family.size());
    text += family + "\x18\x01" + metric;
    return static_cast<char>(text.size()) + text;
  };
  CHECK(encoded(Escaping::allow_utf8) == expected("a.b", "e.\"f"));
  CHECK(encoded(Escaping::underscores) == expected("a_b", "e__f"));
}

TEST_CASE("a unit is shown only where it is the end of the name as it is written") {
  const auto encoded = [](Escaping scheme) {
    return encoded_by<detail::OpenMetricsEncoder>(
        [](detail::OpenMetricsEncoder& encoder) {
          encoder.begin_family({"a.b_m.s", "", "m.s", MetricType::gauge, true});
          encoder.value(Padded(""), 1);
        },
        CreatedSamples::hidden, scheme);
  };
  CHECK(encoded(Escaping::allow_utf8) ==
        "# TYPE \"a.b_m.s\" gauge\n# UNIT \"a.b_m.s\" m.s\n{\"a.b_m.s\"} 1.0\n# EOF\n");
  CHECK(encoded(Escaping::underscores) == "# TYPE a_b_m_s gauge\na_b_m_s 1.0\n# EOF\n");
}

TEST_CASE("such names are an option, and what none can be is refused") {
  Registry registry;
  const auto refusal = [&](std::string_view text) {
    return test::error_of([&] { registry.gauge(name(text), "Help.", utf8_names()); });
  };
  CHECK(test::error_of([&] { registry.gauge(name("a.b"), "Help."); }) ==
        "gauge 'a.b': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(refusal("") == "gauge '': a metric name must not be empty");
  CHECK(refusal("a\xFF") == "gauge 'a\xFF': the name is not valid UTF-8");
  CHECK(refusal("__a") == "gauge '__a': names that begin with two underscores are reserved");
  CHECK(refusal("a:b") == "gauge 'a:b': a colon is reserved for recording rules");
  CHECK(test::error_of([&] { registry.counter(name("a.b"), "Help.", utf8_names()); }) ==
        "counter 'a.b': a counter's name ends in _total");
  const auto label_refusal = [&](std::string_view one, std::string_view other) {
    return test::error_of([&] { registry.gauge("x", "Help.", {name(one), name(other)}, utf8_names()); });
  };
  CHECK(label_refusal("a", "") == "gauge 'x': label '': a label name must not be empty");
  CHECK(label_refusal("a", "b:c") ==
        "gauge 'x': label 'b:c': a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(label_refusal("a", "b.c:d") ==
        "gauge 'x': label 'b.c:d': a label name must be valid UTF-8 without a colon");
  CHECK(label_refusal("a.b", "a_b") ==
        "gauge 'x': labels 'a_b' and 'a.b' may be written alike when they are escaped");
}

TEST_CASE("names that would be one when they are escaped are refused, whichever was first") {
  Registry registry;
  registry.gauge(name("foo.bar"), "Help.", utf8_names());
  registry.histogram("wait_seconds", "Help.");
  const std::string reason = " is registered already: they would share a sample name where names are escaped";
  CHECK(test::error_of([&] { registry.gauge("foo_bar", "Help."); }) ==
        "cannot register gauge foo_bar: gauge foo.bar" + reason);
  CHECK(test::error_of([&] { registry.gauge(name("foo-bar"), "Help.", utf8_names()); }) ==
        "cannot register gauge foo-bar: gauge foo.bar" + reason);
  CHECK(test::error_of([&] { registry.gauge(name("wait.seconds_sum"), "Help.", utf8_names()); }) ==
        "cannot register gauge wait.seconds_sum: histogram wait_seconds" + reason);
  registry.gauge(name("foo.bar"), "Help.", utf8_names()).set(1);
  registry.gauge(name("foo.baz"), "Help.", utf8_names());
  CHECK(to_text(registry).find("# TYPE foo_bar gauge\nfoo_bar 1\n") != std::string::npos);
}
