/* promlite: detail/thread_slot.hpp: a slot passes from a thread that ends to one that begins; there is one
   slot for three threads.
   SPDX-License-Identifier: MIT
   Claims: two threads never own one slot; no update is lost; what a scrape sums up never falls.
   mistakes: TWO_OWNERS EARLY_RELEASE PLAIN_SHARED */
#define THREADS 3
#define UPDATES 2

bool taken = false;
byte owners = 0;
byte cell = 0;   /* of the slot */
byte shared = 0; /* of those who find none */
byte ended = 0;

inline acquire() {
#ifdef TWO_OWNERS
  seen = taken; /* a look and a store instead of one compare-exchange */
  taken = true;
  owns = !seen;
#else
  atomic { owns = !taken; taken = true }
#endif
  if
  :: owns -> owners++; assert(owners == 1)
  :: else
  fi
}

inline release() {
  if
  :: owns -> atomic { owners--; taken = false }
  :: else
  fi
}

active [THREADS] proctype Thread() {
  bool seen, owns;
  byte value, i;
  acquire();
  for (i : 1 .. UPDATES) {
    if
    :: owns ->
       value = cell;
#ifdef EARLY_RELEASE
       if
       :: i == UPDATES -> release()
       :: else
       fi;
#endif
       cell = value + 1
    :: else ->
#ifdef PLAIN_SHARED
       value = shared;
       shared = value + 1
#else
       shared++
#endif
    fi
  }
#ifndef EARLY_RELEASE
  release();
#endif
  ended++
}

active proctype Scrape() {
  byte sum, last = 0;
  do
  :: ended < THREADS ->
     sum = shared;
     sum = sum + cell;
     assert(sum >= last);
     last = sum
  :: ended == THREADS -> break
  od;
  assert(shared + cell == THREADS * UPDATES)
}
