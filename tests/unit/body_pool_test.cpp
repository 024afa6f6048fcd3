// promlite: tests of the shared bodies.
// SPDX-License-Identifier: MIT
#include <promlite/transport/body_pool.hpp>

#include <memory>
#include <string>
#include <utility>

#include "support/catch.hpp"

using promlite::detail::Body;
using promlite::detail::BodyPool;

TEST_CASE("a body is counted while somebody uses it, and its memory is used again") {
  BodyPool pool;
  std::unique_ptr<Body> made = pool.take();
  made->bytes.append(std::string(1000, 'a'));
  const char* const memory = made->bytes.data();
  CHECK(pool.shared_bytes() == 0);
  Body* const body = made.release();
  pool.retain(body);
  pool.retain(body);
  CHECK(pool.shared_bytes() == 1000);
  pool.release(body);
  CHECK(pool.shared_bytes() == 1000);
  CHECK(body->bytes.view() == std::string(1000, 'a'));
  pool.release(body);
  CHECK(pool.shared_bytes() == 0);

  made = pool.take();
  CHECK(made->bytes.size() == 0);
  CHECK(made->bytes.data() == memory);
  CHECK(pool.take()->bytes.data() == nullptr);
}

TEST_CASE("idle memory is bounded") {
  BodyPool pool;
  const auto give = [&](std::size_t size) {
    auto body = std::make_unique<Body>();
    body->bytes.reserve(size);
    pool.give_back(std::move(body));
  };
  const auto kept = [&] {
    int count = 0;
    while (pool.take()->bytes.capacity() != 0) ++count;
    return count;
  };
  for (int i = 0; i < 10; ++i) give(1000);
  CHECK(kept() == 4);
  for (int i = 0; i < 10; ++i) give(std::size_t{64} << 20);
  CHECK(kept() == 1);
  for (int i = 0; i < 10; ++i) give(std::size_t{3} << 20);
  CHECK(kept() == 2);
}
