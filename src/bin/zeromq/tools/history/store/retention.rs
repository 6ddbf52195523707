//! How much of a history is kept: the oldest messages are removed.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{CHUNK, NO_TOPIC};

/// How many messages are removed at a time, so that writing does not stop for long.
const AT_ONCE: i64 = 200_000;

/// What a history is limited to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The age of messages.
    pub keep: Option<Duration>,
    /// The size of the file in bytes, without its log.
    pub max_size: Option<u64>,
}

impl Limits {
    /// Returns the time before which messages are removed.
    pub fn oldest(&self, now: i64) -> Option<i64> {
        let keep = i64::try_from(self.keep?.as_nanos()).unwrap_or(i64::MAX);
        Some(now.saturating_sub(keep))
    }
}

/// Returns the number of bytes that are in use.
pub(super) fn used(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages * number("page_size")?).unsigned_abs())
}

/// Removes the oldest messages. Returns how many. Pages that become free are used again, so
/// the file does not grow.
pub(super) fn retain(connection: &Connection, now: i64, limits: &Limits) -> rusqlite::Result<u64> {
    let bounds =
        connection.query_row("SELECT min(sequence), max(sequence) FROM messages", [], |row| {
            Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?))
        })?;
    let Some((first, last)) = bounds else {
        return Ok(0);
    };
    let mut end = first;
    if let Some(oldest) = limits.oldest(now) {
        let sql = "SELECT sequence FROM messages WHERE time >= ?1 ORDER BY time, sequence LIMIT 1";
        let kept = connection.query_row(sql, [oldest], |row| row.get(0)).optional()?;
        end = end.max(kept.unwrap_or(last + 1));
    }
    if let Some(limit) = limits.max_size {
        let used = used(connection)?;
        // A twentieth is left for what is written until the next time.
        let goal = limit - limit / 20;
        if used > goal {
            let share = (used - goal) as f64 / used as f64;
            end = end.max(first + 1 + ((last - first) as f64 * share) as i64);
        }
    }
    let end = end.min(first + AT_ONCE);
    if end == first {
        return Ok(0);
    }
    remove(connection, end)?;
    let time: Option<i64> = connection
        .query_row("SELECT time FROM messages ORDER BY sequence LIMIT 1", [], |row| row.get(0))
        .optional()?;
    note_deleted(connection, time.unwrap_or(now), end - 1, end - first)?;
    Ok((end - first).unsigned_abs())
}

/// Removes the messages before one.
fn remove(connection: &Connection, end: i64) -> rusqlite::Result<()> {
    let chunk = end / CHUNK;
    connection.execute("DELETE FROM messages WHERE sequence < ?1", [end])?;
    // What is left of the chunk that it belongs to is counted anew.
    connection.execute("DELETE FROM topics WHERE chunk <= ?1", [chunk])?;
    connection.execute(
        "INSERT INTO topics SELECT ?1, coalesce(topic, ?2) AS name, count(*) FROM messages
         WHERE sequence < ?3 GROUP BY name",
        params![chunk, rusqlite::types::ToSqlOutput::Borrowed(NO_TOPIC), (chunk + 1) * CHUNK],
    )?;
    // The last event holds the sequence, in case that no message is left.
    connection.execute(
        "DELETE FROM events WHERE sequence < ?1 AND kind != 'deleted'
         AND number < (SELECT max(number) FROM events WHERE kind != 'deleted')",
        [end - 1],
    )?;
    Ok(())
}

/// Adds to the event that tells what was removed.
pub(super) fn note_deleted(
    connection: &Connection,
    time: i64,
    sequence: i64,
    count: i64,
) -> rusqlite::Result<()> {
    let updated = connection.execute(
        "UPDATE events SET time = ?1, sequence = ?2, count = count + ?3 WHERE kind = 'deleted'",
        [time, sequence, count],
    )?;
    if updated == 0 {
        connection.execute(
            "INSERT INTO events (time, sequence, kind, count, text)
             VALUES (?1, ?2, 'deleted', ?3, 'older than --keep, or beyond --max-size')",
            [time, sequence, count],
        )?;
    }
    Ok(())
}
