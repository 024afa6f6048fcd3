// promlite: tests of the HTTP client: URLs, what it sends, and a deadline that holds whatever the other side
// or the resolver does. This program has its own resolver.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_client.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/http_client.hpp"

using promlite::HttpClient;
using promlite::HttpResult;
using promlite::detail::HttpUrl;
using promlite::detail::Listener;
using promlite::detail::quote_words;
using test::FakeServer;
using namespace std::chrono_literals;
using namespace std::string_literals;

static std::atomic<int> look_ups{0};
static std::atomic<bool> resolver_hangs{false};

// "hangs.test" takes as long as resolver_hangs; "two.test" is 127.0.0.3 and then 127.0.0.1.
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host != nullptr && std::strcmp(host, "hangs.test") == 0) {
    ++look_ups;
    while (resolver_hangs) std::this_thread::sleep_for(1ms);
    return real("127.0.0.1", port, hints, found);
  }
  if (host != nullptr && std::strcmp(host, "two.test") == 0) {
    addrinfo* second = nullptr;
    const int error = real("127.0.0.3", port, hints, found);
    if (error == 0 && real("127.0.0.1", port, hints, &second) == 0) (*found)->ai_next = second;
    return error;
  }
  return real(host, port, hints, found);
}

// On a thread that says so: one byte for each call.
static thread_local bool single_bytes = false;

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (!single_bytes) return syscall(SYS_sendmsg, fd, message, flags);
  iovec one = message->msg_iov[0];
  one.iov_len = 1;
  msghdr less{};
  less.msg_iov = &one;
  less.msg_iovlen = 1;
  return syscall(SYS_sendmsg, fd, &less, flags);
}

extern "C" ssize_t recv(int fd, void* to, size_t size, int flags) {
  return syscall(SYS_recvfrom, fd, to, single_bytes ? size_t{1} : size, flags, nullptr, nullptr);
}

class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What a request gets that lasts until its deadline. The promise is that it does not take 50 ms longer; of
// five times once will do, for a machine that sanitizers or others keep busy.
static HttpResult get_until_deadline(HttpClient client, std::chrono::milliseconds deadline,
                                     const std::string& target = "/") {
  client.timeout(deadline);
  for (int tries = 1;; ++tries) {
    const Stopwatch watch;
    HttpResult result = client.get(target);
    const double late = watch.milliseconds() - static_cast<double>(deadline.count());
    CHECK(late > -1);
    if (late < 50) return result;
    REQUIRE(tries < 5);
  }
}

TEST_CASE("URLs as people write them") {
  const auto parts = [](std::string_view text) {
    HttpUrl url;
    const char* const problem = promlite::detail::parse_http_url(text, url);
    REQUIRE(problem == nullptr);
    return url.host + "|" + std::to_string(url.port) + "|" + url.authority + "|" + url.prefix + "|" +
           url.credentials;
  };
  CHECK(parts("gateway:9091") == "gateway|9091|gateway:9091||");
  CHECK(parts("gateway") == "gateway|80|gateway:80||");
  CHECK(parts("HTTP://my_gate-way.example.:1/") == "my_gate-way.example.|1|my_gate-way.example.:1||");
  CHECK(parts("http://127.0.0.1:65535/a/b//") == "127.0.0.1|65535|127.0.0.1:65535|/a/b|");
  CHECK(parts("http://[::1]:9091/a") == "::1|9091|[::1]:9091|/a|");
  CHECK(parts("[::ffff:1.2.3.4]") == "::ffff:1.2.3.4|80|[::ffff:1.2.3.4]:80||");
  CHECK(parts("http://us%40er:p%3a+%zz@ss@h:2/p@q") == "h|2|h:2|/p@q|us@er:p:+%zz@ss");

  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "the host is missing"},
      {"http://", "the host is missing"},
      {"http:///metrics", "the host is missing"},
      {"http://:9091", "the host is missing"},
      {"ftp://a", "the scheme is not http"},
      {"http://a:0", "the port is not a number from 1 to 65535"},
      {"a:65536", "the port is not a number from 1 to 65535"},
      {"a:99999999999999999999", "the port is not a number from 1 to 65535"},
      {"a:", "the port is not a number from 1 to 65535"},
      {"a:+1", "the port is not a number from 1 to 65535"},
      {"::1", "an IPv6 address needs brackets: [::1]:9091"},
      {"[::1", "the brackets are not around an IPv6 address"},
      {"[]:1", "the brackets are not around an IPv6 address"},
      {"[a.example]:1", "the brackets are not around an IPv6 address"},
      {"[::1]x", "there is something other than a port behind the brackets"},
      {"a%20b", "the host may have letters, digits, '-', '.' and '_' only"},
      {"user@a", "what stands before the @ is not USER:PASSWORD"},
      {"http://a/?b=c", "it has a query or a fragment"},
      {"http://a#b", "it has a query or a fragment"},
      {"a b", "there is a blank, a control or a non-ASCII character in it"},
      {"a\r\nX: y", "there is a blank, a control or a non-ASCII character in it"},
      {"a\0b"s, "there is a blank, a control or a non-ASCII character in it"},
      {"g\xC3\xA4.example", "there is a blank, a control or a non-ASCII character in it"},
  };
  for (const auto& [text, problem] : wrong) {
    INFO(text);
    HttpUrl url;
    CHECK(promlite::detail::parse_http_url(text, url) == problem);
  }
}

