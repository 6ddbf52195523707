//! The texts that have been read. A position counts through all of them, so one number
//! identifies the file, line and column.

use std::path::{Path, PathBuf};

use super::syntax::Position;

#[derive(Default)]
pub struct Sources {
    files: Vec<Source>,
}

struct Source {
    /// The name in messages.
    name: String,
    path: PathBuf,
    text: String,
    start: Position,
    /// True if it was imported.
    imported: bool,
}

/// A position to show to the user.
pub struct Location<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The module name of an imported file; `None` for the script itself.
    pub module: Option<&'a str>,
    /// The line number, starting at 1.
    pub line: usize,
    /// The column in bytes, starting at 1.
    pub column: usize,
    /// The text of the line.
    pub text: &'a str,
}

impl Sources {
    /// Adds a text and returns its start position. `None` if the total is too long.
    pub fn add(&mut self, name: String, path: PathBuf, text: String) -> Option<Position> {
        self.insert(name, path, text, false)
    }

    /// Adds the text of an imported file.
    pub fn import(&mut self, name: String, path: PathBuf, text: String) -> Option<Position> {
        self.insert(name, path, text, true)
    }

    /// Removes everything that was added from this position on.
    pub fn forget(&mut self, start: Position) {
        self.files.retain(|file| file.start < start);
    }

    fn insert(
        &mut self,
        name: String,
        path: PathBuf,
        text: String,
        imported: bool,
    ) -> Option<Position> {
        let start = self.files.last().map_or(0, |last| last.start as usize + last.text.len() + 1);
        Position::try_from(start + text.len() + 1).ok()?;
        let start = start as Position;
        self.files.push(Source { name, path, text, start, imported });
        Some(start)
    }

    /// Returns the text that starts at this position.
    pub fn text(&self, start: Position) -> &str {
        &self.file(start).text
    }

    /// Returns the name of the main script.
    pub fn script(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// Returns the path of a file that the text at a position names.
    pub fn beside(&self, at: Position, path: &str) -> PathBuf {
        self.file(at).path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// True if the file has already been read.
    pub fn has(&self, path: &Path) -> bool {
        let path = path.canonicalize().ok();
        path.is_some() && self.files.iter().any(|file| file.path.canonicalize().ok() == path)
    }

    pub fn locate(&self, at: Position) -> Location<'_> {
        let file = self.file(at);
        let offset = ((at - file.start) as usize).min(file.text.len());
        let before = &file.text.as_bytes()[..offset];
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |i| i + 1);
        Location {
            file: &file.name,
            module: file.imported.then_some(&file.name),
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: offset - start + 1,
            text: file.text[start..].lines().next().unwrap_or(""),
        }
    }

    fn file(&self, at: Position) -> &Source {
        let after = self.files.partition_point(|file| file.start <= at);
        &self.files[after.saturating_sub(1)]
    }
}
