// promlite: a value that a function gives when a scrape asks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CALLBACK_HPP
#define PROMLITE_CALLBACK_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/membership.hpp>
#include <promlite/source.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
namespace detail {

/// One series whose value comes from `function()`, any arithmetic type. When the function throws, or gives a
/// counter a value that is negative or NaN, the series is left out of that scrape and counted.
template <class Function>
class CallbackSource final : public Source {
 public:
  CallbackSource(Declaration declared, Function function, std::atomic<std::uint64_t>& errors)
      : Source(std::move(declared)),
        function_(std::move(function)),
        gate_(std::make_shared<CallGate>()),
        errors_(errors) {
    for (const auto& label : declared_.const_labels) append_label(labels_, label.first, label.second);
    labels_size_ = labels_.size();
    labels_.append(ByteBuffer::padding, '\0');
  }

  const std::shared_ptr<CallGate>& gate() const noexcept { return gate_; }

  bool gone() const noexcept override { return gate_->closed(); }
  bool has_series(const ScrapeContext&) override { return ready_; }
  void encode(Encoder& encoder, ScrapeContext&) override { encoder.value(labels(), value_); }
  void list(std::vector<ListedSeries>& to) override {
    if (ready_) to.push_back({this, nullptr, labels()});
  }
  void encode_one(const ListedSeries&, Encoder& encoder, ScrapeContext& scrape) override {
    encode(encoder, scrape);
  }

  void prepare() override {
    ready_ = false;
    PROMLITE_TRY {
      gate_->pass([this] {
        value_ = Number(function_());
        ready_ = true;
      });
    }
    PROMLITE_CATCH_ALL { errors_.fetch_add(1, std::memory_order_relaxed); }
    const double number = value_.as_double();
    if (ready_ && declared_.type == MetricType::counter && (is_nan(number) || is_negative(number))) {
      ready_ = false;
      errors_.fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  PaddedText labels() const noexcept { return {labels_.data(), labels_size_}; }

  Function function_;
  std::shared_ptr<CallGate> gate_;
  std::atomic<std::uint64_t>& errors_;
  std::string labels_;
  std::size_t labels_size_ = 0;
  Number value_ = 0;
  bool ready_ = false;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_CALLBACK_HPP
