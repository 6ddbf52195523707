//! `zeromq replay`: sends the messages of a history again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use zeromq::core::Error;

use super::arguments::RangeArguments;
use super::block::{Block, Packed};
use super::source::Source;
use super::{store, store::StoreError};
use crate::tools::arguments::{LimitArguments, frames_of};
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::format::Format;
use crate::tools::log::LogArguments;
use crate::tools::send::OutletArguments;
use crate::tools::socket::{Connection, SocketArguments};

/// How many blocks are read before they are sent.
const AHEAD: usize = 2;

/// How often a follower looks for new messages.
const POLL: Duration = Duration::from_millis(20);

/// The end of a wait for a message, which the system can measure better than the library.
const PRECISE: Duration = Duration::from_millis(5);

/// How often a wait for messages looks whether to end.
const SLICE: Duration = Duration::from_millis(100);

/// Sends the messages of a history again, with the pauses between them.
///
/// It sends what begins with a prefix, or everything without one. All frames are those that
/// were recorded. PUB and XPUB sockets bind unless > stands before an endpoint; others connect
/// unless @ does.
#[derive(clap::Args)]
#[command(override_usage = "zeromq replay [OPTIONS] <FILE> <ENDPOINTS> [PREFIX]...")]
#[command(after_help = "Examples:
  zeromq replay ticks.db tcp://*:5556
  zeromq replay ticks.db tcp://*:5556 ANGEL_ --from 2026-12-01T09:15:00+05:30 --speed 10
  zeromq replay ticks.db '>tcp://localhost:5557' --socket push --speed max
  zeromq replay ticks.db tcp://*:5556 --from -10m --speed max --follow

`zeromq help history` describes how times are kept, and how to continue a replay.")]
pub struct Arguments {
    /// The history: a file or a folder.
    #[arg(value_name = "FILE", hide = true)]
    file: PathBuf,
    /// Where to send, and the prefixes of the topics to send.
    #[arg(value_name = "ENDPOINTS [PREFIX]...", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    outlet: OutletArguments,
    #[command(flatten)]
    range: RangeArguments,
    /// How many times as fast as it was recorded; max does not pause.
    #[arg(long, value_name = "FACTOR|max", default_value = "1")]
    speed: Speed,
    /// Goes on with what is recorded from now on, until Ctrl-C or SIGTERM.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

/// How fast to send.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    Max,
    Times(f64),
}

impl std::str::FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Speed, &'static str> {
        match text.parse() {
            Ok(times) if f64::is_normal(times) && times > 0.0 => Ok(Speed::Times(times)),
            _ if text == "max" => Ok(Speed::Max),
            _ => Err("expected a number above zero, such as 0.5 or 10, or max"),
        }
    }
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, connection, .. } = arguments;
    let (endpoints, prefixes) = connection.endpoints(&arguments.rest)?;
    let range = arguments.range.range(frames_of(Format::Text, prefixes)?);
    let source = Source::open(&arguments.file, range)?;
    let connection = connection.open(arguments.outlet.socket(), endpoints, limits, |socket| {
        arguments.outlet.prepare(socket, &arguments.connection.setup)
    })?;
    arguments.outlet.await_peers(&connection, limits, ending)?;
    let done = AtomicBool::new(false);
    let mut replay = Replay::new(arguments, ending, &connection);
    let (sent, read) = thread::scope(|scope| {
        let (sender, blocks) = sync_channel(AHEAD);
        let reader = scope.spawn(|| read(source, arguments.follow, sender, &done));
        let sent = replay.send_all(blocks);
        done.store(true, Relaxed);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (sent, read)
    });
    if !limits.quiet {
        let (sent, last) = (replay.sent, replay.last);
        tracing::info!(sent, last, "{}", replay.summary());
    }
    read.map_err(Failure::from)?;
    sent?;
    connection.finish(ending, limits.timeout())
}

