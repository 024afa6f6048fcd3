// promlite: compares a guess with a secret, for the test that counts the instructions that this takes.
// SPDX-License-Identifier: MIT
//   compare_secret SECRET GUESS    ends with 0 when they are equal, else with 1
#include <promlite/transport/authorization.hpp>

#include <string_view>

// Neither inlined nor merged with another: the counting begins and ends with this function.
extern "C" __attribute__((noinline)) bool compare_guess(const char* secret, std::size_t secret_size,
                                                        const char* guess, std::size_t guess_size) {
  return promlite::detail::equals_in_constant_time({guess, guess_size}, {secret, secret_size});
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view secret = argv[1];
  const std::string_view guess = argv[2];
  return compare_guess(secret.data(), secret.size(), guess.data(), guess.size()) ? 0 : 1;
}
