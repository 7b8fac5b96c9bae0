#define _GNU_SOURCE
#include "cpsyne_sockets.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpsyne.h"

enum { most = 64 };

int cpsyne_unsent(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQNSD, &bytes) == 0 && bytes > 0 ? bytes : 0;
}

int cpsyne_epoll_add(int epoll, int fd, uint64_t tag) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data = {.u64 = tag}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int cpsyne_epoll_add_eventfd(int epoll, int fd, uint64_t tag) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.u64 = tag}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int cpsyne_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0); }

static int wait_for(int epoll, struct epoll_event *found, int64_t deadline_ns) {
  if (deadline_ns == INT64_MAX) return epoll_wait(epoll, found, most, -1);
  int64_t left = deadline_ns == 0 ? 0 : deadline_ns - cpsyne_monotonic_ns();
  if (left <= 0) return epoll_wait(epoll, found, most, 0);
#ifdef SYS_epoll_pwait2
  struct timespec time = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  int count = (int)syscall(SYS_epoll_pwait2, epoll, found, most, &time, 0, 0);
  if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
#endif
  // Before Linux 5.11: in milliseconds, rather late than early.
  int64_t milliseconds = (left + 999999) / 1000000;
  return epoll_wait(epoll, found, most, milliseconds < 1000000 ? (int)milliseconds : 1000000);
}

int cpsyne_epoll_wait(int epoll, struct cpsyne_event *events, int64_t deadline_ns) {
  struct epoll_event found[most];
  int count = wait_for(epoll, found, deadline_ns);
  for (int i = 0; i < count; i++) {
    uint32_t mask = found[i].events;
    events[i] = (struct cpsyne_event){
        .tag = found[i].data.u64,
        .readable = (mask & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0,
        .writable = (mask & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
        .ending = (mask & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0};
  }
  return count;
}

void cpsyne_eventfd_ring(int fd) {
  // It cannot fail but for a counter that is full, which wakes as well.
  uint64_t one = 1;
  ssize_t written = write(fd, &one, sizeof one);
  (void)written;
}

void cpsyne_eventfd_clear(int fd) {
  uint64_t count;
  ssize_t read_bytes = read(fd, &count, sizeof count);
  (void)read_bytes;
}
