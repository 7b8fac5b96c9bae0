// What a contender of a contest is told, and what every queue of a contest agrees on.
#pragma once

#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cbench_contest.h"

namespace contest {

using Board = cbench_board;
constexpr size_t words = 8, bytes = 64;
constexpr int producer_shift = 48;
/// The first word of the message that ends a contest of a queue that blocks.
constexpr uint64_t last_message = ~uint64_t(0);

[[noreturn]] inline void fail(const char *what) {
  perror(what);
  exit(3);
}

struct Arguments {
  std::string variant, role, name;
  uint32_t producers, consumers;
  uint64_t capacity;
  /// Of threads: nanoseconds. Of a process: its index among its kind, and its CPU.
  uint64_t warm_up = 0, time = 0;
  uint32_t index = 0;
  int cpu = 0;

  Arguments(int argc, char **argv) {
    if (argc != 9) {
      fprintf(stderr, "usage: %s VARIANT threads NAME PRODUCERS CONSUMERS CAPACITY WARM-UP MS\n"
              "       %s VARIANT produce|consume NAME PRODUCERS CONSUMERS CAPACITY INDEX CPU\n",
              argv[0], argv[0]);
      exit(2);
    }
    variant = argv[1];
    role = argv[2];
    name = argv[3];
    producers = uint32_t(atoi(argv[4]));
    consumers = uint32_t(atoi(argv[5]));
    capacity = strtoull(argv[6], nullptr, 10);
    if (is_threads()) {
      warm_up = strtoull(argv[7], nullptr, 10) * 1000000;
      time = strtoull(argv[8], nullptr, 10) * 1000000;
    } else {
      index = uint32_t(atoi(argv[7]));
      cpu = atoi(argv[8]);
    }
  }

  bool is_threads() const { return role == "threads"; }
  /// More parties than CPUs: who waits lets others run.
  bool is_crowded() const { return producers + consumers > 2; }
  std::string board() const { return "/dev/shm/" + name + ".board"; }
};

/// What a party does while there is nothing to do for it.
struct Waiter {
  bool crowded;
  void operator()() const {
    if (crowded) sched_yield();
    else cbench_pause();
  }
};

}  // namespace contest
