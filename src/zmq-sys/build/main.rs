//! Builds libzmq from the sources in zeromq-src, with the repairs in `repairs/`, as one
//! translation unit, with CURVE from libsodium.

mod platform;
mod repairs;
mod sources;
mod unit;

use std::env;
use std::path::PathBuf;

/// Names the repairs to leave out, separated by commas, to show that a test fails without
/// the repair that it covers.
const WITHOUT: &str = "ZEROMQ_WITHOUT_REPAIR";

/// Links the system's libzmq, which pkg-config has to find, instead of building one.
const SYSTEM: &str = "ZEROMQ_SYSTEM_LIBZMQ";

/// Flags for the compiler of libzmq only, separated by spaces; CXXFLAGS is for all C++.
const FLAGS: &str = "ZEROMQ_LIBZMQ_CXXFLAGS";

fn main() {
    for path in ["build", "repairs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    for variable in ["CXX", "CXXFLAGS", FLAGS, WITHOUT, SYSTEM] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    if env::var_os(SYSTEM).is_some() {
        println!("cargo::warning=the libzmq of the system is linked, without the repairs");
        println!("cargo::metadata=unrepaired=1");
        if let Err(error) = pkg_config::Config::new().atleast_version("4.3.4").probe("libzmq") {
            stop(&error.to_string());
        }
        return;
    }
    if !platform::is("CARGO_CFG_TARGET_FAMILY", "unix") {
        println!("cargo::metadata=unrepaired=1");
        println!("cargo::warning=libzmq is built without its repairs, which are for Unix only");
        sources::build_as_they_are();
        return;
    }

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let sources = sources::lay_out(&out);
    let without = env::var(WITHOUT).unwrap_or_default();
    if !without.is_empty() {
        println!("cargo::warning=libzmq is built without these repairs: {without}");
    }
    let repairs = repairs::read("repairs".as_ref())
        .and_then(|repairs| repairs::without(repairs, &without))
        .unwrap_or_else(|reason| stop(&reason));
    repairs::apply(&repairs, &sources).unwrap_or_else(|reason| stop(&reason));
    unit::compile(&sources, &out);
}

/// Ends the build with an error message, without a panic's backtrace around it.
fn stop(reason: &str) -> ! {
    for line in reason.lines() {
        println!("cargo::error={line}");
    }
    std::process::exit(1);
}
