// promlite: pushing to a Pushgateway, for jobs that end before a scrape could see them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_PUSHGATEWAY_HPP
#define PROMLITE_TRANSPORT_PUSHGATEWAY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/error.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/labels.hpp>
#include <promlite/transport/backoff.hpp>
#include <promlite/transport/http_client.hpp>
#include <promlite/transport/http_exchange.hpp>
#include <promlite/transport/http_peer.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/push_body.hpp>
#include <promlite/transport/push_path.hpp>
#include <promlite/transport/push_result.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Pushes a registry, or several together, to one group of a Pushgateway, or to what understands the same
/// (VictoriaMetrics, an aggregating gateway).
///
///   promlite::Pushgateway gateway{"http://gateway:9091", "nightly_import"};
///   gateway.group("instance", "db1").timeout(5s);
///   if (auto pushed = gateway.push(registry); !pushed) log(pushed.message());
///
/// Nothing here throws, but for std::bad_alloc from the constructor and the settings: a wrong URL or setting
/// is told by every push, before anything is sent. The format is text 0.0.4, without times. No redirect is
/// followed, no proxy used; `https://` is refused, for there is no TLS.
///
/// Several threads may push at once; settings may not change meanwhile. A copy is independent.
class Pushgateway {
 public:
  /// `url` is `host:port` or `http://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`; the port is 80 unless it is
  /// there. `job` is any text but an empty one; CR, LF and NUL are refused.
  PROMLITE_COLD Pushgateway(std::string_view url, std::string_view job) : peer_(url) {
    peer_.set_problem(key_.set_job(job));
  }

  /// Adds a label to the grouping key; its value is anything that `Family::with` takes, an empty text too.
  /// CR, LF and NUL, bytes that are not UTF-8, a repeated name and `job` are refused.
  template <class T>
  Pushgateway& group(std::string_view name, const T& value) {
    return add_group(name, detail::LabelValue(value).text());
  }

  /// For everything together: looking up, connecting, sending, receiving, and all attempts. 5 s unless set;
  /// 1 ms to a day. It begins when the metrics have been collected.
  Pushgateway& timeout(std::chrono::milliseconds timeout) {
    peer_.set_timeout(timeout);
    return *this;
  }
  /// How often to try again, while the timeout allows, when there is no answer or one with a status of 500
  /// and above: 0 unless set. The first pause is 50 to 100 ms, each is twice as long as the one before, to
  /// 5 s. A push may be repeated: the gateway ends up with the same.
  PROMLITE_COLD Pushgateway& retries(int count) {
    if (count < 0) peer_.set_problem("a negative number of retries");
    retries_ = count;
    return *this;
  }

  /// RFC 7617. A user has no colon. The credentials cross the network readable for everybody on the way.
  Pushgateway& basic_auth(std::string_view user, std::string_view password) {
    peer_.set_basic_auth(user, password);
    return *this;
  }
  /// RFC 6750. As above.
  Pushgateway& bearer_token(std::string_view token) {
    peer_.set_bearer_token(token);
    return *this;
  }
  /// A header for every request. Those that frame the message are not free.
  Pushgateway& header(std::string_view name, std::string_view value) {
    peer_.add_header(name, value);
    return *this;
  }

  /// Sends to this path (and query) behind the URL's prefix instead of `/metrics/job/...`, for a server that
  /// has its own way to name the job: then the grouping key is not sent, so it must have no labels, and 204
  /// is a success, too. VictoriaMetrics: `/api/v1/import/prometheus?extra_label=job=nightly`.
  PROMLITE_COLD Pushgateway& request_path(std::string_view path) {
    path_ = path;
    if (const char* const problem = detail::request_problem("GET", path)) peer_.set_problem(problem);
    return *this;
  }
  /// The method of push(), for a server that wants another one than PUT.
  PROMLITE_COLD Pushgateway& push_method(std::string_view method) {
    method_ = method;
    if (const char* const problem = detail::request_problem(method, "/")) peer_.set_problem(problem);
    return *this;
  }

  /// What is wrong with the URL or a setting, or nothing.
  const std::string& problem() const noexcept { return peer_.problem(); }
  const std::string& job() const noexcept { return key_.job(); }

  /// Replaces the group by the metrics, or by those of the families that `filter` asks for (PUT).
  PushResult push(Gatherer& metrics, const NameFilter& filter = {}) const {
    return send(method_, *metrics.share(), filter, {});
  }
  /// Replaces metrics of the same name in the group and leaves the others alone (POST).
  PushResult push_add(Gatherer& metrics, const NameFilter& filter = {}) const {
    return send("POST", *metrics.share(), filter, {});
  }
  /// Removes the group (DELETE). That it was not there is no failure.
  PushResult remove() const { return remove({}); }

