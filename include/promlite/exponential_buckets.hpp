// promlite: exponential buckets: from a value to the index of its bucket and back.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPONENTIAL_BUCKETS_HPP
#define PROMLITE_EXPONENTIAL_BUCKETS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>

#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

// The 52 mantissa bits of the correctly rounded doubles 2^(j/256 - 1), j = 0 .. 255. The bounds of a coarser
// schema are every second, fourth, ... of these, so that schemas nest exactly
// (Prometheus native histograms, "value to index").
// clang-format off
constexpr std::uint64_t root_mantissas[256] = {
    0x0000000000000, 0x00B1AFA5ABCBF, 0x0163DA9FB3335, 0x02168143B0281, 0x02C9A3E778061, 0x037D42E11BBCC,
    0x04315E86E7F85, 0x04E5F72F654B1, 0x059B0D3158574, 0x0650A0E3C1F89, 0x0706B29DDF6DE, 0x07BD42B72A836,
    0x0874518759BC8, 0x092BDF66607E0, 0x09E3ECAC6F383, 0x0A9C79B1F3919, 0x0B5586CF9890F, 0x0C0F145E46C85,
    0x0CC922B7247F7, 0x0D83B23395DEC, 0x0E3EC32D3D1A2, 0x0EFA55FDFA9C5, 0x0FB66AFFED31B, 0x1073028D7233E,
    0x11301D0125B51, 0x11EDBAB5E2AB6, 0x12ABDC06C31CC, 0x136A814F204AB, 0x1429AAEA92DE0, 0x14E95934F312E,
    0x15A98C8A58E51, 0x166A45471C3C2, 0x172B83C7D517B, 0x17ED48695BBC0, 0x18AF9388C8DEA, 0x1972658375D2F,
    0x1A35BEB6FCB75, 0x1AF99F8138A1C, 0x1BBE084045CD4, 0x1C82F95281C6B, 0x1D4873168B9AA, 0x1E0E75EB44027,
    0x1ED5022FCD91D, 0x1F9C18438CE4D, 0x2063B88628CD6, 0x212BE3578A819, 0x21F49917DDC96, 0x22BDDA27912D1,
    0x2387A6E756238, 0x2451FFB82140A, 0x251CE4FB2A63F, 0x25E85711ECE75, 0x26B4565E27CDD, 0x2780E341DDF29,
    0x284DFE1F56381, 0x291BA7591BB70, 0x29E9DF51FDEE1, 0x2AB8A66D10F13, 0x2B87FD0DAD990, 0x2C57E39771B2F,
    0x2D285A6E4030B, 0x2DF961F641589, 0x2ECAFA93E2F56, 0x2F9D24ABD886B, 0x306FE0A31B715, 0x31432EDEEB2FD,
    0x32170FC4CD831, 0x32EB83BA8EA32, 0x33C08B26416FF, 0x3496266E3FA2D, 0x356C55F929FF1, 0x36431A2DE883B,
    0x371A7373AA9CB, 0x37F26231E754A, 0x38CAE6D05D866, 0x39A401B7140EF, 0x3A7DB34E59FF7, 0x3B57FBFEC6CF4,
    0x3C32DC313A8E5, 0x3D0E544EDE173, 0x3DEA64C123422, 0x3EC70DF1C5175, 0x3FA4504AC801C, 0x40822C367A024,
    0x4160A21F72E2A, 0x423FB2709468A, 0x431F5D950A897, 0x43FFA3F84B9D4, 0x44E086061892D, 0x45C2042A7D232,
    0x46A41ED1D0057, 0x4786D668B3237, 0x486A2B5C13CD0, 0x494E1E192AED2, 0x4A32AF0D7D3DE, 0x4B17DEA6DB7D7,
    0x4BFDAD5362A27, 0x4CE41B817C114, 0x4DCB299FDDD0D, 0x4EB2D81D8ABFF, 0x4F9B2769D2CA7, 0x508417F4531EE,
    0x516DAA2CF6642, 0x5257DE83F4EEF, 0x5342B569D4F82, 0x542E2F4F6AD27, 0x551A4CA5D920F, 0x56070DDE910D2,
    0x56F4736B527DA, 0x57E27DBE2C4CF, 0x58D12D497C7FD, 0x59C0827FF07CC, 0x5AB07DD485429, 0x5BA11FBA87A03,
    0x5C9268A5946B7, 0x5D84590998B93, 0x5E76F15AD2148, 0x5F6A320DCEB71, 0x605E1B976DC09, 0x6152AE6CDF6F4,
    0x6247EB03A5585, 0x633DD1D1929FD, 0x6434634CCC320, 0x652B9FEBC8FB7, 0x6623882552225, 0x671C1C70833F6,
    0x68155D44CA973, 0x690F4B19E9538, 0x6A09E667F3BCD, 0x6B052FA75173E, 0x6C012750BDABF, 0x6CFDCDDD47645,
    0x6DFB23C651A2F, 0x6EF9298593AE5, 0x6FF7DF9519484, 0x70F7466F42E87, 0x71F75E8EC5F74, 0x72F8286EAD08A,
    0x73F9A48A58174, 0x74FBD35D7CBFD, 0x75FEB564267C9, 0x77024B1AB6E09, 0x780694FDE5D3F, 0x790B938AC1CF6,
    0x7A11473EB0187, 0x7B17B0976CFDB, 0x7C1ED0130C132, 0x7D26A62FF86F0, 0x7E2F336CF4E62, 0x7F3878491C491,
    0x80427543E1A12, 0x814D2ADD106D9, 0x82589994CCE13, 0x8364C1EB941F7, 0x8471A4623C7AD, 0x857F4179F5B21,
    0x868D99B4492ED, 0x879CAD931A436, 0x88AC7D98A6699, 0x89BD0A478580F, 0x8ACE5422AA0DB, 0x8BE05BAD61778,
    0x8CF3216B5448C, 0x8E06A5E0866D9, 0x8F1AE99157736, 0x902FED0282C8A, 0x9145B0B91FFC6, 0x925C353AA2FE2,
    0x93737B0CDC5E5, 0x948B82B5F98E5, 0x95A44CBC8520F, 0x96BDD9A7670B3, 0x97D829FDE4E50, 0x98F33E47A22A2,
    0x9A0F170CA07BA, 0x9B2BB4D53FE0D, 0x9C49182A3F090, 0x9D674194BB8D5, 0x9E86319E32323, 0x9FA5E8D07F29E,
    0xA0C667B5DE565, 0xA1E7AED8EB8BB, 0xA309BEC4A2D33, 0xA42C980460AD8, 0xA5503B23E255D, 0xA674A8AF46052,
    0xA799E1330B358, 0xA8BFE53C12E59, 0xA9E6B5579FDBF, 0xAB0E521356EBA, 0xAC36BBFD3F37A, 0xAD5FF3A3C2774,
    0xAE89F995AD3AD, 0xAFB4CE622F2FF, 0xB0E07298DB666, 0xB20CE6C9A8952, 0xB33A2B84F15FB, 0xB468415B749B1,
    0xB59728DE5593A, 0xB6C6E29F1C52A, 0xB7F76F2FB5E47, 0xB928CF22749E4, 0xBA5B030A1064A, 0xBB8E0B79A6F1F,
    0xBCC1E904BC1D2, 0xBDF69C3F3A207, 0xBF2C25BD71E09, 0xC06286141B33D, 0xC199BDD85529C, 0xC2D1CD9FA652C,
    0xC40AB5FFFD07A, 0xC544778FAFB22, 0xC67F12E57D14B, 0xC7BA88988C933, 0xC8F6D9406E7B5, 0xCA3405751C4DB,
    0xCB720DCEF9069, 0xCCB0F2E6D1675, 0xCDF0B555DC3FA, 0xCF3155B5BAB74, 0xD072D4A07897C, 0xD1B532B08C968,
    0xD2F87080D89F2, 0xD43C8EACAA1D6, 0xD5818DCFBA487, 0xD6C76E862E6D3, 0xD80E316C98398, 0xD955D71FF6075,
    0xDA9E603DB3285, 0xDBE7CD63A8315, 0xDD321F301B460, 0xDE7D5641C0658, 0xDFC97337B9B5F, 0xE11676B197D17,
    0xE264614F5A129, 0xE3B333B16EE12, 0xE502EE78B3FF6, 0xE653924676D76, 0xE7A51FBC74C83, 0xE8F7977CDB740,
    0xEA4AFA2A490DA, 0xEB9F4867CCA6E, 0xECF482D8E67F1, 0xEE4AAA2188510, 0xEFA1BEE615A27, 0xF0F9C1CB6412A,
    0xF252B376BBA97, 0xF3AC948DD7274, 0xF50765B6E4540, 0xF6632798844F8, 0xF7BFDAD9CBE14, 0xF91D802243C89,
    0xFA7C1819E90D8, 0xFBDBA3692D514, 0xFD3C22B8F71F1, 0xFE9D96B2A23D9,
};
// clang-format on

