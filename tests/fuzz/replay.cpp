// promlite: runs a fuzz target without a fuzzer, on every file of a corpus; of those that somebody named,
// on all beginnings too.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

/// In memory of exactly this size, so that address sanitizer sees a byte too many.
static void run(const std::vector<char>& bytes, std::size_t size) {
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

/// The fuzzer names files by the 40 digits of their hash. There are many, each for one thing it comes to.
static bool is_named(const std::string& name) {
  return name.size() != 40 || name.find_first_not_of("0123456789abcdef") != std::string::npos;
}

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last one is the one that fails
      const bool beginnings = is_named(entry.path().filename().string());
      for (std::size_t size = beginnings ? 0 : bytes.size(); size <= bytes.size(); ++size) run(bytes, size);
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files == 0 ? 1 : 0;
}
