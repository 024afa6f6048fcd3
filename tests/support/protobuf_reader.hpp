// promlite: reads delimited io.prometheus.client.MetricFamily into what the readers of text make of the same.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_PROTOBUF_READER_HPP
#define PROMLITE_TESTS_SUPPORT_PROTOBUF_READER_HPP

#include <promlite/exposition/model.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/show_exposition.hpp"

namespace test {

/// The fields of one message. Throws std::runtime_error where they are none.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view message) : rest_(message) {}

  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    number_ = key >> 3;
    bytes_ = {};
    bits_ = 0;
    if ((key & 7) == 0) {
      bits_ = varint();
    } else if ((key & 7) == 1) {
      const std::string_view eight = take(8);
      for (std::size_t i = 8; i > 0; --i) bits_ = bits_ << 8 | static_cast<unsigned char>(eight[i - 1]);
    } else if ((key & 7) == 2) {
      bytes_ = take(varint());
    } else {
      throw std::runtime_error("a field of another kind");
    }
    return true;
  }

  std::uint64_t number() const { return number_; }
  std::string_view bytes() const { return bytes_; }
  std::string text() const { return std::string(bytes_); }
  std::uint64_t integer() const { return bits_; }
  double real() const {
    double value = 0;
    std::memcpy(&value, &bits_, sizeof value);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned char byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("a number without end");
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::runtime_error("a message that is cut");
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  bool more() const { return !rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
  std::uint64_t bits_ = 0;
};

/// One family. Parts of native histograms, exemplars and times of creation are passed over; a histogram that
/// has classic buckets has them all, as the text format does.
class ProtobufFamily {
 public:
  static promlite::ParsedFamily read(std::string_view message) {
    ProtobufFamily made;
    std::vector<std::string_view> metrics;
    for (ProtobufFields fields(message); fields.next();) {
      if (fields.number() == 1) made.family_.name = fields.text();
      if (fields.number() == 2) made.family_.help = fields.text();
      if (fields.number() == 3) made.family_.type = type_of(fields.integer());
      if (fields.number() == 4) metrics.push_back(fields.bytes());
      if (fields.number() == 5) made.family_.unit = fields.text();
    }
    for (const std::string_view metric : metrics) made.read_metric(metric);
    return std::move(made.family_);
  }

 private:
  static promlite::MetricType type_of(std::uint64_t number) {
    using promlite::MetricType;
    static constexpr MetricType types[] = {MetricType::counter,   MetricType::gauge,
                                           MetricType::summary,   MetricType::untyped,
                                           MetricType::histogram, MetricType::gauge_histogram};
    if (number > 5) throw std::runtime_error("a type of another number");
    return types[number];
  }

  static promlite::ParsedLabel label_of(std::string_view message) {
    promlite::ParsedLabel label;
    for (ProtobufFields fields(message); fields.next();) {
      if (fields.number() == 1) label.name = fields.text();
      if (fields.number() == 2) label.value = fields.text();
    }
    return label;
  }

  void read_metric(std::string_view message) {
    labels_.clear();
    for (ProtobufFields fields(message); fields.next();) {
      if (fields.number() == 1) labels_.push_back(label_of(fields.bytes()));
    }
    for (ProtobufFields fields(message); fields.next();) {
      const std::uint64_t number = fields.number();
      if (number == 2 || number == 3 || number == 5) add("", value_of(fields.bytes()));
      if (number == 4) read_parts(fields.bytes(), "quantile");
      if (number == 7) read_parts(fields.bytes(), "le");
    }
  }

  static double value_of(std::string_view message) {
    double value = 0;
    for (ProtobufFields fields(message); fields.next();) {
      if (fields.number() == 1) value = fields.real();
    }
    return value;
  }

  /// A summary or a histogram: count, sum, and the parts that `label` tells apart.
  void read_parts(std::string_view message, const char* label) {
    const bool buckets = label[0] == 'l';
    std::uint64_t count = 0;
    double sum = 0;
    for (ProtobufFields fields(message); fields.next();) {
      if (fields.number() == 1) count = fields.integer();
      if (fields.number() == 2) sum = fields.real();
      if (fields.number() != 3) continue;
      double bound = 0, value = 0;
      for (ProtobufFields part(fields.bytes()); part.next();) {
        if (part.number() == (buckets ? 2 : 1)) bound = part.real();
        if (part.number() == (buckets ? 1 : 2))
          value = buckets ? static_cast<double>(part.integer()) : part.real();
      }
      if (bound < std::numeric_limits<double>::infinity()) add_part(label, show(bound), value);
    }
    if (buckets) add_part(label, "+Inf", static_cast<double>(count));
    add("_sum", sum);
    add("_count", static_cast<double>(count));
  }
  void add_part(const char* label, const std::string& text, double value) {
    labels_.push_back({label, text});
    add(label[0] == 'l' ? "_bucket" : "", value);
    labels_.pop_back();
  }
  void add(const char* suffix, double value) {
    promlite::ParsedSample sample;
    sample.name = family_.name + suffix;
    sample.labels = labels_;
    sample.value = value;
    family_.samples.push_back(std::move(sample));
  }

  promlite::ParsedFamily family_;
  std::vector<promlite::ParsedLabel> labels_;
};

inline promlite::Exposition read_protobuf(std::string_view body) {
  promlite::Exposition exposition;
  for (ProtobufFields messages(body); messages.more();) {
    exposition.families.push_back(ProtobufFamily::read(messages.take(messages.varint())));
  }
  return exposition;
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_PROTOBUF_READER_HPP
