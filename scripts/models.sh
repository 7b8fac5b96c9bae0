#!/usr/bin/env bash
# Checks the models in docs/models with SPIN, and that each finds the bug when a needed line is gone.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh spin gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check MODEL [DEFINE]: prints "errors: N" and the number of states.
check() {
  local model=$PWD/docs/models/$1.pml
  (cd "$work" && spin ${2:+-D$2} -a "$model" >/dev/null && gcc -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c \
    && ./pan -m1000000 | grep -E 'errors: |states, stored')
}

# expect 0|1 MODEL [DEFINE]: whether errors are to be found.
expect() {
  local found states
  found=$(check "$2" "${3:-}")
  states=$(sed -nE 's/ *([0-9]+) states, stored.*/\1/p' <<<"$found")
  if grep -q 'errors: 0' <<<"$found"; then found=0; else found=1; fi
  if [ "$found" != "$1" ]; then
    echo "$2 ${3:-}: expected errors: $1, found $found" >&2
    exit 1
  fi
  echo "$2 ${3:-as built}: $([ "$found" = 0 ] && echo "no error" || echo "the bug is found"), $states states"
}

expect 0 parking
expect 1 parking NO_BARRIER
expect 1 parking NO_RECHECK
expect 1 parking LATE_ANNOUNCE
expect 1 parking HINT_FIRST
expect 1 parking HINT_CLEARED

expect 0 claiming
expect 1 claiming NO_CONFIRM
expect 1 claiming INTENT_NEVER
expect 1 claiming INTENT_ALWAYS
expect 1 claiming LATE_ANNOUNCE
expect 1 claiming NO_REDELIVERY
