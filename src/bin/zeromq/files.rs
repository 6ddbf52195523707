//! Reading files that others may have replaced by a pipe or a device: opening a pipe would
//! wait for its writer, and a device has no end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// More than any file that is read here, in bytes.
const LARGEST: u64 = 1 << 30;

/// Reads a regular file.
///
/// # Errors
/// Those of opening and reading it, and one if it is not a file or is too large.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let mut file = options.open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !about.is_file() {
        return Err(io::Error::other("it is a pipe or a device, not a file"));
    }
    if about.len() > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of UTF-8 text.
///
/// # Errors
/// Those of [`read`], and `InvalidData` if it is not UTF-8.
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}