TEST_CASE("other people's words in one line that does no harm") {
  CHECK(quote_words("  two\r\n\twords  ") == "two words");
  CHECK(quote_words("a\x1b[31mb\x7f\0c"s) == "a?[31mb??c");
  CHECK(quote_words("Zo\xC3\xAB \xC2\x9b \xff\xE2\x82 x") == "Zo\xC3\xAB ? ?? x");
  CHECK(quote_words("") == "");
  CHECK(quote_words(std::string(1000, 'x')) == std::string(256, 'x'));
  CHECK(quote_words(std::string(255, 'x') + "\xC3\xAB") == std::string(255, 'x'));
  CHECK(quote_words(std::string(255, 'x') + " y") == std::string(255, 'x'));
}

TEST_CASE("what is sent, and what comes back") {
  FakeServer server([](const FakeServer::Call& call) { call.answer("404 Not Found", "no such thing"); });
  HttpClient client("http://us:er%3A@" + server.address() + "/base/");
  client.header("X-Scope", "1").timeout(5s);
  HttpResult result = client.get("/a?b=c");
  CHECK(result);
  CHECK(result.status == 404);
  CHECK(result.body == "no such thing");
  CHECK_FALSE(result.transient);
  result = client.bearer_token("t.o-k/en=").send("POST", "/x", "text/plain", std::string(3, '\0'));
  CHECK(result.status == 404);
  const std::string common =
      "Host: " + server.address() + "\r\nUser-Agent: promlite/" PROMLITE_VERSION "\r\nConnection: close\r\n";
  CHECK(server.requests() ==
        std::vector<std::string>{
            "GET /base/a?b=c HTTP/1.1\r\n" + common + "Authorization: Basic dXM6ZXI6\r\nX-Scope: 1\r\n\r\n",
            "POST /base/x HTTP/1.1\r\n" + common +
                "Content-Type: text/plain\r\nContent-Length: 3\r\nAuthorization: Bearer t.o-k/en=\r\n"
                "X-Scope: 1\r\n\r\n" +
                std::string(3, '\0')});
}

