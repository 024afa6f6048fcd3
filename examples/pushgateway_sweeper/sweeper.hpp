// pushgateway_sweeper: one sweep: read the gateway, plan, remove; and metrics about it.
// SPDX-License-Identifier: MIT
#ifndef PUSHGATEWAY_SWEEPER_SWEEPER_HPP
#define PUSHGATEWAY_SWEEPER_SWEEPER_HPP

#include "flags.hpp"
#include "plan.hpp"

#include <promlite/exposition/parser.hpp>
#include <promlite/promlite.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pushgateway_sweeper {

/// What became of one group.
struct Outcome {
  Group group;
  std::string action;   ///< keep, would remove, removed, failed
  std::string problem;  ///< of a removal that failed
};

struct Credentials {
  std::string user;
  std::string password;
  std::string token;

  /// `client` is an HttpClient or a Pushgateway.
  template <class Client>
  void give_to(Client& client) const {
    if (!user.empty()) client.basic_auth(user, password);
    if (!token.empty()) client.bearer_token(token);
  }
};

class Sweeper {
 public:
  Sweeper(const Flags& flags, Credentials credentials, promlite::Registry& registry)
      : flags_(flags),
        credentials_(std::move(credentials)),
        up_(registry.gauge("pushgateway_sweeper_up", "1 if the last sweep could read the gateway.")),
        sweeps_(registry.counter("pushgateway_sweeper_sweeps_total", "Sweeps by outcome.", {"outcome"})),
        groups_(registry.gauge("pushgateway_sweeper_groups", "Groups found by the last sweep.", {"state"})),
        removed_(registry.counter("pushgateway_sweeper_removed_groups_total", "Groups removed.", {"job"})),
        failed_(registry.counter("pushgateway_sweeper_failed_removals_total", "Groups whose removal failed.",
                                 {"job"})),
        took_(registry.gauge("pushgateway_sweeper_sweep_duration_seconds", "Duration of the last sweep.")),
        ended_(registry.gauge("pushgateway_sweeper_last_sweep_timestamp_seconds",
                              "When the last sweep ended that could read the gateway.")) {
    sweeps_.create_all({"success", "failure"});
    groups_.create_all({"kept", "expired"});
  }

  /// Every group and what was done with it, or why the gateway could not be read.
  promlite::Expected<std::vector<Outcome>> sweep(double now) {
    using Result = promlite::Expected<std::vector<Outcome>>;
    auto timer = took_.time();
    auto exposition = read();
    up_.set(exposition ? 1 : 0);
    sweeps_.with(exposition ? "success" : "failure").inc();
    if (!exposition) return Result::failure(exposition.message());
    std::vector<Outcome> outcomes;
    std::size_t expired = 0;
    for (Group& group : plan(*exposition, flags_.policy, now)) {
      expired += group.expired ? 1U : 0U;
      outcomes.push_back(deal_with(std::move(group)));
    }
    groups_.with("expired").set(static_cast<double>(expired));
    groups_.with("kept").set(static_cast<double>(outcomes.size() - expired));
    ended_.set_to_current_time();
    return outcomes;
  }

 private:
  promlite::Expected<promlite::Exposition> read() const {
    using Result = promlite::Expected<promlite::Exposition>;
    promlite::HttpClient client(flags_.gateway);
    credentials_.give_to(client);
    client.timeout(flags_.timeout).max_response_bytes(std::size_t{256} << 20);
    const promlite::HttpResult answer = client.get(flags_.metrics_path);
    if (!answer) return Result::failure("cannot read the gateway: " + answer.problem);
    if (answer.status != 200)
      return Result::failure("cannot read the gateway: the answer was " + std::to_string(answer.status));
    auto parsed = promlite::parse_text(answer.body);
    if (!parsed) return Result::failure("cannot read the gateway's metrics: " + parsed.message());
    return parsed;
  }

  Outcome deal_with(Group group) {
    if (!group.expired) return {std::move(group), "keep", {}};
    if (!flags_.remove) return {std::move(group), "would remove", {}};
    std::string problem = remove(group, true);
    // The gateway shows a group without the label like one where it is empty. They cannot both be there, and
    // to remove what is not there changes nothing.
    const auto instance = group.labels.find("instance");
    if (problem.empty() && instance != group.labels.end() && instance->second.empty())
      problem = remove(group, false);
    (problem.empty() ? removed_ : failed_).with(group.job()).inc();
    return {std::move(group), problem.empty() ? "removed" : "failed", problem};
  }

  std::string remove(const Group& group, bool with_empty_instance) const {
    promlite::Pushgateway gateway(flags_.gateway, group.job());
    credentials_.give_to(gateway);
    gateway.timeout(flags_.timeout).retries(3);
    for (const auto& [name, value] : group.labels) {
      const bool left_out = name == "instance" && value.empty() && !with_empty_instance;
      if (name != "job" && !left_out) gateway.group(name, value);
    }
    return gateway.remove().message();
  }

  Flags flags_;
  Credentials credentials_;
  promlite::Gauge<> up_;
  promlite::Family<promlite::Counter<>, 1> sweeps_;
  promlite::Family<promlite::Gauge<>, 1> groups_;
  promlite::Family<promlite::Counter<>, 1> removed_;
  promlite::Family<promlite::Counter<>, 1> failed_;
  promlite::Gauge<> took_;
  promlite::Gauge<> ended_;
};

}  // namespace pushgateway_sweeper

#endif  // PUSHGATEWAY_SWEEPER_SWEEPER_HPP
