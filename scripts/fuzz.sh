#!/bin/bash
# Feeds one side of a link (link), or a decoder of compressed blocks (lz4), with what a hostile peer could
# send, in builds with libFuzzer and the address sanitizer, and stops at the first input that is not survived.
# What covers something new is added to the corpus that the tests run; see Tests/Support/LinkFuzz and
# Tests/Support/CodecFuzz.
#
#   scripts/fuzz.sh                  600 seconds, half of them for each
#   scripts/fuzz.sh lz4              600 seconds for one
#   FUZZ_SECONDS=60 scripts/fuzz.sh
#   scripts/fuzz.sh lz4 minimise     its corpus becomes the fewest inputs that cover as much
#   scripts/fuzz.sh lz4 FILE...      these inputs alone
#
# What is built is the libraries and the harness alone, a package of its own under .build-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly root=.build-fuzz
readonly package=$root/package
readonly jobs=${JOBS:-$(nproc)}
seconds=${FUZZ_SECONDS:-600}

make_package() {
  mkdir -p "$package/Sources"
  for source in Sources/{CLZ4,CPsyne,PsyneCompress,PsyneCore} Tests/Support/{Link,Codec}Fuzz{,er}; do
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
  products: [
    .library(name: "LinkFuzzer", type: .static, targets: ["LinkFuzzer"]),
    .library(name: "CodecFuzzer", type: .static, targets: ["CodecFuzzer"]),
  ],
  targets: [
    .target(name: "CPsyne", cSettings: [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]),
    .target(name: "PsyneCore", dependencies: ["CPsyne"], swiftSettings: settings),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4"),
    .target(name: "PsyneCompress", dependencies: ["CLZ4", "PsyneCore"], swiftSettings: settings),
    .target(name: "LinkFuzz", dependencies: ["PsyneCore"], swiftSettings: settings),
    .target(name: "LinkFuzzer", dependencies: ["LinkFuzz"], swiftSettings: settings),
    .target(
      name: "CodecFuzz", dependencies: ["PsyneCompress", "PsyneCore"], swiftSettings: settings),
    .target(name: "CodecFuzzer", dependencies: ["CodecFuzz"], swiftSettings: settings),
  ]
)
PACKAGE
}

# Sets what is said of $1 below, and builds its fuzzer.
choose() {
  local library
  case $1 in
  link)
    library=LinkFuzzer
    corpus=Tests/Corpora/link
    dir=$root
    ;;
  lz4)
    library=CodecFuzzer
    corpus=Tests/Corpora/lz4
    dir=$root/lz4
    ;;
  esac
  fuzzer=$dir/$1-fuzzer
  mkdir -p "$dir"/{found,failures,seeds}
  export SEEDS=$dir/seeds
  swift build --package-path "$package" -c release -j "$jobs" --product "$library"
  # The main function is libFuzzer's, which no executable of the package manager can have.
  swiftc -sanitize=fuzzer,address -Xlinker --whole-archive \
    "$(swift build --package-path "$package" -c release --show-bin-path)/lib$library.a" \
    -Xlinker --no-whole-archive -o "$fuzzer" 2>&1 |
    { grep -v '__asan_\|__ubsan_\|__sanitizer_' || true; }
}

run() {
  choose "$1"
  echo "== $1: $seconds s"
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=2048 \
    -len_control=20 -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$dir/failures/" \
    "$dir/found" "$corpus" "$dir/seeds"
}

minimise() {
  choose "$1"
  rm -rf "$dir/least"
  mkdir "$dir/least"
  "$fuzzer" -set_cover_merge=1 -use_counters=0 -max_len=2048 \
    "$dir/least" "$corpus" "$dir/found" "$dir/seeds"
  # Those with a name were each worth a fix, and stay.
  find "$corpus" -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
  cp "$dir/least"/* "$corpus/"
}

# The Swift runtime never frees its metadata: leaks would be its own.
export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
make_package
if [ $# = 0 ]; then
  seconds=$((seconds / 2))
  run link
  run lz4
  exit
fi
case $1 in
link | lz4) what=$1 ;;
*)
  echo "fuzz.sh: '$1' is none of link and lz4" >&2
  exit 2
  ;;
esac
shift
case ${1:-} in
'') run "$what" ;;
minimise) minimise "$what" ;;
*)
  choose "$what"
  "$fuzzer" "$@"
  ;;
esac
