//! Link settings of the shared library, and the name that programs find it by.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(libzmq_repaired)");
    if env::var_os("DEP_ZMQ_UNREPAIRED").is_none() {
        println!("cargo::rustc-cfg=libzmq_repaired");
    }
    let argument = |argument: &str| println!("cargo::rustc-cdylib-link-arg={argument}");
    // What is built against one version runs with every later one of the same number.
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            // A host may unmap the library while libzmq's I/O threads still run.
            argument("-Wl,-z,nodelete");
            argument(&format!("-Wl,-soname,libzeromq.so.{major}"));
            link("libzeromq.so", &format!("libzeromq.so.{major}"));
        }
        Ok("macos") => {
            argument(&format!("-Wl,-install_name,@rpath/libzeromq.{major}.dylib"));
            link("libzeromq.dylib", &format!("libzeromq.{major}.dylib"));
        }
        _ => {}
    }
}

/// Programs that are linked with the library where cargo puts it look for it there by
/// its other name.
fn link(library: &str, name: &str) {
    #[cfg(unix)]
    {
        let out = env::var_os("OUT_DIR").unwrap_or_default();
        // It is build/<package>/out in the folder of the profile.
        let Some(profile) = Path::new(&out).ancestors().nth(3) else {
            return;
        };
        for folder in [profile.to_owned(), profile.join("deps")] {
            // It may be there already; the library does without.
            let _ = std::os::unix::fs::symlink(library, folder.join(name));
        }
    }
    #[cfg(not(unix))]
    let _ = (library, name, Path::new(""));
}
