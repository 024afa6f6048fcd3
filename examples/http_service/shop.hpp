// http_service: the business: products, orders, registrations. Knows nothing of HTTP.
// SPDX-License-Identifier: MIT
#ifndef HTTP_SERVICE_SHOP_HPP
#define HTTP_SERVICE_SHOP_HPP

#include "database_pool.hpp"
#include "metrics.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace http_service {

struct Product {
  std::string name;
  int price_cents;
  std::int64_t stock;
};

/// What a customer sends with an order.
struct Order {
  std::string product;
  Payment payment;
  std::string account;  ///< of the payment; one that ends in 0 has no money left
};

/// Thread safe.
class Shop {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Shop(std::size_t connections, Milliseconds delay, std::int64_t stock) : database_(connections, delay) {
    products_ = {
        {"book", {"A book", 1900, stock}}, {"lamp", {"A lamp", 4550, stock}}, {"pen", {"A pen", 250, stock}}};
    for (const auto& [id, product] : products_) metrics::stock.with(id).set(product.stock);
  }

  /// A product, or nothing when there is none of this name or the database has no time.
  std::optional<Product> find(const std::string& id) {
    const auto connection = database_.borrow(Milliseconds(500));
    if (!connection) return std::nullopt;
    connection->query("select", std::chrono::microseconds(300));
    const std::lock_guard lock(mutex_);
    const auto found = products_.find(id);
    return found == products_.end() ? std::nullopt : std::optional<Product>(found->second);
  }

  bool sells(const std::string& id) const { return products_.count(id) != 0; }

  /// Of a product that it sells.
  Outcome place(const Order& order) {
    const Outcome outcome = try_to_place(order);
    metrics::orders.with(outcome).inc();
    return outcome;
  }

  void enrol(Plan plan) { metrics::registrations.with(plan).inc(); }

 private:
  Outcome try_to_place(const Order& order) {
    const auto connection = database_.borrow(Milliseconds(500));
    if (!connection) return Outcome::unavailable;
    connection->query("update", std::chrono::microseconds(1500));

    const std::lock_guard lock(mutex_);
    Product& product = products_.at(order.product);
    if (product.stock == 0) return Outcome::sold_out;
    const bool accepted = order.account.empty() || order.account.back() != '0';
    metrics::payments.with(order.payment, accepted).inc();
    if (!accepted) return Outcome::declined;
    metrics::revenue.inc(product.price_cents / 100.0);
    metrics::stock.with(order.product).set(--product.stock);
    return Outcome::placed;
  }

  DatabasePool database_;
  std::mutex mutex_;
  std::map<std::string, Product> products_;
};

}  // namespace http_service

#endif  // HTTP_SERVICE_SHOP_HPP
