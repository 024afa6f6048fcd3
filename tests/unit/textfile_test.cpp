// promlite: tests of textfiles: complete at any moment, whatever fails and whoever kills the program. This
// program has its own versions of the system calls.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"

using promlite::Registry;
using promlite::write_textfile;

// The calls that make a file are counted once `counting`; what happens at number `fault_at` is `fault`: an
// errno, or the end of the process.
static std::atomic<bool> counting{false};
static std::atomic<int> calls{0};
static int fault_at = -1;
static int fault = 0;
static constexpr int killed = -1;
static std::atomic<bool> short_writes{false};

static bool fails() {
  if (!counting || ++calls != fault_at) return false;
  if (fault == killed) ::kill(::getpid(), SIGKILL);
  errno = fault;
  return true;
}

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_CREAT) != 0 && fails()) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t write(int fd, const void* from, size_t size) {
  if (fails()) return -1;
  return ::syscall(SYS_write, fd, from, short_writes && size > 7 ? size_t{7} : size);
}

int fchmod(int fd, mode_t mode) noexcept {
  return fails() ? -1 : static_cast<int>(::syscall(SYS_fchmod, fd, mode));
}

int fsync(int fd) { return fails() ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }

int rename(const char* from, const char* to) noexcept {
  return fails() ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}
}

// A folder that goes with its files.
class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() { (void)!std::system(("rm -rf " + std::string(path_)).c_str()); }
  std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    DIR* const directory = ::opendir(path_);
    while (const dirent* const entry = ::readdir(directory)) {
      if (std::string(entry->d_name).find_first_not_of('.') != std::string::npos)
        found.emplace_back(entry->d_name);
    }
    ::closedir(directory);
    return found;
  }

 private:
  char path_[32] = "/tmp/promlite_test_XXXXXX";
};

