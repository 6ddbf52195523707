//! `zeromq bridge out`: stores what a socket receives in a stream.
//!
//! One thread receives, another one publishes. A window between them has a limit: beyond it
//! the socket is not read, or messages are dropped and counted.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::header::{NATS_EXPECTED_STREAM, NATS_MESSAGE_ID};
use async_nats::jetstream::ContextBuilder;
use bytes::Bytes;
use clap::ValueEnum;
use data_encoding::HEXLOWER;
use ring::digest::{Context as Digest, SHA256};
use tokio::sync::Semaphore;
use zeromq::core::wait::Interrupt;
use zeromq::core::{
    Batch, Error, Frame, Gaps, Message, Metric, Metrics, OptionValue, Socket, SocketType,
    Statistics, Wait,
};

use super::nats::{self, ANSWER, Link, NatsArguments, Rarely, runtime};
use super::publisher::{Counts, Letter, Publisher};
use super::stream::{self, CreateArguments};
use super::subject::{LONGEST, Template, is_covered};
use super::window::Window;
use super::wire;
use crate::tools::arguments::{LimitArguments, frames_of};
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::format::Format;
use crate::tools::log::LogArguments;
use crate::tools::metrics::MetricsArguments;
use crate::tools::receive::Rest;
use crate::tools::socket::SocketArguments;
use crate::tools::units;

/// How many messages are received at once, and about how much memory they take.
const AT_ONCE: usize = 64;
const AT_ONCE_BYTES: usize = 1 << 20;

/// What a message takes in memory besides its bytes, about.
const OVERHEAD: usize = 1024;

/// The same for each of its headers.
const FIELD: usize = 64;

/// How often the statistics of the socket are read for the metrics.
const REFRESH: Duration = Duration::from_secs(1);

/// Stores the messages of publishers, or of pushers, in a stream of NATS JetStream.
///
/// It subscribes to the topics that begin with a prefix, to all without one, and connects
/// unless @ stands before an endpoint. Each message is published until the stream acknowledges
/// it, also if servers fail meanwhile. Ctrl-C and SIGTERM end it; what was received is stored
/// first.
#[derive(clap::Args)]
#[command(override_usage = "zeromq bridge out [OPTIONS] --stream <NAME> <ENDPOINTS> [PREFIX]...
       zeromq bridge out [OPTIONS] --stream <NAME> --pull <ENDPOINTS>")]
#[command(after_help = "Examples:
  zeromq bridge out --stream TICKS --separator _ tcp://localhost:5556 ANGEL_ DHAN_
  zeromq bridge out --stream TICKS --create --replicas 3 --max-age 7d --separator _ \\
      --subject 'ticks.{topic}' tcp://localhost:5556
  zeromq bridge out --stream TASKS --create --subject tasks --pull @tcp://*:5557
  zeromq bridge out --stream TICKS --nats nats://one:4222,nats://two:4222 \\
      --nats-creds bridge.creds --metrics 9464 --log json tcp://localhost:5556

