#!/usr/bin/env bash
# Sends a file between two network namespaces of its own, over a wire that is slower than both sides:
# what is under way stays within the lanes and the system's buffers, both processes stay small, and
# everything arrives. PSYNE_VERIFY=1 sends four times as much.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
rate=200mbit
mebibytes=48
[ -z "${PSYNE_VERIFY:-}" ] || mebibytes=192
# A lane at each side, what the system buffers at each side, and pipes.
most_under_way=$((16 << 20))
most_memory_kib=$((64 << 10))

near=psyne-near-$$
far=psyne-far-$$
folder=$(mktemp -d)

clean_up() {
  # shellcheck disable=SC2046  # a list of processes
  kill $(jobs -p) 2>/dev/null || true
  ip netns delete "$near" 2>/dev/null || true
  ip netns delete "$far" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT

# 10.0.0.1 is near, 10.0.0.2 far; what goes from near to far has so many bits a second. Not every container
# lets us.
if ! ip netns add "$near" 2>"$folder/why" || ! ip netns add "$far" 2>"$folder/why" ||
  ! ip link add name psyne-near netns "$near" type veth peer name psyne-far netns "$far" 2>"$folder/why" ||
  ! ip netns exec "$near" tc qdisc add dev psyne-near root \
    tbf rate "$rate" burst 64kb limit 256kb 2>"$folder/why"; then
  echo "NOT RUN: this machine gives us no network namespaces with a rate limit: $(head -n 1 "$folder/why")"
  exit 0
fi
ip -n "$near" address add 10.0.0.1/24 dev psyne-near
ip -n "$far" address add 10.0.0.2/24 dev psyne-far
ip -n "$near" link set psyne-near up
ip -n "$far" link set psyne-far up

build=("$swift" build -c release -j "${JOBS:-$(nproc)}" --product psyne)
"${build[@]}"
psyne=$("${build[@]}" --show-bin-path)/psyne

# Real data: the tool itself, again and again.
while [ "$(stat -c %s "$folder/sent" 2>/dev/null || echo 0)" -lt $((mebibytes << 20)) ]; do
  cat "$psyne" >>"$folder/sent"
done
truncate -s "${mebibytes}M" "$folder/sent"

ip netns exec "$far" "$psyne" recv --listen tcp://10.0.0.2:9999 -o "$folder/received" 2>"$folder/far.log" &
receiver=$!
ip netns exec "$near" "$psyne" send --connect tcp://10.0.0.2:9999 "$folder/sent" 2>"$folder/near.log" &
sender=$!

# Bytes that a process has read (rchar) or written (wchar); nothing of one that has ended.
count() { sed -n "s/^$2: //p" "/proc/$1/io" 2>/dev/null || true; }
memory() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null || true; }
under_way=0 near_memory=0 far_memory=0 looks=0
while kill -0 "$sender" 2>/dev/null; do
  # The receiver's first: what arrives between the two looks does not count as under way.
  written=$(count "$receiver" wchar)
  read_=$(count "$sender" rchar)
  more=$(memory "$sender") && near_memory=${more:-$near_memory}
  more=$(memory "$receiver") && far_memory=${more:-$far_memory}
  if [ -n "$written" ] && [ -n "$read_" ]; then
    looks=$((looks + 1))
    [ $((read_ - written)) -le "$under_way" ] || under_way=$((read_ - written))
  fi
  read -rt 0.02 <> <(:) || true
done
wait "$sender" || { cat "$folder/near.log"; exit 1; }
wait "$receiver" || { cat "$folder/far.log"; exit 1; }

cmp "$folder/sent" "$folder/received"
echo "$mebibytes MiB over $rate: at most $((under_way >> 10)) KiB under way, sender $near_memory KiB," \
  "receiver $far_memory KiB of memory at most, in $looks looks"
[ "$looks" -gt 10 ] || { echo "too fast to be seen: was the rate limited?"; exit 1; }
[ "$under_way" -le "$most_under_way" ] || { echo "the sender was not held back"; exit 1; }
[ "$near_memory" -le "$most_memory_kib" ] && [ "$far_memory" -le "$most_memory_kib" ] ||
  { echo "the processes grew"; exit 1; }
