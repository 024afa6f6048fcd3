// promlite: tests of the protobuf encoder by itself, byte for byte.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/protobuf.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/padded.hpp"

using namespace promlite;
using detail::double_of;
using detail::ProtobufEncoder;

static constexpr UnixNanoseconds seconds = 1'000'000'000;

template <class Write>
static std::string encoded(Write&& write) {
  return encoded_by<ProtobufEncoder>(write);
}

/// Bytes from text such as `0a 01 "abc"`.
static std::string bytes(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '"') {
      for (++i; text[i] != '"'; ++i) made += text[i];
      continue;
    }
    const auto digit = [&](std::size_t at) { return text[at] <= '9' ? text[at] - '0' : text[at] - 'a' + 10; };
    made += static_cast<char>(digit(i) * 16 + digit(i + 1));
    ++i;
  }
  return made;
}

// A second, plain implementation.
static std::string varint(std::uint64_t value) {
  std::string made;
  for (; value >= 0x80; value /= 0x80) made += static_cast<char>(value % 0x80 + 0x80);
  return made + static_cast<char>(value);
}
static std::string text_of(std::string_view text) { return varint(text.size()) + std::string(text); }
static std::string field(char key, std::string_view content) { return key + text_of(content); }
static std::string double_field(char key, double value) {
  std::string made(1, key);
  for (std::uint64_t bits = detail::bits_of(value), i = 0; i < 8; ++i, bits >>= 8) {
    made += static_cast<char>(bits & 0xff);
  }
  return made;
}
static std::string pairs(const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string made;
  for (const auto& label : labels)
    made += field('\x0a', field('\x0a', label.first) + field('\x12', label.second));
  return made;
}
static std::string gauge(const std::string& labels, double value) {
  return field('\x22', labels + field('\x12', double_field('\x09', value)));
}

TEST_CASE("nothing is nothing") {
  CHECK(encoded([](ProtobufEncoder&) {}).empty());
}

TEST_CASE("a counter with labels") {
  CHECK(encoded([](ProtobufEncoder& encoder) {
          encoder.begin_family({"jobs_total", "Jobs run.", "", MetricType::counter});
          encoder.value(Padded("q=\"a\""), 3);
        }) == bytes("2e 0a 0a \"jobs_total\" 12 09 \"Jobs run.\" 18 00"
                    "22 13 0a 06 0a 01 \"q\" 12 01 \"a\" 1a 09 09 00 00 00 00 00 00 08 40"));
}

TEST_CASE("a native histogram with a time of creation and an exemplar") {
  const NativeBucket positive[] = {{0, 1}, {2, 1}, {3, 1}};
  const NativeBucket negative[] = {{1, 0}, {2, 1}, {7, 0}};
  const Padded trace("trace_id=\"ab12\"");
  const ExemplarSample exemplars[] = {
      {true, trace, 5, 1700000001 * seconds}, {true, trace, 4, 0}, {false, trace, 3, seconds}};
  NativeSample native;
  native.zero_threshold = double_of(0x37F0000000000000);
  native.zero_count = 1;
  native.positive = positive;
  native.positive_size = 3;
  native.negative = negative;
  native.negative_size = 3;
  native.exemplars = exemplars;
  native.exemplars_size = 3;
  const std::uint64_t count = 5;
  CHECK(encoded([&](ProtobufEncoder& encoder) {
          encoder.begin_family({"lat_seconds", "Latency.", "", MetricType::histogram});
          encoder.histogram(Padded("p=\"/\""),
                            {nullptr, 0, &count, 7, nullptr, &native, 1700000000 * seconds + seconds / 2});
        }) == bytes("86 01 0a 0b \"lat_seconds\" 12 08 \"Latency.\" 18 04 22 6b 0a 06 0a 01 \"p\" 12 01 \"/\""
                    "3a 61 08 05 11 00 00 00 00 00 00 1c 40 28 00 31 00 00 00 00 00 00 f0 37 38 01"
                    "4a 04 08 04 10 01 52 01 02 62 04 08 00 10 04 6a 04 02 01 02 00"
                    "7a 0c 08 80 e2 cf aa 06 10 80 ca b5 ee 01"
                    "82 01 23 0a 10 0a 08 \"trace_id\" 12 04 \"ab12\" 11 00 00 00 00 00 00 14 40"
                    "1a 06 08 81 e2 cf aa 06"));
}