`zeromq help nats` has a table of topics and subjects, and of messages with several frames.")]
pub struct Arguments {
    /// Where the messages come from, and the prefixes of the topics to subscribe to.
    #[arg(value_name = "ENDPOINTS [PREFIX]...", hide = true)]
    rest: Vec<OsString>,
    /// The stream to store them in.
    #[arg(long, value_name = "NAME", value_parser = nats::name)]
    stream: String,
    /// The subject of a message: {topic} is the parts of its topic as tokens, {2} the second
    /// part, {2..} the second one and those behind it.
    #[arg(long, value_name = "TEMPLATE", default_value = "{topic}")]
    subject: Template,
    /// What stands between the parts of a topic, such as _; with '' it has one part.
    #[arg(long, value_name = "TEXT", default_value = ".")]
    separator: String,
    /// Receives what PUSH sockets send instead of subscribing.
    #[arg(long)]
    pull: bool,
    /// What happens while the window is full: wait, which reads no messages, so that they fill
    /// the queues of ZeroMQ; or drop, which drops and counts them.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = WhenFull::Wait)]
    #[arg(hide_possible_values = true)]
    when_full: WhenFull,
    /// The largest number of messages that were received and are not acknowledged.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    window: u32,
    /// The largest memory for these messages.
    #[arg(long, value_name = "SIZE", default_value = "64MB", value_parser = units::size)]
    window_size: u64,
    /// By what the stream recognizes a message that is published again: its number in this
    /// program, or its content, so that several bridges can store the same bus.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Identity::Number)]
    #[arg(hide_possible_values = true)]
    identify: Identity,
    /// How long messages are still stored after a signal.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::interval)]
    grace: Duration,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    create: CreateArguments,
    #[command(flatten)]
    nats: NatsArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WhenFull {
    Wait,
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Identity {
    /// A random session, and the number of the message.
    Number,
    /// A hash of all frames.
    Content,
}

/// What the bridge has done so far, and what waits.
struct Progress {
    received: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    missed: AtomicU64,
    counts: Counts,
    window: Window<Letter>,
    /// What the socket counts. While it waits, nobody else can ask it.
    statistics: Mutex<Option<Statistics>>,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, connection, .. } = arguments;
    let (endpoints, prefixes) = connection.endpoints(&arguments.rest)?;
    let prefixes = frames_of(Format::Text, prefixes)?;
    if arguments.pull && !prefixes.is_empty() {
        return Err(Failure::usage("--pull receives everything, so it takes no PREFIX"));
    }
    let config = arguments.create.config(&arguments.stream, arguments.subject.pattern())?;
    let runtime = runtime()?;
    let entered = runtime.enter();
    let link = Link::new(limits);
    let client =
        runtime.block_on(arguments.nats.connect(&link, limits, limits.timeout(), ending))?;
    let messages = arguments.window as usize;
    let context = ContextBuilder::new()
        .timeout(ANSWER)
        .ack_timeout(ANSWER)
        // The window is the limit.
        .max_ack_inflight(Semaphore::MAX_PERMITS)
        .build(client.clone());
    let name = &arguments.stream;
    let opened = stream::open(&context, name, config, limits, limits.timeout(), ending);
    let stream = runtime.block_on(opened)?;
    drop(entered);
    let most_payload = client.server_info().max_payload;
    let subjects = stream.cached_info().config.subjects.clone();
    if subjects.is_empty() {
        return Err(Failure::Error(format!(
            "the stream {name} has no subjects: it only copies other streams"
        )));
    }
    limits.note(&format!("stores {} in the stream {name}", subjects.join(", ")));
    // Peers wait for the socket until messages can be stored.
    let connection = connection.open(arguments.socket_type(), endpoints, limits, |socket| {
        arguments.prepare(socket, &prefixes)
    })?;
    let progress = Arc::new(Progress {
        received: AtomicU64::default(),
        bytes: AtomicU64::default(),
        dropped: AtomicU64::default(),
        missed: AtomicU64::default(),
        counts: Counts::default(),
        window: Window::new(messages, usize::try_from(arguments.window_size).unwrap_or(usize::MAX)),
        statistics: Mutex::default(),
    });
    let (collected, told) = (progress.clone(), link.clone());
    arguments.metrics.serve(limits, Arc::new(move || collected.metrics(&told)))?;
    let begin = Instant::now();
    let publisher = Publisher {
        context,
        stream: name,
        window: &progress.window,
        counts: &progress.counts,
        link: &link,
        limits,
        ending,
        grace: arguments.grace,
    };
    let (received, stored) = thread::scope(|scope| {
        let publishing = scope.spawn(|| runtime.block_on(publisher.run()));
        let mut receiver = Receiver {
            arguments,
            ending,
            progress: &progress,
            socket: &connection.socket,
            subjects,
            most_payload,
            gaps: Gaps::default(),
            session: RandomState::new().hash_one((process::id(), Instant::now())),
            number: 0,
            rejections: Rarely::default(),
        };
        let received = receiver.receive();
        progress.window.end();
        let stored = publishing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (received, stored)
    });
    progress.report(&link, limits, begin.elapsed());
    stored?;
    received
}

impl Arguments {
    fn socket_type(&self) -> SocketType {
        if self.pull { SocketType::Pull } else { SocketType::Sub }
    }

    fn prepare(&self, socket: &Socket, prefixes: &[Vec<u8>]) -> Outcome {
        let has_mark = |option: &String| option.trim_start().starts_with("rcvhwm");
        if self.when_full == WhenFull::Drop && !self.connection.setup.options.iter().any(has_mark) {
            // What does not fit into the queue of a socket is dropped without a trace.
            socket.set_option("rcvhwm", &OptionValue::Int(0))?;
        }
        if self.pull {
            return Ok(());
        }
        if prefixes.is_empty() {
            socket.subscribe(b"")?;
        }
        prefixes.iter().try_for_each(|prefix| Ok(socket.subscribe(prefix)?))
    }
}

/// The receiving side.
struct Receiver<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
    progress: &'a Progress,
    socket: &'a Socket,
    /// What the stream stores.
    subjects: Vec<String>,
    /// The largest size of headers and payload that the server permits.
    most_payload: usize,
    gaps: Gaps,
    session: u64,
    number: u64,
    rejections: Rarely,
}

impl Interrupt for Receiver<'_> {
    fn interrupted(&self) -> bool {
        self.ending.is_asked()
    }
}

