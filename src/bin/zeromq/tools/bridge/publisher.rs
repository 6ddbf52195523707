//! Publishing into a stream until each message is acknowledged.
//!
//! A message that was not acknowledged is published again, with the same id, by which the
//! stream recognizes it if it was stored after all. Until then nothing new is published, so
//! only messages that were on their way at the same time can change their order.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use super::nats::{Link, Rarely, TICK, reason};
use super::subject::is_covered;
use super::window::Window;
use crate::tools::arguments::LimitArguments;
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};

/// The pause before messages are published again, which grows to the second one.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(2);

/// How long the client of NATS may take for a message, which it holds back while the server does
/// not read.
const SLOW: Duration = Duration::from_secs(1);

/// A message on its way into the stream.
pub struct Letter {
    pub subject: Subject,
    pub headers: HeaderMap,
    pub payload: Bytes,
    /// The bytes that it takes of the window.
    pub cost: usize,
}

/// What has become of messages.
#[derive(Debug, Default)]
pub struct Counts {
    /// Each time that one was given to the client of NATS.
    pub published: AtomicU64,
    pub republished: AtomicU64,
    pub acknowledged: AtomicU64,
    /// Those of the acknowledged ones that the stream had already.
    pub duplicates: AtomicU64,
    /// Those that the stream does not take, now and later.
    pub rejected: AtomicU64,
}

type Ack = Pin<Box<dyn Future<Output = (u64, Result<PublishAck, PublishError>)> + Send>>;

pub struct Publisher<'a> {
    pub context: Context,
    pub stream: &'a str,
    pub window: &'a Window<Letter>,
    pub counts: &'a Counts,
    pub link: &'a Link,
    pub limits: &'a LimitArguments,
    pub ending: &'a Ending,
    /// How long to go on after a signal.
    pub grace: Duration,
}

/// What a publisher knows about messages that are not acknowledged.
struct Work<'a> {
    publisher: &'a Publisher<'a>,
    connected: watch::Receiver<bool>,
    /// All of them, by their number.
    open: BTreeMap<u64, Letter>,
    next: u64,
    /// Those that are on their way.
    acks: FuturesUnordered<Ack>,
    /// Those that are to be published again.
    failed: BTreeSet<u64>,
    /// When to do so.
    resume: Instant,
    pause: Duration,
    /// Whether some of them may have subjects that no stream has.
    is_uncovered: bool,
    reported: Rarely,
    rejections: Rarely,
}

impl Publisher<'_> {
    /// Publishes what comes out of the window until it ends.
    ///
    /// # Errors
    /// [`Failure::Error`] if some messages are not acknowledged in time after a signal.
    pub async fn run(self) -> Outcome {
        let mut connected = self.link.watch();
        let mut tick = tokio::time::interval(TICK);
        let mut work = Work {
            publisher: &self,
            connected: connected.clone(),
            open: BTreeMap::new(),
            next: 0,
            acks: FuturesUnordered::new(),
            failed: BTreeSet::new(),
            is_uncovered: false,
            resume: Instant::now(),
            pause: SOON,
            reported: Rarely::default(),
            rejections: Rarely::default(),
        };
        let mut end = None;
        while !(work.open.is_empty() && self.window.is_over()) {
            if self.ending.is_asked() && self.window.has_ended() {
                let end = *end.get_or_insert_with(|| Instant::now() + self.grace);
                if Instant::now() >= end {
                    break;
                }
            }
            let is_connected = *connected.borrow();
            let resume = work.resume.into();
            tokio::select! {
                biased;
                _ = connected.changed() => {
                    if !*connected.borrow_and_update() {
                        work.forget_acks();
                    }
                }
                Some((number, result)) = work.acks.next(), if !work.acks.is_empty() => {
                    work.settle(number, result);
                }
                () = sleep_until(resume),
                    if is_connected && !work.failed.is_empty() && work.acks.is_empty() =>
                {
                    work.publish_again().await;
                }
                letters = self.window.take(), if is_connected && work.failed.is_empty() => {
                    let mut goes_on = true;
                    for letter in letters {
                        work.next += 1;
                        work.open.insert(work.next, letter);
                        goes_on = work.publish_if(goes_on, work.next).await;
                    }
                }
                _ = tick.tick() => {}
            }
        }
        let (lost, _) = self.window.held();
        if lost == 0 {
            return Ok(());
        }
        Err(Failure::Error(format!(
            "{lost} messages that were received are not in the stream: it did not acknowledge them \
             within {} after the signal",
            crate::tools::units::shown(self.grace)
        )))
    }
}

