// promlite: what a family is called, what it promises, and which names it takes.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DESC_HPP
#define PROMLITE_DESC_HPP

#include <promlite/buckets.hpp>
#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/escaping.hpp>
#include <promlite/labels.hpp>
#include <promlite/metric_name.hpp>
#include <promlite/naming.hpp>
#include <promlite/native_buckets.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Every label value of the series that stands for all that a full family could not admit.
constexpr std::string_view overflow_label_value = "promlite_overflow";

/// Option of a family with labels: at most this many series besides the overflow series. Default 1,000.
struct MaxSeries {
  std::size_t value;
};
inline MaxSeries max_series(std::size_t count) noexcept { return {count}; }

/// Option of a family with labels: a series that nobody has updated for so long leaves at the next scrape.
/// The clock is the scrapes': an update counts from the scrape that sees it, so a series stays for at least
/// this long, and where nobody scrapes nothing leaves. A series that comes again begins at zero, which is
/// right for gauges and for labels whose values come and go, and makes a counter restart. A handle that was
/// kept belongs to the series that left: call with() for each update.
struct ExpireAfter {
  std::chrono::nanoseconds value;
};
inline ExpireAfter expire_after(std::chrono::nanoseconds idle) noexcept { return {idle}; }

/// Option: the unit, which must be the end of the name (before `_total`): `unit("seconds")` on `x_seconds`.
struct Unit {
  std::string value;
};
inline Unit unit(std::string_view name) { return {std::string(name)}; }

namespace detail {
/// Names and values.
using ConstLabelList = std::vector<std::pair<std::string, std::string>>;
}  // namespace detail

/// Option: labels with the same value on every series of this declaration.
struct ConstLabels {
  detail::ConstLabelList labels;
};
inline ConstLabels const_labels(std::initializer_list<Label> labels) {
  ConstLabels made;
  for (const Label& label : labels) made.labels.emplace_back(label.name, label.value);
  return made;
}

/// Option: any non-empty UTF-8 is a name, for the metric and its labels: `disk.free`. A scraper that does not
/// ask for such names gets them escaped, `disk_free` unless it asks for another scheme. From C++20 on the
/// name itself is written as runtime_name("disk.free").
struct Utf8Names {};
inline Utf8Names utf8_names() noexcept { return {}; }

/// The states of a stateset: `{"starting", "running"}`.
struct States {
  States(std::initializer_list<std::string_view> states) {
    for (const std::string_view state : states) names.emplace_back(state);
  }
  explicit States(std::vector<std::string> states) noexcept : names(std::move(states)) {}
  std::vector<std::string> names;
};

/// Option of a summary: the quantiles to show, each in [0, 1].
struct Quantiles {
  std::vector<double> values;
};
inline Quantiles quantiles(std::initializer_list<double> values) { return {std::vector<double>(values)}; }
inline Quantiles quantiles(std::vector<double> values) noexcept { return {std::move(values)}; }

/// Option of a summary: quantiles speak of the last `age`. Default 60 s.
struct MaxAge {
  std::chrono::nanoseconds value;
};
inline MaxAge max_age(std::chrono::nanoseconds age) noexcept { return {age}; }

/// Which families a scrape asks for; by default all of them.
class NameFilter {
 public:
  /// Asks for the family of this name, or of which this is a sample name (`x_bucket` asks for `x`).
  void add(std::string name) {
    all_ = false;
    names_.push_back(std::move(name));
  }
  /// Asks for nothing, until the next add().
  void add_nothing() noexcept { all_ = false; }

  bool matches(std::string_view family, MetricType type) const noexcept;
  bool all() const noexcept { return all_; }
  bool operator==(const NameFilter& other) const { return all_ == other.all_ && names_ == other.names_; }

 private:
  std::vector<std::string> names_;
  bool all_ = true;
};

namespace detail {

/// What a metric type tells its family: type, cells, handle, encoding. Specialised beside each metric.
template <class Metric>
struct MetricTraits;

inline const char* type_name(MetricType type) noexcept {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::summary:
      return "summary";
    case MetricType::info:
      return "info";
    case MetricType::stateset:
      return "stateset";
    case MetricType::gauge_histogram:
      return "gauge_histogram";
    case MetricType::untyped:
      break;
  }
  return "untyped";
}

