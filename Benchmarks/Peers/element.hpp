// What the queues between threads hold.
#pragma once

#include "contest.hpp"

namespace contest {

struct alignas(bytes) Element {
  uint64_t words[contest::words];
};

}  // namespace contest
