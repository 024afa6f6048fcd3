// http_service: made-up customers, so that there is something to see.
// SPDX-License-Identifier: MIT
#ifndef HTTP_SERVICE_CUSTOMERS_HPP
#define HTTP_SERVICE_CUSTOMERS_HPP

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <httplib.h>

namespace http_service {

/// Threads that look at products, order them and register, over HTTP, until destruction.
class Customers {
 public:
  Customers(int port, unsigned count) {
    for (unsigned seed = 1; seed <= count; ++seed)
      threads_.emplace_back([this, port, seed] { shop(port, seed); });
  }
  Customers(const Customers&) = delete;
  Customers& operator=(const Customers&) = delete;
  ~Customers() {
    stopping_.store(true);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void shop(int port, unsigned seed) {
    static const std::string products[] = {"book", "lamp", "pen", "unicorn"};
    static const std::string payments[] = {"card", "transfer", "shells"};
    std::mt19937 random(seed);
    const auto any = [&](auto... weights) {
      return std::discrete_distribution<std::size_t>({static_cast<double>(weights)...})(random);
    };
    httplib::Client client("127.0.0.1", port);
    client.set_keep_alive(true);
    while (!stopping_.load()) {
      const std::string& product = products[any(50, 30, 15, 5)];
      const auto action = any(80, 15, 5);
      if (action == 0) {
        client.Get("/products/" + product);
      } else if (action == 1) {
        client.Post("/orders", httplib::Params{{"product", product},
                                               {"payment", payments[any(70, 28, 2)]},
                                               {"account", std::to_string(any(1, 3, 3, 3))}});
      } else {
        client.Post("/registrations", httplib::Params{{"plan", any(9, 1) == 0 ? "free" : "premium"}});
      }
      const double pause = std::exponential_distribution<double>(50)(random);
      std::this_thread::sleep_for(std::chrono::duration<double>(pause < 0.2 ? pause : 0.2));
    }
  }

  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace http_service

#endif  // HTTP_SERVICE_CUSTOMERS_HPP
