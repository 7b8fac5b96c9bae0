// Queues between threads. VARIANT: boost-spsc, boost-queue, reader-writer, moody, moody-tokens,
// moody-bulk, slots-spsc, slots-mpmc, slots-tickets.
#include "moody.hpp"
#include "queues.hpp"

using namespace contest;

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (arguments.variant == "boost-spsc") run<Shared<BoostSpsc>>(arguments);
  else if (arguments.variant == "boost-queue") run<Shared<BoostQueue>>(arguments);
  else if (arguments.variant == "reader-writer") run<Shared<ReaderWriter>>(arguments);
  else if (arguments.variant == "moody") run_moody<Moody::plain>(arguments);
  else if (arguments.variant == "moody-tokens") run_moody<Moody::tokens>(arguments);
  else if (arguments.variant == "moody-bulk") run_moody<Moody::bulk>(arguments);
  else if (arguments.variant == "slots-spsc") run<Shared<Spsc>>(arguments);
  else if (arguments.variant == "slots-mpmc") run<Shared<Mpmc>>(arguments);
  else if (arguments.variant == "slots-tickets") run<MpmcTickets>(arguments);
  else {
    fprintf(stderr, "no variant '%s'\n", argv[1]);
    return 2;
  }
}
