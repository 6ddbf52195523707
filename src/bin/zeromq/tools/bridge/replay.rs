//! `zeromq bridge replay`: sends the messages of a stream to subscribers.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use async_nats::datetime::DateTime;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull::Config};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::jetstream::{ErrorCode, Message};
use zeromq::core::{Error, Metric, Metrics, Wait};

use super::group::policy_at;
use super::nats::{Link, NatsArguments, Rarely, reason, runtime, unless_asked};
use super::pull::Batch;
use super::stream::{self, Source};
use super::window::Window;
use super::{nats, pull, unreadable, wire};
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

/// How many of them the stream is asked for at once.
const AT_ONCE: usize = 1024;

/// The pause after the stream could not be read.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the stream keeps a consumer that nobody uses.
const UNUSED: Duration = Duration::from_secs(30);

/// Sends the messages of a stream, from the first one or from a later place, to subscribers
/// or pullers.
///
/// All frames are those that `bridge out` has received; a message that a program of NATS has
/// published gets its subject as topic. Nothing is acknowledged, so any number of replays can
/// read a stream. PUB and XPUB sockets bind unless > stands before an endpoint; others connect
/// unless @ does.
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
    #[arg(long, value_name = "NAME", value_parser = nats::name)]
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
    unreadable: AtomicU64,
}

