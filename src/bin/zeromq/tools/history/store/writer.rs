//! Writing a history: messages and events are appended to a transaction, and are safe once
//! it is committed.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, params};

use super::retention::{self, Limits};
use super::{
    APPLICATION_ID, CHUNK, LAST, NO_TOPIC, Problem, Result, SCHEMA, VERSION, check, check_file,
    connect, push_rest, stored,
};
use crate::tools::history::block::Block;

/// How long to wait for another program that locks the file.
const BUSY: Duration = Duration::from_secs(10);

/// After how many pages of 4096 bytes what was written moves from the log, FILE-wal, to the
/// file. Writing in larger portions is faster.
const LOG_PAGES: i64 = 4096;

/// The size in bytes to which a log is cut that a long query has made grow.
const LOG_SIZE: i64 = 2 * LOG_PAGES * 4096;

/// The number of bytes of topics that are counted in memory.
const COUNTED: usize = 1 << 20;

const INSERT: &str = "INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5)";
const COUNT: &str = "INSERT INTO topics VALUES (?1, ?2, ?3)
    ON CONFLICT (chunk, topic) DO UPDATE SET count = count + excluded.count";
const EVENT: &str =
    "INSERT INTO events (time, sequence, kind, count, text) VALUES (?1, ?2, ?3, ?4, ?5)";

/// A history that is being written. If it is dropped, what was not committed is gone.
pub struct Writer {
    path: PathBuf,
    connection: Connection,
    /// Locked while the history is written. SQLite's own locks end when a process closes
    /// any descriptor of the file, so this one is closed after the connection.
    _lock: File,
    /// The last sequence and time that were given out.
    last: i64,
    time: i64,
    topics: Topics,
    writing: bool,
}

/// The messages of each topic that are not in the table `topics` yet.
#[derive(Default)]
struct Topics {
    chunk: i64,
    counts: HashMap<Vec<u8>, i64>,
    /// Those of one frame.
    single: i64,
    bytes: usize,
}

impl Writer {
    /// Opens a history or makes a new one, whose messages are numbered from `first` on.
    pub fn open(path: &Path, first: i64) -> Result<Writer> {
        Writer::prepare(path, first).map_err(|problem| problem.of(path))
    }

