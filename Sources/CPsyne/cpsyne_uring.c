// The io_uring system calls and the memory shared with the kernel, without a library. Only what futex
// waits need. Constants are spelt out where the headers of a Debian stable (6.1) lack them.
#define _GNU_SOURCE
#include "cpsyne.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

enum {
  OP_FUTEX_WAIT = 51,
  ENTER_NO_IOWAIT = 1 << 7,
  FEATURE_NO_IOWAIT = 1 << 17,
  FUTEX2_U32 = 2,  // and not FUTEX2_PRIVATE: peers in other processes wake with a plain FUTEX_WAKE
};

/// The tag of completions that tell nothing: those of cancellations.
static const uint64_t no_tag = 0;

int cpsyne_futex_waitv(const struct cpsyne_futex_word *words, unsigned count, int64_t deadline_ns) {
  struct timespec deadline = {deadline_ns / 1000000000, deadline_ns % 1000000000};
  const struct timespec *limit = deadline_ns == INT64_MAX ? NULL : &deadline;
  long r = syscall(SYS_futex_waitv, words, count, 0, limit, CLOCK_MONOTONIC);
  return r >= 0 ? (int)r : -errno;
}

struct cpsyne_uring {
  // Written by us, read by the kernel when we enter; and the other way round.
  unsigned *sq_head, *sq_tail, *sq_flags, *cq_head, *cq_tail;
  struct io_uring_sqe *sqes;
  struct io_uring_cqe *cqes;
  unsigned sq_mask, sq_entries, cq_mask;
  unsigned tail;       // of what is queued; the kernel sees it when we enter
  unsigned index;      // of the ring among those registered by this thread
  unsigned enter_flags;  // 0 while it is not registered
  void *rings;
  size_t rings_bytes, sqes_bytes;
};

static bool map(struct cpsyne_uring *ring, int fd, const struct io_uring_params *p) {
  size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
  size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
  ring->rings_bytes = sq > cq ? sq : cq;
  ring->sqes_bytes = p->sq_entries * sizeof(struct io_uring_sqe);
  int rw = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_POPULATE;
  ring->rings = mmap(NULL, ring->rings_bytes, rw, how, fd, IORING_OFF_SQ_RING);
  ring->sqes = mmap(NULL, ring->sqes_bytes, rw, how, fd, IORING_OFF_SQES);
  if (ring->rings == MAP_FAILED || (void *)ring->sqes == MAP_FAILED) return false;
  // A child made by `fork` must not be able to write into our queue.
  madvise(ring->rings, ring->rings_bytes, MADV_DONTFORK);
  madvise(ring->sqes, ring->sqes_bytes, MADV_DONTFORK);
  char *base = ring->rings;
  ring->sq_head = (unsigned *)(base + p->sq_off.head);
  ring->sq_tail = (unsigned *)(base + p->sq_off.tail);
  ring->sq_flags = (unsigned *)(base + p->sq_off.flags);
  ring->cq_head = (unsigned *)(base + p->cq_off.head);
  ring->cq_tail = (unsigned *)(base + p->cq_off.tail);
  ring->cqes = (struct io_uring_cqe *)(base + p->cq_off.cqes);
  ring->sq_entries = p->sq_entries;
  ring->sq_mask = p->sq_entries - 1;
  ring->cq_mask = p->cq_entries - 1;
  // Entry i of the queue is request i, for ever.
  unsigned *array = (unsigned *)(base + p->sq_off.array);
  for (unsigned i = 0; i < p->sq_entries; i++) array[i] = i;
  return true;
}

/// Lets the thread enter by an index: no descriptor that others may close, or that a child inherits.
static bool trade_descriptor(struct cpsyne_uring *ring, int fd) {
  struct io_uring_rsrc_update update = {.offset = -1U, .data = (uint64_t)fd};
  if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_RING_FDS, &update, 1) != 1) return false;
  ring->index = update.offset;
  ring->enter_flags = IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING;
  return true;
}

/// Tries a wait that must end at once: older kernels do not know the operation.
static bool can_wait(struct cpsyne_uring *ring) {
  static const uint32_t word = 0;
  uint64_t tag;
  int32_t result = 0;
  return cpsyne_uring_wait(ring, &word, 1, 1) && cpsyne_uring_enter(ring, true, INT64_MAX) == 0 &&
         cpsyne_uring_next(ring, &tag, &result) && result == -EAGAIN;
}

