//! Reading a history, also while it is written. Each read is short: the log of a history
//! grows for as long as someone reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::{CHUNK, NO_TOPIC, Problem, Result, bytes, check, check_file, connect, rest_frames};
use crate::tools::history::block::Block;
use crate::tools::history::range::Range;

/// How long to wait for a program that locks the file.
const BUSY: Duration = Duration::from_secs(10);

/// The largest sequence. No recorder comes that far, and it can be followed by another one,
/// unlike what somebody may have written into a file.
const LARGEST: i64 = i64::MAX - 1;

/// The number of bytes of messages after which a block is full.
const FULL: usize = 1 << 18;

const COLUMNS: &str = "SELECT sequence, time, topic, body, rest FROM messages";

/// An open history.
pub struct Reader {
    path: PathBuf,
    connection: Connection,
}

/// Something that happened to a history.
#[derive(Clone, Debug)]
pub struct Event {
    /// Nanoseconds since 1970.
    pub time: i64,
    /// The last message before it.
    pub sequence: i64,
    /// What happened.
    pub kind: String,
    /// The number of messages that are missing because of it.
    pub count: i64,
    /// Details.
    pub text: String,
}

/// The sequence and time of the first and the last message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub first: (i64, i64),
    pub last: (i64, i64),
}

impl Reader {
    /// Opens a history.
    pub fn open(path: &Path) -> Result<Reader> {
        Reader::prepare(path).map_err(|problem| problem.of(path))
    }

