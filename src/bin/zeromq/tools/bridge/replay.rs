//! `zeromq bridge replay`: sends the messages of a stream to subscribers.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::consumer::{Consumer, DeliverPolicy, ReplayPolicy};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{ContextBuilder, Message};
use futures_util::StreamExt;
use zeromq::core::{Error, Metric, Metrics, Wait};

use super::group::policy_at;
use super::nats::{ANSWER, Link, NatsArguments, Rarely, reason, runtime, unless_asked};
use super::window::Window;
use super::{nats, stream, wire};
use crate::tools::arguments::{LimitArguments, nothing_more, text_of};
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::log::LogArguments;
use crate::tools::metrics::MetricsArguments;
use crate::tools::send::OutletArguments;
use crate::tools::socket::{Connection, SocketArguments};
use crate::tools::units::Moment;

/// How many messages are read before they are sent, and the memory for them.
const AHEAD: usize = 4096;
const AHEAD_BYTES: usize = 64 << 20;

/// The pause after the stream could not be read.
const PAUSE: Duration = Duration::from_millis(500);

/// Sends the messages of a stream, from the first one or from a later place, to subscribers
/// or pullers.
///
/// It binds unless > stands before an endpoint. All frames are those that `bridge out` has
/// received; a message that a program of NATS has published gets its subject as topic. Nothing
/// is acknowledged, so any number of replays can read a stream.
#[derive(clap::Args)]
#[command(override_usage = "zeromq bridge replay [OPTIONS] --stream <NAME> <ENDPOINTS> [SUBJECT]")]
#[command(after_help = "Examples:
  zeromq bridge replay --stream TICKS tcp://*:5557
  zeromq bridge replay --stream TICKS tcp://*:5557 'ticks.ANGEL.>' --from -10m --follow
  zeromq bridge replay --stream TICKS '>tcp://localhost:5557' --socket push --from 1000 --to 2000")]
pub struct Arguments {
    /// Where to send, and the subjects to send, such as `ticks.>`.
    #[arg(value_name = "ENDPOINTS [SUBJECT]", hide = true)]
    rest: Vec<std::ffi::OsString>,
    /// The stream.
    #[arg(long, value_name = "NAME")]
    stream: String,
    #[command(flatten)]
    outlet: OutletArguments,
    /// Begins at this message: a sequence number, a time (2026-12-01T09:15:00Z), or how long
    /// ago (-10m).
    #[arg(long, value_name = "SEQUENCE|TIME", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// Ends after this message.
    #[arg(long, value_name = "SEQUENCE|TIME", allow_hyphen_values = true)]
    to: Option<Moment>,
    /// Sends messages with the pauses between them.
    #[arg(long)]
    paced: bool,
    /// Goes on with what is stored from now on, until Ctrl-C or SIGTERM.
    #[arg(long)]
    follow: bool,
    /// What stands between the tokens of a subject that becomes a topic.
    #[arg(long, value_name = "TEXT", default_value = ".")]
    separator: String,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    nats: NatsArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    /// The sequence of the last one.
    last: AtomicU64,
}

static SENT: Metric = Metric::counter("zeromq_bridge_sent_messages", "Messages that were sent.");
static LAST: Metric =
    Metric::gauge("zeromq_bridge_last_sequence", "The sequence of the last message.");

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, connection, nats, .. } = arguments;
    let (endpoints, others) = connection.endpoints(&arguments.rest)?;
    let (subject, others) = match others {
        [] => ("", others),
        [subject, others @ ..] => (text_of(subject)?, others),
    };
    nothing_more(others)?;
    let start = match arguments.from {
        None => DeliverPolicy::All,
        Some(moment) => policy_at(moment)?,
    };
    let runtime = runtime()?;
    let link = Link::new(limits);
    let stream = runtime.block_on(async {
        let client = nats.connect(&link, limits, ending).await?;
        let context = ContextBuilder::new().timeout(ANSWER).build(client);
        stream::open(&context, &arguments.stream, None, limits, ending).await
    })?;
    let connection = connection.open(arguments.outlet.socket(), endpoints, limits, |socket| {
        arguments.outlet.prepare(socket, &arguments.connection.setup)
    })?;
    let counts = Arc::new(Counts::default());
    let (collected, told) = (counts.clone(), link.clone());
    arguments.metrics.serve(limits, Arc::new(move || collected.metrics(&told)))?;
    let window = Window::new(AHEAD, AHEAD_BYTES);
    arguments.outlet.await_peers(&connection, limits, ending)?;
    let (sent, read) = thread::scope(|scope| {
        let reader = Reader { arguments, ending, stream, subject, window: &window };
        let reading = scope.spawn(|| {
            let read = runtime.block_on(reader.run(start));
            window.end();
            read
        });
        let sent = arguments.send_all(&window, &connection, &counts, ending);
        window.end();
        let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (sent, read)
    });
    counts.report(&link, limits);
    read?;
    sent?;
    connection.finish(ending, limits.timeout())
}

/// A message that is to be sent.
struct Letter {
    message: Message,
    sequence: u64,
    cost: usize,
}

