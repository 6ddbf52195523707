//! `zeromq record`: writes what it receives into a history.
//!
//! One thread receives and fills a buffer, another one writes, so that a slow disk does not
//! keep messages waiting in the socket, where they would be dropped without a trace.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::wait::Interrupt;
use zeromq::core::{
    Batch, Error, Gaps, Metric, Metrics, OptionValue, Socket, SocketType, Statistics, Wait,
};

use super::block::Block;
use super::buffer::Buffer;
use super::recording::Recording;
use super::store;
use super::store::retention::Limits;
use crate::tools::arguments::{LimitArguments, frames_of};
use crate::tools::clock::{Clock, system_time};
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::format::Format;
use crate::tools::log::LogArguments;
use crate::tools::metrics::MetricsArguments;
use crate::tools::receive::Rest;
use crate::tools::socket::{Connection, SocketArguments};
use crate::tools::units::{self, Rotation};

/// How many messages are received at once, few enough that their time is about the same, and
/// about how much memory they take.
const AT_ONCE: usize = 64;
const AT_ONCE_BYTES: usize = 1 << 20;

/// How often the statistics of the socket are read for the metrics.
const REFRESH: Duration = Duration::from_secs(1);

/// Records messages into a history: an SQLite file, from which `zeromq replay` sends them
/// again and `zeromq history` shows them.
///
/// It subscribes to the topics that begin with a prefix, to all without one, and connects
/// unless @ stands before an endpoint. An existing history is continued. Ctrl-C and SIGTERM
/// end it; everything that was received is written first.
#[derive(clap::Args)]
#[command(override_usage = "zeromq record [OPTIONS] <FILE> <ENDPOINTS> [PREFIX]...
       zeromq record [OPTIONS] --pull <FILE> <ENDPOINTS>")]
#[command(after_help = "Examples:
  zeromq record ticks.db tcp://localhost:5556 ANGEL_ ZERODHA_
  zeromq record ticks.db tcp://localhost:5556 --keep 24h --max-size 10GB
  zeromq record ticks/ tcp://localhost:5556 --rotate 1h --keep 7d
  zeromq record --pull tasks.db @tcp://*:5557

