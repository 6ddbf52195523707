#!/bin/bash
# Shows that every test named by a repair of libzmq passes with the repair and fails without
# it. Names of repairs as arguments limit it to these. It builds in a folder of its own and
# takes about a minute per repair.
set -uo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/prove}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# Runs the tests "TARGET FILTER", one per line of standard input; prints how many fail.
failing() {
    local target filter count=0
    while read -r target filter; do
        cargo test --quiet --test "$target" "$filter" < /dev/null > "$log" 2>&1 || count=$((count + 1))
        # A filter that matches nothing, or code that does not compile, shows nothing.
        grep -q '^test result: .* [1-9][0-9]* \(passed\|failed\)\|^test result: FAILED' "$log" ||
            { cat "$log" >&2; echo "$target $filter did not run" >&2; exit 2; }
    done
    echo "$count"
}

tests() {
    sed -n '/^tests = \[/,/\]/p' "src/zmq-sys/repairs/$1.toml" | grep -o '"[^"]*"' | tr -d '"'
}

names=("$@")
if [ $# = 0 ]; then
    for file in src/zmq-sys/repairs/*.toml; do
        names+=("$(basename "$file" .toml)")
    done
fi

printf '%-32s %6s %12s %15s\n' repair tests "fail with it" "fail without it"
for name in "${names[@]}"; do
    all=$(tests "$name" | wc -l)
    with=$(tests "$name" | failing) || exit 2
    without=$(tests "$name" | ZEROMQ_WITHOUT_REPAIR=$name failing) || exit 2
    printf '%-32s %6d %12d %15d\n' "$name" "$all" "$with" "$without"
    [ "$with" = 0 ] && [ "$without" = "$all" ] || failed=1
done
exit $failed
