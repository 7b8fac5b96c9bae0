// The least a round trip between two sleeping processes can cost: a word and a futex each way, and
// nothing else. ROLE: ping or echo. VARIANT: parked, where ping waits a while before each round trip, or
// park, where it does not.
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "endpoint.hpp"

using namespace peers;

struct Words {
  alignas(128) std::atomic<uint32_t> forward;
  alignas(128) std::atomic<uint32_t> back;
};

static void signal_to(std::atomic<uint32_t> &word, uint32_t value) {
  word.store(value, std::memory_order_seq_cst);
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

static void await(std::atomic<uint32_t> &word, uint32_t value) {
  for (uint32_t found; (found = word.load(std::memory_order_seq_cst)) != value;)
    syscall(SYS_futex, &word, FUTEX_WAIT, found, nullptr, nullptr, 0);
}

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  std::string path = "/" + arguments.name + ".forward";
  bool creates = arguments.creates();
  int file = shm_open(path.c_str(), creates ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0600);
  if (file < 0) fail("shm_open");
  if (creates && ftruncate(file, sizeof(Words)) != 0) fail("ftruncate");
  void *memory = mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  if (!creates) shm_unlink(path.c_str());
  Words &words = *static_cast<Words *>(memory);
  uint32_t end = uint32_t(arguments.warm_up + arguments.count);
  uint64_t start = cbench_now(), cpu = cbench_cpu_time();
  if (creates) {
    cbench_report_ready();
    for (uint32_t i = 1; i <= end; i++) {
      await(words.forward, i);
      signal_to(words.back, i);
    }
    cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, 0);
    return 0;
  }
  const bool idles = arguments.variant == "parked";
  std::vector<uint32_t> trips;
  for (uint32_t i = 1; i <= end; i++) {
    if (idles) cbench_sleep(200000);
    uint64_t before = cbench_ticks();
    signal_to(words.forward, i);
    await(words.back, i);
    uint64_t ticks = cbench_ticks() - before;
    if (i > arguments.warm_up) trips.push_back(uint32_t(ticks));
  }
  cbench_report_trips(trips.data(), trips.size(), cbench_now() - start, cbench_cpu_time() - cpu, 0);
}
