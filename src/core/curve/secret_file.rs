//! Files that may hold a secret: they are read without leaving copies behind, and
//! written completely or not at all.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::key::{TEXT, security};
use super::z85;
use crate::core::error::Error;

/// Larger than any certificate.
pub(super) const LARGEST: u64 = 64 * 1024;

/// A file name in an error message, unless it might contain a key.
pub(in crate::core) struct Name<'a>(pub &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The end of a name says more than its beginning.
        const LONGEST: usize = 80;
        let name = self.0;
        if name.as_bytes().windows(TEXT).any(is_key) {
            return f.write_str("a file whose name looks like a key");
        }
        match name.char_indices().rev().nth(LONGEST) {
            None => write!(f, "{}", name.escape_debug()),
            Some((start, _)) => write!(f, "...{}", name[start..].escape_debug()),
        }
    }
}

/// Returns true if this text may be a key, and not a path or words. Of the 40 characters of
/// a key, hardly ever all are letters, digits, and those of names.
fn is_key(text: &[u8]) -> bool {
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
    z85::decode(text).is_some() && !text.iter().all(named)
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
    let (mut open, size) = open(file)?;
    if size > largest {
        return Err(io::Error::other(format!("it is larger than {} KiB", largest / 1024)));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(size as usize + 1));
    Read::by_ref(&mut open).take(largest).read_to_end(&mut text)?;
    Ok(text)
}

/// Opens a regular file; returns its size, too. Opening a pipe would wait for its writer,
/// reading it would block, and a device has no end.
fn open(file: &Path) -> io::Result<(File, u64)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let open = options.open(file)?;
    let about = open.metadata()?;
    if about.is_file() {
        Ok((open, about.len()))
    } else {
        Err(io::Error::other("it is not a file"))
    }
}

/// Returns the permissions of a file if other users than its owner can read or change it.
#[cfg(unix)]
pub(super) fn exposed(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn exposed(_: &Path) -> Option<u32> {
    None
}

/// Writes a file with this mode, completely or not at all.
pub(super) fn write(file: &str, text: &[u8], mode: u32) -> io::Result<()> {
    let new = prepare(file, text, mode)?;
    new.persist(file)?;
    Ok(())
}

/// A file and its text and mode.
pub(super) type Wanted<'a> = (&'a str, &'a [u8], u32);

/// Writes both files or none; an error names the file.
pub(super) fn write_both<'a>(
    first: Wanted<'a>,
    second: Wanted<'a>,
) -> Result<(), (&'a str, io::Error)> {
    let new = |(file, text, mode): Wanted<'a>| {
        if Path::new(file).is_dir() {
            return Err((file, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        prepare(file, text, mode).map_err(|error| (file, error))
    };
    let (new_second, new_first) = (new(second)?, new(first)?);
    // Both texts are on the disk by now, so replacing the files hardly ever fails. If the
    // second one cannot be replaced, the first one gets its old content again. So what
    // cannot be read is not replaced either.
    let old = match read(Path::new(first.0), LARGEST) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err((first.0, error)),
    };
    new_first.persist(first.0).map_err(|error| (first.0, error.error))?;
    if let Err(error) = new_second.persist(second.0) {
        let _ = match &old {
            Some(text) => write(first.0, text, first.2),
            None => fs::remove_file(first.0),
        };
        return Err((second.0, error.error));
    }
    Ok(())
}

/// Writes a temporary file with this mode next to its place.
fn prepare(file: &str, text: &[u8], mode: u32) -> io::Result<NamedTempFile> {
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
    Ok(new)
}
