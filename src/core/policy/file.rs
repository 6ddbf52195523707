//! The files that a rule names. Paths are compared as the system resolves them, with all
//! links followed.

use std::path::{Path, PathBuf};

/// Returns whether a file or directory may be read: it is one of these paths or below one.
pub(super) fn is_readable(path: &Path, permitted: &[PathBuf]) -> bool {
    path.canonicalize().is_ok_and(|path| is_below(&path, permitted)) || {
        // Not there yet, or not to be seen: it may be named, as nothing can be read.
        path.symlink_metadata().is_err() && is_writable(path, permitted)
    }
}

/// Returns whether a file may be written: it would be one of these paths or below one. A
/// link at its place is replaced, not followed.
pub(super) fn is_writable(path: &Path, permitted: &[PathBuf]) -> bool {
    place(path).is_some_and(|path| is_below(&path, permitted))
}

/// Returns whether the socket at a path is the permitted one, or is below the permitted
/// folder and not the folder itself.
pub(super) fn is_socket(path: &str, permitted: &Path, below: bool) -> bool {
    let path = Path::new(path);
    let Some(permitted) = resolved(permitted) else {
        return false;
    };
    let covers = |path: &Path| path.starts_with(&permitted) && (path != permitted) == below;
    let here = place(path).is_some_and(|path| covers(&path));
    // A connect follows links.
    let there = match path.canonicalize() {
        Ok(path) => covers(&path),
        Err(_) => path.symlink_metadata().is_err(),
    };
    here && there
}

/// Returns the place of a file that need not exist: its folder, resolved, and its name.
fn place(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // `file_name` ignores a slash or dot at the end.
    let whole = path.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes());
    whole.then(|| folder.canonicalize().ok().map(|folder| folder.join(name))).flatten()
}

fn is_below(path: &Path, permitted: &[PathBuf]) -> bool {
    permitted
        .iter()
        .any(|permitted| resolved(permitted).is_some_and(|permitted| path.starts_with(permitted)))
}

/// Returns a path of a rule, resolved, even if nothing is there yet.
fn resolved(permitted: &Path) -> Option<PathBuf> {
    permitted.canonicalize().ok().or_else(|| place(permitted))
}
