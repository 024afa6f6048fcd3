// promlite: fuzz target: the choice of a format by an Accept header.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/negotiation.hpp>

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto chosen = promlite::detail::negotiate(fuzz::text_of(data, size));
  fuzz::demand(chosen.format < promlite::detail::no_format, "a format is chosen");
  fuzz::demand(!promlite::detail::ContentType(chosen).text().empty(), "it has a content type");
  return 0;
}
