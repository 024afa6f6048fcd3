// promlite: HTTP/1.1 messages as functions over bytes: request heads read, response heads written.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_MESSAGE_HPP
#define PROMLITE_TRANSPORT_HTTP_MESSAGE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

enum class HttpMethod : unsigned char { get, head, options, other };

/// What a request's head may take; beyond it the request fails with 414 or 431.
struct HttpLimits {
  std::size_t head_bytes = 8192;
  std::size_t target_bytes = 2048;
  std::size_t header_lines = 64;
};

/// A request's head. The views point into the bytes that were given to the parser.
struct HttpRequest {
  HttpMethod method = HttpMethod::other;
  int minor_version = 1;
  bool keep_alive = true;
  std::string_view path;
  std::string_view query;           ///< behind the first '?', as it came
  std::string_view authorization;   ///< empty too when the header is there more than once
  std::string_view scrape_timeout;  ///< X-Prometheus-Scrape-Timeout-Seconds
  std::string accept_encoding;      ///< all Accept-Encoding lines, likewise
  std::string accept;               ///< all Accept lines, joined by commas (RFC 9110 section 5.3)
};

/// tchar of RFC 9110 section 5.6.2.
inline bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::memchr("!#$%&'*+-.^_`|~", c, 15) != nullptr;
}

inline std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// True when the comma-separated `list` holds `lower`, without regard to case.
inline bool list_holds(std::string_view list, std::string_view lower) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equals_ignoring_case(trim_blanks(list.substr(0, comma)), lower)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

/// Reads the head of one request from a growing run of bytes. Each line is judged when its line feed has come
/// and only by what stands before it, so the outcome does not depend on how the bytes were cut into pieces;
/// every byte is looked for once. Nothing is guessed: what RFC 9112 does not allow fails with 400, and so
/// does any body, because a server that reads none must not take one for the next request.
class HttpRequestParser {
 public:
  enum class State : unsigned char { incomplete, complete, failed };

  explicit HttpRequestParser(const HttpLimits& limits) noexcept : limits_(limits) {}

  /// Forgets everything: the next parse() begins a request.
  void reset() noexcept {
    state_ = State::incomplete;
    status_ = 0;
    line_start_ = scanned_ = header_lines_ = 0;
    hosts_ = 0;
    has_request_line_ = close_ = persist_ = authorized_twice_ = false;
    request_.authorization = request_.scrape_timeout = {};
    request_.accept.clear();
    request_.accept_encoding.clear();
  }

  /// `bytes` is all that has come since reset(), at the same address each time. Throws std::bad_alloc.
  State parse(std::string_view bytes) {
    while (state_ == State::incomplete) {
      const std::size_t found = bytes.find('\n', scanned_);
      const std::size_t end = found == std::string_view::npos ? bytes.size() : found;
      if (!has_request_line_ && end >= longest_request_line()) return fail(414);
      if (end >= limits_.head_bytes) return fail(431);
      if (found == std::string_view::npos) {
        scanned_ = end;
        break;
      }
      std::string_view line = bytes.substr(line_start_, end - line_start_);
      scanned_ = line_start_ = end + 1;
      // RFC 9112 section 2.2 lets a server take a bare line feed for a line's end; two servers that
      // disagree about it can be made to see different requests.
      if (line.empty() || line.back() != '\r') return fail(400);
      line.remove_suffix(1);
      take_line(line);
    }
    return state_;
  }

  State state() const noexcept { return state_; }
  /// 400, 414, 417 or 431 after a failure.
  int status() const noexcept { return status_; }
  /// Length of the head, with its empty line, when complete.
  std::size_t size() const noexcept { return line_start_; }
  const HttpRequest& request() const noexcept { return request_; }

 private:
  PROMLITE_COLD State fail(int status) noexcept {
    status_ = status;
    return state_ = State::failed;
  }

  // Room for a method and a version beside the target.
  std::size_t longest_request_line() const noexcept {
    const std::size_t longest = limits_.target_bytes + 64;
    return longest < limits_.head_bytes ? longest : limits_.head_bytes;
  }

