/* promlite: series_set.hpp: a full family of one series, A. One thread removes A, one makes B in its place, one updates A
   through a handle that it keeps, and one asks for A without the lock.
   SPDX-License-Identifier: MIT
   Claims: what the old handle counts never shows in another series; the answer "full, and there is no A", which is given
   without the lock, was true at some moment while it was asked for.
   mistakes: REUSE NO_OPEN NO_SECOND_LOOK NO_FIRST_LOOK */
#define A 1
#define B 2
#define NOTHING 0

byte keys[2] = 0;    /* of the records: the key while it can be found, as a hash that becomes 0 */
byte cells[2] = 0;
byte size = 1;
bool filled = true;
byte changes = 0;    /* odd during one */
bool locked = false;
byte holder_counts = 0;
byte of_b = 9;       /* B's record */

/* Ghosts: what is true now, and whether it was while the question was open. */
bool asking = false;
bool was_true = false;
inline observe() {
  if
  :: asking && size == 1 && keys[0] != A && keys[1] != A -> was_true = true
  :: else
  fi
}

inline begin_change() {
  atomic { !locked -> locked = true };
#ifndef NO_OPEN
  changes = changes + 1;
#endif
}
inline end_change() {
#ifndef NO_OPEN
  changes = changes + 1;
#else
  changes = changes + 2;
#endif
  locked = false
}

proctype Remove() {
  begin_change();
  atomic { keys[0] = NOTHING; size = 0; observe() };
  filled = false;
  end_change()
}

proctype Create() {
  byte record;
  begin_change();
  if
  :: size == 1 -> filled = true /* no room: the answer is the overflow series */
  :: size == 0 ->
     filled = false;
#ifdef REUSE
     record = 0;
     cells[0] = 0;
#else
     record = 1;
#endif
     of_b = record;
     atomic { keys[record] = B; size = 1; observe() }
  fi;
  end_change();
  /* Somebody asks for a third series, which finds the family full. */
  begin_change();
  if
  :: size == 1 -> filled = true
  :: else -> filled = false
  fi;
  end_change()
}

proctype Holder() {
  /* of A's cell, from before its removal */
  cells[0] = cells[0] + 1;
  holder_counts++;
  cells[0] = cells[0] + 1;
  holder_counts++
}

proctype Ask() {
  byte before;
  bool found;
  atomic { asking = true; was_true = false; observe() };
#ifndef NO_FIRST_LOOK
  before = changes;
  if
  :: before % 2 == 0 && filled ->
#else
  before = changes;
  if
  :: filled ->
#endif
     found = false;
     if
     :: keys[0] == A -> found = true
     :: else ->
        if
        :: keys[1] == A -> found = true
        :: else
        fi
     fi;
     if
#ifdef NO_SECOND_LOOK
     :: !found -> assert(was_true)
#else
     :: !found && changes == before -> assert(was_true)
#endif
     :: else
     fi
  :: else
  fi;
  asking = false
}

init {
  atomic { keys[0] = A; run Remove(); run Create(); run Holder(); run Ask() };
  _nr_pr == 1;
  if
  :: of_b < 2 -> assert(cells[of_b] == 0) /* nobody counted in B */
  :: else
  fi
}