`zeromq help history` describes the file, and what a crash or a slow disk can lose.")]
pub struct Arguments {
    /// The file or the folder to record into.
    #[arg(value_name = "FILE", hide = true)]
    file: PathBuf,
    /// Where the messages come from, and the prefixes of the topics to subscribe to.
    #[arg(value_name = "ENDPOINTS [PREFIX]...", hide = true)]
    rest: Vec<OsString>,
    /// Receives what PUSH sockets send instead of subscribing. While the buffer is full, they
    /// wait, and nothing is dropped.
    #[arg(long)]
    pull: bool,
    /// How much a crash or a power failure may lose: what was received during the last
    /// INTERVAL. It is written twice as often.
    #[arg(long, value_name = "INTERVAL", default_value = "1s", value_parser = units::interval)]
    sync: Duration,
    /// Removes messages that are older than AGE.
    #[arg(long, value_name = "AGE", value_parser = units::interval)]
    keep: Option<Duration>,
    /// Removes the oldest messages if the history is larger than SIZE.
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    max_size: Option<u64>,
    /// Records into files in the folder FILE, and begins a new one when the last one has this
    /// AGE or SIZE.
    #[arg(long, value_name = "AGE|SIZE")]
    rotate: Option<Rotation>,
    /// The memory for messages that wait to be written. Those that do not fit are dropped and
    /// counted.
    #[arg(long, value_name = "SIZE", default_value = "64MB", value_parser = units::size)]
    buffer: u64,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

/// What a recorder has done so far.
#[derive(Debug, Default)]
struct Progress {
    received: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    missed: AtomicU64,
    written: AtomicU64,
    /// The longest time between receiving a message and its safety on the disk, in
    /// milliseconds.
    longest: AtomicU64,
    /// When the oldest message was received that was taken from the buffer and is not safe.
    oldest: Mutex<Option<Instant>>,
    /// What the socket counts. While it waits, nobody else can ask it.
    statistics: Mutex<Option<Statistics>>,
}

/// What both threads and the metrics share.
struct Shared {
    buffer: Buffer,
    progress: Progress,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, connection, file, .. } = arguments;
    let (endpoints, prefixes) = connection.endpoints(&arguments.rest)?;
    let prefixes = frames_of(Format::Text, prefixes)?;
    if arguments.pull && !prefixes.is_empty() {
        return Err(Failure::usage("--pull receives everything, so it takes no PREFIX"));
    }
    let kept = Limits { keep: arguments.keep, max_size: arguments.max_size };
    let mut recording = Recording::open(file, arguments.rotate, kept)?;
    let connection = connection.open(arguments.socket_type(), endpoints, limits, |socket| {
        arguments.prepare(socket, &prefixes)
    })?;
    let mut clock = Clock::after(recording.time());
    recording.begin(clock.now(), &sources(&connection, &prefixes)?)?;
    let first = recording.last() + 1;
    let begin = Instant::now();
    let shared = Arc::new(Shared {
        buffer: Buffer::new(arguments.buffer_size(), !arguments.pull),
        progress: Progress::default(),
    });
    let collected = shared.clone();
    arguments.metrics.serve(limits, Arc::new(move || collected.metrics()))?;
    let Shared { buffer, progress } = &*shared;
    let recorder = Recorder { arguments, ending, buffer, progress };
    let (received, written) = thread::scope(|scope| {
        let writer = scope.spawn(|| recorder.write(recording));
        let received = recorder.receive(&connection.socket, &mut clock);
        buffer.end();
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (received, written)
    });
    if !limits.quiet {
        let [written, dropped, missed] = [&progress.written, &progress.dropped, &progress.missed]
            .map(|count| count.load(Relaxed));
        let text = summary(progress, first, begin.elapsed(), arguments.sync);
        tracing::info!(written, dropped, missed, "{text}");
    }
    if let Err(error) = written {
        let lost = progress.received.load(Relaxed) - progress.written.load(Relaxed);
        return Err(Failure::Error(format!(
            "{error}; {lost} messages that were received are not in the history"
        )));
    }
    received
}

impl Arguments {
    fn socket_type(&self) -> SocketType {
        if self.pull { SocketType::Pull } else { SocketType::Sub }
    }

    fn buffer_size(&self) -> usize {
        usize::try_from(self.buffer).unwrap_or(usize::MAX)
    }

    fn prepare(&self, socket: &Socket, prefixes: &[Vec<u8>]) -> Outcome {
        if self.pull {
            return Ok(());
        }
        let has_mark = |option: &String| option.trim_start().starts_with("rcvhwm");
        if !self.connection.setup.options.iter().any(has_mark) {
            // What does not fit into the queue of a socket is dropped without a trace, so
            // messages wait in the buffer instead.
            socket.set_option("rcvhwm", &OptionValue::Int(0))?;
        }
        if prefixes.is_empty() {
            socket.subscribe(b"")?;
        }
        prefixes.iter().try_for_each(|prefix| Ok(socket.subscribe(prefix)?))
    }
}

/// Describes what is recorded, for the history.
fn sources(connection: &Connection, prefixes: &[Vec<u8>]) -> Outcome<String> {
    let socket = &connection.socket;
    let mut text = socket.socket_type().name().to_owned();
    for (_, endpoint) in socket.endpoints()? {
        text.push(' ');
        text.push_str(&endpoint);
    }
    for prefix in prefixes {
        text.push_str(&format!(" {:?}", String::from_utf8_lossy(prefix)));
    }
    Ok(text)
}

