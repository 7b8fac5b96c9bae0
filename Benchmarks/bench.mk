# `make bench`: Psyne against C++ rings, queues between threads, and message queues between processes.
# `make bench-kinds`: the part with several producers or consumers, and with sides that sleep.
# `make bench-tcp`: Psyne over TCP against ZeroMQ, NNG, nanomsg and plain sockets, on the loopback interface.
# `make bench-tls`: Psyne over TLS against NNG, ZeroMQ's CURVE, OpenSSL on plain sockets, and stunnel.
# Included by the Makefile at the root; `make -f Benchmarks/bench.mk bench` does the same.
#
#   BENCH_QUICK=1      a look in a minute
#   BENCH_REPS, BENCH_MS, BENCH_SIZES, BENCH_ONLY, BENCH_KINDS, BENCH_CORES,
#   BENCH_SHAPES, BENCH_PLACES: see psyne-bench --help
#   PEERS=FOLDER       also race the rings of FOLDER/ring.hpp (see Peers/ring_peer.cpp)
BENCH_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
BENCH_PEERS := $(BENCH_DIR).build-peers
BENCH_TARGETS := baseline native
BENCH_COMPILERS := g++ clang++
BENCH_CXXFLAGS := -std=c++20 -O3 -Wall -Wextra -I$(BENCH_DIR)Sources/CBench/include
BENCH_FLAGS_baseline :=
BENCH_FLAGS_native := -march=native
BENCH_PACKAGES := g++ libzmq3-dev libboost-dev libconcurrentqueue-dev libreaderwriterqueue-dev \
  libiceoryx-posh-dev iceoryx
BENCH_SWIFT := swift build -c release --package-path $(BENCH_DIR)

