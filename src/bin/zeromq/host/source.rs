//! The texts that were read. A position counts through all of them, so that a
//! number says which file, line and column is meant.

use std::path::{Path, PathBuf};

use super::syntax::Position;

#[derive(Default)]
pub struct Sources {
    files: Vec<Source>,
}

struct Source {
    /// What messages call it.
    name: String,
    path: PathBuf,
    text: String,
    start: Position,
    /// Whether an import brought it.
    imported: bool,
}

/// A position, for people.
pub struct Location<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The module that an imported file is, or `None` for the script itself.
    pub module: Option<&'a str>,
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
    /// The text of the line.
    pub text: &'a str,
}

impl Sources {
    /// Adds a text, and says where it starts. `None` if there is too much.
    pub fn add(&mut self, name: String, path: PathBuf, text: String) -> Option<Position> {
        self.insert(name, path, text, false)
    }

    /// Adds the text of a file that is imported.
    pub fn import(&mut self, name: String, path: PathBuf, text: String) -> Option<Position> {
        self.insert(name, path, text, true)
    }

    /// Takes back what was added from there on.
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

    /// The text that starts there.
    pub fn text(&self, start: Position) -> &str {
        &self.file(start).text
    }

    /// What the script is called that was started.
    pub fn script(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// Where a file is that is named in the text at a position.
    pub fn beside(&self, at: Position, path: &str) -> PathBuf {
        self.file(at).path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// Whether the file was read already.
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
