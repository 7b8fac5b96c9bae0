#!/usr/bin/env bash
# Kills processes at every step between two stores to shared memory, for every kind of channel and both
# roles, and at random moments; what becomes of the others is checked (Tests/Support/KillMatrix).
# PSYNE_VERIFY=1 kills ten times as often at random moments.
#
# The steps are compiled in, in a build folder of their own: no other build has them.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
build=("$swift" build -c release -j "${JOBS:-$(nproc)}" --scratch-path .build-steps
  --product psyne-kill-matrix)
PSYNE_STEPS=1 "${build[@]}"
matrix=$(PSYNE_STEPS=1 "${build[@]}" --show-bin-path)/psyne-kill-matrix
"$matrix" cells
kills=210
[ -z "${PSYNE_VERIFY:-}" ] || kills=2100
"$matrix" random "$kills"
