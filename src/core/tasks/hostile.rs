//! A queue and a worker whose peers send anything, for the fuzz target `tasks` and for nothing
//! else. Time passes only when the target says so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Settings;
use super::ledger::Ledger;
use super::protocol::{FromQueue, FromWorker, Mention, NO_SESSION, Session};
use super::station::Station;
use crate::core::message::Frame;

/// The routing id of the worker that does what it should.
pub const HONEST: &[u8] = b"honest";

/// The maximum number of rounds in which letters are exchanged at one time.
const ROUNDS: usize = 20;

/// The number of heartbeats after which all tasks must have a result.
const BEATS: usize = 2000;

/// The number of heartbeats after which a worker and its queue must agree on their session.
const BEATS_UNTIL_KNOWN: usize = 4;

/// The maximum number of tasks that hostile workers remember.
const REMEMBERED: usize = 256;

/// A queue with an honest worker and hostile ones, and a worker with a hostile queue.
pub struct Stage {
    ledger: Ledger,
    heartbeat: Duration,
    honest: Station,
    /// The worker whose queue is hostile.
    victim: Station,
    now: Instant,
    /// The sessions of hostile workers.
    sessions: HashMap<Vec<u8>, Session>,
    /// The last tasks that hostile workers were given.
    given: Vec<Mention>,
    /// The number of tasks whose results are collected, of results that were taken, and of
    /// tasks that were withdrawn.
    claimed: u64,
    taken: u64,
    withdrawn: u64,
}

fn frames(parts: &[Vec<u8>]) -> Vec<Frame> {
    parts.iter().map(|part| Frame::from(&part[..])).collect()
}

fn joined(head: Vec<u8>, payloads: Vec<Frame>) -> Vec<Frame> {
    [Frame::from(head)].into_iter().chain(payloads).collect()
}

impl Stage {
    /// Makes a queue with these settings, which are in their ranges.
    pub fn new(settings: Settings) -> Stage {
        assert!(settings.check().is_ok(), "{settings:?}");
        let (now, heartbeat) = (Instant::now(), settings.heartbeat);
        let station = || Station::new("name".to_owned(), 1000, heartbeat, now);
        let (mut honest, mut victim) = (station(), station());
        honest.set_open(true);
        victim.set_open(true);
        Stage {
            ledger: Ledger::new(settings, [7; 8]),
            heartbeat,
            honest,
            victim,
            now,
            sessions: HashMap::new(),
            given: Vec::new(),
            claimed: 0,
            taken: 0,
            withdrawn: 0,
        }
    }

    /// Adds tasks, and collects their results if nothing else is collected.
    pub fn add(&mut self, count: u64, claim: bool) {
        let first = self.ledger.stats().added + 1;
        for _ in 0..count {
            self.ledger.add(Frame::from(&b"task"[..]));
        }
        if claim && !self.ledger.is_claimed() {
            self.ledger.claim(first..first + count);
            self.claimed = count;
        }
    }

    /// Ends the collection; tasks without a result are withdrawn.
    pub fn take_claim(&mut self) {
        for outcome in self.ledger.take_claim() {
            match outcome {
                Some(_) => self.taken += 1,
                None => self.withdrawn += 1,
            }
        }
        self.claimed = 0;
    }

    /// Takes a result: the first one, or that of a task. Returns false if there is none.
    pub fn take(&mut self, number: Option<u64>) -> bool {
        let outcome = match number {
            Some(number) => self.ledger.take_of(number),
            None => self.ledger.take(),
        };
        let Some(outcome) = outcome else {
            return false;
        };
        assert!(number.is_none_or(|number| outcome.task == number), "{outcome:?}");
        self.taken += 1;
        true
    }

    /// Returns the session of a hostile worker.
    pub fn session(&self, worker: &[u8]) -> [u8; 16] {
        self.sessions.get(worker).copied().unwrap_or(NO_SESSION)
    }

    /// Returns the number and the delivery of a task that a hostile worker was given.
    pub fn given(&self, index: usize) -> (u64, u32) {
        let mention = self.given.get(index % self.given.len().max(1));
        mention.map_or((1, 1), |mention| (mention.number, mention.delivery))
    }

    /// Passes the queue a message of a hostile worker, or of libzmq in its place.
    pub fn worker_says(&mut self, worker: &[u8], parts: &[Vec<u8>]) {
        self.ledger.handle(self.now, worker, &mut frames(parts));
        self.check();
    }

