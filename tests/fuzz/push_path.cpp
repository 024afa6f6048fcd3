// promlite: fuzz target: the grouping key in a push's path, read as a Pushgateway reads it.
// SPDX-License-Identifier: MIT
#include <promlite/transport/push_path.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "support/utf8_reference.hpp"

using Labels = std::vector<std::pair<std::string, std::string>>;

static std::string decoded(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = digits.find(c);
    fuzz::demand(digit != std::string_view::npos, "base64 is made of its digits");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
  }
  return out;
}

// Names and values by turns, behind "/metrics".
static Labels read(std::string_view path) {
  fuzz::demand(path.substr(0, 9) == "/metrics/", "the path begins with /metrics/");
  path.remove_prefix(9);
  std::vector<std::string_view> segments;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('/');
    segments.push_back(path.substr(0, end));
    fuzz::demand(!segments.back().empty() && segments.back() != "." && segments.back() != "..",
                 "no segment is lost when slashes are joined and dots cleaned away");
    if (end != std::string_view::npos) path.remove_prefix(end + 1);
  }
  fuzz::demand(segments.size() % 2 == 0, "every name has a value");
  Labels labels;
  for (std::size_t i = 0; i < segments.size(); i += 2) {
    const std::size_t encoding = segments[i].find("@base64");
    const std::string_view value = segments[i + 1];
    labels.emplace_back(segments[i].substr(0, encoding),
                        encoding == std::string_view::npos ? std::string(value) : decoded(value));
  }
  return labels;
}

// A text of the input, which begins with its length.
static std::string_view take(std::string_view& input) {
  if (input.empty()) return {};
  const std::size_t size = static_cast<unsigned char>(input[0]) % 24;
  const std::string_view text = input.substr(1, size);
  input.remove_prefix(1 + text.size());
  return text;
}

static bool can_be_value(std::string_view value) {
  return test::is_utf8(value) && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

static bool can_be_name(std::string_view name) {
  constexpr std::string_view first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  return !name.empty() && first.find(name[0]) != std::string_view::npos && name.substr(0, 2) != "__" &&
         name.find_first_not_of(std::string(first) + "0123456789") == std::string_view::npos;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  promlite::detail::GroupingKey key;
  const std::string_view job = take(input);
  const std::string error = key.set_job(job);
  fuzz::demand(error.empty() == (!job.empty() && can_be_value(job)), "a job is text of one line");
  if (!error.empty()) return 0;
  Labels expected{{"job", std::string(job)}};
  for (int i = 0; i < 4 && !input.empty(); ++i) {
    const std::string_view name = take(input);
    const std::string_view value = take(input);
    const bool twice =
        std::any_of(expected.begin(), expected.end(), [&](const auto& label) { return label.first == name; });
    const bool added = key.add(name, value).empty();
    fuzz::demand(added == (can_be_name(name) && can_be_value(value) && !twice), "what can be a label is one");
    if (added) expected.emplace_back(name, value);
  }
  const std::string path = key.path();
  for (const char c : path) {
    fuzz::demand(c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '%',
                 "a path holds what a path can hold");
  }
  fuzz::demand(read(path) == expected, "the gateway reads what was meant");
  return 0;
}
