// promlite: an exporter's command line, with CLI11.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_FLAGS_HPP
#define PROMLITE_EXPORTER_FLAGS_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/flag_value.hpp>
#include <promlite/exporter/help.hpp>
#include <promlite/exporter/nearest.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a program says instead of running: on standard output with the status 0, else on standard error.
struct Ending {
  int status = 0;
  std::string text;
};

/// The flags of a program in the form that Prometheus' own programs have: `--name=value`, `--name value`,
/// `--name` and `--no-name` for what is on or off; none but a list may be repeated; there are no other
/// arguments. No input and no output.
class Flags {
 public:
  /// `version` is what --version says.
  Flags(const std::string& name, const std::string& description, std::string version)
      : app_(description, name), version_(std::move(version)) {
    app_.set_help_flag();  // without a name: none of CLI11's own
    // In C++20 an array can be made of a number, so that a literal could be two things to CLI11.
    const std::string help = "Shows this text.";
    const std::string what = "Shows the version.";
    app_.add_flag("-h,--help", help);
    app_.add_flag("--version", what);
  }
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  CLI::App& app() noexcept { return app_; }

  /// `--name`, whose default is what `value` is now; `value` must live as long. Throws CLI::Error where there
  /// is such a flag already.
  template <class T>
  CLI::Option& add(const std::string& name, T& value, const std::string& help) {
    Flag flag;
    flag.set = [&value](const std::vector<std::string>& texts) {
      return FlagValue<T>::read(texts[0], value);
    };
    if constexpr (std::is_same_v<T, bool>) {
      flag.option = app_.add_flag("--" + name + ",!--no-" + name, help);
    } else {
      flag.option =
          app_.add_option("--" + name, CLI::callback_t(), help)->type_name(FlagValue<T>::placeholder);
    }
    return add(name, std::move(flag), FlagValue<T>::show(value));
  }

  /// The same for `--name`s of which there may be several; the first one given takes the place of all
  /// defaults.
  CLI::Option& add(const std::string& name, std::vector<std::string>& values, const std::string& help) {
    Flag flag;
    flag.set = [&values](const std::vector<std::string>& texts) {
      values = texts;
      return std::string();
    };
    flag.option =
        app_.add_option("--" + name, CLI::callback_t(), help)->type_name(FlagValue<std::string>::placeholder);
    flag.repeatable = true;
    std::string shown;
    for (const std::string& value : values) shown += (shown.empty() ? "" : ", ") + value;
    return add(name, std::move(flag), std::move(shown));
  }

  /// Sets the values; what to say instead of running, if anything. `arguments` come without the program's
  /// name.
  PROMLITE_COLD std::optional<Ending> parse(const std::vector<std::string>& arguments) {
    try {
      std::vector<std::string> prepared;
      if (std::optional<Ending> ending = prepare(arguments, prepared)) return ending;
      app_.parse(std::vector<std::string>(prepared.rbegin(), prepared.rend()));  // as CLI11 wants them
      for (const Flag& flag : flags_) {
        if (flag.option->empty()) continue;
        if (flag.option->count() > 1 && !flag.repeatable) return wrong(name_of(flag) + " cannot be repeated");
        const std::string problem = flag.set(flag.option->reduced_results());
        if (!problem.empty()) return wrong(message_of(name_of(flag), ": ", problem));
      }
    } catch (const CLI::ExtrasError&) {
      return unknown(app_.remaining());
    } catch (const CLI::RequiredError& error) {  // a flag misspelt explains one that is missing
      const std::vector<std::string> left = app_.remaining();
      return left.empty() ? wrong(error.what()) : unknown(left);
    } catch (const CLI::Success& done) {  // flags of the user's own that end the program
      return Ending{0, std::string(done.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
      return wrong(error.what());
    }
    return std::nullopt;
  }

 private:
  struct Flag {
    CLI::Option* option = nullptr;
    /// Returns what is wrong with the texts, or nothing.
    std::function<std::string(const std::vector<std::string>&)> set;
    bool repeatable = false;
  };

  CLI::Option& add(const std::string& name, Flag flag, std::string shown) {
    flag.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->default_str(std::move(shown));
    const std::size_t dot = name.find('.');
    if (dot != std::string::npos) flag.option->group(name.substr(0, dot));
    flags_.push_back(std::move(flag));
    return *flags_.back().option;
  }

  static std::string name_of(const Flag& flag) { return "--" + flag.option->get_lnames()[0]; }

  /// Takes what CLI11 sees otherwise than Prometheus' programs do out of its way: --help in any company, a
  /// value that is empty, and a flag where a value should be.
  std::optional<Ending> prepare(const std::vector<std::string>& arguments,
                                std::vector<std::string>& prepared) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      if (argument == "--help" || argument == "-h") return Ending{0, help()};
      if (argument == "--version") return Ending{0, version_ + "\n"};
      const std::size_t equals = argument.find('=');
      const std::string name = argument.substr(0, equals);
      if (name == "--help" || name == "--version") return wrong(name + " takes no value");
      prepared.push_back(argument);
      const CLI::Option* const option =
          is_long(argument) ? std::as_const(app_).get_option_no_throw(name) : nullptr;
      if (option == nullptr) continue;
      if (option->get_items_expected_max() == 0 && equals + 1 == argument.size())
        return wrong(name + ": \"\" is neither true nor false");
      if (option->get_items_expected_max() != 1) continue;
      if (equals == std::string::npos) {
        if (i + 1 == arguments.size() || is_long(arguments[i + 1])) return wrong(name + " needs a value");
        prepared.push_back(arguments[++i]);
      } else if (equals + 1 == argument.size()) {
        prepared.back() = name;
        prepared.emplace_back();
      }
    }
    return std::nullopt;
  }

  static bool is_long(const std::string& argument) {
    return argument.size() > 2 && argument.compare(0, 2, "--") == 0;
  }

  std::string help() const {
    std::vector<const CLI::Option*> repeatable;
    for (const Flag& flag : flags_) {
      if (flag.repeatable) repeatable.push_back(flag.option);
    }
    return help_text(app_, repeatable);
  }

  Ending wrong(const std::string& what) const {
    return Ending{2, message_of(app_.get_name(), ": ", what, "\n")};
  }

  /// `left` is what CLI11 could make nothing of.
  Ending unknown(const std::vector<std::string>& left) const {
    std::string first;
    for (const std::string& argument : left) {
      if (first.empty() && argument != "--") first = argument.empty() ? "\"\"" : argument;
    }
    if (first[0] != '-') return wrong(message_of("unexpected argument ", first, "; --help shows the flags"));
    first.resize(std::min(first.size(), first.find('=')));
    std::vector<std::string> known;
    for (const CLI::Option* const option : app_.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back(name);
    }
    const std::string meant =
        nearest(first.substr(std::min(first.size(), first.find_first_not_of('-'))), known);
    return wrong(message_of("unknown flag ", first,
                            meant.empty() ? "; --help shows the flags" : "; did you mean --", meant,
                            meant.empty() ? "" : "?"));
  }

  CLI::App app_;
  std::string version_;
  std::vector<Flag> flags_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_FLAGS_HPP
