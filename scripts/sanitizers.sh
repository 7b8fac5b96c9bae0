#!/bin/bash
# Runs the core's tests under the thread sanitizer and the address sanitizer, those of what crosses hosts
# under the latter, and shows that each can fire: the same tests on a copy with one word broken must be
# found out.
#
#   scripts/sanitizers.sh          a share of the messages, one broken copy for each sanitizer
#   PSYNE_VERIFY=1 scripts/...     more messages, every broken copy
#
# A release build, because in a debug build the thread sanitizer misses races through raw pointers.
# What is built is the libraries and their tests alone, without the tests that start compilers and
# programs: packages of their own under .build/sanitizers. What crosses hosts is full of Mutexes, which the
# thread sanitizer does not see (see tsan.supp).
set -euo pipefail
cd "$(dirname "$0")/.."

readonly root=.build/sanitizers
readonly lanes='VolumeTests|SuccessionTests|KindEndsTests|BackPressureTests|SlowReaderTests|StatisticsTests|CapacityTests|ClosingTests|LoanTests|WaitingTests|MixedTests|BatchTests|HostileLaneTests|HostileKindsTests|ScribbleTests|ScribbledKindsTests|RegistryTests|LinkCorpusTests/(corpus|honest)'
# What hands things on under a Mutex, which the thread sanitizer does not see (see tsan.supp).
readonly mutexes='ReactorTests|ListenerTests'
verify=${PSYNE_VERIFY:-0}
unset PSYNE_VERIFY
if [ "$verify" = 1 ]; then divisor=10; else divisor=100; fi

say() { printf '== %s\n' "$*"; }

# The empty folder of the package $1, but for what it has built.
make_folder() {
  package=$root/$1
  mkdir -p "$package"
  rm -rf "$package/Sources" "$package/Tests"
  mkdir "$package/Sources" "$package/Tests"
}

# The package $1: the core's sources and tests as they are now.
make_core() {
  local package
  make_folder "$1"
  cp -a Sources/CPsyne Sources/PsyneCore Sources/PsyneIPC "$package/Sources/"
  cp -a Tests/PsyneCoreTests Tests/Support/{LinkFuzz,TestSupport,Traffic} Tests/Corpora "$package/Tests/"
  rm -rf "$package"/Tests/PsyneCoreTests/{Compile,HotPath,Support/Commands.swift}
  write_manifest <<'TARGETS'
    .target(
      name: "LinkFuzz", dependencies: ["PsyneCore"], path: "Tests/LinkFuzz",
      swiftSettings: settings),
    .target(
      name: "Traffic", dependencies: ["PsyneCore"], path: "Tests/Traffic", swiftSettings: settings),
    .testTarget(
      name: "PsyneCoreTests", dependencies: ["CPsyne", "LinkFuzz", "PsyneCore", "TestSupport", "Traffic"],
      swiftSettings: settings),
TARGETS
}

