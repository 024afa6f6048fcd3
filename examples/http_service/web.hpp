// http_service: the shop over HTTP, measured.
// SPDX-License-Identifier: MIT
#ifndef HTTP_SERVICE_WEB_HPP
#define HTTP_SERVICE_WEB_HPP

#include "metrics.hpp"
#include "shop.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <httplib.h>

namespace http_service {

/// The server's threads, with the saturation that they show: how many are busy, and what waits for one.
class MeasuredThreads final : public httplib::TaskQueue {
 public:
  explicit MeasuredThreads(std::size_t count) : threads_(count) {
    metrics::workers.set(static_cast<double>(count));
  }
  void enqueue(std::function<void()> serve) override {
    metrics::connections_waiting.inc();
    threads_.enqueue([serve = std::move(serve)] {
      metrics::connections_waiting.dec();
      const auto busy = metrics::workers_busy.track();
      serve();
    });
  }
  void shutdown() override { threads_.shutdown(); }

 private:
  httplib::ThreadPool threads_;
};

/// A handler that is measured. `route` is the pattern, not the path: a path would make a series for every
/// product.
template <class Handler>
httplib::Server::Handler measured(const char* method, const char* route, Handler handler) {
  return [by_code = metrics::requests.curry({{"route", route}, {"method", method}}),
          duration = metrics::duration.with(route),
          handler](const httplib::Request& request, httplib::Response& response) {
    const auto busy = metrics::in_flight.track();
    const auto timer = duration.time();
    response.status = 200;
    handler(request, response);
    metrics::response_size.observe(static_cast<double>(response.body.size()));
    by_code.with(response.status).inc();
  };
}

inline void answer(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", "text/plain; charset=utf-8");
}

/// Adds the shop's routes to a server. The shop must live as long.
inline void add_routes(httplib::Server& server, Shop& shop) {
  server.Get("/products/([a-z]+)",
             measured("GET", "/products/{id}", [&](const auto& request, auto& response) {
               const std::string id = request.matches[1];
               if (!shop.sells(id)) return answer(response, 404, "no such product");
               const auto product = shop.find(id);
               if (!product) return answer(response, 503, "busy, try again");
               answer(response, 200, product->name + ", " + std::to_string(product->stock) + " left");
             }));

  server.Post("/orders", measured("POST", "/orders", [&](const auto& request, auto& response) {
                const std::string payment = request.get_param_value("payment");
                Order order{request.get_param_value("product"),
                            payment == "card" ? Payment::card : Payment::transfer,
                            request.get_param_value("account")};
                if (!shop.sells(order.product) || (payment != "card" && payment != "transfer"))
                  return answer(response, 400, "an order has a product and a payment: card or transfer");
                const Outcome outcome = shop.place(order);
                constexpr int codes[] = {201, 409, 402, 503};
                answer(response, codes[static_cast<int>(outcome)], to_label(outcome));
              }));

  server.Post("/registrations", measured("POST", "/registrations", [&](const auto& request, auto& response) {
                const std::string plan = request.get_param_value("plan");
                if (plan != "free" && plan != "premium")
                  return answer(response, 400, "a plan is free or premium");
                shop.enrol(plan == "free" ? Plan::free : Plan::premium);
                answer(response, 201, "welcome");
              }));

  // What no route took counts as one, whatever the path.
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) metrics::requests.with("other", "other", response.status).inc();
  });
}

}  // namespace http_service

#endif  // HTTP_SERVICE_WEB_HPP
