//! Files that may hold a secret: they are read without leaving copies behind, and
//! written completely or not at all.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{TEXT, security};
use super::z85;
use crate::core::error::Error;

/// A file name in an error message, unless it might be a key.
pub(in crate::core) struct Name<'a>(pub &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The end of a name says more than its beginning.
        const LONGEST: usize = 80;
        let name = self.0;
        let stem = name.strip_suffix("_secret").unwrap_or(name);
        if stem.len() == TEXT && z85::decode(stem.as_bytes()).is_some() {
            return f.write_str("a file with the name of a key");
        }
        match name.char_indices().rev().nth(LONGEST) {
            None => write!(f, "{}", name.escape_debug()),
            Some((start, _)) => write!(f, "...{}", name[start..].escape_debug()),
        }
    }
}

pub(in crate::core) fn unreadable(file: &str, error: &io::Error) -> Error {
    security(format!("{} cannot be read: {}", Name(file), reason(error)))
}

pub(super) fn unwritable(file: &str, error: &io::Error) -> Error {
    security(format!("{} cannot be written: {}", Name(file), reason(error)))
}

/// Returns the text of an error without its number, which does not help a user: "No such
/// file or directory (os error 2)".
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Reads a regular file of at most `largest` bytes.
pub(in crate::core) fn read(file: &Path, largest: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Reading a pipe would block, and a device has no end.
    let size = match fs::metadata(file)? {
        about if about.is_file() => about.len(),
        _ => return Err(io::Error::other("it is not a file")),
    };
    if size > largest {
        return Err(io::Error::other(format!("it is larger than {} KiB", largest / 1024)));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(size as usize + 1));
    File::open(file)?.take(largest).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a file with this mode, completely or not at all.
pub(super) fn write(file: &str, text: &[u8], mode: u32) -> io::Result<()> {
    if file.is_empty() || file.contains('\0') {
        return Err(io::Error::other("this is not a file name"));
    }
    let path = PathBuf::from(file);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".zeromq-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut new = builder.tempfile_in(folder)?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}
