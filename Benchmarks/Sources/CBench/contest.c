#define _GNU_SOURCE
#include "cbench_contest.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const uint64_t patience = 20000000000;

struct cbench_board *cbench_board_map(const char *path) {
  const size_t bytes = sizeof(struct cbench_board);
  int flags = MAP_SHARED | MAP_POPULATE, file = -1;
  if (path) {
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, (off_t)bytes) != 0) return NULL;
  } else {
    flags |= MAP_ANONYMOUS;
  }
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
  if (file >= 0) close(file);
  return memory == MAP_FAILED ? NULL : memory;
}

void cbench_board_unmap(struct cbench_board *board) { munmap(board, sizeof *board); }

// MARK: Parties

bool cbench_join(struct cbench_board *board) {
  __atomic_add_fetch(&board->joined, 1, __ATOMIC_ACQ_REL);
  uint64_t deadline = cbench_now() + patience;
  while (__atomic_load_n(&board->phase, __ATOMIC_ACQUIRE) == 0) {
    if (cbench_now() > deadline) return false;
    cbench_sleep(50000);
  }
  return true;
}

void cbench_end(struct cbench_board *board, struct cbench_party *party, uint64_t count,
                uint64_t sum, uint64_t errors) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  party->cpu = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
  party->sum = sum;
  party->errors = errors;
  cbench_count(party, count);
  // Release, with the referee's acquire in `await`.
  __atomic_add_fetch(&board->ended, 1, __ATOMIC_RELEASE);
}

void cbench_give_up(struct cbench_board *board) {
  __atomic_store_n(&board->failed, 1, __ATOMIC_RELEASE);
}

// MARK: Referee

static bool await(struct cbench_board *board, uint32_t *word, uint32_t value) {
  uint64_t deadline = cbench_now() + patience;
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
    if (__atomic_load_n(&board->failed, __ATOMIC_ACQUIRE) || cbench_now() > deadline) return false;
    cbench_sleep(200000);
  }
  return true;
}

static uint64_t received(struct cbench_board *board, uint32_t producers, uint32_t consumers) {
  uint64_t count = 0;
  for (uint32_t i = producers; i < producers + consumers; i++)
    count += __atomic_load_n(&board->parties[i].count, __ATOMIC_RELAXED);
  return count;
}

struct cbench_result cbench_referee(struct cbench_board *board, uint32_t producers,
                                    uint32_t consumers, uint32_t deliveries,
                                    uint64_t warm_up, uint64_t nanoseconds) {
  struct cbench_result result = {.failed = true};
  const uint32_t parties = producers + consumers;
  if (!await(board, &board->joined, parties)) return result;
  uint64_t began = cbench_now();
  __atomic_store_n(&board->phase, 1, __ATOMIC_RELEASE);
  cbench_sleep(warm_up);
  // However late a busy machine wakes the referee: time and count are read together.
  uint64_t start = cbench_now(), before = received(board, producers, consumers);
  cbench_sleep(nanoseconds);
  uint64_t stop = cbench_now(), after = received(board, producers, consumers);
  __atomic_store_n(&board->phase, 2, __ATOMIC_RELEASE);
  if (!await(board, &board->ended, parties)) return result;
  uint64_t elapsed = cbench_now() - began, cpu = 0, count = 0, sum = 0;
  uint64_t least = board->parties[0].count, most = least;
  for (uint32_t i = 0; i < parties; i++) {
    const struct cbench_party *party = &board->parties[i];
    cpu += party->cpu;
    if (i < producers && party->count < least) least = party->count;
    if (i < producers && party->count > most) most = party->count;
    result.errors += party->errors;
    // Sent less received: nothing must be left.
    count += i < producers ? party->count * deliveries : -party->count;
    sum += i < producers ? party->sum * deliveries : -party->sum;
  }
  result.errors += count;
  if (count == 0 && sum != 0) result.errors += 1;
  result.rate = (double)(after - before) * 1e9 / (double)(stop - start);
  result.balance = most > 0 ? (double)least / (double)most : 0;
  uint32_t cores = parties < 2 ? parties : 2;
  result.share = (double)cpu / (double)(elapsed * cores);
  result.failed = false;
  return result;
}

void cbench_report_result(struct cbench_result result) {
  if (result.failed) puts("the contest did not come to an end");
  else printf("rate=%.3f balance=%.3f share=%.4f errors=%llu\n", result.rate, result.balance, result.share,
              (unsigned long long)result.errors);
  fflush(stdout);
}
