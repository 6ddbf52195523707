//! Waiting for several sockets and system descriptors at once.

#[cfg(unix)]
mod watched;

use std::mem;
#[cfg(unix)]
use std::sync::TryLockError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use zmq::PollEvents;

use super::error::Error;
use super::policy::Policy;
use super::socket::open::Open;
use super::socket::{InCall, Socket};
use super::wait::{Clock, Wait};
use crate::core::locked::locked;
use crate::libzmq::retried;
#[cfg(unix)]
use watched::{Failed, Watched};

/// The number of sources from which on the facility of the system pays.
#[cfg(unix)]
const MANY: usize = 8;

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
    /// Returns true if it is a socket that is closed.
    pub fn is_closed(&self) -> bool {
        match self {
            Source::Socket(socket) => socket.is_closed(),
            Source::Descriptor(_) => false,
        }
    }

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

    pub(super) fn events(self) -> PollEvents {
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
    list: Mutex<List<T>>,
    fair: AtomicBool,
    /// The position at which the next fair wait starts.
    turn: AtomicUsize,
    expired: AtomicBool,
    terminated: AtomicBool,
    /// True if a wait has skipped a closed socket.
    skipped: AtomicBool,
    #[cfg(unix)]
    policy: Policy,
    #[cfg(unix)]
    facility: Mutex<Facility>,
}

/// The items, and a number that differs after each change. A wait shares the items.
#[derive(Debug)]
struct List<T> {
    items: Arc<Vec<Item<T>>>,
    version: u64,
}

#[derive(Clone, Debug)]
struct Item<T> {
    source: Source,
    events: Ready,
    value: T,
}

/// The facility of the system, in a poller that needs it.
#[cfg(unix)]
#[derive(Debug, Default)]
struct Facility {
    watched: Option<Watched>,
    /// The version of the list for which there was none.
    refused: Option<u64>,
}

impl<T> Default for Poller<T> {
    fn default() -> Poller<T> {
        Poller::under(&Policy::OPEN)
    }
}

