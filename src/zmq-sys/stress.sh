#!/bin/bash
# Runs stress.c on libzmq as it is built here, with AddressSanitizer, with ThreadSanitizer and
# under valgrind: stress.sh [SECONDS [MODE...]], ten minutes for each of its modes by default.
# Fails at the first report.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
modes=("${@:2}")
[ ${#modes[@]} -gt 0 ] || modes=(upstream marks names)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/stress}

# build NAME FLAGS...: compiles libzmq and the program with these flags.
build() {
    local name=$1 folder=$CARGO_TARGET_DIR/$1 out sodium
    shift
    # For a named target, so that the programs of the build itself stay as they are.
    CFLAGS="$*" CXXFLAGS="$*" cargo build --quiet --release -p zeromq-plugin-sys --target-dir "$folder" \
        --target "$(rustc -vV | sed -n 's/^host: //p')"
    # shellcheck disable=SC2012 # Cargo makes these names.
    out=$(ls -td "$folder"/*/release/build/zeromq-plugin-sys-*/out | head -1)
    sodium=$(find "$folder" -name libsodium.a | head -1)
    cc -g "$@" -DZMQ_STATIC -I"$out/source/include" -c src/zmq-sys/tests/stress.c -o "$folder/stress.o"
    c++ "$@" "$folder/stress.o" "$out/lib/libzmq.a" "$sodium" -lpthread -o "$CARGO_TARGET_DIR/stress-$name"
}

build asan -fsanitize=address -fno-omit-frame-pointer -g
build tsan -fsanitize=thread -fno-omit-frame-pointer -g
build plain -g
export TSAN_OPTIONS="halt_on_error=1 history_size=4"
for mode in "${modes[@]}"; do
    echo "$mode, AddressSanitizer:"
    "$CARGO_TARGET_DIR/stress-asan" "$mode" "$seconds"
    echo "$mode, ThreadSanitizer:"
    "$CARGO_TARGET_DIR/stress-tsan" "$mode" "$seconds"
    echo "$mode, valgrind:"
    valgrind --quiet --error-exitcode=1 --fair-sched=yes \
        "$CARGO_TARGET_DIR/stress-plain" "$mode" "$seconds"
done
