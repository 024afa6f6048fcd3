// promlite: what is pushed: a registry as text, without labels that the grouping key sets.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_PUSH_BODY_HPP
#define PROMLITE_TRANSPORT_PUSH_BODY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry_group.hpp>
#include <promlite/transport/push_path.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Text 0.0.4, with an eye on the labels: the gateway would overwrite those that the grouping key has, and
/// make one series of two without a word.
class PushEncoder final : public Encoder {
 public:
  PushEncoder(ByteBuffer& out, const GroupingKey* key) noexcept : text_(out), key_(key) {}

  /// The first collision of a label, or nothing.
  const std::string& problem() const noexcept { return problem_; }

  void begin_family(const FamilyHead& head) override {
    family_ = head.name;
    text_.begin_family(head);
  }
  void value(PaddedText labels, Number number) override {
    check(labels);
    text_.value(labels, number);
  }
  void histogram(PaddedText labels, const HistogramSample& sample) override {
    check(labels);
    text_.histogram(labels, sample);
  }
  void summary(PaddedText labels, const SummarySample& sample) override {
    check(labels);
    text_.summary(labels, sample);
  }
  void finish() override { text_.finish(); }
  std::size_t size() const noexcept override { return text_.size(); }

 private:
  // `a="x",b="y\"z"`: a quote ends a value unless a backslash stands before it.
  PROMLITE_COLD void check(PaddedText labels) {
    if (key_ == nullptr || !problem_.empty()) return;
    const std::string_view text(labels.data, labels.size);
    for (std::size_t at = 0; at < text.size(); at += 2) {
      const std::size_t equals = text.find('=', at);
      if (equals == std::string_view::npos) return;
      const std::string_view name = text.substr(at, equals - at);
      if (key_->has(name)) {
        problem_ = message_of("\"", family_, "\" has a label \"", name, "\", which the grouping key sets");
        return;
      }
      at = equals + 2;
      while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2U : 1U;
    }
  }

  TextEncoder text_;
  const GroupingKey* key_;
  std::string_view family_;
  std::string problem_;
};

/// Appends the exposition that is to be pushed; what is wrong with it, or nothing. Without a key any label is
/// allowed. Throws std::bad_alloc.
PROMLITE_COLD inline std::string encode_push(RegistryGroup& metrics, const NameFilter& filter,
                                             const GroupingKey* key, ByteBuffer& out) {
  PushEncoder encoder(out, key);
  metrics.collect(encoder, filter);
  return encoder.problem();
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_PUSH_BODY_HPP
