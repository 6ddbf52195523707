//! Waiting for several sockets and system descriptors at once.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::exclusive::Locked;
use zmq::PollEvents;

use super::error::Error;
use super::socket::{Socket, State};
use super::wait::{Clock, Wait};
use crate::core::locked::locked;
use crate::libzmq::retried;

/// A descriptor of the system.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// A descriptor of the system.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

/// A source that a poller waits for.
#[derive(Clone, Debug)]
pub enum Source {
    /// A socket.
    Socket(Arc<Socket>),
    /// A file, pipe or socket of the system.
    Descriptor(Descriptor),
}

impl Source {
    fn is(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Socket(one), Source::Socket(other)) => Arc::ptr_eq(one, other),
            (Source::Descriptor(one), Source::Descriptor(other)) => one == other,
            _ => false,
        }
    }
}

/// The events that a source is ready for, or that are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// A message can be received.
    pub input: bool,
    /// A message can be sent.
    pub output: bool,
    /// A descriptor has failed or is invalid.
    pub error: bool,
}

impl Ready {
    /// Requests input.
    pub const IN: Ready = Ready { input: true, output: false, error: false };
    /// Requests output.
    pub const OUT: Ready = Ready { input: false, output: true, error: false };
    /// Requests both.
    pub const BOTH: Ready = Ready { input: true, output: true, error: false };

    fn events(self) -> PollEvents {
        let mut events = PollEvents::empty();
        events.set(zmq::POLLIN, self.input);
        events.set(zmq::POLLOUT, self.output);
        events
    }

    fn of(events: PollEvents) -> Ready {
        Ready {
            input: events.contains(zmq::POLLIN),
            output: events.contains(zmq::POLLOUT),
            error: events.contains(zmq::POLLERR),
        }
    }
}

/// A set of sources to wait for, each with a value that identifies it to the caller.
///
/// ```
/// use std::time::Duration;
/// use zeromq::core::{Poller, Ready, Socket, SocketType, Source, Wait};
///
/// # fn main() -> Result<(), zeromq::core::Error> {
/// let timeout = Wait::new(Some(Duration::from_secs(5)));
/// let pull = Socket::attached(SocketType::Pull, "inproc://poller-doc")?;
/// let push = Socket::attached(SocketType::Push, "inproc://poller-doc")?;
///
/// let poller = Poller::default();
/// poller.add(Source::Socket(pull.clone()), Ready::IN, "tasks")?;
/// push.send(&["task"], &timeout)?;
///
/// let (name, ready) = poller.wait(&timeout)?;
/// assert!(name == "tasks" && ready.input);
/// assert_eq!(pull.receive(&timeout)?.as_text(), Some("task"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Poller<T> {
    items: Mutex<Vec<Item<T>>>,
    fair: AtomicBool,
    /// The position at which the next fair wait starts.
    turn: AtomicUsize,
    expired: AtomicBool,
    terminated: AtomicBool,
}

#[derive(Clone, Debug)]
struct Item<T> {
    source: Source,
    events: Ready,
    value: T,
}

impl<T> Default for Poller<T> {
    fn default() -> Poller<T> {
        Poller {
            items: Mutex::default(),
            fair: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            expired: AtomicBool::new(false),
            terminated: AtomicBool::new(false),
        }
    }
}

impl<T: Clone> Poller<T> {
    /// Adds a source. Adding a source again keeps its position and replaces its events
    /// and value.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the socket type cannot receive or send as requested.
    pub fn add(&self, source: Source, events: Ready, value: T) -> Result<(), Error> {
        if let Source::Socket(socket) = &source {
            if events.input {
                socket.socket_type().check_receives()?;
            }
            if events.output {
                socket.socket_type().check_sends()?;
            }
        }
        let item = Item { source, events, value };
        let mut items = self.items();
        let place = items.iter_mut().find(|known| known.source.is(&item.source));
        let before = place.map(|known| mem::replace(known, item.clone()));
        if before.is_none() {
            items.push(item);
        }
        drop(items);
        Ok(())
    }

    /// Removes a source. Returns false if it was not there.
    pub fn remove(&self, source: &Source) -> bool {
        self.retain(|known| !known.is(source)) > 0
    }