static SENT: Metric = Metric::counter("zeromq_bridge_sent_messages", "Messages that were sent.");
static UNREADABLE: Metric = Metric::counter(
    "zeromq_bridge_unreadable_messages",
    "Messages that were left out because the client of NATS cannot read them.",
);
static LAST: Metric =
    Metric::gauge("zeromq_bridge_last_sequence", "The sequence of the last message.");

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, connection, .. } = arguments;
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
    let source = runtime.block_on(arguments.connect(&link, limits.timeout(), ending))?;
    let connection = connection.open(arguments.outlet.socket(), endpoints, limits, |socket| {
        arguments.outlet.prepare(socket, &arguments.connection.setup)
    })?;
    let counts = Arc::new(Counts::default());
    let (collected, told) = (counts.clone(), link.clone());
    arguments.metrics.serve(limits, Arc::new(move || collected.metrics(&told)))?;
    let window = Window::new(AHEAD, AHEAD_BYTES);
    arguments.outlet.await_peers(&connection, limits, ending)?;
    let (sent, read) = thread::scope(|scope| {
        let info = source.stream.cached_info();
        let reader = Reader {
            arguments,
            ending,
            link: &link,
            last: info.state.last_sequence,
            created: info.created,
            source,
            subject,
            window: &window,
            counts: &counts,
            start,
            behind: None,
            reported: Rarely::default(),
        };
        let reading = scope.spawn(|| {
            let read = runtime.block_on(reader.run());
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
    /// Connects to NATS, and finds the stream.
    async fn connect(
        &self,
        link: &Arc<Link>,
        timeout: Option<Duration>,
        ending: &Ending,
    ) -> Outcome<Source> {
        stream::find(&self.nats, &self.stream, link, &self.limits, timeout, ending).await
    }

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
    link: &'a Arc<Link>,
    source: Source,
    /// The last message that the stream had at the beginning, and when it was made.
    last: u64,
    created: DateTime,
    /// The subjects to read, or none for all.
    subject: &'a str,
    window: &'a Window<Letter>,
    counts: &'a Counts,
    /// Where to begin.
    start: DeliverPolicy,
    /// The sequence behind which to go on, as soon as it is known.
    behind: Option<u64>,
    reported: Rarely,
}

/// How reading has ended.
enum End {
    Complete,
    Broken(String),
}

impl Reader<'_> {
    /// Reads until the end, and goes on where it was when the stream was away.
    async fn run(mut self) -> Outcome {
        let (ending, window) = (self.ending, self.window);
        let is_over = || ending.is_asked() || window.has_ended();
        while !is_over() {
            let round = async {
                let End::Broken(problem) = self.read().await? else {
                    return Ok(true);
                };
                tokio::time::sleep(PAUSE).await;
                self.look_after(&problem).await
            };
            let read = tokio::select! {
                read = unless_asked(ending, round) => read,
                () = ended(window) => return Ok(()),
            };
            match read {
                // What was read is sent, or not, by the other side.
                Err(Failure::Stopped) | Ok(Ok(true)) => return Ok(()),
                Err(failure) | Ok(Err(failure)) => return Err(failure),
                Ok(Ok(false)) => {}
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Outcome<End> {
        let follows = self.arguments.follow;
        let config = Config {
            deliver_policy: match self.behind {
                Some(behind) => DeliverPolicy::ByStartSequence { start_sequence: behind + 1 },
                None => self.start,
            },
            filter_subject: self.subject.to_owned(),
            replay_policy: match self.arguments.paced {
                true => ReplayPolicy::Original,
                false => ReplayPolicy::Instant,
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: UNUSED,
            memory_storage: true,
            num_replicas: 1,
            ..Config::default()
        };
        let consumer = match self.source.stream.create_consumer(config).await {
            Ok(consumer) => consumer,
            Err(error) => return self.refused(error),
        };
        let info = consumer.cached_info();
        self.behind.get_or_insert(info.delivered.stream_sequence);
        if !follows && info.num_pending == 0 {
            return Ok(End::Complete);
        }
        let names = (&*self.arguments.stream, &*info.name);
        let mut delivered = 0;
        loop {
            let Source { client, context, .. } = &self.source;
            let mut batch = match pull::ask(client, context, names, AT_ONCE).await {
                Ok(batch) => batch,
                Err(problem) => return Ok(End::Broken(problem)),
            };
            let before = delivered;
            if let Some(end) = self.take(&mut batch, &mut delivered).await {
                return Ok(end);
            }
            // What was to come may have been removed.
            if delivered == before && !follows {
                match consumer.get_info().await {
                    Ok(info) if info.num_pending == 0 => return Ok(End::Complete),
                    Ok(_) => {}
                    Err(error) => return Ok(End::Broken(reason(&error))),
                }
            }
        }
    }

    /// Takes the messages of a batch. Returns how reading has ended, if it has.
    async fn take(&mut self, batch: &mut Batch, delivered: &mut u64) -> Option<End> {
        let mut connected = self.link.watch();
        let mut is_connected = *connected.borrow_and_update();
        loop {
            let next = tokio::select! {
                biased;
                next = batch.next() => next,
                _ = connected.changed(), if is_connected => {
                    is_connected = false;
                    batch.cut();
                    continue;
                }
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(problem)) => return Some(End::Broken(problem)),
                None if is_connected => return None,
                None => return Some(End::Broken("the connection is lost".to_owned())),
            };
            let Ok(info) = message.info() else {
                continue;
            };
            let (sequence, pending) = (info.stream_sequence, info.pending);
            *delivered += 1;
            if info.consumer_sequence != *delivered {
                return Some(End::Broken("some messages did not arrive".to_owned()));
            }
            let is_beyond = match self.arguments.to {
                None => false,
                Some(Moment::Sequence(to)) => i128::from(sequence) > i128::from(to),
                Some(Moment::Time(to)) => info.published.unix_timestamp_nanos() > to.into(),
            };
            if is_beyond {
                return Some(End::Complete);
            }
            self.window.room_comes().await;
            let cost = message.length;
            self.window.push(Letter { message, sequence, cost }, cost);
            self.behind = Some(sequence);
            let is_last = match self.arguments.to {
                Some(Moment::Sequence(to)) => i128::from(sequence) >= i128::from(to),
                _ => false,
            };
            let follows = self.arguments.follow;
            if is_last || (!follows && (pending == 0 || sequence >= self.last)) {
                return Some(End::Complete);
            }
        }
    }

    /// Looks why reading has ended, and returns true if it is complete.
    ///
    /// # Errors
    /// [`Failure::Error`] if it cannot go on.
    async fn look_after(&mut self, problem: &str) -> Outcome<bool> {
        let Arguments { limits, stream: name, .. } = self.arguments;
        let is_told = self.reported.is_due();
        if is_told {
            limits.warn(&format!("the stream {name} cannot be read now: {problem}"));
        }
        if nats::has_ended(&self.source.client).await {
            self.link.lose();
            self.source = self.arguments.connect(self.link, None, self.ending).await?;
        }
        let created = match self.source.stream.get_info().await {
            Ok(info) => info.created,
            Err(error) if reason(&error).contains("not found") => {
                return Err(Failure::Error(format!("the stream {name} was removed")));
            }
            Err(_) => return Ok(false),
        };
        if created != self.created {
            return Err(Failure::Error(format!(
                "the stream {name} was removed and made again, so its messages have other numbers"
            )));
        }
        let last = match self.arguments.to {
            Some(Moment::Sequence(to)) => u64::try_from(to).unwrap_or(0),
            _ => u64::MAX,
        };
        while let Some(behind) = self.behind {
            let client = &self.source.client;
            let stored = match unreadable::look_from(client, name, self.subject, behind + 1).await {
                Ok(stored) => stored,
                Err(problem) => {
                    if is_told {
                        limits.warn(&format!("a message may be unreadable, but {problem}"));
                    }
                    break;
                }
            };
            let Some(stored) = stored else {
                break;
            };
            if stored.sequence > last {
                return Ok(true);
            }
            let Some(problem) = stored.problem else {
                break;
            };
            self.counts.unreadable.fetch_add(1, Relaxed);
            limits.warn(&unreadable::warning(&stored, problem, "left out"));
            self.behind = Some(stored.sequence);
        }
        Ok(false)
    }

    /// Returns how a stream that makes no consumer ends the reading.
    fn refused(&self, error: ConsumerError) -> Outcome<End> {
        match error.kind() {
            ConsumerErrorKind::JetStream(known)
                if known.error_code() == ErrorCode::CONSUMER_FILTER_NOT_SUBSET =>
            {
                Err(Failure::Error(format!(
                    "the stream {} has no subjects like {}",
                    self.arguments.stream, self.subject
                )))
            }
            ConsumerErrorKind::JetStream(known)
                if known.code() == 400
                    && known.error_code() != ErrorCode::MAXIMUM_CONSUMERS_LIMIT =>
            {
                let name = &self.arguments.stream;
                Err(Failure::Error(format!("the stream {name} cannot be read: {known}")))
            }
            _ => Ok(End::Broken(reason(&error))),
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
        metrics.add(&UNREADABLE, &[], self.unreadable.load(Relaxed));
        metrics.add(&LAST, &[], self.last.load(Relaxed));
        link.describe(&mut metrics);
        metrics.to_string()
    }

    /// Says what was done.
    fn report(&self, link: &Link, limits: &LimitArguments) {
        if limits.quiet {
            return;
        }
        let [sent, last, unreadable] =
            [&self.sent, &self.last, &self.unreadable].map(|count| count.load(Relaxed));
        let reconnects = link.reconnects();
        match sent {
            0 => tracing::info!(
                sent,
                unreadable,
                reconnects,
                "sent nothing, {unreadable} unreadable, {reconnects} reconnects"
            ),
            _ => tracing::info!(
                sent,
                last,
                unreadable,
                reconnects,
                "sent {sent} messages, the last one is number {last}; {unreadable} unreadable, \
                 {reconnects} reconnects"
            ),
        }
    }
}
