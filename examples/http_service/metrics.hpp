// http_service: everything that the service says about itself, in one place.
// SPDX-License-Identifier: MIT
#ifndef HTTP_SERVICE_METRICS_HPP
#define HTTP_SERVICE_METRICS_HPP

#include <promlite/promlite.hpp>

#include <array>

namespace http_service {

enum class Outcome { placed, sold_out, declined, unavailable, count };
constexpr const char* to_label(Outcome outcome) {
  constexpr const char* names[] = {"placed", "sold_out", "declined", "unavailable"};
  return names[static_cast<int>(outcome)];
}
constexpr auto label_values(Outcome) { return promlite::enumerators_below<Outcome::count>(); }

enum class Payment { card, transfer, count };
constexpr const char* to_label(Payment payment) { return payment == Payment::card ? "card" : "transfer"; }
constexpr auto label_values(Payment) { return promlite::enumerators_below<Payment::count>(); }

enum class Plan { free, premium, count };
constexpr const char* to_label(Plan plan) { return plan == Plan::free ? "free" : "premium"; }
constexpr auto label_values(Plan) { return promlite::enumerators_below<Plan::count>(); }

// Declared once, in the default registry, before main(). The bounds say how many series there can ever be.
namespace metrics {

using promlite::exponential_buckets;
using promlite::max_series;

// The four golden signals: latency, traffic, errors (by code), saturation.
inline const auto duration =
    promlite::histogram("http_request_duration_seconds", "Time to serve a request.", {"route"},
                        max_series(20), exponential_buckets(0.0005, 2, 13));
inline const auto requests = promlite::counter("http_requests_total", "HTTP requests served.",
                                               {"route", "method", "code"}, max_series(100));
inline const auto in_flight = promlite::gauge("http_requests_in_flight", "Requests being served right now.");
inline const auto workers = promlite::gauge("http_workers", "Threads that serve connections.");
inline const auto workers_busy =
    promlite::gauge("http_workers_busy", "Threads that are serving a connection.");
inline const auto connections_waiting =
    promlite::gauge("http_connections_waiting", "Connections that wait for a thread.");
inline const auto response_size = promlite::summary("http_response_size_bytes", "Size of a response's body.",
                                                    promlite::quantiles({0.5, 0.9, 0.99}));

// What the business asks.
inline const auto orders =
    promlite::counter("shop_orders_total", "Orders, by what became of them.", {"outcome"}).by_enum<Outcome>();
inline const auto payments =
    promlite::counter("shop_payments_total", "Payments tried.", {"method", "accepted"})
        .by_enum<Payment, bool>();
inline const auto registrations =
    promlite::counter("shop_registrations_total", "Customers registered.", {"plan"}).by_enum<Plan>();
inline const auto revenue =
    promlite::counter("shop_revenue_euros_total", "Value of the orders that were placed.");
inline const auto stock = promlite::gauge<std::int64_t>("shop_stock_items", "Items that can be sold.",
                                                        {"product"}, max_series(100));

// The database: are all connections in use, how long does one wait, how often in vain?
inline const auto pool_connections =
    promlite::gauge("database_pool_connections", "Connections of the pool, by what they do.", {"state"});
inline const auto pool_wait =
    promlite::histogram("database_pool_wait_seconds", "Time until a connection was lent, or was not in time.",
                        exponential_buckets(0.0001, 4, 8));
inline const auto pool_timeouts =
    promlite::counter("database_pool_timeouts_total", "Times that no connection became free in time.");
inline const auto query_duration =
    promlite::histogram("database_query_duration_seconds", "Time of a statement.", {"statement"},
                        exponential_buckets(0.0005, 2, 10));

inline const auto build =
    promlite::info("http_service_build", "What is running.", {{"version", PROMLITE_VERSION}});

}  // namespace metrics
}  // namespace http_service

#endif  // HTTP_SERVICE_METRICS_HPP
