// promlite: the signals that a program in the foreground of a service manager gets, taken by one thread.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_SIGNALS_HPP
#define PROMLITE_EXPORTER_SIGNALS_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// SIGINT, SIGTERM and SIGHUP, blocked from now on and read by whoever waits: no handler is installed.
/// Threads that are started later inherit the mask, so this must be made before any other. They stay blocked:
/// a second SIGTERM does not change how the program ends. SIGPIPE is blocked as well: a log whose reader has
/// gone loses its lines, and the program goes on.
class Signals {
 public:
  /// Throws Error.
  PROMLITE_COLD Signals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, number);
    sigset_t blocked = wanted;
    sigaddset(&blocked, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    fd_ = FileDescriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) fail(message_of("cannot wait for signals: ", errno_text(errno)));
  }

  /// Readable when a signal has come.
  int descriptor() const noexcept { return fd_.get(); }

  /// The next signal's number; 0 when none has come before the deadline.
  int wait_until(Instant deadline) const noexcept {
    for (;;) {
      signalfd_siginfo received;
      if (::read(fd_.get(), &received, sizeof received) == sizeof received)
        return static_cast<int>(received.ssi_signo);
      const Instant current = now();
      if (current >= deadline) return 0;
      pollfd waiting[1] = {{fd_.get(), POLLIN, 0}};
      wait_for(waiting, 1, deadline, current);
    }
  }

 private:
  FileDescriptor fd_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_SIGNALS_HPP
