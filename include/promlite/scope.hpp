// promlite: what a wrapper adds to everything that is registered through it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SCOPE_HPP
#define PROMLITE_SCOPE_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/error.hpp>
#include <promlite/labels.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A prefix of names, and labels. Its functions throw Error when what they are given cannot be exposed.
class Scope {
 public:
  const std::string& prefix() const noexcept { return prefix_; }
  /// In the order of their names.
  const ConstLabelList& labels() const noexcept { return labels_; }
  bool operator==(const Scope& other) const { return prefix_ == other.prefix_ && labels_ == other.labels_; }

  /// Names get `prefix` behind the prefix that is there.
  PROMLITE_COLD void add_prefix(std::string_view prefix) {
    if (prefix.empty()) return;
    prefix_.append(prefix);
    for (const std::string_view name : {prefix, std::string_view(prefix_)}) {
      if (const char* const problem = metric_name_problem(name, Colons::refused)) {
        fail(message_of("with_prefix '", name, "': ", problem));
      }
    }
  }

  PROMLITE_COLD void add_label(std::string_view name, std::string_view value) {
    if (const char* const problem = label_name_problem(name)) refuse_label(name, problem);
    if (!is_utf8(value)) refuse_label(name, "its value is not valid UTF-8");
    if (has(name)) refuse_label(name, "it is there twice");
    insert(labels_, name, value);
  }

  /// Adds prefix and labels to a declaration that is normalised and has been checked by itself.
  PROMLITE_COLD void apply(Declaration& declared) const {
    for (const std::string& name : declared.label_names) check(declared, name);
    for (const auto& label : declared.const_labels) check(declared, label.first);
    for (const auto& label : labels_) insert(declared.const_labels, label.first, label.second);
    declared.name.insert(0, prefix_);
  }

  /// True when `labels` has all of this.
  bool all_in(const ConstLabelList& labels) const {
    for (const auto& label : labels_) {
      bool found = false;
      for (const auto& other : labels) found = found || other == label;
      if (!found) return false;
    }
    return true;
  }

 private:
  bool has(std::string_view name) const {
    for (const auto& label : labels_) {
      if (label.first == name) return true;
    }
    return false;
  }

  static void insert(ConstLabelList& labels, std::string_view name, std::string_view value) {
    std::size_t at = labels.size();
    while (at > 0 && name < labels[at - 1].first) --at;
    labels.emplace(labels.begin() + static_cast<std::ptrdiff_t>(at), name, value);
  }

  [[noreturn]] PROMLITE_COLD static void refuse_label(std::string_view name, std::string_view reason) {
    fail(message_of("with_labels '", name, "': ", reason));
  }

  PROMLITE_COLD void check(const Declaration& declared, const std::string& label) const {
    if (!has(label)) return;
    fail(message_of(type_name(declared.type), " '", prefix_, declared.name, "': label '", label,
                    "' is one of the labels that everything registered here gets"));
  }

  std::string prefix_;
  ConstLabelList labels_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SCOPE_HPP