impl Receiver<'_> {
    /// Receives messages until the end.
    fn receive(&mut self) -> Outcome {
        let limits = &self.arguments.limits;
        let has_metrics = self.arguments.metrics.is_on();
        let timeout = limits.timeout();
        let wait = if has_metrics { Some(REFRESH) } else { timeout };
        let mut batch = Batch::within(AT_ONCE_BYTES);
        let mut left = limits.count.unwrap_or(u64::MAX);
        let (mut last, mut refreshed) = (Instant::now(), None);
        while left > 0 && !self.interrupted() {
            if has_metrics && refreshed.is_none_or(|at: Instant| at.elapsed() >= REFRESH) {
                *self.progress.statistics.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(self.socket.statistics()?);
                refreshed = Some(Instant::now());
            }
            let most = self.most(left, last)?;
            if most == 0 {
                break;
            }
            let received = {
                let wait = wait.map_or(Wait::usual(), |time| Wait::new(Some(time)));
                self.socket.receive_batch_into(&mut batch, most, &wait.until(Some(&*self)))
            };
            match received {
                Ok(()) => {
                    left -= batch.count() as u64;
                    last = Instant::now();
                    batch.messages().for_each(|message| self.take(message));
                }
                Err(Error::Interrupted) => break,
                Err(Error::Again)
                    if has_metrics && timeout.is_none_or(|time| last.elapsed() < time) => {}
                Err(Error::Again) => {
                    let text = "no message has arrived within the timeout";
                    return Err(Failure::Timeout(text.to_owned()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.interrupted() {
            left -= self.receive_rest(left)?;
        }
        match limits.count {
            Some(_) if left > 0 => Err(Failure::Stopped),
            _ => Ok(()),
        }
    }

    /// Returns how many messages to receive next, once there is room for some.
    fn most(&self, left: u64, last: Instant) -> Outcome<usize> {
        let at_once = AT_ONCE.min(usize::try_from(left).unwrap_or(usize::MAX));
        if self.arguments.when_full == WhenFull::Drop {
            return Ok(at_once);
        }
        let timeout = self.arguments.limits.timeout();
        let is_late = || timeout.is_some_and(|timeout| last.elapsed() >= timeout);
        let room = self.progress.window.wait_for_room(|| !self.interrupted() && !is_late());
        if room == 0 && !self.interrupted() {
            let text = "the stream has not acknowledged any message within the timeout";
            return Err(Failure::Timeout(text.to_owned()));
        }
        Ok(at_once.min(room))
    }

    /// Receives what has arrived before a signal, also if there is no room: it would be lost
    /// otherwise. Returns how many messages.
    fn receive_rest(&mut self, most: u64) -> Outcome<u64> {
        let mut rest = Rest::of(self.socket);
        let mut message = Message::default();
        let mut count = 0;
        while count < most && rest.receive(self.socket, &mut message)? {
            count += 1;
            self.take(message.frames());
        }
        Ok(count)
    }

    /// Passes a message on.
    fn take(&mut self, frames: &[Frame]) {
        let Progress { window, .. } = self.progress;
        let size: usize = frames.iter().map(|frame| frame.len()).sum();
        self.progress.received.fetch_add(1, Relaxed);
        self.progress.bytes.fetch_add(size as u64, Relaxed);
        if let ([topic, .., last], false) = (frames, self.arguments.pull) {
            let before = self.gaps.missed();
            self.gaps.record(topic, last);
            self.progress.missed.fetch_add(self.gaps.missed() - before, Relaxed);
        }
        self.number += 1;
        if self.arguments.when_full == WhenFull::Drop && window.room() == 0 && !self.interrupted() {
            if self.progress.dropped.fetch_add(1, Relaxed) == 0 {
                self.arguments.limits.warn(
                    "messages are dropped, because they arrive faster than the stream \
                     acknowledges them",
                );
            }
            return;
        }
        let topic = match frames {
            [topic, _, ..] => Some(&topic[..]),
            _ => None,
        };
        let subject = self.arguments.subject.subject(&self.arguments.separator, topic);
        let is_stored = subject.len() <= LONGEST && is_covered(&self.subjects, &subject);
        if !is_stored {
            let Arguments { stream, .. } = self.arguments;
            let shown: String = subject.chars().take(100).collect();
            return self.reject(|| match subject.len() {
                ..=LONGEST => format!("the stream {stream} does not store the subject {shown}"),
                length => format!("a subject of {length} bytes is too long: {shown}..."),
            });
        }
        // Its headers would be longer than what they hold, so they are not made in vain.
        let least = size + wire::LEAST * frames.len().saturating_sub(1);
        if least > self.most_payload {
            return self.reject(|| {
                let frames = frames.len();
                let most = self.most_payload;
                format!(
                    "a message of {frames} frames and {size} bytes is larger than the {most} bytes \
                     that the server permits"
                )
            });
        }
        let (mut headers, payload) = wire::pack(frames);
        headers.insert(NATS_MESSAGE_ID, self.identity(frames));
        headers.insert(NATS_EXPECTED_STREAM, &*self.arguments.stream);
        // Frames beyond the second are headers, which are longer than what they hold.
        let fields = headers.iter().flat_map(|(_, values)| values);
        let headed: usize = fields.map(|value| FIELD + value.as_str().len()).sum();
        let cost = OVERHEAD + subject.len() + payload.len() + headed;
        let payload = Bytes::copy_from_slice(payload);
        window.push(Letter { subject: subject.into(), headers, payload, cost }, cost);
    }

    fn reject(&self, why: impl FnOnce() -> String) {
        self.progress.counts.rejected.fetch_add(1, Relaxed);
        if self.rejections.is_due() {
            self.arguments.limits.warn(&why());
        }
    }

    /// Returns what the stream recognizes a message by.
    fn identity(&self, frames: &[Frame]) -> String {
        match self.arguments.identify {
            Identity::Number => format!("{:016x}-{}", self.session, self.number),
            Identity::Content => {
                let mut digest = Digest::new(&SHA256);
                for frame in frames {
                    digest.update(&(frame.len() as u64).to_be_bytes());
                    digest.update(frame);
                }
                HEXLOWER.encode(&digest.finish().as_ref()[..20])
            }
        }
    }
}

/// A metric, and what it shows.
type Row = (&'static Metric, fn(&Progress) -> &AtomicU64);

static COUNTERS: [Row; 9] = [
    (&Metric::counter("zeromq_bridge_received_messages", "Messages from ZeroMQ."), |progress| {
        &progress.received
    }),
    (
        &Metric::counter("zeromq_bridge_received_bytes", "Bytes of the frames of these messages."),
        |progress| &progress.bytes,
    ),
    (
        &Metric::counter("zeromq_bridge_missed_messages", "Numbered messages that did not arrive."),
        |progress| &progress.missed,
    ),
    (
        &Metric::counter("zeromq_bridge_dropped_messages", "Messages for which there was no room."),
        |progress| &progress.dropped,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_rejected_messages",
            "Messages that the stream does not store: it does not cover their subject, or they \
             are too large.",
        ),
        |progress| &progress.counts.rejected,
    ),
    (
        &Metric::counter("zeromq_bridge_published_messages", "Messages that were published."),
        |progress| &progress.counts.published,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_republished_messages",
            "Those of them that were published again.",
        ),
        |progress| &progress.counts.republished,
    ),
    (
        &Metric::counter("zeromq_bridge_acknowledged_messages", "Messages that are stored."),
        |progress| &progress.counts.acknowledged,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_duplicate_messages",
            "Those of them that the stream had already.",
        ),
        |progress| &progress.counts.duplicates,
    ),
];
static HELD: Metric =
    Metric::gauge("zeromq_bridge_in_flight_messages", "Messages that are not acknowledged.");
static HELD_BYTES: Metric =
    Metric::gauge("zeromq_bridge_in_flight_bytes", "The memory that these messages take.");

impl Progress {
    /// Returns the metrics of the bridge.
    fn metrics(&self, link: &Link) -> String {
        let mut metrics = Metrics::default();
        let statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statistics) = &*statistics {
            metrics.add_statistics(&[], statistics);
        }
        for (metric, value) in COUNTERS {
            metrics.add(metric, &[], value(self).load(Relaxed));
        }
        let (messages, bytes) = self.window.held();
        metrics.add(&HELD, &[], messages);
        metrics.add(&HELD_BYTES, &[], bytes);
        link.describe(&mut metrics);
        metrics.to_string()
    }

    /// Says what was done.
    fn report(&self, link: &Link, limits: &LimitArguments, time: Duration) {
        if limits.quiet {
            return;
        }
        let [received, missed, dropped, rejected, republished, acknowledged, duplicates] = [
            &self.received,
            &self.missed,
            &self.dropped,
            &self.counts.rejected,
            &self.counts.republished,
            &self.counts.acknowledged,
            &self.counts.duplicates,
        ]
        .map(|count| count.load(Relaxed));
        let (in_flight, _) = self.window.held();
        let reconnects = link.reconnects();
        tracing::info!(
            received,
            acknowledged,
            duplicates,
            dropped,
            missed,
            rejected,
            republished,
            in_flight,
            reconnects,
            "received {received} messages in {}; the stream has acknowledged {acknowledged}, \
             {duplicates} of them twice; {dropped} dropped, {missed} missed, {rejected} rejected, \
             {republished} published again, {in_flight} not acknowledged, {reconnects} reconnects",
            units::shown(time)
        );
    }
}