  void take_line(std::string_view line) {
    if (!has_request_line_) {
      // RFC 9112 section 2.2: one empty line before the request line is ignored. It ends behind its CR LF.
      if (line_start_ == 2) return;
      has_request_line_ = true;
      take_request_line(line);
    } else if (line.empty()) {
      finish();
    } else if (++header_lines_ > limits_.header_lines) {
      fail(431);
    } else {
      take_header(line);
    }
  }

  // RFC 9112 section 3: method SP target SP version, with single spaces.
  void take_request_line(std::string_view line) {
    const std::size_t space = line.find(' ');
    // Behind npos is the beginning: there is no space from there on either.
    const std::size_t next = line.find(' ', space + 1);
    if (space == 0 || next == std::string_view::npos) return void(fail(400));
    const std::string_view method = line.substr(0, space);
    for (const char c : method) {
      if (!is_token_char(c)) return void(fail(400));
    }
    request_.method = method == "GET"       ? HttpMethod::get
                      : method == "HEAD"    ? HttpMethod::head
                      : method == "OPTIONS" ? HttpMethod::options
                                            : HttpMethod::other;
    const std::string_view version = line.substr(next + 1);
    if (version.size() != 8 || version.substr(0, 7) != "HTTP/1." || version[7] < '0' || version[7] > '9') {
      return void(fail(400));
    }
    request_.minor_version = version[7] == '0' ? 0 : 1;
    take_target(line.substr(space + 1, next - space - 1));
  }

  // RFC 9112 section 3.2: origin-form, and absolute-form, which a server must take; `*` for OPTIONS.
  void take_target(std::string_view target) {
    if (target.size() > limits_.target_bytes) return void(fail(414));
    for (const char c : target) {
      if (c <= ' ' || c >= 0x7f || c == '#') return void(fail(400));
    }
    if (equals_ignoring_case(target.substr(0, 7), "http://") && target.size() > 7) {
      const std::size_t end = target.find_first_of("/?", 7);
      if (end == 7) return void(fail(400));
      target.remove_prefix(end == std::string_view::npos ? target.size() : end);
    } else if (target.substr(0, 1) != "/" && !(target == "*" && request_.method == HttpMethod::options)) {
      return void(fail(400));
    }
    const std::size_t mark = target.find('?');
    request_.path = target.substr(0, mark);
    if (request_.path.empty()) request_.path = "/";
    request_.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  }

