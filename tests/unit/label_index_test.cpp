// promlite: tests of the look-up by label values, with collisions made on purpose.
// SPDX-License-Identifier: MIT
#include <promlite/detail/label_index.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using namespace promlite::detail;

using Values = std::vector<std::string>;

struct Record {
  Record() = default;
  Record(const Record& other) : hash(other.hash.load()), packed(other.packed) {}
  Record& operator=(const Record&) = delete;
  std::atomic<std::uint64_t> hash{0};
  std::string packed;
  const char* packed_values() const { return packed.data(); }
};

static HashSeed chosen_seed() {
  HashSeed seed;
  seed.first = 0x0123456789ABCDEF;
  seed.second = 0xFEDCBA9876543210;
  return seed;
}

static std::vector<std::string_view> views(const Values& values) { return {values.begin(), values.end()}; }

static Record record(std::uint64_t hash, const Values& values) {
  const auto v = views(values);
  Record made;
  made.hash = hash;
  made.packed.resize(PackedValues::size(v.data(), v.size()));
  PackedValues::write(&made.packed[0], v.data(), v.size());
  return made;
}

TEST_CASE("packed values are told apart by content, length and place") {
  const std::vector<Values> all = {{"", ""},     {"a", ""},   {"", "a"},       {"a", "bc"},
                                   {"ab", "c"},  {"abc", ""}, {"", "abc"},     {"a", std::string("b\0", 2)},
                                   {"a", "b"},   {"b", "a"},  {"x\xFFy", "z"}, {"x", "y\xFFz"},
                                   {"a\0b", "c"}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Record made = record(0, all[i]);
    for (std::size_t j = 0; j < all.size(); ++j) {
      const auto v = views(all[j]);
      CHECK(PackedValues::equal(made.packed_values(), v.data(), v.size()) == (all[i] == all[j]));
    }
    for (std::size_t k = 0; k < 2; ++k) CHECK(PackedValues::at(made.packed_values(), k) == all[i][k]);
  }
}

TEST_CASE("values of every length are equal to themselves and to none with one byte changed") {
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + i % 26));
    const Record made = record(0, {text});
    std::string_view view = text;
    REQUIRE(PackedValues::equal(made.packed_values(), &view, 1));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ 1);
      view = other;
      REQUIRE_FALSE(PackedValues::equal(made.packed_values(), &view, 1));
    }
  }
}

TEST_CASE("every byte of a value, its length and its place take part in the hash") {
  LabelIndex<Record> index;
  const auto hash = [&](const Values& values) {
    const auto v = views(values);
    return index.hash_of(v.data(), v.size());
  };
  std::set<std::uint64_t> hashes;
  std::size_t count = 0;
  const auto add = [&](const Values& values) {
    hashes.insert(hash(values));
    ++count;
    CHECK(hash(values) == hash(values));
  };
  for (std::size_t size = 0; size <= 50; ++size) {
    const std::string text(size, 'x');
    add({text});
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'y';
      add({other});
    }
  }
  add({"a", "bc"});
  add({"ab", "c"});
  add({"abc", ""});
  add({"", "abc"});
  add({"", ""});
  add({"", "", ""});
  add({std::string(1, '\0')});
  add({std::string(2, '\0')});
  CHECK(hashes.size() == count);
}

TEST_CASE("values whose lengths make up for their bytes do not collide, nor do sets of them") {
  // The length stands in the ninth byte, too, as a hash that merely joins both would take it away again.
  LabelIndex<Record> index;
  std::vector<std::string> values;
  for (unsigned size = 24; size <= 32; ++size) {
    values.emplace_back(size, 'x');
    values.back()[8] = static_cast<char>('`' ^ size);
  }
  std::set<std::uint64_t> hashes;
  for (const std::string& a : values) {
    for (const std::string& b : values) {
      for (const std::string& c : values) {
        const std::string_view all[] = {a, b, c};
        hashes.insert(index.hash_of(all, 3));
      }
    }
  }
  CHECK(hashes.size() == 9 * 9 * 9);
}

