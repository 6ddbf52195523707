//! `zeromq bridge in`: gives the messages of a stream to workers.
//!
//! A durable consumer of the stream remembers which messages are done, and a task queue of the
//! library gives them to workers. The stream is told that a message is done once its worker
//! has said so. Each message that fails goes back to the stream, which counts its deliveries,
//! also over restarts of the bridge.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::datetime::DateTime;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull::Config};
use async_nats::jetstream::stream::{ConsumerErrorKind, Stream};
use async_nats::jetstream::{AckKind, Context, Message};
use async_nats::{Client, Subject};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use serde::ser::{Serialize, SerializeMap, Serializer};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use zeromq::core::tasks::{self, Queue, Settings};
use zeromq::core::{Error, Frame, Metric, Metrics, Wait};

use super::nats::{self, ANSWER, Link, NatsArguments, Rarely, TICK, reason, runtime, unless_asked};
use super::pull::{self, Batch, EXPIRES};
use super::stream::{self, Source};
use super::subject::covers;
use super::unreadable::{self, Stored};
use super::wire;
use crate::tools::arguments::LimitArguments;
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::format::shown;
use crate::tools::log::LogArguments;
use crate::tools::metrics::MetricsArguments;
use crate::tools::socket::{SetupArguments, at_endpoint};
use crate::tools::units::{self, Moment};

/// The pause after the stream could not be asked.
const PAUSE: Duration = Duration::from_millis(500);

/// How often it is told what has become of a message. Then it delivers the message again.
const TRIES: u32 = 5;

/// How often the stream hears that a message is still being worked on, in shares of the time
/// after which it would deliver it again.
const SHARE: u32 = 3;

/// How many delivered messages are looked at before others are served, and how many of them at
/// the same time.
const LOOKS: u64 = 1024;
const LOOKS_AT_ONCE: usize = 64;

/// How often the bridge looks whether its group is still the same.
const AUDIT: Duration = Duration::from_secs(1);

/// How long a thread without open tasks waits for some, unless it is woken.
const IDLE: Duration = Duration::from_millis(100);

/// Gives the messages of a stream to workers, and each one to another worker if the first one
/// dies, hangs or fails.
///
/// Workers are ZMQWorker in scripts, and programs that speak the protocol of `zeromq help
/// taskprotocol`. A message is done when its worker has returned a result, whatever that is.
/// Bridges with the same group share its messages. ENDPOINTS are bound unless > stands before
/// one.
#[derive(clap::Args)]
#[command(
    override_usage = "zeromq bridge in [OPTIONS] --stream <NAME> --group <NAME> <ENDPOINTS> [SUBJECT]"
)]
#[command(after_help = "Examples:
  zeromq bridge in --stream TICKS --group audit tcp://*:5560
  zeromq bridge in --stream TICKS --group orders tcp://*:5560 'ticks.ANGEL.>' --from -1h
  zeromq bridge in --stream TASKS --group workers tcp://*:5560 --attempts 5 \\
      --retry-delay 10s --metrics 9465 --log json

A worker gets a Dictionary with \"frames\", \"subject\", \"sequence\", \"time\" and \"delivery\";
see `zeromq help nats`.")]
pub struct Arguments {
    /// Where workers connect to.
    endpoints: String,
    /// The subjects to take, such as `ticks.>` [default: all of the stream].
    #[arg(default_value = "", hide_default_value = true)]
    subject: String,
    /// The stream.
    #[arg(long, value_name = "NAME", value_parser = nats::name)]
    stream: String,
    /// The name of the group, which is that of its durable consumer. It is made if it is missing.
    #[arg(long, value_name = "NAME", value_parser = nats::name)]
    group: String,
    /// Where a new group begins: at a sequence number, a time or how long ago; new is with what
    /// comes from now on [default: the first message].
    #[arg(long, value_name = "SEQUENCE|TIME|new", allow_hyphen_values = true)]
    from: Option<Start>,
    /// How often a message is delivered until the group gives it up.
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// The pause before a message whose worker has raised an error is delivered again.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::interval)]
    retry_delay: Duration,
    /// How long a worker may take for a message; without it, forever.
    #[arg(long, value_name = "TIME", value_parser = units::interval)]
    time_limit: Option<Duration>,
    /// How many messages are with this bridge and its workers at a time.
    #[arg(long, value_name = "N", default_value_t = 256)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_535))]
    window: u32,
    /// How long after a bridge was killed the messages that it had are delivered again. It
    /// applies to a new group.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::interval)]
    ack_wait: Duration,
    /// How often bridge and workers tell each other that they are there. Who is silent for three
    /// heartbeats is lost.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::interval)]
    heartbeat: Duration,
    /// How long to wait for workers after a signal. Messages that they have not finished then
    /// are given back, which can take five seconds more if NATS does not answer.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::interval)]
    grace: Duration,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    nats: NatsArguments,
    #[command(flatten)]
    setup: SetupArguments,
}

