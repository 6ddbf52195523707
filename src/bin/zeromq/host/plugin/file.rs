//! A shared library: loads it, and finds out its version or why it cannot be loaded. Called
//! by `plugin`; `doctor` reports the reason, which Morpho does not.

use std::error::Error;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

use libloading::Library;

/// The function that Morpho calls first.
const ENTRY: &str = "zeromq_initialize";

/// Loads a library, or returns the system's error.
pub fn load(path: &Path) -> Result<Library, String> {
    // SAFETY: loading runs the initialisers of the library; the user has put it
    // there, named it or listed it as a package.
    unsafe { Library::new(path) }.map_err(|error| {
        let reason = error.source().map(ToString::to_string);
        let reason = reason.unwrap_or_else(|| error.to_string());
        format!("the library cannot be loaded: {reason}")
    })
}

/// Returns the reason why Morpho cannot load a library, if it can be determined.
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

/// Returns the version of a library.
pub fn version(path: &Path) -> Result<String, String> {
    type Version = unsafe extern "C" fn() -> *const c_char;
    let library = load(path)?;
    // SAFETY: the function of this name has this type in every version.
    let version = unsafe { library.get::<Version>(b"zeromq_version") };
    let version = version.map_err(|_| format!("{} is another library", path.display()))?;
    // SAFETY: it gives a text that stays as long as the library, which is read now.
    let text = unsafe { CStr::from_ptr(version()) }.to_string_lossy().into_owned();
    // It may have started something that still runs.
    std::mem::forget(library);
    Ok(text)
}