impl<T> Poller<T> {
    /// Makes an empty poller. A policy limits how many pollers take a descriptor, as those of
    /// many sockets do; the others are slower.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "none takes a descriptor"))]
    pub fn under(policy: &Policy) -> Poller<T> {
        Poller {
            list: Mutex::new(List { items: Arc::default(), version: 0 }),
            fair: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            expired: AtomicBool::new(false),
            terminated: AtomicBool::new(false),
            skipped: AtomicBool::new(false),
            #[cfg(unix)]
            policy: policy.clone(),
            #[cfg(unix)]
            facility: Mutex::default(),
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
        let mut list = self.list();
        let items = list.change();
        let place = items.iter_mut().find(|known| known.source.is(&item.source));
        let before = place.map(|known| mem::replace(known, item.clone()));
        if before.is_none() {
            items.push(item);
        }
        drop(list);
        Ok(())
    }

    /// Removes a source. Returns false if it was not there.
    pub fn remove(&self, source: &Source) -> bool {
        self.retain(|known| !known.is(source)) > 0
    }

    /// Returns true if the source was added.
    pub fn contains(&self, source: &Source) -> bool {
        self.list().items.iter().any(|item| item.source.is(source))
    }

    /// Returns the events and the value of a source.
    pub fn find(&self, source: &Source) -> Option<(Ready, T)> {
        let list = self.list();
        let item = list.items.iter().find(|item| item.source.is(source))?;
        Some((item.events, item.value.clone()))
    }

    /// Removes the sources for which `keep` returns false, and returns how many were
    /// removed.
    fn retain(&self, keep: impl Fn(&Source) -> bool) -> usize {
        let mut list = self.list();
        if list.items.iter().all(|item| keep(&item.source)) {
            return 0;
        }
        let gone: Vec<Item<T>> = list.change().extract_if(.., |item| !keep(&item.source)).collect();
        drop(list);
        gone.len()
    }

    /// Removes the closed sockets.
    pub fn remove_closed(&self) {
        self.skipped.store(false, Ordering::Relaxed);
        self.retain(|source| !source.is_closed());
    }

    /// Removes the closed sockets if a wait has skipped one. This costs nothing otherwise.
    pub fn remove_skipped(&self) {
        if self.skipped.load(Ordering::Relaxed) {
            self.remove_closed();
        }
    }

    /// Returns the number of sources.
    pub fn count(&self) -> usize {
        self.list().items.len()
    }

    /// Calls `visit` with each value.
    pub fn visit(&self, mut visit: impl FnMut(&T)) {
        self.list().items.iter().for_each(|item| visit(&item.value));
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
        let (items, version) = self.shared();
        let fair = self.fair.load(Ordering::Relaxed);
        let turn = if fair { self.turn.load(Ordering::Relaxed) } else { 0 };
        let start = turn % items.len().max(1);
        let round = Round { items: &items, version, start, first: true };
        let (index, ready) = self.noted(self.poll(&round, wait))?[0];
        if fair {
            self.turn.store(index + 1, Ordering::Relaxed);
        }
        Ok((items[index].value.clone(), ready))
    }

    /// Waits until a source is ready and returns all sources that are.
    ///
    /// # Errors
    /// The errors of [`wait`](Poller::wait).
    pub fn wait_all(&self, wait: &Wait) -> Result<Vec<(T, Ready)>, Error> {
        let (items, version) = self.shared();
        let round = Round { items: &items, version, start: 0, first: false };
        let ready = self.noted(self.poll(&round, wait))?;
        Ok(ready.into_iter().map(|(index, ready)| (items[index].value.clone(), ready)).collect())
    }

    fn noted<R>(&self, result: Result<R, Error>) -> Result<R, Error> {
        let expired = matches!(result, Err(Error::Again));
        let terminated = matches!(result, Err(Error::Interrupted | Error::Terminated));
        self.expired.store(expired, Ordering::Relaxed);
        self.terminated.store(terminated, Ordering::Relaxed);
        result
    }

    fn poll(&self, round: &Round<T>, wait: &Wait) -> Result<Vec<(usize, Ready)>, Error> {
        #[cfg(unix)]
        if let Some(result) = self.poll_watched(round, wait) {
            return result;
        }
        let mut held = hold(round)?;
        if held.len() < round.items.len() {
            self.skipped.store(true, Ordering::Relaxed);
        }
        let result = poll(&mut held, round, wait);
        if matches!(result, Err(Error::Terminated)) {
            drop(held);
            round.release();
        }
        result
    }

    /// Waits with the facility of the system. Returns `None` if it does not pay or is not
    /// available.
    #[cfg(unix)]
    fn poll_watched(
        &self,
        round: &Round<T>,
        wait: &Wait,
    ) -> Option<Result<Vec<(usize, Ready)>, Error>> {
        let mut facility = match self.facility.try_lock() {
            Ok(facility) => facility,
            Err(TryLockError::Poisoned(facility)) => facility.into_inner(),
            // Another wait has it. Its sockets are busy.
            Err(TryLockError::WouldBlock) => return None,
        };
        let watched = facility.get(round, &self.policy)?;
        let result = watched.wait(round, wait);
        if watched.has_closed() {
            self.skipped.store(true, Ordering::Relaxed);
        }
        match result {
            Ok(ready) => Some(Ok(ready)),
            Err(Failed::Facility) => {
                facility.refuse(round);
                None
            }
            Err(Failed::Call(Error::Terminated)) => {
                round.release();
                Some(Err(Error::Terminated))
            }
            Err(Failed::Call(error)) => Some(Err(error)),
        }
    }

    fn shared(&self) -> (Arc<Vec<Item<T>>>, u64) {
        let list = self.list();
        (list.items.clone(), list.version)
    }

    /// Never locked during a wait or while a value is dropped, because garbage
    /// collectors look through the values.
    fn list(&self) -> MutexGuard<'_, List<T>> {
        locked(&self.list)
    }
}

impl<T: Clone> List<T> {
    /// Returns the items to be changed. If a wait shares them, they are copied.
    fn change(&mut self) -> &mut Vec<Item<T>> {
        self.version += 1;
        Arc::make_mut(&mut self.items)
    }
}

#[cfg(unix)]
impl Facility {
    fn get<T>(&mut self, round: &Round<T>, policy: &Policy) -> Option<&mut Watched> {
        let few = if self.watched.is_some() { MANY / 2 } else { MANY };
        if round.items.len() < few || self.refused == Some(round.version) {
            self.watched = None;
            return None;
        }
        self.watched.take_if(|watched| !watched.is_own());
        if self.watched.is_none() {
            match Watched::new(policy) {
                Ok(watched) => self.watched = Some(watched),
                Err(_) => self.refuse(round),
            }
        }
        self.watched.as_mut()
    }

    /// Does without until the list changes.
    fn refuse<T>(&mut self, round: &Round<T>) {
        self.watched = None;
        self.refused = Some(round.version);
    }
}

/// What one wait is about.
struct Round<'a, T> {
    items: &'a [Item<T>],
    /// The version of the list.
    version: u64,
    /// The position of the first item in the order of this wait.
    start: usize,
    /// True if only the first item that is ready is wanted.
    first: bool,
}

