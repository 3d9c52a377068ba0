#!/bin/sh
# Makes the secrets of compose.yaml at its first start, in the volume `secrets`: of no worth anywhere else, and never made
# anew while they are there. `docker compose down --volumes` forgets them, with the data they protect.
set -eu
cd /run/secrets

# Bytes of the kernel's chance, in hexadecimal.
random() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }
# Whole or not at all: a file that is cut short would be kept for ever.
make() {
  [ -s "$1" ] && return
  printf '%s' "$2" >"$1.unfinished"
  mv "$1.unfinished" "$1"
  echo "made $1"
}

make jwt_key "$(random 32)"
make postgres_password "$(random 16)"
for service in auth tickets orders payments; do
  make "${service}_database_url" "postgres://$service:$(random 16)@postgres/ticketing"
done