/// What a declaration asks for, before it is checked. One struct for all types: a type reads what concerns
/// it.
struct Declaration {
  MetricType type = MetricType::untyped;
  std::string value_kind;  ///< tells `counter` from `counter<uint64>`
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;
  ConstLabelList const_labels;  ///< sorted by name from normalise() on
  std::size_t max_series = 1000;
  std::vector<double> bounds;
  NativeBuckets native;
  std::vector<double> quantiles;
  std::vector<std::string> states;
  std::chrono::nanoseconds max_age = std::chrono::seconds(60);
  std::chrono::nanoseconds expire_after = std::chrono::nanoseconds::max();  ///< the greatest: never
  bool is_callback = false;
  bool utf8_names = false;

  void apply(const MaxSeries& option) noexcept { max_series = option.value; }
  void apply(const ExpireAfter& option) noexcept { expire_after = option.value; }
  void apply(const Unit& option) { unit = option.value; }
  void apply(const ConstLabels& option) { const_labels = option.labels; }
  void apply(const Buckets& option) { bounds = option.bounds; }
  void apply(const Utf8Names&) noexcept { utf8_names = true; }
  void apply(const States& option) { states = option.names; }
  void apply(const Native&) {
    if (bounds.empty()) bounds = default_buckets().bounds;
  }
  void apply(const BucketFactor& option) noexcept { native.apply(option); }
  void apply(const NativeSchema& option) noexcept { native.apply(option); }
  void apply(const MaxBuckets& option) noexcept { native.apply(option); }
  void apply(const ZeroThreshold& option) noexcept { native.apply(option); }
  void apply(const Quantiles& option) { quantiles = option.values; }
  void apply(const MaxAge& option) noexcept { max_age = option.value; }

  bool expires() const noexcept { return expire_after != std::chrono::nanoseconds::max(); }

  FamilyHead head() const noexcept { return {name, help, unit, type, utf8_names}; }

  /// Gives equal declarations one form.
  PROMLITE_COLD void normalise() {
    if (type == MetricType::info) name.resize(without_info(name).size());
    // A native histogram needs no classic buckets.
    if (type == MetricType::histogram && bounds.empty() && value_kind.empty())
      bounds = default_buckets().bounds;
    drop_carriage_returns(help);
    for (std::size_t i = 1; i < const_labels.size(); ++i) {
      for (std::size_t at = i; at > 0 && const_labels[at].first < const_labels[at - 1].first; --at) {
        const_labels[at].swap(const_labels[at - 1]);
      }
    }
  }

  /// An empty value is to Prometheus the same as no such label. Facts, whose label names may differ from one
  /// series to the next, must not differ by it alone.
  PROMLITE_COLD void drop_empty_facts() {
    std::size_t kept = 0;
    for (std::size_t i = 0; type == MetricType::info && i < const_labels.size(); ++i) {
      if (!const_labels[i].second.empty()) std::swap(const_labels[kept++], const_labels[i]);
    }
    if (type == MetricType::info) const_labels.resize(kept);
  }
};

// The suffixes of the sample names that a family of each type writes, in any format: a family takes its base
// name and the base with these. OpenMetrics 1.0.0 section 3, where a counter `x_total` is a family `x`.
inline const char* const* suffixes_of(MetricType type) noexcept {
  static const char* const counter[] = {"", "_total", "_created", nullptr};
  static const char* const histogram[] = {"", "_bucket", "_count", "_sum", "_created", nullptr};
  static const char* const gauge_histogram[] = {"", "_bucket", "_count", "_sum", "_gcount", "_gsum", nullptr};
  static const char* const summary[] = {"", "_count", "_sum", "_created", nullptr};
  static const char* const info[] = {"", "_info", nullptr};
  static const char* const plain[] = {"", nullptr};
  switch (type) {
    case MetricType::counter:
      return counter;
    case MetricType::histogram:
      return histogram;
    case MetricType::gauge_histogram:
      return gauge_histogram;
    case MetricType::summary:
      return summary;
    case MetricType::info:
      return info;
    case MetricType::gauge:
    case MetricType::stateset:
    case MetricType::untyped:
      break;
  }
  return plain;
}

/// The name without the one suffix that its type makes it carry in the text format.
inline std::string_view base_name(std::string_view name, MetricType type) noexcept {
  if (type == MetricType::counter && ends_with(name, "_total")) name.remove_suffix(6);
  return name;
}

