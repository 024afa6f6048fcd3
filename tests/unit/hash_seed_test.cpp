// promlite: tests of where a process has the secret numbers from that its hashes begin with.
// SPDX-License-Identifier: MIT
// alone: it has a getentropy of its own
#include <promlite/detail/label_index.hpp>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "support/catch.hpp"

#if defined(__GLIBC__)
#include <sys/wait.h>
#include <unistd.h>

using promlite::detail::HashSeed;

static bool fails = true;

extern "C" int getentropy(void* to, std::size_t size) {
  if (fails) {
    errno = ENOSYS;
    return -1;
  }
  std::memset(to, 0x5A, size);
  return 0;
}

TEST_CASE("the seed is what the system gives, and without it another one in each process") {
  const pid_t child = ::fork();
  if (child == 0) {
    fails = false;
    const HashSeed& seed = HashSeed::of_process();
    ::_exit(seed.first == 0x5A5A5A5A5A5A5A5A && seed.second == 0x5A5A5A5A5A5A5A5A ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const HashSeed& seed = HashSeed::of_process();
  CHECK(seed.first != 0);
  CHECK(seed.second != 0);
  CHECK(seed.first != seed.second);
}
#endif