/// Where a group begins.
#[derive(Clone, Copy, Debug)]
enum Start {
    New,
    At(Moment),
}

impl std::str::FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Start, String> {
        match text {
            "new" => Ok(Start::New),
            text => text.parse().map(Start::At),
        }
    }
}

/// What has become of messages.
#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    redelivered: AtomicU64,
    acknowledged: AtomicU64,
    returned: AtomicU64,
    given_up: AtomicU64,
    unconfirmed: AtomicU64,
    unreadable: AtomicU64,
    held: AtomicU64,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { limits, .. } = arguments;
    let runtime = runtime()?;
    let link = Link::new(limits);
    let queue = Arc::new(arguments.queue()?);
    let connection = runtime.block_on(arguments.connect(&link, limits.timeout(), ending))?;
    queue.bind(&arguments.endpoints).map_err(at_endpoint)?;
    if let Some(endpoint) = queue.endpoint()? {
        limits.bound(&endpoint);
    }
    let counts = Arc::new(Counts::default());
    let (collected, told, asked) = (counts.clone(), link.clone(), queue.clone());
    arguments.metrics.serve(limits, Arc::new(move || collected.metrics(&told, &asked)))?;
    let begin = Instant::now();
    let (sender, outcomes) = mpsc::unbounded_channel();
    let done = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        let collector = scope.spawn(|| collect(&queue, &sender, &done));
        let wake = collector.thread().clone();
        let group = Group {
            arguments,
            ending,
            seen: connection.consumer.cached_info().delivered.stream_sequence,
            connection,
            link: &link,
            queue: &queue,
            counts: &counts,
            wake: wake.clone(),
            held: HashMap::new(),
            answers: FuturesUnordered::new(),
            has_arrived: true,
            doubt: None,
            unseen: 0..0,
            looked: 0,
            unreadable: BTreeMap::new(),
            audit: None,
            reported: Rarely::default(),
            failures: Rarely::default(),
        };
        let result = runtime.block_on(group.run(outcomes));
        done.store(true, Relaxed);
        wake.unpark();
        let collected = collector.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result.and(collected.map_err(Failure::from))
    });
    let workers = queue.stats()?;
    queue.close()?;
    counts.report(&link, limits, workers.lost, begin.elapsed());
    result
}

