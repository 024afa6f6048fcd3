// promlite: tests of bcrypt, of what is remembered, and of the thread that compares.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter
// alone: has its own crypt_r
#include <promlite/exporter/password.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "support/bcrypt_gate.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::detail::bcrypt_matches;
using promlite::detail::Event;
using promlite::detail::is_bcrypt_hash;
using promlite::detail::now;
using promlite::detail::PasswordChecker;
using promlite::detail::PasswordQuestion;
using promlite::detail::PasswordQueue;
using promlite::detail::PasswordTable;
using promlite::detail::PasswordVerdict;

// `htpasswd -nbBC COST USER PASSWORD`.
static const std::string horse_4 = "$2y$04$TLpZ7S1cYrIgRvT0oRoRreoGXzHuoSKyOFxcTI7Nv53MGKZ7TTQUu";
static const std::string horse_10 = "$2y$10$BHzHEw67krnmufz3NE4.1uAix7FHYAqTqe7PGZj/y8HMj5b0G6Rju";
static const std::string colon_4 = "$2y$04$5Ort5WxTZYLs88ziZc/eHukJPSgKLSap.GuOMZ.MVLMhqvnEw3b1i";
static const std::string empty_4 = "$2y$04$.EjJZIPPlBgyzBnQ7SbvyOJKUWHOl8BOKxFUASPO8MVLIJgu8jDRm";

// Of a program that has asked nothing yet.
static const int threads_alone = test::threads_here();

using Asked = std::vector<std::string>;

static std::shared_ptr<PasswordTable> make_table() {
  return std::make_shared<PasswordTable>(
      std::map<std::string, std::string>{{"reader", horse_4}, {"other", colon_4}, {"empty", empty_4}});
}