TEST_CASE("spans and deltas: gaps of one and two are filled, indices may be negative") {
  const auto native_part = [](int schema, double threshold, std::uint64_t zeros,
                              const std::vector<NativeBucket>& buckets) {
    NativeSample native;
    native.schema = schema;
    native.zero_threshold = threshold;
    native.zero_count = zeros;
    native.positive = buckets.data();
    native.positive_size = buckets.size();
    const std::uint64_t count = 0;
    const std::string text = encoded([&](ProtobufEncoder& encoder) {
      encoder.begin_family({"x", "", "", MetricType::histogram});
      encoder.histogram(Padded(""), {nullptr, 0, &count, 0, nullptr, &native});
    });
    // Behind the family's 6, the metric's 2, the histogram's 2, count and sum.
    return text.substr(1 + 3 + 2 + 2 + 2 + 2 + 9);
  };
  const std::string threshold = "31 00 00 00 00 00 00 f0 3f ";
  CHECK(native_part(3, 1, 0, {{-3, 2}, {-2, 4}, {1, 1}, {6, 7}, {7, 7}}) ==
        bytes("28 06" + threshold + "38 00 62 04 08 05 10 05 62 04 08 08 10 02 6a 07 04 04 07 00 02 0c 00"));
  CHECK(native_part(-4, 1, 300, {}) == bytes("28 07" + threshold + "38 ac 02"));
  CHECK(native_part(8, 1, 0, {{-300000, ~std::uint64_t{0} / 2}, {2147483647, 1}}) ==
        bytes("28 10" + threshold +
              "38 00 62 06 08 bf cf 24 10 01 62 08 08 bc cf a4 80 10 10 01"
              "6a 14 fe ff ff ff ff ff ff ff ff 01 fb ff ff ff ff ff ff ff ff 01"));
  // Nothing else would tell that it is a native histogram.
  CHECK(native_part(0, 0, 0, {{5, 0}}) == bytes("28 00 31 00 00 00 00 00 00 00 00 38 00 62 04 08 00 10 00"));
  CHECK(native_part(0, 0, 1, {}) == bytes("28 00 31 00 00 00 00 00 00 00 00 38 01"));
}

TEST_CASE("every type has its number and its message") {
  const auto value = [](MetricType type, std::string_view unit) {
    return encoded([&](ProtobufEncoder& encoder) {
      encoder.begin_family({"x", "", unit, type});
      encoder.value(Padded(""), 1);
    });
  };
  const std::string one = "09 00 00 00 00 00 00 f0 3f";
  CHECK(value(MetricType::counter, "") == bytes("12 0a 01 \"x\" 18 00 22 0b 1a 09" + one));
  CHECK(value(MetricType::gauge, "s") == bytes("15 0a 01 \"x\" 18 01 2a 01 \"s\" 22 0b 12 09" + one));
  CHECK(value(MetricType::unknown, "") == bytes("12 0a 01 \"x\" 18 03 22 0b 2a 09" + one));
  CHECK(value(MetricType::stateset, "") == bytes("12 0a 01 \"x\" 18 01 22 0b 12 09" + one));
  CHECK(value(MetricType::info, "") == bytes("17 0a 06 \"x_info\" 18 01 22 0b 12 09" + one));
}