impl Arguments {
    /// Sends what comes out of the window until it ends.
    fn send_all(
        &self,
        window: &Window<Letter>,
        connection: &Connection,
        counts: &Counts,
        ending: &Ending,
    ) -> Outcome {
        let is_done = || self.limits.count.is_some_and(|count| counts.sent.load(Relaxed) >= count);
        while !is_done() && !window.is_over() {
            for letter in window.take_for_a_while() {
                if is_done() {
                    break;
                }
                match self.send(&letter, connection, &ending.wait(self.limits.timeout())) {
                    Ok(()) => {}
                    Err(Error::Interrupted) => return self.stopped(),
                    Err(Error::Again) => {
                        return Err(Failure::Timeout(format!(
                            "no peer has accepted message {} within the timeout",
                            letter.sequence
                        )));
                    }
                    Err(error) => return Err(error.into()),
                }
                counts.sent.fetch_add(1, Relaxed);
                counts.last.store(letter.sequence, Relaxed);
                window.release(1, letter.cost);
            }
            if ending.is_asked() {
                return self.stopped();
            }
        }
        match self.limits.count {
            Some(_) if !is_done() => Err(Failure::Error(format!(
                "the stream has only {} messages in this range",
                counts.sent.load(Relaxed)
            ))),
            _ => Ok(()),
        }
    }

    /// A follower has no other end than a signal.
    fn stopped(&self) -> Outcome {
        if self.follow { Ok(()) } else { Err(Failure::Stopped) }
    }

    fn send(&self, letter: &Letter, connection: &Connection, wait: &Wait) -> Result<(), Error> {
        let Message { message, .. } = &letter.message;
        let frames: Vec<Cow<'_, [u8]>> = wire::unpack(
            &message.subject,
            &self.separator,
            message.headers.as_ref(),
            &message.payload,
        );
        connection.socket.send(&frames, wait)
    }
}

/// The side of NATS.
struct Reader<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
    stream: Stream,
    /// The subjects to read, or none for all.
    subject: &'a str,
    window: &'a Window<Letter>,
}

/// How reading has ended.
enum End {
    Complete,
    /// It can go on behind this sequence, if there was any.
    Broken(Option<u64>, String),
}

impl Reader<'_> {
    /// Reads until the end, and goes on where it was when the stream was away.
    async fn run(mut self, mut start: DeliverPolicy) -> Outcome {
        let reported = Rarely::default();
        let last = match self.stream.info().await {
            Ok(info) => info.state.last_sequence,
            Err(error) => return Err(Failure::Error(reason(&error))),
        };
        loop {
            let reading = self.read(start, last);
            let read = tokio::select! {
                read = unless_asked(self.ending, reading) => read,
                () = ended(self.window) => return Ok(()),
            };
            match read {
                // What was read is sent, or not, by the other side.
                Err(Failure::Stopped) | Ok(End::Complete) => return Ok(()),
                Err(failure) => return Err(failure),
                Ok(End::Broken(behind, problem)) => {
                    if reported.is_due() {
                        let text = format!("the stream cannot be read now: {problem}");
                        self.arguments.limits.warn(&text);
                    }
                    if let Some(sequence) = behind {
                        start = DeliverPolicy::ByStartSequence { start_sequence: sequence + 1 };
                    }
                    tokio::time::sleep(PAUSE).await;
                    if self.ending.is_asked() || self.window.has_ended() {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn read(&self, start: DeliverPolicy, last: u64) -> End {
        let config = OrderedConfig {
            deliver_policy: start,
            filter_subject: self.subject.to_owned(),
            replay_policy: match self.arguments.paced {
                true => ReplayPolicy::Original,
                false => ReplayPolicy::Instant,
            },
            ..OrderedConfig::default()
        };
        let consumer: Consumer<OrderedConfig> = match self.stream.create_consumer(config).await {
            Ok(consumer) => consumer,
            Err(error) => return End::Broken(None, reason(&error)),
        };
        if !self.arguments.follow && consumer.cached_info().num_pending == 0 {
            return End::Complete;
        }
        let mut messages = match consumer.messages().await {
            Ok(messages) => messages,
            Err(error) => return End::Broken(None, reason(&error)),
        };
        let mut behind = None;
        loop {
            let message = match messages.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return End::Broken(behind, reason(&error)),
                None => return End::Broken(behind, "it ended".to_owned()),
            };
            let Ok(info) = message.info() else {
                continue;
            };
            let (sequence, pending) = (info.stream_sequence, info.pending);
            let is_beyond = match self.arguments.to {
                None => false,
                Some(Moment::Sequence(to)) => i128::from(sequence) > i128::from(to),
                Some(Moment::Time(to)) => info.published.unix_timestamp_nanos() > to.into(),
            };
            if is_beyond {
                return End::Complete;
            }
            self.window.room_comes().await;
            let cost = message.length;
            self.window.push(Letter { message, sequence, cost }, cost);
            behind = Some(sequence);
            let is_last = match self.arguments.to {
                Some(Moment::Sequence(to)) => i128::from(sequence) >= i128::from(to),
                _ => false,
            };
            if is_last || (!self.arguments.follow && (pending == 0 || sequence >= last)) {
                return End::Complete;
            }
        }
    }
}

/// Waits until nobody takes messages anymore.
async fn ended(window: &Window<Letter>) {
    while !window.has_ended() {
        tokio::time::sleep(nats::TICK).await;
    }
}

impl Counts {
    fn metrics(&self, link: &Link) -> String {
        let mut metrics = Metrics::default();
        metrics.add(&SENT, &[], self.sent.load(Relaxed));
        metrics.add(&LAST, &[], self.last.load(Relaxed));
        link.describe(&mut metrics);
        metrics.to_string()
    }

    /// Says what was done.
    fn report(&self, link: &Link, limits: &LimitArguments) {
        if limits.quiet {
            return;
        }
        let (sent, last) = (self.sent.load(Relaxed), self.last.load(Relaxed));
        let reconnects = link.reconnects();
        match sent {
            0 => tracing::info!(sent, reconnects, "sent nothing, {reconnects} reconnects"),
            _ => tracing::info!(
                sent,
                last,
                reconnects,
                "sent {sent} messages, the last one is number {last}, {reconnects} reconnects"
            ),
        }
    }
}