/// Says what was recorded.
fn summary(progress: &Progress, first: i64, time: Duration, sync: Duration) -> String {
    let written = progress.written.load(Relaxed);
    let mut text = match written {
        0 => "recorded nothing".to_owned(),
        _ => format!(
            "recorded {written} messages ({}) in {}, number {first} to {}",
            bytesize::ByteSize(progress.bytes.load(Relaxed)).display().si(),
            units::shown(time),
            first + (written as i64) - 1
        ),
    };
    text.push_str(&format!("; {} dropped", progress.dropped.load(Relaxed)));
    let missed = progress.missed.load(Relaxed);
    if missed > 0 {
        text.push_str(&format!(", {missed} missed"));
    }
    let longest = Duration::from_millis(progress.longest.load(Relaxed));
    if longest > sync {
        text.push_str(&format!(
            "; the disk was slow: a crash could have lost up to {}",
            units::shown(longest)
        ));
    }
    text
}

/// A metric, and what it shows.
type Row = (&'static Metric, fn(&Progress) -> &AtomicU64);

static COUNTERS: [Row; 4] = [
    (
        &Metric::counter("zeromq_record_received_messages", "Messages that were received."),
        |progress| &progress.received,
    ),
    (
        &Metric::counter("zeromq_record_dropped_messages", "Messages for which there was no room."),
        |progress| &progress.dropped,
    ),
    (
        &Metric::counter("zeromq_record_missed_messages", "Numbered messages that did not arrive."),
        |progress| &progress.missed,
    ),
    (&Metric::counter("zeromq_record_written_messages", "Messages that are safe."), |progress| {
        &progress.written
    }),
];
static QUEUED: Metric =
    Metric::gauge("zeromq_record_queued_messages", "Messages that wait to be written.");
static QUEUED_BYTES: Metric =
    Metric::gauge("zeromq_record_queued_bytes", "The memory that these messages take.");
static LAG: Metric =
    Metric::gauge("zeromq_record_lag_seconds", "The age of the oldest message that is not safe.");

impl Shared {
    /// Returns the metrics of the recorder.
    fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        if let Some(statistics) = &*held(&self.progress.statistics) {
            metrics.add_statistics(&[], statistics);
        }
        for (metric, value) in COUNTERS {
            metrics.add(metric, &[], value(&self.progress).load(Relaxed));
        }
        let (messages, bytes, since) = self.buffer.waiting();
        let oldest = held(&self.progress.oldest).or(since);
        metrics.add(&QUEUED, &[], messages);
        metrics.add(&QUEUED_BYTES, &[], bytes);
        metrics.add(&LAG, &[], oldest.map_or(0.0, |oldest| oldest.elapsed().as_secs_f64()));
        metrics.to_string()
    }
}

fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What both threads know.
struct Recorder<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
    buffer: &'a Buffer,
    progress: &'a Progress,
}

impl Interrupt for Recorder<'_> {
    fn interrupted(&self) -> bool {
        self.ending.is_asked() || self.buffer.has_failed()
    }
}

