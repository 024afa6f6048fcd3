// pushgateway_sweeper: which groups there are, and which of them are too old. Pure functions over an
// exposition. SPDX-License-Identifier: MIT
#ifndef PUSHGATEWAY_SWEEPER_PLAN_HPP
#define PUSHGATEWAY_SWEEPER_PLAN_HPP

#include "duration.hpp"

#include <promlite/exposition/parser.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pushgateway_sweeper {

using GroupLabels = std::map<std::string, std::string>;

/// How old a group may become. Nothing: as old as it likes.
struct Policy {
  std::optional<std::chrono::seconds> ttl;
  std::map<std::string, std::chrono::seconds> ttl_of_job;
};

struct Group {
  GroupLabels labels;  ///< the grouping key; `instance` is empty where the key may have none
  double pushed_at = 0;
  std::optional<double> expires_at;
  bool expired = false;
  std::string reason;

  std::string job() const {
    const auto found = labels.find("job");
    return found == labels.end() ? std::string() : found->second;
  }
};

inline GroupLabels labels_of(const promlite::ParsedSample& sample) {
  GroupLabels labels;
  for (const promlite::ParsedLabel& label : sample.labels) labels.emplace(label.name, label.value);
  return labels;
}

/// The job's own word first, then the operator's for this job, then the one for all.
inline void judge(Group& group, const Policy& policy, double now) {
  const double age = now - group.pushed_at;
  if (group.expires_at) {
    group.expired = now >= *group.expires_at;
    group.reason = group.expired ? "expired " + print_duration(now - *group.expires_at) + " ago"
                                 : "expires in " + print_duration(*group.expires_at - now);
    return;
  }
  const auto own = policy.ttl_of_job.find(group.job());
  const std::optional<std::chrono::seconds> ttl =
      own != policy.ttl_of_job.end() ? std::optional<std::chrono::seconds>(own->second) : policy.ttl;
  if (!ttl) {
    group.reason = "no limit";
    return;
  }
  const auto limit = static_cast<double>(ttl->count());
  group.expired = age >= limit;
  group.reason = (group.expired ? "older than " : "younger than ") + print_duration(limit);
}

/// Every group of a gateway, in the order of their labels. A group is what has a `push_time_seconds`, and its
/// last push, taken or refused, is what its age counts from. The time of its end is that of a sample
/// `*_expires_timestamp_seconds` with exactly the group's labels: one with more may be another group's.
inline std::vector<Group> plan(const promlite::Exposition& exposition, const Policy& policy, double now) {
  std::map<GroupLabels, Group> groups;
  const auto ends_with = [](std::string_view name, std::string_view end) {
    return name.size() > end.size() && name.substr(name.size() - end.size()) == end;
  };
  for (const promlite::ParsedFamily& family : exposition.families) {
    if (family.name != "push_time_seconds" && family.name != "push_failure_time_seconds") continue;
    for (const promlite::ParsedSample& sample : family.samples) {
      GroupLabels labels = labels_of(sample);
      Group& group = groups[labels];
      group.pushed_at = std::max(group.pushed_at, sample.value);
      group.labels = std::move(labels);
    }
  }
  for (const promlite::ParsedFamily& family : exposition.families) {
    if (!ends_with(family.name, "_expires_timestamp_seconds")) continue;
    for (const promlite::ParsedSample& sample : family.samples) {
      const auto found = groups.find(labels_of(sample));
      if (found == groups.end()) continue;
      std::optional<double>& end = found->second.expires_at;
      if (!end || *end < sample.value) end = sample.value;
    }
  }
  std::vector<Group> planned;
  for (auto& each : groups) {
    judge(each.second, policy, now);
    planned.push_back(std::move(each.second));
  }
  return planned;
}

}  // namespace pushgateway_sweeper

#endif  // PUSHGATEWAY_SWEEPER_PLAN_HPP
