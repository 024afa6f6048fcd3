// promlite: the server when the system gives it as little as it may: one byte at a time, interrupted calls,
// no descriptors, no memory. This program has its own versions of the system calls, and of operator new.
// SPDX-License-Identifier: MIT
// alone: replaces system calls of the C library
#include <promlite/transport/metrics_server.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include <sys/syscall.h>

#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/sanitized.hpp"

// How the calls below behave, on every thread but the test's own.
static std::atomic<bool> single_bytes{false};
static std::atomic<int> interrupt_every{0};  // one call in so many ends with EINTR
static std::atomic<int> accept_errors{0};    // so many calls of accept4 fail with ...
static std::atomic<int> accept_errno{0};
static std::atomic<int> accept_calls{0};
static std::atomic<int> poll_error{0};  // while it is not 0, polls of descriptors fail with it
static std::atomic<int> poll_calls{0};
static std::atomic<int> interrupted{0};
[[maybe_unused]] static std::atomic<int> allocations_left{-1};  // until one fails; negative: none does
[[maybe_unused]] static std::atomic<int> allocations_failed{0};
static thread_local bool is_test = false;

static bool interrupts() {
  static std::atomic<int> calls{0};
  const int every = is_test ? 0 : interrupt_every.load();
  if (every == 0 || ++calls % every != 0) return false;
  ++interrupted;
  errno = EINTR;
  return true;
}

extern "C" {

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (interrupts()) return -1;
  if (is_test || !single_bytes) return syscall(SYS_sendmsg, fd, message, flags);
  iovec one = message->msg_iov[0];
  one.iov_len = 1;
  msghdr less{};
  less.msg_iov = &one;
  less.msg_iovlen = 1;
  return syscall(SYS_sendmsg, fd, &less, flags);
}

ssize_t recv(int fd, void* to, size_t size, int flags) {
  if (interrupts()) return -1;
  return syscall(SYS_recvfrom, fd, to, !is_test && single_bytes ? size_t{1} : size, flags, nullptr, nullptr);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
  if (!is_test) ++poll_calls;
  if (interrupts()) return -1;
  if (!is_test && count != 0 && poll_error != 0) {
    errno = poll_error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_poll, fds, count, timeout));
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  ++accept_calls;
  if (interrupts()) return -1;
  if (accept_errors > 0) {
    --accept_errors;
    errno = accept_errno;
    return -1;
  }
  return static_cast<int>(syscall(SYS_accept4, fd, address, size, flags));
}

}  // extern "C"

#if !PROMLITE_TEST_SANITIZED
static bool fails_to_allocate() noexcept {
  if (is_test || allocations_left < 0 || allocations_left-- != 0) return false;
  ++allocations_failed;
  return true;
}

PROMLITE_NOINLINE void* operator new(std::size_t size) {
  if (fails_to_allocate()) throw std::bad_alloc();
  if (void* const made = std::malloc(size)) return made;
  throw std::bad_alloc();
}
PROMLITE_NOINLINE void* operator new[](std::size_t size) { return operator new(size); }
PROMLITE_NOINLINE void operator delete(void* pointer) noexcept { std::free(pointer); }
PROMLITE_NOINLINE void operator delete[](void* pointer) noexcept { std::free(pointer); }
PROMLITE_NOINLINE void operator delete(void* pointer, std::size_t) noexcept { std::free(pointer); }
PROMLITE_NOINLINE void operator delete[](void* pointer, std::size_t) noexcept { std::free(pointer); }
PROMLITE_NOINLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (fails_to_allocate()) return nullptr;
  return std::malloc(size);
}
PROMLITE_NOINLINE void operator delete(void* pointer, const std::nothrow_t&) noexcept { std::free(pointer); }
#endif

struct Stock : promlite::Collector {
  void collect(promlite::Sink& sink) override { sink.gauge("stock", "Stock.").sample({{"hall", "A"}}, 7); }
};

