// promlite: metrics in a file, for the node exporter's textfile collector.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_TEXTFILE_HPP
#define PROMLITE_TRANSPORT_TEXTFILE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/transport/backoff.hpp>
#include <promlite/transport/http_url.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// A file that takes another one's place in one step, or leaves nothing behind. It stands in the same folder,
/// since rename(2) is a step within one file system only.
class ReplacementFile {
 public:
  explicit ReplacementFile(std::string path) noexcept : path_(std::move(path)) {}
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;
  ~ReplacementFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  /// Does it all; why not, or nothing. Throws std::bad_alloc.
  std::string write(std::string_view bytes, unsigned mode);

 private:
  const char* target_problem() const noexcept;
  int create();
  int fill(std::string_view bytes, unsigned mode) noexcept;

  std::string path_;
  std::string temporary_;  // empty when there is none
  FileDescriptor file_;
};

// A device, a pipe or a symbolic link (/dev/stdout) would be gone for good.
PROMLITE_COLD inline const char* ReplacementFile::target_problem() const noexcept {
  if (path_.empty()) return "the path is empty";
  if (path_.find('\0') != std::string::npos) return "there is a NUL in the path";
  if (path_.back() == '/') return "it names a folder";
  struct stat found {};
  if (::lstat(path_.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return "something that is not a regular file is in the way";
  }
  return nullptr;
}

// `.NAME.RANDOM.tmp`: the collector reads *.prom and nothing else. The random number keeps writers of one
// file apart, and the name short enough whatever NAME is.
PROMLITE_COLD inline int ReplacementFile::create() {
  const std::size_t slash = path_.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  Jitter random;
  for (int tries = 0;; ++tries) {
    const auto number = static_cast<std::uint64_t>(random.between(0, Instant{1} << 60));
    temporary_ =
        message_of(path_.substr(0, name), ".", path_.substr(name, 200), ".", digits_of(number), ".tmp");
    file_ = FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file_) return 0;
    const int error = errno;
    temporary_.clear();
    if ((error != EEXIST && error != EINTR) || tries == 100) return error;
  }
}

PROMLITE_COLD inline int ReplacementFile::fill(std::string_view bytes, unsigned mode) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count == 0) return EIO;
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  // Not open()'s mode: a job's umask is about secrets, and the collector is another user.
  if (::fchmod(file_.get(), static_cast<mode_t>(mode)) != 0) return errno;
  // Before the rename, or a crash of the machine may leave the new name with the content missing.
  while (::fsync(file_.get()) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

PROMLITE_COLD inline std::string ReplacementFile::write(std::string_view bytes, unsigned mode) {
  if (const char* const problem = target_problem()) return problem;
  int error = create();
  if (error == 0) error = fill(bytes, mode);
  if (error == 0 && ::rename(temporary_.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) return errno_text(error);
  temporary_.clear();
  return {};
}

}  // namespace detail

/// Writes metrics to a file, as text 0.0.4, for the node exporter's textfile collector, which
/// reads files whose name ends in `.prom`. The file is complete at any moment, old or new, even when the
/// program is killed or the machine stops: it is written beside its place, flushed to the disk, and renamed.
/// A program that is killed in the middle may leave a `.NAME.NUMBER.tmp` behind, which the collector does not
/// read.
///
/// The file gets `mode` exactly, whatever the umask, and the process's owner: the collector is another user.
/// What is there and is no regular file is not replaced. Returns the reason for a failure, with the path;
/// throws nothing. Thread safe: of several writers of one file the last one wins.
PROMLITE_COLD inline Expected<void> write_textfile(Gatherer& metrics, std::string_view path,
                                                   unsigned mode = 0644) {
  PROMLITE_TRY {
    detail::ByteBuffer text;
    detail::TextEncoder encoder(text);
    metrics.collect(encoder);
    const std::string problem = detail::ReplacementFile(std::string(path)).write(text.view(), mode);
    if (problem.empty()) return {};
    return Expected<void>::failure(detail::message_of("cannot write metrics to ", path, ": ", problem));
  }
  PROMLITE_CATCH_ALL { return Expected<void>::failure("out of memory"); }
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_TEXTFILE_HPP
