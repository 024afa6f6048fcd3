// promlite: fuzz target: operations on a registry; what it exposes in each format is read again, is what was
// done, and is written as it was.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/as_written.hpp"
#include "fuzz/fuzz.hpp"
#include "support/protobuf_reader.hpp"
#include "support/utf8_reference.hpp"

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
    const unsigned size = next(24);
    if (size == 20) return promlite::overflow_label_value;
    if (size > 20)
      return size == 21   ? "\"} 1\nevil 1"
             : size == 22 ? "\\\"\\n\n\r\\"
                          : "\xF0\x90\x80\xF4\x90\x80\x80\xED\xA0\x80";
    const std::string_view taken = input_.substr(0, size);
    input_.remove_prefix(taken.size());
    return taken;
  }
  double any_double() {
    char bytes[sizeof(double)] = {};
    for (char& byte : bytes) byte = static_cast<char>(next(256));
    double value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }

 private:
  std::string_view input_;
};

using Labels = std::map<std::string, std::string>;
/// What must be exposed, by sample names and labels.
using Samples = std::map<std::pair<std::string, Labels>, double>;

/// What the registry must hold: which series there are, what they hold, and what was counted about them.
class Model {
 public:
  static constexpr std::size_t most = 8;  // series of a family

  /// The labels of the series that a look-up of these values gets.
  Labels look_up(const std::string& family, const std::vector<std::string_view>& given) {
    std::vector<std::string> values;
    bool good = true;
    for (const std::string_view value : given) {
      values.push_back(test::repaired_utf8(value));
      good = good && values.back() == value;
    }
    if (!good) count("promlite_repaired_label_values_total", family);
    auto& there = series_[family];
    const std::vector<std::string> rest(values.size(), std::string(promlite::overflow_label_value));
    if (there.count(values) == 0 && values != rest && there.size() - there.count(rest) >= most) {
      values = rest;
      count("promlite_overflowed_updates_total", family);
    }
    there[values] = true;
    Labels labels{{"a", values[0]}};
    if (values.size() > 1) labels.emplace("b", values[1]);
    return labels;
  }
  bool remove(const std::string& family, std::string_view value) {
    const std::string repaired = test::repaired_utf8(value);
    if (repaired == promlite::overflow_label_value || series_[family].erase({repaired}) == 0) return false;
    samples.erase({family, {{"a", repaired}}});
    return true;
  }
  void refused(const std::string& family) { count("promlite_refused_updates_total", family); }

  Samples samples;

 private:
  void count(const char* what, const std::string& family) { samples[{what, {{"family", family}}}] += 1; }

  std::map<std::string, std::map<std::vector<std::string>, bool>> series_;
};

/// A registry with a family of each kind, and the model of it.
class Session {
 public:
  explicit Session(Decisions& decide) : decide_(decide) { registry_.use_clock(clock_); }

  void step() {
    const std::string_view a = decide_.text();
    switch (decide_.next(9)) {
      case 0:
        return count(a, decide_.text(), decide_.next(256));
      case 1:
        return count(a, a, 0);
      case 2:
        return add(a);
      case 3:
        return set(
            a, decide_.next(2) == 0 ? static_cast<double>(decide_.next(256)) - 128 : decide_.any_double());
      case 4:
        return fuzz::demand(gauge_.remove(a) == model_.remove("g_bytes", a),
                            "what is there can be removed, once");
      case 5:
        return observe(a);
      case 6:
        return summarize(a);
      case 7:
        return set_state(a);
      default:
        return clock_.advance(std::chrono::milliseconds(decide_.next(256)));
    }
  }

  void check() {
    const std::string text = promlite::to_text(registry_), open = promlite::to_openmetrics(registry_);
    const auto read_text = promlite::parse_text(text);
    fuzz::demand(static_cast<bool>(read_text), "the text format is read");
    compare(*read_text);
    fuzz::demand(fuzz::as_written(*read_text, fuzz::Format::text) == text, "text is written as it was read");
    const auto read_open = promlite::parse_openmetrics(open);
    fuzz::demand(static_cast<bool>(read_open), "OpenMetrics is read");
    compare(*read_open);
    fuzz::demand(fuzz::as_written(*read_open, fuzz::Format::openmetrics) == open,
                 "OpenMetrics is written as it was read");
    promlite::Exposition protobuf = test::read_protobuf(promlite::to_protobuf(registry_));
    for (auto& family : protobuf.families) family.unit.clear();
    fuzz::demand(test::show(protobuf) == test::show(*read_text), "protobuf and text say the same");
  }