TEST_CASE("settings that cannot be sent are refused before anything is, and without the secret") {
  int connections = 0;
  FakeServer server([&](const FakeServer::Call& call) {
    ++connections;
    call.answer("200 OK");
  });
  const auto problem = [&](auto&& set) {
    HttpClient client(server.address());
    set(client);
    const HttpResult result = client.get("/");
    CHECK_FALSE(result);
    CHECK(result.status == 0);
    CHECK_FALSE(result.transient);
    CHECK(result.problem.find("s3cret") == std::string::npos);
    return result.problem;
  };
  CHECK(problem([](HttpClient& c) { c.basic_auth("a:b", "s3cret"); }) == "a user name cannot have a colon");
  for (const std::string& bad : {"s3cret\r\nX: y"s, "s3cret\n"s, "s3cret\0"s, "s3cret\x7f"s}) {
    CHECK(problem([&](HttpClient& c) { c.basic_auth("a", bad); }) ==
          "the user name or the password has a control character in it");
    CHECK(problem([&](HttpClient& c) { c.bearer_token(bad); }) ==
          "the bearer token has a character that a token cannot have");
    CHECK(problem([&](HttpClient& c) { c.header("X-Key", bad); }) ==
          "the value of the header X-Key has a control character in it");
  }
  CHECK(problem([](HttpClient& c) { c.bearer_token("s3cret x"); }) ==
        "the bearer token has a character that a token cannot have");
  CHECK(problem([](HttpClient& c) { c.bearer_token(""); }) == "the bearer token is empty");
  CHECK(problem([](HttpClient& c) { c.header("X\r\nY", "s3cret"); }) ==
        "\"X Y\" is not the name of a header");
  CHECK(problem([](HttpClient& c) { c.header("", "s3cret"); }) == "\"\" is not the name of a header");
  for (const std::string name : {"Host", "CONNECTION", "content-length", "Content-Type", "Transfer-Encoding",
                                 "Expect", "User-Agent"}) {
    CHECK(problem([&](HttpClient& c) { c.header(name, "x"); }) == "the header " + name + " is not free");
  }
  for (const auto timeout : {0ms, -1ms, std::chrono::milliseconds(86400001)}) {
    CHECK(problem([&](HttpClient& c) { c.timeout(timeout); }) ==
          "the timeout is not between a millisecond and a day");
  }
  // The first problem is the one that is told.
  CHECK(problem([](HttpClient& c) { c.timeout(0ms).bearer_token(""); }) ==
        "the timeout is not between a millisecond and a day");

  const HttpClient client(server.address());
  for (const std::string& path : {""s, "a"s, "/a b"s, "/a\r\nX: y"s, "/a#b"s, "/\xff"s, "/\0"s}) {
    CHECK_FALSE(client.get(path));
  }
  CHECK_FALSE(client.send("get", "/"));
  CHECK_FALSE(client.send("", "/"));
  CHECK_FALSE(client.send("GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "/"));
  CHECK_FALSE(client.send("POST", "/", "a\r\nX: y"));
  CHECK(HttpClient("https://u:s3cret@h").get("/").problem ==
        "\"h\": https is not supported, there is no TLS in promlite: let a proxy on this machine (stunnel, "
        "nginx, envoy) speak it, and give http:// and the proxy's address here");
  CHECK(HttpClient("http://u:s3cret@h:x").get("/").problem ==
        "\"h:x\": the port is not a number from 1 to 65535");
  CHECK(connections == 0);
  CHECK(client.get("/"));
}

TEST_CASE("a HEAD has no body, and a GET may have one") {
  FakeServer server([](const FakeServer::Call& call) {
    call.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    if (call.request.find("GET") == 0) call.say("abc");
    call.wait();
  });
  const HttpClient client(server.address());
  CHECK(client.send("HEAD", "/"));
  CHECK(client.send("GET", "/", "", "body").body == "abc");
  CHECK(server.requests().at(0).find("HEAD / HTTP/1.1\r\n") == 0);
  CHECK(server.requests().at(1).find("\r\nContent-Length: 4\r\n\r\nbody") != std::string::npos);
}

TEST_CASE("nobody there") {
  std::string address;
  {
    Listener closed;
    REQUIRE(closed.open("127.0.0.1:0") == "");
    address = closed.address();
  }
  const HttpResult result = HttpClient(address).get("/");
  CHECK(result.problem == "Connection refused");
  CHECK(result.transient);
  CHECK(HttpClient("no-such-host.invalid:1").timeout(4s).get("/").problem.find("cannot look up the host: ") ==
        0);
}

TEST_CASE("a host that swallows packets") {
  // A listener whose queue is full drops what else comes.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2);  // 127.0.0.3
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(::listen(fd, 0) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0);
  const std::string port = std::to_string(ntohs(name.sin_port));
  std::vector<promlite::detail::FileDescriptor> fill;
  for (int i = 0; i < 8; ++i) {
    fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(fill.back().get(), reinterpret_cast<sockaddr*>(&name), sizeof name);
  }
  CHECK(get_until_deadline(HttpClient("127.0.0.3:" + port), 200ms).problem ==
        "the deadline passed while connecting");
  // The next address of the same name has time left.
  FakeServer server([](const FakeServer::Call& call) { call.answer("200 OK", "second"); },
                    "127.0.0.1:" + port);
  CHECK(HttpClient("two.test:" + port).timeout(1s).get("/").body == "second");
  ::close(fd);
}

TEST_CASE("a resolver that hangs costs the deadline, and one thread") {
  FakeServer server([](const FakeServer::Call& call) { call.answer("200 OK"); });
  const HttpClient client("hangs.test:" + server.port());
  resolver_hangs = true;
  look_ups = 0;
  const int threads = test::threads_here(), files = test::count_of("fd");
  for (int i = 0; i < 3; ++i) {
    CHECK(get_until_deadline(client, 100ms).problem == "the deadline passed while looking up the host");
  }
  CHECK(look_ups == 1);
  CHECK(test::threads_here() == threads + 1);
  resolver_hangs = false;
  CHECK(test::settles_at("task", threads));
  CHECK(client.get("/"));
  CHECK(look_ups == 2);
  CHECK(test::settles_at("fd", files));
}

TEST_CASE("a resolver that hangs does not keep a program from ending") {
  resolver_hangs = true;
  const Stopwatch watch;
  const pid_t child = ::fork();
  if (child == 0) {
    const HttpResult result = HttpClient("hangs.test:1").timeout(50ms).get("/");
    std::exit(result ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(watch.milliseconds() < 3000);
  resolver_hangs = false;
}

TEST_CASE("calls that are interrupted, or take one byte, change nothing") {
  FakeServer server([](const FakeServer::Call& call) {
    if (call.request.find("GET /wait") == 0) call.wait();
    call.answer("200 OK", call.request);
  });
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, &before);
  const itimerval often{{0, 1000}, {0, 1000}}, never{};
  setitimer(ITIMER_REAL, &often, nullptr);
  single_bytes = true;
  const HttpClient client = HttpClient(server.address()).timeout(20s);
  for (int i = 0; i < 20; ++i) {
    const std::string echo = client.send("PUT", "/", "", "body").body;
    CHECK(echo == server.requests().back());
  }
  CHECK(get_until_deadline(HttpClient(server.address()), 100ms, "/wait").problem ==
        "the deadline passed while waiting for the answer");
  single_bytes = false;
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
}

TEST_CASE("whatever a server does, the deadline holds") {
  const auto ask = [](std::function<void(const FakeServer::Call&)> script) {
    FakeServer server(std::move(script));
    return HttpClient(server.address()).timeout(20s).get("/");
  };
  const auto ask_until_deadline = [](std::function<void(const FakeServer::Call&)> script) {
    FakeServer server(std::move(script));
    return get_until_deadline(HttpClient(server.address()), 200ms);
  };
  using Call = FakeServer::Call;
  HttpResult result = ask_until_deadline([](const Call& call) { call.wait(); });
  CHECK(result.problem == "the deadline passed while waiting for the answer");
  CHECK(result.transient);

  // Bytes that trickle in do not move it.
  const auto drip = [](const Call& call, const char* piece) {
    while (call.say(piece)) std::this_thread::sleep_for(2ms);
  };
  result = ask([](const Call& call) {
    call.say("H");
    call.say("H");
    call.wait();
  });
  CHECK(result.problem == "the answer is not HTTP: \"HH\"");
  CHECK_FALSE(result.transient);
  result = ask_until_deadline([&](const Call& call) {
    call.say("HTTP/1.1 200 OK\r\n");
    drip(call, "X: y\r\n");
  });
  CHECK(result.problem == "the deadline passed while waiting for the answer");
  CHECK(result.status == 0);
  result = ask_until_deadline([&](const Call& call) {
    call.say("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    drip(call, "abc");
  });
  CHECK(result.status == 200);
  CHECK(result.body.substr(0, 3) == "abc");
  CHECK_FALSE(result);

  // As fast as it can: 64 KiB are the end of it.
  result = ask([](const Call& call) {
    call.say("HTTP/1.1 200 OK\r\nX: ");
    while (call.say(std::string(10000, 'x'))) {
    }
  });
  CHECK(result.problem == "the answer's head does not end");
  result = ask([](const Call& call) { call.answer("500 Bad", std::string(10 << 20, 'x')); });
  CHECK(result.problem == "the answer is too long");
  CHECK(result.status == 500);
  CHECK(result.transient);
  CHECK(result.body.size() < 65536);
  CHECK(result.body.size() > 65000);

  result = ask([](const Call&) {});
  CHECK(result.problem == "the connection ended without an answer");
  CHECK(result.transient);
  result = ask([](const Call& call) { call.reset(); });
  CHECK(result.problem == "Connection reset by peer");
  result = ask([](const Call& call) { call.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"); });
  CHECK(result.problem == "the connection ended in the middle of the answer");
  CHECK(result.status == 200);
  result = ask([](const Call& call) { call.say("SSH-2.0-OpenSSH_9.2\r\n"); });
  CHECK(result.problem == "the answer is not HTTP: \"SSH-2.0-OpenSSH_9.2\"");
  result = ask([](const Call& call) { call.answer("302 Found", "", "Location: https://other/\r\n"); });
  CHECK(result);
  CHECK(result.status == 302);
  CHECK(result.location == "https://other/");
}

TEST_CASE("bytes that are always there do not hide the deadline") {
  FakeServer server([](const FakeServer::Call& call) {
    call.say("HTTP/1.1 200 OK\r\n\r\n");
    while (call.say(std::string(65536, 'x'))) {
    }
  });
  const HttpClient client = HttpClient(server.address()).max_response_bytes(1 << 30);
  single_bytes = true;  // so that the server is the faster one
  const std::string problem = get_until_deadline(client, 100ms).problem;
  single_bytes = false;
  CHECK(problem == "the deadline passed while waiting for the answer");
}

TEST_CASE("an answer before the end of the question, and one that may be large") {
  // The server reads the head of 20 MB and refuses them.
  Listener listener;
  REQUIRE(listener.open("127.0.0.1:0") == "");
  std::thread server([&] {
    pollfd fds[1] = {{listener.descriptor(), POLLIN, 0}};
    promlite::detail::FileDescriptor connection;
    while (listener.accept(connection) != Listener::Accepted::connection) ::poll(fds, 1, 1000);
    const std::string answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    (void)!::write(connection.get(), answer.data(), answer.size());
    std::this_thread::sleep_for(50ms);
  });
  const HttpResult result =
      HttpClient(listener.address()).timeout(5s).send("PUT", "/", "", std::string(20 << 20, 'x'));
  server.join();
  CHECK(result.status == 413);
  CHECK(result.body == "no");

  const std::string body(3 << 20, 'x');
  FakeServer generous([&](const FakeServer::Call& call) { call.answer("200 OK", body); });
  CHECK(HttpClient(generous.address()).max_response_bytes(4 << 20).get("/").body == body);
}

TEST_CASE("many at once from one client") {
  FakeServer server([](const FakeServer::Call& call) { call.answer("200 OK", "x"); });
  const HttpClient client = HttpClient("localhost:" + server.port());
  const int files = test::count_of("fd");
  std::atomic<int> fine{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) fine += client.get("/").body == "x" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(fine == 200);
  CHECK(server.requests().size() == 200);
  CHECK(test::settles_at("fd", files));
}
