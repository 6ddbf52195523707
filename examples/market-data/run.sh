#!/bin/sh
# Runs a program of the bus, in place of this shell.
#
#     sh examples/market-data/run.sh PROGRAM [NAME=VALUE...]
#
# PROGRAM is the name of a script without .morpho. It runs on zeromq from this folder's
# target/release or from PATH, or on the command in MORPHO, as in MORPHO=morpho6. Scripts
# cannot read the environment, so ZMQ_HOST and ZMQ_PORT are passed on as host= and port=.
# Arguments override them, and they override bus.toml.

folder=$(dirname "$0")
if [ $# -eq 0 ] || [ ! -f "$folder/$1.morpho" ]; then
  echo "usage: run.sh PROGRAM [NAME=VALUE...], where PROGRAM is one of" >&2
  (cd "$folder" && ls ./*.morpho) | sed 's/^..\(.*\)\.morpho$/    \1/' >&2
  exit 2
fi
script=$folder/$1.morpho
shift

if [ -z "$MORPHO" ]; then
  for program in "$folder/../../target/release/zeromq" "$folder/../../target/debug/zeromq" \
    "$(command -v zeromq)"; do
    if [ -x "$program" ]; then MORPHO="$program run"; break; fi
  done
fi
if [ -z "$MORPHO" ]; then
  echo "There is no target/release/zeromq; cargo build --release makes it." >&2
  exit 1
fi

exec $MORPHO "$script" ${ZMQ_HOST:+host="$ZMQ_HOST"} ${ZMQ_PORT:+port="$ZMQ_PORT"} "$@"
