// promlite: what the server must survive: hostile clients, slow ones, and a system that runs out of things.
// After every case a fresh scrape is answered at once, and descriptors and threads are back where they were.
// SPDX-License-Identifier: MIT
#include <promlite/transport/server.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "support/catch.hpp"
#include "support/host_state.hpp"
#include "support/http_client.hpp"
#include "support/sanitized.hpp"

using promlite::ServerOptions;
using promlite::detail::Server;
using test::HttpClient;
using test::Response;
using namespace std::chrono_literals;

static const std::string up = "# HELP up Whether it runs.\n# TYPE up gauge\nup 1\n";

// A source of one text, with a gate that a test can close.
class Source : public promlite::detail::ScrapeSource {
 public:
  std::string text = up;
  std::atomic<bool> blocking{false};
  std::atomic<bool> failing{false};
  std::atomic<int> rendered{0};

  bool may_block() const noexcept override { return blocking; }
  bool render(const promlite::detail::ScrapeKey&, promlite::detail::Instant,
              promlite::detail::ByteBuffer& out) override {
    ++rendered;
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.notify_all();
    changed_.wait_for(lock, 30s, [this] { return open_; });
    if (failing) throw std::bad_alloc();
    out.append(text);
    return false;
  }
  void set_text(std::string changed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    text = std::move(changed);
  }
  void open_gate(bool open) {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  void await_rendering(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return rendered >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
};

// A server whose end checks that the case has left nothing behind: fresh scrapes are answered at once with
// what strict readers accept, stopping is quick, and the process is as it was.
class Served {
 public:
  explicit Served(const ServerOptions& options = {}) {
    REQUIRE(server_.start("127.0.0.1:0", source, options) == "");
    all_descriptors_ = test::count_of("fd");
  }
  ~Served() {
    source->set_text(up);
    CHECK(test::problem_of_scrape(address()) == "");
    CHECK(test::settles_at("fd", all_descriptors_));  // the server learns of a client's end by itself
    CHECK(test::seconds_of([&] { server_.stop(); }) < 0.2);
    CHECK(host_.difference() == "");
  }

  const std::string& address() const { return server_.address(); }
  Server& server() { return server_; }

  std::shared_ptr<Source> source = std::make_shared<Source>();

 private:
  test::HostState host_;
  int all_descriptors_ = 0;
  Server server_;
};

static const std::string get_metrics = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

static void without_delay(const HttpClient& client) {
  const int on = 1;
  setsockopt(client.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

TEST_CASE("malformed requests are answered and the connection ends") {
  Served served;
  const std::pair<const char*, int> rows[] = {
      {"GET /metrics HTTP/1.1\nHost: a\n\n", 400},
      {"GET /metrics HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400},
      {"GET /metrics HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET /metrics\r\n", 400},
      {"GET /metrics HTTP/9.9\r\nHost: a\r\n\r\n", 400},
      {"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
       400},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 400},
      {"GET /metrics HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
      {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\n", 400},
  };
  for (const auto& row : rows) {
    INFO(row.first);
    HttpClient client(served.address());
    REQUIRE(client.send(row.first));
    const Response response = client.read();
    CHECK(response.status == row.second);
    CHECK(response.body == "Bad request\n");
    CHECK(response.header("Connection") == "close");
    CHECK(client.at_end());
  }
}

TEST_CASE("heads without end are refused long before their end") {
  Served served;
  const auto status = [&](const std::string& start, const std::string& piece) {
    HttpClient client(served.address());
    client.send(start);
    for (std::size_t sent = 0; sent < (std::size_t{100} << 20) && client.send(piece); sent += piece.size()) {
    }
    const std::string all = client.read_all();
    return all.empty() ? "reset" : all.substr(9, 3);
  };
  const std::string large(1 << 20, 'A');
  std::string lines;
  for (int i = 0; i < 100000; ++i) lines += "X: y\r\n";
  // Who goes on sending after the answer may find the connection reset.
  const auto is = [](const std::string& found, const std::string& wanted) {
    return found == wanted || found == "reset";
  };
  CHECK(is(status("", large), "414"));
  CHECK(is(status("GET /", std::string(65536, '/')), "414"));
  CHECK(is(status("GET / HTTP/1.1\r\nX: ", large), "431"));
  CHECK(is(status("GET / HTTP/1.1\r\n", lines), "431"));

  HttpClient client(served.address());
  REQUIRE(client.send("GET /" + std::string(65536, '/')));
  CHECK(client.read().status == 414);
  HttpClient other(served.address());
  REQUIRE(other.send("GET / HTTP/1.1\r\nX: " + std::string(1 << 18, 'y')));
  CHECK(other.read().status == 431);
}

TEST_CASE("a head that is longer than most is read to its end, however it is cut") {
  Served served;
  // The first words must still be known when the last ones come.
  const std::string head =
      "GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + std::string(6000, 'x') + "\r\nAccept: */*\r\n\r\n";
  for (const std::size_t cut :
       {std::size_t{10}, std::size_t{2047}, std::size_t{2048}, std::size_t{2049}, head.size() - 1}) {
    HttpClient client(served.address());
    without_delay(client);
    for (int i = 0; i < 2; ++i) {
      REQUIRE(client.send(head.substr(0, cut)));
      REQUIRE(client.send(head.substr(cut)));
      const Response response = client.read();
      CHECK(response.status == 200);
      CHECK(response.body == served.source->text);
    }
    REQUIRE(client.send(head + head + get_metrics));
    for (int i = 0; i < 3; ++i) CHECK(client.read().body == served.source->text);
  }
}

TEST_CASE("a stream gets the same answers however it is cut") {
  Served served;
  const std::string stream =
      "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
      "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /other HTTP/1.1\r\nHost: a\r\n\r\n"
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const auto answers = [&](const std::vector<std::string>& pieces) {
    HttpClient client(served.address());
    without_delay(client);
    for (const std::string& piece : pieces) client.send(piece);
    return client.read_all();
  };
  const std::string whole = answers({stream});
  REQUIRE(whole.size() > 500);
  for (std::size_t i = 1; i < stream.size(); ++i) {
    INFO(i);
    REQUIRE(answers({stream.substr(0, i), stream.substr(i)}) == whole);
  }
  std::vector<std::string> bytes;
  for (const char c : stream) bytes.emplace_back(1, c);
  CHECK(answers(bytes) == whole);
}

TEST_CASE("a thousand requests in one send are answered in order") {
  Served served;
  HttpClient client(served.address());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get_metrics + "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(client.send(requests));
  for (int i = 0; i < 500; ++i) {
    REQUIRE(client.read().body == up);
    REQUIRE(client.read().body == "OK\n");
  }
}

TEST_CASE("a client that has said all is answered, and so is its last request") {
  Served served;
  HttpClient client(served.address());
  client.send(get_metrics + get_metrics + "GET /met");
  client.finish_sending();
  CHECK(client.read().status == 200);
  CHECK(client.read().status == 200);
  CHECK(client.at_end());
}

TEST_CASE("half-open connections do not keep others from being served") {
  ServerOptions options;
  options.header_timeout = 2s;
  Served served(options);
  std::vector<HttpClient> clients;
  for (int i = 0; i < 600; ++i) {
    clients.emplace_back(served.address());
    clients.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-");
    if (i % 20 == 0) {
      CHECK(test::seconds_of([&] { CHECK(test::get(served.address()).status == 200); }) <
            (test::sanitized ? 0.2 : 0.05));
    }
  }
  // The oldest had to go, the youngest are still there.
  CHECK(clients[0].read_all().empty());
  clients.back().send("a: b\r\n\r\n");
  CHECK(clients.back().read().status == 200);
}

TEST_CASE("with all places taken the oldest without a request gives way") {
  ServerOptions options;
  options.max_connections = 8;
  Served served(options);
  std::vector<HttpClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(served.address());
    REQUIRE(clients.back().get("/metrics").status == 200);
  }
  std::this_thread::sleep_for(2ms);  // ages are told apart by the millisecond
  REQUIRE(clients[0].get("/metrics").status == 200);
  CHECK(test::get(served.address()).status == 200);
  CHECK(clients[0].get("/metrics").status == 200);
  int alive = 0;
  for (HttpClient& client : clients) alive += client.get("/metrics").status == 200;
  CHECK(alive == 7);
}

TEST_CASE("deadlines are absolute: a byte now and then does not move them") {
  ServerOptions options;
  options.header_timeout = 300ms;
  Served served(options);
  HttpClient client(served.address());
  const double seconds = test::seconds_of([&] {
    client.send("GET /");
    for (int i = 0; i < 400; ++i) {  // for much longer than the deadline, and than what is allowed below
      std::this_thread::sleep_for(20ms);
      client.send("a");
      char c = 0;
      if (recv(client.descriptor(), &c, 1, MSG_DONTWAIT | MSG_PEEK) > 0) break;
    }
  });
  CHECK(seconds > 0.25);
  CHECK(seconds < 3);
  const Response response = client.read();
  CHECK(response.status == 408);
  CHECK(response.header("Connection") == "close");
}

TEST_CASE("silent connections are closed") {
  ServerOptions options;
  options.header_timeout = 200ms;
  options.idle_timeout = 500ms;
  Served served(options);
  HttpClient silent(served.address());
  HttpClient idle(served.address());
  CHECK(idle.get("/metrics").status == 200);
  double seconds = test::seconds_of([&] { CHECK(silent.at_end()); });
  CHECK(seconds > 0.1);
  CHECK(seconds < 3);
  seconds = test::seconds_of([&] { CHECK(idle.at_end()); });
  CHECK(seconds > 0.2);
  CHECK(seconds < 5);
}

TEST_CASE("resets in the middle of a body") {
  Served served;
  served.source->text = std::string(4 << 20, 'x');
  for (int i = 0; i < 1000; ++i) {
    HttpClient client(served.address(), 4096);
    client.send(get_metrics);
    char c = 0;
    REQUIRE(recv(client.descriptor(), &c, 1, 0) == 1);
    client.reset();
  }
}

TEST_CASE("connecting and leaving") {
  Served served;
  const int connections = std::getenv("PROMLITE_LONG") != nullptr ? 100000 : 5000;
  for (int i = 0; i < connections; ++i) {
    HttpClient client(served.address());
    if (i % 3 == 1) client.reset();
    if (i % 3 == 2) client.send("GET");
  }
}

TEST_CASE("a response that is not taken in time ends the connection") {
  ServerOptions options;
  options.write_timeout = 300ms;
  Served served(options);
  served.source->text = std::string(std::size_t{16} << 20, 'x');
  const int open = test::count_of("fd") + 2;  // with both ends
  HttpClient client(served.address(), 1024);
  client.send(get_metrics);
  const double seconds = test::seconds_of([&] {
    char buffer[1024];
    REQUIRE(recv(client.descriptor(), buffer, 1, 0) == 1);
    REQUIRE(test::count_of("fd") == open);
    for (int i = 0; i < 1000 && test::count_of("fd") == open; ++i) {
      REQUIRE(recv(client.descriptor(), buffer, sizeof buffer, 0) > 0);
      std::this_thread::sleep_for(5ms);
    }
  });
  CHECK(seconds > 0.25);
  CHECK(seconds < 3);
}

TEST_CASE("scrapes that arrive during a collection get the next one, together") {
  Served served;
  served.source->open_gate(false);
  HttpClient first(served.address());
  first.send(get_metrics);
  served.source->await_rendering(1);
  std::vector<HttpClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(served.address());
    clients.back().send(get_metrics);
  }
  served.source->open_gate(true);
  CHECK(first.read().status == 200);
  for (HttpClient& client : clients) CHECK(client.read().status == 200);
  // Those that are accepted in one round may be read in the next.
  CHECK(served.source->rendered <= 3);
}

TEST_CASE("a collection without memory is answered with 503, and the next one is made") {
  Served served;
  for (const bool blocking : {false, true}) {
    served.source->blocking = blocking;
    served.source->failing = true;
    HttpClient client(served.address());
    for (int i = 0; i < 3; ++i) {
      const Response response = client.get("/metrics");
      CHECK(response.status == 503);
      CHECK(response.body == "Service unavailable\n");
    }
    served.source->failing = false;
    CHECK(client.get("/metrics").body == up);
  }
}

TEST_CASE("clients that leave while they wait for a collection") {
  Served served;
  served.source->blocking = true;
  served.source->open_gate(false);
  {
    std::vector<HttpClient> clients;
    for (int i = 0; i < 30; ++i) {
      clients.emplace_back(served.address());
      clients.back().send(get_metrics);
    }
    served.source->await_rendering(1);
    for (int i = 0; i < 30; i += 2) clients[static_cast<std::size_t>(i)].reset();
  }
  CHECK(test::get(served.address(), "/-/healthy").status == 200);
  served.source->open_gate(true);
}

TEST_CASE("scrapes without a body give way when all places are taken") {
  ServerOptions options;
  options.max_connections = 4;
  Served served(options);
  served.source->blocking = true;
  served.source->open_gate(false);
  std::vector<HttpClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(served.address());
    // What follows an answered request in the same send is read before anybody is accepted.
    clients.back().send("GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n" + get_metrics);
    REQUIRE(clients.back().read().body == "OK\n");
  }
  CHECK(test::get(served.address(), "/-/healthy").status == 200);
  served.source->open_gate(true);
  int turned_away = 0;
  for (HttpClient& client : clients) turned_away += client.read().status == 503;
  CHECK(turned_away == 1);
}

static std::atomic<int> alarms{0};
static std::atomic<int> strange_alarms{0};
static pthread_t main_thread;

TEST_CASE("signals are the program's: its handlers do not run on the server's threads") {
  Served served;
  HttpClient client(served.address());
  main_thread = pthread_self();
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    ++alarms;
    if (pthread_equal(pthread_self(), main_thread) == 0) ++strange_alarms;
  };
  REQUIRE(sigaction(SIGALRM, &action, &before) == 0);
  const itimerval often = {{0, 1000}, {0, 1000}};
  const itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, nullptr);
  int answered = 0;
  for (int i = 0; i < 100000 && alarms < 200; ++i) answered += client.get("/metrics").status == 200 ? 0 : 1;
  // The system looks for another thread when the first one blocks the signal.
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  for (int i = 0; i < 50; ++i) answered += client.get("/metrics").status == 200 ? 0 : 1;
  std::this_thread::sleep_for(20ms);
  pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  setitimer(ITIMER_REAL, &off, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(answered == 0);
  CHECK(alarms >= 200);
  CHECK(strange_alarms == 0);
}

TEST_CASE("while it runs a server changes nothing of the process but descriptors and threads") {
  const test::HostState before;
  Served served;
  HttpClient(served.address()).send(get_metrics);
  CHECK(test::problem_of_scrape(served.address()) == "");
  CHECK(before.difference({"descriptors", "threads"}) == "");
}

// Runs `body` in a child process; what it writes to its pipe comes back, and the status of its end.
class Child {
 public:
  template <class Body>
  explicit Child(Body&& body) {
    REQUIRE(pipe(to_child_) == 0);
    REQUIRE(pipe(from_child_) == 0);
    id_ = fork();
    REQUIRE(id_ >= 0);
    if (id_ == 0) {
      close(to_child_[1]);
      close(from_child_[0]);
      body(to_child_[0], from_child_[1]);
      _exit(0);
    }
    close(to_child_[0]);
    close(from_child_[1]);
  }
  std::string line() {
    std::string text;
    for (char c = 0; read(from_child_[0], &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  /// The most that it has ever had in memory at once.
  long peak_bytes() const {
    std::ifstream status("/proc/" + std::to_string(id_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("VmHWM:", 0) == 0) return std::atol(line.c_str() + 6) * 1024;
    }
    return 0;
  }
  void tell() { (void)!write(to_child_[1], "x", 1); }
  int end() {
    close(to_child_[1]);
    close(from_child_[0]);
    int status = 0;
    waitpid(id_, &status, 0);
    return status;
  }

 private:
  int to_child_[2];
  int from_child_[2];
  pid_t id_ = -1;
};

TEST_CASE("slow readers share one body, and give way to others") {
  const std::size_t size = std::size_t{20} << 20;
  Child child([&](int in, int out) {
    const test::HostState host;
    Server server;
    const auto source = std::make_shared<Source>();
    source->text = std::string(size, 'x');
    const bool started = server.start("127.0.0.1:0", source, {}).empty();
    const auto say = [out](const std::string& text) {
      (void)!write(out, (text + "\n").data(), text.size() + 1);
    };
    say(started ? server.address() : "failed");
    char c = 0;
    (void)!read(in, &c, 1);
    say(source->rendered <= 4 ? "few" : "many");
    source->set_text(up);
    (void)!read(in, &c, 1);
    server.stop();
    say(host.difference());
  });
  const std::string address = child.line();
  const long before = child.peak_bytes();
  {
    std::vector<HttpClient> clients;
    for (int i = 0; i < 200; ++i) {
      clients.emplace_back(address, 1024);
      clients.back().send(get_metrics);
    }
    char c = 0;
    REQUIRE(recv(clients[0].descriptor(), &c, 1, 0) == 1);
    CHECK(test::get(address).body.size() == size);  // once those that stand still have gone
    child.tell();
    CHECK(child.line() == "few");
    const long grown = child.peak_bytes() - before;
    CHECK(grown > static_cast<long>(size) / 2);
    if (!test::sanitized) CHECK(grown < static_cast<long>(size) + (static_cast<long>(size) >> 2));
  }
  CHECK(test::problem_of_scrape(address) == "");
  child.tell();
  CHECK(child.line() == "");
  CHECK(child.end() == 0);
}

TEST_CASE("servers start, serve and stop while signals interrupt their owner's calls") {
  const test::HostState host;
  static std::atomic<int> interruptions{0};
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) { ++interruptions; };
  REQUIRE(sigaction(SIGALRM, &action, &before) == 0);
  const itimerval often = {{0, 1000}, {0, 1000}};
  const itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, nullptr);
  int failed = 0;
  for (int i = 0; i < 10000 && (i < 50 || interruptions < 200); ++i) {
    Server server;
    failed += server.start("127.0.0.1:0", std::make_shared<Source>(), {}).empty() ? 0 : 1;
    pthread_sigmask(SIG_BLOCK, &alarm, nullptr);  // the client's calls are not what is tested
    failed += test::get(server.address()).body == up ? 0 : 1;
    pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
    failed += test::seconds_of([&] { server.stop(); }) < 0.2 ? 0 : 1;
  }
  setitimer(ITIMER_REAL, &off, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(failed == 0);
  CHECK(interruptions >= 200);
  CHECK(host.difference() == "");
}

static double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST_CASE("without descriptors the server waits for better times, and does not spin") {
  Child child([](int in, int out) {
    const rlimit few = {40, 40};
    setrlimit(RLIMIT_NOFILE, &few);
    const test::HostState host;
    Server server;
    const bool started = server.start("127.0.0.1:0", std::make_shared<Source>(), {}).empty();
    const auto say = [out](const std::string& text) {
      (void)!write(out, (text + "\n").data(), text.size() + 1);
    };
    say(started ? server.address() : "failed");
    char c = 0;
    (void)!read(in, &c, 1);
    const double before = cpu_seconds();
    (void)!read(in, &c, 1);
    say(std::to_string(cpu_seconds() - before));
    (void)!read(in, &c, 1);
    server.stop();
    say(host.difference({"resource limits"}));
  });
  const std::string address = child.line();
  REQUIRE(address != "failed");
  std::vector<HttpClient> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(address);
  std::this_thread::sleep_for(100ms);
  child.tell();
  std::this_thread::sleep_for(1s);
  child.tell();
  CHECK(std::stod(child.line()) < 0.02);
  clients.clear();
  Response response;
  CHECK(test::seconds_of([&] { response = test::get(address); }) < 1);
  CHECK(response.body == up);
  CHECK(test::problem_of_scrape(address) == "");
  child.tell();
  CHECK(child.line() == "");
  CHECK(child.end() == 0);
}

TEST_CASE("a limit below what is open already") {
  Child child([](int in, int out) {
    const test::HostState host;
    Server server;
    const bool started = server.start("127.0.0.1:0", std::make_shared<Source>(), {}).empty();
    const auto say = [out](const std::string& text) {
      (void)!write(out, (text + "\n").data(), text.size() + 1);
    };
    say(started ? server.address() : "failed");
    char c = 0;
    (void)!read(in, &c, 1);
    const rlimit few = {20, 20};
    setrlimit(RLIMIT_NOFILE, &few);
    const double before = cpu_seconds();
    (void)!read(in, &c, 1);
    say(std::to_string(cpu_seconds() - before));
    (void)!read(in, &c, 1);
    server.stop();
    say(host.difference({"resource limits"}));
  });
  const std::string address = child.line();
  std::vector<HttpClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(address);
    REQUIRE(clients.back().get("/metrics").status == 200);
  }
  child.tell();
  std::this_thread::sleep_for(500ms);
  child.tell();
  CHECK(std::stod(child.line()) < 0.05);
  clients.clear();
  Response response;
  CHECK(test::seconds_of([&] { response = test::get(address); }) < 1);
  CHECK(response.body == up);
  CHECK(test::problem_of_scrape(address) == "");
  child.tell();
  CHECK(child.line() == "");
  CHECK(child.end() == 0);
}

#if !PROMLITE_TEST_THREAD_SANITIZED  // thread sanitizer allows no threads after a fork with threads
TEST_CASE("a fork leaves the server to the parent, and the child can have its own") {
  Served served;
  HttpClient client(served.address());
  REQUIRE(client.get("/metrics").status == 200);
  Child child([&](int, int out) {
    const bool stopped = test::seconds_of([&] { served.server().stop(); }) < 0.2;
    bool answered = false;
    {
      Server own;
      answered = own.start("127.0.0.1:0", served.source, {}).empty() && test::get(own.address()).body == up;
    }
    (void)!write(out, stopped && answered ? "good\n" : "bad\n", 5);
  });
  CHECK(child.line() == "good");
  CHECK(child.end() == 0);
  CHECK(client.get("/metrics").status == 200);
  CHECK(test::get(served.address()).status == 200);
}
#endif