template <int Schema>
struct ExponentialTables {
  static constexpr std::uint64_t bounds = std::uint64_t{1} << Schema;
  static constexpr std::uint64_t cells =
      bounds * 2;  ///< equal parts of an octave, each narrower than any bucket

  std::uint64_t mantissas[bounds + 1] = {};  ///< of the bounds in [0.5, 1), then one above every mantissa
  std::uint16_t first_bound[cells] = {};     ///< the first bound at or above the lower edge of each cell

  constexpr ExponentialTables() noexcept {
    for (std::uint64_t i = 0; i < bounds; ++i) mantissas[i] = root_mantissas[i * (256 / bounds)];
    mantissas[bounds] = ~std::uint64_t{0};
    std::uint16_t bound = 0;
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
      while (mantissas[bound] < cell << (51 - Schema)) ++bound;
      first_bound[cell] = bound;
    }
  }
};

/// Buckets that grow by the factor g = 2^(2^-Schema): bucket i holds the magnitudes in (g^(i-1), g^i], bucket
/// 0 ends at 1. A value told as estimate(i) is wrong by at most (g - 1) / (g + 1) of itself, subnormal
/// numbers excepted.
template <int Schema>
class ExponentialBuckets {
 public:
  static_assert(Schema >= 1 && Schema <= 8,
                "promlite: a schema with at least two and at most 256 buckets per power of two");
  static constexpr int per_octave = 1 << Schema;
  /// The buckets of the smallest subnormal number and of the largest finite one.
  static constexpr int lowest = -1074 * per_octave;
  static constexpr int highest = 1024 * per_octave;

