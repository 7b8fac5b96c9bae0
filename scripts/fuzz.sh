#!/bin/bash
# Feeds one side of a link with what a hostile peer could send, in a build with libFuzzer and the address
# sanitizer, and stops at the first input that it does not survive. What covers something new is added to
# the corpus that the tests run; see Tests/Support/LinkFuzz.
#
#   scripts/fuzz.sh                  600 seconds
#   FUZZ_SECONDS=60 scripts/fuzz.sh
#   scripts/fuzz.sh minimise         the corpus becomes the fewest inputs that cover as much
#   scripts/fuzz.sh FILE...          these inputs alone
#
# What is built is the core and the harness alone, a package of its own under .build-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly root=.build-fuzz
readonly package=$root/package
readonly corpus=Tests/Corpora/link
readonly seconds=${FUZZ_SECONDS:-600}
readonly jobs=${JOBS:-$(nproc)}

make_package() {
  mkdir -p "$package/Sources" "$root/found" "$root/failures" "$root/seeds"
  for source in Sources/CPsyne Sources/PsyneCore Tests/Support/LinkFuzz{,er}; do
    rm -rf "$package/Sources/$(basename "$source")"
    # With their times, so that what has not changed is not built again.
    cp -a "$source" "$package/Sources/"
  done
  cat >"$package/Package.swift" <<'PACKAGE'
// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // Coverage for the fuzzer; an error of the address sanitizer ends the input's process.
  .unsafeFlags(["-sanitize=fuzzer,address"]),
]

let package = Package(
  name: "fuzzed",
  products: [.library(name: "LinkFuzzer", type: .static, targets: ["LinkFuzzer"])],
  targets: [
    .target(name: "CPsyne", cSettings: [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]),
    .target(name: "PsyneCore", dependencies: ["CPsyne"], swiftSettings: settings),
    .target(name: "LinkFuzz", dependencies: ["PsyneCore"], swiftSettings: settings),
    .target(name: "LinkFuzzer", dependencies: ["LinkFuzz"], swiftSettings: settings),
  ]
)
PACKAGE
}

make_package
swift build --package-path "$package" -c release -j "$jobs"
products=$(swift build --package-path "$package" -c release --show-bin-path)
# The main function is libFuzzer's, which no executable of the package manager can have.
swiftc -sanitize=fuzzer,address -Xlinker --whole-archive "$products/libLinkFuzzer.a" \
  -Xlinker --no-whole-archive -o "$root/link-fuzzer" 2>&1 |
  { grep -v '__asan_\|__ubsan_\|__sanitizer_' || true; }

# The Swift runtime never frees its metadata: leaks would be its own.
export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no SEEDS=$root/seeds
case ${1:-} in
minimise)
  rm -rf "$root/least"
  mkdir "$root/least"
  "$root/link-fuzzer" -set_cover_merge=1 -use_counters=0 -max_len=2048 \
    "$root/least" "$corpus" "$root/found" "$root/seeds"
  # Those with a name were each worth a fix, and stay.
  find "$corpus" -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
  cp "$root/least"/* "$corpus/"
  ;;
'')
  "$root/link-fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=2048 \
    -len_control=20 -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$root/failures/" \
    "$root/found" "$corpus" "$root/seeds"
  ;;
*) "$root/link-fuzzer" "$@" ;;
esac
