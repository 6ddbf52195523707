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

impl Entry<'_> {
    /// Returns what the record says about the contents, from which a file that somebody else
    /// has put in its place differs. The hash is FNV-1a: nobody forges one to keep a file.
    fn mark(self) -> String {
        match self {
            Entry::Link(to) => format!("-> {to}"),
            Entry::File(bytes) | Entry::Program(bytes) => {
                let add = |hash: u64, byte: &u8| {
                    (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
                };
                let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, add);
                format!("{} {hash:016x}", bytes.len())
            }
        }
    }
}

/// A folder that contains files of ours, and possibly others.
pub struct Tree<'a> {
    pub folder: &'a Path,
    /// The file in the folder that records our files. A line has the path of one and, after a
    /// tab, its mark, which earlier versions did not write. While files are installed, those
    /// that are replaced have a line for each version.
    pub record: &'a Path,
}

/// What was removed.
pub struct Removed {
    /// Whether anything was installed.
    pub any: bool,
    /// The files that were left, because somebody else has changed or replaced them.
    pub left: Vec<PathBuf>,
}

impl Removed {
    /// Says which files were left.
    pub fn warnings(&self) -> String {
        let left = self.left.iter().map(|path| path.display());
        left.map(|path| format!("Left {path}, which is not as it was installed.\n")).collect()
    }
}

/// A line of the record.
type Line = (PathBuf, Option<String>);

/// Returns the path of each file once.
fn paths(lines: &[Line]) -> Vec<PathBuf> {
    let paths: BTreeSet<&PathBuf> = lines.iter().map(|(path, _)| path).collect();
    paths.into_iter().cloned().collect()
}

impl Tree<'_> {
    /// Installs these files, named by their paths in the folder.
    pub fn lay_out(&self, files: &BTreeMap<PathBuf, Entry>) -> Result<(), String> {
        let before = self.lines()?;
        let is_ours = |path: &Path| before.iter().any(|(ours, _)| ours == path);
        for path in files.keys().filter(|path| !is_ours(path)) {
            let path = self.folder.join(path);
            if path.symlink_metadata().is_ok() {
                return Err(format!(
                    "{} already exists and is not from `zeromq install`: remove it, or choose \
                     another folder with --prefix",
                    path.display()
                ));
            }
        }
        let new = files.iter().map(|(path, entry)| (path.clone(), Some(entry.mark())));
        let new: BTreeSet<Line> = new.collect();
        // The record comes first, so that half a package can be taken back.
        self.write_record(new.iter().chain(&before).cloned().collect())?;
        for (path, entry) in files {
            self.write(path, *entry)?;
        }
        let others = before.into_iter().filter(|(path, _)| !files.contains_key(path));
        self.write_record(others.chain(new).collect())
    }

    /// Removes the installed files, but not those that somebody else has changed.
    pub fn remove(&self) -> Result<Removed, String> {
        let lines = self.lines()?;
        let mut files = paths(&lines);
        if files.is_empty() {
            return Ok(Removed { any: false, left: Vec::new() });
        }
        let mut left = Vec::new();
        for file in &files {
            match self.is_in(&lines, file) {
                true => self.delete(file)?,
                false => left.push(self.folder.join(file)),
            }
        }
        // The record goes last, so that half a removal can be completed.
        files.push(self.record.to_owned());
        self.delete(self.record)?;
        for folder in files.iter().flat_map(|file| file.ancestors().skip(1)) {
            // A folder that is not empty is not only ours.
            let _ = fs::remove_dir(self.folder.join(folder));
        }
        Ok(Removed { any: true, left })
    }

    /// Returns true if a file is in the record and still as it was installed, or gone.
    pub fn is_ours(&self, file: &Path) -> Result<bool, String> {
        Ok(self.is_in(&self.lines()?, file))
    }

    fn is_in(&self, lines: &[Line], file: &Path) -> bool {
        let path = self.folder.join(file);
        let mut marks = lines.iter().filter(|(path, _)| path == file).map(|(_, mark)| mark);
        let Ok(about) = path.symlink_metadata() else {
            return marks.next().is_some();
        };
        let target = fs::read_link(&path).unwrap_or_default();
        let link = target.to_str().filter(|_| about.is_symlink()).map(|to| Entry::Link(to).mark());
        let bytes = files::read(&path).ok().map(|bytes| Entry::File(&bytes).mark());
        marks.any(|mark| mark.is_none() || *mark == link || *mark == bytes)
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
        Ok(paths(&self.lines()?))
    }

    fn lines(&self) -> Result<Vec<Line>, String> {
        let path = self.folder.join(self.record);
        let text = match files::read_text(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(|error| format!("{}: {error}", path.display()))?,
        };
        let lines = text.lines().map(|line| match line.split_once('\t') {
            Some((path, mark)) => (PathBuf::from(path), Some(mark.to_owned())),
            None => (PathBuf::from(line), None),
        });
        // Whoever edits the record cannot have files outside the package removed.
        let inside = |file: &Path| file.components().all(|c| matches!(c, Component::Normal(_)));
        Ok(lines.filter(|(path, _)| inside(path)).collect())
    }

    fn write_record(&self, lines: BTreeSet<Line>) -> Result<(), String> {
        let lines = lines.iter().map(|(path, mark)| match mark {
            Some(mark) => format!("{}\t{mark}\n", path.display()),
            None => format!("{}\n", path.display()),
        });
        self.write(self.record, Entry::File(lines.collect::<String>().as_bytes()))
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