    /// Tells the queue that a message did not reach a worker, which may still be there.
    pub fn undeliverable(&mut self, worker: &[u8], there: bool) {
        self.ledger.undeliverable(self.now, worker, there);
        self.check();
    }

    /// Passes the victim a message of its queue, lets it take up to `tasks` tasks, of which it
    /// finishes some, and reads what it sends.
    pub fn queue_says(&mut self, parts: &[Vec<u8>], tasks: usize) {
        self.victim.handle(self.now, &mut frames(parts));
        for index in 0..tasks {
            let Some(task) = self.victim.take(self.now) else {
                break;
            };
            match index % 3 {
                0 => self.victim.finish(self.now, &task, Ok(Frame::default())),
                1 => self.victim.give_back(&task),
                _ => {}
            }
        }
        self.victim.tick(self.now);
        for (head, payloads) in self.victim.letters() {
            let frames = joined(head, payloads);
            assert!(FromWorker::parse(&frames).is_some(), "{frames:?}");
        }
        assert!(self.victim.next_due().is_some_and(|due| due > self.now));
    }

    /// Lets the victim pause, go on, notice that a connection is there or not, or leave.
    pub fn change_victim(&mut self, change: usize) {
        match change {
            0 | 1 => _ = self.victim.set_open(change == 1),
            2 => self.victim.announce(),
            3 => self.victim.undeliverable(),
            _ => self.victim.leave(),
        }
    }

    /// Lets the honest worker finish a task, or give it back. Returns false if it has none.
    pub fn work(&mut self, finish: bool) -> bool {
        let Some(task) = self.honest.take(self.now) else {
            return false;
        };
        match finish {
            true => self.honest.finish(self.now, &task, Ok(Frame::default())),
            false => self.honest.give_back(&task),
        }
        true
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Does what is due, and delivers all letters.
    pub fn turn(&mut self) {
        self.ledger.tick(self.now);
        self.honest.tick(self.now);
        for _ in 0..ROUNDS {
            self.ledger.assign(self.now);
            let (letters, answers) = (self.ledger.letters(), self.honest.letters());
            if letters.is_empty() && answers.is_empty() {
                break;
            }
            for (to, head, payloads) in letters {
                self.deliver(&to, joined(head, payloads));
            }
            for (head, payloads) in answers {
                let mut frames = joined(head, payloads);
                assert!(FromWorker::parse(&frames).is_some(), "{frames:?}");
                self.ledger.handle(self.now, HONEST, &mut frames);
            }
            self.check();
        }
        if let Some(due) = self.ledger.next_due() {
            assert!(due > self.now, "it would spin");
        }
    }

    fn deliver(&mut self, to: &[u8], mut frames: Vec<Frame>) {
        let (session, message) = FromQueue::parse(&frames).expect("it is a message of a queue");
        if to == HONEST {
            return self.honest.handle(self.now, &mut frames);
        }
        match message {
            FromQueue::Welcome { .. } => _ = self.sessions.insert(to.to_vec(), session),
            FromQueue::Tasks(records) => {
                self.given.extend(records.iter().map(|record| record.mention));
                let old = self.given.len().saturating_sub(REMEMBERED);
                self.given.drain(..old);
            }
            _ => {}
        }
    }

    /// Every task is in one place.
    fn check(&self) {
        let stats = self.ledger.stats();
        let unfinished = stats.waiting + stats.running;
        let finished = stats.done + stats.failed;
        assert_eq!(stats.added, unfinished + finished + self.withdrawn, "{stats:?}");
        let collected = self.claimed - self.ledger.missing() as u64;
        let open = unfinished + finished - self.taken - collected;
        assert_eq!(self.ledger.open() as u64, open, "{stats:?}");
    }

    /// Once the hostile workers are silent, every task gets a result.
    pub fn end(mut self) {
        for _ in 0..BEATS {
            self.turn();
            while self.work(true) {
                self.turn();
            }
            while self.take(None) {}
            let stats = self.ledger.stats();
            if stats.waiting + stats.running == 0 {
                self.take_claim();
                self.check();
                assert_eq!(self.ledger.open(), 0);
                // The honest worker notices if the queue has dropped it.
                for _ in 0..BEATS_UNTIL_KNOWN {
                    self.pass(self.heartbeat);
                    self.turn();
                }
                self.ledger.stop_workers();
                self.turn();
                assert!(self.honest.stopped, "it knows the queue");
                self.ledger.close();
                self.turn();
                return;
            }
            self.pass(self.heartbeat);
        }
        panic!("tasks without a result: {:?}", self.ledger.stats());
    }
}
