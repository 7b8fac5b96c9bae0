// moodycamel::ConcurrentQueue behind the interface of a contest: with a token for each end and
// without, and with 16 at once.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <type_traits>

#include "batches.hpp"
#include "element.hpp"

namespace contest {

enum class Moody { plain, tokens, bulk };

template <Moody way, size_t limit>
struct MoodyQueue {
  static constexpr bool blocks = false, everyone = false;
  /// A bound for each producer. Without it the first one takes every block, and keeps it.
  struct Bounded : moodycamel::ConcurrentQueueDefaultTraits {
    static const size_t MAX_SUBQUEUE_SIZE = limit;
  };
  using Queue = moodycamel::ConcurrentQueue<Element, Bounded>;
  /// A token that nobody uses would still count as a producer to look at.
  struct None {
    explicit None(Queue &) {}
  };
  template <class Wanted>
  using Token = std::conditional_t<way == Moody::plain, None, Wanted>;

  Queue queue;
  explicit MoodyQueue(const Arguments &arguments)
      : queue(arguments.producers * limit, way == Moody::plain ? 0 : arguments.producers,
              way == Moody::plain ? arguments.producers : 0) {}

  struct Producer {
    Queue &queue;
    Token<moodycamel::ProducerToken> token;
    OutgoingBatch<Element, 16> batch;
    Producer(MoodyQueue &shared, uint32_t) : queue(shared.queue), token(shared.queue) {}
    template <class Fill>
    bool send(Fill fill) {
      if constexpr (way == Moody::bulk) {
        return batch.send(fill, pusher());
      } else {
        Element element;
        fill(element.words);
        if constexpr (way == Moody::tokens) return queue.enqueue(token, element);
        else return queue.enqueue(element);
      }
    }
    bool flush() {
      if constexpr (way == Moody::bulk) return batch.flush(pusher());
      else return true;
    }
    auto pusher() {
      return [this](const Element *elements, size_t count) {
        return queue.enqueue_bulk(token, elements, count);
      };
    }
  };
  struct Consumer {
    Queue &queue;
    Token<moodycamel::ConsumerToken> token;
    IncomingBatch<Element, 16> batch;
    Consumer(MoodyQueue &shared, uint32_t) : queue(shared.queue), token(shared.queue) {}
    template <class Use>
    bool receive(Use use) {
      if constexpr (way == Moody::bulk) {
        return batch.receive(use, [this](Element *elements, size_t count) {
          return queue.try_dequeue_bulk(token, elements, count);
        });
      } else {
        Element element;
        bool found;
        if constexpr (way == Moody::tokens) found = queue.try_dequeue(token, element);
        else found = queue.try_dequeue(element);
        if (found) use(element.words);
        return found;
      }
    }
  };
};

/// Its bound is a constant of the program: the greatest that `capacity` allows.
template <Moody way>
void run_moody(const Arguments &arguments) {
  if (arguments.capacity >= 65536 * bytes) run<MoodyQueue<way, 65536>>(arguments);
  else run<MoodyQueue<way, 1024>>(arguments);
}

}  // namespace contest