    /// Returns true if the source was added.
    pub fn contains(&self, source: &Source) -> bool {
        self.items().iter().any(|item| item.source.is(source))
    }

    /// Returns the events and the value of a source.
    pub fn find(&self, source: &Source) -> Option<(Ready, T)> {
        let items = self.items();
        let item = items.iter().find(|item| item.source.is(source))?;
        Some((item.events, item.value.clone()))
    }

    /// Removes the sources for which `keep` returns false, and returns how many were
    /// removed.
    pub fn retain(&self, keep: impl Fn(&Source) -> bool) -> usize {
        let gone: Vec<Item<T>> = self.items().extract_if(.., |item| !keep(&item.source)).collect();
        gone.len()
    }

    /// Returns the number of sources.
    pub fn count(&self) -> usize {
        self.items().len()
    }

    /// Calls `visit` with each value.
    pub fn visit(&self, mut visit: impl FnMut(&T)) {
        self.items().iter().for_each(|item| visit(&item.value));
    }

    /// Sets whether [`wait`](Poller::wait) takes turns: it then starts after the source
    /// that it returned last instead of at the first, so that a busy source does not
    /// hide the others.
    pub fn set_fair(&self, fair: bool) {
        self.fair.store(fair, Ordering::Relaxed);
    }

    /// Returns true if the last wait timed out.
    pub fn expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// Returns true if the last wait was interrupted or ended by a shutdown.
    pub fn terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }

    /// Waits until a source is ready and returns the first one in the order in which
    /// they were added. Closed sockets are skipped.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Closed`] if all sockets are closed,
    /// [`Error::Busy`] if a socket is in another call, [`Error::Argument`] if an empty
    /// poller would wait forever, [`Error::Interrupted`], [`Error::Terminated`].
    pub fn wait(&self, wait: &Wait) -> Result<(T, Ready), Error> {
        let mut items = self.items().clone();
        let fair = self.fair.load(Ordering::Relaxed);
        let start = self.turn.load(Ordering::Relaxed) % items.len().max(1);
        if fair {
            items.rotate_left(start);
        }
        let (index, ready) = self.noted(poll(&items, wait, true))?[0];
        if fair {
            self.turn.store(start + index + 1, Ordering::Relaxed);
        }
        Ok((items.swap_remove(index).value, ready))
    }

    /// Waits until a source is ready and returns all sources that are.
    ///
    /// # Errors
    /// The errors of [`wait`](Poller::wait).
    pub fn wait_all(&self, wait: &Wait) -> Result<Vec<(T, Ready)>, Error> {
        let items = self.items().clone();
        let ready = self.noted(poll(&items, wait, false))?;
        Ok(ready.into_iter().map(|(index, ready)| (items[index].value.clone(), ready)).collect())
    }

    fn noted<R>(&self, result: Result<R, Error>) -> Result<R, Error> {
        let expired = matches!(result, Err(Error::Again));
        let terminated = matches!(result, Err(Error::Interrupted | Error::Terminated));
        self.expired.store(expired, Ordering::Relaxed);
        self.terminated.store(terminated, Ordering::Relaxed);
        result
    }

    /// Never locked during a wait or while a value is dropped, because garbage
    /// collectors look through the values.
    fn items(&self) -> MutexGuard<'_, Vec<Item<T>>> {
        locked(&self.items)
    }
}

/// A source that can be polled; a socket is locked in the meantime.
enum Guard<'a> {
    Socket(Locked<'a, State>),
    Descriptor(Descriptor),
}

/// Waits until an item is ready and returns the index of the first one, or of all.
fn poll<T>(items: &[Item<T>], wait: &Wait, first: bool) -> Result<Vec<(usize, Ready)>, Error> {
    let mut held = hold(items)?;
    if held.is_empty() && !items.is_empty() {
        return Err(Error::Closed);
    }
    if held.is_empty() && wait.is_endless() {
        return Err(Error::Argument {
            place: "a wait without a timeout".to_owned(),
            expected: "at least one socket in the poller".into(),
            got: "none".to_owned(),
        });
    }
    let result = poll_held(&mut held, items, wait, first);
    if matches!(result, Err(Error::Terminated)) {
        for (_, held) in held {
            if let Guard::Socket(mut state) = held {
                state.check_terminated();
            }
        }
    }
    result
}

