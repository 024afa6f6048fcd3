// promlite: what every project of tests/package builds: a program that somebody else might have written.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#include <cstdio>

int main() {
  promlite::Registry registry;
  auto parcels = registry.counter("parcels_total", "Parcels delivered.", {"town"});
  parcels.with("Ulm").inc(3);
  std::printf("%s", promlite::to_text(registry).c_str());
}