struct cpsyne_uring *cpsyne_uring_open(unsigned entries) {
  struct cpsyne_uring *ring = calloc(1, sizeof *ring);
  if (!ring) return NULL;
  ring->rings = ring->sqes = MAP_FAILED;
  struct io_uring_params p = {
    // Completions are worked off when this thread enters, and it is not interrupted for them.
    .flags = IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
             IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    // More may come at once: the kernel keeps them and hands them over bit by bit.
    .cq_entries = 4 * entries,
  };
  int fd = (int)syscall(SYS_io_uring_setup, entries, &p);
  unsigned needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  bool works = fd >= 0 && (p.features & needed) == needed && map(ring, fd, &p) &&
               trade_descriptor(ring, fd);
  // Sleeping here is no waiting for a disk, and must not be counted as such.
  if (works && p.features & FEATURE_NO_IOWAIT) ring->enter_flags |= ENTER_NO_IOWAIT;
  works = works && can_wait(ring);
  int error = works ? 0 : fd < 0 ? errno : EINVAL;
  if (fd >= 0) close(fd);
  if (works) return ring;
  cpsyne_uring_close(ring);
  errno = error;
  return NULL;
}

void cpsyne_uring_close(struct cpsyne_uring *ring) {
  if (ring->enter_flags) {
    struct io_uring_rsrc_update update = {.offset = ring->index};
    syscall(SYS_io_uring_register, ring->index, IORING_UNREGISTER_RING_FDS | 1U << 31, &update, 1);
  }
  if (ring->rings != MAP_FAILED) munmap(ring->rings, ring->rings_bytes);
  if ((void *)ring->sqes != MAP_FAILED) munmap(ring->sqes, ring->sqes_bytes);
  free(ring);
}

static struct io_uring_sqe *request(struct cpsyne_uring *ring, uint8_t operation, uint64_t tag) {
  // Acquire pairs with the kernel's release of what it has taken.
  unsigned head = __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
  if (ring->tail - head == ring->sq_entries) return NULL;
  struct io_uring_sqe *sqe = &ring->sqes[ring->tail++ & ring->sq_mask];
  memset(sqe, 0, sizeof *sqe);
  sqe->opcode = operation;
  sqe->user_data = tag;
  return sqe;
}

bool cpsyne_uring_wait(
    struct cpsyne_uring *ring, const void *word, uint32_t expected, uint64_t tag) {
  struct io_uring_sqe *sqe = request(ring, OP_FUTEX_WAIT, tag);
  if (!sqe) return false;
  sqe->fd = FUTEX2_U32;
  sqe->addr = (uint64_t)(uintptr_t)word;
  sqe->addr2 = expected;
  sqe->addr3 = FUTEX_BITSET_MATCH_ANY;
  return true;
}

bool cpsyne_uring_cancel(struct cpsyne_uring *ring, uint64_t tag) {
  struct io_uring_sqe *sqe = request(ring, IORING_OP_ASYNC_CANCEL, no_tag);
  if (!sqe) return false;
  sqe->fd = -1;
  sqe->addr = tag;
  sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
  return true;
}

int cpsyne_uring_enter(struct cpsyne_uring *ring, bool wait, int64_t deadline_ns) {
  // Release pairs with the kernel's acquire: it sees the requests before the tail.
  __atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
  unsigned queued = ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
  struct __kernel_timespec rest;
  struct io_uring_getevents_arg limit = {.ts = (uint64_t)(uintptr_t)&rest};
  bool limited = wait && deadline_ns != INT64_MAX;
  if (limited) {
    int64_t ns = deadline_ns - cpsyne_monotonic_ns();
    if (ns <= 0) wait = limited = false;
    rest.tv_sec = ns / 1000000000;
    rest.tv_nsec = ns % 1000000000;
  }
  long r = syscall(
      SYS_io_uring_enter, ring->index, queued, wait ? 1 : 0,
      ring->enter_flags | (limited ? IORING_ENTER_EXT_ARG : 0), limited ? &limit : NULL,
      limited ? sizeof limit : 0);
  return r >= 0 ? 0 : errno;
}

bool cpsyne_uring_has_work(const struct cpsyne_uring *ring) {
  unsigned flags = __atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED);
  return ring->tail != __atomic_load_n(ring->sq_head, __ATOMIC_RELAXED) ||
         flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) ||
         *ring->cq_head != __atomic_load_n(ring->cq_tail, __ATOMIC_RELAXED);
}

bool cpsyne_uring_next(struct cpsyne_uring *ring, uint64_t *tag, int32_t *result) {
  unsigned head = *ring->cq_head;  // only we write it
  // Both acquire and release pair with the kernel: it fills entries before the tail, and reuses those
  // before the head.
  for (; head != __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE); head++) {
    struct io_uring_cqe cqe = ring->cqes[head & ring->cq_mask];
    __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
    if (cqe.user_data == no_tag) continue;
    *tag = cqe.user_data;
    *result = cqe.res;
    return true;
  }
  return false;
}

void cpsyne_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