fn hold<T>(items: &[Item<T>]) -> Result<Vec<(usize, Guard<'_>)>, Error> {
    let mut held = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match &item.source {
            Source::Descriptor(descriptor) => held.push((index, Guard::Descriptor(*descriptor))),
            Source::Socket(socket) => match socket.lock() {
                Ok(mut state) => {
                    if state.open().is_ok() {
                        held.push((index, Guard::Socket(state)));
                    }
                }
                Err(Error::Forked) => {}
                Err(error) => return Err(error),
            },
        }
    }
    Ok(held)
}

fn poll_held<T>(
    held: &mut [(usize, Guard)],
    items: &[Item<T>],
    wait: &Wait,
    first: bool,
) -> Result<Vec<(usize, Ready)>, Error> {
    let ready = look(held, items, first)?;
    let descriptors = held.iter().any(|(_, held)| matches!(held, Guard::Descriptor(_)));
    if !descriptors && (!ready.is_empty() || wait.is_zero()) {
        return if ready.is_empty() { Err(Error::Again) } else { Ok(ready) };
    }
    let mut clock: Option<Clock> = None;
    let places: Vec<usize> = held.iter().map(|(index, _)| *index).collect();
    let mut polled = Vec::with_capacity(held.len());
    for (index, held) in held.iter_mut() {
        let events = items[*index].events.events();
        polled.push(match held {
            Guard::Socket(state) => state.open()?.socket.as_poll_item(events),
            Guard::Descriptor(descriptor) => zmq::PollItem::from_fd(*descriptor, events),
        });
    }
    loop {
        let slice = if wait.is_zero() || !ready.is_empty() {
            0
        } else {
            clock.get_or_insert_with(|| wait.begin()).slice()?
        };
        match zmq::poll(&mut polled, slice) {
            Ok(0) if slice == 0 => return Err(Error::Again),
            Ok(0) | Err(zmq::Error::EINTR) => {}
            Ok(_) => break,
            Err(error) => return Err(Error::from_zmq("zmq_poll", error)),
        }
    }
    let ready = places.into_iter().zip(&polled).filter(|(_, item)| !item.get_revents().is_empty());
    let ready = ready.map(|(index, item)| (index, Ready::of(item.get_revents())));
    Ok(ready.take(if first { 1 } else { usize::MAX }).collect())
}

