//! A wait over many sockets, which asks only those whose readiness may have changed.
//!
//! libzmq reports the readiness of a socket (`ZMQ_EVENTS`) at the cost of a system call.
//! Its descriptor (`ZMQ_FD`) tells less: it is readable while commands from other threads
//! wait for the socket, and every call on the socket processes them. After a call, the
//! descriptor may therefore be silent while messages wait.
//!
//! # Why no wakeup is lost
//!
//! For each socket, the poller keeps `idle_at`: the number of uses of the socket
//! ([`Socket::uses`]) when it was last asked and was not ready. A socket is *idle* as long
//! as this is still its number of uses and its descriptor has not signaled. All others
//! are asked in every wait. That is enough, because the readiness of a socket changes in
//! two ways only:
//!
//! 1. In a call. Every call locks the socket and counts a use before it calls libzmq, so
//!    the numbers differ from then on. This covers sends, receives, options, peers and
//!    the waits of other pollers, from any thread.
//! 2. By a command from another thread: a message, room in a queue, a peer that comes or
//!    goes, the end of the context. When the socket was asked, it processed all its
//!    commands, so the next one makes its descriptor readable, and the descriptor stays
//!    readable until a call (the first way) processes the command. The descriptors are
//!    watched level-triggered, so a signal is reported whenever it came: before the
//!    socket was added, or between two waits.
//!
//! A wait that does not block compares the numbers without locks. If it misses a use, that
//! call is on another thread and nothing orders it before the wait, so the answer is the
//! one that was right before the call. A wait that blocks could sleep forever on an answer
//! that is out of date. It locks all its sockets first and compares the numbers again:
//! with the lock held, all earlier uses are visible, and there are no others until the
//! wait has ended.
//!
//! A new socket, or one with other events, was never asked, so it is not idle. A socket
//! that was ready is not idle either. Sockets that were left out after the first one that
//! is ready keep what is known about them.
//!
//! # Descriptors
//!
//! The sockets are registered by the descriptors that libzmq closes, at a time of its
//! own. A signal with a key that belongs to no open socket shows that such a descriptor
//! is still registered, which would wake every wait; then all sockets are registered in a
//! new facility. Keys are not reused, so a signal is never taken for that of another
//! socket.
//!
//! Descriptors that the program added are polled as before, together with the descriptor
//! of the facility: they may be closed and reused at any time, and files are always ready
//! but cannot be watched.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Weak};

use super::{Ready, Round, Source, ask};
use crate::core::context;
use crate::core::error::Error;
use crate::core::policy::{Policy, Slot};
use crate::core::socket::{InCall, Socket, State};
use crate::core::wait::Wait;
use crate::libzmq::watcher::Watcher;

/// The sockets of a poller, registered with the facility of the system.
#[derive(Debug)]
pub(super) struct Watched {
    watcher: Watcher,
    /// Its place among the descriptors that the policy permits.
    _slot: Option<Slot>,
    generation: u32,
    /// The version of the list that the entries belong to.
    version: Option<u64>,
    /// In the order of the list.
    entries: Vec<Entry>,
    /// The positions of the entries, by their keys.
    places: HashMap<usize, usize>,
    next_key: usize,
    /// True if a descriptor is registered that belongs to no entry.
    stale: bool,
    signaled: Vec<usize>,
}

/// What is known about a socket.
#[derive(Debug)]
struct Entry {
    /// Its position in the list.
    index: usize,
    socket: Weak<Socket>,
    events: Ready,
    key: usize,
    registered: bool,
    /// A closed socket is never opened again.
    closed: bool,
    /// The number of its uses when it was not ready.
    idle_at: Option<usize>,
}

/// A reason why a wait ended without a result.
#[derive(Debug)]
pub(super) enum Failed {
    /// An error of the call.
    Call(Error),
    /// The facility cannot be used.
    Facility,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Call(error)
    }
}

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Failed {
        Failed::Facility
    }
}

/// The locked sockets, at the positions of their entries.
type Held<'a> = Vec<Option<InCall<'a>>>;

