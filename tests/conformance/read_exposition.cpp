// promlite: shows what the readers of expositions make of a text, for the Python tests beside this.
// SPDX-License-Identifier: MIT
// unsanitized: what looks at it is the readers of others, whose time it is
//
// read_exposition text|openmetrics|lint < TEXTS    TEXTS: 8 bytes with the length of each (big-endian), then
// the text A line of JSON for each: {"error": "..."}, or {"families": [...]} with strings as hexadecimal
// bytes and doubles as the hexadecimal digits of their bits, or [["metric", "problem"], ...].
#include <promlite/core.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/parser.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

static std::string hex(std::string_view text) {
  static const char* const digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out + "\"";
}

static std::string number(double value) {
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"",
                static_cast<unsigned long long>(promlite::detail::bits_of(value)));
  return text;
}
static std::string number(const std::optional<double>& value) { return value ? number(*value) : "null"; }

template <class Items, class Show>
static std::string list(const Items& items, const Show& show) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + show(item);
  return "[" + out + "]";
}

static std::string show(const std::vector<promlite::ParsedLabel>& labels) {
  return list(labels, [](const promlite::ParsedLabel& label) {
    return "[" + hex(label.name) + "," + hex(label.value) + "]";
  });
}

static std::string show(const promlite::ParsedSample& sample) {
  const auto& exemplar = sample.exemplar;
  return "[" + hex(sample.name) + "," + show(sample.labels) + "," + number(sample.value) + "," +
         number(sample.timestamp) + "," +
         (exemplar ? "[" + show(exemplar->labels) + "," + number(exemplar->value) + "," +
                         number(exemplar->timestamp) + "]"
                   : "null") +
         "]";
}

static std::string show(const promlite::Expected<promlite::Exposition>& parsed) {
  if (!parsed) return "{\"error\":" + hex(parsed.message()) + "}";
  return "{\"families\":" +
         list(parsed->families,
              [](const promlite::ParsedFamily& family) {
                return "{\"name\":" + hex(family.name) + ",\"help\":" + hex(family.help) +
                       ",\"unit\":" + hex(family.unit) + ",\"type\":\"" +
                       promlite::detail::type_name(family.type) + "\",\"samples\":" +
                       list(family.samples,
                            [](const promlite::ParsedSample& sample) { return show(sample); }) +
                       "}";
              }) +
         "}";
}

int main(int argc, char** argv) {
  const std::string mode = argc == 2 ? argv[1] : "";
  unsigned char head[8];
  std::string text;
  while (std::fread(head, 1, sizeof head, stdin) == sizeof head) {
    std::uint64_t size = 0;
    for (const unsigned char byte : head) size = size << 8 | byte;
    text.resize(size);
    if (std::fread(&text[0], 1, text.size(), stdin) != text.size()) return 1;
    std::string line;
    if (mode == "text") {
      line = show(promlite::parse_text(text));
    } else if (mode == "openmetrics") {
      line = show(promlite::parse_openmetrics(text));
    } else if (mode == "lint") {
      line = list(promlite::lint(std::string_view(text)), [](const promlite::LintProblem& problem) {
        return "[" + hex(problem.metric) + "," + hex(problem.text) + "]";
      });
    } else {
      return 2;
    }
    std::puts(line.c_str());
  }
  return 0;
}
