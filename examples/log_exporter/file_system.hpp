// log_exporter: the system calls on files and folders.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_FILE_SYSTEM_HPP
#define LOG_EXPORTER_FILE_SYSTEM_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

namespace log_exporter {

/// The text of an errno, "No such file or directory".
inline std::string describe_errno(int code) { return std::generic_category().message(code); }

/// A file descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// Which file it is; no other file is the same as long as it is held open.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const Identity& a, const Identity& b) noexcept {
    return a.device == b.device && a.inode == b.inode;
  }
  friend bool operator!=(const Identity& a, const Identity& b) noexcept { return !(a == b); }
};

/// What the system says of a file.
struct FileStatus {
  Identity identity;
  std::uint64_t size = 0;
  std::uint64_t links = 0;  ///< 0 when it was deleted
  double changed = 0;       ///< its mtime, in seconds since the epoch
  int error = 0;  ///< an errno when it cannot be said, or when it is no regular file; the rest is 0 then
};

namespace detail {
inline FileStatus to_file_status(int result, const struct stat& status) {
  FileStatus file;
  if (result != 0) {
    file.error = errno;
  } else if (!S_ISREG(status.st_mode)) {
    file.error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  } else {
    file.identity = {status.st_dev, status.st_ino};
    file.size = static_cast<std::uint64_t>(status.st_size);
    file.links = status.st_nlink;
    file.changed =
        static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) * 1e-9;
  }
  return file;
}
}  // namespace detail

inline FileStatus status_of(const std::string& path) {
  struct stat status {};
  return detail::to_file_status(::stat(path.c_str(), &status), status);
}
inline FileStatus status_of(const Descriptor& file) {
  struct stat status {};
  return detail::to_file_status(::fstat(file.get(), &status), status);
}

/// Does not wait for the other end of what turns out to be a pipe.
inline Descriptor open_to_read(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

/// Reads at most `size` bytes at `offset`; fewer only at the end of the file. -1 and errno on failure.
inline ssize_t read_at(const Descriptor& file, char* to, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(file.get(), to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

/// The folder that a path is in, with a slash at its end; empty: the current one.
inline std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

/// Finds files by their inode numbers. A folder is read once, until it is forgotten.
class InodeIndex {
 public:
  /// The paths in a folder of the files that have this inode number.
  std::vector<std::string> find(const std::string& folder, std::uint64_t inode) {
    const auto [entry, is_new] = folders_.try_emplace(folder);
    if (is_new) read(folder, entry->second);
    std::vector<std::string> found;
    for (auto [name, end] = entry->second.equal_range(inode); name != end; ++name)
      found.push_back(folder + name->second);
    return found;
  }
  /// A name in it has become another file's.
  void forget(const std::string& folder) { folders_.erase(folder); }

 private:
  using Names = std::multimap<std::uint64_t, std::string>;

  static void read(const std::string& folder, Names& names) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.empty() ? "." : folder.c_str()),
                                                      ::closedir);
    if (entries == nullptr) return;
    while (const dirent* const entry = ::readdir(entries.get())) names.emplace(entry->d_ino, entry->d_name);
  }

  std::map<std::string, Names> folders_;
};

/// What a pattern stands for now.
struct GlobResult {
  std::vector<std::string> paths;  ///< sorted
  std::string problem;             ///< the first folder that could not be read, and why
};

inline bool has_wildcard(const std::string& pattern) {
  return pattern.find_first_of("*?[\\") != std::string::npos;
}

inline GlobResult expand_glob(const std::string& pattern) {
  // glob(3) gives its callback nothing but the folder and the reason.
  static thread_local std::string problem;
  problem.clear();
  const auto on_error = [](const char* path, int code) {
    if (problem.empty() && code != ENOENT) problem = std::string(path) + ": " + describe_errno(code);
    return 0;
  };
  GlobResult result;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, on_error, &found) == 0)
    result.paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  result.problem = problem;
  return result;
}

/// Whether expand_glob() would give the path if it existed.
inline bool is_of_pattern(const std::string& pattern, const std::string& path) {
  return pattern == path || ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}
/// Here a `*` stands for any part of a path, slashes as well.
inline bool is_excluded(const std::vector<std::string>& patterns, const std::string& path) {
  for (const std::string& pattern : patterns) {
    if (::fnmatch(pattern.c_str(), path.c_str(), 0) == 0) return true;
  }
  return false;
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_FILE_SYSTEM_HPP
