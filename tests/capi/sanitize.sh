#!/bin/sh
# Builds the library with AddressSanitizer in its C and C++ code, libzmq and libsodium,
# and runs the tests of C programs with it. With the argument "rust", its Rust code is
# instrumented too, which needs a switch that stable compilers hide, and the random calls
# run as well, for ZEROMQ_SECONDS.
set -e
cd "$(dirname "$0")/../.."

target=$(rustc -vV | sed -n 's/^host: //p')
variable=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_RUSTFLAGS
folder=${CARGO_TARGET_DIR:-target}/sanitized
part=$1
export CFLAGS="-fsanitize=address -fno-omit-frame-pointer -g"
export CXXFLAGS="$CFLAGS"
if [ "$part" = rust ]; then
    folder=$folder-rust
    export RUSTC_BOOTSTRAP=1 "$variable=-Zsanitizer=address"
else
    export "$variable=-Clink-arg=-fsanitize=address"
fi
# For a named target, so that programs of the build itself stay as they are.
set -- --locked --target "$target" --target-dir "$folder" \
    --release --config profile.release.lto=false --config profile.release.debug=1
cargo rustc --lib --crate-type cdylib "$@"
[ "$part" != rust ] || cargo test --test random_calls "$@"

unset CFLAGS CXXFLAGS RUSTC_BOOTSTRAP "$variable"
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
ZEROMQ_SANITIZED=$folder/$target/release/libzeromq.so cargo test --test capi sanitizer
