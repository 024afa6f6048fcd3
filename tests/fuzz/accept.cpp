// promlite: fuzz target: the choice of a format by an Accept header.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/negotiation.hpp>

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto format = promlite::detail::negotiate(fuzz::text_of(data, size));
  fuzz::demand(!promlite::detail::content_type_of(format).empty(), "a format has a content type");
  return 0;
}
