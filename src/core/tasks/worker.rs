//! The worker: taking tasks and returning results.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::protocol::{self, Failure, Room};
use super::station::{Assignment, Letter, Station};
use super::thread::{Addressed, Desk, Link};
use super::{check_credit, check_heartbeat};
use crate::core::endpoint::{self, Action};
use crate::core::error::Error;
use crate::core::message::{Frame, Message};
use crate::core::socket::Socket;
use crate::core::socket_type::SocketType;
use crate::core::wait::Wait;

/// Results are sent together if there are fewer than this and another task waits.
const TOGETHER: usize = 64;

/// What a worker tells a queue about itself.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its name in results, up to 255 bytes. By default the name of the machine and the
    /// number of the process.
    pub name: Option<String>,
    /// The maximum number of tasks that it holds, 1 to 65,535.
    pub credit: usize,
    /// How often it tries to reach a queue, 10 ms to an hour. Once it has, the heartbeat of
    /// the queue applies.
    pub heartbeat: Duration,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { name: None, credit: super::MOST, heartbeat: Duration::from_secs(1) }
    }
}

/// A worker, which runs the tasks of a queue. It leaves the queue when it is dropped.
pub struct Worker {
    link: Arc<Link<Post>>,
    heartbeat: Duration,
}

/// What the thread of a worker works on.
struct Post {
    station: Station,
    news: bool,
}

impl Post {
    fn post(&mut self, send: &mut Vec<Addressed>) {
        send.extend(self.station.letters().into_iter().map(message));
    }
}

fn message((head, payloads): Letter) -> Addressed {
    let mut frames = Vec::with_capacity(1 + payloads.len());
    frames.push(Frame::from(&*head));
    frames.extend(payloads);
    (None, Message::from(frames))
}

impl Desk for Post {
    const WHAT: &'static str = "worker";

    fn handle(&mut self, now: Instant, message: &mut Message) {
        self.station.handle(now, message.frames_mut());
        self.news |= self.station.waiting() > 0 || self.station.stopped;
    }

    fn turn(&mut self, now: Instant, send: &mut Vec<Addressed>) {
        self.station.tick(now);
        self.post(send);
    }

    fn undeliverable(&mut self, _now: Instant, _to: &[u8], _there: bool) {
        self.station.undeliverable();
    }

    fn news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    fn limit(&mut self, largest: usize) {
        self.station.room = Room::of(largest);
    }

    fn writable(&mut self) {
        self.station.announce();
    }

    fn next_due(&self) -> Option<Instant> {
        Some(self.station.next_due().unwrap_or_else(Instant::now))
    }

    fn end(&mut self, send: &mut Vec<Addressed>) {
        self.station.leave();
        self.post(send);
    }
}

impl Worker {
    /// Makes a worker, which is not connected yet.
    ///
    /// # Errors
    /// [`Error::Argument`] if a term is out of range, [`Error::Zmq`] if there are too many
    /// sockets.
    pub fn new(terms: &Terms) -> Result<Worker, Error> {
        check_credit(terms.credit)?;
        check_heartbeat(terms.heartbeat)?;
        let name = match &terms.name {
            Some(name) if name.len() > 255 => {
                return Err(super::wrong("name", "up to 255 bytes", "more"));
            }
            Some(name) => name.clone(),
            None => default_name(),
        };
        let socket = Socket::new(SocketType::Dealer)?;
        let credit = u32::try_from(terms.credit).unwrap_or(u32::MAX);
        let station = Station::new(name, credit, terms.heartbeat, Instant::now());
        let link = Link::new(Post { station, news: false }, socket)?;
        Ok(Worker { link, heartbeat: terms.heartbeat })
    }

    /// Calls `prepare` with the socket before it is connected, to secure or restrict it.
    ///
    /// # Errors
    /// [`Error::Security`] if it is connected, and the errors of `prepare`.
    pub fn prepare<T>(
        &self,
        prepare: impl FnOnce(&Socket) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.link.prepare(prepare)
    }

