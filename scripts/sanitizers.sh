#!/bin/bash
# Runs the core's tests under the thread sanitizer and the address sanitizer, and shows that each can
# fire: the same tests on a copy with one word of the lane broken must be found out.
#
#   scripts/sanitizers.sh          a share of the messages, one broken copy for each sanitizer
#   PSYNE_VERIFY=1 scripts/...     more messages, every broken copy
#
# A release build, because in a debug build the thread sanitizer misses races through raw pointers.
# What is built is the core and its tests alone, without the tests that start compilers and
# programs: a package of its own under .build/sanitizers.
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

# The package $1: sources and tests as they are now.
make_package() {
  local package=$root/$1
  mkdir -p "$package"
  rm -rf "$package/Sources" "$package/Tests"
  mkdir "$package/Sources" "$package/Tests"
  cp -a Sources/CPsyne Sources/PsyneCore Sources/PsyneIPC "$package/Sources/"
  cp -a Tests/PsyneCoreTests Tests/Support/{LinkFuzz,TestSupport,Traffic} Tests/Corpora "$package/Tests/"
  rm -rf "$package"/Tests/PsyneCoreTests/{Compile,HotPath,Support/Commands.swift}
  cat >"$package/Package.swift" <<'PACKAGE'
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
    .target(
      name: "LinkFuzz", dependencies: ["PsyneCore"], path: "Tests/LinkFuzz",
      swiftSettings: settings),
    .target(
      name: "Traffic", dependencies: ["PsyneCore"], path: "Tests/Traffic", swiftSettings: settings),
    .testTarget(
      name: "PsyneCoreTests", dependencies: ["CPsyne", "LinkFuzz", "PsyneCore", "TestSupport", "Traffic"],
      swiftSettings: settings),
  ]
)
PACKAGE
}

# swift test $1 (package) $2 (sanitizer) $3 (tests to run) $4 (tests to skip)
test_package() {
  PSYNE_TEST_DIVISOR=$divisor TSAN_OPTIONS="suppressions=$PWD/scripts/tsan.supp" \
    swift test --package-path "$root/$1" -c release "--sanitize=$2" --disable-xctest \
    --filter "$3" --skip "$4" >"$root/$1.log" 2>&1
}

# Expects the tests $3 of $1 (package) to be clean under $2.
expect_clean() {
  make_package "$1"
  # A peer that scribbles on the lane is a race: that is what is tested there.
  if ! test_package "$1" "$2" "$3" 'Scribble.*Tests/concurrent|greatest'; then
    tail -n 60 "$root/$1.log"
    say "the $2 sanitizer, or a test under it, has failed: $root/$1.log"
    exit 1
  fi
  say "$2 sanitizer: clean, $(grep -o 'with [0-9]* tests in [0-9]* suites' "$root/$1.log")"
}

# Expects $1 (package) to be found out by $2 once $4 was replaced by $5 in the file $3; the report
# says $6.
expect_found() {
  local package=$1 sanitizer=$2 file=$3 from=$4 to=$5 report=$6
  make_package "$package"
  local source="$root/$package/Sources/PsyneCore/$file"
  if ! grep -qF -- "$from" "$source"; then
    say "$file has no '$from' any more: bring the broken copies up to date"
    exit 1
  fi
  FROM=$from TO=$to perl -0pi -e 's/\Q$ENV{FROM}\E/$ENV{TO}/' "$source"
  if test_package "$package" "$sanitizer" 'VolumeTests/structs' none; then
    say "$sanitizer sanitizer: NOT found: '$to' in $file"
    exit 1
  fi
  if ! grep -q "$report" "$root/$package.log"; then
    tail -n 60 "$root/$package.log"
    say "$sanitizer sanitizer: failed, but not by '$report': $root/$package.log"
    exit 1
  fi
  say "$sanitizer sanitizer: fires on '$to' in $file"
}

expect_clean thread thread "$lanes"
expect_found thread thread Lane/LaneWriter.swift \
  'pointee.store(end, ordering: .releasing)' \
  'pointee.store(end, ordering: .relaxed)' 'ThreadSanitizer: data race'
if [ "$verify" = 1 ]; then
  expect_found thread thread Lane/LaneReader.swift \
    'let found = unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring)' \
    'let found = unsafe position(LaneLayout.tail).pointee.load(ordering: .relaxed)' \
    'ThreadSanitizer: data race'
  expect_found thread thread Lane/LaneReader.swift \
    'position(offset).pointee.store(head, ordering: .releasing)' \
    'position(offset).pointee.store(head, ordering: .relaxed)' \
    'ThreadSanitizer: data race'
fi

expect_clean address address "$lanes|$mutexes"
expect_found address address Lane/SenderClaim.swift \
  'allocate(byteCount: 128, alignment: 128)' \
  'allocate(byteCount: 4, alignment: 8)' 'AddressSanitizer: heap-buffer-overflow'
if [ "$verify" = 1 ]; then
  expect_found address address Lane/SenderClaim.swift \
    'unsafe correction.deallocate()' '' 'LeakSanitizer: detected memory leaks'
fi
say 'both sanitizers are clean and able to fire'
