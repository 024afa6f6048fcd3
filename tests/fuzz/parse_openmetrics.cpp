// promlite: fuzz target: the reader of OpenMetrics.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <string>
#include <string_view>

#include "fuzz/both_formats.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/rewrite.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::check_both(bytes);
  const auto read = promlite::parse_openmetrics(bytes);
  if (!read) return fuzz::check_error(read), 0;
  const auto again = promlite::parse_openmetrics(fuzz::as_openmetrics(*read));
  fuzz::demand(static_cast<bool>(again), "what was read and written is read again");
  fuzz::demand(test::show(*again) == test::show(*read), "what was read and written is read as the same");
  fuzz::check_lint(*read, *again);
  return 0;
}
