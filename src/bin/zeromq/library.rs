//! Finds the shared library. `plugin` loads it, `install` copies it to Morpho's package,
//! and `doctor` reports its path.

use std::path::PathBuf;

/// Returns the places where the library can be.
fn candidates() -> Vec<PathBuf> {
    if let Some(path) = std::env::var_os("ZEROMQ_PLUGIN") {
        return vec![path.into()];
    }
    let file = libloading::library_filename("zeromq");
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(2);
    folders.flat_map(|folder| [folder.join(&file), folder.join("deps").join(&file)]).collect()
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
