// One contender of a contest (see cbench_contest.h) in C++, the twin of Sources/Endpoint/Contest.
//
//   PROGRAM VARIANT threads NAME PRODUCERS CONSUMERS CAPACITY WARM-UP MS
//   PROGRAM VARIANT produce|consume NAME PRODUCERS CONSUMERS CAPACITY INDEX CPU
//
// `threads` runs everybody in this process; `produce` and `consume` are one party of many, with a board in
// /dev/shm/NAME.board. A queue is a class with
//   Queue(Arguments)           creates or connects; CAPACITY is in bytes of payload
//   Producer(Queue &, index)   bool send(fill): fill(words) writes the payload; false when full
//                              bool flush(): whether all that was sent is on its way
//   Consumer(Queue &, index)   bool receive(use): use(words) reads it; false when empty
//   meet(Board &, Arguments)   optional, of both: returns when producers and consumers are connected
//   constexpr blocks           whether send and receive wait themselves; the end is a message then
//   constexpr everyone         whether each consumer receives every message
#pragma once

#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "contest_arguments.hpp"

namespace contest {

template <class Queue>
void produce(Queue &queue, Board *board, const Arguments &arguments, uint32_t index) {
  typename Queue::Producer producer(queue, index);
  if constexpr (requires { producer.meet(*board, arguments); }) producer.meet(*board, arguments);
  if (!cbench_join(board)) return cbench_give_up(board);
  const Waiter wait{arguments.is_crowded()};
  const uint64_t first = uint64_t(index) << producer_shift;
  uint64_t sequence = first;
  auto fill = [&](uint64_t *payload) {
    for (size_t i = 0; i < words; i++) payload[i] = sequence + i;
  };
  while (!cbench_stopped(board)) {
    if (producer.send(fill)) sequence++;
    else wait();
  }
  while (!producer.flush()) wait();
  if (cbench_finish(board) == arguments.producers && Queue::blocks)
    for (uint32_t i = 0; i < arguments.consumers; i++)
      while (!producer.send([](uint64_t *payload) { payload[0] = last_message; })) wait();
  // The sum of an arithmetic sequence, modulo 2^64: one of the factors is even.
  uint64_t count = sequence - first;
  uint64_t sum = count * first + (count % 2 ? (count - 1) / 2 * count : count / 2 * (count - 1));
  cbench_end(board, &board->parties[index], count, sum, 0);
}

template <class Queue>
void consume(Queue &queue, Board *board, const Arguments &arguments, uint32_t index) {
  typename Queue::Consumer consumer(queue, index);
  if constexpr (requires { consumer.meet(*board, arguments); }) consumer.meet(*board, arguments);
  if (!cbench_join(board)) return cbench_give_up(board);
  const Waiter wait{arguments.is_crowded()};
  cbench_party *party = &board->parties[arguments.producers + index];
  const bool all = arguments.consumers == 1 || Queue::everyone;
  uint64_t next[cbench_parties_max], count = 0, sum = 0, errors = 0;
  for (uint32_t i = 0; i < cbench_parties_max; i++) next[i] = uint64_t(i) << producer_shift;
  bool finished = false, ended = false;
  auto use = [&](const uint64_t *payload) {
    uint64_t sequence = payload[0];
    if (Queue::blocks && sequence == last_message) {
      ended = true;
      return;
    }
    uint64_t read = 0;
    for (size_t i = 0; i < words; i++) read += payload[i];
    uint64_t producer = sequence >> producer_shift;
    if (producer >= arguments.producers || read != words * sequence + words * (words - 1) / 2 ||
        (all ? sequence != next[producer] : sequence < next[producer])) {
      errors++;
    } else {
      next[producer] = sequence + 1;
    }
    sum += sequence;
    count++;
  };
  while (!ended) {
    if (consumer.receive(use)) {
      if (count % 16 == 0) cbench_count(party, count);
    } else if (finished) {
      break;
    } else {
      // Once more after the last producer has finished: then what is empty stays empty.
      finished = cbench_all_finished(board, arguments.producers);
      if (!finished) wait();
    }
  }
  cbench_end(board, party, count, sum, errors);
}

template <class Queue>
void run_threads(const Arguments &arguments) {
  // At a real-time priority that spins, not even the referee would run again: the kernel ends it.
  alarm(60);
  auto queue = std::make_unique<Queue>(arguments);
  Board *board = cbench_board_map(nullptr);
  if (!board) fail("mmap");
  std::vector<std::thread> threads;
  const uint32_t deliveries = Queue::everyone ? arguments.consumers : 1;
  // Round robin over both CPUs, so that the first producer and the first consumer are apart.
  for (uint32_t i = 0; i < arguments.producers; i++)
    threads.emplace_back([&, i] {
      cbench_pin(int(i % 2));
      produce(*queue, board, arguments, i);
    });
  for (uint32_t i = 0; i < arguments.consumers; i++)
    threads.emplace_back([&, i] {
      cbench_pin(int((i + 1) % 2));
      consume(*queue, board, arguments, i);
    });
  cbench_result result = cbench_referee(board, arguments.producers, arguments.consumers, deliveries,
                                        arguments.warm_up, arguments.time);
  cbench_report_result(result);
  if (result.failed) _exit(3);
  for (auto &thread : threads) thread.join();
}

template <class Queue>
void run_party(const Arguments &arguments) {
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  Board *board = cbench_board_map(arguments.board().c_str());
  if (!board) fail("mmap");
  auto queue = std::make_unique<Queue>(arguments);
  cbench_report_ready();
  if (arguments.role == "produce") produce(*queue, board, arguments, arguments.index);
  else consume(*queue, board, arguments, arguments.index);
}

template <class Queue>
void run(const Arguments &arguments) {
  if (arguments.is_threads()) run_threads<Queue>(arguments);
  else run_party<Queue>(arguments);
}

}  // namespace contest
