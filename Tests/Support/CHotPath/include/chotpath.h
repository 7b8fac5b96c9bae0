// Counts what the hot path must not do, and forbids it to the kernel.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hot_path_counts {
  /// Calls of malloc and its kin, of every library in the process.
  int64_t allocations;
  int64_t frees;
  /// Swift objects allocated, and their references counted up and down.
  int64_t objects;
  int64_t retains;
  int64_t releases;
};

/// From now on objects and their references are counted, until `hot_path_stop`. In between nothing
/// may touch a string: the runtime's hooks were made for programs without any.
void hot_path_start(void);
void hot_path_stop(void);
struct hot_path_counts hot_path_counts(void);

/// From now on the kernel kills this thread at any system call but read, write and exit. False where
/// it refuses.
bool hot_path_forbid_system_calls(void);

/// Writes a line to the standard output and ends the thread, as is still allowed then.
_Noreturn void hot_path_say_and_exit(const char *line);