/// Passes results on until the end.
fn collect(
    queue: &Queue,
    outcomes: &UnboundedSender<tasks::Outcome>,
    done: &AtomicBool,
) -> Result<(), Error> {
    let is_done = || done.load(Relaxed);
    while !is_done() {
        match queue.next(&Wait::new(None).until(Some(&is_done))) {
            // Nobody takes it at the end.
            Ok(Some(outcome)) => drop(outcomes.send(outcome)),
            Ok(None) => thread::park_timeout(IDLE),
            Err(Error::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Arguments {
    /// Makes the queue, which is not bound yet.
    fn queue(&self) -> Outcome<Queue> {
        let settings = Settings {
            timeout: self.time_limit,
            // The stream delivers again, and counts.
            attempts: 1,
            heartbeat: self.heartbeat,
            ..Settings::default()
        };
        let queue = Queue::new(settings).map_err(|error| match error {
            Error::Argument { .. } => Failure::usage(error.to_string()),
            error => error.into(),
        })?;
        let failure = RefCell::new(None);
        let prepared = queue.prepare(|socket| {
            self.setup.apply(socket, &self.limits).map_err(|error| {
                failure.replace(Some(error));
                Error::Interrupted
            })
        });
        match (failure.take(), prepared) {
            (Some(failure), _) => Err(failure),
            (None, prepared) => prepared.map(|_| queue).map_err(Failure::from),
        }
    }

    /// Connects to NATS, and finds the group.
    async fn connect(
        &self,
        link: &Arc<Link>,
        timeout: Option<Duration>,
        ending: &Ending,
    ) -> Outcome<Connection> {
        let found = stream::find(&self.nats, &self.stream, link, &self.limits, timeout, ending);
        let Source { client, context, stream } = found.await?;
        let consumer = self.consumer(&stream, timeout, ending).await?;
        Ok(Connection { client, context, consumer })
    }

    /// Finds the consumer of the group, or makes it.
    async fn consumer(
        &self,
        stream: &Stream,
        timeout: Option<Duration>,
        ending: &Ending,
    ) -> Outcome<Consumer<Config>> {
        let wanted = Config {
            durable_name: Some(self.group.clone()),
            deliver_policy: deliver_policy(self.from)?,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            filter_subject: self.subject.clone(),
            max_deliver: -1,
            max_ack_pending: 100_000,
            ..Config::default()
        };
        let end = timeout.map(|timeout| Instant::now() + timeout);
        let consumer: Consumer<Config> = loop {
            let found = stream.get_or_create_consumer(&self.group, wanted.clone());
            let error = match unless_asked(ending, found).await? {
                Ok(consumer) => break consumer,
                Err(error) => error,
            };
            let problem = format!("the group {}: {}", self.group, reason(&error));
            // It may have no leader now.
            if !matches!(error.kind(), ConsumerErrorKind::TimedOut | ConsumerErrorKind::Request) {
                return Err(Failure::Error(problem));
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(Failure::Timeout(problem));
            }
        };
        let known = &consumer.cached_info().config;
        if known.filter_subject != self.subject || known.ack_policy != AckPolicy::Explicit {
            return Err(Failure::Error(format!(
                "the group {} exists and has other subjects: \"{}\"; use another name, or remove \
                 it with `nats consumer rm`",
                self.group, known.filter_subject
            )));
        }
        Ok(consumer)
    }
}

fn deliver_policy(from: Option<Start>) -> Outcome<DeliverPolicy> {
    Ok(match from {
        None => DeliverPolicy::All,
        Some(Start::New) => DeliverPolicy::New,
        Some(Start::At(moment)) => policy_at(moment)?,
    })
}

/// Returns what tells a stream to begin at a place.
pub fn policy_at(moment: Moment) -> Outcome<DeliverPolicy> {
    Ok(match moment {
        Moment::Sequence(sequence) => DeliverPolicy::ByStartSequence {
            start_sequence: u64::try_from(sequence).unwrap_or(1).max(1),
        },
        Moment::Time(time) => DeliverPolicy::ByStartTime {
            start_time: async_nats::datetime::from_nanos(time.into())
                .map_err(|error| Failure::usage(format!("--from: {error}")))?,
        },
    })
}

/// The side of NATS.
struct Connection {
    client: Client,
    context: Context,
    consumer: Consumer<Config>,
}

impl Connection {
    /// Returns when the group was made.
    fn created(&self) -> DateTime {
        self.consumer.cached_info().created
    }
}

/// Which messages may be unreadable after the connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Those that were delivered after the last one that has arrived.
    Behind,
    /// All that are not acknowledged, because none has arrived since the last loss.
    Any,
}

/// A message that a worker is to handle.
struct Held {
    reply: Subject,
    subject: Subject,
    sequence: u64,
    delivery: i64,
}

/// What was answered, and whether the stream knows it.
type Answered = (Answer, Result<(), String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Return(Option<Duration>),
    GiveUp,
    /// Gives up the message with this sequence.
    Unreadable(u64),
}

impl From<Answer> for Bytes {
    fn from(answer: Answer) -> Bytes {
        Bytes::from(match answer {
            Answer::Done => AckKind::Ack,
            Answer::Return(delay) => AckKind::Nak(delay),
            Answer::GiveUp | Answer::Unreadable(_) => AckKind::Term,
        })
    }
}

type Audit = std::pin::Pin<Box<dyn Future<Output = Option<DateTime>> + Send>>;
type Answering = std::pin::Pin<Box<dyn Future<Output = Answered> + Send>>;

struct Group<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
    connection: Connection,
    link: &'a Arc<Link>,
    queue: &'a Queue,
    counts: &'a Counts,
    wake: thread::Thread,
    /// By the number of the task.
    held: HashMap<u64, Held>,
    answers: FuturesUnordered<Answering>,
    /// The highest sequence of the messages that were delivered to this group.
    seen: u64,
    /// Whether a message has arrived since the connection was lost.
    has_arrived: bool,
    doubt: Option<Doubt>,
    /// The sequences of messages that are to be looked at.
    unseen: Range<u64>,
    /// All messages up to this one were looked at, or are done.
    looked: u64,
    /// Those that are given up, and whether the stream has confirmed that.
    unreadable: BTreeMap<u64, bool>,
    /// Asks when the group was made.
    audit: Option<Audit>,
    reported: Rarely,
    failures: Rarely,
}

impl Group<'_> {
    async fn run(mut self, mut outcomes: UnboundedReceiver<tasks::Outcome>) -> Outcome {
        let mut connected = self.link.watch();
        let mut tick = tokio::time::interval(TICK);
        let ack_wait = self.connection.consumer.cached_info().config.ack_wait.max(SHARE * TICK);
        let mut extension = tokio::time::interval(ack_wait / SHARE);
        let mut batch: Option<Batch> = None;
        let mut resume = Instant::now();
        let (mut audited, mut last) = (Instant::now(), Instant::now());
        let mut end = None;
        loop {
            self.counts.held.store((self.held.len() + self.answers.len()) as u64, Relaxed);
            let ends = self.ending.is_asked() || self.has_enough();
            if ends {
                let end = *end.get_or_insert_with(|| Instant::now() + self.arguments.grace);
                if Instant::now() >= end || self.queue.stats()?.workers == 0 {
                    self.give_back(batch.is_some());
                }
                let is_idle = self.held.is_empty() && batch.is_none();
                if is_idle && (self.answers.is_empty() || Instant::now() >= end + ANSWER) {
                    // The stream may deliver these again.
                    self.counts.unconfirmed.fetch_add(self.answers.len() as u64, Relaxed);
                    break;
                }
            } else if batch.is_none() && *connected.borrow() && Instant::now() >= resume {
                if self.doubt.is_some() || !self.unseen.is_empty() {
                    self.look().await?;
                } else {
                    batch = self.ask().await?;
                }
                resume = Instant::now() + if batch.is_none() { TICK } else { Duration::ZERO };
            }
            if !self.held.is_empty() && self.audit.is_none() && audited.elapsed() >= AUDIT {
                audited = Instant::now();
                self.audit = Some(self.created());
            }
            let is_idle = !ends && self.held.is_empty() && self.answers.is_empty();
            let is_late = |timeout| last.elapsed() >= timeout;
            if is_idle && self.arguments.limits.timeout().is_some_and(is_late) {
                let text = "no message has come for a worker within the timeout";
                return Err(Failure::Timeout(text.to_owned()));
            }
            tokio::select! {
                biased;
                _ = connected.changed() => {
                    if !*connected.borrow_and_update() {
                        // The stream has forgotten that it was asked.
                        batch.iter_mut().for_each(Batch::cut);
                        self.be_in_doubt();
                    }
                }
                Some((answer, known)) = self.answers.next(), if !self.answers.is_empty() => {
                    self.count(answer, known);
                }
                Some(outcome) = outcomes.recv() => {
                    last = Instant::now();
                    self.settle(outcome);
                }
                message = next(&mut batch), if batch.is_some() => match message {
                    Some(Ok(message)) if ends => self.refuse(&message),
                    Some(Ok(message)) => {
                        last = Instant::now();
                        self.accept(&message)?;
                    }
                    Some(Err(problem)) => {
                        batch = None;
                        resume = Instant::now() + PAUSE;
                        self.look_after(&problem).await?;
                    }
                    None => batch = None,
                },
                created = next_audit(&mut self.audit), if self.audit.is_some() => {
                    self.audit = None;
                    created.map_or(Ok(()), |created| self.compare(created))?;
                }
                _ = extension.tick() => self.extend().await,
                _ = tick.tick() => {}
            }
        }
        let open = self.answers.len();
        // What was published last leaves the program.
        let _ = tokio::time::timeout(ANSWER, self.connection.client.flush()).await;
        if open > 0 {
            return Err(unconfirmed(open));
        }
        match self.arguments.limits.count {
            Some(_) if !self.has_enough() => Err(Failure::Stopped),
            _ => Ok(()),
        }
    }

    fn has_enough(&self) -> bool {
        let done = self.counts.acknowledged.load(Relaxed);
        self.arguments.limits.count.is_some_and(|count| done >= count)
    }

    /// Asks the stream for messages if there are workers and room.
    async fn ask(&mut self) -> Outcome<Option<Batch>> {
        let window = self.arguments.window as usize;
        let mut room = window.saturating_sub(self.held.len() + self.answers.len());
        if let Some(count) = self.arguments.limits.count {
            let open = self.counts.acknowledged.load(Relaxed) + self.held.len() as u64;
            let left = count.saturating_sub(open + self.answers.len() as u64);
            room = room.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        // One request for many messages costs less than many requests.
        let enough = self.arguments.limits.count.is_some() || room * 2 >= window;
        if room == 0 || !enough || self.queue.stats()?.workers == 0 {
            return Ok(None);
        }
        let Connection { client, context, .. } = &self.connection;
        let names = (&*self.arguments.stream, &*self.arguments.group);
        match pull::ask(client, context, names, room).await {
            Ok(batch) => Ok(Some(batch)),
            Err(problem) => {
                self.report(&problem);
                self.be_in_doubt();
                Ok(None)
            }
        }
    }

    /// Looks why the stream could not be asked.
    async fn look_after(&mut self, problem: &str) -> Outcome {
        self.report(problem);
        self.be_in_doubt();
        self.delivered(problem).await?;
        Ok(())
    }

    fn be_in_doubt(&mut self) {
        let doubt = if self.has_arrived { Doubt::Behind } else { Doubt::Any };
        self.doubt.get_or_insert(doubt);
        self.has_arrived = false;
    }

    /// Returns the sequences of messages that were delivered and of which some are not done, or
    /// `None` if the stream does not answer.
    async fn delivered(&self, problem: &str) -> Outcome<Option<Range<u64>>> {
        match self.connection.consumer.get_info().await {
            Ok(info) => {
                self.compare(info.created)?;
                let first = info.ack_floor.stream_sequence + 1;
                Ok(Some(first..info.delivered.stream_sequence + 1))
            }
            Err(error) if reason(&error).contains("not found") => Err(Failure::Error(format!(
                "the group {} was removed: {problem}",
                self.arguments.group
            ))),
            Err(_) => Ok(None),
        }
    }

    /// Asks when the group was made.
    fn created(&self) -> Audit {
        let context = self.connection.context.clone();
        let (stream, group) = (self.arguments.stream.clone(), self.arguments.group.clone());
        Box::pin(async move {
            let found = context.get_consumer_from_stream::<Config, _, _>(group, stream).await;
            found.ok().map(|consumer| consumer.cached_info().created)
        })
    }

    /// Compares when the group was made with what is known: in another one of this name, the
    /// answers to old messages would be taken for those to new ones.
    fn compare(&self, created: DateTime) -> Outcome {
        if created == self.connection.created() {
            return Ok(());
        }
        Err(Failure::Error(format!(
            "the group {} was removed and made again, so its messages have other numbers",
            self.arguments.group
        )))
    }

    /// Looks for messages that the client of NATS cannot read. They have ended the connection
    /// when they were delivered, and would do so each time, so they are given up.
    async fn look(&mut self) -> Outcome {
        let Arguments { stream, limits, .. } = self.arguments;
        if let Some(doubt) = self.doubt {
            if nats::has_ended(&self.connection.client).await {
                self.connect().await?;
            }
            let Some(delivered) = self.delivered("its stream does not know it").await? else {
                return Ok(());
            };
            self.doubt = None;
            self.looked = self.looked.max(delivered.start - 1);
            let begin = match doubt {
                Doubt::Behind => self.looked.max(self.seen),
                Doubt::Any => self.looked,
            };
            self.unseen = begin + 1..delivered.end;
            // The stream does not know yet that these are given up.
            self.unreadable = self.unreadable.split_off(&delivered.start);
            for (sequence, confirmed) in self.unreadable.clone() {
                if !confirmed {
                    self.give_up(sequence);
                }
            }
        }
        let Range { start, end } = self.unseen;
        let until = end.min(start + LOOKS);
        let client = &self.connection.client;
        let looks = (start..until).map(|sequence| unreadable::look_at(client, stream, sequence));
        let looks = futures_util::stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE);
        let found: Result<Vec<Option<Stored>>, String> = looks.try_collect().await;
        let found = match found {
            Ok(found) => found,
            Err(problem) => {
                // It may not be permitted, so the others must not wait for it. After the next
                // loss of the connection, these are looked at again.
                self.unseen = 0..0;
                if self.reported.is_due() {
                    limits.warn(&format!("a message may be unreadable, but {problem}"));
                }
                return Ok(());
            }
        };
        self.unseen.start = until;
        let last = until.saturating_sub(1);
        self.seen = self.seen.max(last);
        if start <= self.looked + 1 {
            self.looked = self.looked.max(last);
        }
        for stored in found.into_iter().flatten() {
            if let Some(problem) = stored.problem
                && self.is_wanted(&stored.subject)
                && !self.unreadable.contains_key(&stored.sequence)
            {
                self.unreadable.insert(stored.sequence, false);
                self.counts.unreadable.fetch_add(1, Relaxed);
                limits.warn(&unreadable::warning(&stored, problem, "given up"));
                self.give_up(stored.sequence);
            }
        }
        Ok(())
    }

    /// Returns true if a subject is one of the group.
    fn is_wanted(&self, subject: &str) -> bool {
        let wanted = &self.arguments.subject;
        wanted.is_empty() || covers(wanted, subject)
    }

    fn give_up(&mut self, sequence: u64) {
        let Arguments { stream, group, .. } = self.arguments;
        // The stream goes by the sequence. The number of the delivery is not known; another one
        // than this could be that of a message that is still open.
        let delivery = i64::MAX;
        let reply = format!("{}{stream}.{group}.1.{sequence}.{delivery}.0.0", pull::REPLY);
        self.answer(reply.into(), Answer::Unreadable(sequence));
    }

    /// Connects with another client.
    async fn connect(&mut self) -> Outcome {
        self.link.lose();
        match self.arguments.connect(self.link, None, self.ending).await {
            Ok(connection) => {
                self.compare(connection.created())?;
                self.connection = connection;
                Ok(())
            }
            Err(Failure::Stopped) => {
                let open = self.held.len() + self.answers.len();
                self.counts.unconfirmed.fetch_add(open as u64, Relaxed);
                Err(if open == 0 { Failure::Stopped } else { unconfirmed(open) })
            }
            Err(failure) => Err(failure),
        }
    }

    fn report(&self, problem: &str) {
        if self.reported.is_due() {
            self.arguments.limits.warn(&format!("the stream does not deliver: {problem}"));
        }
    }

    /// Gives a message to the workers.
    fn accept(&mut self, message: &Message) -> Outcome {
        let Some(held) = self.hold(message) else {
            return Ok(());
        };
        let task = Task { message, held: &held };
        let payload = rmp_serde::to_vec(&task)
            .map_err(|error| Failure::Error(format!("a message cannot be written: {error}")))?;
        let number = self.queue.add(vec![Frame::from(payload)])?;
        self.held.insert(number, held);
        self.wake.unpark();
        Ok(())
    }

    /// Counts a message, and returns what is to be known about it. One without a reply is not
    /// from a stream.
    fn hold(&mut self, message: &Message) -> Option<Held> {
        let reply = message.reply.clone()?;
        let info = message.info().ok()?;
        self.seen = self.seen.max(info.stream_sequence);
        self.has_arrived = true;
        self.counts.received.fetch_add(1, Relaxed);
        self.counts.redelivered.fetch_add(u64::from(info.delivered > 1), Relaxed);
        Some(Held {
            reply,
            subject: message.subject.clone(),
            sequence: info.stream_sequence,
            delivery: info.delivered,
        })
    }

    /// Gives back a message that has come too late.
    fn refuse(&mut self, message: &Message) {
        if let Some(held) = self.hold(message) {
            self.answer(held.reply, Answer::Return(Some(EXPIRES)));
        }
    }

    /// Gives back what workers have not finished. Not at once if this bridge has asked for
    /// messages, because it would get them again.
    fn give_back(&mut self, has_asked: bool) {
        let delay = has_asked.then_some(EXPIRES);
        for (_, held) in std::mem::take(&mut self.held) {
            self.answer(held.reply, Answer::Return(delay));
        }
    }

    fn settle(&mut self, outcome: tasks::Outcome) {
        let Some(held) = self.held.remove(&outcome.task) else {
            return;
        };
        let answer = match outcome.result {
            Ok(_) => Answer::Done,
            Err(failure) => {
                let tasks::Failure { tag, text } = failure;
                let (name, text) = (shown(&tag), shown(&text));
                let attempts = i64::from(self.arguments.attempts);
                let gives_up = held.delivery >= attempts;
                // A message that is given up is always told.
                if gives_up || self.failures.is_due() {
                    self.arguments.limits.warn(&format!(
                        "message {} of {} failed at delivery {}{}: {name}: {text}",
                        held.sequence,
                        shown(&held.subject),
                        held.delivery,
                        if gives_up { ", and is given up" } else { "" }
                    ));
                }
                match &*tag {
                    _ if gives_up => Answer::GiveUp,
                    // Its worker is gone, and others are there.
                    tasks::FAILED => Answer::Return(None),
                    _ => Answer::Return(Some(self.arguments.retry_delay)),
                }
            }
        };
        self.answer(held.reply, answer);
    }

    /// Tells the stream what has become of a message, until it confirms that.
    fn answer(&mut self, reply: Subject, answer: Answer) {
        let client = self.connection.client.clone();
        self.answers.push(Box::pin(async move {
            let mut problem = String::new();
            for _ in 0..TRIES {
                match client.request(reply.clone(), answer.into()).await {
                    Ok(_) => return (answer, Ok(())),
                    Err(error) => problem = reason(&error),
                }
                tokio::time::sleep(PAUSE).await;
            }
            (answer, Err(problem))
        }));
    }

    fn count(&mut self, answer: Answer, known: Result<(), String>) {
        let counts = self.counts;
        let count = match (&answer, known) {
            (_, Err(problem)) => {
                self.report(&problem);
                &counts.unconfirmed
            }
            (Answer::Done, Ok(())) => &counts.acknowledged,
            (Answer::Return(_), Ok(())) => &counts.returned,
            (Answer::GiveUp, Ok(())) => &counts.given_up,
            (Answer::Unreadable(sequence), Ok(())) => {
                self.unreadable.insert(*sequence, true);
                return;
            }
        };
        count.fetch_add(1, Relaxed);
    }

    /// Tells the stream that messages are still being worked on.
    async fn extend(&self) {
        for held in self.held.values() {
            let progress = Bytes::from(AckKind::Progress);
            let sent = self.connection.client.publish(held.reply.clone(), progress);
            // If there is no connection, the stream delivers them again.
            if tokio::time::timeout(TICK, sent).await.is_err() {
                return;
            }
        }
    }
}

fn unconfirmed(open: usize) -> Failure {
    Failure::Error(format!(
        "the stream has not confirmed what has become of {open} messages, so it may deliver them \
         again"
    ))
}

async fn next_audit(audit: &mut Option<Audit>) -> Option<DateTime> {
    audit.as_mut()?.await
}

async fn next(batch: &mut Option<Batch>) -> Option<Result<Message, String>> {
    batch.as_mut()?.next().await
}

/// A message as workers get it: a Dictionary in MessagePack.
struct Task<'a> {
    message: &'a Message,
    held: &'a Held,
}

