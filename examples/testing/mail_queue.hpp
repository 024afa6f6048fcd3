// promlite: example: a class with metrics, in a form that can be tested: it is given the registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXAMPLES_TESTING_MAIL_QUEUE_HPP
#define PROMLITE_EXAMPLES_TESTING_MAIL_QUEUE_HPP

#include <promlite/core.hpp>

#include <string_view>

class MailQueue {
 public:
  // The program passes promlite::default_registry(), a test one of its own.
  explicit MailQueue(promlite::Registry& registry)
      : waiting_(registry.gauge("mail_queue_length", "Mails that wait.")),
        sent_(registry.counter("mails_sent_total", "Mails sent, by outcome.", {"outcome"})),
        duration_(registry.histogram("mail_send_duration_seconds", "Time to send a mail.",
                                     promlite::buckets({0.1, 1}))) {}

  void add() { waiting_.inc(); }

  void sent(std::string_view outcome, double seconds) {
    waiting_.dec();
    sent_.with(outcome).inc();
    duration_.observe(seconds);
  }

 private:
  promlite::Gauge<> waiting_;
  promlite::Family<promlite::Counter<>, 1> sent_;
  promlite::Histogram duration_;
};

#endif  // PROMLITE_EXAMPLES_TESTING_MAIL_QUEUE_HPP