static std::string content_of(const std::string& path) {
  std::string text;
  char buffer[65536];
  const int fd = ::open(path.c_str(), O_RDONLY);
  for (ssize_t count = 0; fd >= 0 && (count = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return text;
}

static unsigned mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

TEST_CASE("a file that is written, and replaced") {
  const Folder folder;
  const std::string path = folder.file("job.prom");
  Registry registry;
  const auto gauge = registry.gauge("last_success", "When.");
  const mode_t before = ::umask(077);
  CHECK(write_textfile(registry, path));
  CHECK(content_of(path) == "# HELP last_success When.\n# TYPE last_success gauge\nlast_success 0\n");
  CHECK(mode_of(path) == 0644);
  gauge.set(1);
  short_writes = true;
  CHECK(write_textfile(registry, path, 0640));
  short_writes = false;
  ::umask(before);
  CHECK(content_of(path) == promlite::to_text(registry));
  CHECK(mode_of(path) == 0640);
  CHECK(folder.names() == std::vector<std::string>{"job.prom"});
  // As long as a name may be, and in the current folder.
  CHECK(write_textfile(registry, folder.file(std::string(250, 'x') + ".prom")));
  char here[4096];
  REQUIRE(::getcwd(here, sizeof here) != nullptr);
  REQUIRE(::chdir(folder.file("").c_str()) == 0);
  CHECK(write_textfile(registry, "relative.prom"));
  REQUIRE(::chdir(here) == 0);
  CHECK(content_of(folder.file("relative.prom")) == promlite::to_text(registry));
  CHECK(folder.names().size() == 3);
}

TEST_CASE("what cannot be written is told, with the path, and what is there stays") {
  const Folder folder;
  Registry registry;
  const auto message = [&](const std::string& path) {
    const auto written = write_textfile(registry, path);
    CHECK_FALSE(written);
    return written.message();
  };
  const std::string link = folder.file("link.prom"), pipe = folder.file("pipe.prom");
  REQUIRE(::symlink("/dev/null", link.c_str()) == 0);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string in_the_way = ": something that is not a regular file is in the way";
  for (const std::string& path : {link, pipe, folder.file("."), std::string("/dev/null")}) {
    CHECK(message(path) == "cannot write metrics to " + path + in_the_way);
  }
  CHECK(message(folder.file("")) == "cannot write metrics to " + folder.file("") + ": it names a folder");
  CHECK(message("") == "cannot write metrics to : the path is empty");
  CHECK(message(std::string("a\0b", 3)) ==
        std::string("cannot write metrics to a\0b: there is a NUL in the path", 55));
  const std::string nowhere = folder.file("none/x.prom");
  CHECK(message(nowhere) == "cannot write metrics to " + nowhere + ": No such file or directory");
  const std::string long_name = folder.file(std::string(300, 'x'));
  CHECK(message(long_name) == "cannot write metrics to " + long_name + ": File name too long");
  CHECK(folder.names().size() == 2);
}

TEST_CASE("a call that fails leaves the old file and nothing else") {
  const Folder folder;
  const std::string path = folder.file("job.prom");
  Registry registry;
  const auto gauge = registry.gauge("a", "");
  REQUIRE(write_textfile(registry, path));
  const std::string old = content_of(path);
  gauge.set(1);
  int failures = 0;
  fault = ENOSPC;
  for (fault_at = 1;; ++fault_at) {
    calls = 0;
    counting = true;
    const auto written = write_textfile(registry, path);
    counting = false;
    if (written) break;
    ++failures;
    CHECK(written.message() == "cannot write metrics to " + path + ": No space left on device");
    CHECK(content_of(path) == old);
    CHECK(folder.names() == std::vector<std::string>{"job.prom"});
  }
  CHECK(failures == 5);  // open, write, fchmod, fsync, rename
  // A signal that interrupts one of them changes nothing.
  fault = EINTR;
  for (const int at : {1, 2, 4}) {
    fault_at = at;
    calls = 0;
    counting = true;
    CHECK(write_textfile(registry, path));
    counting = false;
  }
  CHECK(content_of(path) == promlite::to_text(registry));
}

// Runs `body` in a child.
template <class Body>
static pid_t in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  return child;
}

TEST_CASE("a process that is killed at any call leaves a whole file") {
  Registry registry;
  const auto gauge = registry.gauge("a", "");
  const std::string old_text = promlite::to_text(registry);
  fault = killed;
  int points = 0;
  for (fault_at = 1;; ++fault_at) {
    const Folder folder;
    const std::string path = folder.file("job.prom");
    gauge.set(0);
    REQUIRE(write_textfile(registry, path));
    gauge.set(1);
    int status = 0;
    const pid_t child = in_child([&] {
      calls = 0;
      counting = true;
      (void)write_textfile(registry, path);
    });
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) break;
    ++points;
    CHECK(content_of(path) == old_text);
    for (const std::string& name : folder.names()) {
      const bool read = name.size() > 5 && name.substr(name.size() - 5) == ".prom";
      CHECK(read == (name == "job.prom"));
    }
    CHECK(write_textfile(registry, path));
    CHECK(content_of(path) == promlite::to_text(registry));
  }
  CHECK(points == 5);
}

TEST_CASE("writers that are killed at any time, and a reader that never sees half a file") {
  const Folder folder;
  const std::string path = folder.file("job.prom");
  Registry small, large;
  small.gauge("a", "").set(1);
  const auto family = large.gauge("b", "", {"number"});
  for (int i = 0; i < 900; ++i) family.with(i).set(i);
  const std::string texts[] = {promlite::to_text(small), promlite::to_text(large)};
  REQUIRE(write_textfile(small, path));
  int reads[2] = {0, 0};
  for (int round = 0; round < 30; ++round) {
    const pid_t child = in_child([&] {
      for (;;) {
        (void)write_textfile(large, path);
        (void)write_textfile(small, path);
      }
    });
    for (int i = 0; i < 20 + round * 3; ++i) {
      const std::string text = content_of(path);
      const bool whole = text == texts[0] || text == texts[1];
      REQUIRE(whole);
      ++reads[text == texts[1]];
    }
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
  }
  CHECK(reads[0] + reads[1] > 1000);
  CHECK(write_textfile(large, path));
  CHECK(content_of(path) == texts[1]);
}

TEST_CASE("many threads write one file") {
  const Folder folder;
  const std::string path = folder.file("job.prom");
  Registry registry;
  registry.gauge("a", "").set(1);
  std::atomic<int> fine{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) fine += write_textfile(registry, path) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(fine == 80);
  CHECK(folder.names() == std::vector<std::string>{"job.prom"});
}
