/* How receivers share a lane: each announces in its cursor what it is about to claim, confirms the
 * claim before it, and moves the claim word. The sender works out from word and cursors what it may
 * overwrite. A receiver can be killed between any two steps; whoever takes its slot next, a new receiver
 * or the other one, goes on with what it held.
 *
 * Checked: no message is overwritten before it is read to the end, none is delivered twice, except the
 * one that a killed receiver was reading, and all are read (a lost one shows as an invalid end state:
 * everybody waits). scripts/models.sh checks it, and that each line marked below is needed:
 *   -DNO_CONFIRM      without confirming the claim before
 *   -DINTENT_NEVER    an announcement never counts, unless its claim is the last
 *   -DINTENT_ALWAYS   an announcement always counts
 *   -DLATE_ANNOUNCE   the word is moved before the claim is announced
 *   -DNO_REDELIVERY   what was taken over is not said to be perhaps delivered before
 */
#define MESSAGES 3
#define CAPACITY 2
#define KILLS 1
#define NOBODY 2

byte tail;
byte word_position;               /* one word: moved in one step */
byte word_slot = NOBODY;
byte done[2];
byte claimed[2];
byte confirmed[2];
byte ring[CAPACITY];

byte owner[2] = NOBODY;           /* the locks of the slots */
bool was_killed[2];
bool kill[2];

bool news;                        /* something has changed since the sender looked */
bool given[MESSAGES];             /* delivered */
bool finished[MESSAGES];          /* read to the end */

#define all_finished (finished[0] && finished[1] && finished[2])

/* Sets `real`: whether what stands in a cursor, from `start` to `end`, is claimed. */
inline look_at(cursor) {
  end = claimed[cursor];
  start = done[cursor];
  real = false;
  if
  :: start < end && slot == cursor && position == end -> real = true
  :: start < end && !(slot == cursor && position == end) ->
#ifdef INTENT_ALWAYS
     real = true
#endif
#ifdef INTENT_NEVER
     real = false
#endif
#if !defined(INTENT_ALWAYS) && !defined(INTENT_NEVER)
     real = (confirmed[cursor] >= end)
#endif
  :: else
  fi
}

active proctype sender() {
  byte next, position, slot, start, end, free;
  bool real;
  do
  :: next == MESSAGES -> break
  :: next < MESSAGES ->
     news = false;
     atomic { position = word_position; slot = word_slot; free = position };
     look_at(0);
     if :: real && start < free -> free = start :: else fi;
     look_at(1);
     if :: real && start < free -> free = start :: else fi;
     if
     :: next - free < CAPACITY ->
        atomic {
          if :: next >= CAPACITY -> assert(finished[next - CAPACITY]) :: else fi;
          ring[next % CAPACITY] = next
        };
        next++;
        tail = next
     :: else -> news
     fi
  od
}

/* Reads from `start` to `end`; `again` if the first of them may have been delivered before. */
inline read_all() {
  do
  :: start < end ->
     atomic {
       assert(ring[start % CAPACITY] == start);
       if :: !again -> assert(!given[start]) :: else fi;
       given[start] = true;
       again = false
     };
     atomic {                                        /* lent all the time between */
       assert(ring[start % CAPACITY] == start);
       finished[start] = true;
       start++;
       done[cursor] = start;
       news = true
     }
  :: else -> break
  od
}

inline announce() {
  done[me] = start;
  claimed[me] = end;
  announced = true
}

inline try_to_claim() {
  announced = false;
  won = false;
  do
  :: won -> break
  :: !won ->
     atomic { position = word_position; slot = word_slot; start = position };
     end = tail;
     if
     :: start == end -> break
     :: start < end -> skip
     :: start + 1 < end -> end = start + 1           /* a share of it */
     fi;
#ifndef LATE_ANNOUNCE
     announce();
#endif
#ifndef NO_CONFIRM
     atomic {
       if
       :: slot != NOBODY && confirmed[slot] < position -> confirmed[slot] = position; news = true
       :: else
       fi
     };
#endif
     atomic {
       if
       :: word_position == position && word_slot == slot ->
          word_position = end;
          word_slot = me;
          news = true;
          won = true
       :: else
       fi
     };
#ifdef LATE_ANNOUNCE
     if :: won -> announce() :: else fi
#endif
  od;
  if
  :: won -> again = false; read_all()
  :: !won && announced -> done[me] = start; claimed[me] = start
  :: else
  fi
}

/* Goes on with what the last owner of the slot `cursor` has left. */
inline inherit() {
  atomic { position = word_position; slot = word_slot };
  look_at(cursor);
  if
  :: real ->
#ifndef NO_REDELIVERY
     again = was_killed[cursor];
#endif
     read_all()
  :: else -> claimed[cursor] = start
  fi
}

proctype receiver(byte me) {
  byte position, slot, start, end, cursor;
  bool real, announced, won, again;
born:
  {
    atomic { owner[me] == NOBODY -> owner[me] = me };
    cursor = me;
    inherit();
    do
    :: all_finished -> break
    :: word_position != tail -> try_to_claim()
    :: atomic {
         owner[1 - me] == NOBODY && was_killed[1 - me] && done[1 - me] < claimed[1 - me] ->
         owner[1 - me] = me;
         cursor = 1 - me
       };
       inherit();
       atomic { was_killed[1 - me] = false; owner[1 - me] = NOBODY; cursor = me }
    od
  } unless {
    atomic {
      kill[me] ->
      kill[me] = false;
      was_killed[me] = was_killed[me] || owner[me] == me;
      was_killed[1 - me] = was_killed[1 - me] || owner[1 - me] == me;
      owner[me] = (owner[me] == me -> NOBODY : owner[me]);
      owner[1 - me] = (owner[1 - me] == me -> NOBODY : owner[1 - me]);
      cursor = 0; start = 0; end = 0; position = 0; slot = 0;
      real = false; announced = false; won = false; again = false
    };
    goto born
  }
}

active proctype killer() {
  byte kills;
  do
  :: kills < KILLS -> kills++; if :: kill[0] = true :: kill[1] = true fi
  :: break
  od
}

init { atomic { run receiver(0); run receiver(1) } }