impl Serialize for Task<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Message { message, .. } = self.message;
        let frames =
            wire::unpack(&message.subject, ".", message.headers.as_ref(), &message.payload);
        let frames: Vec<Bin> = frames.iter().map(|frame| Bin(frame)).collect();
        let published = self.message.info().map_err(serde::ser::Error::custom)?.published;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("frames", &frames)?;
        map.serialize_entry("subject", message.subject.as_str())?;
        map.serialize_entry("sequence", &self.held.sequence)?;
        map.serialize_entry("time", &(published.unix_timestamp_nanos() as f64 / 1e9))?;
        map.serialize_entry("delivery", &self.held.delivery)?;
        map.end()
    }
}

/// Text if it is UTF-8, and bytes otherwise.
struct Bin<'a>(&'a [u8]);

impl Serialize for Bin<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_bytes(self.0),
        }
    }
}

/// A metric, and what it shows.
type Row = (&'static Metric, fn(&Counts) -> &AtomicU64);

static COUNTERS: [Row; 7] = [
    (&Metric::counter("zeromq_bridge_delivered_messages", "Messages from the stream."), |counts| {
        &counts.received
    }),
    (
        &Metric::counter(
            "zeromq_bridge_redelivered_messages",
            "Those of them that were delivered before.",
        ),
        |counts| &counts.redelivered,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_acknowledged_messages",
            "Messages of which the stream knows that they are done.",
        ),
        |counts| &counts.acknowledged,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_returned_messages",
            "Messages that failed or were not finished, and are delivered again.",
        ),
        |counts| &counts.returned,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_given_up_messages",
            "Messages that failed too often, and are not delivered again.",
        ),
        |counts| &counts.given_up,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_unconfirmed_messages",
            "Messages that may be delivered again, because the stream did not confirm the answer.",
        ),
        |counts| &counts.unconfirmed,
    ),
    (
        &Metric::counter(
            "zeromq_bridge_unreadable_messages",
            "Messages that were given up because the client of NATS cannot read them.",
        ),
        |counts| &counts.unreadable,
    ),
];
static HELD: Metric = Metric::gauge(
    "zeromq_bridge_in_flight_messages",
    "Messages that are with workers or wait for some.",
);
static WORKERS: Metric = Metric::gauge("zeromq_bridge_workers", "Workers that are there.");
static LOST: Metric =
    Metric::counter("zeromq_bridge_lost_workers", "Workers that died or were silent for too long.");