# The package $1: the sources and tests of what crosses hosts.
make_hosts() {
  local package
  make_folder "$1"
  cp -a Sources/{CPsyne,COpenSSL,CLZ4,PsyneCore,PsyneIPC,PsyneTCP,PsyneTLS,PsyneCompress,Psyne} \
    "$package/Sources/"
  cp -a Tests/Psyne{TCP,TLS,Compress,}Tests Tests/Support/{CodecFuzz,TestSupport} Tests/Corpora "$package/Tests/"
  rm "$package/Tests/PsyneTLSTests/EchoTests.swift"
  write_manifest <<'TARGETS'
    .target(name: "PsyneTCP", dependencies: ["CPsyne", "PsyneCore"], swiftSettings: settings),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl"),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4"),
    .target(name: "PsyneCompress", dependencies: ["CLZ4", "PsyneCore"], swiftSettings: settings),
    .target(
      name: "PsyneTLS", dependencies: ["COpenSSL", "CPsyne", "PsyneCore", "PsyneTCP"],
      swiftSettings: settings),
    .target(
      name: "Psyne", dependencies: ["PsyneCompress", "PsyneCore", "PsyneIPC", "PsyneTCP", "PsyneTLS"],
      swiftSettings: settings),
    .target(
      name: "CodecFuzz", dependencies: ["PsyneCompress", "PsyneCore"], path: "Tests/CodecFuzz",
      swiftSettings: settings),
    .testTarget(
      name: "PsyneTests", dependencies: ["Psyne", "PsyneTLS", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "PsyneTCPTests", dependencies: ["CPsyne", "PsyneCore", "PsyneTCP", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PsyneTLSTests",
      dependencies: ["COpenSSL", "CPsyne", "PsyneCore", "PsyneTCP", "PsyneTLS", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PsyneCompressTests", dependencies: ["CodecFuzz", "PsyneCompress", "PsyneCore", "TestSupport"],
      swiftSettings: settings),
TARGETS
}

# The manifest of $package: the targets of the standard input, and those that all have in common.
write_manifest() {
  {
    cat <<'HEAD'
// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "sanitized",
  targets: [
    .target(name: "CPsyne"),
    .target(name: "PsyneCore", dependencies: ["CPsyne"], swiftSettings: settings),
    .target(name: "PsyneIPC", dependencies: ["CPsyne", "PsyneCore"], swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["PsyneCore", "PsyneIPC"], path: "Tests/TestSupport",
      swiftSettings: settings),
HEAD
    cat
    printf '  ]\n)\n'
  } >"$package/Package.swift"
}

# What tests that died have left: they cannot.
sweep() {
  local folder process
  for folder in /dev/shm/psyne-test.*; do
    process=${folder#*psyne-test.}
    if [ -d "$folder" ] && ! kill -0 "${process%%.*}" 2>/dev/null; then rm -rf "$folder"; fi
  done
}

# swift test $1 (package) $2 (sanitizer) $3 (tests to run) $4 (tests to skip)
test_package() {
  PSYNE_TEST_DIVISOR=$divisor TSAN_OPTIONS="suppressions=$PWD/scripts/tsan.supp" \
    swift test --package-path "$root/$1" -c release "--sanitize=$2" --disable-xctest \
    --filter "$3" --skip "$4" >"$root/$1.log" 2>&1
}

# Expects the tests $4 of $1 (package, made by $2) to be clean under $3.
expect_clean() {
  "make_$2" "$1"
  # A peer that scribbles on the lane is a race: that is what is tested there. Forks and what counts memory
  # do not go with sanitizers.
  if ! test_package "$1" "$3" "$4" 'Scribble.*Tests/concurrent|greatest|ForkTests|MemoryTests'; then
    tail -n 60 "$root/$1.log"
    grep -a '✘' "$root/$1.log" || true
    say "the $3 sanitizer, or a test under it, has failed: $root/$1.log"
    exit 1
  fi
  say "$3 sanitizer: $2 clean, $(grep -o 'with [0-9]* tests in [0-9]* suites' "$root/$1.log")"
}

# Expects $1 (package, made by $2) to be found out by $3 in the tests $8 once $5 was replaced by $6 in the
# source $4; the report says $7.
expect_found() {
  local name=$1 sanitizer=$3 file=$4 from=$5 to=$6 report=$7 tests=$8
  "make_$2" "$name"
  local source="$root/$name/Sources/$file"
  if ! grep -qF -- "$from" "$source"; then
    say "$file has no '$from' any more: bring the broken copies up to date"
    exit 1
  fi
  FROM=$from TO=$to perl -0pi -e 's/\Q$ENV{FROM}\E/$ENV{TO}/' "$source"
  if test_package "$name" "$sanitizer" "$tests" none; then
    say "$sanitizer sanitizer: NOT found: '$to' in $file"
    exit 1
  fi
  if ! grep -q "$report" "$root/$name.log"; then
    tail -n 60 "$root/$name.log"
    say "$sanitizer sanitizer: failed, but not by '$report': $root/$name.log"
    exit 1
  fi
  sweep
  say "$sanitizer sanitizer: fires on '$to' in $file"
}

expect_clean thread core thread "$lanes"
expect_found thread core thread PsyneCore/Lane/LaneWriter.swift \
  'pointee.store(end, ordering: .releasing)' \
  'pointee.store(end, ordering: .relaxed)' 'ThreadSanitizer: data race' VolumeTests/structs
if [ "$verify" = 1 ]; then
  expect_found thread core thread PsyneCore/Lane/LaneReader.swift \
    'let found = unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring)' \
    'let found = unsafe position(LaneLayout.tail).pointee.load(ordering: .relaxed)' \
    'ThreadSanitizer: data race' VolumeTests/structs
  expect_found thread core thread PsyneCore/Lane/LaneReader.swift \
    'position(offset).pointee.store(head, ordering: .releasing)' \
    'position(offset).pointee.store(head, ordering: .relaxed)' \
    'ThreadSanitizer: data race' VolumeTests/structs
fi

expect_clean address core address "$lanes|$mutexes"
expect_found address core address PsyneCore/Lane/SenderClaim.swift \
  'allocate(byteCount: 128, alignment: 128)' \
  'allocate(byteCount: 4, alignment: 8)' 'AddressSanitizer: heap-buffer-overflow' VolumeTests/structs
if [ "$verify" = 1 ]; then
  expect_found address core address PsyneCore/Lane/SenderClaim.swift \
    'unsafe correction.deallocate()' '' 'LeakSanitizer: detected memory leaks' VolumeTests/structs
fi

expect_clean hosts hosts address .
if [ "$verify" = 1 ]; then
  expect_found hosts hosts address PsyneTLS/Session/Wire.swift \
    'unsafe pointer.pointee.out = .allocate(capacity: Self.outBytes)' \
    'unsafe pointer.pointee.out = .allocate(capacity: 64)' 'AddressSanitizer: heap-buffer-overflow' SessionTests
  expect_found hosts hosts address PsyneTLS/Session/Wire.swift \
    'unsafe pointer.pointee.in?.deallocate()' '' 'LeakSanitizer: detected memory leaks' SessionTests
fi
say 'both sanitizers are clean and able to fire'
