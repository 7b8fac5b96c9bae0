// A server's memory for each of many connections over which one message went there and back, and no more.
#pragma once

#include <deque>

#include "openssl.hpp"

namespace peers {

[[noreturn]] inline void keep_idle(const Arguments &arguments) {
  if (!cbench_many_descriptors()) fail("RLIMIT_NOFILE");
  SSL_CTX *context = make_context(arguments, true);
  const int listener = listen_at(arguments.name, 128);
  cbench_report_ready();
  std::deque<Session> sessions;
  auto keep = [&](uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
      if (!sessions.emplace_back(context, accept_at(listener), true).answer(arguments.size))
        fail_tls("no message came");
    return cbench_memory_bytes();
  };
  const uint64_t before = keep(arguments.warm_up), fresh = keep(arguments.count);
  cbench_sleep(cbench_idle_time);
  cbench_report_memory(arguments.count, before, fresh, cbench_memory_bytes());
  // All of them end at once: each by itself would wait for the other side.
  _exit(0);
}

/// Connects, and stays until the server leaves.
[[noreturn]] inline void be_idle(const Arguments &arguments) {
  if (!cbench_many_descriptors()) fail("RLIMIT_NOFILE");
  SSL_CTX *context = make_context(arguments, false);
  std::deque<Session> sessions;
  uint64_t errors = 0;
  for (uint64_t i = 0; i < arguments.warm_up + arguments.count; i++)
    errors += !sessions.emplace_back(context, connect_to(arguments.name), false).ask(arguments.size, i);
  char nothing;
  sessions.front().receive_all(&nothing, 1);
  cbench_report_share(1, 1, errors);
  _exit(0);
}

}  // namespace peers
