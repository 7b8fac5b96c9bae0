// One endpoint of a measurement in C++, the twin of Sources/Endpoint in Swift.
//
//   PROGRAM VARIANT ROLE NAME SIZE CAPACITY WARM-UP COUNT CPU
//
// ROLE is recv and send (one way), echo and ping (round trips), or listen and pace (one way at a steady
// rate). recv, echo and listen are started first and create what NAME names; over TCP it is the port, and
// over TLS a VARIANT ends with @ and the folder of the certificates. A link is a class with
//   Link(Arguments)        creates or connects
//   send(size, fill)       fill(words, count) writes the payload
//   receive(use)           use(words, count) reads it
//   flush()                makes everything sent visible
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cbench.h"

namespace peers {

[[noreturn]] inline void fail(const char *what) {
  perror(what);
  exit(3);
}

struct Arguments {
  std::string variant, role, name;
  uint64_t size, capacity, warm_up, count;
  int cpu;

  Arguments(int argc, char **argv) {
    if (argc != 9) {
      fprintf(stderr, "usage: %s VARIANT send|recv|ping|echo|pace|listen NAME SIZE CAPACITY WARM-UP COUNT CPU\n",
              argv[0]);
      exit(2);
    }
    variant = argv[1];
    role = argv[2];
    name = argv[3];
    size = strtoull(argv[4], nullptr, 10);
    capacity = strtoull(argv[5], nullptr, 10);
    warm_up = strtoull(argv[6], nullptr, 10);
    count = strtoull(argv[7], nullptr, 10);
    cpu = atoi(argv[8]);
  }

  bool creates() const { return role == "recv" || role == "echo" || role == "listen"; }
  bool is_round_trip() const { return role == "ping" || role == "echo"; }

  /// PEM files: one's own certificate with its key, and that of the authority.
  std::string certificate(bool is_server) const { return folder() + (is_server ? "/server.pem" : "/client.pem"); }
  std::string authority() const { return folder() + "/ca.pem"; }

 private:
  std::string folder() const { return variant.substr(variant.find('@') + 1); }
};

inline void fill(uint64_t *words, size_t count, uint64_t sequence) {
  for (size_t i = 0; i < count; i++) words[i] = sequence + i;
}

/// Reads every word. 0 if the message is the one that `sequence` says, else 1. `more`: by how much the
/// sum is greater.
inline uint64_t check(const uint64_t *words, size_t count, uint64_t sequence, uint64_t more = 0) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += words[i];
  return words[0] != sequence || sum != count * sequence + count * (count - 1) / 2 + more;
}

template <class Link>
uint64_t drain(Link &link, uint64_t from, uint64_t to, size_t words) {
  uint64_t errors = 0;
  for (uint64_t sequence = from; sequence < to; sequence++)
    link.receive([&](const uint64_t *received, size_t count) {
      errors += count != words || check(received, count, sequence);
    });
  return errors;
}

/// Sends at a steady rate. The second word says when the message was due: one who is held up and sends
/// late has not made it shorter.
template <class Link>
void pace(Link &link, const Arguments &arguments) {
  const uint64_t start = cbench_now(), cpu = cbench_cpu_time();
  uint64_t due = start;
  for (uint64_t sequence = 0; sequence < arguments.warm_up + arguments.count; sequence++) {
    due += cbench_gap;
    cbench_spin_until(due);
    link.send(arguments.size, [&](uint64_t *payload, size_t count) {
      fill(payload, count, sequence);
      payload[1] = due;
    });
    link.flush();
  }
  cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, 0);
}

template <class Link>
void listen(Link &link, const Arguments &arguments) {
  const size_t words = arguments.size / 8;
  std::vector<uint32_t> times(arguments.count, 0);
  uint64_t errors = 0;
  const uint64_t start = cbench_now(), cpu = cbench_cpu_time();
  for (uint64_t sequence = 0; sequence < arguments.warm_up + arguments.count; sequence++)
    link.receive([&](const uint64_t *received, size_t count) {
      const uint64_t late = cbench_now() - received[1];
      // The stamp stands where the word after the first would.
      errors += count != words || check(received, count, sequence, received[1] - sequence - 1);
      if (sequence >= arguments.warm_up)
        times[sequence - arguments.warm_up] = late < UINT32_MAX ? uint32_t(late) : UINT32_MAX;
    });
  cbench_report_latencies(times.data(), times.size(), cbench_now() - start, cbench_cpu_time() - cpu,
                          errors);
}

template <class Link>
void run(const Arguments &arguments) {
  const uint64_t size = arguments.size, end = arguments.warm_up + arguments.count;
  const size_t words = size / 8;
  Link link(arguments);
  if (arguments.creates()) cbench_report_ready();
  uint64_t start, cpu, errors = 0;
  if (arguments.role == "recv") {
    errors = drain(link, 0, arguments.warm_up, words);
    start = cbench_now();
    cpu = cbench_cpu_time();
    errors += drain(link, arguments.warm_up, end, words);
    uint64_t elapsed = cbench_now() - start;
    cbench_report_rate(arguments.count, elapsed, cbench_cpu_time() - cpu, errors);
  } else if (arguments.role == "send") {
    start = cbench_now();
    cpu = cbench_cpu_time();
    for (uint64_t sequence = 0; sequence < end; sequence++)
      link.send(size, [&](uint64_t *payload, size_t count) { fill(payload, count, sequence); });
    link.flush();
    cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, 0);
  } else if (arguments.role == "ping") {
    std::vector<uint32_t> trips(arguments.count, 0);
    start = cbench_now();
    cpu = cbench_cpu_time();
    for (uint64_t sequence = 0; sequence < end; sequence++) {
      uint64_t before = cbench_ticks();
      link.send(size, [&](uint64_t *payload, size_t count) { fill(payload, count, sequence); });
      link.flush();
      errors += drain(link, sequence, sequence + 1, words);
      uint64_t ticks = cbench_ticks() - before;
      if (sequence >= arguments.warm_up)
        trips[sequence - arguments.warm_up] = ticks < UINT32_MAX ? uint32_t(ticks) : UINT32_MAX;
    }
    cbench_report_trips(trips.data(), trips.size(), cbench_now() - start, cbench_cpu_time() - cpu,
                        errors);
  } else if (arguments.role == "pace") {
    pace(link, arguments);
  } else if (arguments.role == "listen") {
    listen(link, arguments);
  } else {
    start = cbench_now();
    cpu = cbench_cpu_time();
    for (uint64_t sequence = 0; sequence < end; sequence++) {
      errors += drain(link, sequence, sequence + 1, words);
      link.send(size, [&](uint64_t *payload, size_t count) { fill(payload, count, sequence); });
      link.flush();
    }
    cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, errors);
  }
}

}  // namespace peers
