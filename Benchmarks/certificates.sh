#!/bin/sh
# Makes the certificates of a run in FOLDER, in place of those of an earlier one: ca.pem, and server.pem and
# client.pem, each with its key. ECDSA with P-256, for 127.0.0.1, valid for a week.
#
#   certificates.sh FOLDER
set -eu

folder=$1
mkdir -p "$folder"
cd "$folder"
umask 077

# What it says is of interest when it fails.
quietly() { "$@" 2>log || { cat log >&2 && exit 1; }; }

quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -keyout ca.key -out ca.pem \
  -subj "/CN=Benchmark CA" -addext keyUsage=critical,keyCertSign,cRLSign
for name in server client; do
  quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -subj "/CN=$name" \
    -out $name.csr
  printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=%sAuth\nkeyUsage=critical,digitalSignature\n' \
    $name >$name.ext
  quietly openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -extfile $name.ext \
    -out $name.crt
  cat $name.crt $name.key >$name.pem
done
rm -f log ./*.key ./*.csr ./*.ext ./*.crt ./*.srl
