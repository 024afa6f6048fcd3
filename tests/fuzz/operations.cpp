// promlite: fuzz target: operations on a registry; what it exposes is read again and is what was done.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/fuzz.hpp"

/// The input as decisions; when it is used up, all are 0.
class Decisions {
 public:
  explicit Decisions(std::string_view input) : input_(input) {}
  bool more() const { return !input_.empty(); }
  unsigned next(unsigned below) {
    if (input_.empty()) return 0;
    const unsigned byte = static_cast<unsigned char>(input_[0]);
    input_.remove_prefix(1);
    return byte % below;
  }
  std::string_view text() {
    const std::string_view taken = input_.substr(0, next(20));
    input_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view input_;
};

/// What a value becomes: bytes that are not UTF-8 are repaired, so values that differ may be one series.
static std::string repaired(std::string_view value) {
  std::string out;
  promlite::detail::append_repaired_utf8(out, value);
  return out;
}

/// Series as the text format names them: with all labels, the variable ones `a` and `b`, but for empty ones.
using Model = std::map<std::pair<std::string, std::vector<std::string>>, double>;

static std::vector<std::string> labels_of(const promlite::ParsedSample& sample) {
  std::vector<std::string> values(3);
  for (const auto& label : sample.labels) {
    fuzz::demand(label.name == "a" || label.name == "b" || label.name == "le", "labels are those declared");
    values[label.name == "a" ? 0 : label.name == "b" ? 1 : 2] = label.value;
  }
  // OpenMetrics writes whole bounds as 1.0.
  const std::size_t point = values[2].find(".0");
  if (point != std::string::npos) values[2].resize(point);
  return values;
}

static void compare(const promlite::Exposition& exposition, const Model& model) {
  std::size_t found = 0;
  for (const auto& family : exposition.families) {
    if (family.name.compare(0, 9, "promlite_") == 0) continue;
    for (const auto& sample : family.samples) {
      const auto expected = model.find({sample.name, labels_of(sample)});
      fuzz::demand(expected != model.end(), "no series but those that were made");
      fuzz::demand(expected->second == sample.value, "every value is what was done");
      ++found;
    }
  }
  fuzz::demand(found == model.size(), "every series that was made is there");
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 8;
  Decisions decide(fuzz::text_of(data, size));
  promlite::Registry registry;
  auto counter = registry.counter<std::uint64_t>("c_total", "C.", {"a", "b"}, promlite::max_series(most));
  auto gauge = registry.gauge("g", "G.", {"a"}, promlite::max_series(most));
  auto histogram =
      registry.histogram("h", "H.", {"a"}, promlite::buckets({1, 2}), promlite::max_series(most));
  Model model;
  const std::string overflow(promlite::overflow_label_value);
  std::map<std::string, std::map<std::vector<std::string>, bool>> series;
  // The labels of the series that a look-up of these values gets.
  const auto look_up = [&](const std::string& family, std::vector<std::string> values) {
    auto& there = series[family];
    const std::vector<std::string> rest(values.size(), overflow);
    if (there.count(values) == 0 && values != rest) {
      std::size_t count = there.size() - there.count(rest);
      if (count >= most) values = rest;
    }
    there[values] = true;
    values.resize(3);
    return values;
  };
  for (int step = 0; step < 64 && decide.more(); ++step) {
    const unsigned action = decide.next(6);
    const std::string_view a = decide.text();
    if (action == 0) {
      const std::string_view b = decide.text();
      const unsigned amount = decide.next(256);
      counter.with(a, b).inc(amount);
      model[{"c_total", look_up("c", {repaired(a), repaired(b)})}] += amount;
    } else if (action == 1) {
      const double value = static_cast<double>(decide.next(256)) - 128;
      gauge.with(a).set(value);
      model[{"g", look_up("g", {repaired(a)})}] = value;
    } else if (action == 2) {
      const double value = decide.next(4);
      histogram.with(a).observe(value);
      std::vector<std::string> labels = look_up("h", {repaired(a)});
      model[{"h_sum", labels}] += value;
      model[{"h_count", labels}] += 1;
      for (const auto& [bound, text] : {std::pair{1.0, "1"}, {2.0, "2"}, {4.0, "+Inf"}}) {
        labels[2] = text;
        model[{"h_bucket", labels}] += value <= bound ? 1 : 0;
      }
    } else if (action == 3) {
      const std::vector<std::string> values{repaired(a)};
      const bool there = series["g"].count(values) != 0 && values[0] != overflow;
      fuzz::demand(gauge.remove(a) == there, "what is there can be removed, once");
      if (!there) continue;
      series["g"].erase(values);
      model.erase({"g", {values[0], "", ""}});
    } else {
      counter.with(a, a);
      model[{"c_total", look_up("c", {repaired(a), repaired(a)})}] += 0;
    }
  }
  const auto text = promlite::parse_text(promlite::to_text(registry));
  fuzz::demand(static_cast<bool>(text), "the text format is read");
  compare(*text, model);
  const auto openmetrics = promlite::parse_openmetrics(promlite::to_openmetrics(registry));
  fuzz::demand(static_cast<bool>(openmetrics), "OpenMetrics is read");
  compare(*openmetrics, model);
  return 0;
}
