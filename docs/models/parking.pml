/* The parking protocol of a lane: a sender that publishes and never fences, a receiver that sleeps.
 *
 * The sender's store of `tail` goes through a store buffer, which empties at any later time: so its
 * load of `parked` may come first, as on x86. The receiver's barrier empties that buffer for it.
 *
 * A lost wake-up shows as a receiver asleep for ever: an invalid end state. scripts/models.sh checks
 * the protocol, and that each line marked below is needed:
 *   -DNO_BARRIER   without the sleeper's barrier
 *   -DNO_RECHECK   without looking again between announcing and sleeping
 *   -DLATE_ANNOUNCE  announcing after the second look
 */
#define MESSAGES 4

byte tail;       /* what everybody sees */
byte buffered;   /* the sender's own view */
bool pending;    /* the sender's store has not reached memory */
bool parked;     /* the futex */
bool asleep;     /* the kernel's view of the receiver */

inline empty_buffer() {
  atomic { if :: pending -> tail = buffered; pending = false :: else fi }
}

active proctype store_buffer() {
end:
  do
  :: atomic { pending -> tail = buffered; pending = false }
  od
}

active proctype sender() {
  byte sent;
  bool flag;
  do
  :: sent < MESSAGES ->
     sent++;
     atomic { buffered = sent; pending = true };   /* publish: the store waits in the buffer */
     flag = parked;                                /* a relaxed load */
     if
     :: flag ->
        empty_buffer();                            /* the exchange is a locked instruction */
        atomic { flag = parked; parked = false };
        if :: flag -> asleep = false :: else fi    /* FUTEX_WAKE */
     :: else
     fi
  :: else -> break
  od
}

active proctype receiver() {
  byte seen;
  do
  :: seen == MESSAGES -> break
  :: seen < MESSAGES && tail > seen -> seen = tail
  :: seen < MESSAGES && tail == seen ->
#ifndef LATE_ANNOUNCE
     parked = true;
#endif
#ifndef NO_BARRIER
     empty_buffer();                               /* membarrier */
#endif
     if
#ifndef NO_RECHECK
     :: tail > seen -> parked = false
#endif
     :: tail == seen ->
#ifdef LATE_ANNOUNCE
        parked = true;
#endif
        atomic { if :: parked -> asleep = true :: else fi };   /* FUTEX_WAIT compares and sleeps */
        !asleep;
        parked = false
#ifdef NO_RECHECK
     :: tail > seen ->
        atomic { if :: parked -> asleep = true :: else fi };
        !asleep;
        parked = false
#endif
     fi
  od
}
