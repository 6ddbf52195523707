//! The messages between a queue and its workers, version 1. `help/tasks.md` describes them
//! byte by byte. Numbers are big-endian.
//!
//! The first frame of each message, after the routing id, is its head: `ZTQ`, the version,
//! the command, and the session. The fields and records of the command follow in the same
//! frame. Each record that stands for a payload has a frame of its own, in order.

use crate::core::code::Code;
use crate::core::message::Frame;

/// `ZTQ` and the version.
const MAGIC: [u8; 4] = *b"ZTQ\x01";

/// The size of a head without fields and records.
const HEAD: usize = 21;

/// The sizes of records.
const TASK: usize = 16;
const RESULT: usize = 20;
const MENTION: usize = 12;

/// The maximum number of records in a message.
pub(super) const RECORDS: usize = 1024;

/// The maximum number of payloads and bytes of a message that has several payloads.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 1 << 20;

/// The longest name of a worker, in bytes.
const NAME: usize = 255;

/// The longest tag and text of an error, in bytes.
const TAG: usize = 64;
const TEXT: usize = 4096;

/// What a queue and a worker call the time between two registrations of the worker: the
/// queue drops everything that belongs to another session, and so does the worker.
pub(super) type Session = [u8; 16];

/// The session in messages that belong to none.
pub(super) const NO_SESSION: Session = [0; 16];

mod command {
    pub const HELLO: u8 = 0x01;
    pub const HEARTBEAT: u8 = 0x02;
    pub const RESULTS: u8 = 0x03;
    pub const RETURN: u8 = 0x04;
    pub const BYE: u8 = 0x05;
    pub const LOST: u8 = 0x06;
    pub const WELCOME: u8 = 0x81;
    pub const ALIVE: u8 = 0x82;
    pub const TASKS: u8 = 0x83;
    pub const CANCEL: u8 = 0x84;
    pub const GONE: u8 = 0x85;
    pub const STOP: u8 = 0x86;
}

/// A task of a message, by its number and the number of its delivery: each time that the
/// task is given to a worker, it is another delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub number: u64,
    pub delivery: u32,
}

/// A task for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskRecord {
    pub mention: Mention,
    /// The time limit in milliseconds, 0 if there is none.
    pub limit: u32,
}

/// The result of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResultRecord {
    pub mention: Mention,
    /// True if the payload is an error.
    pub failed: bool,
    /// How long the task ran, in microseconds.
    pub micros: u32,
}

/// A message from a worker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromWorker<'a> {
    Hello {
        credit: u32,
        name: &'a str,
    },
    Heartbeat {
        credit: u32,
    },
    /// There are as many payloads as records.
    Results(Vec<ResultRecord>),
    Return(Vec<Mention>),
    Bye,
    /// libzmq sends it in place of a peer whose connection has ended.
    Lost,
}

/// A message from a queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromQueue {
    Welcome {
        heartbeat: u32,
    },
    Alive,
    /// There are as many payloads as records.
    Tasks(Vec<TaskRecord>),
    Cancel(Vec<Mention>),
    Gone,
    Stop,
}

/// Reads big-endian numbers from the start of some bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    fn mention(&mut self) -> Option<Mention> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(Mention { number: u64::from_be_bytes(*bytes), delivery: self.u32()? })
    }
}

/// Reads records of one size that fill the rest of a head.
fn records<T>(
    rest: &[u8],
    size: usize,
    read: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = rest.len() / size;
    if !rest.len().is_multiple_of(size) || count == 0 || count > RECORDS {
        return None;
    }
    rest.chunks_exact(size).map(|record| read(&mut Reader(record))).collect()
}

/// Returns the command, the session and the rest of a head.
fn split(head: &[u8]) -> Option<(u8, Session, &[u8])> {
    let (magic, rest) = head.split_first_chunk()?;
    let (command, rest) = rest.split_first()?;
    let (session, rest) = rest.split_first_chunk()?;
    (*magic == MAGIC).then_some((*command, *session, rest))
}