// A server of a few families, one of them a collector's or not.
struct Served {
  explicit Served(bool with_collector) {
    is_test = true;
    registry.counter("jobs_total", "Jobs done.", {"queue"}).with("mail").inc(3);
    if (with_collector) membership.emplace(registry.add(stock));
    server.emplace("127.0.0.1:0", registry);
    expected = promlite::to_text(registry);
  }
  std::string body() const { return test::get(server->address()).body; }

  promlite::Registry registry;
  Stock stock;
  std::optional<promlite::Membership> membership;
  std::optional<promlite::MetricsServer> server;
  std::string expected;
};

TEST_CASE("reads and writes of one byte") {
  const Served served(false);
  test::HttpClient client(served.server->address());
  single_bytes = true;
  for (int i = 0; i < 5; ++i) CHECK(client.get("/metrics").body == served.expected);
  client.send(
      "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(client.read().body == "OK\n");
  CHECK(client.read(true).status == 200);
  CHECK(client.at_end());
  single_bytes = false;
}

TEST_CASE("interrupted calls") {
  for (const bool with_collector : {false, true}) {
    const Served served(with_collector);
    test::HttpClient client(served.server->address());
    interrupted = 0;
    for (const int every : {2, 3, 5}) {
      interrupt_every = every;
      for (int i = 0; i < 50; ++i) {
        REQUIRE(client.get("/metrics").body == served.expected);
        REQUIRE(served.body() == served.expected);
      }
    }
    interrupt_every = 0;
    CHECK(interrupted > 100);
  }
}

TEST_CASE("the listener survives what accept can report, and does not spin") {
  const Served served(false);
  for (const int error :
       {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH, EINTR}) {
    INFO(error);
    accept_errno = error;
    accept_errors = 3;
    CHECK(test::seconds_of([&] { CHECK(served.body() == served.expected); }) < 1);

    accept_errors = 1 << 20;
    accept_calls = 0;
    test::HttpClient client(served.server->address());
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::seconds_of([&] {
            while (accept_calls < 3) sched_yield();
          }) < 5);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    CHECK(accept_calls < 500);
    accept_errors = 0;
    CHECK(client.read().body == served.expected);
  }
}

TEST_CASE("while polls fail both threads wait, and nobody is turned away") {
  const Served served(true);
  test::HttpClient idle(served.server->address());
  CHECK(idle.get("/metrics").body == served.expected);
  for (const int error : {ENOMEM, EAGAIN}) {
    INFO(error);
    poll_error = error;
    poll_calls = 0;
    test::HttpClient client(served.server->address());  // wakes the threads
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::seconds_of([&] {
            while (poll_calls < 40) sched_yield();
          }) > 0.05);
    poll_error = 0;
    CHECK(client.read().body == served.expected);
    CHECK(idle.get("/metrics").body == served.expected);
  }
}

#if !PROMLITE_TEST_SANITIZED
TEST_CASE("whichever allocation fails, the request is answered or dropped and the next one is served") {
  for (const bool with_collector : {false, true}) {
    const Served served(with_collector);
    const std::string request =
        "GET "
        "/metrics?name[]=jobs_total&name[]=a_name_that_is_too_long_for_the_inside_of_a_string&name[]=stock "
        "HTTP/1.1\r\n"
        "Host: a\r\nAccept: text/plain;version=0.0.4;q=0.9,*/*;q=0.8\r\nConnection: close\r\n\r\n";
    bool some_failed = true;
    int answered = 0;
    for (int k = 0; some_failed && k < 1000; ++k) {
      INFO(k);
      allocations_failed = 0;
      allocations_left = k;
      test::HttpClient client(served.server->address());
      client.send(request);
      const int status = client.read().status;
      some_failed = allocations_failed > 0;
      allocations_left = -1;
      REQUIRE((status == 200 || status == 503 || status == 0));
      answered += status == 503;
      // A collector that finds no memory is counted beside what is expected.
      const std::string body = served.body();
      REQUIRE_THAT(body, ContainsSubstring("jobs_total{queue=\"mail\"} 3\n"));
      REQUIRE((!with_collector || body.find("\nstock{hall=\"A\"} 7\n") != std::string::npos));
    }
    CHECK_FALSE(some_failed);
    CHECK(answered > 0);
  }
}
#endif
