//! The thread of a proxy.

use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use zmq::PollEvents;

use super::capture::Capture;
use super::direction::Direction;
use super::faults::Faults;
use super::route::{Kind, Route, Waits};
use super::{Link, Side, State, compatibility};
use crate::core::bell;
use crate::core::context;
use crate::core::error::Error;
use crate::core::socket::open::Open;
use crate::core::socket_type::SocketType::{self, Pull, Router, Xpub, Xsub};
use crate::core::statistics::Statistics;

/// A command for the thread. It replies to each one when it is done.
pub(super) enum Command {
    /// Removes the socket of a side.
    Take(Side, Sender<Option<Seat>>),
    /// Sets the socket of a side.
    Put(Side, Box<Seat>, Sender<()>),
    /// Sets or removes the capture socket.
    Capture(Option<Box<Capture>>, Sender<()>),
    Pause(bool, Sender<()>),
    Faults(Faults, Sender<()>),
    /// Asks for the statistics of the socket of a side.
    Statistics(Side, Sender<Option<Result<Statistics, Error>>>),
    /// Does nothing; the reply means that all earlier messages are counted.
    Count(Sender<()>),
    /// Forwards what has arrived, for up to this time, and stops.
    Stop(Duration),
}

/// How long a proxy that finishes waits for messages that are about to arrive.
const PAUSE: Duration = Duration::from_millis(5);

/// The socket of a side.
pub(super) struct Seat {
    pub socket_type: SocketType,
    pub open: Open,
    /// True if it was subscribed to something.
    pub subscribed: bool,
    /// True if it was never used as a side before.
    pub fresh: bool,
}

pub(super) struct Worker {
    link: Arc<Link>,
    commands: Receiver<Command>,
    /// Rings when there is a command.
    bell: Open,
    sides: [Option<Seat>; 2],
    /// From the frontend to the backend, and back.
    directions: [Direction; 2],
    kinds: [Option<Kind>; 2],
    capture: Option<Box<Capture>>,
    paused: bool,
}

/// The readiness of each side's socket.
type Ready = [PollEvents; 2];

impl Worker {
    pub fn new(link: Arc<Link>, commands: Receiver<Command>, bell: Open) -> Worker {
        Worker {
            link,
            commands,
            bell,
            sides: [None, None],
            directions: [Direction::new(), Direction::new()],
            kinds: [None, None],
            capture: None,
            paused: false,
        }
    }

    /// Works until it is told to stop or the context ends.
    pub fn run(mut self) {
        // The only error of libzmq here is the end of the context.
        let _ = self.work();
    }

    fn work(&mut self) -> zmq::Result<()> {
        loop {
            let ready = self.rest()?;
            if !self.obey()? {
                return self.flush();
            }
            if self.runs() {
                self.turn(Side::Frontend, &ready)?;
                self.turn(Side::Backend, &ready)?;
            }
        }
    }

    fn runs(&self) -> bool {
        !self.paused && self.sides.iter().all(Option::is_some)
    }