    /// Connects to a queue, or binds an endpoint that begins with `@` for one. The queue
    /// may start later. It may be lost and come back, too, with or without its tasks.
    ///
    /// # Errors
    /// [`Error::Endpoint`], also unless there is one endpoint; [`Error::Policy`];
    /// [`Error::Argument`] if it was connected before.
    pub fn connect(&self, endpoint: &str) -> Result<(), Error> {
        // With several queues, libzmq would send each message to another one.
        if endpoint::items(endpoint)?.len() != 1 {
            return Err(Error::syntax(endpoint, "a worker works for one queue: one endpoint"));
        }
        let attach = |socket: &Socket| {
            socket.with(|open| {
                // Without a connection, messages must not pile up: they would belong to
                // a queue that is gone.
                let set = open.socket.set_immediate(true);
                set.map_err(|error| Error::from_zmq("immediate", error))
            })?;
            socket.attach_by(Action::Connect, endpoint).map(drop)
        };
        self.link.start(&protocol::gone(&protocol::NO_SESSION), self.heartbeat, attach)
    }

    /// Waits for the next task. From now on, the queue gives this worker tasks, until
    /// [`pause`](Worker::pause) is called. Each task should be answered with
    /// [`reply`](Worker::reply) or [`give_back`](Worker::give_back).
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Stopped`] if the worker was closed or the
    /// queue told its workers to stop, [`Error::Interrupted`], [`Error::Terminated`],
    /// [`Error::Forked`].
    pub fn receive(&self, wait: &Wait) -> Result<Assignment, Error> {
        let mut state = self.link.open()?;
        if let Some(task) = state.desk.station.take(Instant::now()) {
            return Ok(task);
        }
        if state.desk.station.set_open(true) {
            self.link.ring(state, true);
        } else {
            drop(state);
        }
        self.link.wait(wait, |state| match state.desk.station.take(Instant::now()) {
            Some(task) => Ok(Some(task)),
            None if state.desk.station.stopped => Err(Error::Stopped { what: "task queue" }),
            None => Ok(None),
        })
    }

    /// Sends the result of a task. If its queue is gone meanwhile, or the task belongs to
    /// another worker, the result is dropped. If it has more bytes than the option maxmsgsize
    /// permits, the task fails.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn reply(&self, task: &Assignment, result: Result<Frame, Failure>) -> Result<(), Error> {
        let mut state = self.link.open()?;
        let station = &mut state.desk.station;
        station.finish(Instant::now(), task, result);
        let urgent = station.waiting() == 0 || station.unsent() >= TOGETHER;
        self.link.ring(state, urgent);
        Ok(())
    }

    /// Gives back a task that was not finished.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn give_back(&self, task: &Assignment) -> Result<(), Error> {
        let mut state = self.link.open()?;
        state.desk.station.give_back(task);
        self.link.ring(state, true);
        Ok(())
    }

    /// Accepts no more tasks, and gives back those that wait here.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`].
    pub fn pause(&self) -> Result<(), Error> {
        let mut state = self.link.open()?;
        state.desk.station.set_open(false);
        self.link.ring(state, true);
        Ok(())
    }

    /// Returns true if a queue has accepted this worker.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn is_known(&self) -> Result<bool, Error> {
        Ok(self.link.state()?.desk.station.is_known())
    }

    /// Gives back all tasks, leaves the queue and ends the thread. Closing it twice is
    /// harmless.
    ///
    /// # Errors
    /// [`Error::Busy`] if another call closes it.
    pub fn close(&self) -> Result<(), Error> {
        self.link.stop()
    }

    /// Returns true if the worker was closed.
    pub fn is_closed(&self) -> bool {
        self.link.is_stopped()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.link.abandon();
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_closed() { "closed" } else { "open" })
    }
}

/// Returns the name of the machine and the number of the process.
fn default_name() -> String {
    let host = host_name();
    let host = if host.is_empty() { "worker".to_owned() } else { host };
    format!("{host} {}", std::process::id())
}

/// Returns the name of the machine, or nothing if it is hard to find out.
fn host_name() -> String {
    let linux = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = linux.or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default();
    name.trim().to_owned()
}
