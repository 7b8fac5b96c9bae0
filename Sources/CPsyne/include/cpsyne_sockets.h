// What sockets need and Glibc's Swift overlay cannot import. Same conventions as in cpsyne.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// MARK: Files that a child made by fork does not keep (close them with `cpsyne_close` alone)

/// A TCP socket of the address family `family` that does not block.
int cpsyne_tcp_socket(int family);
/// The next connection of a listening socket, not blocking. EAGAIN if there is none.
int cpsyne_accept(int fd);
/// Bytes that the system has taken for a TCP socket and not sent yet; 0 where it does not say.
int cpsyne_unsent(int fd);
int cpsyne_epoll(void);
/// A counter to wake a sleeper in `cpsyne_epoll_wait` with.
int cpsyne_eventfd(void);

// MARK: Waiting for many descriptors

/// One descriptor that is ready: the tag that it was added with, and what for.
struct cpsyne_event {
  uint64_t tag;
  bool readable;
  bool writable;
  /// The other side sends nothing more, or the connection has broken.
  bool ending;
};

/// Watches `fd` for becoming ready from now on: each change is told once.
int cpsyne_epoll_add(int epoll, int fd, uint64_t tag);
int cpsyne_epoll_add_eventfd(int epoll, int fd, uint64_t tag);
int cpsyne_epoll_remove(int epoll, int fd);
/// Waits for up to 64 descriptors, until the absolute CLOCK_MONOTONIC time `deadline_ns` (INT64_MAX: for
/// ever; 0: does not wait). How many there are, or -1.
int cpsyne_epoll_wait(int epoll, struct cpsyne_event *events, int64_t deadline_ns);

/// Adds one to an eventfd; takes what was added.
void cpsyne_eventfd_ring(int fd);
void cpsyne_eventfd_clear(int fd);