impl Watched {
    /// # Errors
    /// [`Failed::Facility`]: there is no such facility, or no descriptor is left, or the
    /// policy permits no more.
    pub fn new(policy: &Policy) -> Result<Watched, Failed> {
        let slot = policy.open_watcher().map_err(|_| Failed::Facility)?;
        Ok(Watched {
            watcher: Watcher::new()?,
            _slot: slot,
            generation: context::generation(),
            version: None,
            entries: Vec::new(),
            places: HashMap::new(),
            next_key: 0,
            stale: false,
            signaled: Vec::new(),
        })
    }

    /// Returns true if it was made by this process. A child shares the facility with its
    /// parent and must not change it.
    pub fn is_own(&self) -> bool {
        self.generation == context::generation()
    }

    /// Returns true if a socket is closed.
    pub fn has_closed(&self) -> bool {
        self.entries.iter().any(|entry| entry.closed)
    }

    /// Waits until an item is ready and returns the index of the first one, or of all.
    pub fn wait<T>(
        &mut self,
        round: &Round<T>,
        wait: &Wait,
    ) -> Result<Vec<(usize, Ready)>, Failed> {
        self.update(round)?;
        self.watcher.wait(0, &mut self.signaled)?;
        self.note_signals();
        let mut ready = self.ask_used(round)?;
        if ready.is_empty() && !wait.is_zero() {
            ready = self.block(round, wait)?;
        } else if self.polls_descriptors(round) {
            round.poll_descriptors(None, 0, &mut ready)?;
        }
        if ready.is_empty() {
            self.check_open(round)?;
            return Err(Error::Again.into());
        }
        Ok(round.ordered(ready))
    }

    fn check_open<T>(&self, round: &Round<T>) -> Result<(), Error> {
        let closed =
            !self.polls_descriptors(round) && self.entries.iter().all(|entry| entry.closed);
        if closed { Err(Error::Closed) } else { Ok(()) }
    }

    /// Returns true if the list contains descriptors besides sockets.
    fn polls_descriptors<T>(&self, round: &Round<T>) -> bool {
        self.entries.len() < round.items.len()
    }

    /// Brings the entries up to date with the list.
    fn update<T>(&mut self, round: &Round<T>) -> Result<(), Failed> {
        if self.version != Some(round.version) {
            self.renew_entries(round);
            for entry in self.entries.iter_mut().filter(|entry| !entry.registered) {
                let Some(socket) = round.socket(entry.index) else {
                    continue;
                };
                match socket.lock_unused() {
                    Ok(mut state) => entry.register(&mut self.watcher, &mut state)?,
                    Err(Error::Forked) => entry.closed = true,
                    Err(error) => return Err(error.into()),
                }
            }
            // Not before all of them are registered.
            self.version = Some(round.version);
            // Closed sockets that were removed may still be registered.
            self.stale |= self.watcher.count() > 2 * self.entries.len() + 16;
        }
        if self.stale {
            let mut held = self.hold(round)?;
            self.register_anew(&mut held)?;
        }
        Ok(())
    }

    fn renew_entries<T>(&mut self, round: &Round<T>) {
        let old = self.entries.drain(..).map(|entry| (entry.socket.as_ptr(), entry));
        // An entry keeps the address of its socket from being reused.
        let mut old: HashMap<*const Socket, Entry> = old.collect();
        for (index, item) in round.items.iter().enumerate() {
            let Source::Socket(socket) = &item.source else {
                continue;
            };
            let mut entry = old.remove(&Arc::as_ptr(socket)).unwrap_or_else(|| {
                self.next_key += 1;
                Entry {
                    index,
                    socket: Arc::downgrade(socket),
                    events: item.events,
                    key: self.next_key,
                    registered: false,
                    closed: false,
                    idle_at: None,
                }
            });
            entry.index = index;
            if entry.events != item.events {
                entry.events = item.events;
                entry.idle_at = None;
            }
            self.entries.push(entry);
        }
        let keys = self.entries.iter().enumerate().map(|(place, entry)| (entry.key, place));
        self.places.clear();
        self.places.extend(keys);
        for entry in old.into_values().filter(|entry| entry.registered) {
            // One that cannot be removed, because it is closed or in a call, is stale
            // once it signals.
            if let Some(socket) = entry.socket.upgrade()
                && let Ok(mut state) = socket.lock_unused()
                && let Ok(open) = state.open()
            {
                let _ = self.watcher.remove(&open.socket);
            }
        }
    }

