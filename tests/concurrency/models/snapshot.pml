/* promlite: detail/snapshot.hpp: bucket and sum of one writer, or of two that share their cells, read as they were at one
   moment. Interleavings only; memory_model tells of the memory orders.
   SPDX-License-Identifier: MIT
   Claim: a reader that is satisfied has read the finished updates and nothing else.
   variants: OWNED SHARED
   mistakes: NO_START END_FIRST NO_SECOND_LOOK IGNORES_UNDER_WAY */
#define STARTED 1
#define FINISHED 16
#define UPDATES 2
#ifdef SHARED
#define WRITERS 2
#else
#define WRITERS 1
#endif

byte progress = 0; /* low half: updates under way; high half: those that are finished */
byte bucket = 0;
byte sum = 0;

active [WRITERS] proctype Writer() {
  byte i;
#ifdef OWNED
  byte before;
#endif
  for (i : 1 .. UPDATES) {
#ifdef OWNED
    before = progress;
#ifndef NO_START
    progress = before + STARTED;
#endif
#ifdef END_FIRST
    progress = before + FINISHED;
#endif
    bucket = bucket + 1;
    sum = sum + 1;
    progress = before + FINISHED
#else
#ifndef NO_START
    progress = progress + STARTED;
#endif
#ifdef END_FIRST
    progress = progress + FINISHED - STARTED;
    bucket = bucket + 1;
    sum = sum + 1
#else
    bucket = bucket + 1;
    sum = sum + 1;
#ifdef NO_START
    progress = progress + FINISHED
#else
    progress = progress + FINISHED - STARTED
#endif
#endif
#endif
  }
}

active proctype Reader() {
  byte before, read_bucket, read_sum;
  do
  :: before = progress;
     if
#ifndef IGNORES_UNDER_WAY
     :: before % FINISHED != 0 -> skip
     :: before % FINISHED == 0 ->
#else
     :: true ->
#endif
        read_bucket = bucket;
        read_sum = sum;
        if
#ifdef NO_SECOND_LOOK
        :: true ->
#else
        :: progress == before ->
#endif
           assert(read_bucket == read_sum);
           assert(read_bucket == before / FINISHED)
        :: progress != before -> skip
        fi
     fi
  :: break
  od
}