  /// The bucket of a finite magnitude greater than 0. Exact: no logarithm is taken.
  static int index(double magnitude) noexcept {
    std::uint64_t bits = bits_of(magnitude) & ~sign_bit;
    int exponent = static_cast<int>(bits >> 52);
    if (exponent == 0) {
      bits = bits_of(magnitude * 0x1p54) & ~sign_bit;
      exponent = static_cast<int>(bits >> 52) - 54;
    }
    const std::uint64_t mantissa = bits & mantissa_mask;
    // At most one bound lies inside a cell, so one comparison settles it.
    int within = tables.first_bound[mantissa >> (51 - Schema)];
    within += static_cast<int>(tables.mantissas[within] < mantissa);
    return (exponent - 1023) * per_octave + within;
  }

  /// The value in bucket `index` that is nearest to all others, relatively: 2 g^i / (1 + g).
  static double estimate(int index) noexcept {
    int octave = index / per_octave;
    int within = index % per_octave;
    if (within < 0) {
      within += per_octave;
      --octave;
    }
    const double g = double_of(one_bits | root_mantissas[256 / per_octave]);
    const double fraction =
        double_of(half_bits | root_mantissas[within * (256 / per_octave)]) * (2 / (1 + g));
    return scale(fraction, octave + 1);
  }

 private:
  static constexpr std::uint64_t mantissa_mask = (std::uint64_t{1} << 52) - 1;
  static constexpr std::uint64_t half_bits = std::uint64_t{0x3FE} << 52;
  static constexpr std::uint64_t one_bits = std::uint64_t{0x3FF} << 52;

  static constexpr ExponentialTables<Schema> tables{};

  // ldexp without <cmath>: in two steps, so that the factors stay normal numbers.
  static double scale(double fraction, int exponent) noexcept {
    if (exponent > 1000) return fraction * 0x1p1000 * power_of_two(exponent - 1000);
    if (exponent < -1000) return fraction * power_of_two(exponent + 1000) * 0x1p-1000;
    return fraction * power_of_two(exponent);
  }
  static double power_of_two(int exponent) noexcept {
    return double_of(static_cast<std::uint64_t>(exponent + 1023) << 52);
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPONENTIAL_BUCKETS_HPP