/// The hash as it is defined: 16 bytes at a time, then what is left, taken from both ends.
static std::uint64_t defined_hash(const HashSeed& seed, std::size_t index, const std::string& value) {
  const auto word = [&](std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    const std::uint16_t one = 1;
    const bool little = *reinterpret_cast<const unsigned char*>(&one) == 1;
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint64_t byte = static_cast<unsigned char>(value[at + i]);
      number |= byte << 8 * (little ? i : size - 1 - i);
    }
    return number;
  };
  const std::size_t size = value.size();
  const std::uint64_t first = seed.first + 0x9E3779B97F4A7C15 * index;
  std::uint64_t second = seed.second + size * (seed.first | 1);
  std::size_t at = 0;
  for (; size - at > 16; at += 16) second = folded_product(word(at, 8) ^ first, word(at + 8, 8) ^ second);
  const std::size_t left = size - at;
  if (left >= 8) return folded_product(word(at, 8) ^ first, word(size - 8, 8) ^ second);
  if (left >= 4) return folded_product(word(at, 4) ^ first, word(size - 4, 4) ^ second);
  std::uint64_t bytes = 0;
  if (left > 0) {
    for (const std::size_t place : {at, at + left / 2, size - 1}) bytes = bytes << 8 | word(place, 1);
  }
  return folded_product(bytes ^ first, second);
}

TEST_CASE("the hash is what it is defined to be") {
  LabelIndex<Record> index;
  std::string text;
  for (int i = 0; i < 70; ++i) {
    for (std::size_t place = 0; place < 3; ++place) {
      for (const HashSeed& seed : {HashSeed::of_process(), HashSeed(), chosen_seed()}) {
        REQUIRE(hash_value(seed, place, text) == defined_hash(seed, place, text));
      }
    }
    const std::string_view values[] = {text, "b", text};
    const HashSeed& seed = HashSeed::of_process();
    CHECK(index.hash_of(values, 3) ==
          defined_hash(seed, 0, text) + defined_hash(seed, 1, "b") + defined_hash(seed, 2, text));
    CHECK(index.hash_of(values, 1) == defined_hash(seed, 0, text));
    text.push_back(static_cast<char>(i * 37 + 200));
  }
  // An empty value takes nothing of what stands around it.
  const char around[] = "ab";
  CHECK(hash_value(chosen_seed(), 1, {around + 1, 0}) == defined_hash(chosen_seed(), 1, ""));
  CHECK(HashSeed().first == 0);
  CHECK(HashSeed().second == 0);
  // 0 is the hash of what was removed.
  CHECK(index.hash_of(nullptr, 0) == 1);
}

TEST_CASE("a length of 255 and more takes five bytes") {
  const auto size = [](std::size_t length) {
    const std::string text(length, 'x');
    const std::string_view value = text;
    const std::size_t packed = PackedValues::size(&value, 1);
    // Written to its end, and not beyond it.
    std::string room(packed + 1, '!');
    PackedValues::write(&room[0], &value, 1);
    CHECK(room[packed] == '!');
    CHECK(room.substr(packed - length, length) == text);
    CHECK(PackedValues::at(room.data(), 0) == text);
    CHECK(PackedValues::equal(room.data(), &value, 1));
    return packed - length;
  };
  CHECK(size(0) == 1);
  char room = '!';
  const std::string_view nothing;  // which points nowhere
  PackedValues::write(&room, &nothing, 1);
  CHECK(room == '\0');
  CHECK(size(254) == 1);
  CHECK(size(255) == 5);
  CHECK(size(256) == 5);
  CHECK(size(70000) == 5);
}

TEST_CASE("the product's halves are folded right") {
  CHECK(folded_product(0, 5) == 0);
  CHECK(folded_product(1, 5) == 5);
  CHECK(folded_product(std::uint64_t{1} << 63, 2) == 1);
  CHECK(folded_product(std::uint64_t{1} << 63, 6) == 3);
  // (2^64 - 1)^2 = 2^128 - 2^65 + 1
  CHECK(folded_product(~std::uint64_t{0}, ~std::uint64_t{0}) == (~std::uint64_t{0} - 1 ^ 1));
}

