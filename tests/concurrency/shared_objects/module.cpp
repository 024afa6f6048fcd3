// promlite: a shared object with the library.
// SPDX-License-Identifier: MIT
#include "interface.h"

#include <promlite/core.hpp>

namespace {

promlite::Registry registry;
promlite::Counter<> counter = registry.counter("counter_total", "help");
promlite::Histogram histogram = registry.histogram("histogram", "help");
promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5}));

void update(void* other_counter, void* other_histogram, void* other_summary) {
  static_cast<const promlite::Counter<>*>(other_counter)->inc();
  static_cast<const promlite::Counter<>*>(other_counter)->inc(0.5);
  static_cast<const promlite::Histogram*>(other_histogram)->observe(1);
  static_cast<const promlite::Summary*>(other_summary)->observe(1);
}

void declare(void* other_registry) {
  static_cast<promlite::Registry*>(other_registry)->counter("guest_total", "help").inc();
}

double shown_by(promlite::Registry& shown, const char* sample) {
  const std::string text = "\n" + promlite::to_text(shown);
  const std::size_t at = text.find("\n" + std::string(sample) + " ");
  return at == std::string::npos ? -1 : std::atof(text.c_str() + at + std::string(sample).size() + 2);
}

double count_by_default() {
  promlite::counter("default_total", "help").inc();
  return shown_by(promlite::default_registry(), "default_total");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const Module* open_module();

extern "C" const Module* open_module() {
  static const Module module = {
      PROMLITE_VERSION, &promlite::detail::slot_allocator,
      &registry,        &counter,
      &histogram,       &summary,
      update,           declare,
      count_by_default, [](const char* sample) { return shown_by(registry, sample); }};
  return &module;
}
