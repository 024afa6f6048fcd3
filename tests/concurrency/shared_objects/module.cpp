// promlite: a shared object with a copy of the library of its own.
// SPDX-License-Identifier: MIT
#include "interface.h"

#include <promlite/core.hpp>

namespace {

// Never destroyed: threads may hold handles when the module is closed.
promlite::Registry& registry() {
  static promlite::Registry* const made = new promlite::Registry();
  return *made;
}

const promlite::Counter<> counter = registry().counter("counter_total", "help");
const promlite::Histogram histogram = registry().histogram("histogram", "help");
const promlite::Summary summary = registry().summary("summary", "help", promlite::quantiles({0.5}));

void update(void* other_counter, void* other_histogram, void* other_summary) {
  static_cast<const promlite::Counter<>*>(other_counter)->inc();
  static_cast<const promlite::Counter<>*>(other_counter)->inc(0.5);
  static_cast<const promlite::Histogram*>(other_histogram)->observe(1);
  static_cast<const promlite::Summary*>(other_summary)->observe(1);
}

double value_of(const char* sample) {
  const std::string text = "\n" + promlite::to_text(registry());
  const std::size_t at = text.find("\n" + std::string(sample) + " ");
  return at == std::string::npos ? -1 : std::atof(text.c_str() + at + std::string(sample).size() + 2);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const Module* open_module();

extern "C" const Module* open_module() {
  static promlite::Counter<> own_counter = counter;
  static promlite::Histogram own_histogram = histogram;
  static promlite::Summary own_summary = summary;
  static const Module module = {&promlite::detail::slot_allocator,
                                &own_counter,
                                &own_histogram,
                                &own_summary,
                                update,
                                [] { return value_of("counter_total"); },
                                [] { return value_of("histogram_count"); },
                                [] { return value_of("histogram_sum"); },
                                [] { return value_of("summary_count"); }};
  return &module;
}
