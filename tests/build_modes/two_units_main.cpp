// promlite: two translation units, one default registry: what the other unit counts is seen here.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>
#include <promlite/testing.hpp>

#include <cstdio>
#include <string>

void count_in_the_other_unit();

int main() {
  auto here = promlite::counter("two_units_total", "Counted in both units.");
  here.inc(2);
  count_in_the_other_unit();
  const std::string text = promlite::to_text(promlite::default_registry());
  if (text.find("\ntwo_units_total 42\n") != std::string::npos) return 0;
  std::printf("expected two_units_total 42 in\n%s", text.c_str());
  return 1;
}
