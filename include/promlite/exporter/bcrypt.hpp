// promlite: bcrypt hashes of passwords, by the system's libcrypt.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_BCRYPT_HPP
#define PROMLITE_EXPORTER_BCRYPT_HPP

#include <promlite/config.hpp>
#include <promlite/transport/authorization.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <crypt.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

// `$2y$10$`, 22 digits of salt, 31 digits of hash.
constexpr std::size_t bcrypt_cost_end = 6;
constexpr std::size_t bcrypt_salt_end = 29;
constexpr std::size_t bcrypt_size = 60;

/// True for what `htpasswd -B` and other tools write: `$2a$`, `$2b$` or `$2y$`, a cost of 04 to 31, `$`, and
/// 53 digits of bcrypt's own base64.
PROMLITE_COLD inline bool is_bcrypt_hash(std::string_view text) noexcept {
  if (text.size() != bcrypt_size || text.substr(0, 2) != "$2" || text[3] != '$' || text[6] != '$')
    return false;
  if (text[2] != 'a' && text[2] != 'b' && text[2] != 'y') return false;
  const std::string_view cost = text.substr(4, 2);
  if (cost < "04" || cost > "31" || cost[1] < '0' || cost[1] > '9') return false;
  for (const char c : text.substr(bcrypt_cost_end + 1)) {
    if (c != '.' && c != '/' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
        !(c >= 'a' && c <= 'z')) {
      return false;
    }
  }
  return true;
}

/// A hash of the same cost as `hash` that no password has been found for: comparing with it takes as long.
PROMLITE_COLD inline std::string decoy_of(std::string_view hash) {
  std::string decoy(hash.substr(0, bcrypt_cost_end + 1));
  decoy.append(bcrypt_size - decoy.size(), '.');
  return decoy;
}

/// True when `hash`, a bcrypt hash, is that of `password`. Takes 1 ms with a cost of 4 and twice as long for
/// each step more: 60 ms with 10, hours with 31. bcrypt looks at the first 72 bytes. A password that libcrypt
/// cannot take, with a NUL or of 512 bytes and more, is never right.
PROMLITE_COLD inline bool bcrypt_matches(const std::string& password, const std::string& hash) {
  // Behind a NUL libcrypt would not look, and take two passwords for the same.
  if (password.find('\0') != std::string::npos) return false;
  crypt_data scratch{};
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), &scratch);
  if (made == nullptr || std::string_view(made).size() != bcrypt_size) return false;
  // The last digit of the salt has bits to spare, which libcrypt clears: the hash alone is compared.
  return equals_in_constant_time(std::string_view(made).substr(bcrypt_salt_end),
                                 std::string_view(hash).substr(bcrypt_salt_end));
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_BCRYPT_HPP
