#!/bin/sh
# Makes sure that this machine can build Psyne, and that the Debian packages named on the command
# line are installed. Silent and quick when nothing is missing.
#
#   scripts/setup.sh            the toolchain and what every build needs
#   scripts/setup.sh strace     these packages too
set -eu

# What Swift itself calls: the package manager runs git over https, the linker needs libc and libgcc. And
# OpenSSL for TLS, LZ4 for compression.
packages="git ca-certificates gcc libc6-dev libssl-dev liblz4-dev $*"
swift_major=6
swift_minor=3

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$1"
  shift
  for line; do printf '       %s\n' "$line" >&2; done
  exit 1
}

missing_packages() {
  for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

# The command that runs something as root, or nothing where there is none.
find_root() {
  if [ "$(id -u)" = 0 ]; then
    echo env
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    echo sudo
  fi
}

install_packages() {
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  root=$(find_root)
  command="apt-get install --no-install-recommends ${missing% }"
  [ -n "$root" ] || fail "Debian packages are missing, and there is no sudo to install them. As root, run" \
    "$command"
  say "installing ${missing% }"
  # The lists of a fresh image are empty. A mirror that is down does not matter if they are not.
  $root apt-get -q update >&2 || say "apt-get update failed; trying the lists that are there"
  # shellcheck disable=SC2086  # a list of packages
  $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends $missing >&2 ||
    fail "the packages could not be installed. Once the reason above is out of the way, run as root" "$command"
}

check_swift() {
  wanted="$swift_major.$swift_minor"
  get="https://www.swift.org/install/linux (swiftly install $wanted)"
  command -v swift >/dev/null ||
    fail "Psyne needs Swift $wanted or later, and no 'swift' is in PATH. Install it from" "$get" \
      "or, if it is installed, put it in PATH: export PATH=/path/to/swift/usr/bin:\$PATH"
  version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/p' | head -n 1)
  [ -n "$version" ] || fail "'swift --version' does not work:" "$(swift --version 2>&1 | head -n 3)"
  major=${version% *}
  minor=${version#* }
  if [ "$major" -lt $swift_major ] || { [ "$major" = $swift_major ] && [ "$minor" -lt $swift_minor ]; }; then
    fail "Psyne needs Swift $wanted or later; $(command -v swift) is $major.$minor. Install it from" "$get"
  fi
}

[ "$(uname -s)" = Linux ] || fail "Psyne runs on Linux: it is built on futexes and /dev/shm."
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  install_packages
else
  # Another distribution: names differ there, so only what is a command can be looked for.
  for package in $packages; do
    case $package in *-*) continue ;; esac
    command -v "$package" >/dev/null || say "'$package' seems to be missing; install it with your package manager"
  done
fi
check_swift