impl<'a, T> Round<'a, T> {
    fn socket(&self, index: usize) -> Option<&'a Arc<Socket>> {
        match &self.items[index].source {
            Source::Socket(socket) => Some(socket),
            Source::Descriptor(_) => None,
        }
    }

    /// Sorts what was found, and returns as much of it as is wanted.
    fn ordered(&self, mut ready: Vec<(usize, Ready)>) -> Vec<(usize, Ready)> {
        let count = self.items.len();
        ready.sort_by_key(|(index, _)| (index + count - self.start) % count);
        if self.first {
            ready.truncate(1);
        }
        ready
    }

    /// Polls the descriptors of the list, and another one to wake the poll, and adds those
    /// that are ready.
    fn poll_descriptors(
        &self,
        own: Option<Descriptor>,
        timeout: i64,
        ready: &mut Vec<(usize, Ready)>,
    ) -> Result<(), Error> {
        let mut places = Vec::new();
        let mut polled = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            if let Source::Descriptor(descriptor) = item.source {
                places.push(index);
                polled.push(zmq::PollItem::from_fd(descriptor, item.events.events()));
            }
        }
        polled.extend(own.map(|own| zmq::PollItem::from_fd(own, zmq::POLLIN)));
        match zmq::poll(&mut polled, timeout) {
            Ok(_) => ready.extend(found(places, &polled)),
            Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(Error::from_zmq("zmq_poll", error)),
        }
        Ok(())
    }

    /// Releases the sockets whose context has ended. libzmq tells one socket after the
    /// other, so some of them learn it a moment later, and the end waits for all of them.
    fn release(&self) {
        for _ in 0..100 {
            let mut open = false;
            for item in self.items {
                if let Source::Socket(socket) = &item.source
                    && let Ok(mut state) = socket.lock()
                {
                    state.check_terminated();
                    open |= state.open().is_ok();
                }
            }
            if !open {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn found<'a>(
    places: Vec<usize>,
    polled: &'a [zmq::PollItem],
) -> impl Iterator<Item = (usize, Ready)> + use<'a> {
    let ready = places.into_iter().zip(polled).filter(|(_, item)| !item.get_revents().is_empty());
    ready.map(|(index, item)| (index, Ready::of(item.get_revents())))
}

/// Asks a socket whether it is ready.
fn ask(open: &mut Open, wanted: Ready) -> Result<Option<Ready>, Error> {
    let events = retried(|| open.socket.get_events());
    let events = events.map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
    let events = events & wanted.events();
    Ok((!events.is_empty()).then(|| Ready::of(events)))
}

/// A source that can be polled; a socket is locked in the meantime.
enum Guard<'a> {
    Socket(InCall<'a>),
    Descriptor(Descriptor),
}

/// Locks the open sockets, in the order of the round.
fn hold<'a, T>(round: &Round<'a, T>) -> Result<Vec<(usize, Guard<'a>)>, Error> {
    let mut held = Vec::with_capacity(round.items.len());
    for index in (round.start..round.items.len()).chain(0..round.start) {
        match &round.items[index].source {
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

/// Waits until an item is ready, by asking all of them, and returns the index of the first
/// one, or of all.
fn poll<T>(
    held: &mut [(usize, Guard)],
    round: &Round<T>,
    wait: &Wait,
) -> Result<Vec<(usize, Ready)>, Error> {
    if held.is_empty() && !round.items.is_empty() {
        return Err(Error::Closed);
    }
    if held.is_empty() && wait.is_endless() {
        return Err(Error::Argument {
            place: "a wait without a timeout".to_owned(),
            expected: "at least one socket in the poller".into(),
            got: "none".to_owned(),
        });
    }
    poll_held(held, round, wait)
}

fn poll_held<T>(
    held: &mut [(usize, Guard)],
    round: &Round<T>,
    wait: &Wait,
) -> Result<Vec<(usize, Ready)>, Error> {
    let ready = look(held, round)?;
    let descriptors = held.iter().any(|(_, held)| matches!(held, Guard::Descriptor(_)));
    if !descriptors && (!ready.is_empty() || wait.is_zero()) {
        return if ready.is_empty() { Err(Error::Again) } else { Ok(ready) };
    }
    let mut clock: Option<Clock> = None;
    let places: Vec<usize> = held.iter().map(|(index, _)| *index).collect();
    let mut polled = Vec::with_capacity(held.len());
    for (index, held) in held.iter_mut() {
        let events = round.items[*index].events.events();
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
    Ok(found(places, &polled).take(if round.first { 1 } else { usize::MAX }).collect())
}

/// Returns the sockets that are ready now, which is faster than a poll.
fn look<T>(held: &mut [(usize, Guard)], round: &Round<T>) -> Result<Vec<(usize, Ready)>, Error> {
    let mut ready = Vec::new();
    for (index, held) in held {
        let Guard::Socket(state) = held else {
            continue;
        };
        if let Some(answer) = ask(state.open()?, round.items[*index].events)? {
            ready.push((*index, answer));
            if round.first {
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
