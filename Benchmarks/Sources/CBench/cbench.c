#define _GNU_SOURCE
#include "cbench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t cbench_now(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t cbench_cpu_time(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

bool cbench_pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

bool cbench_realtime(void) {
  struct sched_param parameters = {.sched_priority = 1};
  return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

bool cbench_high_priority(void) {
  struct sched_param parameters = {.sched_priority = 0};
  if (sched_setscheduler(0, SCHED_OTHER, &parameters) != 0 ||
      setpriority(PRIO_PROCESS, 0, -20) != 0)
    return false;
  // Where sessions share the CPUs evenly (autogroups), the session's priority is what counts: one of
  // our own, which ends with whoever started us, as the old one would have.
  if (setsid() != -1) prctl(PR_SET_PDEATHSIG, SIGTERM);
  int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    if (getsid(0) == getpid()) (void)!write(file, "-20", 3);
    close(file);
  }
  return true;
}

void cbench_sleep(uint64_t nanoseconds) {
  struct timespec t = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
  nanosleep(&t, NULL);
}

// MARK: Report

void cbench_report_ready(void) {
  puts("ready");
  fflush(stdout);
}

void cbench_report_share(uint64_t nanoseconds, uint64_t cpu, uint64_t errors) {
  printf("share=%.4f errors=%llu\n", (double)cpu / (double)nanoseconds, (unsigned long long)errors);
  fflush(stdout);
}

void cbench_report_rate(uint64_t count, uint64_t nanoseconds, uint64_t cpu, uint64_t errors) {
  printf("rate=%.3f ", (double)count * 1e9 / (double)nanoseconds);
  cbench_report_share(nanoseconds, cpu, errors);
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/// A counter may advance in steps of 10 ns, so that thousands of samples are equal: the quantile is
/// interpolated within its step, as in any histogram.
static double quantile(const uint32_t *sorted, size_t count, double q) {
  size_t at = (size_t)(q * (double)count);
  if (at >= count) at = count - 1;
  uint32_t value = sorted[at];
  size_t first = at, end = at;
  while (first > 0 && sorted[first - 1] == value) first--;
  while (end < count && sorted[end] == value) end++;
  double step = first > 0 ? value - sorted[first - 1] : end < count ? sorted[end] - value : 0;
  double share = ((double)at + 0.5 - (double)first) / (double)(end - first);
  return (double)value + step * (share - 0.5);
}

static double ticks_per_ns(void) {
  uint64_t t0 = cbench_now(), c0 = cbench_ticks();
  while (cbench_now() - t0 < 20000000) {}
  return (double)(cbench_ticks() - c0) / (double)(cbench_now() - t0);
}

static void report_times(uint32_t *times, size_t count, double scale) {
  qsort(times, count, sizeof *times, compare);
  printf("p50=%.2f p99=%.2f p999=%.2f ", quantile(times, count, .5) / scale,
         quantile(times, count, .99) / scale, quantile(times, count, .999) / scale);
}

void cbench_report_trips(uint32_t *ticks, size_t count, uint64_t nanoseconds, uint64_t cpu,
                         uint64_t errors) {
  report_times(ticks, count, ticks_per_ns());
  cbench_report_share(nanoseconds, cpu, errors);
}

void cbench_report_latencies(uint32_t *times, size_t count, uint64_t nanoseconds, uint64_t cpu,
                             uint64_t errors) {
  report_times(times, count, 1);
  cbench_report_share(nanoseconds, cpu, errors);
}

// MARK: Many connections

uint64_t cbench_resident_bytes(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  if (fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t cbench_memory_bytes(void) {
  unsigned long long kibibytes = 0;
  char line[128];
  FILE *file = fopen("/proc/self/smaps_rollup", "re");
  if (!file) return 0;
  while (fgets(line, sizeof line, file) && sscanf(line, "Pss: %llu kB", &kibibytes) != 1) {}
  fclose(file);
  return kibibytes * 1024;
}

static double each(uint64_t before, uint64_t after, uint64_t count) {
  return ((double)after - (double)before) / (double)count;
}

void cbench_report_memory(uint64_t count, uint64_t before, uint64_t fresh, uint64_t idle) {
  printf("memory=%.1f fresh=%.1f\n", each(before, idle, count), each(before, fresh, count));
  fflush(stdout);
}

bool cbench_many_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int cbench_cut(uint16_t port) {
  int count = 0;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  for (int file = 0; file < (int)limit.rlim_cur; file++) {
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    if (getpeername(file, (struct sockaddr *)&address, &length) == 0 &&
        address.sin_family == AF_INET && ntohs(address.sin_port) == port && shutdown(file, SHUT_RDWR) == 0)
      count++;
  }
  return count;
}

// MARK: Processes

int cbench_spawn(char *const arguments[], int *output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  fflush(stdout);
  int process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
  }
  close(ends[1]);
  if (process == -1) close(ends[0]);
  else *output = ends[0];
  return process;
}

bool cbench_await(int descriptor, uint64_t deadline) {
  uint64_t now = cbench_now();
  struct pollfd awaited = {.fd = descriptor, .events = POLLIN};
  return now < deadline && poll(&awaited, 1, (int)((deadline - now) / 1000000) + 1) == 1;
}

uint16_t cbench_free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool found = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
               getsockname(probe, (struct sockaddr *)&address, &length) == 0;
  if (probe >= 0) close(probe);
  return found ? ntohs(address.sin_port) : 0;
}

// MARK: Canary

struct line {
  _Alignas(128) _Atomic uint64_t value;
};
struct duel {
  struct line ping, pong;
  int cpu[2];
  double nanoseconds;
};
enum { rounds = 20000, warm_up = 4000 };

static void *answer(void *argument) {
  struct duel *duel = argument;
  cbench_pin(duel->cpu[1]);
  for (uint64_t i = 1; i <= rounds; i++) {
    while (atomic_load_explicit(&duel->ping.value, memory_order_acquire) != i) {}
    atomic_store_explicit(&duel->pong.value, i, memory_order_release);
  }
  return NULL;
}

static void *ask(void *argument) {
  struct duel *duel = argument;
  cbench_pin(duel->cpu[0]);
  uint64_t start = 0;
  for (uint64_t i = 1; i <= rounds; i++) {
    if (i == warm_up) start = cbench_now();
    atomic_store_explicit(&duel->ping.value, i, memory_order_release);
    while (atomic_load_explicit(&duel->pong.value, memory_order_acquire) != i) {}
  }
  duel->nanoseconds = (double)(cbench_now() - start) / (rounds - warm_up);
  return NULL;
}

double cbench_canary(int cpu_a, int cpu_b) {
  // Static: its lines have the alignment that the type asks for. One canary runs at a time.
  static struct duel duel;
  atomic_store(&duel.ping.value, 0);
  atomic_store(&duel.pong.value, 0);
  duel.cpu[0] = cpu_a;
  duel.cpu[1] = cpu_b;
  pthread_t a, b;
  if (pthread_create(&b, NULL, answer, &duel) != 0) abort();
  if (pthread_create(&a, NULL, ask, &duel) != 0) abort();
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  return duel.nanoseconds;
}
