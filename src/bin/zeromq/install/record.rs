//! Installs files in a folder and removes them again, with a record of which files are
//! ours. Used for the packages for Morpho and C, and for the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::files;
use crate::install::morpho::replace::{replace, replace_program};

/// An item to install.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    /// A file with these contents.
    File(&'a [u8]),
    /// A program with these contents.
    Program(&'a [u8]),
    /// A link to a file in the same folder.
    Link(&'a str),
}

/// A folder that contains files of ours, and possibly others.
pub struct Tree<'a> {
    pub folder: &'a Path,
    /// The file in the folder that records our files, one per line.
    pub record: &'a Path,
}

impl Tree<'_> {
    /// Installs these files, named by their paths in the folder.
    pub fn lay_out(&self, files: &BTreeMap<PathBuf, Entry>) -> Result<(), String> {
        let before = self.files()?;
        for path in files.keys().filter(|path| !before.contains(path)) {
            let path = self.folder.join(path);
            if path.symlink_metadata().is_ok() {
                return Err(format!(
                    "{} already exists and is not from `zeromq install`: remove it, or choose \
                     another folder with --prefix",
                    path.display()
                ));
            }
        }
        let all: BTreeSet<&Path> = files.keys().chain(&before).map(PathBuf::as_path).collect();
        let record: String = all.iter().map(|path| format!("{}\n", path.display())).collect();
        // The record comes first, so that half a package can be taken back.
        self.write(self.record, Entry::File(record.as_bytes()))?;
        for (path, entry) in files {
            self.write(path, *entry)?;
        }
        Ok(())
    }

    /// Removes the installed files. Returns whether there were any.
    pub fn remove(&self) -> Result<bool, String> {
        let mut files = self.files()?;
        if files.is_empty() {
            return Ok(false);
        }
        // The record goes last, so that half a removal can be completed.
        files.push(self.record.to_owned());
        for file in &files {
            self.delete(file)?;
        }
        for folder in files.iter().flat_map(|file| file.ancestors().skip(1)) {
            // A folder that is not empty is not only ours.
            let _ = fs::remove_dir(self.folder.join(folder));
        }
        Ok(true)
    }

    fn delete(&self, file: &Path) -> Result<(), String> {
        let path = self.folder.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("{}: {error}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the files that `install` has installed here.
    pub fn files(&self) -> Result<Vec<PathBuf>, String> {
        let path = self.folder.join(self.record);
        let text = match files::read_text(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(|error| format!("{}: {error}", path.display()))?,
        };
        let files = text.lines().map(PathBuf::from);
        // Whoever edits the record cannot have files outside the package removed.
        let inside = |file: &PathBuf| file.components().all(|c| matches!(c, Component::Normal(_)));
        Ok(files.filter(inside).collect())
    }

    fn write(&self, file: &Path, entry: Entry) -> Result<(), String> {
        let path = self.folder.join(file);
        let folder = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| match entry {
                Entry::File(bytes) => replace(&path, bytes),
                Entry::Program(bytes) => replace_program(&path, bytes),
                Entry::Link(to) => link(&path, to),
            })
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Makes a symbolic link, replacing an existing file.
fn link(path: &Path, to: &str) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}", std::process::id()));
    #[cfg(unix)]
    std::os::unix::fs::symlink(to, &temporary)?;
    #[cfg(not(unix))]
    fs::copy(path.with_file_name(to), &temporary)?;
    fs::rename(temporary, path)
}