TEST_CASE("a counter with an exemplar and a time of creation") {
  const Padded trace("t=\"v\"");
  const ExemplarSample exemplar = {true, trace, 1, seconds + 1};
  CHECK(encoded([&](ProtobufEncoder& encoder) {
          encoder.begin_family({"x_total", "", "", MetricType::counter});
          encoder.counter(Padded(""), {2, &exemplar, 2 * seconds});
          encoder.counter(Padded(""), {2, nullptr, 0});
        }) == bytes("42 0a 07 \"x_total\" 18 00"
                    "22 28 1a 26 09 00 00 00 00 00 00 00 40"
                    "12 17 0a 06 0a 01 \"t\" 12 01 \"v\" 11 00 00 00 00 00 00 f0 3f 1a 04 08 01 10 01"
                    "1a 02 08 02"
                    "22 0b 1a 09 09 00 00 00 00 00 00 00 40"));
}

TEST_CASE("classic buckets are cumulative; the last one is written for its exemplar") {
  const double bounds[] = {0.5, 1};
  const std::uint64_t counts[] = {1, 199, 1};
  const ExemplarSample exemplars[] = {{}, {true, Padded(""), 0.75, 0}, {true, Padded(""), 2, 0}};
  const auto write = [&](ProtobufEncoder& encoder) {
    encoder.begin_family({"x", "", "", MetricType::gauge_histogram});
    encoder.histogram(Padded(""), {bounds, 2, counts, 2, nullptr});
    encoder.histogram(Padded(""), {bounds, 2, counts, 2, exemplars, nullptr, seconds});
  };
  const auto bucket = [](const std::string& count, double bound, const std::string& more) {
    return field('\x1a', bytes("08" + count) + double_field('\x11', bound) + more);
  };
  const std::string start = bytes("08 c9 01") + double_field('\x11', 2) + bucket("01", 0.5, {});
  const std::string plain = start + bucket("c8 01", 1, {});
  const std::string full =
      start + bucket("c8 01", 1, field('\x1a', double_field('\x11', 0.75))) +
      bucket("c9 01", double_of(detail::infinity_bits), field('\x1a', double_field('\x11', 2))) +
      bytes("7a 02 08 01");
  CHECK(encoded(write) == text_of(bytes("0a 01 \"x\" 18 05") + field('\x22', field('\x3a', plain)) +
                                  field('\x22', field('\x3a', full))));
}

TEST_CASE("a summary") {
  const double quantiles[] = {0.5, 1};
  const double values[] = {double_of(0x7FF0000000000002), 3};  // the first is Prometheus' mark of staleness
  CHECK(encoded([&](ProtobufEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::summary});
          encoder.summary(Padded("a=\"b\""), {quantiles, values, 2, 5, -1, seconds});
        }) ==
        text_of(bytes("0a 01 \"x\" 18 02") +
                field('\x22',
                      pairs({{"a", "b"}}) +
                          field('\x22', bytes("08 05") + double_field('\x11', -1) +
                                            field('\x1a', double_field('\x09', 0.5) +
                                                              bytes("11 01 00 00 00 00 00 f8 7f")) +
                                            field('\x1a', double_field('\x09', 1) + double_field('\x11', 3)) +
                                            bytes("22 02 08 01")))));
}

static std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '\\' || c == '"') made += '\\';
    made += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return made;
}

TEST_CASE("labels of every length, with escapes and quoted names, arrive as they were") {
  const auto check = [](const std::vector<std::pair<std::string, std::string>>& labels) {
    std::string text;
    for (const auto& label : labels) {
      const bool quoted = label.first.find_first_of(".\"\\\n=") != std::string::npos;
      if (!text.empty()) text += ',';
      text += quoted ? '"' + escaped(label.first) + '"' : label.first;
      text += "=\"" + escaped(label.second) + '"';
    }
    REQUIRE(encoded([&](ProtobufEncoder& encoder) {
              encoder.begin_family({"x", "", "", MetricType::gauge});
              encoder.value(Padded(text), 0.5);
              // What stands behind the text must not matter.
              const std::string more = text + ",\"\"\\\"\\\"\\\"a=\"\"\"\"\"";
              encoder.value(PaddedText{more.data(), text.size()}, 1);
            }) == text_of(bytes("0a 01 \"x\" 18 01") + gauge(pairs(labels), 0.5) + gauge(pairs(labels), 1)));
  };
  for (std::size_t size = 0; size <= 200; ++size) {
    const std::string value(size, 'v');
    check({{"a", value}});
    check({{"a", value}, {"b", ""}, {"c", value}});
    check({{"n" + value, "x"}, {"o", "y"}});
    check({{"a", value + "\\"}, {"b", "\"" + value}, {"c", value + "\n\\n"}});
    check({{"a", "x"}, {"b." + value, "y="}, {"c", "=,\"="}});
  }
  check({{"a", std::string(20000, 'v')}, {"b", std::string(300, '"')}});
  check({{"a.\"\\\n=", ""}, {"b", ","}, {"c", "=\""}, {"d", "e=\"f\""}});
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 300; ++i) many.emplace_back("l" + std::to_string(i), std::string(1, 'v'));
  check(many);
}

