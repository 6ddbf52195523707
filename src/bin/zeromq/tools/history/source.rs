//! Reading a history from its beginning to its end, and then what is added to it.

use std::path::{Path, PathBuf};

use super::block::Block;
use super::files;
use super::range::Range;
use super::store::reader::Reader;
use super::store::{Problem, Result, StoreError};

/// The messages of a range, in order.
pub struct Source {
    folder: Option<PathBuf>,
    /// The first sequence of the file that is read.
    part: i64,
    reader: Reader,
    /// The sequence to go on with.
    next: i64,
    range: Range,
}

impl Source {
    /// Opens a history, or the files of a folder.
    pub fn open(path: &Path, range: Range) -> Result<Source> {
        if !path.is_dir() {
            let reader = Reader::open(path)?;
            let next = reader.start(&range)?;
            return Ok(Source { folder: None, part: 0, reader, next, range });
        }
        let parts = files::parts(path).map_err(|error| StoreError::new(path, error))?;
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let reader = Reader::open(&part.path)?;
            let last = reader.extent()?.is_some_and(|extent| {
                extent.last.0 >= range.from && extent.last.1 >= range.from_time
            });
            if last || parts.peek().is_none() {
                let next = reader.start(&range)?;
                let folder = Some(path.to_owned());
                return Ok(Source { folder, part: part.first, reader, next, range });
            }
        }
        Err(StoreError::new(path, Problem::Empty))
    }

    /// Appends messages to a block. Returns false if there are no more now; in between, a
    /// block may stay empty.
    pub fn read(&mut self, block: &mut Block) -> Result<bool> {
        if self.fill(block)? {
            return Ok(true);
        }
        let Some((part, reader)) = self.next_part()? else {
            return Ok(false);
        };
        // The last messages of a file may have come since.
        if self.fill(block)? {
            return Ok(true);
        }
        self.next = self.next.max(reader.start(&self.range)?);
        (self.part, self.reader) = (part, reader);
        Ok(true)
    }

    fn fill(&mut self, block: &mut Block) -> Result<bool> {
        let next = self.reader.fill(self.next, &self.range, block)?;
        self.next = next.unwrap_or(self.next);
        Ok(next.is_some())
    }

    /// Opens the file after the one that is read, if there is one.
    fn next_part(&self) -> Result<Option<(i64, Reader)>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let parts = files::parts(folder).map_err(|error| StoreError::new(folder, error))?;
        for part in parts.into_iter().filter(|part| part.first > self.part) {
            match Reader::open(&part.path) {
                Ok(reader) => return Ok(Some((part.first, reader))),
                Err(error) => match error.problem() {
                    // It was too old, or is so new that nothing is in it.
                    Problem::File(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Problem::Empty => return Ok(None),
                    _ => return Err(error),
                },
            }
        }
        Ok(None)
    }
}

/// Returns readers of all files of a history.
pub fn readers(path: &Path) -> Result<Vec<Reader>> {
    if !path.is_dir() {
        return Ok(vec![Reader::open(path)?]);
    }
    let parts = files::parts(path).map_err(|error| StoreError::new(path, error))?;
    if parts.is_empty() {
        return Err(StoreError::new(path, Problem::Empty));
    }
    parts.iter().map(|part| Reader::open(&part.path)).collect()
}
