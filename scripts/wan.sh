#!/usr/bin/env bash
# Sends telemetry between two network namespaces of its own over a slow wire, as it is and compressed, and
# says how much of it arrives in a second.
#
#   scripts/wan.sh          20 Mbit/s
#   scripts/wan.sh 100mbit
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
rate=${1:-20mbit}

. scripts/wire.sh
lay_wire "$rate" || exit 0

build=("$swift" build -c release -j "${JOBS:-$(nproc)}" --product psyne)
"${build[@]}" >&2
psyne=$("${build[@]}" --show-bin-path)/psyne

# What a robot's sensors say: about 8 MiB of each.
perl -e 'srand 7; for (1..65536) { printf qq({"time":%d.%03d,"sensor":"arm/joint-%d","position":%.4f,"torque":%.3f,"ok":true}\n),
  1700000000 + $_ / 1000, $_ % 1000, $_ % 7, sin($_ / 500) * 3, rand 5 }' >"$folder/json"
perl -e 'srand 7; binmode STDOUT; for (1..262144) { print pack("Q<L<s<s<f<f<l<", 1700000000000 + $_, $_ % 7,
  20 + rand 3, 300 + rand 9, sin($_ / 500), $_ / 10, $_) }' >"$folder/telemetry"
perl -e 'binmode STDOUT; for $v (1..2048) { print pack("f<*", map { ($_ + $v) * 0.1 } 0..1023) }' >"$folder/vectors"
head -c 8388608 /dev/urandom >"$folder/noise"

# Megabytes of a file in a second, from when the sender starts until the receiver has written it.
measure() {
  local name=$1 scheme=$2 type=$3 started
  ip netns exec "$far" "$psyne" recv --listen "$scheme://10.0.0.2:0" --type "$type" -o "$folder/received" \
    2>"$folder/far.log" &
  local receiver=$!
  until grep -qs 'listening at' "$folder/far.log"; do read -rt 0.01 <> <(:) || true; done
  local address
  address=$(sed -n 's/.*listening at //p' "$folder/far.log")
  started=$(date +%s%N)
  ip netns exec "$near" "$psyne" send --connect "$address" --type "$type" "$folder/$name" 2>"$folder/near.log" ||
    { cat "$folder/near.log" >&2; return 1; }
  wait "$receiver"
  local took=$(($(date +%s%N) - started))
  cmp "$folder/$name" "$folder/received" >&2
  echo $(($(stat -c %s "$folder/$name") * 1000000 / took))
}

printf '%-28s %12s %12s %8s\n' "MB/s that arrive, at $rate" tcp:// lz4+tcp:// ratio
for data in json:text telemetry:bytes vectors:floats noise:bytes; do
  name=${data%:*}
  type=${data#*:}
  plain=$(measure "$name" tcp "$type")
  packed=$(measure "$name" lz4+tcp "$type")
  awk -v n="$name" -v a="$plain" -v b="$packed" \
    'BEGIN { printf "%-28s %12.2f %12.2f %8.2f\n", n, a / 1000, b / 1000, b / a }'
done
