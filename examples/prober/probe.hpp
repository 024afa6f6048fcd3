// prober: one probe of one target, within a deadline.
// SPDX-License-Identifier: MIT
#ifndef PROBER_PROBE_HPP
#define PROBER_PROBE_HPP

#include "expectation.hpp"
#include "result.hpp"
#include "target.hpp"

// What a client is made of. These parts are not promlite's public interface; its HttpClient, which is, does
// not tell how long each phase took.
#include <promlite/transport/http_response.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/resolver.hpp>
#include <promlite/transport/socket.hpp>

#include <promlite/version.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prober {

using Deadline = std::chrono::steady_clock::time_point;

struct HttpSettings {
  std::vector<StatusRange> expect_status = {{200, 299}};
  std::string expect_text;  // must be in the body
  std::uint64_t max_body_bytes = std::uint64_t{1} << 20;
};

/// Measures the phases, and keeps the first failure.
class Probe {
 public:
  explicit Probe(Deadline deadline) {
    limit_.deadline =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.time_since_epoch()).count();
  }

  Result tcp(const ParsedTarget& target) {
    connect(target);
    end_phase();
    return std::move(result_);
  }

  Result http(const ParsedTarget& target, const HttpSettings& settings) {
    if (connect(target) && send(*target.target) && receive(settings)) check(settings);
    end_phase();
    return std::move(result_);
  }

 private:
  using Waited = promlite::detail::Waited;
  using Parser = promlite::detail::HttpResponseParser;

  void begin(Phase phase) {
    end_phase();
    phase_ = phase;
    begun_ = std::chrono::steady_clock::now();
  }
  void end_phase() {
    if (phase_ == Phase::target || phase_ == Phase::answer) return;  // they take no time
    result_.took[static_cast<std::size_t>(phase_)] = std::chrono::steady_clock::now() - begun_;
  }
  bool fail(const char* reason, std::string detail = "") {
    result_.failure = {phase_, reason, std::move(detail)};
    return false;
  }
  bool late() { return fail("timeout"); }

  bool connect(const ParsedTarget& target) {
    if (!target.target) {
      result_.failure = target.failure;
      return false;
    }
    begin(Phase::resolve);
    std::vector<promlite::detail::SocketAddress> addresses;
    promlite::detail::Resolver resolver(target.target->host, target.target->port);
    const std::string problem = resolver.resolve(limit_, addresses);
    if (!problem.empty())
      return promlite::detail::now() >= limit_.deadline ? late() : fail("not resolved", problem);
    begin(Phase::connect);
    int error = ETIMEDOUT;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      // Each its share of the time that is left: one that swallows packets leaves some to the next.
      const auto left = static_cast<promlite::detail::Instant>(addresses.size() - i);
      const auto now = promlite::detail::now();
      error = connect_to(addresses[i], {now + (limit_.deadline - now) / left, -1});
      if (error == 0) {
        result_.ip_version = addresses[i].storage.ss_family == AF_INET6 ? 6 : 4;
        return true;
      }
    }
    if (error == ETIMEDOUT) return late();
    return fail(error == ECONNREFUSED ? "refused" : "unreachable", promlite::detail::errno_text(error));
  }

  /// The errno, or 0.
  int connect_to(const promlite::detail::SocketAddress& address, const promlite::detail::Limit& share) {
    const int error = promlite::detail::start_connecting(address, connection_);
    if (error != EINPROGRESS) return error;
    if (promlite::detail::wait_ready(connection_.get(), POLLOUT, share) != Waited::ready) return ETIMEDOUT;
    return promlite::detail::connecting_error(connection_.get());
  }

  bool send(const Target& target) {
    begin(Phase::processing);
    const std::string request = "GET " + target.path + " HTTP/1.1\r\nHost: " + target.host_header +
                                "\r\nUser-Agent: promlite-prober/" PROMLITE_VERSION
                                "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    for (std::string_view left = request; !left.empty();) {
      // Bytes that come before all are sent are an answer.
      if (promlite::detail::wait_ready(connection_.get(), POLLOUT | POLLIN, limit_) != Waited::ready)
        return late();
      std::size_t sent = 0;
      const auto io = promlite::detail::send_both(connection_.get(), left, {}, sent);
      if (io != promlite::detail::Io::done) break;  // there may be an answer all the same
      left.remove_prefix(sent);
    }
    return true;
  }

  bool receive(const HttpSettings& settings) {
    constexpr std::uint64_t head_room = 65536;
    std::array<char, 16384> buffer;
    std::uint64_t received = 0;
    bool more = true;
    while (more) {
      if (promlite::detail::wait_ready(connection_.get(), POLLIN, limit_) != Waited::ready) return late();
      std::size_t size = 0;
      const auto io = promlite::detail::receive(connection_.get(), buffer.data(), buffer.size(), size);
      if (io == promlite::detail::Io::blocked) continue;
      if (io == promlite::detail::Io::failed)
        return fail("connection lost", promlite::detail::errno_text(errno));
      if (io == promlite::detail::Io::ended)
        return answer_.end() || fail("connection lost", "it ended in the middle of the answer");
      if (phase_ == Phase::processing) begin(Phase::transfer);
      received += size;
      const auto state = answer_.feed({buffer.data(), size});
      if (state == Parser::State::failed) return fail("not HTTP");
      result_.http_status = answer_.status();
      if (answer_.status() != 0) result_.body_bytes = answer_.body().size();
      if (answer_.body().size() > settings.max_body_bytes || received > settings.max_body_bytes + head_room)
        return fail("too long");
      more = state != Parser::State::complete;
    }
    return true;
  }

  bool check(const HttpSettings& settings) {
    result_.http_status = answer_.status();
    result_.body_bytes = answer_.body().size();
    begin(Phase::answer);
    if (!is_expected(answer_.status(), settings.expect_status)) return fail("status");
    if (answer_.body().find(settings.expect_text) == std::string::npos) return fail("text");
    return true;
  }

  promlite::detail::Limit limit_;
  Phase phase_ = Phase::target;
  Deadline begun_;
  promlite::detail::FileDescriptor connection_;
  Parser answer_;
  Result result_;
};

}  // namespace prober

#endif  // PROBER_PROBE_HPP
