//! Morpho's list of packages, `~/.morphopackages`. Each line is a folder, taken literally;
//! the last line whose folder has the imported name wins. `install` adds and removes our
//! line; `provider` and `doctor` read the others.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::files;

use super::replace::replace;

/// The contents of the file, byte for byte.
pub struct List {
    pub path: PathBuf,
    text: Vec<u8>,
}

/// A line of the file.
pub struct Line {
    pub number: usize,
    text: String,
}

/// Morpho's interpretation of a line.
pub enum Meaning {
    Package(PathBuf),
    /// Morpho searches all of /lib, which takes minutes.
    Root,
    /// Ignored. The text says what is wrong with the line.
    Nothing(&'static str),
}

impl List {
    pub fn read(home: &Path) -> Result<List, String> {
        let path = home.join(".morphopackages");
        match files::read(&path) {
            Ok(text) => Ok(List { path, text }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let text = Vec::new();
                Ok(List { path, text })
            }
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    pub fn lines(&self) -> impl Iterator<Item = Line> {
        let lines = self.text.split_inclusive(|&byte| byte == b'\n');
        lines.enumerate().map(|(index, line)| Line {
            number: index + 1,
            text: String::from_utf8_lossy(without_newline(line)).into_owned(),
        })
    }

    /// True if one of the lines is this folder.
    pub fn has(&self, folder: &Path) -> bool {
        let mut lines = self.text.split(|&byte| byte == b'\n');
        lines.any(|line| means(line, folder))
    }

    /// Adds a line at the end, unless it is already in the list.
    pub fn add(&mut self, folder: &Path) -> Result<bool, String> {
        if self.has(folder) {
            return Ok(false);
        }
        let mut text = self.text.clone();
        if text.last().is_some_and(|&last| last != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(folder.as_os_str().as_encoded_bytes());
        text.push(b'\n');
        self.write(text)
    }

    /// Removes the lines with this folder. Deletes the file with its last line.
    pub fn remove(&mut self, folder: &Path) -> Result<bool, String> {
        if !self.has(folder) {
            return Ok(false);
        }
        let lines = self.text.split_inclusive(|&byte| byte == b'\n');
        let others = lines.filter(|line| !means(without_newline(line), folder));
        self.write(others.flatten().copied().collect())
    }

    fn write(&mut self, text: Vec<u8>) -> Result<bool, String> {
        // A link is somebody's arrangement, and stays.
        let result = if text.is_empty() && !self.path.is_symlink() {
            fs::remove_file(&self.path)
        } else {
            replace(&self.path, &text)
        };
        result.map_err(|error| format!("{}: {error}", self.path.display()))?;
        self.text = text;
        Ok(true)
    }
}

fn without_newline(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// True if a line is this folder, which does not end in a slash.
fn means(mut line: &[u8], folder: &Path) -> bool {
    while let Some(shorter) = line.strip_suffix(b"/") {
        line = shorter;
    }
    line == folder.as_os_str().as_encoded_bytes()
}

impl Line {
    pub fn meaning(&self) -> Meaning {
        let text = self.text.as_str();
        if text.trim_matches('/').is_empty() {
            return Meaning::Root;
        }
        if Path::new(text).is_dir() {
            return Meaning::Package(text.into());
        }
        Meaning::Nothing(if text.ends_with('\r') {
            "ends with a carriage return: save the file with Unix line endings"
        } else if text.trim() != text {
            "has spaces before or after the folder: remove them"
        } else if text.starts_with('~') {
            "begins with ~, which Morpho does not expand: write the full path"
        } else if text.starts_with('#') || text.starts_with("//") {
            "is a comment, which Morpho does not support: remove it"
        } else {
            "does not name a folder: correct or remove it"
        })
    }
    /// Returns what is wrong with an unusable line, and how to fix it.
    pub fn complaint(&self, list: &List) -> String {
        let wrong = match self.meaning() {
            Meaning::Root => {
                "is empty or /, which makes Morpho search all of /lib for minutes: remove the line"
            }
            Meaning::Nothing(wrong) => wrong,
            Meaning::Package(_) => "is a package",
        };
        let (path, number) = (list.path.display(), self.number);
        format!("line {number} of {path} {wrong}")
    }
}
