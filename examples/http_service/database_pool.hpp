// http_service: a pool of database connections that says how busy it is. The database is made up.
// SPDX-License-Identifier: MIT
#ifndef HTTP_SERVICE_DATABASE_POOL_HPP
#define HTTP_SERVICE_DATABASE_POOL_HPP

#include "metrics.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace http_service {

/// Lends connections. Thread safe.
class DatabasePool {
 public:
  /// One borrowed connection; goes back at the end of the scope.
  class Connection {
   public:
    Connection(Connection&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
      if (pool_ != nullptr) pool_->give_back();
    }

    /// Stands for a statement that takes the database so long.
    void query(std::string_view statement, std::chrono::microseconds work) const {
      const auto timer = metrics::query_duration.with(statement).time();
      std::this_thread::sleep_for(work + pool_->delay_);
    }

   private:
    friend class DatabasePool;
    explicit Connection(DatabasePool& pool) noexcept : pool_(&pool) {}
    DatabasePool* pool_;
  };

  /// Every statement takes longer by `delay`.
  DatabasePool(std::size_t connections, std::chrono::milliseconds delay)
      : delay_(delay), idle_count_(connections) {
    idle_.set(static_cast<double>(connections));
  }

  /// A connection, or nothing when none became free in time.
  std::optional<Connection> borrow(std::chrono::milliseconds patience) {
    const auto timer = metrics::pool_wait.time();
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, patience, [this] { return idle_count_ > 0; })) {
      metrics::pool_timeouts.inc();
      return std::nullopt;
    }
    --idle_count_;
    idle_.dec();
    in_use_.inc();
    return Connection(*this);
  }

 private:
  void give_back() {
    const std::lock_guard lock(mutex_);
    ++idle_count_;
    idle_.inc();
    in_use_.dec();
    returned_.notify_one();
  }

  const std::chrono::milliseconds delay_;
  const promlite::Gauge<> idle_ = metrics::pool_connections.with("idle");
  const promlite::Gauge<> in_use_ = metrics::pool_connections.with("in_use");
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t idle_count_;
};

}  // namespace http_service

#endif  // HTTP_SERVICE_DATABASE_POOL_HPP