    /// Registers all open sockets in a new facility.
    fn register_anew(&mut self, held: &mut Held) -> Result<(), Failed> {
        self.watcher = Watcher::new()?;
        self.stale = false;
        for (entry, held) in self.entries.iter_mut().zip(held) {
            entry.registered = false;
            if let Some(state) = held {
                entry.register(&mut self.watcher, state)?;
            }
        }
        Ok(())
    }

    fn note_signals(&mut self) {
        for key in &self.signaled {
            match self.places.get(key).map(|place| &mut self.entries[*place]) {
                Some(entry) if !entry.closed => entry.idle_at = None,
                _ => self.stale = true,
            }
        }
    }

    /// Asks the sockets that are not idle, in the order of the round.
    fn ask_used<T>(&mut self, round: &Round<T>) -> Result<Vec<(usize, Ready)>, Error> {
        let start = self.entries.partition_point(|entry| entry.index < round.start);
        let (before, after) = self.entries.split_at_mut(start);
        let mut ready = Vec::new();
        for entry in after.iter_mut().chain(before) {
            let Some(socket) = round.socket(entry.index) else {
                continue;
            };
            if entry.is_idle(socket) {
                continue;
            }
            match socket.lock_unused() {
                Ok(mut state) => {
                    if let Some(answer) = entry.ask(socket, &mut state)? {
                        ready.push((entry.index, answer));
                        if round.first {
                            break;
                        }
                    }
                }
                Err(Error::Forked) => entry.closed = true,
                Err(error) => return Err(error),
            }
        }
        Ok(ready)
    }

    /// Waits with all sockets locked.
    fn block<T>(&mut self, round: &Round<T>, wait: &Wait) -> Result<Vec<(usize, Ready)>, Failed> {
        let mut held = self.hold(round)?;
        let clock = wait.begin();
        let mut ready = Vec::new();
        loop {
            if self.stale {
                self.register_anew(&mut held)?;
            }
            for (entry, held) in self.entries.iter_mut().zip(&mut held) {
                if let (Some(state), Some(socket)) = (held, round.socket(entry.index))
                    && !entry.is_idle(socket)
                    && let Some(answer) = entry.ask(socket, state)?
                {
                    ready.push((entry.index, answer));
                }
            }
            if !ready.is_empty() {
                return Ok(ready);
            }
            self.check_open(round)?;
            let slice = clock.slice()?;
            if self.polls_descriptors(round) {
                let own = self.watcher.descriptor();
                round.poll_descriptors(Some(own), slice, &mut ready)?;
                self.watcher.wait(0, &mut self.signaled)?;
            } else {
                self.watcher.wait(slice, &mut self.signaled)?;
            }
            self.note_signals();
        }
    }

    /// Locks all open sockets.
    fn hold<'a, T>(&mut self, round: &Round<'a, T>) -> Result<Held<'a>, Error> {
        let mut held = Vec::with_capacity(self.entries.len());
        for entry in &mut self.entries {
            let state = match round.socket(entry.index).filter(|_| !entry.closed) {
                None => None,
                Some(socket) => match socket.lock_unused() {
                    Ok(mut state) => {
                        entry.closed = state.open().is_err();
                        (!entry.closed).then_some(state)
                    }
                    Err(Error::Forked) => {
                        entry.closed = true;
                        None
                    }
                    Err(error) => return Err(error),
                },
            };
            held.push(state);
        }
        Ok(held)
    }
}

impl Entry {
    fn is_idle(&self, socket: &Socket) -> bool {
        self.closed || self.idle_at == Some(socket.uses())
    }

    fn register(&mut self, watcher: &mut Watcher, state: &mut State) -> io::Result<()> {
        match state.open() {
            Ok(open) => {
                watcher.add(&open.socket, self.key)?;
                self.registered = true;
            }
            Err(_) => self.closed = true,
        }
        Ok(())
    }

