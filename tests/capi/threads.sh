#!/bin/sh
# Builds the library with ThreadSanitizer in all of its code, libzmq and Rust's standard
# library included, and runs the tests of C programs and, for ZEROMQ_SECONDS, the random calls
# with it. The source of the standard library belongs to the compiler: rustup calls it
# rust-src. Ends with 77 if it is not there.
set -e
cd "$(dirname "$0")/../.."

sources=$(rustc --print sysroot)/lib/rustlib/src/rust/library
[ -e "$sources/std/Cargo.toml" ] || {
    echo "the source of Rust's standard library is not there: rustup component add rust-src" >&2
    exit 77
}
target=$(rustc -vV | sed -n 's/^host: //p')
folder=${CARGO_TARGET_DIR:-target}/threads
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
variable=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_RUSTFLAGS
# What C compilers link serves all code.
sanitize="-Zsanitizer=thread -Zexternal-clangrt -Clink-arg=-fsanitize=thread"
flags="-fsanitize=thread -fno-omit-frame-pointer -g"
# Its own switches are hidden by stable compilers.
instrumented() {
    RUSTC_BOOTSTRAP=1 CFLAGS="$flags" CXXFLAGS="$flags" env "$variable=$sanitize" \
        cargo "$@" -Zbuild-std --locked --target "$target" --target-dir "$folder" \
        --release --config profile.release.lto=false --config profile.release.debug=1
}
instrumented rustc --lib --crate-type cdylib

export TSAN_OPTIONS="halt_on_error=1 history_size=4 second_deadlock_stack=1"
ZEROMQ_SANITIZED=$folder/$target/release/libzeromq.so \
    cargo test --test capi -- --ignored --exact thread_sanitizer_finds_nothing
instrumented test --test random_calls
