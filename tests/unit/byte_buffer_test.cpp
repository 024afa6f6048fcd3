// promlite: tests of the buffer that expositions are written into.
// SPDX-License-Identifier: MIT
#include <promlite/detail/byte_buffer.hpp>

#include <cstddef>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "support/catch.hpp"

using promlite::detail::ByteBuffer;

static std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i * 7 + i / 256));
  return text;
}

TEST_CASE("an empty buffer") {
  ByteBuffer buffer;
  CHECK(buffer.size() == 0);
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.view().empty());
  buffer.append("");
  buffer.append(std::string_view());
  buffer.clear();
  CHECK(buffer.view().empty());
  ByteBuffer other = std::move(buffer);
  CHECK(other.view().empty());
}

TEST_CASE("appends of every size up to 3,000 keep all bytes") {
  ByteBuffer buffer;
  std::string expected;
  for (std::size_t size = 0; size < 3000; size += 37) {
    buffer.append(pattern(size));
    expected += pattern(size);
    buffer.append('\0');
    expected.push_back('\0');
    REQUIRE(buffer.view() == expected);
  }
  for (std::size_t i = 0; i < 5000; ++i) {
    buffer.append(static_cast<char>(i));
    expected.push_back(static_cast<char>(i));
  }
  CHECK(buffer.view() == expected);
}

TEST_CASE("clear keeps the memory, truncate the beginning") {
  ByteBuffer buffer;
  buffer.append(pattern(5000));
  const char* const data = buffer.data();
  const std::size_t capacity = buffer.capacity();
  buffer.truncate(10);
  CHECK(buffer.view() == pattern(10));
  buffer.clear();
  CHECK(buffer.view().empty());
  buffer.append(pattern(5000));
  CHECK(buffer.data() == data);
  CHECK(buffer.capacity() == capacity);
  CHECK(buffer.view() == pattern(5000));
}

TEST_CASE("what is written into reserved room counts up to set_end") {
  ByteBuffer buffer;
  buffer.append("ab");
  for (const std::size_t room : {std::size_t{1}, std::size_t{1022}, std::size_t{1023}, std::size_t{70000}}) {
    char* const to = buffer.reserve(room);
    CHECK(buffer.capacity() - buffer.size() >= room);
    CHECK(buffer.view() == "ab");
    for (std::size_t i = 0; i < room; ++i) to[i] = 'x';
  }
  char* const to = buffer.reserve(3);
  to[0] = 'c';
  buffer.set_end(to + 1);
  CHECK(buffer.view() == "abc");
}

TEST_CASE("a move and a swap exchange the contents") {
  ByteBuffer one;
  ByteBuffer two;
  one.append("one");
  two.append(pattern(2000));
  one.swap(two);
  CHECK(one.view() == pattern(2000));
  CHECK(two.view() == "one");
  ByteBuffer three = std::move(one);
  CHECK(three.view() == pattern(2000));
  three = std::move(two);
  CHECK(three.view() == "one");
}

TEST_CASE("room that cannot exist is bad_alloc and changes nothing") {
  ByteBuffer buffer;
  buffer.append("kept");
  CHECK_THROWS_AS(buffer.reserve(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
  CHECK_THROWS_AS(buffer.reserve(std::numeric_limits<std::size_t>::max() / 4), std::bad_alloc);
  CHECK(buffer.view() == "kept");
  buffer.append("!");
  CHECK(buffer.view() == "kept!");
}

TEST_CASE("copy_padded copies every length and says where it ends") {
  for (std::size_t size = 0; size <= 100; ++size) {
    std::string from = pattern(size);
    from.append(ByteBuffer::padding, '#');
    std::string to(size + ByteBuffer::padding, '.');
    char* const end = ByteBuffer::copy_padded(&to[0], from.data(), size);
    REQUIRE(end == to.data() + size);
    REQUIRE(to.substr(0, size) == pattern(size));
  }
}
