// promlite: fuzz target: what a Pushgateway, or whoever sits in its place, answers.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_response.hpp>
#include <promlite/transport/quote.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"

using promlite::detail::HttpResponseParser;

static std::string outcome(HttpResponseParser& parser) {
  const bool ended = parser.end();
  std::string out = std::to_string(static_cast<int>(parser.state())) + (ended ? " ended " : " cut ") +
                    std::to_string(parser.status());
  return out + "\n" + parser.location() + "\n" + parser.body();
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 16 + 1;  // the first byte says how the others are cut
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  HttpResponseParser whole;
  whole.feed(bytes);
  HttpResponseParser pieces;
  for (std::size_t at = 0; at < bytes.size(); at += piece) pieces.feed(bytes.substr(at, piece));
  const std::string expected = outcome(whole);
  fuzz::demand(expected == outcome(pieces), "the outcome does not depend on how the bytes were cut");
  fuzz::demand(whole.body().size() <= bytes.size(), "the body is no longer than what came");
  const int status = whole.status();
  fuzz::demand(status == 0 || (status >= 100 && status <= 999), "a status has three digits");
  return 0;
}
