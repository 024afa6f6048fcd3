// promlite: an exporter's pages, for the users and with the headers of its web configuration.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_EXPORTER_SITE_HPP
#define PROMLITE_EXPORTER_EXPORTER_SITE_HPP

#include <promlite/config.hpp>
#include <promlite/exporter/password.hpp>
#include <promlite/exporter/probe.hpp>
#include <promlite/exporter/web_config.hpp>
#include <promlite/transport/authorization.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/site.hpp>
#include <promlite/transport/socket.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A Site with a web configuration, and with probes at /probe where the program has them. With users, every
/// path asks for a user and a password, and whatever is wrong with them is answered with 401; a password that
/// has not been seen to be right is compared on another thread, and when too many wait for that, with 503.
/// Thread safe.
class ExporterSite : public Site {
 public:
  /// Throws Error when an option makes no sense.
  PROMLITE_COLD ExporterSite(const ServerOptions& options, const WebConfig& config,
                             std::shared_ptr<const ProbePage> probe = nullptr)
      : Site(options), probe_(std::move(probe)) {
    reload(config);
  }

  /// Takes another configuration. Requests that have come are answered by the one they found, as a whole;
  /// passwords that were right have to be compared again. Throws std::bad_alloc, and then changes nothing.
  PROMLITE_COLD void reload(const WebConfig& config) {
    auto passwords = std::make_shared<PasswordTable>(config.users);
    const std::lock_guard<std::mutex> lock(mutex_);
    access_.headers = *headers_.insert(config.headers).first;
    access_.passwords = std::move(passwords);
  }

  Reply reply_to(const HttpRequest& request, bool ready, const std::shared_ptr<Event>& wake) const override {
    const Access access = current_access();
    Reply reply = access.passwords->empty() ? page_for(request, ready, wake)
                                            : log_in(request, ready, wake, access.passwords);
    reply.headers = access.headers;
    return reply;
  }
  std::size_t header_room() const noexcept override { return max_web_headers_bytes; }

 private:
  /// What a request finds of the configuration.
  struct Access {
    std::shared_ptr<PasswordTable> passwords;
    std::string_view headers;
  };

  /// The reply to a request whose password is being compared.
  class Login final : public LateReply {
   public:
    Login(const ExporterSite& site, std::shared_ptr<PasswordQuestion> question,
          std::shared_ptr<Event> wake) noexcept
        : site_(&site), question_(std::move(question)), wake_(std::move(wake)) {}

    bool ready() const noexcept override { return question_->verdict() != PasswordVerdict::pending; }
    Reply reply(const HttpRequest& request, bool ready) override {
      const PasswordVerdict verdict = question_->verdict();
      return verdict == PasswordVerdict::right   ? site_->page_for(request, ready, wake_)
             : verdict == PasswordVerdict::wrong ? unauthorized()
                                                 : error_reply(503);
    }

   private:
    const ExporterSite* site_;
    std::shared_ptr<PasswordQuestion> question_;
    std::shared_ptr<Event> wake_;
  };

  Access current_access() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return access_;
  }

  static Reply unauthorized() {
    Reply reply = error_reply(401);
    reply.extra = "WWW-Authenticate: Basic realm=\"metrics\"\r\n";
    return reply;
  }

  Reply log_in(const HttpRequest& request, bool ready, const std::shared_ptr<Event>& wake,
               const std::shared_ptr<PasswordTable>& passwords) const {
    std::string user;
    if (!decode_basic_auth(request.authorization, user)) return unauthorized();
    std::string password = user.substr(user.find(':') + 1);
    user.resize(user.find(':'));
    if (passwords->knows(user, password)) return page_for(request, ready, wake);
    const auto question =
        std::make_shared<PasswordQuestion>(passwords, std::move(user), std::move(password), wake);
    if (!checker_.ask(question)) return error_reply(503);
    Reply reply;
    reply.late = std::make_shared<Login>(*this, question, wake);
    return reply;
  }

  /// The reply to somebody who may see everything.
  Reply page_for(const HttpRequest& request, bool ready, const std::shared_ptr<Event>& wake) const {
    if (probe_ && request.path == ProbePage::path) return probe_->reply_to(request, wake);
    return Site::reply_to(request, ready, wake);
  }

  const std::shared_ptr<const ProbePage> probe_;
  mutable std::mutex mutex_;  // for the two below
  Access access_;
  // Those of all configurations so far: replies view them, for as long as the site lives.
  std::set<std::string> headers_;
  mutable PasswordChecker checker_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_EXPORTER_SITE_HPP
