#!/bin/bash
# Shows that the tests of each repair of libzmq fail without it: prove.sh [--own] [NAME...], for
# all repairs by default. First runs the tests of these repairs with all repairs in place; then
# builds libzmq without one repair at a time and runs its tests again. With --own, only the
# tests of libzmq itself: for the others, the library is compiled again for each repair.
#
# Compiles libzmq without optimization, which takes a fifth of the time, in a folder of its own.
# A row takes about half a minute, or some minutes if the library is compiled again.
set -uo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/prove}
export ZEROMQ_LIBZMQ_CXXFLAGS="-O0 -g0 ${ZEROMQ_LIBZMQ_CXXFLAGS:-}"
# What is freed changes, so that its use shows.
export MALLOC_PERTURB_=165
log=$(mktemp)
trap 'rm -f "$log"' EXIT

targets='.*'
if [ "${1:-}" = --own ]; then
    targets=repairs
    shift
fi
names=("$@")
if [ $# = 0 ]; then
    for file in src/zmq-sys/repairs/*.toml; do
        names+=("$(basename "$file" .toml)")
    done
fi

# Prints the tests of a repair, one "TARGET FILTER" per line.
tests() {
    awk '/^tests = \[/ { on = 1 } on { print } on && /\]/ { exit }' \
        "src/zmq-sys/repairs/$1.toml" | grep -o '"[^"]*"' | tr -d '"' | grep "^$targets "
}

# build TARGET: builds a test target and prints the path of the executable.
build() {
    local package=zeromq-plugin
    [ "$1" != repairs ] || package=zeromq-plugin-sys
    : > "$log"
    cargo test -p "$package" --test "$1" --no-run --message-format json < /dev/null 2>> "$log" |
        tee -a "$log" | grep "\"name\":\"$1\"" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

# attempt TARGET EXECUTABLE FILTER: runs a test, within two minutes; 2 means that none ran.
attempt() {
    local folder=. status
    [ "$1" != repairs ] || folder=src/zmq-sys
    (cd "$folder" && timeout 120 "$2" "$3") < /dev/null > "$log" 2>&1
    status=$?
    if [ $status = 0 ]; then
        grep -q '^test result: ok. [1-9]' "$log" || status=2
    else
        # Aborted by an assertion or stopped after the timeout is a failure, too.
        grep -q '^running [1-9]' "$log" && status=1 || status=2
    fi
    return $status
}

# failing NAME: prints how many tests of a repair fail. Reports each that fails with all
# repairs, and each that passes without this one.
failing() {
    local target filter status count=0
    local -A executable=()
    while read -r target filter; do
        [ -n "${executable[$target]:-}" ] || executable[$target]=$(build "$target")
        if [ -x "${executable[$target]}" ]; then
            attempt "$target" "${executable[$target]}" "$filter"
            status=$?
        else
            # A test of a function that a repair adds cannot be linked without it.
            grep -q 'undefined reference\|undefined symbol' "$log" && status=1 || status=2
        fi
        case $status in
            0) [ -z "${ZEROMQ_WITHOUT_REPAIR:-}" ] || echo "$1: $target $filter passes" >&2 ;;
            1)
                count=$((count + 1))
                [ -n "${ZEROMQ_WITHOUT_REPAIR:-}" ] || cat "$log" >&2
                ;;
            *) cat "$log" >&2; echo "$1: $target $filter did not run" >&2; echo "-"; return ;;
        esac
    done < <(tests "$1")
    echo "$count"
}

declare -A with
for name in "${names[@]}"; do
    with[$name]=$(failing "$name")
done
failed=0
printf '%-32s %6s %12s %15s\n' repair tests "fail with it" "fail without it"
for name in "${names[@]}"; do
    all=$(tests "$name" | wc -l)
    without=$(ZEROMQ_WITHOUT_REPAIR=$name failing "$name")
    printf '%-32s %6d %12s %15s\n' "$name" "$all" "${with[$name]}" "$without"
    [ "${with[$name]}" = 0 ] && [ "$without" = "$all" ] || failed=1
done
exit $failed