TEST_CASE("an empty index finds nothing") {
  const LabelIndex<Record> index;
  const std::string_view value = "a";
  CHECK(index.size() == 0);
  CHECK(index.find(0, &value, 1) == nullptr);
  LabelIndex<Record>().for_each([](Record*) { FAIL(); });
}

TEST_CASE("records are found through all growth, even when every hash is the same") {
  // One hash for all; hashes that end at the last place and wrap; real ones.
  for (const int kind : {0, 1, 2}) {
    LabelIndex<Record> index;
    std::deque<Record> records;
    std::vector<Values> keys;
    for (int i = 0; i < 300; ++i) {
      const Values values = {std::to_string(i), std::string(static_cast<std::size_t>(i) % 40, 'v')};
      const auto v = views(values);
      const std::uint64_t hash = kind == 0   ? 42
                                 : kind == 1 ? ~std::uint64_t{0} - static_cast<std::uint64_t>(i % 3)
                                             : index.hash_of(v.data(), v.size());
      REQUIRE(index.find(hash, v.data(), v.size()) == nullptr);
      records.push_back(record(hash, values));
      keys.push_back(values);
      index.insert(&records.back());
      REQUIRE(index.size() == records.size());
      for (std::size_t k = 0; k < records.size(); k += 1 + records.size() / 20) {
        const auto wanted = views(keys[k]);
        REQUIRE(index.find(records[k].hash, wanted.data(), wanted.size()) == &records[k]);
      }
    }
    for (std::size_t k = 0; k < records.size(); ++k) {
      const auto wanted = views(keys[k]);
      REQUIRE(index.find(records[k].hash, wanted.data(), wanted.size()) == &records[k]);
      // The right hash with other values, and the right values with another hash.
      const Values changed = {keys[k][0], keys[k][1] + "!"};
      const auto other = views(changed);
      REQUIRE(index.find(records[k].hash, other.data(), other.size()) == nullptr);
      REQUIRE(index.find(records[k].hash ^ 0x100, wanted.data(), wanted.size()) == nullptr);
    }
  }
}

TEST_CASE("the seed is the same within a process") {
  CHECK(&HashSeed::of_process() == &HashSeed::of_process());
  const HashSeed& seed = HashSeed::of_process();
  CHECK((seed.first != 0 || seed.second != 0));
}

TEST_CASE(
    "records that come and go: what is there is found, what left is not, in a table that does not grow") {
  LabelIndex<Record> index;
  std::deque<Record> records;
  std::deque<Values> keys;
  const auto find = [&](std::size_t i) {
    const auto v = views(keys[i]);
    return index.find(index.hash_of(v.data(), v.size()), v.data(), v.size());
  };
  const std::size_t living = 20;
  for (std::size_t i = 0; i < 5000; ++i) {
    keys.push_back({std::to_string(i % 97), std::to_string(i)});
    const auto v = views(keys[i]);
    records.push_back(record(index.hash_of(v.data(), v.size()), keys[i]));
    index.insert(&records[i]);
    if (i >= living) {
      REQUIRE(find(i - living) == &records[i - living]);
      index.remove(&records[i - living]);
      REQUIRE(find(i - living) == nullptr);
      REQUIRE(index.size() == living);
    }
    if (i % 100 != 99) continue;
    for (std::size_t k = 0; k <= i; ++k) REQUIRE((find(k) != nullptr) == (k + living > i));
    std::set<Record*> visited;
    index.for_each([&](Record* one) { visited.insert(one); });
    REQUIRE(visited.size() == living);
  }
  index.for_each([&](Record* one) { index.remove(one); });
  CHECK(index.size() == 0);
  for (std::size_t k = 0; k < keys.size(); ++k) REQUIRE(find(k) == nullptr);
}