/// Returns the sockets that are ready now, which is faster than a poll.
fn look<T>(
    held: &mut [(usize, Guard)],
    items: &[Item<T>],
    first: bool,
) -> Result<Vec<(usize, Ready)>, Error> {
    let mut ready = Vec::new();
    for (index, held) in held {
        let Guard::Socket(state) = held else {
            continue;
        };
        let open = state.open()?;
        let events = retried(|| open.socket.get_events());
        let events = events.map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
        let events = events & items[*index].events.events();
        if !events.is_empty() {
            ready.push((*index, Ready::of(events)));
            if first {
                break;
            }
        }
    }
    Ok(ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pub, Pull, Push};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn pair(name: &str) -> (Arc<Socket>, Arc<Socket>) {
        let endpoint = format!("inproc://poller-{name}");
        (Socket::attached(Pull, &endpoint).unwrap(), Socket::attached(Push, &endpoint).unwrap())
    }

    fn reading(sockets: &[&Arc<Socket>]) -> Poller<usize> {
        let poller = Poller::default();
        for (index, socket) in sockets.iter().enumerate() {
            poller.add(Source::Socket((*socket).clone()), Ready::IN, index).unwrap();
        }
        poller
    }

    #[test]
    fn the_first_that_is_ready_is_given_or_all() {
        let ((one, first), (two, second)) = (pair("one"), pair("two"));
        let poller = reading(&[&one, &two]);
        assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
        assert!(poller.expired() && !poller.terminated());
        second.send(&["b"], &SOON).unwrap();
        assert_eq!(poller.wait(&SOON).unwrap(), (1, Ready::IN));
        assert!(!poller.expired());
        first.send(&["a"], &SOON).unwrap();
        assert_eq!(poller.wait(&SOON).unwrap().0, 0);
        assert_eq!(poller.wait_all(&SOON).unwrap(), [(0, Ready::IN), (1, Ready::IN)]);
        // The sockets are unlocked again.
        assert_eq!(one.receive(&NOW).unwrap().as_text(), Some("a"));
        poller.add(Source::Socket(first.clone()), Ready::OUT, 7).unwrap();
        assert_eq!(poller.wait_all(&SOON).unwrap(), [(1, Ready::IN), (7, Ready::OUT)]);
        let wrong = poller.add(Source::Socket(first), Ready::IN, 7);
        assert!(matches!(wrong, Err(Error::Unsupported { .. })));
    }

    #[test]
    fn a_fair_poller_takes_turns() {
        let ((one, first), (two, second)) = (pair("turn-one"), pair("turn-two"));
        let poller = reading(&[&one, &two]);
        for _ in 0..2 {
            first.send(&["a"], &SOON).unwrap();
            second.send(&["b"], &SOON).unwrap();
        }
        let found = || poller.wait(&SOON).unwrap().0;
        assert_eq!([found(), found(), found()], [0, 0, 0]);
        poller.set_fair(true);
        assert_eq!([found(), found(), found()], [0, 1, 0]);
    }

    #[test]
    fn a_socket_is_there_once_and_may_be_closed() {
        let ((one, first), (two, second)) = (pair("closed-one"), pair("closed-two"));
        let poller = reading(&[&one, &two, &one]);
        assert_eq!(poller.count(), 2);
        first.send(&["a"], &SOON).unwrap();
        assert_eq!(poller.wait(&SOON).unwrap().0, 2);
        one.close(None).unwrap();
        second.send(&["b"], &SOON).unwrap();
        assert_eq!(poller.wait(&SOON).unwrap().0, 1);
        two.close(None).unwrap();
        assert!(matches!(poller.wait(&SOON), Err(Error::Closed)));
        assert!(poller.remove(&Source::Socket(one.clone())));
        assert!(!poller.contains(&Source::Socket(one)));
    }

    #[test]
    fn an_empty_poller_waits_for_its_time_only() {
        let poller = reading(&[]);
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(poller.wait(&brief), Err(Error::Again)));
        assert!(matches!(poller.wait(&Wait::new(None)), Err(Error::Argument { .. })));
    }

    #[test]
    fn the_host_stops_a_wait_and_sockets_are_busy_meanwhile() {
        let (pull, _push) = pair("busy");
        let poller = reading(&[&pull]);
        let stop = || {
            assert!(matches!(pull.receive(&NOW), Err(Error::Busy)));
            assert!(matches!(poller.wait(&NOW), Err(Error::Busy)));
            true
        };
        let wait = Wait::new(None).until(Some(&stop));
        assert!(matches!(poller.wait(&wait), Err(Error::Interrupted)));
        assert!(poller.terminated());
    }

    #[cfg(unix)]
    #[test]
    fn descriptors_are_waited_for_too() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        use std::os::unix::net::UnixStream;

        let (reader, mut writer) = UnixStream::pair().unwrap();
        let publisher = Socket::new(Pub).unwrap();
        let poller = Poller::default();
        poller.add(Source::Descriptor(reader.as_raw_fd()), Ready::IN, 'd').unwrap();
        assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
        poller.add(Source::Socket(publisher), Ready::OUT, 's').unwrap();
        assert_eq!(poller.wait(&SOON).unwrap(), ('s', Ready::OUT));
        writer.write_all(b"x").unwrap();
        assert_eq!(poller.wait(&SOON).unwrap(), ('d', Ready::IN));
        assert_eq!(poller.wait_all(&SOON).unwrap().len(), 2);
        poller.add(Source::Descriptor(1 << 20), Ready::IN, 'n').unwrap();
        let ready = poller.wait_all(&SOON).unwrap();
        assert!(ready.iter().any(|(value, ready)| *value == 'n' && ready.error));
    }
}
