// promlite: example: tests of one's own metrics with Catch2.
// SPDX-License-Identifier: MIT
#include <promlite/testing.hpp>

#include "mail_queue.hpp"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>  // version 3
#else
#include <catch2/catch.hpp>  // version 2
#endif

using promlite::testing::compare;
using promlite::testing::value_of;

TEST_CASE("a mail that is sent is counted") {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.add();
  queue.sent("delivered", 0.25);

  CHECK(value_of(registry, "mail_queue_length") == 1);
  CHECK(value_of(registry, "mails_sent_total", {{"outcome", "delivered"}}) == 1);
  CHECK(value_of(registry, "mail_send_duration_seconds_bucket", {{"le", "1"}}) == 1);
  CHECK_FALSE(value_of(registry, "mails_sent_total", {{"outcome", "bounced"}}));  // no such series
}

TEST_CASE("what the metrics look like") {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.sent("bounced", 2);

  CHECK(compare(registry, R"(
# HELP mail_queue_length Mails that wait.
# TYPE mail_queue_length gauge
mail_queue_length 0
# HELP mails_sent_total Mails sent, by outcome.
# TYPE mails_sent_total counter
mails_sent_total{outcome="bounced"} 1
)",
                {"mail_queue_length", "mails_sent_total"}) == "");
}

TEST_CASE("the metrics keep the conventions") {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.sent("delivered", 0.25);  // a family is looked at when it has a series

  for (const auto& problem : promlite::lint(registry)) FAIL_CHECK(problem.metric << ": " << problem.text);
}
