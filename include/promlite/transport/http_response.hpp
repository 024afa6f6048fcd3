// promlite: HTTP/1.1 responses read: a pure function over bytes.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_RESPONSE_HPP
#define PROMLITE_TRANSPORT_HTTP_RESPONSE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/query.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Reads one response as its bytes come, in pieces of any size: the outcome does not depend on how they were
/// cut. It keeps what it is given, so who gives sets the bound. A client that asks once and closes can be
/// lenient where a server must not be: a bare LF ends a line (RFC 9112 section 2.2), and a Content-Length
/// that is no number means that the body ends with the connection.
class HttpResponseParser {
 public:
  enum class State : unsigned char { head, body, complete, failed };

  /// Throws std::bad_alloc.
  PROMLITE_COLD State feed(std::string_view bytes) {
    while (!bytes.empty() && step_ != Step::complete && step_ != Step::failed) {
      if (step_ == Step::sized || step_ == Step::until_end || step_ == Step::chunk) {
        take_body(bytes);
      } else {
        take_text(bytes);
      }
    }
    return state();
  }

  /// The connection has ended: true when that is where the response ends, too.
  bool end() noexcept {
    if (step_ == Step::until_end) step_ = Step::complete;
    return step_ == Step::complete;
  }

  State state() const noexcept {
    if (step_ == Step::complete) return State::complete;
    if (step_ == Step::failed) return State::failed;
    return step_ == Step::status_line || step_ == Step::field ? State::head : State::body;
  }
  /// 0 until the head has come.
  int status() const noexcept { return state() == State::head ? 0 : status_; }
  const std::string& body() const noexcept { return body_; }
  std::string& body() noexcept { return body_; }
  const std::string& location() const noexcept { return location_; }
  /// After a failure, or in the middle of a line: what could not be read.
  const std::string& line() const noexcept { return line_; }

 private:
  enum class Step : unsigned char {
    status_line,
    field,
    sized,      // a body of left_ bytes
    until_end,  // a body that ends with the connection
    chunk_size,
    chunk,  // left_ bytes of one
    chunk_end,
    trailer,
    complete,
    failed
  };

  void take_body(std::string_view& bytes) {
    std::size_t size = bytes.size();
    if (step_ != Step::until_end && left_ < size) size = static_cast<std::size_t>(left_);
    body_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (step_ == Step::until_end) return;
    left_ -= size;
    if (left_ == 0) step_ = step_ == Step::sized ? Step::complete : Step::chunk_end;
  }

  void take_text(std::string_view& bytes) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    // What is no HTTP is told at once, whether or not it has lines.
    if (step_ == Step::status_line && !starts_as_status_line()) return fail();
    if (end == std::string_view::npos) return;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    take_line(line_);
    if (step_ != Step::failed) line_.clear();
  }

  void fail() noexcept { step_ = Step::failed; }

  bool starts_as_status_line() const noexcept {
    constexpr std::string_view start = "HTTP/1.";
    const std::size_t size = line_.size() < start.size() ? line_.size() : start.size();
    return std::string_view(line_).substr(0, size) == start.substr(0, size);
  }

  void take_line(std::string_view line) {
    switch (step_) {
      case Step::status_line:
        return take_status_line(line);
      case Step::field:
        return line.empty() ? end_head() : take_field(line);
      case Step::chunk_size:
        return take_chunk_size(line);
      case Step::chunk_end:
        if (!line.empty()) return fail();
        step_ = Step::chunk_size;
        return;
      case Step::trailer:
        if (line.empty()) step_ = Step::complete;
        return;
      default:
        return;
    }
  }

  // RFC 9112 section 4: `HTTP/1.1 200 OK`; the reason may be missing.
  void take_status_line(std::string_view line) noexcept {
    if (line.size() < 12 || line[7] < '0' || line[7] > '9' || line[8] != ' ' ||
        (line.size() > 12 && line[12] != ' ')) {
      return fail();
    }
    int status = 0;
    for (const char c : line.substr(9, 3)) {
      if (c < '0' || c > '9') return fail();
      status = status * 10 + (c - '0');
    }
    if (status < 100) return fail();
    status_ = status;
    chunked_ = sized_ = false;
    location_.clear();
    step_ = Step::field;
  }

  void take_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    if (equals_ignoring_case(name, "content-length")) {
      sized_ = parse_length(value);
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      chunked_ = chunked_ || list_holds(value, "chunked");
    } else if (equals_ignoring_case(name, "location")) {
      location_ = value;
    }
  }

  bool parse_length(std::string_view value) noexcept {
    left_ = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return false;
      const auto digit = static_cast<std::uint64_t>(c - '0');
      left_ = left_ > (UINT64_MAX - digit) / 10 ? UINT64_MAX : left_ * 10 + digit;
    }
    return !value.empty();
  }

  // RFC 9112 section 6.3. An interim response (1xx) is followed by another one.
  void end_head() noexcept {
    if (status_ < 200) {
      step_ = Step::status_line;
    } else if (status_ == 204 || status_ == 304) {
      step_ = Step::complete;
    } else if (chunked_) {
      step_ = Step::chunk_size;
    } else if (sized_) {
      step_ = left_ == 0 ? Step::complete : Step::sized;
    } else {
      step_ = Step::until_end;
    }
  }

  // RFC 9112 section 7.1: hexadecimal digits, then perhaps extensions.
  void take_chunk_size(std::string_view line) noexcept {
    left_ = 0;
    std::size_t digits = 0;
    for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits) {
      if (left_ >> 60 != 0) return fail();
      left_ = left_ * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
    }
    if (digits == 0) return fail();
    step_ = left_ == 0 ? Step::trailer : Step::chunk;
  }

  Step step_ = Step::status_line;
  bool chunked_ = false;
  bool sized_ = false;
  int status_ = 0;
  std::uint64_t left_ = 0;
  std::string line_;
  std::string location_;
  std::string body_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_RESPONSE_HPP
