// promlite: tests of listening sockets, made and given.
// SPDX-License-Identifier: MIT
#include <promlite/transport/listener.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::detail::errno_text;
using promlite::detail::FileDescriptor;
using promlite::detail::Listener;

// A folder that goes with its files.
class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() { (void)!std::system(("rm -rf " + std::string(path_)).c_str()); }
  std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/promlite_test_XXXXXX";
};

static bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

static std::string problem(const std::string& address) { return Listener().open(address); }

TEST_CASE("listeners of every kind can be connected to") {
  const int before = test::count_of("fd");
  {
    const Folder folder;
    for (const std::string& address :
         {std::string("127.0.0.1:0"), std::string("[::1]:0"), std::string("localhost:0"), std::string(":0"),
          "unix:" + folder.file("s")}) {
      INFO(address);
      Listener listener;
      REQUIRE(listener.open(address) == "");
      if (address == "[::1]:0") {
        CHECK(listener.address() == "[::1]:" + std::to_string(listener.port()));
      } else if (address[0] == 'u') {
        CHECK(listener.address() == address);
        CHECK(listener.port() == 0);
      } else {
        CHECK(listener.address() == "127.0.0.1:" + std::to_string(listener.port()));
      }
      test::HttpClient client(listener.address());
      FileDescriptor accepted;
      REQUIRE(listener.accept(accepted) == Listener::Accepted::connection);
      CHECK((fcntl(accepted.get(), F_GETFL) & O_NONBLOCK) != 0);
      CHECK((fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC) != 0);
      CHECK((fcntl(listener.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
      CHECK(listener.accept(accepted) == Listener::Accepted::none);
    }
  }
  CHECK(test::count_of("fd") == before);
}

TEST_CASE("a wildcard is what was written, and [::] takes both families") {
  Listener four;
  REQUIRE(four.open("0.0.0.0:0") == "");
  CHECK(four.address() == "0.0.0.0:" + std::to_string(four.port()));
  Listener both;
  REQUIRE(both.open("[::]:0") == "");
  CHECK(both.address() == "[::]:" + std::to_string(both.port()));
  test::HttpClient("127.0.0.1:" + std::to_string(both.port()));
  test::HttpClient("[::1]:" + std::to_string(both.port()));
}

TEST_CASE("a port that is taken") {
  Listener first;
  REQUIRE(first.open("127.0.0.1:0") == "");
  CHECK(problem(first.address()) == errno_text(EADDRINUSE));
  Listener named;
  REQUIRE(named.open("localhost:0") == "");
  CHECK(problem("localhost:" + std::to_string(named.port())) == errno_text(EADDRINUSE));
}

TEST_CASE("a port is free again at once") {
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 50; ++i) {
    Listener listener;
    REQUIRE(listener.open(address) == "");
    address = listener.address();
    test::HttpClient client(address);
    FileDescriptor accepted;
    REQUIRE(listener.accept(accepted) == Listener::Accepted::connection);
    accepted.close();  // this side ends first, so TIME_WAIT is on the listener's port
    CHECK(client.at_end());
  }
}

TEST_CASE("addresses that nobody can listen on") {
  CHECK(problem("203.0.113.1:0") == errno_text(EADDRNOTAVAIL));
  CHECK(problem("127.0.0.1") == "there is no port; write HOST:PORT, [IPV6]:PORT or unix:PATH");
  CHECK(problem("unix:/nonexistent/folder/socket") == errno_text(ENOENT));
  CHECK(problem("unix:/" + std::string(107, 'a')) == "the path is too long for a socket");
}

TEST_CASE("a socket file that nobody listens on is replaced") {
  const Folder folder;
  const std::string path = folder.file("s");
  {
    Listener dead;
    REQUIRE(dead.open("unix:" + path) == "");
  }
  REQUIRE(exists(path));
  Listener listener;
  REQUIRE(listener.open("unix:" + path) == "");
  test::HttpClient client("unix:" + path);
  listener.remove_path();
  CHECK_FALSE(exists(path));
}

TEST_CASE("a socket file that somebody listens on, and any other file, is left alone") {
  const Folder folder;
  Listener live;
  REQUIRE(live.open("unix:" + folder.file("live")) == "");
  CHECK(problem(live.address()) == errno_text(EADDRINUSE));
  test::HttpClient client(live.address());

  const std::string file = folder.file("file");
  std::fclose(std::fopen(file.c_str(), "w"));
  const std::string link = folder.file("link");
  REQUIRE(symlink(folder.file("live").c_str(), link.c_str()) == 0);
  for (const std::string& path : {file, link, folder.file("")}) {
    INFO(path);
    CHECK(problem("unix:" + path) == "a file that is not a socket is in the way");
    CHECK(exists(path));
  }
}

TEST_CASE("a socket file that another has taken over is not removed") {
  const Folder folder;
  const std::string path = folder.file("s");
  Listener first;
  REQUIRE(first.open("unix:" + path) == "");
  REQUIRE(std::rename(path.c_str(), folder.file("elsewhere").c_str()) == 0);
  Listener second;
  REQUIRE(second.open("unix:" + path) == "");
  first.remove_path();
  CHECK(exists(path));
  second.remove_path();
  CHECK_FALSE(exists(path));
}

TEST_CASE("a socket that was given to the process") {
  const int before = test::count_of("fd");
  const Folder folder;
  const std::string path = folder.file("s");
  for (const std::string& address : {std::string("127.0.0.1:0"), std::string("[::1]:0"), "unix:" + path}) {
    INFO(address);
    Listener giver;
    REQUIRE(giver.open(address) == "");
    const int given = dup(giver.descriptor());
    const int flags = fcntl(given, F_GETFL);
    REQUIRE(fcntl(given, F_SETFL, flags & ~O_NONBLOCK) == 0);
    {
      Listener listener;
      REQUIRE(listener.open("fd:" + std::to_string(given)) == "");
      CHECK(listener.descriptor() == given);
      CHECK(listener.address() == giver.address());
      CHECK(listener.port() == giver.port());
      CHECK((fcntl(given, F_GETFD) & FD_CLOEXEC) != 0);
      FileDescriptor accepted;
      CHECK(listener.accept(accepted) == Listener::Accepted::none);
      test::HttpClient client(listener.address());
      CHECK(listener.accept(accepted) == Listener::Accepted::connection);
      listener.refuse();
      listener.remove_path();
    }
    CHECK(fcntl(given, F_GETFD) == -1);
    // It goes on listening for whoever gave it.
    test::HttpClient client(giver.address());
    FileDescriptor accepted;
    CHECK(giver.accept(accepted) == Listener::Accepted::connection);
    giver.remove_path();
  }
  CHECK(test::count_of("fd") == before);
}

TEST_CASE("a socket without a path keeps the name that it was given by") {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string abstract = "promlite_" + std::to_string(getpid());
  std::memcpy(name.sun_path + 1, abstract.data(), abstract.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract.size());
  const int given = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(given, reinterpret_cast<const sockaddr*>(&name), size) == 0);
  REQUIRE(::listen(given, 1) == 0);
  Listener listener;
  REQUIRE(listener.open("fd:" + std::to_string(given)) == "");
  CHECK(listener.address() == "fd:" + std::to_string(given));
  CHECK(listener.port() == 0);
}

TEST_CASE("a descriptor that is no listening socket is left alone") {
  const FileDescriptor file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(problem("fd:" + std::to_string(file.get())) == errno_text(ENOTSOCK));
  CHECK(problem("fd:" + std::to_string(socket.get())) == "the socket does not listen");
  CHECK(problem("fd:9999999") == errno_text(EBADF));
  CHECK(fcntl(file.get(), F_GETFD) != -1);
  CHECK(fcntl(socket.get(), F_GETFD) != -1);
}
