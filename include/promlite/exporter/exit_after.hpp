// promlite: a limit to how long the end of a program takes.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_EXIT_AFTER_HPP
#define PROMLITE_EXPORTER_EXIT_AFTER_HPP

#include <promlite/config.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <cstdlib>
#include <memory>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Ends the process with the status 0 unless it is destroyed within so many milliseconds. Where no thread can
/// be started there is no limit.
class ExitAfter {
 public:
  /// Throws std::bad_alloc.
  PROMLITE_COLD explicit ExitAfter(Instant milliseconds) : limit_(std::make_shared<Limit>()) {
    limit_->deadline = now() + milliseconds;
    thread_.start<Limit>(
        [](Limit& limit) {
          if (!limit.over.wait_until(limit.deadline)) std::_Exit(0);
        },
        limit_);
  }
  ExitAfter(const ExitAfter&) = delete;
  ExitAfter& operator=(const ExitAfter&) = delete;
  ~ExitAfter() {
    limit_->over.signal();
    thread_.join();
  }

 private:
  struct Limit {
    Instant deadline = never;
    Event over;
  };

  std::shared_ptr<Limit> limit_;
  Thread thread_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_EXIT_AFTER_HPP
