// promlite: which format a scrape gets: the one place that knows them all.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_NEGOTIATION_HPP
#define PROMLITE_EXPOSITION_NEGOTIATION_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exposition/text.hpp>

#include <string_view>

namespace promlite {
namespace detail {

enum class Format : unsigned char { text };

/// The format for an Accept header. Where no clause matches, text: a scraper that gets any status but 200
/// drops the target, so 406 would help nobody. Text is all that there is, so no clause can change the answer.
inline Format negotiate(std::string_view /*accept*/) noexcept { return Format::text; }

/// The Content-Type of a body in this format.
inline std::string_view content_type_of(Format /*format*/) noexcept { return text_content_type; }

/// Appends one exposition of `source`, anything with `collect(Encoder&, const NameFilter&)`. Throws what that
/// throws.
template <class Source>
void encode(Format /*format*/, Source& source, const NameFilter& filter, ByteBuffer& out) {
  TextEncoder encoder(out);
  source.collect(encoder, filter);
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_NEGOTIATION_HPP
