#!/bin/sh
# Runs the whole bus on this machine for a few seconds and shows what its parts print.
#
#     sh examples/market-data/start.sh [PORT]
#
# The scripts run on target/release/zeromq, or on the command in MORPHO, as in
# MORPHO=morpho6. PORT is the first of six ports; the default is above 20000. Stop it with
# Ctrl-C; it leaves nothing running.

folder=$(dirname "$0")
for program in "$folder/../../target/release/zeromq" "$folder/../../target/debug/zeromq"; do
  if [ -x "$program" ]; then break; fi
done
if [ -z "$MORPHO" ] && [ ! -x "$program" ]; then
  echo "There is no target/release/zeromq; cargo build --release makes it." >&2
  exit 1
fi
port=${1:-$((20000 + $$ % 1000 * 10))}
logs=$(mktemp -d) || exit 1
pids=

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

# Replaces this shell with the program that runs a script.
become() {
  script=$folder/$1.morpho
  shift
  if [ -n "$MORPHO" ]; then
    exec $MORPHO "$script" port="$port" "$@"
  fi
  exec "$program" run "$script" port="$port" "$@"
}

# Runs a script in the foreground.
run() {
  (become "$@")
}

# Runs a script in the background. The first argument names its log.
start() {
  log=$logs/$1.log
  shift
  become "$@" >"$log" 2>&1 &
  pid=$!
  pids="$pids $pid"
}

say() {
  printf '\n== %s\n' "$*"
}

# The shared module prints nothing unless it cannot be loaded.
run bus >"$logs/bus.log" 2>&1
if [ -s "$logs/bus.log" ]; then
  cat "$logs/bus.log" >&2
  exit 1
fi

say "Two forwarders, a cache, a recorder, a group and three feeds; ANGEL on NSE"
start primary forwarder name=primary
primary=$pid
start backup forwarder name=backup
start cache cache
start recorder recorder file="$logs/ticks.jsonl"
start group group members=3 count=100
group=$pid
members=
for name in one two three; do
  start "$name" member name="$name" idle=2000
  members="$members $pid"
done
feeds=
seed=1
for broker in ANGEL ZERODHA DHAN; do
  start "$broker" adapter broker="$broker" seed="$seed" rate=20
  feeds="$feeds $pid"
  seed=$((seed + 1))
done
run consumer prefix=ANGEL_NSE count=6 idle=9000 snapshot=no
if ! kill -0 "$primary" 2>/dev/null; then
  # Most likely another program uses its ports.
  cat "$logs/primary.log" >&2
  exit 1
fi

say "Late, but told at once where INFY stands, then every change"
start failover consumer prefix=DHAN count=50 idle=9000 snapshot=no
failover=$pid
run consumer prefix=ZERODHA_NSE_INFY count=7 idle=9000

say "The primary forwarder is killed while another consumer listens"
{ kill -9 "$primary"; wait "$primary"; } 2>/dev/null
wait "$failover"
# Show its output around the failure and at the end.
awk '{ line[NR] = $0 } /is gone/ { gone = NR }
  END { for (i = 1; i <= NR; i++)
    if ((gone && i >= gone - 2 && i <= gone + 3) || i > NR - 2) print line[i] }' "$logs/failover.log"

say "The monitor"
start replayed consumer prefix=REPLAY count=6 idle=9000 snapshot=no
replayed=$pid
run monitor every=1000 rounds=1

say "The group has shared 100 ticks, each handled by one member"
# The members exit when there is no more work.
wait "$group" $members
cat "$logs/group.log"
for name in one two three; do tail -n 1 "$logs/$name.log"; done
twice=$(sed -n 's/^[a-z]*: //p' "$logs/one.log" "$logs/two.log" "$logs/three.log" | sort | uniq -d)
echo "handled by two of them: ${twice:-none}"

say "The primary is back, and a recording is replayed five times as fast"
for pid in $feeds; do kill "$pid"; done
start primary forwarder name=primary
run replay file="$logs/ticks.jsonl" prefix=ANGEL broker=REPLAY speed=5
wait "$replayed"
cat "$logs/replayed.log"
