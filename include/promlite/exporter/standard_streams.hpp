// promlite: descriptors 0, 1 and 2, which a program must not give to anything else.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_STANDARD_STREAMS_HPP
#define PROMLITE_EXPORTER_STANDARD_STREAMS_HPP

#include <promlite/config.hpp>

#include <initializer_list>

#include <fcntl.h>
#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Opens /dev/null for standard input, output and error where they are closed: the next socket would get
/// their numbers, and lines of the log would be written into it. Where there is no /dev/null they stay
/// closed. Only while there is one thread.
PROMLITE_COLD inline void open_standard_streams() noexcept {
  for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open(2) gives the lowest number that is free: those before are open.
    if (::fcntl(each, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
  }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_STANDARD_STREAMS_HPP
