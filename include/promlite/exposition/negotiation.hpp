// promlite: which format a scrape gets: the one place that knows them all.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_NEGOTIATION_HPP
#define PROMLITE_EXPOSITION_NEGOTIATION_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exposition/accept.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The scrape that an encoder is made for.
struct EncoderUse {
  void (*collect)(Encoder& encoder, void* context);
  void* context;
  CreatedSamples created;
  Escaping escaping;
};

/// A format: which clause of Accept asks for it, what the response calls it, and its encoder.
struct FormatRow {
  std::string_view media_type;
  std::string_view version;                     ///< that the parameter `version` has, if it is there
  bool needs_version;                           ///< it has to be there
  bool (*matches)(const AcceptClause& clause);  ///< what else the clause must have
  const char* content_type;
  void (*encode)(ByteBuffer& out, const EncoderUse& use);
};

inline bool any_clause(const AcceptClause&) noexcept { return true; }
inline bool delimited_families(const AcceptClause& clause) noexcept {
  return clause.parameter("proto") == "io.prometheus.client.MetricFamily" &&
         clause.parameter("encoding") == "delimited";
}
template <class Format>
void encode_as(ByteBuffer& out, const EncoderUse& use) {
  Format encoder(out, use.escaping);
  use.collect(encoder, use.context);
}
inline void encode_as_openmetrics(ByteBuffer& out, const EncoderUse& use) {
  OpenMetricsEncoder encoder(out, use.created, use.escaping);
  use.collect(encoder, use.context);
}

/// The first row is what gets who asks for nothing, for anything, or for what there is not. OpenMetrics 0.0.1
/// is what 1.0.0 was called as a draft.
constexpr FormatRow formats[] = {
    {"text/plain", "0.0.4", false, any_clause, text_content_type, encode_as<TextEncoder>},
    {"application/openmetrics-text", "1.0.0", true, any_clause, openmetrics_content_type,
     encode_as_openmetrics},
    {"application/openmetrics-text", "0.0.1", false, any_clause,
     "application/openmetrics-text; version=0.0.1; charset=utf-8", encode_as_openmetrics},
    {"application/vnd.google.protobuf", "", false, delimited_families, protobuf_content_type,
     encode_as<ProtobufEncoder>}};
constexpr std::size_t no_format = sizeof formats / sizeof formats[0];

/// As Accept and Content-Type call them, in the order of the enumeration.
constexpr std::string_view escaping_names[] = {"underscores", "dots", "values", "allow-utf-8"};

/// What a scrape gets.
struct Representation {
  std::size_t format = 0;  ///< a row of formats
  Escaping escaping = Escaping::underscores;
  bool names_escaping = false;  ///< the scraper knows of escaping, so the response says which

  bool operator==(const Representation& other) const noexcept {
    return format == other.format && escaping == other.escaping && names_escaping == other.names_escaping;
  }
};

/// The format that a clause asks for, or no_format.
PROMLITE_COLD inline std::size_t format_of(const AcceptClause& clause) noexcept {
  if (clause.is("*/*") || clause.is("text/*")) return 0;
  const ParameterValue version = clause.parameter("version");
  for (std::size_t i = 0; i < no_format; ++i) {
    const FormatRow& row = formats[i];
    if (!clause.is(row.media_type) || !row.matches(clause)) continue;
    if (version.is_there() ? row.version.empty() || version == row.version : !row.needs_version) return i;
  }
  return no_format;
}

/// What the header Accept asks for (RFC 9110 section 12.5.1): the clause of the largest weight that asks for
/// what there is; of equal ones the more specific, then the first. Where there is none, text: a scraper that
/// gets any status but 200 drops the target, so 406 would help nobody.
PROMLITE_COLD inline Representation negotiate(std::string_view accept) noexcept {
  Representation best;
  std::uint32_t best_weight = 0;
  int best_rank = 0;
  while (!accept.empty()) {
    const AcceptClause clause(take_until(accept, ','));
    const std::size_t format = format_of(clause);
    const int rank = clause.is("*/*") ? 0 : clause.is("text/*") ? 1 : clause.has_parameters() ? 3 : 2;
    if (format == no_format || clause.weight() < best_weight || clause.weight() == 0) continue;
    if (clause.weight() == best_weight && rank <= best_rank) continue;
    best_weight = clause.weight();
    best_rank = rank;
    best = Representation();
    best.format = format;
    const ParameterValue escaping = clause.parameter("escaping");
    best.names_escaping = escaping.is_there();
    for (std::size_t i = 0; i < 4; ++i) {
      if (escaping.is_there() && escaping == escaping_names[i]) best.escaping = static_cast<Escaping>(i);
    }
  }
  return best;
}

/// The Content-Type of an exposition; a view of itself.
class ContentType {
 public:
  PROMLITE_COLD explicit ContentType(const Representation& exposition) noexcept {
    char* to = put(text_, formats[exposition.format].content_type);
    if (exposition.names_escaping) {
      to = put(put(to, "; escaping="), escaping_names[static_cast<std::size_t>(exposition.escaping)]);
    }
    size_ = static_cast<std::size_t>(to - text_);
  }
  std::string_view text() const noexcept { return {text_, size_}; }

 private:
  char text_[160];
  std::size_t size_ = 0;
};

/// Appends one exposition of `source`, anything with `collect(Encoder&, const NameFilter&)`. Throws what that
/// throws.
template <class Source>
void encode(const Representation& exposition, Source& source, const NameFilter& filter,
            CreatedSamples created, ByteBuffer& out) {
  struct Context {
    Source& source;
    const NameFilter& filter;
  } context{source, filter};
  const auto collect = [](Encoder& encoder, void* given) {
    const Context& wanted = *static_cast<const Context*>(given);
    wanted.source.collect(encoder, wanted.filter);
  };
  formats[exposition.format].encode(out, {collect, &context, created, exposition.escaping});
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_NEGOTIATION_HPP