/// Reads blocks until the end, or until nobody wants more.
fn read(
    mut source: Source,
    follow: bool,
    sender: SyncSender<Block>,
    done: &AtomicBool,
) -> store::Result {
    loop {
        let mut block = Block::default();
        let more = source.read(&mut block)?;
        if !block.is_empty() && sender.send(block).is_err() {
            return Ok(());
        }
        if !more && !follow || done.load(Relaxed) {
            return Ok(());
        }
        if !more {
            thread::sleep(POLL);
        }
    }
}

/// A replay that runs.
struct Replay<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
    connection: &'a Connection,
    /// When the first message was sent, and its time in the history.
    begin: Option<(Instant, i64)>,
    sent: u64,
    last: i64,
    /// How late messages were sent, in microseconds.
    late: Histogram<u64>,
}

impl<'a> Replay<'a> {
    fn new(arguments: &'a Arguments, ending: &'a Ending, connection: &'a Connection) -> Replay<'a> {
        let late = Histogram::new(2).expect("two digits are possible");
        Replay { arguments, ending, connection, begin: None, sent: 0, last: 0, late }
    }

    /// Sends the messages of all blocks, each when it is due.
    fn send_all(&mut self, blocks: Receiver<Block>) -> Outcome {
        loop {
            let block = match blocks.recv_timeout(SLICE) {
                Ok(block) => block,
                Err(RecvTimeoutError::Timeout) if !self.ending.is_asked() => continue,
                Err(RecvTimeoutError::Timeout) => return self.stopped(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for message in block.messages() {
                if self.arguments.limits.count.is_some_and(|count| self.sent >= count) {
                    return Ok(());
                }
                match self.send(&message) {
                    Ok(()) => {}
                    Err(Error::Interrupted) => return self.stopped(),
                    Err(Error::Again) => {
                        return Err(Failure::Timeout(format!(
                            "no peer has accepted message {} within the timeout",
                            message.sequence
                        )));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        match self.arguments.limits.count {
            Some(count) if self.sent < count => Err(Failure::Error(format!(
                "the history has only {} messages in this range",
                self.sent
            ))),
            _ => Ok(()),
        }
    }

    /// A follower has no other end than a signal.
    fn stopped(&self) -> Outcome {
        if self.arguments.follow { Ok(()) } else { Err(Failure::Stopped) }
    }

    fn send(&mut self, message: &Packed<'_>) -> Result<(), Error> {
        if let Speed::Times(speed) = self.arguments.speed {
            self.await_time(message.time, speed)?;
        } else if self.ending.is_asked() {
            return Err(Error::Interrupted);
        }
        let frames: smallvec::SmallVec<[&[u8]; 8]> = message.frames().collect();
        let wait = self.ending.wait(self.arguments.limits.timeout());
        self.connection.socket.send(&frames, &wait)?;
        self.sent += 1;
        self.last = message.sequence;
        Ok(())
    }

    /// Waits until a message is due. Its moment does not depend on when others were sent, so
    /// errors do not add up.
    fn await_time(&mut self, time: i64, speed: f64) -> Result<(), Error> {
        let (begin, first) = *self.begin.get_or_insert_with(|| (Instant::now(), time));
        let after = (time - first).max(0) as f64 / speed;
        let due = Duration::try_from_secs_f64(after / 1e9)
            .ok()
            .and_then(|after| begin.checked_add(after));
        let Some(due) = due else {
            // It is due in the distant future.
            return self.ending.sleep_until(begin + Duration::from_secs(1 << 31));
        };
        if let Some(long) = due.checked_sub(PRECISE) {
            self.ending.sleep_until(long)?;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let late = due.elapsed().as_micros();
        self.late.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        Ok(())
    }

    fn summary(&self) -> String {
        if self.sent == 0 {
            return "sent nothing".to_owned();
        }
        let mut text = format!("sent {} messages, the last one is number {}", self.sent, self.last);
        if !self.late.is_empty() {
            let at = |share| Duration::from_micros(self.late.value_at_quantile(share));
            text.push_str(&format!(
                "; late by {:?} in the median, {:?} in 99 %, {:?} at most",
                at(0.5),
                at(0.99),
                Duration::from_micros(self.late.max())
            ));
        }
        text
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Error(error.to_string())
    }
}
