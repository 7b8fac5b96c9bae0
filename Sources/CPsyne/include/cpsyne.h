// What Glibc's Swift overlay cannot import: raw system calls, variadic functions, macros, and the
// two instructions of the hot path. Every function keeps the C convention: -1 and errno on failure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Instructions (inlined into the client's loop)

/// Tells the core that this is a spin loop.
static inline void cpsyne_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// Keeps the compiler from moving memory accesses across this point; emits no instruction.
static inline void cpsyne_compiler_barrier(void) { __asm__ volatile("" ::: "memory"); }

// MARK: Futex

/// Sleeps while `*word == expected`, until a wake-up or until the absolute CLOCK_MONOTONIC time
/// `deadline_ns` (INT64_MAX: for ever). 0 when woken, else an errno: EAGAIN, EINTR, ETIMEDOUT.
int cpsyne_futex_wait(const void *word, uint32_t expected, int64_t deadline_ns);

/// Wakes up to `count` sleepers on `word`. Returns how many woke.
int cpsyne_futex_wake(const void *word, int count);

// MARK: Asymmetric fence

/// Registers this process as a target of `cpsyne_membarrier`. False where the kernel refuses.
bool cpsyne_membarrier_register(void);

/// Makes every running thread of every registered process execute a full memory barrier.
bool cpsyne_membarrier(void);

// MARK: Clocks, in nanoseconds

int64_t cpsyne_monotonic_ns(void);
int64_t cpsyne_monotonic_coarse_ns(void);

// MARK: Memory and processes

/// The advice MADV_POPULATE_WRITE, which older headers lack.
static inline int cpsyne_madvise_populate_write(void) { return 23; }

/// The advice MADV_COLLAPSE, likewise.
static inline int cpsyne_madvise_collapse(void) { return 25; }

/// Has the shared memory mapped at `start` come from one memory node. With `move`, pages that are
/// elsewhere are moved; EIO if one could not be.
int cpsyne_bind_memory(void *start, size_t bytes, unsigned node, bool move);

int cpsyne_memfd_create(const char *name);

/// Moves the mapping of `bytes` at `from` to `to`, in place of what is mapped there, in one step.
bool cpsyne_replace_mapping(void *to, void *from, size_t bytes);

/// CPUs of the machine that are running, at least 1.
int cpsyne_online_cpus(void);

// MARK: Open-file-description locks (one byte each)

/// Takes the write lock of `count` bytes at `offset`; with `wait`, blocks for it.
int cpsyne_ofd_lock(int fd, int64_t offset, int64_t count, bool wait);
int cpsyne_ofd_unlock(int fd, int64_t offset, int64_t count);
/// 1: another open file description holds a byte of the range; 0: none does; -1: errno.
int cpsyne_ofd_is_locked(int fd, int64_t offset, int64_t count);

// MARK: Files

/// Gives the unnamed file `fd` the name `path`; EEXIST if the name is taken.
int cpsyne_link_unnamed(int fd, const char *path);
/// Opens the file that `fd` has open once more, with locks of its own.
int cpsyne_open_again(int fd);

// MARK: Files that a child made by fork does not keep (close them with `cpsyne_close` alone)

/// Opens an unnamed file in `directory`, to be linked in place when it is complete.
int cpsyne_open_unnamed(const char *directory, unsigned mode);
int cpsyne_open_existing(const char *path);
/// The same, to look at only.
int cpsyne_open_to_read(const char *path);

// MARK: Waiting for many words

/// One word of `cpsyne_futex_waitv`: the kernel's `struct futex_waitv`, which older headers lack.
struct cpsyne_futex_word {
  uint64_t expected;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};

/// The word at `address`, 32 bits wide and possibly shared with other processes.
static inline struct cpsyne_futex_word cpsyne_futex_word(const void *address, uint32_t expected) {
  struct cpsyne_futex_word word = {expected, (uint64_t)(uintptr_t)address, 2, 0};
  return word;
}

/// Sleeps while each of up to 128 words has its expected value, until one of them is woken or until
/// the absolute CLOCK_MONOTONIC time `deadline_ns` (INT64_MAX: for ever). The index of a woken word
/// (others may have been woken too), or the negative of an errno: EAGAIN, EINTR, ETIMEDOUT, ENOSYS.
int cpsyne_futex_waitv(const struct cpsyne_futex_word *words, unsigned count, int64_t deadline_ns);

/// An io_uring that only the thread that made it may use. Its requests are futex waits; each ends in
/// exactly one completion that carries the request's tag. It holds no file descriptor.
struct cpsyne_uring;

/// A ring for `entries` requests a submission, a power of two. NULL and errno where the kernel is
/// older than 6.7 or forbids it (ENOSYS, EPERM, EINVAL), or has no room for it (ENOMEM, EMFILE).
struct cpsyne_uring *cpsyne_uring_open(unsigned entries);
void cpsyne_uring_close(struct cpsyne_uring *ring);

/// Queues a wait while `*word == expected`. Its result is 0 when woken, else the negative of an errno:
/// EAGAIN (another value), ECANCELED. False if the queue is full: enter first.
bool cpsyne_uring_wait(
    struct cpsyne_uring *ring, const void *word, uint32_t expected, uint64_t tag);

/// Queues the cancellation of the wait with this tag. It may come too late. False if the queue is full.
bool cpsyne_uring_cancel(struct cpsyne_uring *ring, uint64_t tag);

/// Hands what is queued to the kernel and collects completions; with `wait`, sleeps for one until the
/// absolute CLOCK_MONOTONIC time `deadline_ns` (INT64_MAX: for ever). 0, or an errno: EINTR, ETIME,
/// and EAGAIN or EBUSY if the kernel wants completions to be taken first.
int cpsyne_uring_enter(struct cpsyne_uring *ring, bool wait, int64_t deadline_ns);

/// Whether entering would hand over or collect anything.
bool cpsyne_uring_has_work(const struct cpsyne_uring *ring);

/// Takes the next completion. False if there is none.
bool cpsyne_uring_next(struct cpsyne_uring *ring, uint64_t *tag, int32_t *result);

/// Gives this thread a name of at most 15 bytes, for `top` and debuggers.
void cpsyne_name_thread(const char *name);
/// An inotify instance that does not block.
int cpsyne_inotify(void);
/// Changes in a child made by fork: what was opened before has been closed there.
uint32_t cpsyne_fork_generation(void);
/// Closes `fd`, unless it was opened before a fork that made this process.
void cpsyne_close(int fd, uint32_t opened_in);

#include "cpsyne_sockets.h"