 private:
  friend class detail::PushAccess;

  PROMLITE_COLD Pushgateway& add_group(std::string_view name, std::string_view value) {
    peer_.set_problem(key_.add(name, value));
    return *this;
  }

  /// The gateway's timeout, or the caller's limit when that is nearer.
  detail::Limit nearer(const detail::Limit& limit) const noexcept {
    const detail::Instant deadline = detail::now() + peer_.timeout();
    return {deadline < limit.deadline ? deadline : limit.deadline, limit.stop};
  }
  PROMLITE_COLD PushResult remove(const detail::Limit& limit) const {
    PROMLITE_TRY { return finish("remove", exchange("DELETE", {}, nearer(limit))); }
    PROMLITE_CATCH_ALL { return out_of_memory(); }
  }
  PushResult send(std::string_view method, detail::RegistryGroup& metrics, const NameFilter& filter,
                  const detail::Limit& limit) const;
  PushResult exchange(std::string_view method, std::string_view body, const detail::Limit& limit) const;
  PushResult attempt(const detail::HttpQuestion& question, const detail::Limit& limit, bool& transient) const;
  PushResult finish(const char* doing, PushResult result) const;

  static PushResult out_of_memory() {
    PushResult result;
    result.message_ = "out of memory";
    return result;
  }
  std::string problem_of_all() const {
    if (!problem().empty() || path_.empty() || key_.size() == 0) return problem();
    return "request_path() takes the place of grouping labels";
  }

  detail::HttpPeer peer_;
  detail::GroupingKey key_;
  std::string path_;
  std::string method_ = "PUT";
  int retries_ = 0;
};

PROMLITE_COLD inline PushResult Pushgateway::send(std::string_view method, detail::RegistryGroup& metrics,
                                                  const NameFilter& filter,
                                                  const detail::Limit& limit) const {
  PROMLITE_TRY {
    PushResult result;
    result.message_ = problem_of_all();
    detail::ByteBuffer body;
    if (result) result.message_ = detail::encode_push(metrics, filter, path_.empty() ? &key_ : nullptr, body);
    if (result) result = exchange(method, body.view(), nearer(limit));
    return finish("push", std::move(result));
  }
  PROMLITE_CATCH_ALL { return out_of_memory(); }
}

// All attempts. The message is the reason alone.
PROMLITE_COLD inline PushResult Pushgateway::exchange(std::string_view method, std::string_view body,
                                                      const detail::Limit& limit) const {
  PushResult result;
  result.message_ = problem_of_all();
  if (!result) return result;
  const std::string path = path_.empty() ? key_.path() : path_;
  detail::HttpQuestion question;
  question.method = method;
  question.target = path;
  question.body = body;
  if (method != "DELETE") question.content_type = text_content_type;
  // What the gateway says beside a success does not matter, so nobody waits for it.
  question.ends_with_head = [](int status) { return status < 300; };
  detail::Backoff backoff;
  for (int attempts = 1;; ++attempts) {
    bool transient = false;
    result = attempt(question, limit, transient);
    result.attempts_ = attempts;
    if (result || !transient || attempts > retries_) return result;
    const detail::Instant next = detail::now() + backoff.next();
    if (next >= limit.deadline) return result;
    if (detail::wait_ready(-1, 0, {next, limit.stop}) == detail::Waited::stopped) return result;
  }
}

PROMLITE_COLD inline PushResult Pushgateway::attempt(const detail::HttpQuestion& question,
                                                     const detail::Limit& limit, bool& transient) const {
  const HttpResult answer = detail::HttpExchange(peer_, question, limit).run();
  PushResult result;
  transient = answer.transient;
  result.status_ = answer.status;
  if (answer.status == 0) {
    result.message_ = answer.problem;
    return result;
  }
  result.reply_ = peer_.quote(answer.body);
  // Any other 2xx comes from somebody between, who promises nothing.
  if (answer.status == 200 || answer.status == 202 || (answer.status == 204 && !path_.empty())) return result;
  result.message_ = "the answer was " + detail::digits_of(static_cast<std::uint64_t>(answer.status));
  if (!answer.location.empty()) {
    result.message_ += detail::message_of(", go to \"", peer_.quote(answer.location), "\" (not followed)");
  }
  if (!result.reply_.empty()) result.message_ += ": " + result.reply_;
  return result;
}

PROMLITE_COLD inline PushResult Pushgateway::finish(const char* doing, PushResult result) const {
  if (result) return result;
  // A URL that could not be read is part of the reason.
  const std::string& where = peer_.url().authority;
  result.message_ = detail::message_of("cannot ", doing, " job \"", detail::quote_words(key_.job()), "\"",
                                       where.empty() ? "" : " at ", where, ": ", result.message_);
  return result;
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_PUSHGATEWAY_HPP
