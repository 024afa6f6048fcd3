// promlite: the system calls that a server makes, itself or through the C library, and which errors they can
// have. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_RELIABILITY_SERVER_CALLS_HPP
#define PROMLITE_TESTS_RELIABILITY_SERVER_CALLS_HPP

#include <cerrno>
#include <string>
#include <utility>

#include <sys/syscall.h>

#include "reliability/reliability.hpp"

namespace reliability {

/// What may happen to a call of the server or of the C library on its behalf.
enum class Kind {
  any,        ///< every error, at every occurrence that was asked for
  rare,       ///< the same, but a process does not make it ten times
  c_library,  ///< the C library ends the process at every error: nothing above it could help
  futex,      ///< the same but for EINTR and EAGAIN, the only errors that waiting for another thread can have
  brk,        ///< fails with ENOMEM alone
  infallible,  ///< has no errors (getpid(2), exit(2))
  of_program,  ///< made by this program to wait, and by strace
};

struct Call {
  const char* name;
  long number;
  Kind kind;
};

inline constexpr Call known_calls[] = {
#if defined(SYS_poll)
    {"poll", SYS_poll, Kind::any},
#endif
    {"ppoll", SYS_ppoll, Kind::any},
    {"accept4", SYS_accept4, Kind::any},
    {"recvfrom", SYS_recvfrom, Kind::any},
    {"sendmsg", SYS_sendmsg, Kind::any},
    {"shutdown", SYS_shutdown, Kind::any},
    {"close", SYS_close, Kind::any},
    {"read", SYS_read, Kind::any},
    {"write", SYS_write, Kind::any},
    {"socket", SYS_socket, Kind::any},
    {"setsockopt", SYS_setsockopt, Kind::any},
    {"bind", SYS_bind, Kind::any},
    {"listen", SYS_listen, Kind::any},
    {"getsockname", SYS_getsockname, Kind::any},
    {"eventfd2", SYS_eventfd2, Kind::any},
    {"getpid", SYS_getpid, Kind::infallible},
    {"mmap", SYS_mmap, Kind::rare},
    {"munmap", SYS_munmap, Kind::rare},
    {"mprotect", SYS_mprotect, Kind::rare},
    {"madvise", SYS_madvise, Kind::rare},
    {"mremap", SYS_mremap, Kind::rare},
    {"brk", SYS_brk, Kind::brk},
    {"clone", SYS_clone, Kind::any},
    {"clone3", SYS_clone3, Kind::any},
    {"rt_sigaction", SYS_rt_sigaction, Kind::rare},
    {"rt_sigprocmask", SYS_rt_sigprocmask, Kind::any},
    {"prctl", SYS_prctl, Kind::any},
    {"openat", SYS_openat, Kind::rare},
    {"getrandom", SYS_getrandom, Kind::rare},
    {"sched_yield", SYS_sched_yield, Kind::rare},
    {"set_robust_list", SYS_set_robust_list, Kind::rare},
    {"rseq", SYS_rseq, Kind::c_library},
    {"futex", SYS_futex, Kind::futex},
    {"exit", SYS_exit, Kind::infallible},
    {"exit_group", SYS_exit_group, Kind::infallible},
    {"clock_nanosleep", SYS_clock_nanosleep, Kind::of_program},
    {"restart_syscall", SYS_restart_syscall, Kind::of_program},
};

inline constexpr std::pair<const char*, int> errors[] = {
    {"EINTR", EINTR},   {"EAGAIN", EAGAIN},         {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
    {"ENOMEM", ENOMEM}, {"ECONNRESET", ECONNRESET}, {"EPIPE", EPIPE},
};

inline const Call& known_call(const std::string& name) {
  for (const Call& each : known_calls) {
    if (name == each.name) return each;
  }
  demand(false, "every system call of a server is known and considered; " + name + " is not");
  return known_calls[0];
}

/// True when the call can have the error.
inline bool applies(Kind kind, int error) {
  switch (kind) {
    case Kind::any:
    case Kind::rare:
      return true;
    case Kind::futex:
      return error == EINTR || error == EAGAIN;
    case Kind::brk:
      return error == ENOMEM;
    case Kind::c_library:
    case Kind::infallible:
    case Kind::of_program:
      break;
  }
  return false;
}

}  // namespace reliability

#endif  // PROMLITE_TESTS_RELIABILITY_SERVER_CALLS_HPP
