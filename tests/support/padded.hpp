// promlite: label text as encoders are promised it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_PADDED_HPP
#define PROMLITE_TESTS_SUPPORT_PADDED_HPP

#include <promlite/detail/byte_buffer.hpp>
#include <promlite/encoder.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// Label text with readable bytes behind it.
class Padded {
 public:
  explicit Padded(std::string_view text) : text_(text), size_(text.size()) {
    text_.append(promlite::detail::ByteBuffer::padding, '#');
  }
  operator promlite::PaddedText() const {  // NOLINT(google-explicit-constructor)
    return {text_.data(), size_};
  }

 private:
  std::string text_;
  std::size_t size_;
};

/// What an `Encoder` makes of what `write(encoder)` gives it.
template <class Encoder, class Write, class... Options>
std::string encoded_by(Write&& write, Options... options) {
  promlite::detail::ByteBuffer out;
  Encoder encoder(out, options...);
  write(encoder);
  encoder.finish();
  return encoder.size() == out.size() ? std::string(out.view()) : "the size is wrong";
}

#endif  // PROMLITE_TESTS_SUPPORT_PADDED_HPP
