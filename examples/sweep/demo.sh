#!/bin/sh
# Runs a sweep with four workers, kills one of them, kills the sweep in the middle, and
# starts it again:
#
#     examples/sweep/demo.sh [FOLDER]
#
# ZEROMQ is the program (default: zeromq).
set -eu
here=$(dirname "$0")
folder=${1:-$(mktemp -d)}
program=${ZEROMQ:-zeromq}
port=${PORT:-5557}

workers=
for copy in 1 2 3 4; do
    "$program" run "$here/worker.morpho" "tcp://localhost:$port" &
    workers="$workers $!"
done
# Whatever happens, no worker stays behind.
trap 'kill $workers 2>/dev/null || true' EXIT

"$program" run "$here/sweep.morpho" "$folder" "tcp://*:$port" &
sweep=$!
lines() { wc -l 2>/dev/null <"$folder/results.txt" || echo 0; }
while [ "$(lines)" -lt 20 ]; do sleep 0.1; done
set -- $workers
echo "Killing a worker"
kill -9 "$1"
while [ "$(lines)" -lt 60 ]; do sleep 0.1; done
echo "Killing the sweep"
kill -9 "$sweep" 2>/dev/null || true
wait "$sweep" 2>/dev/null || true

"$program" run "$here/sweep.morpho" "$folder" "tcp://*:$port"
# The other workers have ended, unless they had not found the second sweep yet.
echo "$folder/resonance.svg"
