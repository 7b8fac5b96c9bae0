// iceoryx in a contest between processes. Its subscribers each receive every message. VARIANT: poll.
#include "contest.hpp"
#include "iceoryx.hpp"

using namespace contest;

struct Iceoryx {
  static constexpr bool blocks = false, everyone = true;
  std::string channel;

  explicit Iceoryx(const Arguments &arguments) : channel(arguments.name) {
    peers::start_iceoryx(channel + "." + arguments.role + std::to_string(arguments.index));
  }

  /// Publishers and subscribers find each other in their own time: a publisher greets until every
  /// subscriber has heard it.
  struct Producer {
    peers::Publisher publisher;
    const uint32_t index;
    Producer(Iceoryx &shared, uint32_t index) : publisher(shared.channel), index(index) {}

    void meet(Board &board, const Arguments &arguments) {
      for (uint32_t heard = 0; heard < arguments.consumers;) {
        publisher.send(bytes, [&](uint64_t *payload) {
          payload[0] = last_message;
          payload[1] = index;
        });
        cbench_sleep(2000000);
        for (heard = 0; heard < arguments.consumers; heard++)
          if (!cbench_has_heard(&board, heard, index)) break;
      }
    }

    template <class Fill>
    bool send(Fill fill) { return publisher.send(bytes, fill); }
    bool flush() { return true; }
  };

  struct Consumer {
    peers::Subscriber subscriber;
    const uint32_t index;
    Consumer(Iceoryx &shared, uint32_t index) : subscriber(shared.channel), index(index) {}

    void meet(Board &board, const Arguments &arguments) {
      for (uint64_t heard = 0; heard != (uint64_t(1) << arguments.producers) - 1;) {
        bool found = subscriber.receive([&](const uint64_t *payload, size_t) {
          cbench_hear(&board, index, uint32_t(payload[1]));
          heard |= uint64_t(1) << payload[1];
        });
        if (!found) cbench_sleep(500000);
      }
    }

    template <class Use>
    bool receive(Use use) {
      return subscriber.receive([&](const uint64_t *payload, size_t) {
        if (payload[0] != last_message) use(payload);
      });
    }
  };
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  run<Iceoryx>(arguments);
}
