# Sourced: two network namespaces, $near and $far, with a wire between them, and $folder for what is sent. They
# go when the script ends.

near=psyne-near-$$
far=psyne-far-$$
folder=$(mktemp -d)

unlay_wire() {
  # shellcheck disable=SC2046  # a list of processes
  kill $(jobs -p) 2>/dev/null || true
  ip netns delete "$near" 2>/dev/null || true
  ip netns delete "$far" 2>/dev/null || true
  rm -rf "$folder"
}
trap unlay_wire EXIT

# 10.0.0.1 is near, 10.0.0.2 far; what goes from near to far has so many bits a second. False, and says why,
# where this machine does not let us: not every container does.
lay_wire() {
  if ! ip netns add "$near" 2>"$folder/why" || ! ip netns add "$far" 2>"$folder/why" ||
    ! ip link add name psyne-near netns "$near" type veth peer name psyne-far netns "$far" 2>"$folder/why" ||
    ! ip netns exec "$near" tc qdisc add dev psyne-near root \
      tbf rate "$1" burst 64kb limit 256kb 2>"$folder/why"; then
    echo "NOT RUN: this machine gives us no network namespaces with a rate limit: $(head -n 1 "$folder/why")"
    return 1
  fi
  ip -n "$near" address add 10.0.0.1/24 dev psyne-near
  ip -n "$far" address add 10.0.0.2/24 dev psyne-far
  ip -n "$near" link set psyne-near up
  ip -n "$far" link set psyne-far up
}
