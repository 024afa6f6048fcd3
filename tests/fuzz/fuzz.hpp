// promlite: what the fuzz targets share. Each target is one body, run by libFuzzer or, on its corpus, by
// replay.cpp. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_FUZZ_FUZZ_HPP
#define PROMLITE_TESTS_FUZZ_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What must hold for every input; a fuzzer keeps the input for which it does not.
inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace fuzz

#endif  // PROMLITE_TESTS_FUZZ_FUZZ_HPP
