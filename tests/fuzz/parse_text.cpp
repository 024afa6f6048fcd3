// promlite: fuzz target: the reader of the text format 0.0.4, and what stands on it.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/testing.hpp>

#include <string>
#include <string_view>

#include "fuzz/both_formats.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/rewrite.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::check_both(std::string(bytes) + "# EOF\n");
  auto read = promlite::parse_text(bytes);
  if (!read) return fuzz::check_error(read), 0;
  const std::string text = fuzz::as_text(*read);
  const auto again = promlite::parse_text(text);
  fuzz::demand(static_cast<bool>(again), "what was read and written is read again");
  fuzz::demand(test::show(*again) == test::show(*read), "what was read and written is read as the same");
  fuzz::demand(promlite::detail::Difference().between(*read, *again, {}).empty(), "it does not differ");
  fuzz::check_lint(*read, *again);
  return 0;
}
