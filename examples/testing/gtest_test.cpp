// promlite: example: tests of one's own metrics with GoogleTest.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <promlite/testing.hpp>

#include "mail_queue.hpp"

using promlite::testing::compare;
using promlite::testing::value_of;

TEST(MailQueue, CountsWhatIsSent) {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.add();
  queue.sent("delivered", 0.25);

  EXPECT_EQ(value_of(registry, "mail_queue_length"), 1);
  EXPECT_EQ(value_of(registry, "mails_sent_total", {{"outcome", "delivered"}}), 1);
  EXPECT_EQ(value_of(registry, "mails_sent_total", {{"outcome", "bounced"}}), std::nullopt);
}

TEST(MailQueue, ShowsItsMetrics) {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.sent("bounced", 2);

  EXPECT_EQ(compare(registry, R"(
# HELP mails_sent_total Mails sent, by outcome.
# TYPE mails_sent_total counter
mails_sent_total{outcome="bounced"} 1
)",
                    {"mails_sent_total"}),
            "");
}

TEST(MailQueue, KeepsTheConventions) {
  promlite::Registry registry;
  MailQueue queue(registry);
  queue.add();
  queue.sent("delivered", 0.25);

  for (const auto& problem : promlite::lint(registry))
    ADD_FAILURE() << problem.metric << ": " << problem.text;
}
