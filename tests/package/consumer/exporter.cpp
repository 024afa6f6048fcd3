// promlite: a program that somebody else might have written: an exporter, and a flag that it has not.
// SPDX-License-Identifier: MIT
#include <promlite/exporter.hpp>

#include <cstdio>

int main() {
  promlite::Exporter exporter("outside_exporter", "1.0.0", "Shows nothing.");
  char name[] = "outside_exporter";
  char flag[] = "--log.levle=info";
  char* arguments[] = {name, flag, nullptr};
  std::printf("exporter %d\n", exporter.run(2, arguments));
}
