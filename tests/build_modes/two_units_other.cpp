// promlite: the second unit of the two: it includes every header as well.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>
#include <promlite/testing.hpp>

void count_in_the_other_unit();

void count_in_the_other_unit() { promlite::counter("two_units_total", "Counted in both units.").inc(40); }
