// Sends and receives several elements at once through a queue that offers that, behind the interface
// of a contest, which sends and receives one at a time.
#pragma once

#include <array>
#include <cstddef>

namespace contest {

template <class Element, size_t size>
class OutgoingBatch {
 public:
  /// `push(elements, count)` is all or nothing. False when the batch is full and cannot be pushed.
  template <class Fill, class Push>
  bool send(Fill fill, Push push) {
    if (count_ == size && !flush(push)) return false;
    fill(elements_[count_++].words);
    if (count_ == size) flush(push);
    return true;
  }

  template <class Push>
  bool flush(Push push) {
    if (count_ > 0 && push(elements_.data(), count_)) count_ = 0;
    return count_ == 0;
  }

 private:
  std::array<Element, size> elements_;
  size_t count_ = 0;
};

template <class Element, size_t size>
class IncomingBatch {
 public:
  /// `pop(elements, size)` returns how many it took.
  template <class Use, class Pop>
  bool receive(Use use, Pop pop) {
    if (next_ == count_) {
      count_ = pop(elements_.data(), size);
      next_ = 0;
      if (count_ == 0) return false;
    }
    use(elements_[next_++].words);
    return true;
  }

 private:
  std::array<Element, size> elements_;
  size_t next_ = 0, count_ = 0;
};

}  // namespace contest
