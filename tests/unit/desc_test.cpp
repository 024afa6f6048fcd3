// promlite: tests of declarations: the names that families take, their one form, and how messages tell them.
// SPDX-License-Identifier: MIT
#include <promlite/desc.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace promlite::detail;

static const std::vector<MetricType> all_types = {
    MetricType::counter, MetricType::gauge,   MetricType::histogram, MetricType::summary,
    MetricType::info,    MetricType::untyped, MetricType::stateset,  MetricType::gauge_histogram};

TEST_CASE("types have the names of the text format, and those that it lacks their own") {
  std::string names;
  for (const MetricType type : all_types) names += std::string(type_name(type)) + " ";
  CHECK(names == "counter gauge histogram summary info untyped stateset gauge_histogram ");
}

TEST_CASE("a family takes its name and those of its samples in every format") {
  const auto taken = [](std::string_view family, MetricType type) {
    std::string names;
    for (const char* suffix : {"", "_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount",
                               "_gsum", "_max", "_total_created", "_total_total"}) {
      if (takes_name(family, type, "x" + std::string(suffix))) names += "x" + std::string(suffix) + " ";
    }
    CHECK_FALSE(takes_name(family, type, ""));
    CHECK_FALSE(takes_name(family, type, "y"));
    return names;
  };
  CHECK(taken("x_total", MetricType::counter) == "x x_total x_created ");
  // A counter from elsewhere.
  CHECK(taken("x", MetricType::counter) == "x x_total x_created ");
  CHECK(taken("x_total_total", MetricType::counter) == "x_total x_total_created x_total_total ");
  CHECK(taken("x", MetricType::gauge) == "x ");
  CHECK(taken("x_total", MetricType::gauge) == "x_total ");
  CHECK(taken("x", MetricType::untyped) == "x ");
  CHECK(taken("x", MetricType::histogram) == "x x_created x_bucket x_count x_sum ");
  CHECK(taken("x", MetricType::gauge_histogram) == "x x_bucket x_count x_sum x_gcount x_gsum ");
  CHECK(taken("x", MetricType::stateset) == "x ");
  CHECK(taken("x", MetricType::summary) == "x x_created x_count x_sum ");
  CHECK(taken("x", MetricType::info) == "x x_info ");
}

/// Families in a map.
class Known final : public KnownFamilies {
 public:
  std::map<std::string, MetricType, std::less<>> families;

 private:
  bool find_type(std::string_view family, MetricType& type) const override {
    const auto found = families.find(family);
    if (found == families.end()) return false;
    type = found->second;
    return true;
  }
};

TEST_CASE("families clash exactly when they take a name in common, whichever was first") {
  std::vector<std::string> names;
  for (const char* one : {"x", "x_total", "x_created", "x_bucket", "x_count", "x_sum", "x_gsum", "x_info",
                          "xy", "y", "x_sum_total", "x_total_total", "x_total_created", "x_created_total"})
    names.emplace_back(one);
  std::vector<std::string> samples;
  for (const std::string& name : names) {
    for (const char* suffix :
         {"", "_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount", "_gsum"})
      samples.push_back(name + suffix);
  }
  std::size_t clashes = 0;
  for (const std::string& one : names) {
    for (const MetricType type_of_one : all_types) {
      Known known;
      known.families[one] = type_of_one;
      for (const std::string& other : names) {
        if (other == one) continue;
        for (const MetricType type_of_other : all_types) {
          bool common = false;
          for (const std::string& sample : samples)
            common =
                common || (takes_name(one, type_of_one, sample) && takes_name(other, type_of_other, sample));
          INFO(type_name(type_of_one) << " " << one << ", " << type_name(type_of_other) << " " << other);
          REQUIRE(known.clashing_with(other, type_of_other) == (common ? one : ""));
          clashes += common ? 1 : 0;
        }
      }
    }
  }
  CHECK(clashes > 100);
}

TEST_CASE("equal declarations have one form") {
  Declaration info;
  info.type = MetricType::info;
  info.name = "build_info";
  info.help = "a\r\nb";
  info.const_labels = {{"z", "1"}, {"a", ""}, {"b", "2"}};
  info.normalise();
  CHECK(info.name == "build");
  CHECK(info.help == "a\nb");
  info.drop_empty_facts();
  CHECK(info.const_labels == std::vector<std::pair<std::string, std::string>>{{"b", "2"}, {"z", "1"}});

  Declaration gauge;
  gauge.type = MetricType::gauge;
  gauge.name = "build_info";
  gauge.const_labels = {{"z", "1"}, {"a", ""}};
  gauge.normalise();
  gauge.drop_empty_facts();
  CHECK(gauge.name == "build_info");
  CHECK(gauge.const_labels == std::vector<std::pair<std::string, std::string>>{{"a", ""}, {"z", "1"}});

  Declaration histogram;
  histogram.type = MetricType::histogram;
  histogram.normalise();
  CHECK(histogram.bounds == default_buckets().bounds);
}

TEST_CASE("a declaration in a message") {
  Declaration declared;
  declared.type = MetricType::counter;
  declared.value_kind = "<uint64>";
  declared.name = "x_total";
  CHECK(describe(declared) == "counter<uint64> x_total");
  declared.label_names = {"b", "a"};
  declared.const_labels = {{"k", "v\"\n"}};
  CHECK(describe(declared) == "counter<uint64> x_total{b,a,k=\"v\\\"\\n\"}");
}

TEST_CASE("options keep what they are given") {
  CHECK(max_series(5).value == 5);
  CHECK(unit("seconds").value == "seconds");
  CHECK(const_labels({{"a", "b"}}).labels == std::vector<std::pair<std::string, std::string>>{{"a", "b"}});
  CHECK(quantiles({0.5, 0.9}).values == std::vector<double>{0.5, 0.9});
  CHECK(quantiles(std::vector<double>{1}).values == std::vector<double>{1});
  CHECK(max_age(std::chrono::minutes(1)).value == std::chrono::seconds(60));
}
