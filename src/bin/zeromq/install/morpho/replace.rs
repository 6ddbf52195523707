//! Writing a file whole or not at all. `list` and `package` write by it: a Morpho that
//! reads in the meantime has the old file or the new one.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

/// Gives a file these bytes, and leaves it its permissions. The folder must be
/// there. A link stays a link.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut new = Builder::new();
    let known = fs::metadata(&path).map(|about| about.permissions()).ok();
    if let Some(permissions) = known.clone().or_else(usual) {
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

/// What a new file would have: the system takes off what the user does not give.
fn usual() -> Option<Permissions> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    None
}