  // RFC 9112 section 5: no white space before the colon, no folding, no control character in a value.
  void take_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return void(fail(400));
    const std::string_view name = line.substr(0, colon);
    for (const char c : name) {
      if (!is_token_char(c)) return void(fail(400));
    }
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    for (const char c : value) {
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return void(fail(400));
    }
    take_field(name, value);
  }

  void take_field(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 4:
        if (equals_ignoring_case(name, "host")) take_host(value);
        break;
      case 6:
        if (equals_ignoring_case(name, "accept")) {
          join(request_.accept, value);
        } else if (equals_ignoring_case(name, "expect") && !equals_ignoring_case(value, "100-continue")) {
          fail(417);
        }
        break;
      case 10:
        if (equals_ignoring_case(name, "connection")) {
          close_ = close_ || list_holds(value, "close");
          persist_ = persist_ || list_holds(value, "keep-alive");
        }
        break;
      case 13:
        if (equals_ignoring_case(name, "authorization")) {
          authorized_twice_ = authorized_twice_ || !request_.authorization.empty();
          request_.authorization = value;
        }
        break;
      case 14:
        if (equals_ignoring_case(name, "content-length")) take_content_length(value);
        break;
      case 15:
        if (equals_ignoring_case(name, "accept-encoding")) join(request_.accept_encoding, value);
        break;
      case 17:
        if (equals_ignoring_case(name, "transfer-encoding")) fail(400);
        break;
      case 35:
        if (equals_ignoring_case(name, "x-prometheus-scrape-timeout-seconds"))
          request_.scrape_timeout = value;
        break;
      default:
        break;
    }
  }

  // RFC 9110 section 5.3.
  static void join(std::string& list, std::string_view value) {
    if (!list.empty()) list += ',';
    list += value;
  }

  // RFC 9112 section 3.2: a second Host, or one that cannot be a host, is an error.
  void take_host(std::string_view value) noexcept {
    for (const char c : value) {
      if (c <= ' ' || c >= 0x7f || std::memchr("\"#/<>?@\\^`{|}", c, 13) != nullptr) return void(fail(400));
    }
    if (++hosts_ > 1) fail(400);
  }

  // RFC 9112 section 6.3: only digits are a length. Zero is the one that announces no body.
  void take_content_length(std::string_view value) noexcept {
    if (value.empty()) return void(fail(400));
    for (const char c : value) {
      if (c != '0') return void(fail(400));
    }
  }

  // RFC 9112 section 9.3.
  void finish() noexcept {
    if (request_.minor_version >= 1 && hosts_ == 0) return void(fail(400));
    request_.keep_alive = !close_ && (request_.minor_version >= 1 || persist_);
    if (authorized_twice_) request_.authorization = {};
    state_ = State::complete;
  }

  HttpLimits limits_;
  HttpRequest request_;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  std::size_t header_lines_ = 0;
  unsigned hosts_ = 0;
  int status_ = 0;
  State state_ = State::incomplete;
  bool has_request_line_ = false;
  bool close_ = false;
  bool persist_ = false;
  bool authorized_twice_ = false;
};

inline const char* reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

/// What a response's head says.
struct HttpResponseHead {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::size_t content_length = 0;
  std::string_view extra;    ///< whole lines, each with its CR LF
  std::string_view headers;  ///< likewise
  bool keep_alive = true;
  int minor_version = 1;  ///< of the request
};

/// The most that write_response_head() writes beside `content_type`, `extra` and `headers`.
constexpr std::size_t max_response_head = 256;

/// Writes the head with its empty line; needs max_response_head + content_type + extra + headers of room.
/// Returns the end.
inline char* write_response_head(char* to, const HttpResponseHead& head) noexcept {
  const auto put = [&to](std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    to += text.size();
  };
  if (PROMLITE_LIKELY(head.status == 200)) {
    put("HTTP/1.1 200 OK\r\nContent-Type: ");
  } else {
    put("HTTP/1.1 ");
    to = write_number(to, static_cast<std::uint64_t>(head.status));
    put(" ");
    put(reason_phrase(head.status));
    put("\r\nContent-Type: ");
  }
  put(head.content_type);
  put("\r\nContent-Length: ");
  to = write_number(to, static_cast<std::uint64_t>(head.content_length));
  put("\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n");
  if (!head.extra.empty()) put(head.extra);
  if (!head.headers.empty()) put(head.headers);
  if (!head.keep_alive) {
    put("Connection: close\r\n");
  } else if (head.minor_version == 0) {
    put("Connection: keep-alive\r\n");
  }
  put("\r\n");
  return to;
}

/// Seconds as Prometheus writes them (`10`, `0.5`: digits, at most one point, no exponent) to whole
/// milliseconds; 0 for anything else, for zero, and for more than 10^9 seconds.
inline std::int64_t parse_scrape_timeout(std::string_view text) noexcept {
  std::int64_t milliseconds = 0;
  std::int64_t unit = 0;  // what the next digit behind the point is worth; 0 before the point
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      unit = 100;
    } else if (c >= '0' && c <= '9') {
      if (point) {
        milliseconds += (c - '0') * unit;
        unit /= 10;
      } else {
        milliseconds = milliseconds * 10 + (c - '0') * 1000;
        if (milliseconds > 1000000000000) return 0;
      }
    } else {
      return 0;
    }
  }
  return milliseconds;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_MESSAGE_HPP
