// promlite: everything but sockets and threads, in the order of the layers.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CORE_HPP
#define PROMLITE_CORE_HPP

// clang-format off: the order is that of the layers
#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/version.hpp>

#include <promlite/detail/ascii.hpp>
#include <promlite/detail/bucket_finder.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/cell_tree.hpp>
#include <promlite/detail/exemplar_slot.hpp>
#include <promlite/detail/label_index.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/detail/thread_slot.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/detail/window.hpp>

#include <promlite/buckets.hpp>
#include <promlite/clock.hpp>
#include <promlite/collected_family.hpp>
#include <promlite/collector.hpp>
#include <promlite/desc.hpp>
#include <promlite/encoder.hpp>
#include <promlite/escaping.hpp>
#include <promlite/exemplar.hpp>
#include <promlite/exponential_buckets.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/labels.hpp>
#include <promlite/metric_name.hpp>
#include <promlite/naming.hpp>
#include <promlite/native_buckets.hpp>
#include <promlite/scope.hpp>
#include <promlite/sink.hpp>

#include <promlite/counter.hpp>
#include <promlite/gauge.hpp>
#include <promlite/histogram.hpp>
#include <promlite/info.hpp>
#include <promlite/native_counts.hpp>
#include <promlite/native_histogram.hpp>
#include <promlite/observer.hpp>
#include <promlite/scope_counter.hpp>
#include <promlite/stateset.hpp>
#include <promlite/summary.hpp>
#include <promlite/timer.hpp>

#include <promlite/callback.hpp>
#include <promlite/curried_family.hpp>
#include <promlite/default_registry.hpp>
#include <promlite/enum_family.hpp>
#include <promlite/family.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/membership.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/registerer.hpp>
#include <promlite/registries.hpp>
#include <promlite/registry.hpp>
#include <promlite/registry_core.hpp>
#include <promlite/registry_group.hpp>
#include <promlite/series_callback.hpp>
#include <promlite/series_set.hpp>
#include <promlite/source.hpp>
#include <promlite/source_directory.hpp>

#include <promlite/exposition/accept.hpp>
#include <promlite/exposition/label_text.hpp>
#include <promlite/exposition/line_writer.hpp>
#include <promlite/exposition/name_escaper.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/protobuf_labels.hpp>
#include <promlite/exposition/protobuf_wire.hpp>
#include <promlite/exposition/text.hpp>
// clang-format on

#endif  // PROMLITE_CORE_HPP
