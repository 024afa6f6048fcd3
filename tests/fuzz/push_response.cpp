// promlite: fuzz target: what a Pushgateway, or whoever sits in its place, answers.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_response.hpp>
#include <promlite/transport/quote.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
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

/// A response with the input as its body, framed in one of the ways of RFC 9112 section 6.3, is understood.
static void check_framing(std::size_t choice, std::string_view body) {
  const std::size_t framing = choice % 3, piece = choice / 3 + 1;
  const int status = 200 + static_cast<int>(choice);
  std::string response = "HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\nHTTP/1.1 " +
                         std::to_string(status) + " Because\r\nLocation: /" + std::to_string(choice) + "\r\n";
  if (framing == 0) {
    response +=
        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body) + "behind it";
  } else if (framing == 1) {
    response += "\r\n" + std::string(body);
  } else {
    response += "transfer-encoding: gzip, Chunked\r\ncontent-length: 1\r\n\r\n";
    for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
      const std::string_view chunk = rest.substr(0, piece);
      char size[24];
      std::snprintf(size, sizeof size, "%zX", chunk.size());
      response += std::string(size) + "; a=b\r\n" + std::string(chunk) + "\r\n";
    }
    response += "00\r\nTrailer: x\r\n\r\nbehind it";
  }
  const bool no_body = status == 204;
  for (std::size_t size = response.size(); size + 12 > response.size(); --size) {
    HttpResponseParser parser;
    parser.feed(std::string_view(response).substr(0, size));
    const bool ended = parser.end();
    if (size < response.size()) {
      fuzz::demand(!ended || parser.body().size() <= body.size(), "what is cut is not more");
      continue;
    }
    fuzz::demand(ended && parser.status() == status, "a response ends where it says");
    fuzz::demand(parser.location() == "/" + std::to_string(choice), "it has its location");
    fuzz::demand(parser.body() == (no_body ? std::string_view() : body), "its body is what was sent");
  }
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
  fuzz::demand(whole.location().find('\n') == std::string::npos, "a location is of one line");
  const int status = whole.status();
  fuzz::demand(status == 0 || (status >= 100 && status <= 999), "a status has three digits");
  check_framing(data[0] % 96, bytes);
  return 0;
}