impl Recorder<'_> {
    /// Receives messages until the end.
    fn receive(&self, socket: &Socket, clock: &mut Clock) -> Outcome {
        let limits = &self.arguments.limits;
        let has_metrics = self.arguments.metrics.is_on();
        let wait = match limits.timeout() {
            // The metrics need new statistics now and then.
            _ if has_metrics => Wait::new(Some(REFRESH)),
            Some(timeout) => Wait::new(Some(timeout)),
            None => Wait::usual(),
        };
        let wait = wait.until(Some(self));
        let (gaps, batch) = (Gaps::default(), Batch::within(AT_ONCE_BYTES));
        let mut receiver = Receiver { recorder: self, socket, clock, gaps, batch };
        let mut left = limits.count.unwrap_or(u64::MAX);
        let (mut last, mut refreshed) = (Instant::now(), None);
        while left > 0 && !self.interrupted() {
            if has_metrics && refreshed.is_none_or(|at: Instant| at.elapsed() >= REFRESH) {
                *held(&self.progress.statistics) = Some(socket.statistics()?);
                refreshed = Some(Instant::now());
            }
            match receiver.receive(&wait, left) {
                Ok(count) => {
                    left -= count;
                    last = Instant::now();
                }
                Err(Error::Interrupted) => break,
                Err(Error::Again)
                    if has_metrics && limits.timeout().is_none_or(|time| last.elapsed() < time) => {
                }
                Err(Error::Again) => {
                    let text = "no message has arrived within the timeout";
                    return Err(Failure::Timeout(text.to_owned()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.ending.is_asked() {
            left -= receiver.receive_rest(left)?;
        }
        match limits.count {
            Some(_) if left > 0 => Err(Failure::Stopped),
            _ => Ok(()),
        }
    }

    /// Writes messages until the end.
    fn write(&self, recording: Recording) -> store::Result {
        let written = self.write_all(recording);
        if written.is_err() {
            self.buffer.fail();
        }
        written
    }

    fn write_all(&self, mut recording: Recording) -> store::Result {
        let mut block = Block::default();
        // When the oldest of the messages that are not safe yet was received, and how many
        // there are.
        let (mut oldest, mut count, mut bytes): (Option<Instant>, u64, usize) = (None, 0, 0);
        loop {
            let due = oldest.map(|oldest| oldest + self.arguments.sync / 2);
            // Without messages, only the limits are applied.
            let until = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
            let taken = self.buffer.take(&mut block, Some(until));
            if taken.since.is_some() {
                oldest = oldest.or(taken.since);
                *held(&self.progress.oldest) = oldest;
                count += block.count() as u64;
                bytes += block.len();
                recording.write(&block, &taken.lost)?;
                block.clear();
            }
            let is_due = Instant::now() >= due.unwrap_or(until);
            if taken.ended || is_due || bytes > recording.portion() {
                recording.commit()?;
                bytes = 0;
                self.progress.written.fetch_add(std::mem::take(&mut count), Relaxed);
                *held(&self.progress.oldest) = None;
                if let Some(oldest) = oldest.take() {
                    let age = u64::try_from(oldest.elapsed().as_millis()).unwrap_or(u64::MAX);
                    self.progress.longest.fetch_max(age, Relaxed);
                }
            }
            if taken.ended && taken.since.is_none() {
                return recording.finish(system_time());
            }
        }
    }
}

/// The receiving side.
struct Receiver<'a> {
    recorder: &'a Recorder<'a>,
    socket: &'a Socket,
    clock: &'a mut Clock,
    gaps: Gaps,
    batch: Batch,
}

impl Receiver<'_> {
    /// Receives some messages. Returns how many.
    fn receive(&mut self, wait: &Wait, most: u64) -> Result<u64, Error> {
        let Recorder { arguments, buffer, progress, .. } = self.recorder;
        if arguments.pull {
            buffer.wait_for_room(|| !self.recorder.interrupted());
        }
        let most = AT_ONCE.min(usize::try_from(most).unwrap_or(usize::MAX));
        self.socket.receive_batch_into(&mut self.batch, most, wait)?;
        let before = self.gaps.missed();
        if !arguments.pull {
            for message in self.batch.messages() {
                if let [topic, .., last] = message {
                    self.gaps.record(topic, last);
                }
            }
        }
        let missed = self.gaps.missed() - before;
        let dropped = buffer.push(self.clock.now(), missed, self.batch.messages());
        let count = self.batch.count() as u64;
        progress.received.fetch_add(count - dropped, Relaxed);
        progress.bytes.fetch_add(self.batch.bytes() as u64, Relaxed);
        progress.missed.fetch_add(missed, Relaxed);
        if dropped > 0 && progress.dropped.fetch_add(dropped, Relaxed) == 0 {
            arguments.limits.warn(
                "messages are dropped, because they arrive faster than they can be written; the \
                 history tells where",
            );
        }
        Ok(count)
    }

    /// Receives what has arrived already. Returns how many messages.
    fn receive_rest(&mut self, most: u64) -> Outcome<u64> {
        let socket = self.socket;
        let mut rest = Rest::of(socket);
        let mut count = 0;
        while count < most && !self.recorder.buffer.has_failed() {
            match rest
                .receive_by(socket, |wait, left| self.receive(wait, left.min(most - count)))?
            {
                0 => break,
                received => count += received,
            }
        }
        Ok(count)
    }
}
