#!/bin/sh
# Runs the whole bus on this machine for a few seconds and shows what its parts print.
#
#     sh examples/market-data/start.sh [PORT]
#
# The scripts run on target/release/zeromq, or on the command in MORPHO, as in
# MORPHO=morpho6. PORT is the first of six ports; the default is in ZMQ_PORT, or above
# 20000. KEYS=yes encrypts everything. Stop it with Ctrl-C; it leaves nothing running. The
# output has colors if it goes to a terminal and NO_COLOR is not set.

folder=$(dirname "$0")
ZMQ_PORT=${1:-${ZMQ_PORT:-$((20000 + $$ % 1000 * 10))}}
export ZMQ_PORT
logs=$(mktemp -d) || exit 1
pids=
keys=

color=
if [ -t 1 ] && [ -z "$NO_COLOR" ]; then color=$(printf '\033['); fi

finish() {
  trap - EXIT INT TERM HUP PIPE
  # Processes that have already exited cannot be killed.
  for pid in $pids; do kill "$pid" 2>/dev/null; done
  wait
  rm -rf "$logs"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

# Runs a program of the bus in the foreground.
run() {
  sh "$folder/run.sh" "$@" $keys
}

# Runs a program in the background. The first argument names its log.
start() {
  log=$logs/$1.log
  shift
  sh "$folder/run.sh" "$@" $keys >"$log" 2>&1 &
  pid=$!
  pids="$pids $pid"
}

# Colors headings, cached ticks, reports and summaries.
paint() {
  if [ -z "$color" ]; then cat; return; fi
  sed -u -e "s/^== .*/${color}1;34m&${color}0m/" -e "s/^cached.*/${color}32m&${color}0m/" \
    -e "s/^--.*/${color}33m&${color}0m/" -e "s/^forwarders:.*/${color}33m&${color}0m/" \
    -e "s/^[0-9]* ticks .*/${color}36m&${color}0m/"
}

say() {
  printf '\n== %s\n' "$*" | paint
}

# The shared module prints nothing unless it cannot be loaded.
run bus >"$logs/bus.log" 2>&1
if [ -s "$logs/bus.log" ]; then
  cat "$logs/bus.log" >&2
  exit 1
fi
if [ "$KEYS" = yes ]; then
  mkdir -p "$logs/keys/clients"
  keys=keys=$logs/keys
  run keys
fi

say "Two forwarders, a cache, a recorder, two groups, three feeds; ANGEL on NSE"
start primary forwarder name=primary
primary=$pid
start backup forwarder name=backup
start cache cache
start recorder recorder file="$logs/ticks.jsonl"
start workers group name=workers count=300 journal="$logs/workers.journal"
workers=$pid
start audit group name=audit
audit=$pid
for name in one two; do
  start "$name" member group=workers name="$name" work=50
done
two=$pid
start auditor member group=audit name=auditor quiet=yes
auditor=$pid
feeds=
seed=1
for broker in ANGEL ZERODHA DHAN; do
  start "$broker" adapter broker="$broker" seed="$seed" rate=20
  feeds="$feeds $pid"
  seed=$((seed + 1))
done
run consumer prefix=ANGEL_NSE count=6 idle=9000 snapshot=no | paint
if ! kill -0 "$primary" 2>/dev/null; then
  # Most likely another program uses its ports.
  cat "$logs/primary.log" >&2
  exit 1
fi

say "Late, but told at once where INFY stands, then every change"
start failover consumer prefix=DHAN count=50 idle=9000 snapshot=no
failover=$pid
run consumer prefix=ZERODHA_NSE_INFY count=7 idle=9000 | paint

say "The primary forwarder is killed while another consumer listens"
{ kill -9 "$primary"; wait "$primary"; } 2>/dev/null
wait "$failover"
# Show its output around the failure and at the end.
awk '{ line[NR] = $0 } /is gone/ { gone = NR }
  END { for (i = 1; i <= NR; i++)
    if ((gone && i >= gone - 2 && i <= gone + 3) || i > NR - 3) print line[i] }' "$logs/failover.log" | paint

say "The monitor"
start replayed consumer prefix=REPLAY count=6 idle=9000 snapshot=no
replayed=$pid
run monitor every=1000 rounds=1 | paint

say "A member dies; the other one gets its ticks, and another one helps"
{ kill -9 "$two"; wait "$two"; } 2>/dev/null
start three member group=workers name=three work=50
# The members exit when their group has finished.
wait "$workers"
paint <"$logs/workers.log"
# SIGTERM ends programs properly: each of them finishes what it has begun.
for program in "$audit" "$auditor"; do kill "$program"; wait "$program"; done
tail -n 1 "$logs/audit.log" | paint
tail -n 1 "$logs/auditor.log"

say "The primary is back, and a recording is replayed five times as fast"
for pid in $feeds; do kill "$pid"; done
start primary forwarder name=primary
run replay file="$logs/ticks.jsonl" prefix=ANGEL broker=REPLAY speed=5 | paint
wait "$replayed"
paint <"$logs/replayed.log"