 private:
  void count(std::string_view a, std::string_view b, unsigned amount) {
    integers_.with(a, b).inc(amount);
    model_.samples[{"c_total", model_.look_up("c_total", {a, b})}] += amount;
  }
  void add(std::string_view a) {
    const unsigned kind = decide_.next(8);
    const double amounts[] = {std::nan(""), -1, std::numeric_limits<double>::infinity()};
    const double amount = kind < 3 ? amounts[kind] : 0.25 * decide_.next(256);
    const auto counter = reals_.with(a);
    kind % 2 == 0 ? counter.inc(amount)
                  : counter.inc(amount, {{"trace", test::repaired_utf8(decide_.text())}});
    double& expected = model_.samples[{"d_seconds_total", model_.look_up("d_seconds_total", {a})}];
    kind < 3 ? model_.refused("d_seconds_total") : void(expected += amount);
  }
  void set(std::string_view a, double value) {
    gauge_.with(a).set(value);
    model_.samples[{"g_bytes", model_.look_up("g_bytes", {a})}] = value;
  }
  void observe(std::string_view a) {
    const std::array<double, 6> values = {0,           0.5, 1, 3, std::numeric_limits<double>::infinity(),
                                          std::nan("")};
    const double value = values[decide_.next(6)];
    const auto histogram = histogram_.with(a);
    decide_.next(2) == 0 ? histogram.observe(value)
                         : histogram.observe(value, {{"trace", test::repaired_utf8(decide_.text())}});
    Labels labels = model_.look_up("h", {a});
    const bool refused = std::isnan(value);
    if (refused) model_.refused("h");
    model_.samples[{"h_sum", labels}] += refused ? 0 : value;
    model_.samples[{"h_count", labels}] += refused ? 0 : 1;
    for (const auto& [bound, text] : {std::pair{0.5, "0.5"}, {2.0, "2"}, {values[4], "+Inf"}}) {
      labels["le"] = text;
      model_.samples[{"h_bucket", labels}] += value <= bound ? 1 : 0;
    }
  }
  void summarize(std::string_view a) {
    const double value = 0.5 * decide_.next(64);
    summary_.with(a).observe(value);
    const Labels labels = model_.look_up("s", {a});
    model_.samples[{"s_sum", labels}] += value;
    model_.samples[{"s_count", labels}] += 1;
  }
  void set_state(std::string_view a) {
    const char* const states[] = {"on", "off", "no state"};
    const unsigned state = decide_.next(3);
    states_.with(a).set(states[state]);
    Labels labels = model_.look_up("m", {a});
    if (state == 2) model_.refused("m");
    for (unsigned i = 0; i < 2; ++i) {
      labels["m"] = states[i];
      double& expected = model_.samples.try_emplace({"m", labels}, i == 0 ? 1 : 0).first->second;
      if (state != 2) expected = state == i ? 1 : 0;
    }
  }

  void compare(const promlite::Exposition& exposition) const {
    std::size_t found = 0;
    for (const auto& family : exposition.families) {
      for (const auto& sample : family.samples) {
        Labels labels;
        for (const auto& label : sample.labels) {
          // OpenMetrics writes whole bounds as 2.0.
          labels[label.name] = label.name == "le" && label.value == "2.0" ? "2" : label.value;
        }
        const auto expected = model_.samples.find({sample.name, labels});
        fuzz::demand(expected != model_.samples.end(), "no series but those that were made");
        fuzz::demand(
            expected->second == sample.value || (std::isnan(expected->second) && std::isnan(sample.value)),
            "every value is what was done");
        ++found;
      }
    }
    fuzz::demand(found == model_.samples.size(), "every series that was made is there");
  }

  Decisions& decide_;
  Model model_;
  promlite::ManualClock clock_{std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000))};
  promlite::Registry registry_;
  promlite::Family<promlite::Counter<std::uint64_t>, 2> integers_ = registry_.counter<std::uint64_t>(
      "c_total", "C \\ \"quoted\"\nlines.", {"a", "b"}, promlite::max_series(Model::most));
  promlite::Family<promlite::Counter<>, 1> reals_ = registry_.counter(
      "d_seconds_total", "", {"a"}, promlite::max_series(Model::most), promlite::unit("seconds"));
  promlite::Family<promlite::Gauge<>, 1> gauge_ =
      registry_.gauge("g_bytes", "G.", {"a"}, promlite::max_series(Model::most), promlite::unit("bytes"));
  promlite::Family<promlite::Histogram, 1> histogram_ =
      registry_.histogram("h", "H.", {"a"}, promlite::buckets({0.5, 2}), promlite::max_series(Model::most));
  promlite::Family<promlite::Summary, 1> summary_ =
      registry_.summary("s", "S.", {"a"}, promlite::max_series(Model::most));
  promlite::Family<promlite::Stateset, 1> states_ =
      registry_.stateset("m", "M.", {"on", "off"}, {"a"}, promlite::max_series(Model::most));
};

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Decisions decide(fuzz::text_of(data, size));
  Session session(decide);
  for (int step = 0; step < 64 && decide.more(); ++step) session.step();
  session.check();
  return 0;
}
