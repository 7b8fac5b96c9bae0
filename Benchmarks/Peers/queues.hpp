// Queues between threads behind the interface of a contest: those whose ends own nothing.
#pragma once

#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <readerwriterqueue/readerwriterqueue.h>

#include "contest.hpp"
#include "element.hpp"
#include "slots.hpp"

namespace contest {

/// For queues whose ends need nothing of their own: `Try` has `push(fill)` and `pop(use)`.
template <class Try>
struct Shared {
  static constexpr bool blocks = false, everyone = false;
  Try queue;
  explicit Shared(const Arguments &arguments) : queue(arguments.capacity / bytes) {}

  struct Producer {
    Try &queue;
    Producer(Shared &shared, uint32_t) : queue(shared.queue) {}
    template <class Fill>
    bool send(Fill fill) { return queue.push(fill); }
    bool flush() { return true; }
  };
  struct Consumer {
    Try &queue;
    Consumer(Shared &shared, uint32_t) : queue(shared.queue) {}
    template <class Use>
    bool receive(Use use) { return queue.pop(use); }
  };
};

struct BoostSpsc {
  boost::lockfree::spsc_queue<Element> queue;
  explicit BoostSpsc(size_t count) : queue(count) {}
  template <class Fill>
  bool push(Fill fill) {
    // The element is made only where there is room, or a full queue costs twice.
    if (queue.write_available() == 0) return false;
    Element element;
    fill(element.words);
    return queue.push(element);
  }
  template <class Use>
  bool pop(Use use) {
    return queue.consume_one([&](const Element &element) { use(element.words); });
  }
};

struct BoostQueue {
  boost::lockfree::queue<Element> queue;
  explicit BoostQueue(size_t count) : queue(count) {}
  template <class Fill>
  bool push(Fill fill) {
    Element element;
    fill(element.words);
    return queue.bounded_push(element);
  }
  template <class Use>
  bool pop(Use use) {
    return queue.consume_one([&](const Element &element) { use(element.words); });
  }
};

struct ReaderWriter {
  moodycamel::ReaderWriterQueue<Element> queue;
  explicit ReaderWriter(size_t count) : queue(count) {}
  template <class Fill>
  bool push(Fill fill) {
    Element element;
    fill(element.words);
    return queue.try_enqueue(element);
  }
  template <class Use>
  bool pop(Use use) {
    Element *element = queue.peek();
    if (!element) return false;
    use(element->words);
    queue.pop();
    return true;
  }
};

struct Spsc {
  peers::SpscSlots<Element> queue;
  explicit Spsc(size_t count) : queue(count) {}
  template <class Fill>
  bool push(Fill fill) {
    return queue.try_push([&](Element &element) { fill(element.words); });
  }
  template <class Use>
  bool pop(Use use) {
    return queue.try_pop([&](const Element &element) { use(element.words); });
  }
};

struct Mpmc {
  peers::MpmcSlots<Element> queue;
  explicit Mpmc(size_t count) : queue(count) {}
  template <class Fill>
  bool push(Fill fill) {
    return queue.try_push([&](Element &element) { fill(element.words); });
  }
  template <class Use>
  bool pop(Use use) {
    return queue.try_pop([&](const Element &element) { use(element.words); });
  }
};

/// The same slots, where a party takes its ticket first and then waits.
struct MpmcTickets {
  static constexpr bool blocks = true, everyone = false;
  peers::MpmcSlots<Element> queue;
  const Waiter wait;
  explicit MpmcTickets(const Arguments &arguments)
      : queue(arguments.capacity / bytes), wait{arguments.is_crowded()} {}

  struct Producer {
    MpmcTickets &shared;
    Producer(MpmcTickets &shared, uint32_t) : shared(shared) {}
    template <class Fill>
    bool send(Fill fill) {
      shared.queue.push([&](Element &element) { fill(element.words); }, shared.wait);
      return true;
    }
    bool flush() { return true; }
  };
  struct Consumer {
    MpmcTickets &shared;
    Consumer(MpmcTickets &shared, uint32_t) : shared(shared) {}
    template <class Use>
    bool receive(Use use) {
      shared.queue.pop([&](const Element &element) { use(element.words); }, shared.wait);
      return true;
    }
  };
};

}  // namespace contest
