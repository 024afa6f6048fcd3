/* promlite: transport/server.hpp and server_loop.hpp: the owner stops a server while clients connect, and perhaps while its
   thread cannot be waited for.
   SPDX-License-Identifier: MIT
   Claims: the thread ends; no connection stays open behind a thread that was waited for; one that was left behind touches
   nothing that has been closed or freed.
   mistakes: NO_WAKE WAKE_FIRST CLOSE_ANYWAY FREE_ANYWAY NO_DROP */
#define CLIENTS 2

bool stopping = false;
bool wake = false;      /* the event, which stays set until it is drained */
byte queue = 0;         /* connections that nobody has accepted */
byte open = 0;          /* those that the loop has */
bool refusing = false;  /* the listener takes no more */
bool listener_closed = false;
bool freed = false;
bool loop_finished = false;
byte references = 2;    /* of the shared state: the owner's and the thread's */

inline touch() { assert(!freed) }

active proctype Loop() {
  touch();
  do
  :: stopping -> break
  :: else ->
     /* poll: a connection or the event */
     (wake || (queue > 0 && !refusing));
     touch();
     if
     :: wake -> wake = false
     :: else
     fi;
     if
     :: queue > 0 && !refusing ->
        assert(!listener_closed);
        atomic { queue--; open++ }
     :: else
     fi
  od;
  touch();
#ifndef NO_DROP
  open = 0;
#endif
  loop_finished = true;
  atomic {
    references--;
    if
    :: references == 0 -> freed = true
    :: else
    fi
  }
}

active [CLIENTS] proctype Client() {
  if
  :: queue++
  :: skip
  fi
}

active proctype Owner() {
#ifdef WAKE_FIRST
  wake = true;
  stopping = true;
#else
  stopping = true;
#ifndef NO_WAKE
  wake = true;
#endif
#endif
  if
  :: loop_finished -> /* in time: joined */
     assert(open == 0);
     listener_closed = true
  :: true -> /* not in time: left behind */
     refusing = true;
#ifdef CLOSE_ANYWAY
     listener_closed = true;
#endif
#ifdef FREE_ANYWAY
     freed = true
#endif
  fi;
  atomic {
    references--;
    if
    :: references == 0 -> freed = true
    :: else
    fi
  }
}