    /// Waits until there is something to do, and returns what the sides can do.
    fn rest(&mut self) -> zmq::Result<Ready> {
        let mut events = [PollEvents::empty(); 2];
        let mut time = None;
        for (from, direction) in self.directions.iter().enumerate() {
            if self.runs() && self.kinds[from].is_some() {
                events[from].set(zmq::POLLIN, direction.waits.source);
                if direction.waits.target {
                    events[1 - from] |= zmq::POLLOUT;
                }
                time = [time, direction.waits.time()].into_iter().flatten().min();
            }
        }
        for seat in self.sides.iter_mut().flatten() {
            seat.open.update();
        }
        let mut items = vec![self.bell.socket.as_poll_item(zmq::POLLIN)];
        let mut polled = Vec::new();
        for (index, side) in self.sides.iter().enumerate() {
            if let Some(seat) = side {
                // Even without a message, a socket has to talk to its peers: a SUB
                // sends its subscriptions to each new one.
                let events = events[index] | zmq::POLLERR;
                items.push(seat.open.socket.as_poll_item(events));
                polled.push(index);
            }
        }
        // Rounded up, so that the last fraction of a millisecond is not spent spinning.
        let ms = |time: Duration| time.as_nanos().div_ceil(1_000_000).try_into();
        let ms = time.map_or(-1, |time| ms(time).unwrap_or(i64::MAX));
        match zmq::poll(&mut items, ms) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error),
        }
        let mut ready = [PollEvents::empty(); 2];
        for (index, item) in polled.into_iter().zip(&items[1..]) {
            ready[index] = item.get_revents();
        }
        Ok(ready)
    }

    /// Gives one direction its turn.
    fn turn(&mut self, from: Side, ready: &Ready) -> zmq::Result<()> {
        let index = from as usize;
        let direction = &mut self.directions[index];
        let (Some(kind), [Some(front), Some(back)]) = (self.kinds[index], &mut self.sides) else {
            return Ok(());
        };
        let (from, to) = match from {
            Side::Frontend => (front, back),
            Side::Backend => (back, front),
        };
        let readable = ready[index].contains(zmq::POLLIN);
        let writable = ready[1 - index].contains(zmq::POLLOUT);
        if !direction.waits.over(readable, writable) {
            return Ok(());
        }
        // Nothing is received from one side while the other cannot send.
        if kind != Kind::Nothing
            && !writable
            && !to.open.socket.get_events()?.contains(zmq::POLLOUT)
        {
            direction.waits = Waits::TARGET;
            return Ok(());
        }
        let mut route = Route {
            from: &mut from.open.socket,
            to: &mut to.open.socket,
            kind,
            counters: &self.link.board.directions[index],
            capture: self.capture.as_deref_mut(),
            uncaptured: &self.link.board.capture,
        };
        direction.turn(&mut route)
    }

    /// Forwards the messages that have arrived, for up to `time`. Then it unbinds PULL
    /// sockets, whose peers keep what they have not sent yet, and forwards the rest.
    fn drain(&mut self, time: Duration) -> zmq::Result<()> {
        let end = Instant::now() + time;
        if time.is_zero() || !self.runs() {
            return Ok(());
        }
        let idle = |_: &mut Worker| false;
        self.forward_until(end, idle)?;
        let mut pulls: Vec<&mut Seat> =
            self.sides.iter_mut().flatten().filter(|seat| seat.socket_type == Pull).collect();
        if pulls.is_empty() {
            return Ok(());
        }
        pulls.iter_mut().for_each(|seat| seat.open.unbind_all());
        self.forward_until(end, |worker| {
            let mut seats = worker.sides.iter_mut().flatten();
            seats.any(|seat| seat.socket_type == Pull && seat.open.is_connected())
        })
    }

    /// Forwards messages until `end`, or until none has arrived for a moment and nothing is
    /// expected.
    fn forward_until(
        &mut self,
        end: Instant,
        expects: impl Fn(&mut Worker) -> bool,
    ) -> zmq::Result<()> {
        let mut paused = false;
        while Instant::now() < end {
            let mut ready = [PollEvents::empty(); 2];
            for (ready, seat) in ready.iter_mut().zip(self.sides.iter_mut().flatten()) {
                *ready = seat.open.socket.get_events()?;
            }
            self.turn(Side::Frontend, &ready)?;
            self.turn(Side::Backend, &ready)?;
            let kinds = self.kinds.iter().zip(&self.directions);
            let mut waits = kinds.filter(|(kind, _)| kind.is_some()).map(|(_, way)| way.waits);
            if waits.clone().any(|waits| waits == Waits::TURN) {
                paused = false;
                continue;
            }
            if paused && !waits.any(|waits| waits.target) && !expects(self) {
                break;
            }
            thread::sleep(PAUSE);
            paused = true;
        }
        Ok(())
    }

    /// Sends the messages it still holds, as far as possible.
    fn flush(&mut self) -> zmq::Result<()> {
        let [Some(front), Some(back)] = &mut self.sides else {
            return Ok(());
        };
        let ([there, back_again], kinds) = (&mut self.directions, self.kinds);
        let [to_backend, to_frontend] = &self.link.board.directions;
        let uncaptured = &self.link.board.capture;
        let (front, back) = (&mut front.open.socket, &mut back.open.socket);
        if let Some(kind) = kinds[0] {
            let counters = to_backend;
            let route = Route { from: front, to: back, kind, counters, capture: None, uncaptured };
            there.flush(route)?;
        }
        if let Some(kind) = kinds[1] {
            let counters = to_frontend;
            let route = Route { from: back, to: front, kind, counters, capture: None, uncaptured };
            back_again.flush(route)?;
        }
        Ok(())
    }

    /// Executes pending commands. Returns false if one of them is to stop.
    fn obey(&mut self) -> zmq::Result<bool> {
        bell::silence(&self.bell)?;
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Take(side, reply) => {
                    let seat = self.sides[side as usize].take();
                    self.answer(&reply, seat);
                }
                Command::Put(side, seat, reply) => {
                    self.put(side, *seat)?;
                    self.answer(&reply, ());
                }
                Command::Capture(capture, reply) => {
                    self.set_capture(capture);
                    self.answer(&reply, ());
                }
                Command::Pause(paused, reply) => {
                    self.paused = paused;
                    self.answer(&reply, ());
                }
                Command::Faults(faults, reply) => {
                    self.set_faults(&faults);
                    self.answer(&reply, ());
                }
                Command::Statistics(side, reply) => {
                    let seat = self.sides[side as usize].as_mut();
                    let statistics = seat.map(|seat| seat.open.statistics());
                    self.answer(&reply, statistics);
                }
                Command::Count(reply) => self.answer(&reply, ()),
                Command::Stop(time) => {
                    self.drain(time)?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn answer<T>(&self, reply: &Sender<T>, answer: T) {
        self.link.board.set_state(match self.paused {
            true => State::Paused,
            false if self.runs() => State::Running,
            false => State::Waiting,
        });
        // The caller may have given up.
        let _ = reply.send(answer);
    }

    fn put(&mut self, side: Side, mut seat: Seat) -> zmq::Result<()> {
        if mem::take(&mut seat.fresh) {
            match seat.socket_type {
                // The subscribers of the previous socket are gone.
                Xpub => self.directions[side as usize].unsubscribe(),
                Xsub => self.directions[side.other() as usize].resubscribe(),
                _ => {}
            }
        }
        self.sides[side as usize] = Some(seat);
        let [Some(front), Some(back)] = &mut self.sides else {
            return Ok(());
        };
        self.kinds = [kind(front, back), kind(back, front)];
        self.directions.iter_mut().for_each(Direction::restart);
        subscribe(front, back)?;
        subscribe(back, front)
    }

    fn set_capture(&mut self, capture: Option<Box<Capture>>) {
        if let Some(old) = mem::replace(&mut self.capture, capture) {
            context::closed(old.open.close());
        }
    }

    fn set_faults(&mut self, faults: &Faults) {
        for (number, direction) in (0..).zip(&mut self.directions) {
            direction.set_faults(faults, number);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let seats = self.sides.iter_mut().filter_map(Option::take).map(|seat| seat.open);
        let capture = self.capture.take().map(|capture| capture.open);
        let lingers: Vec<Option<Duration>> = seats.chain(capture).map(Open::close).collect();
        lingers.iter().for_each(|linger| context::closed(*linger));
        // `None` is forever, longer than any duration.
        let longest = lingers.into_iter().reduce(|one, other| Some(one?.max(other?)));
        self.link.board.end(longest.unwrap_or(Some(Duration::ZERO)));
    }
}

fn kind(from: &Seat, to: &Seat) -> Option<Kind> {
    match (from.socket_type, to.socket_type) {
        (Xpub, Xsub) => Some(Kind::Subscriptions),
        (from, to) if compatibility::forwards(from, to) => {
            Some(if to == Router { Kind::Addressed } else { Kind::Messages })
        }
        (Xpub, _) => Some(Kind::Nothing),
        _ => None,
    }
}

/// Subscribes an XSUB: one that no XPUB sends subscriptions to receives everything.
fn subscribe(seat: &mut Seat, other: &Seat) -> zmq::Result<()> {
    if seat.socket_type == Xsub && other.socket_type != Xpub && !seat.subscribed {
        seat.subscribed = true;
        return seat.open.socket.send(&[1_u8][..], 0);
    }
    Ok(())
}
