// promlite: tests of what a service manager is told, and of what it hands over.
// SPDX-License-Identifier: MIT
// alone: changes the environment
#include <promlite/exporter/notify.hpp>

#include <cstdlib>
#include <cstring>
#include <regex>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/catch.hpp"

using promlite::detail::FileDescriptor;
using promlite::detail::ServiceManager;
using promlite::detail::take_listen_addresses;

/// The other end: a datagram socket at `path`, or at an abstract name for one that begins with '@'.
class Manager {
 public:
  explicit Manager(std::string path) : path_(std::move(path)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path_.data(), path_.size());
    if (path_[0] == '@') name.sun_path[0] = '\0';
    socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Manager() { ::unlink(path_.c_str()); }

  /// Nothing when nothing has come.
  std::string next() const {
    char text[512];
    const ssize_t size = ::recv(socket_.get(), text, sizeof text, 0);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  std::string path_;
  FileDescriptor socket_;
};

static std::string unique_name() { return "promlite-notify-" + std::to_string(::getpid()); }

TEST_CASE("the states are datagrams to a socket that has a path, or an abstract name") {
  for (const std::string& path : {"/tmp/" + unique_name(), "@" + unique_name()}) {
    INFO(path);
    const Manager manager(path);
    ServiceManager told;
    told.ready("Serving");
    CHECK(manager.next() == "READY=1\nSTATUS=Serving");
    told.reloading();
    CHECK(std::regex_match(manager.next(), std::regex("RELOADING=1\nMONOTONIC_USEC=[0-9]{6,}")));
    told.alive();
    CHECK(manager.next() == "WATCHDOG=1");
    told.stopping();
    CHECK(manager.next() == "STOPPING=1");
    CHECK(manager.next().empty());
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  }
}

TEST_CASE("without a manager nothing is said") {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager().ready("");
  ::setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
  ServiceManager().ready("");
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  ServiceManager().ready("");
}

TEST_CASE("the watchdog's time is that of this process") {
  struct Case {
    const char* microseconds;
    std::string process;
    promlite::detail::Instant expected;
  };
  const std::string own = std::to_string(::getpid());
  const Case cases[] = {{"3000000", own, 3000}, {"3000000", "", 3000}, {"500", own, 1}, {"0", own, 0},
                        {"3000000", "1", 0},    {"soon", own, 0},      {"", own, 0}};
  for (const Case& each : cases) {
    ::setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    ::setenv("WATCHDOG_USEC", each.microseconds, 1);
    if (each.process.empty()) {
      ::unsetenv("WATCHDOG_PID");
    } else {
      ::setenv("WATCHDOG_PID", each.process.c_str(), 1);
    }
    CHECK(ServiceManager().watchdog() == each.expected);
    CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
    CHECK(std::getenv("WATCHDOG_PID") == nullptr);
  }
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  CHECK(ServiceManager().watchdog() == 0);
}

TEST_CASE("sockets are those that were passed to this process") {
  const auto taken = [](const std::string& process, const char* count) {
    ::setenv("LISTEN_PID", process.c_str(), 1);
    ::setenv("LISTEN_FDS", count, 1);
    ::setenv("LISTEN_FDNAMES", "web", 1);
    const std::vector<std::string> addresses = take_listen_addresses();
    CHECK(std::getenv("LISTEN_PID") == nullptr);
    CHECK(std::getenv("LISTEN_FDS") == nullptr);
    CHECK(std::getenv("LISTEN_FDNAMES") == nullptr);
    return addresses;
  };
  const std::string own = std::to_string(::getpid());
  CHECK(taken(own, "2") == std::vector<std::string>{"fd:3", "fd:4"});
  CHECK(taken(own, "0").empty());
  CHECK(taken(own, "x").empty());
  CHECK(taken("1", "2").empty());
  CHECK(taken("", "2").empty());
}
