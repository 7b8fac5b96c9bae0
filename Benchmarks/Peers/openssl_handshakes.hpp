// Connections one after the other, by several threads on either side that share a CPU: a handshake, one
// message there and back, the end. With the role `redial` each but a thread's first resumes the one before.
#pragma once

#include <atomic>
#include <thread>

#include "openssl.hpp"

namespace peers {

/// As many as Psyne's client has.
constexpr int handshake_threads = 4;

inline void accept_handshakes(const Arguments &arguments) {
  SSL_CTX *context = make_context(arguments, true);
  const int listener = listen_at(arguments.name, 128);
  cbench_report_ready();
  std::atomic<uint64_t> left{arguments.warm_up + arguments.count};
  std::atomic<bool> is_over{false};
  const uint64_t start = cbench_now(), cpu = cbench_cpu_time();
  std::vector<std::thread> threads;
  for (int i = 0; i < handshake_threads; i++)
    threads.emplace_back([&] {
      while (true) {
        const int file = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (file < 0 && is_over) return;
        if (file < 0) fail("accept");
        Session session(context, without_delay(file), true);
        if (!session.answer(arguments.size)) fail_tls("no message came");
        // The client closes first.
        char nothing;
        session.receive_all(&nothing, 1);
        if (--left == 0) {
          is_over = true;
          // Wakes the others.
          shutdown(listener, SHUT_RDWR);
        }
      }
    });
  for (auto &thread : threads) thread.join();
  cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, 0);
}

inline void dial_handshakes(const Arguments &arguments) {
  SSL_CTX *context = make_context(arguments, false);
  const bool resumes = arguments.role == "redial";
  const uint64_t end = arguments.warm_up + arguments.count;
  std::atomic<uint64_t> next{0}, done{0}, errors{0}, start{cbench_now()}, cpu{cbench_cpu_time()};
  std::vector<std::thread> threads;
  for (int i = 0; i < handshake_threads; i++)
    threads.emplace_back([&] {
      SSL_SESSION *earlier = nullptr;
      for (uint64_t turn = next++; turn < end; turn = next++) {
        Session session(context, connect_to(arguments.name), false, earlier);
        if (earlier && !SSL_session_reused(session.ssl())) errors++;
        if (!session.ask(arguments.size, turn)) errors++;
        if (resumes) {
          SSL_SESSION_free(earlier);
          // What came before the answer: the server's tickets.
          earlier = SSL_get1_session(session.ssl());
        }
        if (++done == arguments.warm_up) {
          start = cbench_now();
          cpu = cbench_cpu_time();
        }
      }
      SSL_SESSION_free(earlier);
    });
  for (auto &thread : threads) thread.join();
  cbench_report_rate(arguments.count, cbench_now() - start, cbench_cpu_time() - cpu, errors);
}

}  // namespace peers
