// promlite: tests of the gate that user code is called through, and of its owner.
// SPDX-License-Identifier: MIT
#include <promlite/membership.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using promlite::Membership;
using promlite::detail::CallGate;

TEST_CASE("a gate lets calls through until it is closed") {
  CallGate gate;
  int calls = 0;
  CHECK(gate.pass([&] { ++calls; }));
  CHECK(gate.pass([&] { ++calls; }));
  CHECK_FALSE(gate.closed());
  gate.close();
  CHECK(gate.closed());
  CHECK_FALSE(gate.pass([&] { ++calls; }));
  gate.close();
  CHECK(calls == 2);
}

TEST_CASE("what a call throws is passed on, and the next call goes through") {
  CallGate gate;
  CHECK_THROWS_AS(gate.pass([] { throw std::runtime_error("x"); }), std::runtime_error);
  CHECK(gate.pass([] {}));
  gate.close();
}

TEST_CASE("a call may close its own gate") {
  CallGate gate;
  CHECK(gate.pass([&] { gate.close(); }));
  CHECK_FALSE(gate.pass([] {}));
}

TEST_CASE("closing waits for the call that another thread is in") {
  CallGate gate;
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  bool over = false;
  std::thread caller([&] {
    gate.pass([&] {
      std::unique_lock<std::mutex> lock(mutex);
      inside = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go_on; });
      over = true;
    });
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  std::thread closer([&] {
    gate.close();
    // No lock: close() itself makes what the call did visible here.
    CHECK(over);
  });
  while (!gate.closed()) std::this_thread::yield();
  {
    const std::lock_guard<std::mutex> lock(mutex);
    go_on = true;
    changed.notify_all();
  }
  closer.join();
  caller.join();
}

TEST_CASE("a membership closes its gate once, when it dies, leaves, or is assigned to") {
  const auto one = std::make_shared<CallGate>();
  const auto two = std::make_shared<CallGate>();
  {
    Membership first(one);
    Membership moved = std::move(first);
    CHECK_FALSE(one->closed());
    Membership second(two);
    moved = std::move(second);
    CHECK(one->closed());
    CHECK_FALSE(two->closed());
    Membership& self = moved;
    moved = std::move(self);
    CHECK_FALSE(two->closed());
  }
  CHECK(two->closed());
  Membership none;
  none.leave();
  static_assert(!std::is_copy_assignable_v<Membership>);
  static_assert(std::is_nothrow_move_assignable_v<Membership>);
}
