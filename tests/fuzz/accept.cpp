// promlite: fuzz target: the choice of a format by an Accept header, whatever it says and as it was meant.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/negotiation.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"

using promlite::detail::ContentType;
using promlite::detail::negotiate;
using promlite::detail::Representation;

/// Any bytes: there is a choice, and neither what means nothing nor how it is written changes it.
static void check_any(std::string_view accept) {
  const Representation chosen = negotiate(accept);
  fuzz::demand(chosen.format < promlite::detail::no_format, "a format is chosen");
  const std::string type(ContentType(chosen).text());
  fuzz::demand(negotiate(type) == chosen, "who asks for what came gets it again");
  const std::string given(accept);
  fuzz::demand(negotiate("," + given) == chosen && negotiate("no/thing;q=1.0, " + given) == chosen,
               "clauses that ask for what there is not change nothing");
  std::size_t quotes = 0;
  for (const char c : given) quotes += c == '"' || c == '\\' ? 1 : 0;
  if (quotes == 0) {
    fuzz::demand(negotiate(given + ",no/thing ,, ") == chosen, "nor behind the others");
    std::string spaced;
    for (const char c : given)
      spaced += c == ',' || c == ';' ? std::string(" \t") + c + " " : std::string(1, c);
    fuzz::demand(negotiate(spaced) == chosen, "blanks around separators mean nothing");
  }
}

/// Clauses of the input's choice, written one of many ways, and what RFC 9110 section 12.5.1 makes of them.
class Asked {
 public:
  explicit Asked(std::string_view input) : input_(input) {
    while (!input_.empty() && accept_.size() < 4000) add_clause();
  }
  void check() const {
    const Representation chosen = negotiate(accept_);
    fuzz::demand(std::string(ContentType(chosen).text()) == expected_, "what was asked for is chosen");
  }

 private:
  unsigned next(unsigned below) {
    if (input_.empty()) return 0;
    const unsigned byte = static_cast<unsigned char>(input_[0]);
    input_.remove_prefix(1);
    return byte % below;
  }
  std::string cased(std::string text) {
    const unsigned every = next(8);
    for (std::size_t i = 0; every > 1 && i < text.size(); i += every) {
      if (text[i] >= 'a' && text[i] <= 'z') text[i] = static_cast<char>(text[i] - 'a' + 'A');
    }
    return text;
  }
  std::string parameter(const std::string& name, const std::string& value) {
    std::string out = (next(3) == 0 ? " ;" : ";") + std::string(next(3), ' ') + cased(name) + "=";
    return out + (next(3) == 0 ? "\"" + value + "\"" : value);
  }

  void add_clause() {
    struct Kind {
      const char* type;
      const char* version;  // or null
      int rank;             // without parameters of other names
      const char* content_type;
    };
    static const char* const text = "text/plain; version=0.0.4; charset=utf-8";
    static const char* const metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    static const char* const draft = "application/openmetrics-text; version=0.0.1; charset=utf-8";
    static const Kind kinds[] = {{"*/*", nullptr, 0, text},
                                 {"text/*", nullptr, 1, text},
                                 {"text/plain", nullptr, 2, text},
                                 {"text/plain", "0.0.4", 3, text},
                                 {"text/plain", "1.0.0", 3, nullptr},
                                 {"application/openmetrics-text", nullptr, 2, draft},
                                 {"application/openmetrics-text", "0.0.1", 3, draft},
                                 {"application/openmetrics-text", "1.0.0", 3, metrics},
                                 {"application/openmetrics-text", "2.0.0", 3, nullptr},
                                 {"application/vnd.google.protobuf", nullptr, 2, nullptr},
                                 {"application/json", nullptr, 2, nullptr},
                                 {"text/html", nullptr, 2, nullptr}};
    const Kind& kind = kinds[next(sizeof kinds / sizeof kinds[0])];
    const unsigned weight = next(12) * 100;  // thousandths; beyond 1000 is none
    static const char* const escapings[] = {"", "underscores", "dots", "values", "allow-utf-8"};
    const std::string escaping = kind.rank < 2 ? "" : escapings[next(5)];
    std::string clause = cased(kind.type);
    if (kind.version != nullptr) clause += parameter("version", kind.version);
    if (!escaping.empty()) clause += parameter("escaping", escaping);
    if (weight != 1000 || next(2) == 0) {
      clause += ";" + cased("q") + "=" + std::to_string(weight / 1000) + "." +
                std::to_string(weight / 100 % 10) + std::string(next(3), '0');
    }
    accept_ += (accept_.empty() ? "" : next(2) == 0 ? "," : " , ") + clause;
    const int rank = escaping.empty() ? kind.rank : 3;
    if (kind.content_type == nullptr || weight == 0 || weight > 1000 || weight < best_weight_ ||
        (weight == best_weight_ && rank <= best_rank_)) {
      return;
    }
    best_weight_ = weight;
    best_rank_ = rank;
    expected_ = kind.content_type + (escaping.empty() ? "" : "; escaping=" + escaping);
  }

  std::string_view input_;
  std::string accept_;
  std::string expected_ = "text/plain; version=0.0.4; charset=utf-8";
  unsigned best_weight_ = 0;
  int best_rank_ = -1;
};

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_any(fuzz::text_of(data, size));
  Asked(fuzz::text_of(data, size)).check();
  return 0;
}