BENCH_RINGS := $(foreach c,$(BENCH_COMPILERS),$(foreach t,$(BENCH_TARGETS),$(BENCH_PEERS)/ring-$(c)-$(t)))
BENCH_SHARED := $(foreach c,$(BENCH_COMPILERS),$(foreach t,$(BENCH_TARGETS),$(BENCH_PEERS)/shared-$(c)-$(t)))
BENCH_QUEUES := $(foreach c,$(BENCH_COMPILERS),$(BENCH_PEERS)/queues-$(c))
BENCH_OBJECTS := $(BENCH_PEERS)/cbench.o $(BENCH_PEERS)/contest.o
# Without iceoryx the others still race.
BENCH_ICEORYX := $(lastword $(wildcard /usr/include/iceoryx/v2* /usr/local/include/iceoryx/v2*))
BENCH_HEADERS := $(wildcard $(BENCH_DIR)Peers/*.hpp $(BENCH_DIR)Sources/CBench/include/*.h)

# What the measures over TCP need beside those.
BENCH_TCP_PACKAGES := g++ libzmq3-dev libnng-dev libnanomsg-dev
BENCH_TCP_PEERS := $(addprefix $(BENCH_PEERS)/,zeromq nng nanomsg sockets)
# And those over TLS: `openssl` makes the certificates.
BENCH_TLS_PACKAGES := g++ libzmq3-dev libnng-dev libssl-dev openssl stunnel4
BENCH_TLS_PEERS := $(addprefix $(BENCH_PEERS)/,zeromq nng sockets openssl)
BENCH_CERTIFICATES := $(BENCH_PEERS)/certificates

.PHONY: bench bench-kinds bench-tcp bench-packages bench-swift bench-peers bench-shared bench-tcp-packages \
  bench-tcp-peers bench-tls bench-tls-packages bench-tls-peers bench-swift-baseline

bench: bench-packages
	@$(MAKE) --no-print-directory -f $(BENCH_DIR)bench.mk bench-peers bench-shared bench-swift
	@$(BENCH_DIR).build/release/psyne-bench --peers $(BENCH_PEERS) \
	  --endpoint $(BENCH_DIR).build/release/psyne-endpoint \
	  --native-endpoint $(BENCH_DIR).build-native/release/psyne-endpoint \
	  --roudi $(BENCH_DIR)Peers/roudi.toml

bench-kinds:
	@$(MAKE) --no-print-directory -f $(BENCH_DIR)bench.mk bench \
	  BENCH_KINDS="$${BENCH_KINDS:-parked-round-trip parked-ping-pong contest}"

# One endpoint is enough: what an instruction set gains is measured above.
bench-tcp: bench-tcp-packages
	@$(MAKE) --no-print-directory -f $(BENCH_DIR)bench.mk bench-tcp-peers bench-swift-baseline
	@BENCH_KINDS="$${BENCH_KINDS:-tcp-one-way tcp-round-trip tcp-steady-rate tcp-100-connections}" \
	  $(BENCH_DIR).build/release/psyne-bench --peers $(BENCH_PEERS) \
	  --endpoint $(BENCH_DIR).build/release/psyne-endpoint

bench-tcp-packages:
	@if [ -x $(BENCH_DIR)../scripts/setup.sh ]; then $(BENCH_DIR)../scripts/setup.sh $(BENCH_TCP_PACKAGES); fi

bench-tls: bench-tls-packages
	@$(MAKE) --no-print-directory -f $(BENCH_DIR)bench.mk bench-tls-peers bench-swift-baseline
	@$(BENCH_DIR)certificates.sh $(BENCH_CERTIFICATES)
	@BENCH_KINDS="$${BENCH_KINDS:-tls-one-way tls-round-trip tls-handshakes tls-resumed-handshakes tls-idle-memory}" \
	  $(BENCH_DIR).build/release/psyne-bench --peers $(BENCH_PEERS) --certificates $(BENCH_CERTIFICATES) \
	  --endpoint $(BENCH_DIR).build/release/psyne-endpoint

bench-tls-packages:
	@if [ -x $(BENCH_DIR)../scripts/setup.sh ]; then $(BENCH_DIR)../scripts/setup.sh $(BENCH_TLS_PACKAGES); fi

bench-swift-baseline:
	$(BENCH_SWIFT) --product psyne-bench
	$(BENCH_SWIFT) --product psyne-endpoint

bench-tcp-peers: $(BENCH_TCP_PEERS)

bench-tls-peers: $(BENCH_TLS_PEERS)

bench-packages:
	@if [ -x $(BENCH_DIR)../scripts/setup.sh ]; then $(BENCH_DIR)../scripts/setup.sh $(BENCH_PACKAGES); fi

bench-swift: bench-swift-baseline
	$(BENCH_SWIFT) --product psyne-endpoint --scratch-path $(BENCH_DIR).build-native -Xcc -march=native

bench-peers: $(BENCH_RINGS) $(BENCH_QUEUES) $(addprefix $(BENCH_PEERS)/,zeromq futex message-queue \
  message-queue-link $(if $(BENCH_ICEORYX),iceoryx iceoryx-link))

# Without PEERS none of them may stay behind from an earlier run.
ifdef PEERS
bench-shared: $(BENCH_SHARED)
else
bench-shared:
	@rm -f $(BENCH_SHARED)
endif

$(BENCH_OBJECTS): $(BENCH_PEERS)/%.o: $(BENCH_DIR)Sources/CBench/%.c $(BENCH_HEADERS)
	@mkdir -p $(BENCH_PEERS)
	$(CC) -O3 -Wall -Wextra -I$(BENCH_DIR)Sources/CBench/include -c $< -o $@

define bench_ring
$(BENCH_PEERS)/ring-$(1)-$(2): $(BENCH_DIR)Peers/ring_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	$(1) $(BENCH_CXXFLAGS) $(BENCH_FLAGS_$(2)) $$< $(BENCH_PEERS)/cbench.o -o $$@ -pthread -lrt
$(BENCH_PEERS)/shared-$(1)-$(2): $(BENCH_DIR)Peers/ring_peer.cpp $(PEERS)/ring.hpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	$(1) $(BENCH_CXXFLAGS) $(BENCH_FLAGS_$(2)) -DPEERS_RING='"$(abspath $(PEERS))/ring.hpp"' $$< $(BENCH_PEERS)/cbench.o -o $$@ -pthread -lrt
endef
$(foreach c,$(BENCH_COMPILERS),$(foreach t,$(BENCH_TARGETS),$(eval $(call bench_ring,$(c),$(t)))))

$(BENCH_PEERS)/zeromq: $(BENCH_DIR)Peers/zeromq_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread -lzmq

$(BENCH_PEERS)/nng: $(BENCH_DIR)Peers/nng_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread -lnng

$(BENCH_PEERS)/nanomsg: $(BENCH_DIR)Peers/nanomsg_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread -lnanomsg

$(BENCH_PEERS)/sockets: $(BENCH_DIR)Peers/sockets_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread

$(BENCH_PEERS)/openssl: $(BENCH_DIR)Peers/openssl_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread -lssl -lcrypto

$(BENCH_PEERS)/futex: $(BENCH_DIR)Peers/futex_peer.cpp $(BENCH_PEERS)/cbench.o $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_PEERS)/cbench.o -o $@ -pthread -lrt

$(BENCH_QUEUES): $(BENCH_PEERS)/queues-%: $(BENCH_DIR)Peers/queues_peer.cpp $(BENCH_OBJECTS) $(BENCH_HEADERS)
	$* $(BENCH_CXXFLAGS) $< $(BENCH_OBJECTS) -o $@ -pthread

$(BENCH_PEERS)/message-queue: $(BENCH_DIR)Peers/message_queue_peer.cpp $(BENCH_OBJECTS) $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_OBJECTS) -o $@ -pthread -lrt

$(BENCH_PEERS)/message-queue-link: $(BENCH_DIR)Peers/message_queue_link_peer.cpp $(BENCH_OBJECTS) $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $< $(BENCH_OBJECTS) -o $@ -pthread -lrt

BENCH_ICEORYX_FLAGS := -isystem $(BENCH_ICEORYX)
BENCH_ICEORYX_LIBRARIES := -liceoryx_posh -liceoryx_hoofs -liceoryx_platform

$(BENCH_PEERS)/iceoryx: $(BENCH_DIR)Peers/iceoryx_peer.cpp $(BENCH_OBJECTS) $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $(BENCH_ICEORYX_FLAGS) $< $(BENCH_OBJECTS) -o $@ -pthread $(BENCH_ICEORYX_LIBRARIES)

$(BENCH_PEERS)/iceoryx-link: $(BENCH_DIR)Peers/iceoryx_link_peer.cpp $(BENCH_OBJECTS) $(BENCH_HEADERS)
	g++ $(BENCH_CXXFLAGS) $(BENCH_ICEORYX_FLAGS) $< $(BENCH_OBJECTS) -o $@ -pthread $(BENCH_ICEORYX_LIBRARIES)
