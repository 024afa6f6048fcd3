// promlite: fuzz target: the reader of OpenMetrics.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/parser.hpp>

#include <string>

#include "fuzz/fuzz.hpp"
#include "fuzz/rewrite.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = promlite::parse_openmetrics(fuzz::text_of(data, size));
  if (!read) {
    fuzz::demand(read.message().compare(0, 5, "line ") == 0 && read.message().size() < 800,
                 "an error is short and has a place");
    return 0;
  }
  promlite::lint(*read);
  const auto again = promlite::parse_openmetrics(fuzz::as_openmetrics(*read));
  fuzz::demand(static_cast<bool>(again), "what was read and written is read again");
  fuzz::demand(test::show(*again) == test::show(*read), "what was read and written is read as the same");
  return 0;
}
