/* The parking protocol of a lane: a sender that publishes and never fences, and receivers that all have
 * to see what it sends and sleep, each on a word of its own. A hint in the lane says that one may be
 * asleep.
 *
 * The sender's store of `tail` goes through a store buffer, which empties at any later time: so its
 * load of `hint` may come first, as on x86. A receiver's barrier empties that buffer for it.
 *
 * A lost wake-up shows as a receiver asleep for ever: an invalid end state. scripts/models.sh checks
 * the protocol, and that each line marked below is needed:
 *   -DNO_BARRIER     without the sleeper's barrier
 *   -DNO_RECHECK     without looking again between announcing and sleeping
 *   -DLATE_ANNOUNCE  announcing after the second look
 *   -DHINT_FIRST     the hint before the word it speaks of
 *   -DHINT_CLEARED   a receiver that wakes takes back the hint, which may be another's
 */
#define MESSAGES 3
#define RECEIVERS 2

byte tail;                 /* what everybody sees */
byte buffered;             /* the sender's own view */
bool pending;              /* the sender's store has not reached memory */
bool hint;
bool parked[RECEIVERS];    /* the futexes */
bool asleep[RECEIVERS];    /* the kernel's view of the receivers */

inline empty_buffer() {
  atomic { if :: pending -> tail = buffered; pending = false :: else fi }
}

active proctype store_buffer() {
end:
  do
  :: atomic { pending -> tail = buffered; pending = false }
  od
}

/* Wakes those that say that they sleep. */
inline wake() {
  i = 0;
  do
  :: i < RECEIVERS ->
     if
     :: parked[i] -> parked[i] = false; asleep[i] = false   /* store; FUTEX_WAKE */
     :: else
     fi;
     i++
  :: else -> break
  od
}

active proctype sender() {
  byte sent;
  byte i;
  bool flag;
  do
  :: sent < MESSAGES ->
     sent++;
     atomic { buffered = sent; pending = true };   /* publish: the store waits in the buffer */
     flag = hint;                                  /* a relaxed load */
     if
     :: flag ->
        empty_buffer();                            /* the exchange is a locked instruction */
        hint = false;
        wake()
     :: else
     fi
  :: else -> break
  od
}

inline announce() {
#ifdef HINT_FIRST
  hint = true;
  parked[me] = true
#else
  parked[me] = true;
  hint = true
#endif
}

inline sleep() {
  atomic { if :: parked[me] -> asleep[me] = true :: else fi };   /* FUTEX_WAIT compares and sleeps */
  !asleep[me]
}

inline withdraw() {
  parked[me] = false;
#ifdef HINT_CLEARED
  hint = false
#endif
}

active [RECEIVERS] proctype receiver() {
  byte me = _pid - 2;
  byte seen;
  bool there;
  do
  :: seen == MESSAGES -> break
  :: seen < MESSAGES && tail > seen -> seen = tail
  :: seen < MESSAGES && tail == seen ->
#ifndef LATE_ANNOUNCE
     announce();
#endif
#ifndef NO_BARRIER
     empty_buffer();                               /* membarrier */
#endif
#ifndef NO_RECHECK
     there = tail > seen;
#endif
#ifdef LATE_ANNOUNCE
     announce();
#endif
     if :: !there -> sleep() :: else fi;
     withdraw()
  od
}
