#!/usr/bin/env bash
# Has public tools judge the encryption of tls://: testssl.sh, sslyze, and conversations by tlslite-ng that are
# held against OpenSSL's own server. Fails if one of them remarks something that docs/security.md does not
# explain. It takes about five minutes, and the network for the first time.
#
#   scripts/tls-scan.sh                              all of it
#   scripts/tls-scan.sh testssl|sslyze|conversations one
#   scripts/tls-scan.sh conversations ticket         those that have a word in their name
set -euo pipefail
# So that what is read from a pipe counts here.
shopt -s lastpipe
cd "$(dirname "$0")/.."

readonly root=.build-scan
readonly swift=${SWIFT:-swift}
what=${1:-all}
case $what in
all | testssl | sslyze | conversations) ;;
*)
  echo "tls-scan.sh: '$what' is none of testssl, sslyze and conversations" >&2
  exit 2
  ;;
esac

prepare() {
  scripts/setup.sh openssl python3-venv testssl.sh
  mkdir -p $root
  [ -x $root/venv/bin/pip ] || python3 -m venv $root/venv
  $root/venv/bin/pip install --quiet --disable-pip-version-check tlslite-ng==0.8.2 sslyze==6.3.1
  local build=("$swift" build -c release -j "${JOBS:-$(nproc)}")
  "${build[@]}" --product psyne >&2
  "${build[@]}" --product psyne-tls-echo >&2
  programs=$("${build[@]}" --show-bin-path)
  rm -rf $root/place
  mkdir -m 700 $root/place
  (cd $root/place && "$programs/psyne" cert authority home && "$programs/psyne" cert server localhost 127.0.0.1 &&
    "$programs/psyne" cert client client) >/dev/null
}

# Starts a program that says where it listens, and sets `port`.
started=()
start() {
  local log=$root/listener.${#started[@]}.log
  rm -f "$log"
  "$@" >"$log" 2>&1 &
  started+=($!)
  until grep -qs 'listening at .*:[0-9][0-9]*$' "$log"; do
    kill -0 "${started[-1]}"
    sleep 0.05
  done
  port=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' "$log")
}
finish() { [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true; }
trap finish EXIT

echo_server() {
  start "$programs/psyne-tls-echo" --no-alpn --cert $root/place/localhost.pem --key $root/place/localhost.key "$@"
}

# Complains of the lines of standard input that $1, an extended regular expression, does not explain.
failures=0
judge() {
  local remarks
  remarks=$(grep -vE "$1" || true)
  [ -z "$remarks" ] && return
  printf 'NOT EXPLAINED:\n%s\n' "$remarks"
  failures=$((failures + 1))
}

run_testssl() {
  for version in 1.3 1.2; do
    echo "== testssl.sh, a listener with tls=$version"
    echo_server --tls $version
    rm -f $root/testssl.csv
    testssl --quiet --color 0 --warnings off --openssl-timeout 5 --add-ca $root/place/ca.pem --severity LOW \
      --csvfile $root/testssl.csv "127.0.0.1:$port" >"$root/testssl-$version.txt" 2>&1 </dev/null || true
    grep -q ' Done ' "$root/testssl-$version.txt" || { echo "it has not come to an end" && failures=$((failures + 1)); }
    cut -d, -f1,4,5 $root/testssl.csv
    # Its own set-up; that it is no HTTP; what a certificate of an authority of one's own has not got; and that
    # its client has left before the ticket came, if it has.
    cut -d, -f1 $root/testssl.csv |
      judge '^"(id|engine_problem|service|cert_revocation|DNS_CAArecord|sessionresumption_ticket)"$'
  done
}

run_sslyze() {
  local scan=("$root/venv/bin/sslyze" --mozilla_config)
  for settings in "modern --tls 1.3" "modern --tls 1.3 --ca $root/place/ca.pem" "intermediate --tls 1.2"; do
    # shellcheck disable=SC2086  # words
    set -- $settings
    echo "== sslyze: $settings"
    local profile=$1
    shift
    echo_server "$@"
    "${scan[@]}" "$profile" "127.0.0.1:$port" 2>/dev/null >$root/sslyze.txt || true
    grep -q 'SCANS COMPLETED' $root/sslyze.txt || { echo "it has not come to an end" && failures=$((failures + 1)); }
    { grep VULNERABLE $root/sslyze.txt || true; } | judge '^$'
    { sed -n '/COMPLIANCE/,$p' $root/sslyze.txt | grep '^ *\*' || true; } | tee /dev/stderr |
      judge 'certificate_path_validation|tls_curves: .*(X448.*secp521r1|secp521r1.*X448)'
  done
  echo "== sslyze: psyne recv --listen tls://"
  start "$programs/psyne" recv --keep --listen tls://127.0.0.1:0 --cert $root/place/localhost.pem \
    --key $root/place/localhost.key -o $root/received
  "${scan[@]}" disable "127.0.0.1:$port" 2>/dev/null | grep '=>' | tee /dev/stderr |
    judge 'reason\(1120\)'
  echo hello | "$programs/psyne" send --connect "tls://127.0.0.1:$port" --ca $root/place/ca.pem
  echo "it still serves those who speak psyne/1"
}

run_conversations() {
  echo "== conversations"
  PYTHONDONTWRITEBYTECODE=1 $root/venv/bin/python Tests/Support/TLSConversations "$programs/psyne-tls-echo" \
    $root/place "$@" | tee $root/conversations.txt | grep -v '^same' || failures=$((failures + 1))
}

prepare
case $what in
all)
  run_conversations
  run_sslyze
  run_testssl
  ;;
conversations) run_conversations "${@:2}" ;;
*) "run_$what" ;;
esac
[ $failures = 0 ] || { echo "tls-scan.sh: $failures of them have remarks that are not explained" >&2 && exit 1; }
echo "nothing but what is explained in docs/security.md"
