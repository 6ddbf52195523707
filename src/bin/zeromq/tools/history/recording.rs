//! Writing a history that may be limited, and may consist of several files.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::block::Block;
use super::buffer::Lost;
use super::files::{self, Part};
use super::store::reader::Reader;
use super::store::retention::Limits;
use super::store::writer::Writer;
use super::store::{Problem, Result, StoreError};
use crate::tools::clock::system_time;
use crate::tools::units::Rotation;

/// How often the limits are applied: this share of the time to keep, within bounds.
const SHARE: u32 = 100;
const RARELY: Duration = Duration::from_secs(60);
const OFTEN: Duration = Duration::from_secs(1);

/// The size of a file in a folder for which no rotation is given.
const USUAL: Rotation = Rotation::Size(1 << 30);

/// A history that is being written.
pub struct Recording {
    writer: Writer,
    folder: Option<Folder>,
    limits: Limits,
    next_check: Instant,
}

/// The files of a history in a folder.
struct Folder {
    path: PathBuf,
    rotation: Rotation,
    /// The files that are complete, with the time of their last message.
    complete: VecDeque<(Part, i64)>,
    /// The file that is written.
    current: Part,
    /// The time of its first message.
    begin: Option<i64>,
}

impl Recording {
    /// Opens a history, or makes a new one. It is in a folder if there is one of this name,
    /// or if `rotation` says when to go on with another file.
    pub fn open(path: &Path, rotation: Option<Rotation>, limits: Limits) -> Result<Recording> {
        let next_check = Instant::now();
        if rotation.is_none() && !path.is_dir() {
            let writer = Writer::open(path, 1)?;
            return Ok(Recording { writer, folder: None, limits, next_check });
        }
        let (writer, folder) = Folder::open(path, rotation.unwrap_or(USUAL))?;
        Ok(Recording { writer, folder: Some(folder), limits, next_check })
    }

    /// Returns the sequence of the last message.
    pub fn last(&self) -> i64 {
        self.writer.last()
    }

    /// Returns the time of the last message.
    pub fn time(&self) -> i64 {
        self.writer.time()
    }

    /// Notes that recording begins: what is recorded, and whether the last recorder ended
    /// properly.
    pub fn begin(&mut self, time: i64, sources: &str) -> Result {
        if !matches!(self.writer.last_event()?.as_deref(), None | Some("stopped")) {
            self.writer.note(time, "killed", 0, "the last recorder did not end properly")?;
        }
        self.writer.note(time, "started", 0, sources)?;
        self.writer.commit()
    }

    /// Appends messages, and what is lost behind them.
    pub fn write(&mut self, block: &Block, lost: &Lost) -> Result {
        self.writer.write(block)?;
        let now = system_time();
        if lost.dropped > 0 {
            let text = "the recorder could not write as fast as messages arrived";
            self.writer.note(now, "dropped", lost.dropped, text)?;
        }
        if lost.missed > 0 {
            let text = "numbered by their publishers, but not received";
            self.writer.note(now, "missed", lost.missed, text)?;
        }
        Ok(())
    }

    /// Makes everything so far safe, and does what is due afterwards.
    pub fn commit(&mut self) -> Result {
        self.writer.commit()?;
        self.rotate()?;
        let due = self.limits.keep.is_some() && Instant::now() >= self.next_check;
        if due || self.limits.max_size.is_some() { self.apply_limits() } else { Ok(()) }
    }

    /// Returns how many bytes of messages may be written until the size is checked.
    pub fn portion(&self) -> usize {
        let portion = self.limits.max_size.map_or(u64::MAX, |size| size / 20);
        usize::try_from(portion).unwrap_or(usize::MAX)
    }

    /// Ends the history.
    pub fn finish(mut self, time: i64) -> Result {
        self.writer.note(time, "stopped", 0, "")?;
        self.writer.finish()
    }

    fn rotate(&mut self) -> Result {
        let Some(folder) = &mut self.folder else {
            return Ok(());
        };
        folder.begin = folder
            .begin
            .or((self.writer.last() >= folder.current.first).then(|| self.writer.time()));
        let Some(begin) = folder.begin else {
            return Ok(());
        };
        let now = self.writer.time().max(system_time());
        let due = match folder.rotation {
            Rotation::Age(age) => (now - begin).unsigned_abs() >= age.as_nanos() as u64,
            Rotation::Size(size) => self.writer.size()? >= size,
        };
        if !due {
            return Ok(());
        }
        // The new file is locked before the old one is not anymore.
        let part = Part::new(&folder.path, self.writer.last() + 1);
        let mut writer = Writer::open(&part.path, part.first)?;
        writer.note(now, "started", 0, "continues the file before")?;
        writer.commit()?;
        let old = std::mem::replace(&mut self.writer, writer);
        let (time, old_part) = (old.time(), std::mem::replace(&mut folder.current, part));
        folder.complete.push_back((old_part, time));
        folder.begin = None;
        let mut old = old;
        old.note(now, "stopped", 0, "the next file continues")?;
        old.finish()
    }

    fn apply_limits(&mut self) -> Result {
        let wait = self.limits.keep.map_or(OFTEN, |keep| (keep / SHARE).clamp(OFTEN, RARELY));
        self.next_check =
            Instant::now() + if self.limits.max_size.is_some() { OFTEN } else { wait };
        match &mut self.folder {
            None => {
                self.writer.retain(system_time(), &self.limits)?;
            }
            Some(folder) => folder.retain(&mut self.writer, &self.limits)?,
        }
        self.writer.commit()
    }
}

impl Folder {
    fn open(path: &Path, rotation: Rotation) -> Result<(Writer, Folder)> {
        let list = || files::parts(path).map_err(|error| StoreError::new(path, error));
        std::fs::create_dir_all(path).map_err(|error| StoreError::new(path, error))?;
        let mut parts = list()?;
        let current = parts.pop().unwrap_or_else(|| Part::new(path, 1));
        let writer = Writer::open(&current.path, current.first)?;
        // A recorder may have gone on with another file since the folder was listed.
        if list()?.last().is_some_and(|last| *last != current) {
            return Err(StoreError::new(path, Problem::InUse));
        }
        let mut complete = VecDeque::new();
        for part in parts {
            let time = Reader::open(&part.path)?.extent()?.map_or(0, |extent| extent.last.1);
            complete.push_back((part, time));
        }
        let begin = Reader::open(&current.path)?.extent()?.map(|extent| extent.first.1);
        let path = path.to_owned();
        Ok((writer, Folder { path, rotation, complete, current, begin }))
    }

    /// Removes the oldest files beyond the limits, never the one that is written.
    fn retain(&mut self, writer: &mut Writer, limits: &Limits) -> Result {
        let oldest = limits.oldest(system_time());
        let limit = limits.max_size.unwrap_or(u64::MAX);
        let mut size: u64 = self.complete.iter().map(|(part, _)| part.size()).sum();
        size = size.saturating_add(self.current.size());
        while let Some((part, last)) = self.complete.front() {
            if oldest.is_none_or(|oldest| *last >= oldest) && size <= limit {
                break;
            }
            let (part, last) = (part.clone(), *last);
            size = size.saturating_sub(part.size());
            part.remove().map_err(|error| StoreError::new(&part.path, error))?;
            self.complete.pop_front();
            let next = self.complete.front().map_or(self.current.first, |(next, _)| next.first);
            writer.note_deleted(last, next - 1, next - part.first)?;
        }
        Ok(())
    }
}
