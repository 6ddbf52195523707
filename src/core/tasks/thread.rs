//! The thread of a queue or of a worker.

use std::iter;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zmq_sys::additions::ZMQ_MAX_MESSAGE_FRAMES;

use super::progress;
use super::protocol::RECORDS;
use crate::core::bell::{self, bell};
use crate::core::context;
use crate::core::error::Error;
use crate::core::locked::locked;
use crate::core::message::{Message, Sent};
use crate::core::socket::Socket;
use crate::core::socket::open::Open;
use crate::core::wait::{Clock, Wait};
use crate::libzmq::{options, retried};

/// The number of messages that are handled at once. Meanwhile no call can do anything.
const AT_ONCE: usize = 64;

/// How long the thread naps after it has sent something. What the program does meanwhile
/// is sent together, unless somebody waits for it.
const NAP: i64 = 1;

/// The maximum time for the thread to end.
const END: Duration = Duration::from_secs(10);
const END_OF_CONTEXT: Duration = Duration::from_secs(1);

/// How often it tries to send again if messages take more memory than they may.
const SHORT_OF_MEMORY: i64 = 20;

/// How often a waiting call looks whether ZeroMQ was shut down.
const SLICE: Duration = Duration::from_millis(100);

/// `ZMQ_DISCONNECT_MSG`, which zmq.h marks as a draft.
const DISCONNECT_MSG: i32 = 111;

/// A message and the routing id of the worker that it is for; `None` for the queue.
pub(super) type Addressed = (Option<Arc<[u8]>>, Message);

/// What a thread works on.
pub(super) trait Desk: Send + 'static {
    /// The type of the object, in words.
    const WHAT: &'static str;

    /// Handles a message.
    fn handle(&mut self, now: Instant, message: &mut Message);

    /// Does what is due, and adds the messages to send.
    fn turn(&mut self, now: Instant, send: &mut Vec<Addressed>);

    /// Handles a message that could not be sent. `there` is true if the connection has not
    /// ended, but accepts no more messages.
    fn undeliverable(&mut self, now: Instant, to: &[u8], there: bool);

    /// Returns true if something has happened since the last time that a call may wait for.
    fn news(&mut self) -> bool;

    /// Called when messages can be sent again.
    fn writable(&mut self) {}

    /// Sets the largest size of a message, before the thread starts. The other side would
    /// end the connection because of a larger one.
    fn limit(&mut self, largest: usize);

    /// Returns when the next turn is due; `None` if nothing will be.
    fn next_due(&self) -> Option<Instant>;

    /// Returns the line for the terminal, if one is due.
    fn line(&mut self, now: Instant) -> Option<String> {
        let _ = now;
        None
    }

    /// Adds the last messages.
    fn end(&mut self, send: &mut Vec<Addressed>);
}

/// What the thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    Awake,
    /// It sleeps for a moment and then looks around.
    Nap,
    Deep,
}

/// How long the thread may rest.
#[derive(Clone, Copy)]
enum Rest {
    /// Until something is due.
    Due,
    /// For a moment, as it has sent something.
    Nap,
    /// For a while, as there is no memory to send what it has to.
    Starved,
}

/// The state that calls share with the thread.
pub(super) struct State<D> {
    pub desk: D,
    sleep: Sleep,
    /// True if the thread has to look around before it sleeps.
    rung: bool,
    /// The number of calls that wait.
    waiting: usize,
    stopping: bool,
    ended: bool,
}

impl<D> State<D> {
    /// Returns true once it is closed.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }
}

pub(super) struct Link<D: Desk> {
    generation: u32,
    state: Mutex<State<D>>,
    changed: Condvar,
    /// Held by a call that starts or stops the thread.
    control: Mutex<Control>,
    /// Wakes the thread, from any other one.
    bell: Mutex<Option<Open>>,
    /// How long the closed socket keeps sending.
    linger: Mutex<Option<Duration>>,
}

/// The socket before the thread has it, and the thread.
#[derive(Default)]
struct Control {
    socket: Option<Arc<Socket>>,
    endpoint: Option<String>,
    thread: Option<JoinHandle<()>>,
}

impl<D: Desk> Link<D> {
    pub fn new(desk: D, socket: Arc<Socket>) -> Result<Arc<Link<D>>, Error> {
        context::register(|_, generation| {
            Ok(Arc::new(Link {
                generation,
                state: Mutex::new(State {
                    desk,
                    sleep: Sleep::Awake,
                    rung: false,
                    waiting: 0,
                    stopping: false,
                    ended: false,
                }),
                changed: Condvar::new(),
                control: Mutex::new(Control { socket: Some(socket), ..Control::default() }),
                bell: Mutex::new(None),
                linger: Mutex::new(Some(Duration::ZERO)),
            }))
        })
    }

