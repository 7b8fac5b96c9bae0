// In-process queues in the manner of rigtorp's: fixed slots, the best known designs of their kind.
//
//   SpscSlots   an array and two indices on cache lines of their own, each side keeping a copy of the
//               other's; the element is written and read in place
//   MpmcSlots   a slot carries the number of its turn: a party takes a ticket and waits for its turn
//               in the slot, so that parties meet at the ticket only
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace peers {

constexpr size_t line = 64;

template <class Element>
class SpscSlots {
 public:
  explicit SpscSlots(size_t capacity)
      : slots_(new Element[capacity + 1 + 2 * padding]()), count_(capacity + 1) {}

  template <class Fill>
  bool try_push(Fill fill) {
    const size_t at = write_.load(std::memory_order_relaxed);
    const size_t next = at + 1 == count_ ? 0 : at + 1;
    if (next == seen_read_) {
      // Acquire, with the release in try_pop: the slot is free.
      seen_read_ = read_.load(std::memory_order_acquire);
      if (next == seen_read_) return false;
    }
    fill(slots_[at + padding]);
    write_.store(next, std::memory_order_release);
    return true;
  }

  template <class Use>
  bool try_pop(Use use) {
    const size_t at = read_.load(std::memory_order_relaxed);
    if (at == seen_write_) {
      // Acquire, with the release in try_push: the slot is filled.
      seen_write_ = write_.load(std::memory_order_acquire);
      if (at == seen_write_) return false;
    }
    use(const_cast<const Element &>(slots_[at + padding]));
    read_.store(at + 1 == count_ ? 0 : at + 1, std::memory_order_release);
    return true;
  }

 private:
  static constexpr size_t padding = (line - 1) / sizeof(Element) + 1;
  std::unique_ptr<Element[]> slots_;
  const size_t count_;
  alignas(line) std::atomic<size_t> write_{0};
  alignas(line) size_t seen_read_ = 0;
  alignas(line) std::atomic<size_t> read_{0};
  alignas(line) size_t seen_write_ = 0;
};

template <class Element>
class MpmcSlots {
 public:
  /// `capacity` is a power of two, which spares both divisions.
  explicit MpmcSlots(size_t capacity)
      : slots_(new Slot[capacity + 1]), mask_(capacity - 1), shift_(__builtin_ctzll(capacity)) {}

  template <class Fill>
  bool try_push(Fill fill) {
    size_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      Slot &slot = slots_[index(head)];
      if (turn(head) * 2 == slot.turn.load(std::memory_order_acquire)) {
        if (!head_.compare_exchange_strong(head, head + 1)) continue;
        fill(slot.element);
        slot.turn.store(turn(head) * 2 + 1, std::memory_order_release);
        return true;
      }
      const size_t before = head;
      head = head_.load(std::memory_order_acquire);
      if (head == before) return false;
    }
  }

  template <class Use>
  bool try_pop(Use use) {
    size_t tail = tail_.load(std::memory_order_acquire);
    for (;;) {
      Slot &slot = slots_[index(tail)];
      if (turn(tail) * 2 + 1 == slot.turn.load(std::memory_order_acquire)) {
        if (!tail_.compare_exchange_strong(tail, tail + 1)) continue;
        use(const_cast<const Element &>(slot.element));
        slot.turn.store(turn(tail) * 2 + 2, std::memory_order_release);
        return true;
      }
      const size_t before = tail;
      tail = tail_.load(std::memory_order_acquire);
      if (tail == before) return false;
    }
  }

  /// Takes a ticket at once and waits for its turn.
  template <class Fill, class Wait>
  void push(Fill fill, Wait wait) {
    const size_t head = head_.fetch_add(1);
    Slot &slot = slots_[index(head)];
    while (turn(head) * 2 != slot.turn.load(std::memory_order_acquire)) wait();
    fill(slot.element);
    slot.turn.store(turn(head) * 2 + 1, std::memory_order_release);
  }

  template <class Use, class Wait>
  void pop(Use use, Wait wait) {
    const size_t tail = tail_.fetch_add(1);
    Slot &slot = slots_[index(tail)];
    while (turn(tail) * 2 + 1 != slot.turn.load(std::memory_order_acquire)) wait();
    use(const_cast<const Element &>(slot.element));
    slot.turn.store(turn(tail) * 2 + 2, std::memory_order_release);
  }

 private:
  struct alignas(line) Slot {
    std::atomic<size_t> turn{0};
    Element element;
  };

  size_t index(size_t ticket) const { return ticket & mask_; }
  size_t turn(size_t ticket) const { return ticket >> shift_; }

  std::unique_ptr<Slot[]> slots_;
  const size_t mask_;
  const int shift_;
  alignas(line) std::atomic<size_t> head_{0};
  alignas(line) std::atomic<size_t> tail_{0};
};

}  // namespace peers
