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
/// An inotify instance that does not block.
int cpsyne_inotify(void);
/// Changes in a child made by fork: what was opened before has been closed there.
uint32_t cpsyne_fork_generation(void);
/// Closes `fd`, unless it was opened before a fork that made this process.
void cpsyne_close(int fd, uint32_t opened_in);