    fn prepare(path: &Path) -> std::result::Result<Reader, Problem> {
        // SQLite does not say why it cannot open a file.
        check_file(&std::fs::metadata(path)?)?;
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY)?;
        if !check(&connection)? {
            return Err(Problem::Empty);
        }
        Ok(Reader { path: path.to_owned(), connection })
    }

    fn try_to<T>(
        &self,
        work: impl FnOnce(&Connection) -> std::result::Result<T, Problem>,
    ) -> Result<T> {
        work(&self.connection).map_err(|problem| problem.of(&self.path))
    }

    /// Returns what there is, if there is any message.
    pub fn extent(&self) -> Result<Option<Extent>> {
        self.try_to(|connection| {
            let end = |order| {
                let sql = format!(
                    "SELECT sequence, time FROM messages ORDER BY sequence {order} LIMIT 1"
                );
                let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
                connection.query_row(&sql, [], row).optional()
            };
            // In this order, because the recorder may remove what is old in between.
            let (last, first) = (end("DESC")?, end("ASC")?);
            Ok(first.zip(last).map(|(first, last)| Extent { first, last }))
        })
    }

    /// Returns the sequence of the first message at or after a time, or of the one that will
    /// come next.
    fn sequence_at(connection: &Connection, time: i64) -> rusqlite::Result<i64> {
        let sql = "SELECT sequence FROM messages WHERE time >= ?1 ORDER BY time, sequence LIMIT 1";
        match connection.query_row(sql, [time], |row| row.get(0)).optional()? {
            Some(sequence) => Ok(sequence),
            None => Ok(Reader::newest(connection)?.unwrap_or(0).saturating_add(1)),
        }
    }

    /// Returns the last sequence.
    fn newest(connection: &Connection) -> rusqlite::Result<Option<i64>> {
        connection.query_row("SELECT max(sequence) FROM messages", [], |row| row.get(0))
    }

    /// Returns the first sequence of a range that is worth reading.
    pub fn start(&self, range: &Range) -> Result<i64> {
        self.try_to(|connection| {
            let at = match range.from_time {
                i64::MIN => i64::MIN,
                time => Reader::sequence_at(connection, time)?,
            };
            Ok(at.max(range.from))
        })
    }

    /// Appends messages of a range to a block, from a sequence on, until the block is full
    /// or a part of the history ends. Returns the sequence to go on with, which is higher, or
    /// `None` if there is nothing more now.
    pub fn fill(&self, from: i64, range: &Range, block: &mut Block) -> Result<Option<i64>> {
        self.try_to(|connection| {
            // One view of the history for all queries.
            let reading = connection.unchecked_transaction()?;
            let sql =
                "SELECT sequence FROM messages WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence LIMIT 1";
            let row = |row: &Row<'_>| row.get(0);
            let Some(first) = reading.query_row(sql, [from, LARGEST], row).optional()? else {
                return Ok(None);
            };
            match chunk_from(&reading, first, range)? {
                Some(first) if first <= range.to => scan(&reading, first, range, block),
                Some(_) => Ok(None),
                None => Ok(Reader::newest(&reading)?.map(|last| last.min(LARGEST) + 1)),
            }
        })
    }

    /// Returns the sequence from which the last messages of a range begin, at most so many.
    pub fn last(&self, count: u64, range: &Range) -> Result<Option<(i64, u64)>> {
        let start = self.start(range)?;
        self.try_to(|connection| {
            let reading = connection.unchecked_transaction()?;
            let mut statement = reading.prepare(&format!(
                "{COLUMNS} WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence DESC"
            ))?;
            let mut rows = statement.query(params![start, range.to.min(LARGEST)])?;
            let (mut first, mut found) = (None, 0);
            while found < count
                && let Some(row) = rows.next()?
            {
                if range.has_time(row.get(1)?) && matches(row, range)? {
                    first = Some(row.get(0)?);
                    found += 1;
                }
            }
            Ok(first.map(|first| (first, found)))
        })
    }

    /// Adds the number of messages of each topic in a range; the topic of messages of one
    /// frame is `None`.
    pub fn count(&self, range: &Range, counts: &mut BTreeMap<Option<Vec<u8>>, u64>) -> Result {
        let start = self.start(range)?;
        self.try_to(|connection| {
            let reading = connection.unchecked_transaction()?;
            let end = match range.to_time {
                i64::MAX => range.to,
                time => range.to.min(Reader::sequence_at(&reading, time.saturating_add(1))? - 1),
            };
            let whole = whole_chunks(&reading, start, end)?;
            let mut add = |topic: Option<&[u8]>, count: i64| {
                if topic.is_none_or(|topic| range.has_topic(topic)) {
                    let known = counts.entry(topic.map(<[u8]>::to_owned)).or_default();
                    *known = known.saturating_add(count.unsigned_abs());
                }
            };
            let narrow = !range.prefixes.is_empty();
            let mut query = |sql: &str, from: i64, to: i64| -> rusqlite::Result<()> {
                let mut statement = reading.prepare(sql)?;
                let mut rows = statement.query([from, to])?;
                while let Some(row) = rows.next()? {
                    match row.get_ref(0)? {
                        NO_TOPIC | ValueRef::Null if narrow => {}
                        NO_TOPIC | ValueRef::Null => add(None, row.get(1)?),
                        topic => add(Some(bytes(topic).unwrap_or_default()), row.get(1)?),
                    }
                }
                Ok(())
            };
            let each = "SELECT topic, count(*) FROM messages WHERE sequence BETWEEN ?1 AND ?2 GROUP BY topic";
            match whole {
                None => query(each, start, end)?,
                Some((first, last)) => {
                    query(each, start, first.saturating_mul(CHUNK).saturating_sub(1))?;
                    query(
                        "SELECT topic, sum(count) FROM topics WHERE chunk BETWEEN ?1 AND ?2 GROUP BY topic",
                        first,
                        last,
                    )?;
                    query(each, last.saturating_add(1).saturating_mul(CHUNK), end)?;
                }
            }
            if narrow {
                // Nothing says how the messages of one frame begin.
                let mut statement = reading.prepare(
                    "SELECT body FROM messages WHERE sequence BETWEEN ?1 AND ?2 AND topic IS NULL",
                )?;
                let mut rows = statement.query([start, end])?;
                let mut single = 0;
                while let Some(row) = rows.next()? {
                    single += u64::from(range.has_topic(bytes(row.get_ref(0)?).unwrap_or_default()));
                }
                if single > 0 {
                    *counts.entry(None).or_default() += single;
                }
            }
            Ok(())
        })
    }

    /// Returns what happened, in order.
    pub fn events(&self) -> Result<Vec<Event>> {
        self.try_to(|connection| {
            let mut statement = connection.prepare(
                "SELECT time, sequence, kind, count, text FROM events ORDER BY sequence, number",
            )?;
            let events = statement.query_map([], |row| {
                Ok(Event {
                    time: row.get(0)?,
                    sequence: row.get(1)?,
                    kind: row.get(2)?,
                    count: row.get(3)?,
                    text: row.get(4)?,
                })
            })?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Returns the first sequence, from one on, at which messages with the topics of the range
/// may begin: chunks without them are skipped.
fn chunk_from(reading: &Connection, first: i64, range: &Range) -> rusqlite::Result<Option<i64>> {
    if range.prefixes.is_empty() {
        return Ok(Some(first));
    }
    let mut statement =
        reading.prepare("SELECT chunk, topic FROM topics WHERE chunk >= ?1 ORDER BY chunk")?;
    let mut rows = statement.query([first / CHUNK])?;
    while let Some(row) = rows.next()? {
        let topic = row.get_ref(1)?;
        if topic == NO_TOPIC || range.has_topic(bytes(topic).unwrap_or_default()) {
            return Ok(Some(first.max(row.get::<_, i64>(0)?.saturating_mul(CHUNK))));
        }
    }
    Ok(None)
}

/// Returns the first and the last chunk of which all messages are in this range of sequences.
fn whole_chunks(
    reading: &Connection,
    start: i64,
    end: i64,
) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT min(sequence), max(sequence) FROM messages";
    let (least, most): (Option<i64>, Option<i64>) =
        reading.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(least), Some(most)) = (least, most) else {
        return Ok(None);
    };
    let first =
        if start <= least { least / CHUNK } else { start.saturating_add(CHUNK - 1) / CHUNK };
    let last = if end >= most { most / CHUNK } else { end.saturating_add(1) / CHUNK - 1 };
    Ok((first <= last).then_some((first, last)))
}

/// Reads the messages of one chunk.
fn scan(
    reading: &Connection,
    first: i64,
    range: &Range,
    block: &mut Block,
) -> std::result::Result<Option<i64>, Problem> {
    let end = (first / CHUNK + 1).checked_mul(CHUNK).map_or(LARGEST, |next| next - 1);
    let mut statement = reading
        .prepare(&format!("{COLUMNS} WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence"))?;
    let mut rows = statement.query([first, end.min(range.to).min(LARGEST)])?;
    let mut last = None;
    while block.len() < FULL
        && let Some(row) = rows.next()?
    {
        let (sequence, time) = (row.get(0)?, row.get(1)?);
        last = Some(sequence);
        if time > range.to_time {
            return Ok(None);
        }
        if time >= range.from_time && matches(row, range)? {
            push(row, sequence, time, block)?;
        }
    }
    // Where the table `topics` says more than there is, reading goes on behind it.
    Ok(Some(last.unwrap_or(end) + 1))
}

/// Returns true if the first frame of a message begins with a prefix of the range.
fn matches(row: &Row<'_>, range: &Range) -> rusqlite::Result<bool> {
    if range.prefixes.is_empty() {
        return Ok(true);
    }
    let first = match bytes(row.get_ref(2)?) {
        Some(topic) => topic,
        None => bytes(row.get_ref(3)?).unwrap_or_default(),
    };
    Ok(range.has_topic(first))
}

fn push(row: &Row<'_>, sequence: i64, time: i64, block: &mut Block) -> rusqlite::Result<()> {
    let columns = [bytes(row.get_ref(2)?), Some(bytes(row.get_ref(3)?).unwrap_or_default())];
    match bytes(row.get_ref(4)?) {
        None => {
            let mut frames = columns.into_iter().flatten();
            match [frames.next(), frames.next()] {
                [Some(topic), Some(body)] => block.push(sequence, time, &[topic, body]),
                [first, _] => block.push(sequence, time, &[first.unwrap_or_default()]),
            }
        }
        Some(rest) => {
            let frames: Vec<&[u8]> =
                columns.into_iter().flatten().chain(rest_frames(rest)).collect();
            block.push(sequence, time, &frames);
        }
    }
    Ok(())
}
