// promlite: fuzz target: the reader of the text format 0.0.4, and what stands on it.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/testing.hpp>

#include <string>

#include "fuzz/fuzz.hpp"
#include "fuzz/rewrite.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = promlite::parse_text(fuzz::text_of(data, size));
  if (!read) {
    fuzz::demand(read.message().compare(0, 5, "line ") == 0 && read.message().size() < 800,
                 "an error is short and has a place");
    return 0;
  }
  promlite::lint(*read);
  const std::string text = fuzz::as_text(*read);
  const auto again = promlite::parse_text(text);
  fuzz::demand(static_cast<bool>(again), "what was read and written is read again");
  fuzz::demand(test::show(*again) == test::show(*read), "what was read and written is read as the same");
  fuzz::demand(promlite::detail::Difference().between(*read, *again, {}).empty(), "it does not differ");
  return 0;
}