    fn prepare(path: &Path, first: i64) -> std::result::Result<Writer, Problem> {
        if let Ok(metadata) = fs::metadata(path) {
            check_file(&metadata)?;
        }
        let lock =
            File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Problem::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(BUSY)?;
        let is_history = check(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Each commit is on the disk: a power failure loses no more than a kill.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", LOG_SIZE)?;
        if !is_history {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA}
                 PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};
                 COMMIT"
            ))?;
        }
        let last: i64 = connection.query_row(LAST, [], |row| row.get(0))?;
        if !(0..i64::MAX).contains(&last) {
            return Err(Problem::Numbers { last });
        }
        let time = connection
            .query_row("SELECT max(time) FROM messages", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(Writer {
            path: path.to_owned(),
            connection,
            _lock: lock,
            last: last.max(first - 1),
            time: time.unwrap_or(0),
            topics: Topics::default(),
            writing: false,
        })
    }

    /// Returns the sequence of the last message.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// Returns the time of the last message.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Returns the size of the file in bytes, without its log.
    pub fn size(&mut self) -> Result<u64> {
        self.try_to(|writer| Ok(retention::used(&writer.connection)?))
    }

    /// Returns the kind of the last event, if any.
    pub fn last_event(&self) -> Result<Option<String>> {
        let sql = "SELECT kind FROM events WHERE kind != 'deleted' ORDER BY number DESC LIMIT 1";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        };
        read().map_err(|error| Problem::from(error).of(&self.path))
    }

    /// Appends messages. Their sequence numbers are the next ones.
    pub fn write(&mut self, block: &Block) -> Result {
        self.try_to(|writer| writer.insert(block))
    }

    fn insert(&mut self, block: &Block) -> std::result::Result<(), Problem> {
        self.begin()?;
        let mut insert = self.connection.prepare(INSERT)?;
        let mut rest = Vec::new();
        for message in block.messages() {
            let (sequence, time) = (self.last + 1, message.time.max(self.time));
            let mut frames = message.frames();
            let (first, second) = (frames.next().unwrap_or_default(), frames.next());
            let (topic, body) = match second {
                Some(second) => (Some(first), second),
                None => (None, first),
            };
            rest.clear();
            frames.for_each(|frame| push_rest(&mut rest, frame));
            let null = ToSqlOutput::Borrowed(ValueRef::Null);
            let rest = match rest.as_slice() {
                [] => null.clone(),
                rest => ToSqlOutput::Borrowed(ValueRef::Blob(rest)),
            };
            insert.execute(params![
                sequence,
                time,
                topic.map_or(null, stored),
                stored(body),
                rest
            ])?;
            (self.last, self.time) = (sequence, time);
            self.topics.count(&self.connection, sequence / CHUNK, topic)?;
        }
        Ok(())
    }

    /// Appends an event behind the last message. `count` is how many messages are missing.
    pub fn note(&mut self, time: i64, kind: &str, count: u64, text: &str) -> Result {
        self.try_to(|writer| {
            writer.begin()?;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            writer
                .connection
                .execute(EVENT, params![time.max(writer.time), writer.last, kind, count, text])?;
            Ok(())
        })
    }

    /// Adds to the event that tells how many messages up to a sequence were removed.
    pub fn note_deleted(&mut self, time: i64, sequence: i64, count: i64) -> Result {
        self.try_to(|writer| {
            writer.begin()?;
            Ok(retention::note_deleted(&writer.connection, time, sequence, count)?)
        })
    }

    /// Removes the oldest messages beyond the limits. Returns how many.
    pub fn retain(&mut self, now: i64, limits: &Limits) -> Result<u64> {
        self.try_to(|writer| {
            writer.begin()?;
            writer.topics.flush(&writer.connection)?;
            Ok(retention::retain(&writer.connection, now, limits)?)
        })
    }

    /// Makes what was appended safe.
    pub fn commit(&mut self) -> Result {
        self.try_to(|writer| {
            if writer.writing {
                writer.topics.flush(&writer.connection)?;
                writer.connection.execute_batch("COMMIT")?;
                writer.writing = false;
            }
            Ok(())
        })
    }

    /// Commits, and leaves a single file if nobody reads it.
    pub fn finish(mut self) -> Result {
        self.commit()?;
        // A follower may hold it, and then the log stays until the next one closes it.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.pragma_update(None, "journal_mode", "DELETE");
        self.connection.close().map_err(|(_, error)| Problem::from(error).of(&self.path))
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.writing {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.writing = true;
        }
        Ok(())
    }

    fn try_to<T>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> std::result::Result<T, Problem>,
    ) -> Result<T> {
        work(self).map_err(|problem| problem.of(&self.path))
    }
}

impl Topics {
    /// Counts a message.
    fn count(
        &mut self,
        connection: &Connection,
        chunk: i64,
        topic: Option<&[u8]>,
    ) -> rusqlite::Result<()> {
        if chunk != self.chunk || self.bytes > COUNTED {
            self.flush(connection)?;
            self.chunk = chunk;
        }
        match topic {
            None => self.single += 1,
            Some(topic) => match self.counts.get_mut(topic) {
                Some(count) => *count += 1,
                None => {
                    self.bytes += topic.len();
                    self.counts.insert(topic.to_owned(), 1);
                }
            },
        }
        Ok(())
    }

    /// Adds what was counted to the table.
    fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut count = connection.prepare(COUNT)?;
        for (topic, number) in self.counts.drain() {
            count.execute(params![self.chunk, stored(&topic), number])?;
        }
        if self.single > 0 {
            count.execute(params![self.chunk, ToSqlOutput::Borrowed(NO_TOPIC), self.single])?;
        }
        (self.single, self.bytes) = (0, 0);
        Ok(())
    }
}
