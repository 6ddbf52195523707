//! Why a file is not a library that Morpho can load. Morpho itself keeps it
//! secret; `doctor` asks when an import has failed.

use std::ffi::c_void;
use std::path::Path;

/// What Morpho calls first.
const ENTRY: &str = "zeromq_initialize";

/// What is in the way, if anything is.
pub fn obstacle(path: &Path) -> Option<String> {
    // SAFETY: loading runs the initialisers of the library, which the user has
    // listed as a package.
    let file = match unsafe { libloading::Library::new(path) } {
        Ok(file) => file,
        Err(error) => return Some(error.to_string()),
    };
    // SAFETY: nothing is done with the address.
    let lacks = unsafe { file.get::<*const c_void>(ENTRY.as_bytes()) }.is_err();
    // The library may have started something that still runs.
    std::mem::forget(file);
    lacks.then(|| format!("{} has no function {ENTRY}", path.display()))
}
