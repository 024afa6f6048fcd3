// promlite: a kit for exporters, in the order of the layers. Needs CLI11, yaml-cpp and libcrypt: link
// promlite::exporter in CMake, or promlite-exporter of pkg-config.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_HPP
#define PROMLITE_EXPORTER_HPP

// clang-format off: the order is that of the layers
#include <promlite/promlite.hpp>

#include <promlite/exporter/cached_collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/collector_group.hpp>
#include <promlite/exporter/duration.hpp>
#include <promlite/exporter/exporter.hpp>
#include <promlite/exporter/log.hpp>
// clang-format on

#endif  // PROMLITE_EXPORTER_HPP