impl<'a> FromWorker<'a> {
    /// Parses a message without its routing id; `None` if it is not one of a worker.
    pub fn parse(frames: &'a [Frame]) -> Option<(Session, FromWorker<'a>)> {
        let (head, payloads) = frames.split_first()?;
        let (command, session, rest) = split(head)?;
        let mut reader = Reader(rest);
        let message = match (command, payloads) {
            (command::HELLO, [name]) => {
                let credit = reader.u32()?;
                let name = std::str::from_utf8(name).ok()?;
                if !reader.0.is_empty() || name.len() > NAME {
                    return None;
                }
                FromWorker::Hello { credit, name }
            }
            (command::HEARTBEAT, []) if rest.len() == 4 => {
                FromWorker::Heartbeat { credit: reader.u32()? }
            }
            (command::RESULTS, payloads) => {
                let records = records(rest, RESULT, |record| {
                    let mention = record.mention()?;
                    let failed = match record.u32()? {
                        0 => false,
                        1 => true,
                        _ => return None,
                    };
                    Some(ResultRecord { mention, failed, micros: record.u32()? })
                })?;
                if records.len() != payloads.len() {
                    return None;
                }
                FromWorker::Results(records)
            }
            (command::RETURN, []) => {
                FromWorker::Return(records(rest, MENTION, |record| record.mention())?)
            }
            (command::BYE, []) if rest.is_empty() => FromWorker::Bye,
            (command::LOST, []) if rest.is_empty() => FromWorker::Lost,
            _ => return None,
        };
        Some((session, message))
    }
}

impl FromQueue {
    /// Parses a message; `None` if it is not one of a queue.
    pub fn parse(frames: &[Frame]) -> Option<(Session, FromQueue)> {
        let (head, payloads) = frames.split_first()?;
        let (command, session, rest) = split(head)?;
        let mut reader = Reader(rest);
        let message = match (command, payloads) {
            (command::WELCOME, []) if rest.len() == 4 => {
                FromQueue::Welcome { heartbeat: reader.u32()? }
            }
            (command::ALIVE, []) if rest.is_empty() => FromQueue::Alive,
            (command::TASKS, payloads) => {
                let records = records(rest, TASK, |record| {
                    let mention = record.mention()?;
                    Some(TaskRecord { mention, limit: record.u32()? })
                })?;
                if records.len() != payloads.len() {
                    return None;
                }
                FromQueue::Tasks(records)
            }
            (command::CANCEL, []) => {
                FromQueue::Cancel(records(rest, MENTION, |record| record.mention())?)
            }
            (command::GONE, []) if rest.is_empty() => FromQueue::Gone,
            (command::STOP, []) if rest.is_empty() => FromQueue::Stop,
            _ => return None,
        };
        Some((session, message))
    }
}

fn head(command: u8, session: &Session) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD + 4);
    head.extend_from_slice(&MAGIC);
    head.push(command);
    head.extend_from_slice(session);
    head
}

fn with_number(command: u8, session: &Session, number: u32) -> Vec<u8> {
    let mut head = head(command, session);
    head.extend_from_slice(&number.to_be_bytes());
    head
}

fn put_mention(head: &mut Vec<u8>, mention: Mention) {
    head.extend_from_slice(&mention.number.to_be_bytes());
    head.extend_from_slice(&mention.delivery.to_be_bytes());
}

fn with_mentions(command: u8, session: &Session, mentions: &[Mention]) -> Vec<u8> {
    let mut head = head(command, session);
    mentions.iter().for_each(|mention| put_mention(&mut head, *mention));
    head
}

/// Returns the head and the name.
pub(super) fn hello(credit: u32, name: &str) -> [Vec<u8>; 2] {
    let name = &name[..name.floor_char_boundary(NAME)];
    [with_number(command::HELLO, &NO_SESSION, credit), name.as_bytes().to_owned()]
}

pub(super) fn heartbeat(session: &Session, credit: u32) -> Vec<u8> {
    with_number(command::HEARTBEAT, session, credit)
}

pub(super) fn results(session: &Session, records: impl Iterator<Item = ResultRecord>) -> Vec<u8> {
    let mut head = head(command::RESULTS, session);
    for ResultRecord { mention, failed, micros } in records {
        put_mention(&mut head, mention);
        head.extend_from_slice(&u32::from(failed).to_be_bytes());
        head.extend_from_slice(&micros.to_be_bytes());
    }
    head
}

pub(super) fn returned(session: &Session, mentions: &[Mention]) -> Vec<u8> {
    with_mentions(command::RETURN, session, mentions)
}

pub(super) fn bye(session: &Session) -> Vec<u8> {
    head(command::BYE, session)
}

pub(super) fn lost() -> Vec<u8> {
    head(command::LOST, &NO_SESSION)
}

pub(super) fn welcome(session: &Session, heartbeat: u32) -> Vec<u8> {
    with_number(command::WELCOME, session, heartbeat)
}

