// log_exporter: the file that a restart goes on with.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_STATE_FILE_HPP
#define LOG_EXPORTER_STATE_FILE_HPP

#include "file_system.hpp"

#include <promlite/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace log_exporter {

/// Keeps a state file for one process as long as the descriptor is held: two would each undo what the other
/// saved. Throws promlite::Error when another has it. Uses `path`.lock; where that cannot be made, writing
/// the state will say why.
inline Descriptor lock_file(const std::string& path) {
  Descriptor file(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw promlite::Error("--state.file: " + path + " is another process'");
  return file;
}

/// The whole of a file; empty when there is none.
inline promlite::Expected<std::string> read_whole_file(const std::string& path) {
  using Result = promlite::Expected<std::string>;
  const Descriptor file = open_to_read(path);
  if (!file) return errno == ENOENT ? Result(std::string()) : Result::failure(describe_errno(errno));
  const FileStatus status = status_of(file);
  if (status.error != 0) return Result::failure(describe_errno(status.error));
  std::string text(static_cast<std::size_t>(status.size), '\0');
  const ssize_t size = read_at(file, text.data(), text.size(), 0);
  if (size < 0) return Result::failure(describe_errno(errno));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// Writes a file whole or not at all, also when the machine stops in between: the old content stays until the
/// new one is on the disk. Uses `path`.tmp.
inline promlite::Expected<void> replace_file(const std::string& path, std::string_view text) {
  using Result = promlite::Expected<void>;
  const std::string made = path + ".tmp";
  {
    const Descriptor file(::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return Result::failure(made + ": " + describe_errno(errno));
    while (!text.empty()) {
      const ssize_t put = ::write(file.get(), text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return Result::failure(made + ": " + describe_errno(errno));
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fdatasync(file.get()) != 0) return Result::failure(made + ": " + describe_errno(errno));
  }
  if (std::rename(made.c_str(), path.c_str()) != 0)
    return Result::failure(path + ": " + describe_errno(errno));
  return {};
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_STATE_FILE_HPP
