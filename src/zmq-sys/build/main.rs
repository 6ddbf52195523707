//! Builds libzmq from the sources that zeromq-src carries: repaired as `repairs/`
//! says, as one translation unit, with libsodium's CURVE.

mod platform;
mod repairs;
mod sources;
mod unit;

use std::env;
use std::path::PathBuf;

/// The names of repairs to leave out, separated by commas: a test that shows a
/// repair has to fail without it.
const WITHOUT: &str = "ZEROMQ_WITHOUT_REPAIR";

fn main() {
    for path in ["build", "repairs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    for variable in ["CXX", "CXXFLAGS", WITHOUT] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if !platform::is("CARGO_CFG_TARGET_FAMILY", "unix") {
        println!(
            "cargo::warning=the repairs of libzmq are for Unix only: libzmq is built as it is"
        );
        sources::build_as_they_are();
        return;
    }

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let sources = sources::lay_out(&out);
    let without = env::var(WITHOUT).unwrap_or_default();
    let repairs = repairs::read("repairs".as_ref())
        .and_then(|repairs| repairs::without(repairs, &without))
        .unwrap_or_else(|reason| stop(&reason));
    repairs::apply(&repairs, &sources).unwrap_or_else(|reason| stop(&reason));
    unit::compile(&sources, &out);
}

/// Ends the build with a message, without the words of a panic around it.
fn stop(reason: &str) -> ! {
    for line in reason.lines() {
        println!("cargo::error={line}");
    }
    std::process::exit(1);
}