pub(super) fn alive(session: &Session) -> Vec<u8> {
    head(command::ALIVE, session)
}

pub(super) fn tasks(session: &Session, records: &[TaskRecord]) -> Vec<u8> {
    let mut head = head(command::TASKS, session);
    for TaskRecord { mention, limit } in records {
        put_mention(&mut head, *mention);
        head.extend_from_slice(&limit.to_be_bytes());
    }
    head
}

pub(super) fn cancel(session: &Session, mentions: &[Mention]) -> Vec<u8> {
    with_mentions(command::CANCEL, session, mentions)
}

pub(super) fn gone(session: &Session) -> Vec<u8> {
    head(command::GONE, session)
}

pub(super) fn stop(session: &Session) -> Vec<u8> {
    head(command::STOP, session)
}

/// How large messages may be, and how much of one is taken. The head counts, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    largest: usize,
    records: usize,
    bytes: usize,
}

impl Room {
    /// The room in a message of at most so many bytes.
    pub fn of(largest: usize) -> Room {
        Room { largest, records: 0, bytes: HEAD }
    }

    /// Returns the size of the largest payload.
    pub fn payload(&self) -> usize {
        self.largest.saturating_sub(HEAD + RESULT)
    }

    /// Takes the room for a payload; false if it belongs into the next message. The first
    /// payload is always taken.
    pub fn take(&mut self, payload: &Frame) -> bool {
        let bytes = self.bytes + RESULT + payload.len();
        let fits = self.records < BATCH && bytes <= self.largest.min(BATCH_BYTES);
        if self.records > 0 && !fits {
            return false;
        }
        self.records += 1;
        self.bytes = bytes;
        true
    }

    /// Returns a payload unless it is too large for any message.
    pub fn fitting(&self, what: &str, payload: Frame) -> Result<Frame, Failure> {
        let most = self.payload();
        if payload.len() <= most {
            return Ok(payload);
        }
        Err(Failure {
            tag: Code::Argument.tag().to_string_lossy().into_owned(),
            text: format!(
                "the {what} has {} bytes, and a message has room for {most}; set the option \
                 maxmsgsize of the queue and of its workers",
                payload.len()
            ),
        })
    }
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The tag of the error: that of the worker's error, `ZMQTimeout` if the task ran too
    /// long, or `ZMQTask` if its workers died.
    pub tag: String,
    /// The text of the error.
    pub text: String,
}

impl Failure {
    /// Returns the payload of at most so many bytes: the tag, a NUL, and the text.
    pub(super) fn encode(&self, most: usize) -> Vec<u8> {
        let tag = &self.tag[..self.tag.floor_char_boundary(TAG.min(most.saturating_sub(1)))];
        let most = TEXT.min(most.saturating_sub(tag.len() + 1));
        let text = &self.text[..self.text.floor_char_boundary(most)];
        [tag.as_bytes(), b"\0", text.as_bytes()].concat()
    }

