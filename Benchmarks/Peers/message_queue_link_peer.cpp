// Round trips over Boost.Interprocess message_queue. VARIANT: block, try, or parked, which blocks after
// an idle time.
#include <boost/interprocess/ipc/message_queue.hpp>

#include "endpoint.hpp"

using namespace peers;
namespace interprocess = boost::interprocess;

class QueueLink {
 public:
  explicit QueueLink(const Arguments &arguments)
      : waits_(arguments.variant != "try"), payload_(arguments.size / 8),
        out_(open(arguments, arguments.creates() ? ".back" : ".forward")),
        in_(open(arguments, arguments.creates() ? ".forward" : ".back")) {}

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    fill(payload_.data(), size / 8);
    if (waits_) return out_.send(payload_.data(), size, 0);
    while (!out_.try_send(payload_.data(), size, 0)) cbench_pause();
  }

  template <class Use>
  void receive(Use use) {
    interprocess::message_queue::size_type size = 0;
    unsigned priority;
    const size_t room = payload_.size() * 8;
    if (waits_) in_.receive(payload_.data(), room, size, priority);
    else
      while (!in_.try_receive(payload_.data(), room, size, priority)) cbench_pause();
    use(payload_.data(), size / 8);
  }

  void flush() {}

 private:
  static interprocess::message_queue open(const Arguments &arguments, const char *direction) {
    std::string name = arguments.name + direction;
    if (!arguments.creates())
      return interprocess::message_queue(interprocess::open_only, name.c_str());
    return interprocess::message_queue(interprocess::create_only, name.c_str(), 16, arguments.size);
  }

  const bool waits_;
  std::vector<uint64_t> payload_;
  interprocess::message_queue out_, in_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<QueueLink>(arguments);
}