impl Work<'_> {
    /// Publishes a message, or keeps it for later. Returns whether the next one is to be
    /// published.
    async fn publish_if(&mut self, goes_on: bool, number: u64) -> bool {
        let Some(letter) = self.open.get(&number) else {
            return goes_on;
        };
        if self.publisher.link.is_denied(&letter.subject) {
            self.reject(number, "this user may not publish it");
            return goes_on;
        }
        // Without a connection, the client would hold it back, for as long as it has room.
        if !goes_on || !*self.connected.borrow() {
            self.failed.insert(number);
            return false;
        }
        let message =
            PublishMessage::build().payload(letter.payload.clone()).headers(letter.headers.clone());
        let sent = self.publisher.context.send_publish(letter.subject.clone(), message);
        let sent = timeout(SLOW, sent).await;
        self.publisher.counts.published.fetch_add(sent.is_ok().into(), Relaxed);
        match sent {
            Ok(Ok(ack)) => self.acks.push(Box::pin(async move { (number, ack.await) })),
            Ok(Err(error)) => self.settle(number, Err(error)),
            Err(_) => {
                self.hold(number, "the server does not read");
                return false;
            }
        }
        true
    }

    async fn publish_again(&mut self) {
        if self.is_uncovered {
            self.reject_uncovered().await;
        }
        let mut goes_on = true;
        for number in std::mem::take(&mut self.failed) {
            goes_on = self.publish_if(goes_on, number).await;
            self.publisher.counts.republished.fetch_add(goes_on.into(), Relaxed);
        }
    }

    /// Keeps a message for later, because it could not be published now.
    fn hold(&mut self, number: u64, problem: &str) {
        if self.reported.is_due() {
            let Publisher { limits, stream, .. } = self.publisher;
            limits.warn(&format!("publishing to the stream {stream} again: {problem}"));
        }
        if self.failed.is_empty() {
            self.resume = Instant::now() + self.pause;
            self.pause = LATER.min(2 * self.pause);
        }
        self.failed.insert(number);
    }

    /// The acknowledgments of a lost connection do not come anymore.
    fn forget_acks(&mut self) {
        self.acks = FuturesUnordered::new();
        self.failed.extend(self.open.keys());
        self.resume = Instant::now();
    }

    fn settle(&mut self, number: u64, result: Result<PublishAck, PublishError>) {
        let counts = self.publisher.counts;
        let error = match result {
            Ok(ack) => {
                counts.acknowledged.fetch_add(1, Relaxed);
                counts.duplicates.fetch_add(ack.duplicate.into(), Relaxed);
                self.pause = SOON;
                return self.close(number);
            }
            Err(error) => error,
        };
        if is_lasting(&error) {
            return self.reject(number, &reason(&error));
        }
        self.is_uncovered |= error.kind() == PublishErrorKind::StreamNotFound;
        self.hold(number, &reason(&error));
    }

    /// Gives a message up that the stream does not take.
    fn reject(&mut self, number: u64, problem: &str) {
        let Publisher { counts, limits, .. } = self.publisher;
        counts.rejected.fetch_add(1, Relaxed);
        if let Some(letter) = self.open.get(&number)
            && self.rejections.is_due()
        {
            limits.warn(&format!("{} is not stored: {problem}", letter.subject));
        }
        self.close(number);
    }

    /// Rejects what the stream does not store anymore.
    async fn reject_uncovered(&mut self) {
        let Publisher { context, stream, .. } = self.publisher;
        // Without an answer, it may be away.
        let Ok(stream) = context.get_stream(stream).await else {
            return;
        };
        self.is_uncovered = false;
        let subjects = &stream.cached_info().config.subjects;
        let is_uncovered = |letter: &Letter| !is_covered(subjects, &letter.subject);
        let failed = self.failed.iter().copied();
        let uncovered: Vec<u64> =
            failed.filter(|number| self.open.get(number).is_some_and(is_uncovered)).collect();
        for number in uncovered {
            self.failed.remove(&number);
            self.reject(number, "the stream does not have its subject anymore");
        }
    }

    fn close(&mut self, number: u64) {
        if let Some(letter) = self.open.remove(&number) {
            self.publisher.window.release(1, letter.cost);
        }
    }
}

/// Returns true if a message would fail again.
fn is_lasting(error: &PublishError) -> bool {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => true,
        PublishErrorKind::Other => {
            let cause = error.source().and_then(<dyn Error>::downcast_ref);
            cause.is_some_and(|error: &async_nats::jetstream::Error| {
                // A full stream or account may have room later.
                let full = [ErrorCode::STREAM_STORE_FAILED, ErrorCode::ACCOUNT_RESOURCES_EXCEEDED];
                error.code() < 500 && !full.contains(&error.error_code())
            })
        }
        // No server may lead the stream now.
        _ => false,
    }
}
