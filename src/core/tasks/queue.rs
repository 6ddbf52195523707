//! The queue: adding tasks and taking results.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, Letter, Outcome, Stats};
use super::progress::Progress;
use super::protocol::Room;
use super::thread::{Addressed, Desk, Link};
use super::{Settings, protocol};
use crate::core::endpoint::Action;
use crate::core::error::Error;
use crate::core::message::{Frame, Message};
use crate::core::socket::Socket;
use crate::core::socket_type::SocketType;
use crate::core::wait::Wait;

/// A queue of tasks. It closes when it is dropped.
pub struct Queue {
    link: Arc<Link<Office>>,
    heartbeat: Duration,
}

/// What the thread of a queue works on.
struct Office {
    ledger: Ledger,
    progress: Option<Progress>,
    /// A line that was to end and is not written yet.
    ending: Option<String>,
    /// How many results there were when the thread was asked last.
    seen: u64,
}

impl Office {
    fn finished(&self) -> u64 {
        let Stats { done, failed, .. } = self.ledger.stats();
        done + failed
    }

    fn post(&mut self, send: &mut Vec<Addressed>) {
        send.extend(self.ledger.letters().into_iter().map(message));
    }
}

/// Returns a number that differs from that of every other queue. Random numbers alone would
/// not, because those of a forked process continue like those of its parent.
pub(super) fn instance() -> u64 {
    RandomState::new().hash_one((std::process::id(), Instant::now()))
}

fn message((to, head, payloads): Letter) -> Addressed {
    let mut frames = Vec::with_capacity(2 + payloads.len());
    frames.push(Frame::from(&*to));
    frames.push(Frame::from(&*head));
    frames.extend(payloads);
    (Some(to), Message::from(frames))
}

impl Desk for Office {
    const WHAT: &'static str = "task queue";

    fn handle(&mut self, now: Instant, message: &mut Message) {
        if let Some((from, frames)) = message.frames_mut().split_first_mut() {
            self.ledger.handle(now, from, frames);
        }
    }

    fn turn(&mut self, now: Instant, send: &mut Vec<Addressed>) {
        self.ledger.tick(now);
        self.ledger.assign(now);
        self.post(send);
    }

    fn undeliverable(&mut self, now: Instant, to: &[u8], there: bool) {
        self.ledger.undeliverable(now, to, there);
    }

    fn limit(&mut self, largest: usize) {
        self.ledger.room = Room::of(largest);
    }

    fn news(&mut self) -> bool {
        let finished = self.finished();
        std::mem::replace(&mut self.seen, finished) != finished
    }

    fn next_due(&self) -> Option<Instant> {
        let line = self.progress.as_ref().map(Progress::next_due);
        [self.ledger.next_due(), line].into_iter().flatten().min()
    }

    fn line(&mut self, now: Instant) -> Option<String> {
        if let Some(line) = self.ending.take() {
            return Some(line);
        }
        self.progress.as_mut()?.line(now, &self.ledger.stats())
    }

    fn end(&mut self, send: &mut Vec<Addressed>) {
        self.ledger.close();
        self.post(send);
        self.ending = self.progress.take().and_then(|mut line| line.end(&self.ledger.stats()));
    }
}

impl Queue {
    /// Makes a queue, which is not bound yet.
    ///
    /// # Errors
    /// [`Error::Argument`] if a setting is out of range, [`Error::Zmq`] if there are too
    /// many sockets.
    pub fn new(settings: Settings) -> Result<Queue, Error> {
        settings.check()?;
        let socket = Socket::new(SocketType::Router)?;
        let heartbeat = settings.heartbeat;
        let ledger = Ledger::new(settings, instance().to_be_bytes());
        let office = Office { ledger, progress: None, ending: None, seen: 0 };
        Ok(Queue { link: Link::new(office, socket)?, heartbeat })
    }

    /// Calls `prepare` with the socket before it is bound, to secure or restrict it.
    ///
    /// # Errors
    /// [`Error::Security`] if it is bound, and the errors of `prepare`.
    pub fn prepare<T>(
        &self,
        prepare: impl FnOnce(&Socket) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.link.prepare(prepare)
    }

    /// Binds the queue to each endpoint of a list, or connects those that begin with `>`.
    ///
    /// # Errors
    /// [`Error::Endpoint`], [`Error::Policy`]; [`Error::Argument`] if it was bound before.
    pub fn bind(&self, endpoints: &str) -> Result<(), Error> {
        let items = crate::core::endpoint::items(endpoints)?;
        if items.is_empty() {
            return Err(Error::syntax(endpoints, "the list has no endpoint"));
        }
        let lost = protocol::lost();
        let attach = |socket: &Socket| socket.attach_by(Action::Bind, endpoints).map(drop);
        self.link.start(&lost, self.heartbeat, attach)
    }

    /// Returns the endpoint that was bound last, with its port filled in.
    ///
    /// # Errors
    /// [`Error::Forked`], [`Error::Busy`].
    pub fn endpoint(&self) -> Result<Option<String>, Error> {
        self.link.endpoint()
    }

