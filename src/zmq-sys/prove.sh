#!/bin/bash
# Shows that the tests of each repair of libzmq fail without it: prove.sh [NAME...], for all
# repairs by default. First runs the tests of these repairs with all repairs in place; then
# builds libzmq without one repair at a time and runs its tests again. Builds in a folder of
# its own. Takes about half a minute per repair.
set -uo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/prove}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

names=("$@")
if [ $# = 0 ]; then
    for file in src/zmq-sys/repairs/*.toml; do
        names+=("$(basename "$file" .toml)")
    done
fi

# Prints the tests of a repair, one "TARGET FILTER" per line.
tests() {
    awk '/^tests = \[/ { on = 1 } on { print } on && /\]/ { exit }' \
        "src/zmq-sys/repairs/$1.toml" | grep -o '"[^"]*"' | tr -d '"'
}

# passes TARGET FILTER: runs one test, within two minutes; 2 means that it did not run.
passes() {
    local package=zeromq-plugin
    [ "$1" != repairs ] || package=zmq-sys
    cargo test --quiet -p "$package" --test "$1" --no-run < /dev/null > "$log" 2>&1 || return 2
    timeout 120 cargo test --quiet -p "$package" --test "$1" "$2" < /dev/null > "$log" 2>&1 &&
        grep -q '^test result: ok. [1-9]' "$log" && return 0
    # Aborted by an assertion or stopped after the timeout is a failure, too.
    grep -q '^running\|SIG' "$log" && return 1
    return 2
}

# failing NAME: prints how many tests of a repair fail.
failing() {
    local target filter count=0
    while read -r target filter; do
        passes "$target" "$filter"
        case $? in
            1) count=$((count + 1)) ;;
            2) cat "$log" >&2; echo "$1: $target $filter did not run" >&2; echo "-"; return ;;
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
