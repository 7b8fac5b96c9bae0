// What every contender measures with, Swift and C++ alike, so that no difference comes from the
// measuring: clocks, pinning, quantiles, the report. And the canary.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The cycle counter, for single round trips: 18 ns where a system clock takes 21.
static inline uint64_t cbench_ticks(void) {
#if defined(__x86_64__)
  uint32_t low, high, cpu;
  __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(cpu)::"memory");
  return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks)::"memory");
  return ticks;
#endif
}

static inline void cbench_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// CLOCK_MONOTONIC, in nanoseconds.
uint64_t cbench_now(void);
/// CPU time of this process, in nanoseconds.
uint64_t cbench_cpu_time(void);
/// False where the CPU does not exist.
bool cbench_pin(int cpu);
/// Makes this process and its children go before every ordinary one, so that what else the machine
/// does neither takes their CPUs nor moves their memory meanwhile. False where that is not allowed.
bool cbench_realtime(void);
/// The highest of the ordinary priorities, for more parties than CPUs: at a real-time priority, one
/// that never has to wait would keep its CPU from the others for ever.
bool cbench_high_priority(void);
void cbench_sleep(uint64_t nanoseconds);

// MARK: Report of an endpoint: lines on the standard output, read by the runner

/// The endpoint can be connected to.
void cbench_report_ready(void);
/// `count` messages took `nanoseconds`, of which the process had the CPU for `cpu`.
void cbench_report_rate(uint64_t count, uint64_t nanoseconds, uint64_t cpu, uint64_t errors);
/// Round trips in ticks. Sorts them.
void cbench_report_trips(uint32_t *ticks, size_t count, uint64_t nanoseconds, uint64_t cpu,
                         uint64_t errors);
/// Times in nanoseconds. Sorts them.
void cbench_report_latencies(uint32_t *times, size_t count, uint64_t nanoseconds, uint64_t cpu,
                             uint64_t errors);
/// An endpoint without a measurement of its own: how much of its time it had the CPU.
void cbench_report_share(uint64_t nanoseconds, uint64_t cpu, uint64_t errors);

// MARK: A steady rate

/// Nanoseconds from one message to the next: 100,000 messages a second.
static const uint64_t cbench_gap = 10000;

/// Spins until `due` on cbench_now.
static inline void cbench_spin_until(uint64_t due) {
  while (cbench_now() < due) cbench_pause();
}

// MARK: Many connections

/// Nanoseconds that connections are left alone before a server's memory is looked at.
static const uint64_t cbench_idle_time = 4000000000;

/// What the system holds in memory for this process, in bytes, what is mapped twice counted twice.
uint64_t cbench_resident_bytes(void);
/// The same with each page counted once, and what several processes have counted in parts.
uint64_t cbench_memory_bytes(void);
/// Bytes of memory with some connections, with `count` more, and when those were idle for a while.
void cbench_report_memory(uint64_t count, uint64_t before, uint64_t fresh, uint64_t idle);
/// Lets this process have as many descriptors as the system allows.
bool cbench_many_descriptors(void);
/// Breaks all connections of this process to `port`, as a network would. Returns how many.
int cbench_cut(uint16_t port);

// MARK: Processes, for the runner

/// A port of the loopback interface that nobody uses now. 0 where there is none.
uint16_t cbench_free_port(void);

/// Starts a program that dies with the caller. `arguments` ends with NULL. Returns its process id,
/// and in `*output` the end of a pipe from all it prints; -1 and errno on failure.
int cbench_spawn(char *const arguments[], int *output);
/// True when `descriptor` has something to read, or has ended, before `deadline` on cbench_now.
bool cbench_await(int descriptor, uint64_t deadline);

// MARK: Canary

/// Mean round trip of a bare cache line between two CPUs, in nanoseconds. On a virtual machine the
/// CPUs can be moved apart for seconds at a time, which slows everything that crosses them.
double cbench_canary(int cpu_a, int cpu_b);

#ifdef __cplusplus
}
#endif