    /// Reads a payload, which may come from a faulty worker.
    pub(super) fn decode(payload: &[u8]) -> Failure {
        let (tag, text) = match payload.iter().position(|byte| *byte == 0) {
            Some(end) => (&payload[..end], &payload[end + 1..]),
            None => (&b""[..], payload),
        };
        let text = &text[..text.len().min(TEXT)];
        let plain = (1..=TAG).contains(&tag.len()) && tag.iter().all(u8::is_ascii_graphic);
        let tag = if plain { tag } else { super::FAILED.as_bytes() };
        Failure {
            tag: String::from_utf8_lossy(tag).into_owned(),
            text: String::from_utf8_lossy(text).replace('\0', " "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Session = *b"0123456789abcdef";
    const MENTIONS: [Mention; 2] =
        [Mention { number: 7, delivery: 1 }, Mention { number: u64::MAX, delivery: 9 }];

    fn frames(parts: &[&[u8]]) -> Vec<Frame> {
        parts.iter().map(|part| Frame::from(*part)).collect()
    }

    #[test]
    fn messages_of_workers_are_read_as_they_were_written() {
        let read = |parts: &[&[u8]], expected: FromWorker<'_>, session: Session| {
            assert_eq!(FromWorker::parse(&frames(parts)), Some((session, expected)));
        };
        let [head, name] = hello(5, "host 1");
        assert_eq!(head, b"ZTQ\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05");
        read(&[&head, &name], FromWorker::Hello { credit: 5, name: "host 1" }, NO_SESSION);
        let heartbeat = heartbeat(&SESSION, 3);
        read(&[&heartbeat], FromWorker::Heartbeat { credit: 3 }, SESSION);
        let records = MENTIONS.map(|mention| ResultRecord {
            mention,
            failed: mention.number == 7,
            micros: 12,
        });
        let head = results(&SESSION, records.into_iter());
        assert_eq!(head.len(), HEAD + 2 * RESULT);
        read(&[&head, b"a", b"b"], FromWorker::Results(records.to_vec()), SESSION);
        assert_eq!(FromWorker::parse(&frames(&[&head, b"a"])), None);
        let head = returned(&SESSION, &MENTIONS);
        read(&[&head], FromWorker::Return(MENTIONS.to_vec()), SESSION);
        read(&[&bye(&SESSION)], FromWorker::Bye, SESSION);
        read(&[&lost()], FromWorker::Lost, NO_SESSION);
    }

    #[test]
    fn messages_of_queues_are_read_as_they_were_written() {
        let read = |parts: &[&[u8]], expected: FromQueue| {
            assert_eq!(FromQueue::parse(&frames(parts)), Some((SESSION, expected)));
        };
        read(&[&welcome(&SESSION, 1000)], FromQueue::Welcome { heartbeat: 1000 });
        read(&[&alive(&SESSION)], FromQueue::Alive);
        let records = MENTIONS.map(|mention| TaskRecord { mention, limit: 500 });
        let head = tasks(&SESSION, &records);
        assert_eq!(head.len(), HEAD + 2 * TASK);
        read(&[&head, b"a", b""], FromQueue::Tasks(records.to_vec()));
        assert_eq!(FromQueue::parse(&frames(&[&head, b"a", b"b", b"c"])), None);
        read(&[&cancel(&SESSION, &MENTIONS)], FromQueue::Cancel(MENTIONS.to_vec()));
        read(&[&gone(&SESSION)], FromQueue::Gone);
        read(&[&stop(&SESSION)], FromQueue::Stop);
    }

    #[test]
    fn anything_else_is_no_message() {
        let none: &[&[u8]] = &[];
        let bad_status = {
            let mut head = results(
                &SESSION,
                [ResultRecord { mention: MENTIONS[0], failed: true, micros: 0 }].into_iter(),
            );
            head[HEAD + 15] = 2;
            head
        };
        let many = vec![MENTIONS[0]; RECORDS + 1];
        let wrong: &[&[&[u8]]] = &[
            none,
            &[b""],
            &[b"ZTQ\x02\x050123456789abcdef"],
            &[b"ZTQ\x01\x050123456789abcde"],
            &[b"ZTQ\x01\x050123456789abcdefg"],
            &[b"ZTQ\x01\x770123456789abcdef"],
            &[&bye(&SESSION), b"more"],
            &[&hello(1, "x")[0]],
            &[&hello(1, "x")[0], b"\xff"],
            &[&hello(1, "x")[0], &[b'x'; 256]],
            &[&head(command::RETURN, &SESSION)],
            &[&head(command::RESULTS, &SESSION)],
            &[&head(command::TASKS, &SESSION)],
            &[&[returned(&SESSION, &MENTIONS), vec![0]].concat()],
            &[&returned(&SESSION, &many)],
            &[&bad_status, b"payload"],
        ];
        for parts in wrong {
            let frames = frames(parts);
            assert_eq!(FromWorker::parse(&frames), None, "{parts:?}");
            assert_eq!(FromQueue::parse(&frames), None, "{parts:?}");
        }
    }

    #[test]
    fn errors_of_faulty_workers_are_readable() {
        let failure = Failure { tag: "DvZr".into(), text: "Division by zero.".into() };
        assert_eq!(Failure::decode(&failure.encode(usize::MAX)), failure);
        let read = |payload: &[u8]| {
            let Failure { tag, text } = Failure::decode(payload);
            (tag, text)
        };
        assert_eq!(read(b"no tag"), ("ZMQTask".into(), "no tag".into()));
        assert_eq!(read(b"a b\0text"), ("ZMQTask".into(), "text".into()));
        assert_eq!(read(b"\xff\0\xff\0"), ("ZMQTask".into(), "\u{fffd} ".into()));
        assert_eq!(read(&[b'x'; 100_000]).1.len(), TEXT);
        let long = Failure { tag: "x".repeat(100), text: "é".repeat(4000) };
        assert!(long.encode(usize::MAX).len() <= TAG + 1 + TEXT);
        assert!(long.encode(100).len() <= 100);
    }
}
