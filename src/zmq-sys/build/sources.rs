//! The sources of libzmq, from zeromq-src.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Copies the sources of libzmq into `out` and returns their folder. Also tells cargo to
/// link `libzmq.a` from `out/lib`.
///
/// zeromq-src compiles every file before it copies the sources. Only the repaired copies
/// need to be compiled, so its compiler and archiver are made to do nothing.
pub fn lay_out(out: &Path) -> PathBuf {
    // An earlier build may have left repaired copies.
    let sources = out.join("source");
    if sources.exists() {
        fs::remove_dir_all(&sources).expect("OUT_DIR is writable");
    }
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let nothing = [(format!("CXXFLAGS_{target}"), "--version"), (format!("AR_{target}"), "true")];
    let before: Vec<_> = nothing.iter().map(|(name, _)| env::var_os(name)).collect();
    for (name, value) in &nothing {
        // SAFETY: the build script has only one thread at this point.
        unsafe { env::set_var(name, value) };
    }
    build_as_they_are();
    for ((name, _), value) in nothing.iter().zip(before) {
        // SAFETY: as above. The threads of zeromq-src's build have ended.
        match value {
            Some(value) => unsafe { env::set_var(name, value) },
            None => unsafe { env::remove_var(name) },
        }
    }
    sources
}

/// Compiles the sources file by file, without repairs.
pub fn build_as_they_are() {
    zeromq_src::Build::new()
        .with_libsodium(Some(zeromq_src::LibLocation::new(sodium("LIB"), sodium("INCLUDE"))))
        .build();
}

/// Returns a folder of libsodium: `LIB` or `INCLUDE`.
pub fn sodium(what: &str) -> String {
    env::var(format!("DEP_SODIUM_{what}"))
        .unwrap_or_else(|_| panic!("libsodium-sys-stable did not set DEP_SODIUM_{what}"))
}
