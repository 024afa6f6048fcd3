// promlite: a grouping key as the path of a Pushgateway's URL.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_PUSH_PATH_HPP
#define PROMLITE_TRANSPORT_PUSH_PATH_HPP

#include <promlite/config.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/error.hpp>
#include <promlite/naming.hpp>
#include <promlite/transport/base64.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A job, and the labels that tell its groups apart. What is wrong is told by what add() returns: a message,
/// empty when nothing is. Throws std::bad_alloc.
class GroupingKey {
 public:
  PROMLITE_COLD std::string set_job(std::string_view job) {
    if (job.empty()) return "the job is empty";
    if (const char* const problem = value_problem(job)) return message_of("the job ", problem);
    job_ = job;
    return {};
  }

  PROMLITE_COLD std::string add(std::string_view name, std::string_view value) {
    const char* problem = label_name_problem(name);
    if (name == "job") problem = "the job is given already";
    if (problem != nullptr) return message_of("grouping label \"", name, "\": ", problem);
    for (const auto& label : labels_) {
      if (label.first == name) return message_of("grouping label \"", name, "\" is there twice");
    }
    if ((problem = value_problem(value)) != nullptr) {
      return message_of("the value of grouping label \"", name, "\" ", problem);
    }
    labels_.emplace_back(name, value);
    return {};
  }

  const std::string& job() const noexcept { return job_; }
  std::size_t size() const noexcept { return labels_.size(); }
  /// True for `job` and for the name of a label.
  bool has(std::string_view name) const noexcept {
    for (const auto& label : labels_) {
      if (label.first == name) return true;
    }
    return name == "job";
  }

  /// `/metrics/job/JOB/NAME/VALUE...`
  PROMLITE_COLD std::string path() const {
    std::string path = "/metrics";
    append(path, "job", job_);
    for (const auto& label : labels_) append(path, label.first, label.second);
    return path;
  }

 private:
  // A line end in a value is an attack on somebody's log sooner than somebody's label.
  static const char* value_problem(std::string_view value) noexcept {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return "has a CR, LF or NUL in it";
    }
    return is_utf8(value) ? nullptr : "is not UTF-8";
  }

  static bool is_plain(std::string_view value) noexcept {
    for (const char c : value) {
      if (!is_name_char(c) && c != '.' && c != ':' && c != '-') return false;
    }
    return !value.empty() && value != "." && value != "..";
  }

  // The gateway decodes the path before it takes it apart, joins slashes, and cleans dots away: so whatever
  // is out of the ordinary goes as base64, and "=" is how an empty value keeps its segment.
  static void append(std::string& path, std::string_view name, std::string_view value) {
    path.append("/").append(name);
    if (is_plain(value)) {
      path.append("/").append(value);
      return;
    }
    path.append("@base64/");
    if (value.empty()) path.append("=");
    append_base64(path, value, Base64::url);
  }

  std::string job_;
  std::vector<std::pair<std::string, std::string>> labels_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_PUSH_PATH_HPP
