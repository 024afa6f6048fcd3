// promlite: what became of a push, and who is told.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_PUSH_RESULT_HPP
#define PROMLITE_TRANSPORT_PUSH_RESULT_HPP

#include <promlite/config.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {
class PushAccess;
}

/// What became of a push. Tests true when the gateway has taken it.
class [[nodiscard]] PushResult {
 public:
  explicit operator bool() const noexcept { return message_.empty(); }
  /// The reason for a failure, naming job and gateway; empty on success. One line, without credentials.
  const std::string& message() const noexcept { return message_; }
  /// The last HTTP status; 0 when there was no answer.
  int status() const noexcept { return status_; }
  /// What the gateway said to that, made fit for a log: one line of at most 256 bytes.
  const std::string& reply() const noexcept { return reply_; }
  /// How often the request was sent, or tried to be; 0 when something was wrong before.
  int attempts() const noexcept { return attempts_; }

 private:
  friend class Pushgateway;
  friend class detail::PushAccess;

  std::string message_;
  std::string reply_;
  int status_ = 0;
  int attempts_ = 0;
};

/// A function that is told what became of a push: anything that can be called with a `const PushResult&`.
/// Copies share it. (std::function would do; its header costs each file that includes this a tenth of its
/// time.)
class PushCallback {
 public:
  PushCallback() = default;
  template <class Function, class = std::enable_if_t<std::is_invocable_v<Function&, const PushResult&>>>
  PushCallback(Function function)  // NOLINT(google-explicit-constructor): a function is one
      : function_(std::make_shared<Function>(std::move(function))),
        call_([](void* target, const PushResult& result) { (*static_cast<Function*>(target))(result); }) {}

  /// Nothing happens when there is no function. Throws what it throws.
  void operator()(const PushResult& result) const {
    if (call_ != nullptr) call_(function_.get(), result);
  }

 private:
  std::shared_ptr<void> function_;
  void (*call_)(void*, const PushResult&) = nullptr;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_PUSH_RESULT_HPP