TEST_CASE("bcrypt") {
  for (const std::string& hash : {horse_4, horse_10, "$2a" + horse_4.substr(3), "$2b" + horse_4.substr(3)}) {
    INFO(hash);
    CHECK(bcrypt_matches("correct horse", hash));
    for (const char* wrong : {"", "correct horse ", "correct hors", "Correct horse", "pa:ss"}) {
      CHECK_FALSE(bcrypt_matches(wrong, hash));
    }
    CHECK_FALSE(bcrypt_matches(std::string("correct horse\0", 14), hash));
    CHECK_FALSE(bcrypt_matches(std::string("correct horse\0x", 15), hash));
  }
  CHECK(bcrypt_matches("pa:ss", colon_4));
  CHECK(bcrypt_matches("", empty_4));
  CHECK_FALSE(bcrypt_matches(std::string(1, '\0'), empty_4));
  CHECK_FALSE(bcrypt_matches(std::string(512, 'a'), horse_4));
  CHECK_FALSE(bcrypt_matches(std::string(100'000, 'a'), horse_4));
  // Other tools leave bits in the salt's last digit that mean nothing.
  std::string loose = horse_4;
  REQUIRE(loose[28] == 'e');
  loose[28] = 'f';
  CHECK(bcrypt_matches("correct horse", loose));
  const std::string decoy = promlite::detail::decoy_of(horse_10);
  CHECK(is_bcrypt_hash(decoy));
  CHECK(decoy.substr(0, 7) == "$2y$10$");
  CHECK_FALSE(bcrypt_matches("correct horse", decoy));
}

TEST_CASE("a password that was right is known, a wrong one is not remembered") {
  const auto table = make_table();
  test::gate().take();
  CHECK_FALSE(table->knows("reader", "correct horse"));
  CHECK_FALSE(table->knows("empty", ""));
  CHECK_FALSE(table->knows("nobody", ""));
  CHECK(test::gate().take().empty());

  CHECK(table->check("reader", "correct horse"));
  CHECK(test::gate().take() == Asked{"$2y$04$ correct horse"});
  CHECK(table->knows("reader", "correct horse"));
  CHECK(table->check("reader", "correct horse"));
  CHECK(test::gate().take().empty());
  for (const char* wrong : {"", "c", "correct hors", "correct horse!", "Correct horse"}) {
    INFO(wrong);
    CHECK_FALSE(table->knows("reader", wrong));
    CHECK_FALSE(table->check("reader", wrong));
    CHECK_FALSE(table->knows("reader", wrong));
    CHECK(test::gate().take() == Asked{std::string("$2y$04$ ") + wrong});
  }
  // It is that user's alone.
  CHECK_FALSE(table->knows("other", "correct horse"));
  CHECK_FALSE(table->check("other", "correct horse"));
  CHECK(table->check("other", "pa:ss"));
  CHECK(table->check("empty", ""));
  CHECK(table->knows("empty", ""));
  CHECK(table->knows("other", "pa:ss"));
  CHECK(table->knows("reader", "correct horse"));
  // Another configuration begins without it.
  CHECK_FALSE(make_table()->knows("reader", "correct horse"));
}

TEST_CASE("an unknown user costs what the dearest known one does") {
  test::gate().take();
  CHECK_FALSE(make_table()->check("nobody", "correct horse"));
  CHECK(test::gate().take() == Asked{"$2y$04$ correct horse"});
  PasswordTable mixed({{"a", horse_4}, {"b", horse_10}, {"c", "$2a" + colon_4.substr(3)}});
  CHECK_FALSE(mixed.check("nobody", "correct horse"));
  CHECK_FALSE(mixed.check("", ""));
  CHECK(test::gate().take() == Asked{"$2y$10$ correct horse", "$2y$10$ "});
}

TEST_CASE("questions are answered in their order, on a thread that handles no signals") {
  const auto wake = std::make_shared<Event>();
  const auto table = make_table();
  {
    PasswordChecker checker;
    CHECK(test::settles_at("task", threads_alone));  // nobody has asked
    test::gate().shut();
    std::vector<std::shared_ptr<PasswordQuestion>> questions;
    const auto ask = [&](const char* user, const char* password) {
      questions.push_back(std::make_shared<PasswordQuestion>(table, user, password, wake));
      REQUIRE(checker.ask(questions.back()));
    };
    ask("reader", "correct horse");
    ask("reader", "wrong");
    ask("nobody", "correct horse");
    ask("reader", "correct horse");  // known by the time its turn comes
    ask("other", "pa:ss");
    test::gate().await(1);
    CHECK(test::threads_here() == threads_alone + 1);
    for (const auto& each : questions) CHECK(each->verdict() == PasswordVerdict::pending);
    CHECK_FALSE(wake->wait_until(0));
    CHECK(test::gate().thread() == "promlite-passwd");
    test::gate().open();
    std::vector<PasswordVerdict> verdicts;
    for (const auto& each : questions) {
      while (each->verdict() == PasswordVerdict::pending) REQUIRE(wake->wait_until(now() + 10'000));
      verdicts.push_back(each->verdict());
    }
    CHECK(verdicts == std::vector<PasswordVerdict>{PasswordVerdict::right, PasswordVerdict::wrong,
                                                   PasswordVerdict::wrong, PasswordVerdict::right,
                                                   PasswordVerdict::right});
    CHECK(test::gate().take() ==
          Asked{"$2y$04$ correct horse", "$2y$04$ wrong", "$2y$04$ correct horse", "$2y$04$ pa:ss"});
  }
  CHECK(test::settles_at("task", threads_alone));
}

TEST_CASE("few wait, and those that nobody waits for are left out") {
  const auto wake = std::make_shared<Event>();
  const auto table = make_table();
  PasswordChecker checker;
  test::gate().shut();
  const auto make = [&](const std::string& password) {
    return std::make_shared<PasswordQuestion>(table, "reader", password, wake);
  };
  const auto first = make("first");
  REQUIRE(checker.ask(first));
  test::gate().await(1);
  std::vector<std::shared_ptr<PasswordQuestion>> waiting;
  for (std::size_t i = 0; i < PasswordQueue::most_waiting; ++i) {
    waiting.push_back(make(std::to_string(i)));
    REQUIRE(checker.ask(waiting.back()));
  }
  const auto last = make("last");
  CHECK_FALSE(checker.ask(last));
  CHECK_FALSE(checker.ask(last));
  waiting.erase(waiting.begin(), waiting.end() - 2);
  CHECK(checker.ask(last));
  waiting.erase(waiting.begin());  // its turn comes
  test::gate().open();
  while (last->verdict() == PasswordVerdict::pending) REQUIRE(wake->wait_until(now() + 10'000));
  CHECK(test::gate().take() == Asked{"$2y$04$ first", "$2y$04$ 15", "$2y$04$ last"});
}

TEST_CASE("the end does not wait for bcrypt") {
  const auto wake = std::make_shared<Event>();
  auto table = make_table();
  const std::weak_ptr<PasswordTable> watched = table;
  test::gate().shut();
  {
    PasswordChecker checker;
    auto running = std::make_shared<PasswordQuestion>(table, "reader", "correct horse", wake);
    const auto waiting = std::make_shared<PasswordQuestion>(table, "reader", "waiting", wake);
    REQUIRE(checker.ask(running));
    test::gate().await(1);
    REQUIRE(checker.ask(waiting));
    running.reset();
    table.reset();
  }  // returns, although the gate is shut
  CHECK(watched.lock() != nullptr);
  test::gate().open();
  CHECK(test::settles_at("task", threads_alone));
  CHECK(watched.lock() == nullptr);
  CHECK(test::gate().take() == Asked{"$2y$04$ correct horse"});
  CHECK(wake->wait_until(now() + 10'000));
}

TEST_CASE("a checker whose thread is the parent's ends in a child") {
  const auto wake = std::make_shared<Event>();
  auto checker = std::make_unique<PasswordChecker>();
  test::gate().shut();
  const auto question = std::make_shared<PasswordQuestion>(make_table(), "reader", "correct horse", wake);
  REQUIRE(checker->ask(question));
  test::gate().await(1);
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    checker.reset();
    _exit(0);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  test::gate().open();
  while (question->verdict() == PasswordVerdict::pending) REQUIRE(wake->wait_until(now() + 10'000));
  CHECK(question->verdict() == PasswordVerdict::right);
}
