//! Writing a file whole or not at all. `list` and `package` write by it: a
//! Morpho that reads meanwhile has the old file or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Gives a file these bytes, and leaves it its permissions. The folder must be
/// there. A link stays a link.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = write(&temporary, bytes, &path).and_then(|()| fs::rename(&temporary, &path));
    if result.is_err() {
        // What went wrong first is what matters.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn write(temporary: &Path, bytes: &[u8], model: &Path) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    if let Ok(known) = fs::metadata(model) {
        file.set_permissions(known.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}