/// True when `unit` stands at the end of the name, behind an underscore and something else.
inline bool ends_in_unit(std::string_view base, std::string_view unit) noexcept {
  return !unit.empty() && base.size() > unit.size() + 1 && ends_with(base, unit) &&
         base[base.size() - unit.size() - 1] == '_';
}

/// True when the family writes, or in another format would write, a sample called `sample`.
inline bool takes_name(std::string_view family, MetricType type, std::string_view sample) noexcept {
  if (sample == family) return true;
  const std::string_view base = base_name(family, type);
  if (!starts_with(sample, base)) return false;
  for (const char* const* suffix = suffixes_of(type); *suffix != nullptr; ++suffix) {
    if (sample.substr(base.size()) == *suffix) return true;
  }
  return false;
}

/// Knows the families that a new one must not clash with.
class KnownFamilies {
 public:
  KnownFamilies() = default;
  KnownFamilies(const KnownFamilies&) = delete;
  KnownFamilies& operator=(const KnownFamilies&) = delete;

  /// The name of another family that writes, or could write, a sample name of the family `name`; empty when
  /// none does.
  PROMLITE_COLD std::string clashing_with(std::string_view name, MetricType type) const {
    const std::string base(base_name(name, type));
    std::string clash = taker_of(name, name);
    for (const char* const* suffix = suffixes_of(type); clash.empty() && *suffix != nullptr; ++suffix) {
      clash = taker_of(base + *suffix, name);
    }
    return clash;
  }

 protected:
  ~KnownFamilies() = default;

  /// True, and its type, when there is a family of this name.
  virtual bool find_type(std::string_view family, MetricType& type) const = 0;

 private:
  // The family but `except` that takes `sample`. It is called so itself, or so without one of the suffixes; a
  // counter ends in `_total` besides.
  PROMLITE_COLD std::string taker_of(std::string_view sample, std::string_view except) const {
    for (const char* suffix :
         {"", "_total", "_created", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_info"}) {
      if (!ends_with(sample, suffix)) continue;
      std::string family(sample.substr(0, sample.size() - std::string_view(suffix).size()));
      for (int attempt = 0; attempt < 2; ++attempt, family += "_total") {
        MetricType type = MetricType::untyped;
        if (family != except && find_type(family, type) && takes_name(family, type, sample)) return family;
      }
    }
    return {};
  }
};

/// `counter http_requests_total{code,method}`, for messages.
PROMLITE_COLD inline std::string describe(const Declaration& declared) {
  std::string text = message_of(type_name(declared.type), declared.value_kind, " ", declared.name);
  std::string labels;
  for (const std::string& name : declared.label_names) labels.append(labels.empty() ? "" : ",").append(name);
  for (const auto& label : declared.const_labels) append_label(labels, label.first, label.second);
  return labels.empty() ? text : message_of(text, "{", labels, "}");
}

// The checks of one declaration by itself; the registry adds those that need the other families.
class DeclarationCheck {
 public:
  explicit DeclarationCheck(const Declaration& declared) : declared_(declared) {}

  /// Throws Error naming the metric and the reason.
  void run() const {
    check_name();
    if (!is_utf8(declared_.help)) refuse("its help text is not valid UTF-8");
    check_labels();
    if (declared_.max_series == 0) refuse("max_series must be at least 1");
    if (declared_.expire_after.count() <= 0) refuse("expire_after must be greater than 0");
    if (const char* problem = bounds_problem(declared_.bounds)) refuse(problem);
    if (declared_.native.problem != nullptr) refuse(declared_.native.problem);
    check_quantiles();
    check_states();
  }

 private:
  [[noreturn]] void refuse(std::string_view reason) const {
    fail(message_of(type_name(declared_.type), " '", declared_.name, "': ", reason));
  }

  void check_name() const {
    const std::string& name = declared_.name;
    if (const char* const problem = name_problem()) {
      const bool lacks_total = declared_.type == MetricType::counter && !ends_with(name, "_total") &&
                               metric_name_problem(name, Colons::refused) == nullptr;
      refuse(lacks_total ? message_of(problem, ": call it '", name, "_total'") : message_of(problem));
    }
    const std::string_view base = base_name(name, declared_.type);
    if (declared_.unit.empty()) return;
    if (declared_.type == MetricType::info) refuse("an info has no unit");
    if (declared_.type == MetricType::stateset) refuse("a stateset has no unit");
    if (!ends_in_unit(base, declared_.unit)) {
      refuse(message_of("the name does not end in its unit '", declared_.unit, "'"));
    }
  }

