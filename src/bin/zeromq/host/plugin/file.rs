//! The file of a library: loading it, and why it cannot be loaded. `plugin`
//! loads it; `doctor` asks why Morpho cannot, which Morpho itself keeps secret.

use std::error::Error;
use std::ffi::c_void;
use std::path::Path;

use libloading::Library;

/// What Morpho calls first.
const ENTRY: &str = "zeromq_initialize";

/// Loads a library, or says what the system says.
pub fn load(path: &Path) -> Result<Library, String> {
    // SAFETY: loading runs the initialisers of the library; the user has put it
    // there, named it or listed it as a package.
    unsafe { Library::new(path) }.map_err(|error| {
        let reason = error.source().map(ToString::to_string);
        let reason = reason.unwrap_or_else(|| error.to_string());
        format!("the library cannot be loaded: {reason}")
    })
}

/// Why Morpho cannot load a library, if this program can tell.
pub fn obstacle(path: &Path) -> Option<String> {
    let file = match load(path) {
        Ok(file) => file,
        Err(reason) => return Some(reason),
    };
    // SAFETY: nothing is done with the address.
    let lacks = unsafe { file.get::<*const c_void>(ENTRY.as_bytes()) }.is_err();
    // The library may have started something that still runs.
    std::mem::forget(file);
    lacks.then(|| format!("{} has no function {ENTRY}", path.display()))
}
