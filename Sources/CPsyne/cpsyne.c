#define _GNU_SOURCE
#include "cpsyne.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int cpsyne_futex_wait(const void *word, uint32_t expected, int64_t deadline_ns) {
  struct timespec deadline = {deadline_ns / 1000000000, deadline_ns % 1000000000};
  const struct timespec *limit = deadline_ns == INT64_MAX ? NULL : &deadline;
  // The bitset form takes an absolute CLOCK_MONOTONIC time, so a retried wait keeps its deadline.
  long r = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, limit, NULL, FUTEX_BITSET_MATCH_ANY);
  return r == 0 ? 0 : errno;
}

int cpsyne_futex_wake(const void *word, int count) {
  return (int)syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

bool cpsyne_membarrier_register(void) {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

bool cpsyne_membarrier(void) {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0;
}

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t cpsyne_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t cpsyne_monotonic_coarse_ns(void) { return clock_ns(CLOCK_MONOTONIC_COARSE); }

int cpsyne_bind_memory(void *start, size_t bytes, unsigned node, bool move) {
  enum { bits = 8 * sizeof(unsigned long), nodes = 1024 };
  unsigned long mask[nodes / bits] = {0};
  if (node >= nodes) {
    errno = EINVAL;
    return -1;
  }
  mask[node / bits] = 1ul << node % bits;
  // One more than there are bits: the kernel takes one off.
  return (int)syscall(SYS_mbind, start, bytes, MPOL_BIND, mask, nodes + 1,
                      move ? MPOL_MF_MOVE | MPOL_MF_STRICT : 0);
}

int cpsyne_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

bool cpsyne_replace_mapping(void *to, void *from, size_t bytes) {
  return mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
}

int cpsyne_online_cpus(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}

static int ofd(int fd, int command, short type, int64_t offset, int64_t count, short *found) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = count};
  int r;
  do r = fcntl(fd, command, &lock);
  while (r == -1 && errno == EINTR);
  if (found) *found = lock.l_type;
  return r;
}

int cpsyne_ofd_lock(int fd, int64_t offset, int64_t count, bool wait) {
  return ofd(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, F_WRLCK, offset, count, NULL);
}

int cpsyne_ofd_unlock(int fd, int64_t offset, int64_t count) {
  return ofd(fd, F_OFD_SETLK, F_UNLCK, offset, count, NULL);
}

int cpsyne_ofd_is_locked(int fd, int64_t offset, int64_t count) {
  short found = F_UNLCK;
  if (ofd(fd, F_OFD_GETLK, F_WRLCK, offset, count, &found) == -1) return -1;
  return found != F_UNLCK;
}

int cpsyne_link_unnamed(int fd, const char *path) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

int cpsyne_open_again(int fd) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return open(self, O_RDWR | O_CLOEXEC);
}

int cpsyne_open_to_read(const char *path) {
  // O_NONBLOCK: a FIFO that squats the name must not block us; it has no effect on a regular file.
  return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}