    /// Adds tasks and returns the number of the first one; the others follow it. A task
    /// with more bytes than the option maxmsgsize permits fails.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn add(&self, payloads: Vec<Frame>) -> Result<u64, Error> {
        let mut state = self.link.open()?;
        let first = state.desk.ledger.stats().added + 1;
        for payload in payloads {
            state.desk.ledger.add(payload);
        }
        if state.desk.ledger.has_room() {
            self.link.ring(state, true);
        }
        Ok(first)
    }

    /// Adds tasks, waits for all their results, and returns them in order. On timeout, or
    /// if it is interrupted, tasks without a result are withdrawn. Results of other tasks
    /// are left for [`next`](Queue::next).
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Busy`] if another thread is in this call,
    /// [`Error::Stopped`], [`Error::Interrupted`], [`Error::Forked`].
    pub fn map(&self, payloads: Vec<Frame>, wait: &Wait) -> Result<Vec<Outcome>, Error> {
        let count = payloads.len() as u64;
        {
            let mut state = self.link.open()?;
            let ledger = &mut state.desk.ledger;
            if ledger.is_claimed() {
                return Err(Error::Busy);
            }
            let first = ledger.stats().added + 1;
            for payload in payloads {
                ledger.add(payload);
            }
            ledger.claim(first..first + count);
            self.link.ring(state, true);
        }
        let waited =
            self.link.wait(wait, |state| Ok((state.desk.ledger.missing() == 0).then_some(())));
        let mut state = self.link.state()?;
        let outcomes = state.desk.ledger.take_claim();
        // Workers are told of tasks that were withdrawn.
        self.link.ring(state, true);
        waited?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Waits for the next result, in the order in which tasks finish. Returns `None` if
    /// every task has a result that was taken.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Stopped`], [`Error::Interrupted`],
    /// [`Error::Terminated`], [`Error::Forked`].
    pub fn next(&self, wait: &Wait) -> Result<Option<Outcome>, Error> {
        self.link.wait(wait, |state| match state.desk.ledger.take() {
            Some(outcome) => Ok(Some(Some(outcome))),
            None if state.desk.ledger.open() == 0 && !state.is_stopping() => Ok(Some(None)),
            None => Ok(None),
        })
    }

    /// Waits for the result of a task. Returns `None` if it was taken already, or if there
    /// is no such task.
    ///
    /// # Errors
    /// The errors of [`next`](Queue::next).
    pub fn next_of(&self, number: u64, wait: &Wait) -> Result<Option<Outcome>, Error> {
        self.link.wait(wait, |state| match state.desk.ledger.take_of(number) {
            Some(outcome) => Ok(Some(Some(outcome))),
            None if !state.desk.ledger.is_open(number) && !state.is_stopping() => Ok(Some(None)),
            None => Ok(None),
        })
    }

    /// Returns the number of tasks whose result was not taken yet.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn open(&self) -> Result<usize, Error> {
        Ok(self.link.state()?.desk.ledger.open())
    }

    /// Returns the numbers of the tasks whose result was not taken yet, in order.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn open_numbers(&self) -> Result<Vec<u64>, Error> {
        Ok(self.link.state()?.desk.ledger.open_numbers())
    }

    /// Returns the counts, even after the queue was closed.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn stats(&self) -> Result<Stats, Error> {
        Ok(self.link.state()?.desk.ledger.stats())
    }

    /// Writes a line about the progress to standard error, over and over, if that is a
    /// terminal; or ends it.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn show_progress(&self, show: bool) -> Result<(), Error> {
        use std::io::IsTerminal;
        let mut state = self.link.open()?;
        let stats = state.desk.ledger.stats();
        match (show, state.desk.progress.take()) {
            (true, None) if std::io::stderr().is_terminal() => {
                state.desk.progress = Some(Progress::new(Instant::now(), &stats));
            }
            (true, before) => state.desk.progress = before,
            (false, Some(mut before)) => state.desk.ending = before.end(&stats),
            (false, None) => {}
        }
        self.link.ring(state, true);
        Ok(())
    }

    /// Tells the workers to stop, also those that come later. Tasks that have no result
    /// stay in the queue.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn stop_workers(&self) -> Result<(), Error> {
        let mut state = self.link.open()?;
        state.desk.ledger.stop_workers();
        self.link.ring(state, true);
        Ok(())
    }

    /// Closes the queue: tasks that have no result are dropped, and its address is
    /// released. Results can still be taken. Closing it twice is harmless.
    ///
    /// # Errors
    /// [`Error::Busy`] if another call closes it.
    pub fn close(&self) -> Result<(), Error> {
        self.link.stop()
    }

    /// Returns true if a call waits on another thread.
    #[cfg(test)]
    pub(super) fn link_is_waited_for(&self) -> bool {
        self.link.is_waited_for()
    }

    /// Returns true if the queue was closed.
    pub fn is_closed(&self) -> bool {
        self.link.is_stopped()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.link.abandon();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_closed() { "closed" } else { "open" })
    }
}