impl Counts {
    fn metrics(&self, link: &Link, queue: &Queue) -> String {
        let mut metrics = Metrics::default();
        for (metric, value) in COUNTERS {
            metrics.add(metric, &[], value(self).load(Relaxed));
        }
        metrics.add(&HELD, &[], self.held.load(Relaxed));
        if let Ok(stats) = queue.stats() {
            metrics.add(&WORKERS, &[], stats.workers);
            metrics.add(&LOST, &[], stats.lost);
        }
        link.describe(&mut metrics);
        metrics.to_string()
    }

    /// Says what was done.
    fn report(&self, link: &Link, limits: &LimitArguments, lost_workers: u64, time: Duration) {
        if limits.quiet {
            return;
        }
        let [delivered, redelivered, acknowledged, returned, given_up, unconfirmed, unreadable] = [
            &self.received,
            &self.redelivered,
            &self.acknowledged,
            &self.returned,
            &self.given_up,
            &self.unconfirmed,
            &self.unreadable,
        ]
        .map(|count| count.load(Relaxed));
        let reconnects = link.reconnects();
        tracing::info!(
            delivered,
            redelivered,
            acknowledged,
            returned,
            given_up,
            unconfirmed,
            unreadable,
            lost_workers,
            reconnects,
            "delivered {delivered} messages in {}, {redelivered} of them again; {acknowledged} \
             acknowledged, {returned} returned, {given_up} given up, {unreadable} unreadable, \
             {unconfirmed} not confirmed; {lost_workers} workers lost, {reconnects} reconnects",
            units::shown(time)
        );
    }
}
