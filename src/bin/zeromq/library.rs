//! Finds the shared library. `plugin` loads it, `install` copies it to Morpho's package,
//! and `doctor` reports its path.

use std::env::consts::{self, DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

/// Where a package installs the library, if that is not `lib` beside the folder of the
/// program. Set when the program is built.
const FOLDER: Option<&str> = option_env!("ZEROMQ_LIBRARY_FOLDER");

/// Returns the places where the library can be.
fn candidates() -> Vec<PathBuf> {
    if let Some(path) = std::env::var_os("ZEROMQ_PLUGIN") {
        return vec![path.into()];
    }
    let file = libloading::library_filename("zeromq");
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(2);
    let built = folders.flat_map(|folder| [folder.join(&file), folder.join("deps").join(&file)]);
    let prefix = program.ancestors().nth(2).map(|prefix| prefix.join("lib"));
    let (installed, _) = names();
    let folders = prefix.into_iter().chain(FOLDER.map(|folder| Path::new(folder).to_owned()));
    built.chain(folders.map(|folder| folder.join(&installed))).collect()
}

/// Returns the first place that has the library.
pub fn find() -> Result<PathBuf, String> {
    let mut tried = String::new();
    for path in candidates() {
        if path.exists() {
            return Ok(path);
        }
        tried.push_str(&format!("\n  {}", path.display()));
    }
    Err(format!(
        "the library was not found; set the environment variable ZEROMQ_PLUGIN to its path, or \
         put it in one of these places:{tried}"
    ))
}

/// Returns the names of the installed library and of the symbolic link that points to it.
pub fn names() -> (String, String) {
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    let linked = format!("{DLL_PREFIX}zeromq{DLL_SUFFIX}");
    let library = match consts::OS {
        "windows" => linked.clone(),
        "macos" => format!("libzeromq.{major}.dylib"),
        _ => format!("{linked}.{major}"),
    };
    (library, linked)
}
