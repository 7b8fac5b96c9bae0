// Round trips over iceoryx. VARIANT: poll.
#include "endpoint.hpp"
#include "iceoryx.hpp"

using namespace peers;

/// The runtime comes before the publisher and the subscriber.
struct Runtime {
  explicit Runtime(const Arguments &arguments) {
    start_iceoryx(arguments.name + "." + arguments.role);
  }
};

class IceoryxLink : Runtime {
 public:
  explicit IceoryxLink(const Arguments &arguments)
      : Runtime(arguments),
        out_(arguments.name + (arguments.creates() ? ".back" : ".forward")),
        in_(arguments.name + (arguments.creates() ? ".forward" : ".back")) {
    if (!arguments.creates()) await();
  }

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    await();
    while (!out_.send(size, [&](uint64_t *payload) { fill(payload, size / 8); })) cbench_pause();
  }

  template <class Use>
  void receive(Use use) {
    auto words = [&](const uint64_t *payload, size_t size) { use(payload, size / 8); };
    while (!in_.receive(words)) cbench_pause();
  }

  void flush() {}

 private:
  /// Once: what is published before a subscriber is there is lost.
  void await() {
    while (!connected_ && !(connected_ = out_.has_subscribers() && in_.is_subscribed()))
      cbench_sleep(1000000);
  }

  Publisher out_;
  Subscriber in_;
  bool connected_ = false;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<IceoryxLink>(arguments);
}
