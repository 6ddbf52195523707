//! Atomic writes of files, for `list` and `record`: a Morpho that reads in the meantime
//! sees the old file or the new one.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

/// Replaces the contents of a file and keeps its permissions. The folder must exist.
/// Symbolic links are kept.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, 0o666)
}

/// Replaces a program, also one that is running.
pub fn replace_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, 0o777)
}

/// Replaces a file; a new one gets these permissions.
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut new = Builder::new();
    let known = fs::metadata(&path).map(|about| about.permissions()).ok();
    if let Some(permissions) = known.clone().or_else(|| usual(mode)) {
        new.permissions(permissions);
    }
    let mut new = new.tempfile_in(path.parent().unwrap_or(Path::new("")))?;
    if let Some(permissions) = known {
        new.as_file().set_permissions(permissions)?;
    }
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}

/// Returns the permissions of a new file, before the system applies the umask.
fn usual(mode: u32) -> Option<Permissions> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    {
        let _ = mode;
        None
    }
}
