// promlite: fuzz target: the head of a request, and the filter in its query.
// SPDX-License-Identifier: MIT
#include <promlite/desc.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/query.hpp>

#include <string>
#include <string_view>

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
  if (whole.state() == HttpRequestParser::State::complete) {
    fuzz::demand(whole.size() <= size, "the head is no longer than the bytes");
    promlite::NameFilter filter;
    promlite::detail::parse_filter(whole.request().query, filter);
    filter.matches("a_total", promlite::MetricType::counter);
  }
  return 0;
}
