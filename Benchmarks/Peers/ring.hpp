// The rings a C++ programmer writes by hand when speed is all that counts: one producer, one
// consumer, frames of any length (8-byte header, payload, padding to 8), filled and read in place,
// busy waiting, no checks, no sleeping.
//
//   IndexRing<1>   a tail and a head on cache lines of their own, each side keeping a copy of the
//                  other's; the consumer publishes its head lazily ("lazy")
//   IndexRing<16>  the same, its producer publishing once for 16 messages ("batch16")
//   InbandRing     no shared tail: a frame's header is its commit word, so that the consumer polls
//                  the cache line that brings the message ("inband")
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cbench.h"

namespace peers {

constexpr size_t header_bytes = 8;
/// In a header's length: skip to the start of the ring.
constexpr uint64_t wrap_mark = uint64_t(1) << 63;

/// What lies in shared memory.
struct RingMemory {
  alignas(128) std::atomic<uint64_t> tail;
  alignas(128) std::atomic<uint64_t> head;
  alignas(128) unsigned char data[];
};

inline uint64_t frame_bytes(uint64_t payload) { return (payload + header_bytes + 7) & ~uint64_t(7); }

/// Frames are contiguous: one that does not fit before the end begins at the start.
inline uint64_t skipped_before(uint64_t position, uint64_t frame, uint64_t capacity) {
  uint64_t rest = capacity - (position & (capacity - 1));
  return rest < frame ? rest : 0;
}

template <int messages_per_publication>
class IndexRing {
 public:
  IndexRing(RingMemory *memory, uint64_t capacity)
      : memory_(memory), data_(memory->data), capacity_(capacity), mask_(capacity - 1) {}

  unsigned char *reserve(uint64_t payload) {
    uint64_t frame = frame_bytes(payload), skip = skipped_before(tail_, frame, capacity_);
    if (tail_ + skip + frame - seen_head_ > capacity_) await_room(skip + frame);
    if (__builtin_expect(skip != 0, 0)) {
      *word(tail_) = wrap_mark | skip;
      tail_ += skip;
    }
    *word(tail_) = payload;
    next_tail_ = tail_ + frame;
    return data_ + (tail_ & mask_) + header_bytes;
  }

  void send() {
    tail_ = next_tail_;
    if (messages_per_publication > 1 && ++unpublished_ < messages_per_publication) return;
    publish();
  }

  void publish() {
    unpublished_ = 0;
    memory_->tail.store(tail_, std::memory_order_release);
  }

  const unsigned char *receive(uint64_t &payload) {
    for (;;) {
      if (head_ == seen_tail_) await_messages();
      uint64_t header = *word(head_);
      if (__builtin_expect((header & wrap_mark) != 0, 0)) {
        head_ += header & ~wrap_mark;
        continue;
      }
      payload = header;
      next_head_ = head_ + frame_bytes(header);
      return data_ + (head_ & mask_) + header_bytes;
    }
  }

  void release() {
    head_ = next_head_;
    if (head_ - published_head_ >= capacity_ / 8) publish_head();
  }

 private:
  uint64_t *word(uint64_t position) { return reinterpret_cast<uint64_t *>(data_ + (position & mask_)); }

  void publish_head() {
    published_head_ = head_;
    memory_->head.store(head_, std::memory_order_release);
  }

  __attribute__((noinline)) void await_room(uint64_t bytes) {
    if (messages_per_publication > 1) publish();
    for (;;) {
      seen_head_ = memory_->head.load(std::memory_order_acquire);
      if (tail_ + bytes - seen_head_ <= capacity_) return;
      cbench_pause();
    }
  }

  __attribute__((noinline)) void await_messages() {
    if (published_head_ != head_) publish_head();
    for (;;) {
      seen_tail_ = memory_->tail.load(std::memory_order_acquire);
      if (head_ != seen_tail_) return;
      cbench_pause();
    }
  }

  RingMemory *memory_;
  unsigned char *data_;
  uint64_t capacity_, mask_;
  // The producer's.
  alignas(128) uint64_t tail_ = 0;
  uint64_t next_tail_ = 0, seen_head_ = 0;
  int unpublished_ = 0;
  // The consumer's.
  alignas(128) uint64_t head_ = 0;
  uint64_t next_head_ = 0, seen_tail_ = 0, published_head_ = 0;
};

class InbandRing {
 public:
  InbandRing(RingMemory *memory, uint64_t capacity)
      : memory_(memory), data_(memory->data), capacity_(capacity), mask_(capacity - 1) {}

  unsigned char *reserve(uint64_t payload) {
    uint64_t frame = frame_bytes(payload), skip = skipped_before(tail_, frame, capacity_);
    // One header more: the commit word of the next frame is cleared before this one is committed.
    uint64_t needed = skip + frame + header_bytes;
    if (tail_ + needed - seen_head_ > capacity_) await_room(needed);
    if (__builtin_expect(skip != 0, 0)) {
      word(0)->store(0, std::memory_order_relaxed);
      word(tail_)->store(wrap_mark | skip, std::memory_order_release);
      tail_ += skip;
    }
    payload_ = payload;
    next_tail_ = tail_ + frame;
    return data_ + (tail_ & mask_) + header_bytes;
  }

  void send() {
    word(next_tail_)->store(0, std::memory_order_relaxed);
    word(tail_)->store(payload_ + 1, std::memory_order_release);
    tail_ = next_tail_;
  }

  void publish() {}

  const unsigned char *receive(uint64_t &payload) {
    for (;;) {
      std::atomic<uint64_t> *commit = word(head_);
      uint64_t header = commit->load(std::memory_order_acquire);
      if (header == 0) header = await_commit(commit);
      if (__builtin_expect((header & wrap_mark) != 0, 0)) {
        head_ += header & ~wrap_mark;
        continue;
      }
      payload = header - 1;
      next_head_ = head_ + frame_bytes(payload);
      return data_ + (head_ & mask_) + header_bytes;
    }
  }

  void release() {
    head_ = next_head_;
    if (head_ - published_head_ >= capacity_ / 8) publish_head();
  }

 private:
  std::atomic<uint64_t> *word(uint64_t position) {
    return reinterpret_cast<std::atomic<uint64_t> *>(data_ + (position & mask_));
  }

  void publish_head() {
    published_head_ = head_;
    memory_->head.store(head_, std::memory_order_release);
  }

  __attribute__((noinline)) void await_room(uint64_t bytes) {
    for (;;) {
      seen_head_ = memory_->head.load(std::memory_order_acquire);
      if (tail_ + bytes - seen_head_ <= capacity_) return;
      cbench_pause();
    }
  }

  __attribute__((noinline)) uint64_t await_commit(std::atomic<uint64_t> *commit) {
    if (published_head_ != head_) publish_head();
    for (;;) {
      cbench_pause();
      uint64_t header = commit->load(std::memory_order_acquire);
      if (header != 0) return header;
    }
  }

  RingMemory *memory_;
  unsigned char *data_;
  uint64_t capacity_, mask_;
  alignas(128) uint64_t tail_ = 0;
  uint64_t next_tail_ = 0, seen_head_ = 0, payload_ = 0;
  alignas(128) uint64_t head_ = 0;
  uint64_t next_head_ = 0, published_head_ = 0;
};

}  // namespace peers
