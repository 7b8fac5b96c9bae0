// Descriptors that a child made by fork must not keep.
//
// A lock of an open file description lives for as long as any copy of its descriptor, and fork copies
// them all: a child that lives on would hide its parent's death. So the child closes its copies before
// fork returns in it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cpsyne.h"
#include "cpsyne_sockets.h"

// Held while a descriptor comes or goes, and across a fork: a child finds every one of them listed.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int *descriptors;
static size_t count, room;
static uint32_t generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void) { pthread_mutex_lock(&lock); }
static void in_parent(void) { pthread_mutex_unlock(&lock); }

// Only what is allowed in a child whose parent had other threads: no allocation.
static void in_child(void) {
  for (size_t i = 0; i < count; i++) close(descriptors[i]);
  count = 0;
  generation++;
  pthread_mutex_unlock(&lock);
}

static void install(void) { pthread_atfork(before_fork, in_parent, in_child); }

uint32_t cpsyne_fork_generation(void) { return __atomic_load_n(&generation, __ATOMIC_RELAXED); }

static void enter(void) {
  pthread_once(&once, install);
  pthread_mutex_lock(&lock);
}

/// Lists what was just opened; closes it where there is no memory for the list.
static int leave_listing(int fd) {
  int number = errno;
  if (fd >= 0 && count == room) {
    size_t more = room ? 2 * room : 16;
    int *grown = realloc(descriptors, more * sizeof *grown);
    if (grown) {
      descriptors = grown;
      room = more;
    } else {
      close(fd);
      fd = -1;
      number = ENOMEM;
    }
  }
  if (fd >= 0) descriptors[count++] = fd;
  pthread_mutex_unlock(&lock);
  errno = number;
  return fd;
}

int cpsyne_open_unnamed(const char *directory, unsigned mode) {
  enter();
  return leave_listing(open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
}

int cpsyne_open_existing(const char *path) {
  enter();
  // O_NONBLOCK: a FIFO that squats the name must not block us; it has no effect on a regular file.
  return leave_listing(open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
}

int cpsyne_inotify(void) {
  enter();
  return leave_listing(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

int cpsyne_tcp_socket(int family) {
  enter();
  return leave_listing(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
}

int cpsyne_accept(int fd) {
  enter();
  return leave_listing(accept4(fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int cpsyne_epoll(void) {
  enter();
  return leave_listing(epoll_create1(EPOLL_CLOEXEC));
}

int cpsyne_eventfd(void) {
  enter();
  return leave_listing(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void cpsyne_close(int fd, uint32_t opened_in) {
  enter();
  // In a child the number may be another file's by now.
  if (opened_in == generation) {
    for (size_t i = 0; i < count; i++) {
      if (descriptors[i] != fd) continue;
      descriptors[i] = descriptors[--count];
      break;
    }
    close(fd);
  }
  pthread_mutex_unlock(&lock);
}
