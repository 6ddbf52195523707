//! libzmq's sources, as zeromq-src lays them out.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Has zeromq-src copy libzmq's sources to `out`, and gives their folder. It tells
/// cargo to link the archive `libzmq.a` in `out/lib`, too.
///
/// zeromq-src copies only after it has compiled each file. What is compiled here are
/// repaired copies, so its compiler and archiver are told to do nothing.
pub fn lay_out(out: &Path) -> PathBuf {
    // Copies of an earlier build may lie there, repaired already.
    let sources = out.join("source");
    if sources.exists() {
        fs::remove_dir_all(&sources).expect("OUT_DIR is there to be written to");
    }
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let nothing = [(format!("CXXFLAGS_{target}"), "--version"), (format!("AR_{target}"), "true")];
    let before: Vec<_> = nothing.iter().map(|(name, _)| env::var_os(name)).collect();
    for (name, value) in &nothing {
        // SAFETY: a build script has one thread here.
        unsafe { env::set_var(name, value) };
    }
    build_as_they_are();
    for ((name, _), value) in nothing.iter().zip(before) {
        // SAFETY: as above; those of zeromq-src's build have ended.
        match value {
            Some(value) => unsafe { env::set_var(name, value) },
            None => unsafe { env::remove_var(name) },
        }
    }
    sources
}

/// What zeromq-src makes of them, file by file.
pub fn build_as_they_are() {
    zeromq_src::Build::new()
        .with_libsodium(Some(zeromq_src::LibLocation::new(sodium("LIB"), sodium("INCLUDE"))))
        .build();
}

/// A folder of libsodium's.
pub fn sodium(what: &str) -> String {
    env::var(format!("DEP_SODIUM_{what}"))
        .unwrap_or_else(|_| panic!("libsodium-sys-stable did not tell {what}"))
}