    /// Returns an error if it belongs to another process.
    fn check_process(&self) -> Result<(), Error> {
        if self.generation == context::generation() { Ok(()) } else { Err(Error::Forked) }
    }

    /// Locks the state for a moment.
    ///
    /// # Errors
    /// [`Error::Forked`]: the thread of the parent may have held the lock during the fork.
    pub fn state(&self) -> Result<MutexGuard<'_, State<D>>, Error> {
        self.check_process()?;
        Ok(locked(&self.state))
    }

    /// Locks the state, if it was not closed.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Forked`]; [`Error::Terminated`] if the thread has ended
    /// by itself.
    pub fn open(&self) -> Result<MutexGuard<'_, State<D>>, Error> {
        let state = self.state()?;
        match (state.stopping, state.ended) {
            (true, _) => Err(Error::Stopped { what: D::WHAT }),
            (false, true) => Err(Error::Terminated),
            (false, false) => Ok(state),
        }
    }

    fn control(&self) -> Result<MutexGuard<'_, Control>, Error> {
        self.check_process()?;
        match self.control.try_lock() {
            Ok(control) => Ok(control),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Poisoned(control)) => Ok(control.into_inner()),
        }
    }

    /// Calls `prepare` with the socket, which is not attached yet.
    ///
    /// # Errors
    /// [`Error::Security`] if it is, and the errors of `prepare`.
    pub fn prepare<T>(
        &self,
        prepare: impl FnOnce(&Socket) -> Result<T, Error>,
    ) -> Result<T, Error> {
        drop(self.open()?);
        match &self.control()?.socket {
            Some(socket) => prepare(socket),
            None => Err(Error::Security {
                what: format!(
                    "the {} is already bound or connected; secure a new one before that",
                    D::WHAT
                )
                .into(),
            }),
        }
    }

    /// Attaches the socket and starts the thread. `lost` is the message that libzmq
    /// makes when a connection ends.
    ///
    /// # Errors
    /// The errors of `attach`; [`Error::Argument`] if it is attached already.
    pub fn start(
        self: &Arc<Self>,
        lost: &[u8],
        heartbeat: Duration,
        attach: impl FnOnce(&Socket) -> Result<(), Error>,
    ) -> Result<(), Error> {
        drop(self.open()?);
        let mut control = self.control()?;
        let Some(socket) = control.socket.clone() else {
            return Err(super::wrong("endpoint", "only one call", "a second one"));
        };
        let largest = socket.with(|open| {
            set_up(&mut open.socket, lost, heartbeat);
            Ok(open.socket.get_maxmsgsize().unwrap_or(-1))
        })?;
        self.open()?.desk.limit(usize::try_from(largest).unwrap_or(usize::MAX));
        let (bell, other) = bell()?;
        if let Err(error) = attach(&socket) {
            // The program may try again, with the same endpoints.
            socket.with(|open| {
                open.detach();
                Ok(())
            })?;
            return Err(error);
        }
        control.endpoint = socket.endpoint()?;
        let open = socket.move_out()?;
        control.socket = None;
        *locked(&self.bell) = Some(bell);
        let worker = Thread { link: self.clone(), open: Some(open), bell: other, blocked: false };
        let thread = thread::Builder::new().name("zeromq-tasks".to_owned());
        let thread = thread.spawn(move || worker.run()).map_err(|_| Error::no_thread())?;
        control.thread = Some(thread);
        Ok(())
    }

    /// Returns the endpoint that was bound last.
    pub fn endpoint(&self) -> Result<Option<String>, Error> {
        Ok(self.control()?.endpoint.clone())
    }

    /// Lets the thread look around, now or when it naps next.
    pub fn ring(&self, mut state: MutexGuard<'_, State<D>>, urgent: bool) {
        state.rung = true;
        let sleeps = state.sleep == Sleep::Deep || (urgent && state.sleep == Sleep::Nap);
        if sleeps {
            // It will be awake soon; nobody else has to ring.
            state.sleep = Sleep::Awake;
        }
        drop(state);
        if sleeps && let Some(bell) = &*locked(&self.bell) {
            bell::ring(bell);
        }
    }

    /// Waits until `take` returns something. It is asked after every change.
    ///
    /// # Errors
    /// The errors of `take`; [`Error::Again`] on timeout, [`Error::Interrupted`],
    /// [`Error::Terminated`] if ZeroMQ was shut down, [`Error::Stopped`], [`Error::Forked`].
    pub fn wait<T>(
        &self,
        wait: &Wait,
        mut take: impl FnMut(&mut State<D>) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let mut state = self.state()?;
        let mut clock: Option<Clock> = None;
        loop {
            if let Some(taken) = take(&mut state)? {
                return Ok(taken);
            }
            if state.stopping {
                return Err(Error::Stopped { what: D::WHAT });
            }
            if state.ended {
                return Err(Error::Terminated);
            }
            if wait.is_zero() {
                return Err(Error::Again);
            }
            // It may call script functions, which may call this.
            drop(state);
            let slice = match clock.get_or_insert_with(|| wait.begin()).slice()? {
                -1 => SLICE,
                slice => Duration::from_millis(slice.unsigned_abs()).min(SLICE),
            };
            state = self.state()?;
            if let Some(taken) = take(&mut state)? {
                return Ok(taken);
            }
            state.waiting += 1;
            state = match self.changed.wait_timeout(state, slice) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
            state.waiting -= 1;
        }
    }

    /// Tells the thread to end, without waiting for it.
    fn tell_to_stop(&self) {
        let mut state = locked(&self.state);
        state.stopping = true;
        state.sleep = Sleep::Deep;
        self.changed.notify_all();
        self.ring(state, true);
    }

    /// Sends what is left, closes the socket and ends the thread. Doing it twice is
    /// harmless, and so is doing it in a forked process.
    ///
    /// # Errors
    /// [`Error::Busy`] if another call does it.
    pub fn stop(&self) -> Result<(), Error> {
        let (socket, thread) = match self.control() {
            Err(Error::Forked) => return Ok(()),
            control => {
                let mut control = control?;
                (control.socket.take(), control.thread.take())
            }
        };
        self.tell_to_stop();
        drop(socket);
        let Some(thread) = thread else {
            return Ok(());
        };
        if !self.has_ended(END) {
            return Err(Error::Busy);
        }
        // It has nothing more to do, so a panic of its thread no longer matters.
        let _ = thread.join();
        Ok(())
    }

    /// Returns true if the thread ended before the timeout.
    fn has_ended(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = locked(&self.state);
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }

    /// Tells the thread to end when the last handle is dropped. A garbage collector must
    /// not wait for it.
    pub fn abandon(&self) {
        if self.check_process().is_ok() {
            self.tell_to_stop();
        }
    }

    /// Returns true if a call waits on another thread.
    #[cfg(test)]
    pub fn is_waited_for(&self) -> bool {
        locked(&self.state).waiting > 0
    }

    /// Returns true if it was closed.
    pub fn is_stopped(&self) -> bool {
        self.state().is_ok_and(|state| state.stopping) || self.check_process().is_err()
    }
}