TEST_CASE("series that begin as the one before, and those that only seem to") {
  const std::string longer(70, 'l');
  const std::vector<std::string> names = {"a", "bb", "c" + longer, "d.e"};
  const std::vector<std::string> values = {"", "1", "12", "123456789", longer, "\"", "x\\", "a=\"1\",bb=\"1"};
  unsigned state = 1;
  const auto next = [&](std::size_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<std::size_t>(state >> 16) % below;
  };
  std::vector<std::pair<std::string, std::string>> labels;
  std::string expected = bytes("0a 01 \"x\" 18 01");
  std::string text;
  // One buffer for all texts, as whoever rewrites labels has.
  std::vector<char> buffer(2000);
  const std::string found = encoded([&](ProtobufEncoder& encoder) {
    encoder.begin_family({"x", "", "", MetricType::gauge});
    for (int i = 0; i < 20000; ++i) {
      // Mostly the last label changes.
      labels.resize(labels.empty() || next(4) == 0 ? next(4) : labels.size() - 1);
      while (labels.size() < 4 && next(8) != 0) labels.emplace_back(names[next(4)], values[next(8)]);
      text.clear();
      for (const auto& label : labels) {
        if (!text.empty()) text += ',';
        text += (label.first == "d.e" ? "\"d.e\"" : label.first) + "=\"" + escaped(label.second) + '"';
      }
      text.copy(buffer.data(), text.size());
      encoder.value({buffer.data(), text.size()}, i);
      expected += gauge(pairs(labels), i);
    }
  });
  CHECK((found == text_of(expected)));
}

TEST_CASE("families of every size have the right length") {
  for (const std::size_t series : {1U, 5U, 6U, 7U, 8U, 9U, 10U, 700U, 800U, 850U, 1500U, 120000U}) {
    std::string expected = bytes("0a 01 \"x\" 18 01");
    const std::string line = gauge(pairs({{"a", "bcde"}}), 1);
    for (std::size_t i = 0; i < series; ++i) expected += line;
    const std::string found = encoded([&](ProtobufEncoder& encoder) {
      encoder.begin_family({"x", "", "", MetricType::gauge});
      for (std::size_t i = 0; i < series; ++i) encoder.value(Padded("a=\"bcde\""), 1);
      encoder.begin_family({"y", "h", "", MetricType::gauge});
    });
    REQUIRE((found == text_of(expected) + bytes("08 0a 01 \"y\" 12 01 \"h\" 18 01")));
  }
  const std::string help(20000, 'h');
  CHECK(encoded([&](ProtobufEncoder& encoder) {
          encoder.begin_family({"x", help, "", MetricType::gauge});
        }) == text_of(bytes("0a 01 \"x\"") + field('\x12', help) + bytes("18 01")));
}

/// A source of one family.
struct OneGauge {
  void collect(Encoder& encoder) const {
    encoder.begin_family({"x", "", "", MetricType::gauge});
    encoder.value(Padded(""), 1);
    encoder.finish();
  }
};

TEST_CASE("the bytes of a source") {
  OneGauge source;
  CHECK(to_protobuf(source) == text_of(bytes("0a 01 \"x\" 18 01") + gauge({}, 1)));
  CHECK(std::string(protobuf_content_type) ==
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited");
}
