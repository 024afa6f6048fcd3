// promlite: tests of percent-decoding and of the name[] filter.
// SPDX-License-Identifier: MIT
#include <promlite/transport/query.hpp>

#include <string>
#include <string_view>

#include "support/catch.hpp"

using promlite::MetricType;
using promlite::NameFilter;
using promlite::detail::parse_filter;
using promlite::detail::percent_decode;

TEST_CASE("percent-decoding") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("a%41%2b+%c3%A4") == "aA+ \xc3\xa4");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
  CHECK(percent_decode("%2541") == "%41");
}

TEST_CASE("an escape that is none stays as it is") {
  for (const char* text : {"%", "%4", "a%", "%g1", "%1g", "%%", "% 1", "%-1"}) {
    INFO(text);
    std::string expected = text;
    for (char& c : expected) c = c == '+' ? ' ' : c;
    CHECK(percent_decode(text) == expected);
  }
  CHECK(percent_decode("%%41") == "%A");
}

static NameFilter filter_of(const std::string& query) {
  NameFilter filter;
  CHECK(parse_filter(query, filter));
  return filter;
}

static NameFilter asking_for(std::initializer_list<const char*> names) {
  NameFilter filter;
  filter.add_nothing();
  for (const char* name : names) filter.add(name);
  return filter;
}

TEST_CASE("queries without a filter ask for everything") {
  for (const char* query :
       {"", "&", "&&=", "x=1", "name=a", "name[=a", "NAME[]=a", "x=name[]=a", "name[]x=a", "%"}) {
    INFO(query);
    CHECK(filter_of(query).all());
  }
}

TEST_CASE("names are taken as often as they come and decoded") {
  CHECK(filter_of("name[]=a") == asking_for({"a"}));
  CHECK(filter_of("name[]=a&name[]=b_total") == asking_for({"a", "b_total"}));
  CHECK(filter_of("x=y&name%5B%5D=a&&name%5b]=b&name[]=a") == asking_for({"a", "b", "a"}));
  CHECK(filter_of("name[]=%61+b=c%") == asking_for({"a b=c%"}));
}

TEST_CASE("an empty name asks for nothing") {
  CHECK(filter_of("name[]=") == asking_for({}));
  CHECK(filter_of("name[]") == asking_for({}));
  CHECK(filter_of("name[]=&name[]=a") == asking_for({"a"}));
  CHECK_FALSE(filter_of("name[]=").matches("a", MetricType::gauge));
}

TEST_CASE("the number of names is bounded") {
  std::string query;
  for (std::size_t i = 0; i < promlite::detail::max_filter_names; ++i) query += "name[]=a&";
  NameFilter filter;
  CHECK(parse_filter(query, filter));
  CHECK_FALSE(parse_filter(query + "name[]=", filter));
}

TEST_CASE("parameters are taken one after the other") {
  const auto all = [](std::string_view query) {
    std::string seen;
    while (!query.empty()) {
      const auto [name, value] = promlite::detail::take_parameter(query);
      seen += "(" + name + "|" + std::string(value) + ")";
    }
    return seen;
  };
  CHECK(all("") == "");
  CHECK(all("a=1&b%5b%5d=%41+&a=2=3") == "(a|1)(b[]|%41+)(a|2=3)");
  CHECK(all("a&&=x&b=") == "(a|)(|)(|x)(b|)");
}
