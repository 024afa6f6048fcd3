// promlite: the second unit with a static object that uses metrics.
// SPDX-License-Identifier: MIT
#include "user.hpp"

static auto in_other = promlite::counter("in_other_total", "Declared in a static object of the other unit.");
static const User user("other");

struct Last {
  ~Last() { in_other.inc(); }
};
static const Last last;
