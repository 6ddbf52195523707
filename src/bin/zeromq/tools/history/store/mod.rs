//! A history in an SQLite file: its schema, and how it is opened. `schema.sql` documents the
//! tables, and `.schema` of sqlite3 shows these comments.

pub mod reader;
pub mod retention;
pub mod writer;

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// "ZMQH", which `file(1)` shows too.
const APPLICATION_ID: i32 = 0x5A4D_5148;

/// The version of the schema. Programs that know a lower one refuse the file.
const VERSION: i32 = 1;

const SCHEMA: &str = include_str!("schema.sql");

/// How many sequence numbers a row of the table `topics` is about. An index of all messages
/// by topic would halve the speed of a recorder; this one costs next to nothing, and tells
/// readers which parts of a large history they need not read.
pub const CHUNK: i64 = 1 << 16;

/// The topic of messages that have only one frame, in the table `topics`. An empty topic is
/// text, and not a blob as this one.
const NO_TOPIC: ValueRef<'static> = ValueRef::Blob(b"");

/// The last sequence that was given out. Messages may have been removed since.
const LAST: &str = "SELECT max(
    coalesce((SELECT max(sequence) FROM messages), 0),
    coalesce((SELECT max(sequence) FROM events), 0))";

/// Why a history cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct StoreError {
    path: PathBuf,
    problem: Problem,
}

/// What is wrong with a history.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file cannot be opened.
    #[error("{0}")]
    File(io::Error),
    /// The file is something else.
    #[error(
        "the file is not a history: {0}. It is unchanged; name a new file, or one of zeromq record"
    )]
    Foreign(&'static str),
    /// There is nothing in the file.
    #[error("the file is empty; zeromq record makes a history of it")]
    Empty,
    /// The schema is that of another version of the program.
    #[error(
        "the history has schema {found}, and this program knows schema {VERSION}; use the version \
         of zeromq that has written it"
    )]
    Version { found: i32 },
    /// Another recorder has it open.
    #[error("another recorder is writing this history; stop it, or record into another file")]
    InUse,
    /// The last message has no number that can be followed by others.
    #[error("the history is damaged: its last message has the number {last}")]
    Numbers { last: i64 },
    /// There is no room for more messages.
    #[error("the disk is full, or a limit of its size is reached")]
    Full,
    /// SQLite failed.
    #[error("{0}")]
    Sqlite(rusqlite::Error),
}

/// The result of an operation with a history.
pub type Result<T = ()> = std::result::Result<T, StoreError>;

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        match error.kind() {
            io::ErrorKind::StorageFull => Problem::Full,
            _ => Problem::File(error),
        }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Problem::Full,
            Some(ErrorCode::NotADatabase) => Problem::Foreign("it is no SQLite file"),
            _ => Problem::Sqlite(error),
        }
    }
}

impl Problem {
    /// Names the file.
    fn of(self, path: &Path) -> StoreError {
        StoreError { path: path.to_owned(), problem: self }
    }
}

impl StoreError {
    /// Says what is wrong with a file.
    pub fn new(path: &Path, problem: impl Into<Problem>) -> StoreError {
        problem.into().of(path)
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// Refuses what is not a file: opening a pipe waits for whoever writes to it.
fn check_file(metadata: &Metadata) -> std::result::Result<(), Problem> {
    if metadata.is_file() { Ok(()) } else { Err(Problem::Foreign("it is not a regular file")) }
}

/// Opens the file without a mutex, because a connection belongs to one thread. Names such as
/// "file:x" are names, not URIs.
fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Checks that a file has this schema. Returns false if it is empty.
fn check(connection: &Connection) -> std::result::Result<bool, Problem> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(false),
        (APPLICATION_ID, VERSION, _) => Ok(true),
        (APPLICATION_ID, found, _) => Err(Problem::Version { found }),
        _ => Err(Problem::Foreign("it is an SQLite file of another program")),
    }
}

/// Returns a frame as it is stored: as text if a query can handle it as text.
fn stored(frame: &[u8]) -> ToSqlOutput<'_> {
    let is_text = std::str::from_utf8(frame).is_ok() && !frame.contains(&0);
    ToSqlOutput::Borrowed(if is_text { ValueRef::Text(frame) } else { ValueRef::Blob(frame) })
}

/// Returns the bytes of a frame that is stored.
fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

/// Appends further frames to the column `rest`.
fn push_rest(rest: &mut Vec<u8>, frame: &[u8]) {
    // A block has no frame of 4 GiB.
    rest.extend_from_slice(&(frame.len() as u32).to_be_bytes());
    rest.extend_from_slice(frame);
}

/// Returns the frames of the column `rest`. What a stranger may have written into it beyond
/// whole frames is one more frame, so that nothing is hidden.
fn rest_frames(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let split = rest
            .split_first_chunk()
            .and_then(|(size, data)| data.split_at_checked(u32::from_be_bytes(*size) as usize));
        let (frame, after) = split.unwrap_or((rest, &[]));
        rest = after;
        Some(frame)
    })
}
