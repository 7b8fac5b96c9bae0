// A contest: several producers and consumers, threads or processes, move messages for a fixed time.
// The referee starts them together, reads how far the consumers have come when the warm-up ends and
// when the time is up, stops the producers and adds up. All parties share one board, whatever their
// language, so that no difference comes from the measuring.
#pragma once

#include "cbench.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { cbench_parties_max = 16, cbench_line = 128 };

/// One party's line, which only that party writes.
struct cbench_party {
  uint64_t count;   // messages sent or received so far
  uint64_t sum;     // of their sequences, modulo 2^64
  uint64_t errors;  // messages that were torn, out of order or strange
  uint64_t cpu;     // nanoseconds of CPU time
  uint64_t padding[cbench_line / 8 - 4];
};

/// Plain words, used through the functions below with the compiler's atomics, which C and C++ share.
struct cbench_board {
  /// 0: gather, 1: run, 2: stop sending. Read by everybody for each message: its line stays shared.
  uint32_t phase;
  uint32_t padding_a[cbench_line / 4 - 1];
  uint32_t joined, ended, failed;
  uint32_t padding_b[cbench_line / 4 - 3];
  /// Producers that will send nothing more.
  uint32_t finished;
  uint32_t padding_c[cbench_line / 4 - 1];
  /// A bit for each producer that each consumer has heard, for links that meet slowly.
  uint64_t heard[cbench_parties_max];
  /// Producers first.
  struct cbench_party parties[cbench_parties_max];
};

/// Zeroed memory for a board: private with `path` NULL, else the file of that name, which is created
/// where there is none. NULL and errno on failure.
struct cbench_board *cbench_board_map(const char *path);
void cbench_board_unmap(struct cbench_board *board);

// MARK: Parties

/// Says that this party is ready, and sleeps until the referee has started the contest. False when
/// that does not happen.
bool cbench_join(struct cbench_board *board);

/// Producers come first.
static inline struct cbench_party *cbench_party_of(struct cbench_board *board, uint32_t party) {
  return &board->parties[party];
}

static inline bool cbench_stopped(const struct cbench_board *board) {
  return __atomic_load_n(&board->phase, __ATOMIC_RELAXED) == 2;
}

/// Publishes how far a party is: relaxed, for the referee wants no more than a number.
static inline void cbench_count(struct cbench_party *party, uint64_t count) {
  __atomic_store_n(&party->count, count, __ATOMIC_RELAXED);
}

/// A producer has sent all it will send. Returns how many have now said so.
static inline uint32_t cbench_finish(struct cbench_board *board) {
  // Release, with the acquire below: who sees it sees every message that was sent before.
  return __atomic_add_fetch(&board->finished, 1, __ATOMIC_ACQ_REL);
}

static inline bool cbench_all_finished(const struct cbench_board *board, uint32_t producers) {
  return __atomic_load_n(&board->finished, __ATOMIC_ACQUIRE) == producers;
}

/// A party is through, with its final figures. `cpu` is the calling thread's.
void cbench_end(struct cbench_board *board, struct cbench_party *party, uint64_t count,
                uint64_t sum, uint64_t errors);
/// A party cannot go on: the referee gives up.
void cbench_give_up(struct cbench_board *board);

// MARK: Meeting, before the contest

static inline void cbench_hear(struct cbench_board *board, uint32_t consumer, uint32_t producer) {
  __atomic_fetch_or(&board->heard[consumer], (uint64_t)1 << producer, __ATOMIC_RELEASE);
}
static inline bool cbench_has_heard(const struct cbench_board *board, uint32_t consumer,
                                    uint32_t producer) {
  return __atomic_load_n(&board->heard[consumer], __ATOMIC_ACQUIRE) >> producer & 1;
}

// MARK: Referee

struct cbench_result {
  /// Messages a second, all consumers together.
  double rate;
  /// Share of the CPUs that the parties had.
  double share;
  /// What the least busy producer sent of what the busiest did.
  double balance;
  /// Wrong messages, and the difference between those sent and those received.
  uint64_t errors;
  /// Not joined, or not ended in time; the figures say nothing.
  bool failed;
};

/// Runs a contest. `deliveries` is how many consumers receive each message: 1, or all of them.
struct cbench_result cbench_referee(struct cbench_board *board, uint32_t producers,
                                    uint32_t consumers, uint32_t deliveries,
                                    uint64_t warm_up, uint64_t nanoseconds);
void cbench_report_result(struct cbench_result result);

#ifdef __cplusplus
}
#endif
