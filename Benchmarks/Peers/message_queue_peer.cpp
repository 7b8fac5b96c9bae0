// Boost.Interprocess message_queue in a contest between processes: it copies, under a mutex and
// condition variables in shared memory. VARIANT: block (send, receive) or try (try_send, try_receive).
#include <boost/interprocess/ipc/message_queue.hpp>

#include "contest.hpp"

using namespace contest;
namespace interprocess = boost::interprocess;

template <bool waits>
struct MessageQueue {
  static constexpr bool blocks = waits, everyone = false;
  std::unique_ptr<interprocess::message_queue> queue;

  /// The first consumer is started first, and creates it. The runner removes it.
  explicit MessageQueue(const Arguments &arguments) {
    const char *name = arguments.name.c_str();
    if (arguments.role == "consume" && arguments.index == 0)
      queue = std::make_unique<interprocess::message_queue>(interprocess::create_only, name,
                                                            arguments.capacity / bytes, bytes);
    else
      queue = std::make_unique<interprocess::message_queue>(interprocess::open_only, name);
  }

  struct Producer {
    interprocess::message_queue &queue;
    Producer(MessageQueue &shared, uint32_t) : queue(*shared.queue) {}
    template <class Fill>
    bool send(Fill fill) {
      uint64_t payload[words];
      fill(payload);
      if constexpr (!waits) return queue.try_send(payload, bytes, 0);
      queue.send(payload, bytes, 0);
      return true;
    }
    bool flush() { return true; }
  };

  struct Consumer {
    interprocess::message_queue &queue;
    Consumer(MessageQueue &shared, uint32_t) : queue(*shared.queue) {}
    template <class Use>
    bool receive(Use use) {
      uint64_t payload[words];
      interprocess::message_queue::size_type size;
      unsigned priority;
      if constexpr (waits) queue.receive(payload, bytes, size, priority);
      else if (!queue.try_receive(payload, bytes, size, priority)) return false;
      use(payload);
      return true;
    }
  };
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (arguments.variant == "block") run<MessageQueue<true>>(arguments);
  else run<MessageQueue<false>>(arguments);
}