    /// Asks the locked socket, and notes whether it is idle.
    fn ask(&mut self, socket: &Socket, state: &mut State) -> Result<Option<Ready>, Error> {
        let Ok(open) = state.open() else {
            self.closed = true;
            return Ok(None);
        };
        // It processes commands, so other pollers have to ask, too.
        socket.note_use();
        let ready = ask(open, self.events)?;
        self.idle_at = ready.is_none().then(|| socket.uses());
        Ok(ready)
    }
}

#[cfg(all(test, any(target_os = "linux", target_vendor = "apple")))]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pull, Push};
    use crate::core::options::OptionValue;
    use crate::core::poller::{MANY, Poller};
    use crate::core::socket::testing::alone;
    use std::time::{Duration, Instant};
    use std::{array, thread};

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));
    const BRIEF: Wait = Wait::new(Some(Duration::from_millis(30)));
    const COUNT: usize = 12;

    /// A poller that waits for input of many sockets, and their peers.
    struct Crowd {
        poller: Poller<usize>,
        pulls: [Arc<Socket>; COUNT],
        pushes: [Arc<Socket>; COUNT],
    }

    /// Makes a crowd whose sockets are all idle, because it was asked in vain once.
    fn crowd(name: &str) -> Crowd {
        let endpoint = |index| format!("inproc://crowd-{name}-{index}");
        let pulls = array::from_fn(|index| Socket::attached(Pull, &endpoint(index)).unwrap());
        let pushes = array::from_fn(|index| Socket::attached(Push, &endpoint(index)).unwrap());
        let crowd = Crowd { poller: Poller::default(), pulls, pushes };
        for index in 0..COUNT {
            crowd.add(index);
        }
        crowd.assert_idle();
        crowd
    }

    impl Crowd {
        fn add(&self, index: usize) {
            self.poller.add(self.source(index), Ready::IN, index).unwrap();
        }

        fn source(&self, index: usize) -> Source {
            Source::Socket(self.pulls[index].clone())
        }

        fn send(&self, index: usize) {
            self.pushes[index].send(&["x"], &SOON).unwrap();
        }

        fn receive(&self, index: usize) {
            self.pulls[index].receive(&NOW).unwrap();
        }

        fn assert_idle(&self) {
            assert!(matches!(self.poller.wait_all(&NOW), Err(Error::Again)));
            assert!(self.watches());
        }

        #[track_caller]
        fn assert_ready(&self, indexes: &[usize]) {
            for wait in [NOW, SOON] {
                let ready = self.poller.wait_all(&wait).unwrap();
                let ready: Vec<usize> = ready.into_iter().map(|(index, _)| index).collect();
                assert_eq!(ready, indexes);
            }
        }

        /// Returns true if the poller uses the facility of the system.
        fn watches(&self) -> bool {
            self.poller.facility.lock().unwrap().watched.is_some()
        }

        /// Returns how many descriptors signal.
        fn signals(&self) -> usize {
            let mut facility = self.poller.facility.lock().unwrap();
            let mut signaled = Vec::new();
            facility.watched.as_mut().unwrap().watcher.wait(0, &mut signaled).unwrap();
            signaled.len()
        }
    }

    #[test]
    fn what_stays_queued_after_a_receive_is_found() {
        let crowd = crowd("queued");
        crowd.send(3);
        crowd.send(3);
        // It takes the signal along.
        crowd.receive(3);
        assert_eq!(crowd.signals(), 0);
        crowd.assert_ready(&[3]);
        crowd.receive(3);
        crowd.assert_idle();
        crowd.send(3);
        assert_eq!(crowd.poller.wait(&SOON).unwrap(), (3, Ready::IN));
    }

    #[test]
    fn a_signal_that_another_call_has_taken_is_not_missed() {
        let crowd = crowd("taken");
        crowd.send(1);
        assert!(crowd.pulls[1].can_receive().unwrap());
        crowd.send(2);
        crowd.pulls[2].statistics().unwrap();
        crowd.send(4);
        crowd.pulls[4].poll(&SOON).unwrap();
        crowd.assert_ready(&[1, 2, 4]);
    }

    #[test]
    fn a_signal_that_another_thread_has_taken_is_not_missed() {
        let crowd = crowd("thread");
        for index in [5, 7] {
            crowd.send(index);
            crowd.send(index);
        }
        thread::scope(|scope| {
            scope.spawn(|| [5, 7].map(|index| crowd.receive(index)));
        });
        crowd.assert_ready(&[5, 7]);
    }

    #[test]
    fn a_policy_limits_the_pollers_that_take_a_descriptor() {
        let crowd = crowd("policy");
        let policy = Policy::parse("sockets 2").unwrap();
        let pollers: [Poller<usize>; 3] = array::from_fn(|_| {
            let poller = Poller::under(&policy);
            for index in 0..COUNT {
                poller.add(crowd.source(index), Ready::IN, index).unwrap();
            }
            assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
            poller
        });
        let watches = |poller: &Poller<usize>| poller.facility.lock().unwrap().watched.is_some();
        assert_eq!(pollers.each_ref().map(watches), [true, true, false]);
        crowd.send(7);
        for poller in &pollers {
            assert_eq!(poller.wait(&SOON).unwrap(), (7, Ready::IN));
        }
        let [first, second, third] = pollers;
        drop(first);
        assert!(third.remove(&crowd.source(0)));
        assert_eq!(third.wait(&SOON).unwrap(), (7, Ready::IN));
        assert!(watches(&second) && watches(&third));
    }

    #[test]
    fn a_signal_that_another_poller_has_taken_is_not_missed() {
        let crowd = crowd("pollers");
        let other = Poller::default();
        for (index, pull) in crowd.pulls.iter().enumerate() {
            other.add(Source::Socket(pull.clone()), Ready::IN, index).unwrap();
        }
        for index in [0, 6, 11] {
            assert!(matches!(other.wait(&NOW), Err(Error::Again)));
            crowd.assert_idle();
            crowd.send(index);
            assert_eq!(other.wait(&SOON).unwrap(), (index, Ready::IN));
            crowd.assert_ready(&[index]);
            crowd.receive(index);
        }
    }

    #[test]
    fn a_socket_may_be_ready_when_it_is_added() {
        let crowd = crowd("added");
        crowd.poller.remove(&crowd.source(2));
        crowd.send(2);
        crowd.assert_idle();
        assert!(crowd.pulls[2].can_receive().unwrap());
        crowd.add(2);
        // At the end now.
        crowd.send(11);
        crowd.assert_ready(&[11, 2]);
        crowd.poller.remove(&crowd.source(2));
        crowd.add(2);
        crowd.assert_ready(&[11, 2]);
    }

    #[test]
    fn room_for_output_is_found() {
        let crowd = crowd("room");
        let pull = Socket::new(Pull).unwrap();
        let push = Socket::new(Push).unwrap();
        for (socket, mark) in [(&pull, "rcvhwm"), (&push, "sndhwm")] {
            socket.set_option(mark, &OptionValue::Int(1)).unwrap();
        }
        pull.bind("inproc://crowd-out").unwrap();
        push.connect("inproc://crowd-out").unwrap();
        for consumed in [false, true] {
            crowd.poller.add(Source::Socket(push.clone()), Ready::OUT, 99).unwrap();
            crowd.assert_ready(&[99]);
            while push.send(&["x"], &NOW).is_ok() {}
            crowd.assert_idle();
            while pull.receive(&NOW).is_ok() {}
            if consumed {
                assert!(push.can_send().unwrap());
            }
            assert_eq!(crowd.poller.wait(&SOON).unwrap(), (99, Ready::OUT));
        }
    }

    #[test]
    fn other_events_are_asked_for_anew() {
        let crowd = crowd("events");
        let dealer = Socket::attached(Dealer, "@inproc://crowd-dealer").unwrap();
        let peer = Socket::attached(Dealer, ">inproc://crowd-dealer").unwrap();
        let want = |events| {
            crowd.poller.add(Source::Socket(dealer.clone()), events, 99).unwrap();
        };
        want(Ready::IN);
        crowd.assert_idle();
        want(Ready::OUT);
        crowd.assert_ready(&[99]);
        want(Ready::IN);
        crowd.assert_idle();
        want(Ready::BOTH);
        peer.send(&["x"], &SOON).unwrap();
        assert_eq!(crowd.poller.wait(&SOON).unwrap(), (99, Ready::BOTH));
    }

    #[test]
    fn the_order_is_that_of_the_list() {
        let crowd = crowd("order");
        for index in [9, 4, 6] {
            crowd.send(index);
            crowd.send(index);
        }
        crowd.assert_ready(&[4, 6, 9]);
        assert_eq!(crowd.poller.wait(&NOW).unwrap().0, 4);
        // It signals, while another one is known to be ready.
        crowd.send(2);
        assert_eq!(crowd.poller.wait(&NOW).unwrap().0, 2);
        crowd.poller.set_fair(true);
        let found = || crowd.poller.wait(&SOON).unwrap().0;
        assert_eq!([(); 6].map(|()| found()), [2, 4, 6, 9, 2, 4]);
        crowd.send(5);
        crowd.send(3);
        assert_eq!([(); 4].map(|()| found()), [5, 6, 9, 2]);
    }

    #[test]
    fn closed_sockets_are_skipped() {
        let crowd = crowd("closed");
        crowd.send(1);
        crowd.send(2);
        crowd.pulls[0].close(None).unwrap();
        crowd.pulls[1].close(None).unwrap();
        crowd.assert_ready(&[2]);
        crowd.receive(2);
        assert!(matches!(crowd.poller.wait(&BRIEF), Err(Error::Again)));
        crowd.poller.remove_skipped();
        assert_eq!(crowd.poller.count(), COUNT - 2);
        for pull in &crowd.pulls {
            pull.close(None).unwrap();
        }
        assert!(matches!(crowd.poller.wait(&NOW), Err(Error::Closed)));
        assert!(matches!(crowd.poller.wait(&Wait::new(None)), Err(Error::Closed)));
        crowd.poller.remove_skipped();
        assert_eq!(crowd.poller.count(), 0);
    }

    #[test]
    fn descriptors_of_removed_and_closed_sockets_do_not_wake_it() {
        let crowd = crowd("stale");
        // Like the socket of a proxy, it is open, but no longer this one.
        let taken = crowd.pulls[0].move_out().unwrap();
        crowd.send(0);
        // It cannot be removed during a call.
        let call = crowd.pulls[1].lock().unwrap();
        crowd.poller.remove(&crowd.source(1));
        crowd.send(2);
        crowd.assert_ready(&[2]);
        drop(call);
        crowd.send(1);
        crowd.receive(2);
        assert!(crowd.signals() >= 2);
        assert!(matches!(crowd.poller.wait(&BRIEF), Err(Error::Again)));
        assert_eq!(crowd.signals(), 0);
        crowd.send(5);
        crowd.assert_ready(&[5]);
        drop(taken);
    }

    #[test]
    fn many_sockets_may_come_and_go() {
        let crowd = crowd("churn");
        for round in 0..200 {
            let index = round % COUNT;
            crowd.poller.remove(&crowd.source(index));
            crowd.send(index);
            crowd.assert_idle();
            crowd.add(index);
            crowd.assert_ready(&[index]);
            crowd.receive(index);
            let endpoint = format!("inproc://crowd-churn-more-{round}");
            let more = Socket::attached(Pull, &endpoint).unwrap();
            let push = Socket::attached(Push, &endpoint).unwrap();
            crowd.poller.add(Source::Socket(more.clone()), Ready::IN, round).unwrap();
            crowd.assert_idle();
            push.send(&["x"], &SOON).unwrap();
            crowd.assert_ready(&[round]);
            crowd.poller.remove(&Source::Socket(more));
        }
        let facility = crowd.poller.facility.lock().unwrap();
        assert!(facility.watched.as_ref().unwrap().watcher.count() < 100);
    }

    #[test]
    fn a_socket_is_released_when_it_is_removed() {
        let crowd = crowd("released");
        let socket = Socket::new(Pull).unwrap();
        let weak = Arc::downgrade(&socket);
        let source = Source::Socket(socket);
        crowd.poller.add(source.clone(), Ready::IN, 99).unwrap();
        crowd.assert_idle();
        crowd.poller.remove(&source);
        drop(source);
        assert!(weak.upgrade().is_none());
        crowd.assert_idle();
    }

    #[test]
    fn a_wait_locks_all_sockets_and_can_be_stopped() {
        let crowd = crowd("stop");
        let stop = || {
            for (index, pull) in crowd.pulls.iter().enumerate() {
                assert!(matches!(pull.receive(&NOW), Err(Error::Busy)));
                assert!(crowd.poller.contains(&crowd.source(index)));
            }
            assert!(matches!(crowd.poller.wait(&NOW), Err(Error::Busy)));
            crowd.poller.remove(&crowd.source(0));
            true
        };
        let wait = Wait::new(None).until(Some(&stop));
        assert!(matches!(crowd.poller.wait(&wait), Err(Error::Interrupted)));
        assert!(crowd.poller.terminated());
        assert_eq!(crowd.poller.count(), COUNT - 1);
        crowd.send(1);
        crowd.assert_ready(&[1]);
        let call = crowd.pulls[5].lock().unwrap();
        assert!(matches!(crowd.poller.wait_all(&NOW), Err(Error::Busy)));
        drop(call);
        crowd.assert_ready(&[1]);
    }

    #[test]
    fn a_wait_goes_on_after_each_check_and_times_out() {
        let crowd = crowd("slices");
        let sent = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(250));
                crowd.send(8);
            });
            crowd.poller.wait(&SOON.until(Some(&|| false))).unwrap()
        });
        assert_eq!(sent, (8, Ready::IN));
        crowd.receive(8);
        let begin = Instant::now();
        assert!(matches!(crowd.poller.wait(&BRIEF), Err(Error::Again)));
        assert!(crowd.poller.expired() && begin.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn descriptors_are_waited_for_together_with_many_sockets() {
        use std::io::{Read, Write};
        use std::os::fd::AsRawFd;
        use std::os::unix::net::UnixStream;

        // Another test could open a descriptor with the number of the one that is closed.
        const NAME: &str = "core::poller::watched::tests::\
                            descriptors_are_waited_for_together_with_many_sockets";
        if !alone(NAME, None) {
            return;
        }
        let crowd = crowd("descriptors");
        let (mut reader, mut writer) = UnixStream::pair().unwrap();
        let descriptor = Source::Descriptor(reader.as_raw_fd());
        crowd.poller.add(descriptor, Ready::IN, 50).unwrap();
        crowd.assert_idle();
        crowd.poller.remove(&crowd.source(0));
        crowd.add(0);
        writer.write_all(b"x").unwrap();
        for _ in 0..2 {
            crowd.assert_ready(&[50]);
        }
        crowd.send(0);
        crowd.send(3);
        crowd.assert_ready(&[3, 50, 0]);
        crowd.receive(3);
        assert_eq!(crowd.poller.wait(&SOON).unwrap(), (50, Ready::IN));
        crowd.poller.set_fair(true);
        let found = || crowd.poller.wait(&SOON).unwrap().0;
        assert_eq!([(); 4].map(|()| found()), [50, 0, 50, 0]);
        reader.read_exact(&mut [0]).unwrap();
        crowd.receive(0);
        assert!(matches!(crowd.poller.wait(&BRIEF), Err(Error::Again)));
        thread::scope(|scope| {
            scope.spawn(|| crowd.poller.wait(&SOON).map(|found| assert_eq!(found.0, 4)).unwrap());
            thread::sleep(Duration::from_millis(20));
            crowd.send(4);
        });
        crowd.receive(4);
        // A descriptor that is closed while others are polled fails.
        drop(reader);
        let ready = crowd.poller.wait_all(&SOON).unwrap();
        assert!(ready.iter().all(|(index, ready)| *index == 50 && (ready.error || ready.input)));
        for pull in &crowd.pulls {
            pull.close(None).unwrap();
        }
        assert!(crowd.poller.wait(&NOW).is_ok());
    }

    #[test]
    fn a_poller_without_the_facility_asks_all_sockets() {
        let crowd = crowd("without");
        crowd.send(3);
        {
            let mut facility = crowd.poller.facility.lock().unwrap();
            let version = crowd.poller.list().version;
            facility.refused = Some(version);
        }
        crowd.assert_ready(&[3]);
        assert!(!crowd.watches());
        // It tries again when the list has changed.
        crowd.poller.remove(&crowd.source(0));
        crowd.assert_ready(&[3]);
        assert!(crowd.watches());
    }

    #[test]
    fn few_sockets_need_no_facility() {
        let crowd = crowd("few");
        for index in MANY / 2..COUNT {
            assert!(crowd.watches());
            crowd.poller.remove(&crowd.source(index));
            crowd.send(0);
            crowd.assert_ready(&[0]);
            crowd.receive(0);
        }
        crowd.poller.remove(&crowd.source(0));
        crowd.send(1);
        crowd.assert_ready(&[1]);
        assert!(!crowd.watches());
        for index in 4..MANY {
            crowd.add(index);
        }
        crowd.assert_ready(&[1]);
        assert!(!crowd.watches());
    }

    /// Threads send at random to 100 sockets, and every message arrives. The sockets are
    /// sometimes used outside of the poller.
    #[test]
    fn every_message_is_delivered() {
        const SOCKETS: usize = 100;
        const THREADS: usize = 4;
        const MESSAGES: usize = 5_000;
        let deadline = Instant::now() + Duration::from_secs(120);
        let dir = tempfile::tempdir().unwrap();
        let endpoint = |index: usize| match index % 10 {
            0 => format!("ipc://{}/{index}", dir.path().display()),
            _ => format!("inproc://crowd-stress-{index}"),
        };
        let pulls: Vec<_> =
            (0..SOCKETS).map(|index| Socket::attached(Pull, &endpoint(index)).unwrap()).collect();
        let poller = Poller::default();
        for (index, pull) in pulls.iter().enumerate() {
            poller.add(Source::Socket(pull.clone()), Ready::IN, index).unwrap();
        }
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let endpoint = &endpoint;
                scope.spawn(move || {
                    let own = (thread..SOCKETS).step_by(THREADS);
                    let pushes: Vec<_> =
                        own.map(|at| Socket::attached(Push, &endpoint(at)).unwrap()).collect();
                    let mut chance = fastrand::Rng::with_seed(thread as u64);
                    for _ in 0..MESSAGES {
                        let push = &pushes[chance.usize(..pushes.len())];
                        push.send(&["x"], &SOON).unwrap();
                        if chance.u8(..) < 8 {
                            thread::sleep(Duration::from_micros(chance.u64(..500)));
                        }
                    }
                });
            }
            let mut chance = fastrand::Rng::with_seed(7);
            let mut missing = THREADS * MESSAGES;
            while missing > 0 {
                assert!(Instant::now() < deadline, "{missing} messages are missing");
                poller.set_fair(chance.bool());
                let ready = match chance.bool() {
                    true => vec![poller.wait(&SOON).unwrap()],
                    false => poller.wait_all(&SOON).unwrap(),
                };
                for (index, _) in ready {
                    for _ in 0..chance.usize(..3) {
                        missing -= usize::from(pulls[index].receive(&NOW).is_ok());
                    }
                }
                match chance.u8(..16) {
                    0 => {
                        missing -= usize::from(pulls[chance.usize(..SOCKETS)].receive(&NOW).is_ok())
                    }
                    // They take all signals along.
                    1..4 => pulls.iter().for_each(|pull| drop(pull.can_receive())),
                    4 => {
                        let index = chance.usize(..SOCKETS);
                        let source = Source::Socket(pulls[index].clone());
                        poller.remove(&source);
                        poller.add(source, Ready::IN, index).unwrap();
                    }
                    _ => {}
                }
            }
            assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
        });
    }
}
