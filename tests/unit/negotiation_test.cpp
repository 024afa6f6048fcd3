// promlite: tests of what a header Accept gets.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/negotiation.hpp>

#include <string>

#include "support/accept_cases.hpp"
#include "support/catch.hpp"
#include "support/padded.hpp"

using namespace promlite;

/// A source of one family.
struct Jobs {
  void collect(Encoder& encoder, const NameFilter& filter) const {
    if (filter.matches("jobs_total", MetricType::counter)) {
      encoder.begin_family({"jobs_total", "Jobs done.", "", MetricType::counter});
      encoder.counter(Padded(""), {7, nullptr, 1'500'000'000});
    }
    encoder.finish();
  }
};

static std::string body_of(const detail::Representation& exposition, const NameFilter& filter = {},
                           CreatedSamples created = CreatedSamples::hidden) {
  detail::ByteBuffer out;
  Jobs jobs;
  detail::encode(exposition, jobs, filter, created, out);
  return std::string(out.view());
}

TEST_CASE("every Accept gets a format, and the encoder of it") {
  for (const test::AcceptCase& each : test::accept_cases()) {
    INFO(each.accept);
    const detail::Representation exposition = detail::negotiate(each.accept);
    CHECK(detail::ContentType(exposition).text() == each.content_type());
    // Protobuf has the time of creation besides.
    if (each.format != 'p') CHECK(body_of(exposition) == each.body());
    if (each.format == 'p') CHECK(body_of(exposition).substr(2, 24) == each.body().substr(2, 24));
  }
}

TEST_CASE("the filter and the choice of created samples reach the encoder") {
  const detail::Representation openmetrics = detail::negotiate("application/openmetrics-text;version=1.0.0");
  NameFilter nothing;
  nothing.add_nothing();
  CHECK(body_of(openmetrics, nothing) == "# EOF\n");
  CHECK(body_of(openmetrics, {}, CreatedSamples::shown) ==
        "# TYPE jobs counter\n# HELP jobs Jobs done.\njobs_total 7.0\njobs_created 1.5\n# EOF\n");
}

TEST_CASE("a header of any length is read to its end") {
  std::string accept;
  for (int i = 0; i < 3000; ++i) accept += "a/b;c=\"d,e;f\";q=0.9,";
  CHECK(detail::negotiate(accept + "application/openmetrics-text;q=0.1").format == 2);
}
