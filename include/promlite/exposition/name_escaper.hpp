// promlite: names as the scrape asked for them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_NAME_ESCAPER_HPP
#define PROMLITE_EXPOSITION_NAME_ESCAPER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/encoder.hpp>
#include <promlite/escaping.hpp>
#include <promlite/exposition/label_text.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Stands before an encoder's work. Families whose names all readers know pass through it untouched.
class NameEscaper {
 public:
  explicit NameEscaper(Escaping scheme) noexcept : scheme_(scheme) {}

  /// The family as the encoder is to write it; a view that lives until the next one.
  FamilyHead begin(const FamilyHead& head) {
    escaping_ = head.utf8_names && scheme_ != Escaping::allow_utf8;
    return PROMLITE_LIKELY(!escaping_) ? head : escaped(head);
  }
  /// The labels of one of its series; a view that lives until the next one.
  PROMLITE_ALWAYS_INLINE PaddedText labels(PaddedText text) {
    return PROMLITE_LIKELY(!escaping_) ? text : escaped(text);
  }

 private:
  PROMLITE_COLD FamilyHead escaped(FamilyHead head) {
    name_.clear();
    append_escaped_name(name_, head.name, scheme_);
    head.name = name_;
    return head;
  }
  PROMLITE_COLD PaddedText escaped(PaddedText text) {
    labels_.clear();
    LabelTexts texts({text.data, text.size});
    LabelText label;
    while (texts.next(label)) {
      if (!labels_.empty()) labels_.push_back(',');
      if (label.quoted_name) {
        std::string name(label.name.size(), '\0');
        name.resize(static_cast<std::size_t>(unescape(&name[0], label.name) - name.data()));
        append_escaped_name(labels_, name, scheme_);
      } else {
        labels_.append(label.name);
      }
      labels_.append("=\"").append(label.value).push_back('"');
    }
    const std::size_t size = labels_.size();
    labels_.append(ByteBuffer::padding, '\0');
    return {labels_.data(), size};
  }

  Escaping scheme_;
  bool escaping_ = false;  // the names of this family
  std::string name_;
  std::string labels_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_NAME_ESCAPER_HPP
