// promlite: fuzz target: the head of a request, and the filter in its query.
// SPDX-License-Identifier: MIT
#include <promlite/desc.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/query.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.hpp"

using promlite::detail::HttpLimits;
using promlite::detail::HttpRequestParser;

static std::string outcome(const HttpRequestParser& parser) {
  const auto& request = parser.request();
  std::string out =
      std::to_string(static_cast<int>(parser.state())) + " " + std::to_string(parser.status()) + " ";
  if (parser.state() != HttpRequestParser::State::complete) return out;
  for (const std::string_view part : {request.path, request.query, request.authorization,
                                      request.scrape_timeout, std::string_view(request.accept)}) {
    out.append(part).push_back('\n');
  }
  return out + std::to_string(static_cast<int>(request.method)) + std::to_string(request.minor_version) +
         (request.keep_alive ? "k" : "c") + std::to_string(parser.size());
}

static std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

static std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string()
             : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// The lines of a head that was taken: no byte in it can be understood in two ways.
static void check_lines(std::string_view head, const promlite::detail::HttpRequest& request) {
  fuzz::demand(head.size() >= 4 && head.substr(head.size() - 4) == "\r\n\r\n",
               "a head ends with an empty line");
  std::vector<std::string> lines;
  for (std::size_t end; (end = head.find("\r\n")) != std::string_view::npos; head.remove_prefix(end + 2)) {
    const std::string_view line = head.substr(0, end);
    fuzz::demand(std::none_of(line.begin(), line.end(),
                              [](char c) { return std::memchr("\r\n\0\x7f", c, 4) != nullptr; }),
                 "no line holds what could end it elsewhere");
    if (!line.empty() || !lines.empty()) lines.emplace_back(line);
  }
  fuzz::demand(head.empty() && lines.back().empty(), "and nothing follows it");
  lines.pop_back();
  const std::string& first = lines.front();
  fuzz::demand(std::count(first.begin(), first.end(), ' ') == 2, "a request line has three parts");
  const std::string version = first.substr(first.rfind(' ') + 1);
  fuzz::demand(version.size() == 8 && version.compare(0, 7, "HTTP/1.") == 0, "it is HTTP/1");
  std::string accept, encoding, timeout;
  std::size_t hosts = 0;
  for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
    const std::size_t colon = line->find(':');
    fuzz::demand(colon != std::string::npos && line->find_first_of(" \t\"(),/;<=>?@[\\]{}") > colon,
                 "a header's name is a token");
    const std::string name = lower(line->substr(0, colon)), value = trimmed(line->substr(colon + 1));
    if (name == "host") ++hosts;
    fuzz::demand(name != "transfer-encoding", "no body is announced by its encoding");
    fuzz::demand(
        name != "content-length" || (!value.empty() && value.find_first_not_of('0') == std::string::npos),
        "nor by its length");
    if (name == "accept") accept += (accept.empty() ? "" : ",") + value;
    if (name == "accept-encoding") encoding += (encoding.empty() ? "" : ",") + value;
    if (name == "x-prometheus-scrape-timeout-seconds") timeout = value;
  }
  fuzz::demand(hosts == 1 || (hosts == 0 && version == "HTTP/1.0"), "there is one host");
  fuzz::demand(
      request.accept == accept && request.accept_encoding == encoding && request.scrape_timeout == timeout,
      "the values are those of the lines");
}

static std::string decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string digits = lower(text.substr(1, 2));
    const bool escape = text[0] == '%' && digits.size() == 2 &&
                        digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    out += escape ? static_cast<char>(std::stoi(digits, nullptr, 16)) : text[0] == '+' ? ' ' : text[0];
    text.remove_prefix(escape ? 3 : 1);
  }
  return out;
}

/// `name[]=NAME&name[]=NAME`: asks for these, for nothing with an empty one, for all without any.
static void check_filter(std::string_view query) {
  promlite::NameFilter filter;
  const bool taken = promlite::detail::parse_filter(query, filter);
  std::vector<std::string> names;
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) == "name[]")
      names.push_back(decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  fuzz::demand(taken == (names.size() <= promlite::detail::max_filter_names), "a filter has a bound");
  if (!taken) return;
  const std::string other(1000, 'n');  // no target has room for it
  names.push_back(other);
  for (const std::string& name : names) {
    const bool asked = names.size() == 1 || (name != other && !name.empty());
    fuzz::demand(filter.matches(name, promlite::MetricType::gauge) == asked,
                 "what was asked for, and no more");
  }
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  HttpLimits limits;  // within reach of short inputs
  limits.head_bytes = 512;
  limits.target_bytes = 128;
  limits.header_lines = 8;
  HttpRequestParser whole(limits);
  whole.parse(bytes);
  HttpRequestParser pieces(limits);
  for (std::size_t end = 0; end <= size && pieces.state() == HttpRequestParser::State::incomplete; ++end) {
    pieces.parse(bytes.substr(0, end));
  }
  fuzz::demand(outcome(whole) == outcome(pieces), "the outcome does not depend on how the bytes were cut");
  const int status = whole.status();
  fuzz::demand((whole.state() == HttpRequestParser::State::failed) ==
                   (status == 400 || status == 414 || status == 417 || status == 431),
               "a failure has a status");
  if (whole.state() == HttpRequestParser::State::incomplete) {
    fuzz::demand(size < limits.head_bytes, "what is too long is not waited for");
  } else if (whole.state() == HttpRequestParser::State::complete) {
    fuzz::demand(whole.size() <= limits.head_bytes && whole.size() <= size,
                 "the head is no longer than the bytes");
    check_lines(bytes.substr(0, whole.size()), whole.request());
    check_filter(whole.request().query);
    // The next request on the connection begins where this one ends.
    HttpRequestParser next(limits), alone(limits);
    next.parse(bytes);
    next.reset();
    next.parse(bytes.substr(whole.size()));
    alone.parse(bytes.substr(whole.size()));
    fuzz::demand(outcome(next) == outcome(alone), "a request leaves nothing to the next one");
  }
  return 0;
}
