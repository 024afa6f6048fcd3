// system_exporter: where the kernel's files are, and reading them.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_FILES_HPP
#define SYSTEM_EXPORTER_FILES_HPP

#include "text.hpp"

#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace system_exporter {

/// A program in a container may see its host's file systems elsewhere.
struct Paths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
};

/// The whole of a file of at most 16 MiB; the message names it. Waits for no writer of a pipe.
inline promlite::Expected<std::string> read_file(const std::string& path) {
  using Result = promlite::Expected<std::string>;
  constexpr std::size_t most = std::size_t{16} << 20;
  const auto failure = [&](int error) {
    return Result::failure(path + ": " + std::generic_category().message(error));
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return failure(errno);
  std::string text;
  int error = 0;
  std::array<char, 16384> buffer;
  while (text.size() <= most) {
    const ssize_t size = ::read(file, buffer.data(), buffer.size());
    if (size > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      error = size == 0 ? 0 : errno;
      break;
    }
  }
  ::close(file);
  if (error != 0) return failure(error);
  if (text.size() > most) return Result::failure(path + ": it is larger than 16 MiB");
  return text;
}

/// As read_file(); the collection under way has a problem when the file cannot be read.
inline std::optional<std::string> read_or_tell(const std::string& path) {
  auto text = read_file(path);
  if (text) return std::move(*text);
  promlite::collection_problem(text.message());
  return std::nullopt;
}

/// A file of the first process' folder: its mounts and its network are the machine's. Where that process is
/// hidden (proc(5), hidepid), those of this one. The collection has a problem when both cannot be read.
inline std::optional<std::string> read_of_first_process(const std::string& procfs, const std::string& file) {
  if (auto text = read_file(procfs + "/1/" + file)) return std::move(*text);
  return read_or_tell(procfs + "/self/" + file);
}

/// The collection under way has a problem when the reading had one.
template <class T>
void tell(const std::string& path, const Reading<T>& reading) {
  if (!reading.problem.empty()) promlite::collection_problem(path + ": " + reading.problem);
}

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_FILES_HPP
