//! The files of a history: one, or those of a folder. Each file of a folder is named after
//! its first sequence, so that their names tell their order, and one is written at a time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The ends of names of files in a folder.
const END: &str = ".db";

/// A file of a history in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The sequence of its first message.
    pub first: i64,
    /// Where it is.
    pub path: PathBuf,
}

impl Part {
    /// Returns the file in a folder whose first message has this sequence.
    pub fn new(folder: &Path, first: i64) -> Part {
        Part { first, path: folder.join(format!("{first:019}{END}")) }
    }

    /// Removes the file, and what SQLite keeps beside it.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)?;
        for end in ["-wal", "-shm"] {
            let mut beside = self.path.clone().into_os_string();
            beside.push(end);
            // They are there only after a kill, or while someone reads.
            let _ = fs::remove_file(beside);
        }
        Ok(())
    }

    /// Returns its size in bytes, or 0 if it is gone.
    pub fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }
}

/// Returns the files of a folder in order.
pub fn parts(folder: &Path) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(first) = name.strip_suffix(END)
            && first.len() == 19
            && let Ok(first) = first.parse()
        {
            parts.push(Part { first, path });
        }
    }
    parts.sort_unstable_by_key(|part| part.first);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_folder_are_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for first in [70_000, 1, 9] {
            fs::write(Part::new(folder.path(), first).path, "x").unwrap();
        }
        for other in ["notes.db", "0000000000000000001.db-wal", "1.db"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        let parts = parts(folder.path()).unwrap();
        let firsts: Vec<i64> = parts.iter().map(|part| part.first).collect();
        assert_eq!(firsts, [1, 9, 70_000]);
        assert_eq!(parts[0].size(), 1);
        parts[0].remove().unwrap();
        assert_eq!(parts[0].size(), 0);
        assert!(!folder.path().join("0000000000000000001.db-wal").exists());
    }
}
