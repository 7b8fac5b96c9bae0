// The C++ rings of ring.hpp between two processes. VARIANT: lazy, batch16, inband.
//
// With PEERS_RING it races the rings of that header instead: ring::IdxRing and ring::InbandRing over
// a ring::Shared, with claim, commit, peek and release. They get the same endpoint, so that only the
// rings differ.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "endpoint.hpp"
#include "ring.hpp"
#ifdef PEERS_RING
#include PEERS_RING
#endif

using namespace peers;

#ifdef PEERS_RING
template <class Base>
struct Adapted : Base {
  Adapted(RingMemory *memory, uint64_t capacity) : Base(memory, capacity, 0) {}
  unsigned char *reserve(uint64_t size) { return static_cast<unsigned char *>(this->claim(size)); }
  void send() { this->commit(); }
  void publish() {
    if constexpr (requires { this->flush(); }) this->flush();
  }
  const unsigned char *receive(uint64_t &size) {
    size_t found;
    const void *payload = this->peek(found);
    size = found;
    return static_cast<const unsigned char *>(payload);
  }
};
using Lazy = Adapted<ring::IdxRing<8, true, false>>;
using Batch16 = Adapted<ring::IdxRing<8, true, false, 16>>;
using Inband = Adapted<ring::InbandRing<8>>;
constexpr size_t memory_bytes = sizeof(ring::Shared);
#else
using Lazy = IndexRing<1>;
using Batch16 = IndexRing<16>;
using Inband = InbandRing;
constexpr size_t memory_bytes = sizeof(RingMemory);
#endif

/// Maps and touches a ring in shared memory. Whoever connects removes its name.
static RingMemory *map_ring(const std::string &name, uint64_t capacity, bool create) {
  std::string path = "/" + name;
  int file = shm_open(path.c_str(), create ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0600);
  if (file < 0) fail("shm_open");
  size_t bytes = memory_bytes + capacity;
  if (create && ftruncate(file, off_t(bytes)) != 0) fail("ftruncate");
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  close(file);
  if (!create) shm_unlink(path.c_str());
  return static_cast<RingMemory *>(memory);
}

template <class Ring>
class RingLink {
 public:
  explicit RingLink(const Arguments &arguments)
      : out_(map(arguments, !arguments.creates())), in_(map(arguments, arguments.creates())) {}

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    fill(reinterpret_cast<uint64_t *>(out_.reserve(size)), size / 8);
    out_.send();
  }

  template <class Use>
  void receive(Use use) {
    uint64_t size;
    const unsigned char *payload = in_.receive(size);
    use(reinterpret_cast<const uint64_t *>(payload), size / 8);
    in_.release();
  }

  void flush() { out_.publish(); }

 private:
  static Ring map(const Arguments &arguments, bool forward) {
    std::string name = arguments.name + (forward ? ".forward" : ".back");
    return Ring(map_ring(name, arguments.capacity, arguments.creates()), arguments.capacity);
  }

  Ring out_, in_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  if (arguments.variant == "lazy") run<RingLink<Lazy>>(arguments);
  else if (arguments.variant == "batch16") run<RingLink<Batch16>>(arguments);
  else if (arguments.variant == "inband") run<RingLink<Inband>>(arguments);
  else {
    fprintf(stderr, "no variant '%s'; there are lazy, batch16 and inband\n", argv[1]);
    return 2;
  }
}