impl<D: Desk> context::Ending for Link<D> {
    fn end(&self) -> Option<Duration> {
        let (socket, thread) = match self.control.try_lock() {
            Ok(mut control) => (control.socket.take(), control.thread.take()),
            Err(TryLockError::Poisoned(control)) => {
                let mut control = control.into_inner();
                (control.socket.take(), control.thread.take())
            }
            Err(TryLockError::WouldBlock) => (None, None),
        };
        drop(socket);
        self.tell_to_stop();
        if let Some(thread) = thread
            && self.has_ended(END_OF_CONTEXT)
        {
            let _ = thread.join();
        }
        *locked(&self.linger)
    }
}

impl<D: Desk> Drop for Link<D> {
    fn drop(&mut self) {
        if self.generation != context::generation() {
            // The thread is in the parent process, and its context cannot be used here.
            let control = self.control.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(mem::take(control));
            let bell = self.bell.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(bell.take());
        }
    }
}

/// Sets the options of the socket. Without one of them, the end of a connection is noticed
/// later, or a message with too many frames is received before it is dropped.
fn set_up(socket: &mut zmq::Socket, lost: &[u8], heartbeat: Duration) {
    let _ = options::set_bytes(socket, DISCONNECT_MSG, lost);
    let _ = options::set(socket, ZMQ_MAX_MESSAGE_FRAMES, RECORDS as i32 + 2);
    let ms = i32::try_from(heartbeat.as_millis()).unwrap_or(i32::MAX);
    // A connection that is cut without a word must end too.
    let _ = socket.set_heartbeat_ivl(ms);
    let _ = socket.set_heartbeat_timeout(ms.saturating_mul(3));
}

struct Thread<D: Desk> {
    link: Arc<Link<D>>,
    open: Option<Open>,
    bell: Open,
    /// True if a message could not be sent, because there is no connection or its queue is
    /// full.
    blocked: bool,
}

impl<D: Desk> Thread<D> {
    fn run(mut self) {
        // The only error of libzmq here is the end of the context.
        let _ = self.work();
    }

