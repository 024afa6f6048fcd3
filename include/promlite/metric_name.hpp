// promlite: names of metrics and labels as they are declared: checked when compiling from C++20 on.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_METRIC_NAME_HPP
#define PROMLITE_METRIC_NAME_HPP

#include <promlite/config.hpp>
#include <promlite/encoder.hpp>
#include <promlite/naming.hpp>

#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A name that is not known before the program runs; see runtime_name().
class RuntimeName {
 public:
  explicit RuntimeName(std::string_view text) noexcept : text_(text) {}
  RuntimeName(const RuntimeName&) = delete;
  RuntimeName& operator=(const RuntimeName&) = delete;
  std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// Says that a name is made at run time: `registry.gauge(runtime_name("queue_" + id), "Jobs waiting.")`, and
/// so for a prefix or a label name. It is checked when it is declared. C++20 asks for it, C++17 takes it. A
/// view, for the call that it is written in.
inline RuntimeName runtime_name(std::string_view name) noexcept { return RuntimeName(name); }

namespace detail {

/// Why a family of this type cannot have this name, or null.
template <class Tell = AsText>
constexpr const char* family_name_problem(std::string_view name, MetricType type,
                                          Tell tell = Tell()) noexcept {
  if (const char* const problem = metric_name_problem(name, Colons::refused, tell)) return problem;
  if (type != MetricType::counter) return nullptr;
  if (!ends_with(name, "_total")) return tell("a counter's name ends in _total");
  if (name.size() == 6) return tell("nothing is left of the name without its suffix");
  return nullptr;
}

/// Why a family of this type cannot have a label of this name, or null.
template <class Tell = AsText>
constexpr const char* family_label_problem(std::string_view name, MetricType type,
                                           Tell tell = Tell()) noexcept {
  if (type == MetricType::histogram && name == "le") return tell("label 'le' is reserved on a histogram");
  if (type == MetricType::summary && name == "quantile") {
    return tell("label 'quantile' is reserved on a summary");
  }
  return label_name_problem(name, tell);
}

/// The name of an info without the suffix that it may be declared with.
constexpr std::string_view without_info(std::string_view name) noexcept {
  if (ends_with(name, "_info")) name.remove_suffix(5);
  return name;
}

template <MetricType type>
struct MetricNameRule {
  template <class Tell>
  static constexpr const char* problem(std::string_view name, Tell tell) noexcept {
    return family_name_problem(type == MetricType::info ? without_info(name) : name, type, tell);
  }
};

template <MetricType type>
struct LabelNameRule {
  template <class Tell>
  static constexpr const char* problem(std::string_view name, Tell tell) noexcept {
    return family_label_problem(name, type, tell);
  }
};

struct NamePrefixRule {
  template <class Tell>
  static constexpr const char* problem(std::string_view prefix, Tell tell) noexcept {
    return prefix.empty() ? nullptr : metric_name_problem(prefix, Colons::refused, tell);
  }
};

/// Where a broken rule is told to the compiler: it cannot call this, and says from where it would have to.
struct NameBreaksARule {
  const char* operator()(const char* rule) const noexcept { return rule; }
};

/// A view of a name. From C++20 on it is made of a constant that keeps the rule, or of a runtime_name(); in
/// C++17 of any string. Declaring checks what could not be checked here.
template <class Rule>
class CheckedName {
 public:
  // NOLINTBEGIN(google-explicit-constructor): whoever declares writes the name and no type.
#if PROMLITE_HAS_CONSTEVAL
  consteval CheckedName(const char* name) noexcept : text_(name) { Rule::problem(text_, NameBreaksARule()); }
  consteval CheckedName(std::string_view name) noexcept : text_(name) {
    Rule::problem(text_, NameBreaksARule());
  }
  CheckedName(const std::string&) = delete;  // promlite: say runtime_name(name)
#else
  constexpr CheckedName(const char* name) noexcept : text_(name) {}
  constexpr CheckedName(std::string_view name) noexcept : text_(name) {}
  CheckedName(const std::string& name) noexcept : text_(name) {}
#endif
  CheckedName(const RuntimeName& name) noexcept : text_(name.text()) {}
  // NOLINTEND(google-explicit-constructor)

  constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

}  // namespace detail

/// The name of a metric of this type, as a parameter of a function that declares metrics and passes on their
/// names: a literal that breaks a rule does not compile in C++20, and the compiler shows the rule.
template <MetricType type>
using MetricName = detail::CheckedName<detail::MetricNameRule<type>>;
/// The same for the name of a label of a metric of this type.
template <MetricType type>
using LabelName = detail::CheckedName<detail::LabelNameRule<type>>;
/// The same for what names begin with; may be empty.
using NamePrefix = detail::CheckedName<detail::NamePrefixRule>;

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_METRIC_NAME_HPP
