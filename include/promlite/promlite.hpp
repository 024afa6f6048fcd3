// promlite: everything, in the order of the layers.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_PROMLITE_HPP
#define PROMLITE_PROMLITE_HPP

// clang-format off: the order is that of the layers
#include <promlite/core.hpp>

#include <promlite/exposition/negotiation.hpp>
#include <promlite/transport/background_pusher.hpp>
#include <promlite/transport/batch_job.hpp>
#include <promlite/transport/http_client.hpp>
#include <promlite/transport/metrics_server.hpp>
#include <promlite/transport/pushgateway.hpp>
#include <promlite/transport/scrape_handler.hpp>
#include <promlite/transport/textfile.hpp>
// clang-format on

#endif  // PROMLITE_PROMLITE_HPP