    fn work(&mut self) -> zmq::Result<()> {
        let mut message = Message::default();
        let mut letters = Vec::new();
        loop {
            let received = self.receive(&mut message)?;
            let now = Instant::now();
            let (stopping, line, wake) = {
                let mut state = locked(&self.link.state);
                state.rung = false;
                if state.stopping {
                    state.desk.end(&mut letters);
                } else if letters.is_empty() {
                    state.desk.turn(now, &mut letters);
                }
                // Otherwise it can neither send nor receive, and nobody is to blame for that:
                // for the desk, it is as if the process was stopped.
                let wake = state.desk.news() && state.waiting > 0;
                (state.stopping, state.desk.line(now), wake)
            };
            if wake {
                self.link.changed.notify_all();
            }
            if let Some(line) = line {
                show(&line);
            }
            let sent = !letters.is_empty();
            self.send(now, &mut letters)?;
            if stopping {
                return Ok(());
            }
            if !letters.is_empty() {
                self.rest(Rest::Starved)?;
            } else if !received {
                self.rest(if sent { Rest::Nap } else { Rest::Due })?;
            }
        }
    }

    fn socket(&mut self) -> zmq::Result<&mut zmq::Socket> {
        self.open.as_mut().map(|open| &mut open.socket).ok_or(zmq::Error::ENOTSOCK)
    }

    /// Handles messages that are there. Returns true if there may be more.
    fn receive(&mut self, message: &mut Message) -> zmq::Result<bool> {
        let link = self.link.clone();
        let Some(open) = &mut self.open else {
            return Err(zmq::Error::ENOTSOCK);
        };
        let mut state = locked(&link.state);
        let now = Instant::now();
        for count in 0..AT_ONCE {
            match retried(|| message.receive(&mut open.socket, |_, _| ())) {
                Ok(()) => state.desk.handle(now, message),
                Err(zmq::Error::EAGAIN) => return Ok(count > 0),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Sends letters. Those that are left wait for memory.
    fn send(&mut self, now: Instant, letters: &mut Vec<Addressed>) -> zmq::Result<()> {
        let link = self.link.clone();
        let mut left = letters.drain(..);
        while let Some((to, mut letter)) = left.next() {
            let socket = self.socket()?;
            let sent = letter.send(socket);
            match sent {
                Ok(Sent::Yes) => continue,
                Ok(Sent::Full | Sent::Lost) => self.blocked = true,
                Err(zmq::Error::EHOSTUNREACH) => {}
                Err(zmq::Error::ENOBUFS | zmq::Error::ENOMEM) => {
                    let left: Vec<_> = iter::once((to, letter)).chain(left).collect();
                    letters.extend(left);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            let (to, there) = (to.as_deref().unwrap_or_default(), sent == Ok(Sent::Full));
            locked(&link.state).desk.undeliverable(now, to, there);
        }
        Ok(())
    }

    /// Waits until there is something to do.
    fn rest(&mut self, rest: Rest) -> zmq::Result<()> {
        let ms = {
            let mut state = locked(&self.link.state);
            if state.rung || state.stopping {
                return Ok(());
            }
            let left = state.desk.next_due().map(|due| {
                let left = due.saturating_duration_since(Instant::now());
                // Rounded up, so that the last fraction of a millisecond is not spent spinning.
                i64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
            });
            let (sleep, ms) = match rest {
                Rest::Starved => (Sleep::Nap, SHORT_OF_MEMORY),
                Rest::Nap if left.is_none_or(|left| left > NAP) => (Sleep::Nap, NAP),
                Rest::Nap | Rest::Due => (Sleep::Deep, left.unwrap_or(-1)),
            };
            state.sleep = sleep;
            ms
        };
        let Some(open) = &mut self.open else {
            return Err(zmq::Error::ENOTSOCK);
        };
        open.update();
        let mut events = zmq::POLLIN;
        events.set(zmq::POLLOUT, self.blocked);
        let mut items =
            [self.bell.socket.as_poll_item(zmq::POLLIN), open.socket.as_poll_item(events)];
        match zmq::poll(&mut items, ms) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error),
        }
        let writable = self.blocked && items[1].is_writable();
        let mut state = locked(&self.link.state);
        state.sleep = Sleep::Awake;
        if writable {
            self.blocked = false;
            state.desk.writable();
        }
        drop(state);
        bell::silence(&self.bell)
    }
}

impl<D: Desk> Drop for Thread<D> {
    fn drop(&mut self) {
        let linger = self.open.take().and_then(Open::close);
        context::closed(linger);
        *locked(&self.link.linger) = linger;
        // Nobody has to wake it anymore, and the context would wait for the bell.
        drop(locked(&self.link.bell).take());
        let mut state = locked(&self.link.state);
        state.ended = true;
        self.link.changed.notify_all();
    }
}

/// Writes a line to the terminal. If that is gone, nobody wants it; and if its user has
/// stopped it, the workers must not wait for that.
fn show(line: &str) {
    use std::io::Write;
    if !progress::accepts() {
        return;
    }
    let mut error = std::io::stderr().lock();
    let _ = error.write_all(line.as_bytes());
    let _ = error.flush();
}
