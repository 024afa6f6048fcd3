// promlite: values that a function gives when a scrape asks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CALLBACK_HPP
#define PROMLITE_CALLBACK_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/membership.hpp>
#include <promlite/source.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A callback, whatever it gives. When its function throws, it has no series in that scrape, which is
/// counted.
class Callback : public Source {
 public:
  PROMLITE_COLD Callback(Declaration&& declared, std::atomic<std::uint64_t>& errors)
      : Source(std::move(declared)), gate_(std::make_shared<CallGate>()), errors_(errors) {}

  const std::shared_ptr<CallGate>& gate() const noexcept { return gate_; }
  bool gone() const noexcept override { return gate_->closed(); }

  PROMLITE_COLD void prepare() final {
    begin();
    PROMLITE_TRY {
      gate_->pass([this] { call(); });
    }
    PROMLITE_CATCH_ALL {
      begin();
      count_errors(1);
    }
    const Undivided step;
    count_errors(settle());
  }

 private:
  void begin() noexcept {
    const Undivided step;
    clear();
  }
  virtual void clear() noexcept = 0;
  /// Runs the user's function, and keeps what it gives.
  virtual void call() = 0;
  /// Puts in order what call() has kept, and tells how much of it was invalid and is left out.
  virtual std::size_t settle() = 0;

  void count_errors(std::size_t count) noexcept {
    if (count != 0) errors_.fetch_add(count, std::memory_order_relaxed);
  }

  std::shared_ptr<CallGate> gate_;
  std::atomic<std::uint64_t>& errors_;
};

/// One series whose value comes from `function()`, any arithmetic type. A counter's value must not be
/// negative or NaN.
template <class Function>
class ValueCallback final : public Callback {
 public:
  ValueCallback(Declaration declared, Function function, std::atomic<std::uint64_t>& errors)
      : Callback(std::move(declared), errors), function_(std::move(function)) {
    for (const auto& label : declared_.const_labels) append_label(labels_, label.first, label.second);
    labels_size_ = labels_.size();
    labels_.append(ByteBuffer::padding, '\0');
  }

  bool has_series(const ScrapeContext&) override { return ready_; }
  void encode(Encoder& encoder, ScrapeContext&) override { encoder.value(labels(), value_); }
  void list(std::vector<ListedSeries>& to) override {
    if (ready_) to.push_back({this, nullptr, labels()});
  }
  void encode_one(const ListedSeries&, Encoder& encoder, ScrapeContext& scrape) override {
    encode(encoder, scrape);
  }

 private:
  void clear() noexcept override { ready_ = false; }
  void call() override {
    value_ = Number(function_());
    ready_ = true;
  }
  std::size_t settle() override {
    const double number = value_.as_double();
    if (!ready_ || declared_.type != MetricType::counter || !(is_nan(number) || is_negative(number)))
      return 0;
    ready_ = false;
    return 1;
  }

  PaddedText labels() const noexcept { return {labels_.data(), labels_size_}; }

  Function function_;
  std::string labels_;
  std::size_t labels_size_ = 0;
  Number value_ = 0;
  bool ready_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_CALLBACK_HPP
