/* promlite: series_set.hpp and detail/label_index.hpp: two threads look up the same new values while a third one makes the
   table grow.
   SPDX-License-Identifier: MIT
   Claims: both get the same series; a look-up never sees a record that is not filled.
   mistakes: NO_SECOND_LOOK RECORD_FIRST NO_LOCK */
#define WANTED 1
#define OTHER 2
#define CAPACITY 2 /* of the first table; the second one holds all */
#define PLACES 4

byte table = 0;          /* the one that look-ups use */
byte places[8] = 0;      /* of two tables: records, 0 is none */
byte keys[5] = 0;        /* of records from 1 on; 0: not filled */
byte records = 0;
byte used = 0;
bool locked = false;
byte got[3] = 0;

inline find(key) {
  in_table = table;
  at = 0;
  found = 0;
  do
  :: at < PLACES ->
     record = places[in_table * PLACES + at];
     if
     :: record == 0 -> break
     :: else ->
        assert(keys[record] != 0);
        if
        :: keys[record] == key -> found = record; break
        :: else -> at++
        fi
     fi
  :: else -> break
  od
}

inline insert() {
  if
  :: used == CAPACITY && table == 0 ->
     for (at : 0 .. CAPACITY - 1) { places[PLACES + at] = places[at] }
     table = 1
  :: else
  fi;
  places[table * PLACES + used] = made;
  used++
}

proctype Look(byte who; byte key) {
  byte in_table, at, record, found, made;
  find(key);
  if
  :: found == 0 ->
#ifndef NO_LOCK
     atomic { !locked -> locked = true };
#endif
#ifndef NO_SECOND_LOOK
     find(key);
#endif
     if
     :: found == 0 ->
        atomic { records++; made = records };
#ifdef RECORD_FIRST
        insert();
        keys[made] = key;
#else
        keys[made] = key;
        insert();
#endif
        found = made
     :: else
     fi;
#ifndef NO_LOCK
     locked = false
#endif
  :: else
  fi;
  got[who] = found
}

init {
  /* One series is there already, so that the second creation makes the table grow. */
  keys[1] = 3;
  places[0] = 1;
  used = 1;
  records = 1;
  atomic { run Look(0, WANTED); run Look(1, WANTED); run Look(2, OTHER) };
  _nr_pr == 1;
  assert(got[0] == got[1]);
  assert(got[0] != got[2]);
  assert(records == 3)
}