  const char* name_problem() const {
    const std::string& name = declared_.name;
    if (!declared_.utf8_names || is_legacy_name(name)) return family_name_problem(name, declared_.type);
    if (!is_utf8(name)) return "the name is not valid UTF-8";
    // The rules of a type, of a name that breaks no other.
    const std::string_view suffix = ends_with(name, "_total") ? "_total" : "";
    if (name.size() == suffix.size()) return family_name_problem(name, declared_.type);
    return family_name_problem(message_of("x", suffix), declared_.type);
  }

  void check_labels() const {
    const auto& fixed = declared_.const_labels;
    for (std::size_t i = 0; i < declared_.label_names.size(); ++i) {
      check_label_name(declared_.label_names[i]);
      for (std::size_t j = 0; j < i; ++j) check_distinct(declared_.label_names[i], declared_.label_names[j]);
      for (const auto& label : fixed) check_distinct(declared_.label_names[i], label.first);
    }
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      check_label_name(fixed[i].first);
      if (!is_utf8(fixed[i].second))
        refuse(message_of("the value of label '", fixed[i].first, "' is not valid UTF-8"));
      for (std::size_t j = 0; j < i; ++j) check_distinct(fixed[i].first, fixed[j].first);
    }
  }

  void check_label_name(const std::string& name) const {
    const char* problem = family_label_problem(name, declared_.type);
    if (problem == nullptr) return;
    if (declared_.utf8_names && !name.empty() && !is_legacy_name(name)) {
      if (is_utf8(name) && name.find(':') == std::string::npos) return;
      problem = "a label name must be valid UTF-8 without a colon";
    }
    const bool reserved = label_name_problem(name) == nullptr;  // then the reason names it
    refuse(reserved ? message_of(problem) : message_of("label '", name, "': ", problem));
  }

  void check_distinct(const std::string& one, const std::string& other) const {
    if (one == other) refuse(message_of("label '", one, "' is there twice"));
    if (declared_.utf8_names && escaped_alike(one, other))
      refuse(message_of("labels '", one, "' and '", other, "' may be written alike when they are escaped"));
  }

  void check_quantiles() const {
    const std::vector<double>& values = declared_.quantiles;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(is_finite(values[i]) && values[i] >= 0 && values[i] <= 1))
        refuse("a quantile lies outside [0, 1]");
      for (std::size_t j = 0; j < i; ++j) {
        if (values[i] == values[j]) refuse("a quantile is there twice");
      }
    }
    if (declared_.max_age.count() <= 0) refuse("max_age must be greater than 0");
  }

  void check_states() const {
    if (declared_.type != MetricType::stateset) return;
    const std::vector<std::string>& states = declared_.states;
    if (states.empty()) refuse("a stateset needs at least one state");
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].empty()) refuse("a state must not be empty");
      if (!is_utf8(states[i])) refuse("a state is not valid UTF-8");
      for (std::size_t j = 0; j < i; ++j) {
        if (states[i] == states[j]) refuse(message_of("state '", states[i], "' is there twice"));
      }
    }
    for (const std::string& label : declared_.label_names) check_beside_states(label);
    for (const auto& label : declared_.const_labels) check_beside_states(label.first);
    // Of names that are UTF-8: in others no colon comes this far.
    if (declared_.name.find(':') != std::string::npos)
      refuse("the label of the states is called as the stateset is, and a label's name has no colon");
  }

  void check_beside_states(const std::string& label) const {
    if (label == declared_.name || (declared_.utf8_names && escaped_alike(label, declared_.name)))
      refuse("the label of the states is called as the stateset is, so no other may be");
  }

  const Declaration& declared_;
};

}  // namespace detail

inline bool NameFilter::matches(std::string_view family, MetricType type) const noexcept {
  if (all_) return true;
  for (const std::string& name : names_) {
    if (detail::takes_name(family, type, name)) return true;
  }
  return false;
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DESC_HPP
