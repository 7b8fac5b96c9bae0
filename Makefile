# Psyne. The two commands that matter are `make demo` and `make test`; both do all set-up themselves.
#
# Settings:  SWIFT=swift  JOBS=2 (parallel build jobs; the machine's by default)
#            FILES="a b"  (make demo: stream these instead of the toolchain's own binaries)
#            FILTER=name  (make test-swift: only these tests)

SWIFT ?= swift
JOBS ?= $(shell nproc)
FILES ?=
FILTER ?=

BUILD = $(SWIFT) build -c release -j $(JOBS)
# What the formatter looks at. Build folders have hidden names and are not in these.
FORMATTED = Package.swift $(wildcard Sources Tests Examples Benchmarks Snippets)
EXAMPLES = $(patsubst Examples/%/Package.swift,%,$(wildcard Examples/*/Package.swift))
# Debian packages that tests use beside what every build needs.
TEST_PACKAGES = strace bsdutils iproute2 openssl

.DEFAULT_GOAL := help
.PHONY: help setup demo build test test-swift test-scripts examples verify fuzz scan format lint clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' \
	  | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

setup:
	@scripts/setup.sh

demo: setup ## show it at work: real files and a pipeline between two processes
	@$(BUILD) --product psyne
	@$$($(BUILD) --show-bin-path)/psyne demo $(FILES)

build: setup ## build the libraries and the tool, optimised
	$(BUILD)

# The order: what fails fastest comes first.
test: ## everything that has to pass: lint, build without warnings, tests, examples
	@scripts/setup.sh $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory examples
	@$(MAKE) --no-print-directory test-scripts
	@$(MAKE) --no-print-directory test-swift

# Release: what users run, and the only build in which the sanitizers and the hot-path tests mean
# something. Warnings are errors in every target of ours (see Package.swift). One target after the other:
# each has threads and processes that want all of the machine. And apart from those that block the few
# threads that tasks have, for minutes with full counts: tests of tasks that need one of them.
TEST_TARGETS = $(or $(FILTER),^PsyneTests\. ^PsyneTCPTests\. ^PsyneTLSTests\. ^PsyneCompressTests\. \
  ^PsyneCLITests\. ^PsyneIPCTests\.AsyncTests\b ^PsyneIPCTests\.(?!AsyncTests\b) ^PsyneCoreTests\.)
test-swift:
	@set -e; for tests in $(foreach t,$(TEST_TARGETS),'$(t)'); do \
	  printf '== swift test --filter %s\n' "$$tests"; $(SWIFT) test -c release -j $(JOBS) --filter "$$tests"; done

# Tests that are no Swift tests; each script ends with a status. New ones are added to this list.
TEST_SCRIPTS = scripts/models.sh scripts/namespaces.sh scripts/kill-matrix.sh $(wildcard scripts/sanitizers.sh)
test-scripts:
	@set -e; for script in $(TEST_SCRIPTS); do echo "== $$script"; $$script; done

# The examples are packages of their own, as a user's program is.
examples:
	@set -e; for example in $(EXAMPLES); do echo "== Examples/$$example"; \
	  $(SWIFT) build -j $(JOBS) --package-path Examples/$$example; done
	@Examples/mixed-messages/.build/debug/mixed-messages
	@Examples/robot-workers/.build/debug/robot-workers
	@Examples/rms-service/.build/debug/rms-service

# Its recipe is in Benchmarks/bench.mk.
bench: ## measure it against C++ rings, queues and message queues
bench-kinds: ## measure the kinds of channels alone
bench-tcp: ## measure it over TCP against ZeroMQ, NNG, nanomsg and plain sockets
bench-tls: ## measure it over TLS against NNG, ZeroMQ's CURVE, OpenSSL and stunnel

# Finds something new or nothing; what it has found before is among the tests.
fuzz: ## feed a link and a decoder with what a hostile peer could send, for FUZZ_SECONDS (600)
	@JOBS=$(JOBS) scripts/fuzz.sh

# Needs the network for the first time. docs/security.md says what the tools remark, and why.
scan: ## have testssl.sh, sslyze and tlslite-ng judge the encryption of tls://
	@JOBS=$(JOBS) scripts/tls-scan.sh

# Takes much longer than `make test`. PSYNE_VERIFY is read by the tests and by scripts/sanitizers.sh.
verify: export PSYNE_VERIFY = 1
verify: test demo ## the same tests with full counts, and make demo

format: ## format every source in place
	$(SWIFT) format format -i -r $(FORMATTED)

lint: ## complain about what `make format` would change, and what it cannot
	$(SWIFT) format lint --strict -r $(FORMATTED)

clean: ## remove everything that was built
	rm -rf .build .build-* .build_* Examples/*/.build Benchmarks/.build*

-include Benchmarks/bench.mk
