//! The books of a queue: which tasks wait, which worker holds which, and what came of
//! them. It knows neither sockets nor clocks: messages and times are passed in, and the
//! messages to send are left in an outbox.
//!
//! A worker is supposed to run its tasks in the order in which it got them, so only the
//! first one that it holds counts as started. If the worker is lost, that task is blamed
//! and from then on goes to a worker alone, so that a task that kills its workers cannot
//! take the blame to others.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::protocol::{self, Failure, FromWorker, Mention, NO_SESSION, Room, Session, TaskRecord};
use super::{FAILED, Settings, TIMED_OUT};
use crate::core::message::Frame;

/// A worker holds tasks for about this long. More would not make it faster, but it would
/// hold tasks that another worker could run.
const AHEAD: Duration = Duration::from_millis(20);

/// A worker that holds this many bytes gets no further task before it has one to run next.
const AHEAD_BYTES: usize = 4 << 20;

/// Received frames up to this size are copied before they are kept. libzmq leaves frames in
/// the buffer that it has read them into, so a short one could occupy many kilobytes.
const COPIED: usize = 4096;

/// The maximum number of workers. Others are refused.
const WORKERS: usize = 1 << 16;

/// A worker that is silent for this many heartbeats is lost.
const SILENT: u32 = 3;

/// What came of a task.
#[derive(Debug)]
pub struct Outcome {
    /// The number of the task.
    pub task: u64,
    /// The value that the worker returned, or why there is none.
    pub result: Result<Frame, Failure>,
    /// How often the task was started.
    pub attempts: u32,
    /// The name of the worker that finished it or had it last.
    pub worker: Arc<str>,
}

/// The state of a queue in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Tasks that were added.
    pub added: u64,
    /// Tasks that no worker holds yet.
    pub waiting: u64,
    /// Tasks that a worker holds.
    pub running: u64,
    /// Tasks that were finished.
    pub done: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Times that a task was given to another worker because its worker was lost, exceeded
    /// the time limit or gave it back.
    pub retried: u64,
    /// Results that were ignored, because the task belonged to another worker by then.
    pub late: u64,
    /// Messages that were not understood.
    pub invalid: u64,
    /// Workers that are there.
    pub workers: u64,
    /// Workers that were lost: they died, or were silent for too long.
    pub lost: u64,
}

/// A message for a worker: its routing id, the head, and the payloads.
pub(super) type Letter = (Arc<[u8]>, Vec<u8>, Vec<Frame>);

/// The tasks that a worker holds, in the order in which it got them, and their sizes.
#[derive(Debug, Default)]
struct Held {
    tasks: VecDeque<(Mention, usize)>,
    bytes: usize,
}

impl Held {
    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn len(&self) -> usize {
        self.tasks.len()
    }

    fn first(&self) -> Option<Mention> {
        self.tasks.front().map(|(mention, _)| *mention)
    }

    fn push(&mut self, mention: Mention, size: usize) {
        self.tasks.push_back((mention, size));
        self.bytes += size;
    }

    /// Removes a task. Returns false if it is not held.
    fn remove(&mut self, mention: Mention) -> bool {
        let Some(index) = self.tasks.iter().position(|(held, _)| *held == mention) else {
            return false;
        };
        self.bytes -= self.tasks.remove(index).map_or(0, |(_, size)| size);
        true
    }

    /// Removes some tasks and returns them.
    fn take(&mut self, which: impl Fn(&Mention) -> bool) -> Vec<Mention> {
        let (taken, left) = self.tasks.drain(..).partition::<Vec<_>, _>(|(held, _)| which(held));
        self.bytes = left.iter().map(|(_, size)| size).sum();
        self.tasks = left.into();
        taken.into_iter().map(|(mention, _)| mention).collect()
    }

    /// Returns true if the worker has enough to do for now, by the sizes of its tasks.
    fn is_heavy(&self) -> bool {
        self.tasks.len() > 1 && self.bytes >= AHEAD_BYTES
    }
}

#[derive(Debug)]
struct Task {
    payload: Frame,
    /// How often it was given to a worker.
    deliveries: u32,
    /// How often it was started and not finished.
    attempts: u32,
    held: bool,
}

#[derive(Debug)]
struct Worker {
    session: Session,
    name: Arc<str>,
    /// How many tasks it accepts at a time.
    credit: usize,
    held: Held,
    /// When it started the first of them, at the latest.
    since: Instant,
    heard: Instant,
    /// When it was last sent something.
    told: Instant,
    /// The task that exceeded its time limit. The worker gets no other one until it has
    /// answered.
    stuck: Option<Mention>,
    /// True if it holds a task that was blamed, and gets no other.
    alone: bool,
    /// True if it gets nothing until it holds nothing, to run a task that was blamed.
    draining: bool,
    /// How long its tasks run, in microseconds.
    pace: Option<u64>,
}

/// Results that belong together.
#[derive(Debug)]
struct Claim {
    first: u64,
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
}

#[derive(Debug)]
pub(super) struct Ledger {
    settings: Settings,
    instance: [u8; 8],
    sessions: u64,
    tasks: HashMap<u64, Task>,
    /// Tasks that were never started.
    waiting: VecDeque<u64>,
    /// Tasks that were started and not finished.
    blamed: VecDeque<u64>,
    workers: HashMap<Arc<[u8]>, Worker>,
    finished: HashMap<u64, Outcome>,
    /// The numbers in `finished`, in the order in which they were finished. Some may be
    /// gone already.
    order: VecDeque<u64>,
    claim: Option<Claim>,
    outbox: Vec<Letter>,
    stats: Stats,
    /// True once workers are told to stop.
    stopping: bool,
    /// The room in a message of tasks.
    pub room: Room,
    /// When it looked at the clock last.
    looked: Option<Instant>,
    /// Until then, workers are lost because the queue itself was stopped.
    pardon: Option<Instant>,
}

impl Ledger {
    /// `instance` differs from that of every other queue.
    pub fn new(settings: Settings, instance: [u8; 8]) -> Ledger {
        Ledger {
            settings,
            instance,
            sessions: 0,
            tasks: HashMap::new(),
            waiting: VecDeque::new(),
            blamed: VecDeque::new(),
            workers: HashMap::new(),
            finished: HashMap::new(),
            order: VecDeque::new(),
            claim: None,
            outbox: Vec::new(),
            stats: Stats::default(),
            stopping: false,
            room: Room::of(usize::MAX),
            looked: None,
            pardon: None,
        }
    }

    /// Adds a task and returns its number; the first one is number 1.
    pub fn add(&mut self, mut payload: Frame) -> u64 {
        // Otherwise each attempt would copy it.
        payload.make_shareable();
        self.stats.added += 1;
        let number = self.stats.added;
        self.tasks.insert(number, Task { payload, deliveries: 0, attempts: 0, held: false });
        self.waiting.push_back(number);
        number
    }

    /// Returns true if a worker could be given a task now.
    pub fn has_room(&self) -> bool {
        self.workers.values().any(|worker| self.room(worker) > 0)
    }

    /// Returns the counts.
    pub fn stats(&self) -> Stats {
        let held: usize = self.workers.values().map(|worker| worker.held.len()).sum();
        Stats {
            waiting: (self.waiting.len() + self.blamed.len()) as u64,
            running: held as u64,
            workers: self.workers.len() as u64,
            ..self.stats
        }
    }

    /// Returns how many tasks have no result yet, or one that nobody has taken.
    pub fn open(&self) -> usize {
        self.tasks.len() + self.finished.len()
    }

    /// Returns the numbers of these tasks, in order.
    pub fn open_numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> =
            self.tasks.keys().chain(self.finished.keys()).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Returns true if the task has no result yet, or one that nobody has taken.
    pub fn is_open(&self, number: u64) -> bool {
        self.tasks.contains_key(&number) || self.finished.contains_key(&number)
    }

    /// Takes the result that came first.
    pub fn take(&mut self) -> Option<Outcome> {
        loop {
            let number = self.order.pop_front()?;
            if let Some(outcome) = self.finished.remove(&number) {
                return Some(outcome);
            }
        }
    }

    /// Takes the result of a task, if it is there.
    pub fn take_of(&mut self, number: u64) -> Option<Outcome> {
        let outcome = self.finished.remove(&number)?;
        if self.order.len() > 64 + 2 * self.finished.len() {
            let finished = &self.finished;
            self.order.retain(|number| finished.contains_key(number));
        }
        Some(outcome)
    }

    /// Collects the results of these tasks, which were just added, apart from others.
    pub fn claim(&mut self, numbers: Range<u64>) {
        let missing = (numbers.end - numbers.start) as usize;
        let outcomes = (0..missing).map(|_| None).collect();
        self.claim = Some(Claim { first: numbers.start, outcomes, missing });
    }

    /// Returns true if results are being collected.
    pub fn is_claimed(&self) -> bool {
        self.claim.is_some()
    }

    /// Returns how many results of the claim are missing.
    pub fn missing(&self) -> usize {
        self.claim.as_ref().map_or(0, |claim| claim.missing)
    }

    /// Ends the claim and returns the results, in order. Tasks without one are withdrawn.
    pub fn take_claim(&mut self) -> Vec<Option<Outcome>> {
        let Some(claim) = self.claim.take() else {
            return Vec::new();
        };
        let unfinished = claim.outcomes.iter().zip(claim.first..);
        let unfinished = unfinished.filter(|(outcome, _)| outcome.is_none());
        let withdrawn: Vec<u64> = unfinished.map(|(_, number)| number).collect();
        self.withdraw(&withdrawn);
        claim.outcomes
    }

    /// Drops tasks; their results are ignored.
    fn withdraw(&mut self, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        let mut any_held = false;
        for number in numbers {
            any_held |= self.tasks.remove(number).is_some_and(|task| task.held);
        }
        let tasks = &self.tasks;
        self.waiting.retain(|number| tasks.contains_key(number));
        self.blamed.retain(|number| tasks.contains_key(number));
        if !any_held {
            return;
        }
        for (id, worker) in &mut self.workers {
            let cancelled = worker.held.take(|held| !tasks.contains_key(&held.number));
            worker.alone &= !worker.held.is_empty();
            for some in cancelled.chunks(protocol::RECORDS) {
                let head = protocol::cancel(&worker.session, some);
                self.outbox.push((id.clone(), head, Vec::new()));
            }
        }
    }

    /// Tells every worker to stop, also those that come later.
    pub fn stop_workers(&mut self) {
        self.stopping = true;
        for (id, worker) in &self.workers {
            self.outbox.push((id.clone(), protocol::stop(&worker.session), Vec::new()));
        }
    }

    /// Ends all sessions, because the queue is closed.
    pub fn close(&mut self) {
        for (id, worker) in self.workers.drain() {
            let head = match self.stopping {
                true => protocol::stop(&worker.session),
                false => protocol::gone(&worker.session),
            };
            self.outbox.push((id, head, Vec::new()));
        }
    }

    /// Returns the messages to send.
    pub fn letters(&mut self) -> Vec<Letter> {
        mem::take(&mut self.outbox)
    }

    /// Handles a message of the peer `from`. The payloads of results are taken out of it.
    pub fn handle(&mut self, now: Instant, from: &[u8], frames: &mut [Frame]) {
        self.look(now);
        let Some((session, message)) = FromWorker::parse(frames) else {
            self.stats.invalid += 1;
            return;
        };
        match message {
            FromWorker::Hello { credit, name } => {
                let name = Arc::from(name);
                return self.register(now, from, credit, name);
            }
            // libzmq sends it, so it has no session.
            FromWorker::Lost => return self.lost(now, from, "died or left"),
            _ => {}
        }
        let known = self.workers.get_mut(from).filter(|worker| worker.session == session);
        let Some(worker) = known else {
            if let FromWorker::Results(records) = message {
                self.stats.late += records.len() as u64;
            }
            // It has another session, perhaps under another routing id. If it asks for too
            // many answers, libzmq drops them.
            if session != NO_SESSION {
                self.outbox.push((Arc::from(from), protocol::gone(&session), Vec::new()));
            }
            return;
        };
        worker.heard = now;
        match message {
            FromWorker::Heartbeat { credit } => worker.credit = credit as usize,
            FromWorker::Results(records) => {
                for (record, payload) in records.into_iter().zip(&mut frames[1..]) {
                    self.finish(now, from, record, mem::take(payload));
                }
            }
            FromWorker::Return(mentions) => self.take_back(now, from, &mentions),
            FromWorker::Bye => {
                if let Some(mut worker) = self.workers.remove(from) {
                    self.release(worker.held.take(|_| true));
                }
            }
            FromWorker::Hello { .. } | FromWorker::Lost => {}
        }
    }

    fn register(&mut self, now: Instant, from: &[u8], credit: u32, name: Arc<str>) {
        if let Some(mut before) = self.workers.remove(from) {
            // It has forgotten what it held.
            self.release(before.held.take(|_| true));
        }
        if self.workers.len() >= WORKERS {
            self.stats.invalid += 1;
            return;
        }
        self.sessions += 1;
        let mut session = NO_SESSION;
        session[..8].copy_from_slice(&self.instance);
        session[8..].copy_from_slice(&self.sessions.to_be_bytes());
        let id: Arc<[u8]> = Arc::from(from);
        let heartbeat = u32::try_from(self.settings.heartbeat.as_millis()).unwrap_or(u32::MAX);
        self.outbox.push((id.clone(), protocol::welcome(&session, heartbeat), Vec::new()));
        if self.stopping {
            self.outbox.push((id.clone(), protocol::stop(&session), Vec::new()));
        }
        let worker = Worker {
            session,
            name,
            credit: credit as usize,
            held: Held::default(),
            since: now,
            heard: now,
            told: now,
            stuck: None,
            alone: false,
            draining: false,
            pace: None,
        };
        self.workers.insert(id, worker);
    }

    /// Records the result of a task, unless it belongs to another worker by now.
    fn finish(
        &mut self,
        now: Instant,
        from: &[u8],
        record: protocol::ResultRecord,
        payload: Frame,
    ) {
        let Some(worker) = self.workers.get_mut(from) else {
            return;
        };
        if worker.stuck == Some(record.mention) {
            worker.stuck = None;
        }
        if !worker.held.remove(record.mention) {
            self.stats.late += 1;
            return;
        }
        worker.since = now;
        worker.alone &= !worker.held.is_empty();
        let micros = u64::from(record.micros);
        worker.pace = Some(worker.pace.map_or(micros, |pace| (7 * pace + micros) / 8));
        let result = match record.failed {
            true => Err(Failure::decode(&payload)),
            false => Ok(compact(payload)),
        };
        let worker = worker.name.clone();
        self.settle(record.mention.number, result, worker, 1);
    }

    /// Records what came of a task.
    fn settle(&mut self, number: u64, result: Result<Frame, Failure>, worker: Arc<str>, more: u32) {
        let Some(task) = self.tasks.remove(&number) else {
            return;
        };
        match &result {
            Ok(_) => self.stats.done += 1,
            Err(_) => self.stats.failed += 1,
        }
        let outcome = Outcome { task: number, result, attempts: task.attempts + more, worker };
        if let Some(claim) = &mut self.claim
            && let Some(index) = number.checked_sub(claim.first)
            && let Some(place) = claim.outcomes.get_mut(index as usize)
        {
            *place = Some(outcome);
            claim.missing -= 1;
            return;
        }
        self.finished.insert(number, outcome);
        self.order.push_back(number);
    }

    /// Puts tasks that were not started back in line, in their order.
    fn release(&mut self, mentions: Vec<Mention>) {
        for Mention { number, .. } in mentions.into_iter().rev() {
            if self.put_back(number) {
                self.stats.retried += 1;
            }
        }
    }

    /// Puts a task back in line. Returns false if it was withdrawn.
    fn put_back(&mut self, number: u64) -> bool {
        let Some(task) = self.tasks.get_mut(&number) else {
            return false;
        };
        task.held = false;
        match task.attempts {
            0 => self.waiting.push_front(number),
            _ => self.blamed.push_front(number),
        }
        true
    }

    /// Takes back tasks that a worker does not want.
    fn take_back(&mut self, now: Instant, from: &[u8], mentions: &[Mention]) {
        let Some(worker) = self.workers.get_mut(from) else {
            return;
        };
        if worker.stuck.is_some_and(|stuck| mentions.contains(&stuck)) {
            worker.stuck = None;
        }
        // Others that are given back do not prolong the one that it runs.
        let first = worker.held.first();
        let returned = worker.held.take(|held| mentions.contains(held));
        if worker.held.first() != first {
            worker.since = now;
        }
        worker.alone &= !worker.held.is_empty();
        self.release(returned);
    }

    /// Counts an attempt of a task that was started and not finished.
    fn blame(&mut self, number: u64, worker: &Arc<str>, failure: impl FnOnce(u32) -> Failure) {
        let Some(task) = self.tasks.get_mut(&number) else {
            return;
        };
        task.held = false;
        task.attempts += 1;
        let attempts = task.attempts;
        if attempts < self.settings.attempts {
            self.stats.retried += 1;
            self.blamed.push_back(number);
        } else {
            self.settle(number, Err(failure(attempts)), worker.clone(), 0);
        }
    }

    /// Gives the tasks of a worker to others, because its connection ended or it is silent.
    fn lost(&mut self, now: Instant, from: &[u8], why: &'static str) {
        // The task is not to blame if the queue was stopped.
        let pardoned = self.pardon.is_some_and(|until| now < until);
        self.drop_worker(from, why, !pardoned);
    }

    fn drop_worker(&mut self, from: &[u8], why: &'static str, blames: bool) {
        let Some(mut worker) = self.workers.remove(from) else {
            return;
        };
        self.stats.lost += 1;
        let first = worker.held.first().filter(|_| blames);
        self.release(worker.held.take(|held| Some(*held) != first));
        if let Some(Mention { number, .. }) = first {
            self.blame(number, &worker.name, |attempts| Failure {
                tag: FAILED.to_owned(),
                text: format!("the worker {why}, {} in all", times(attempts)),
            });
        }
    }

    /// Does the same because a message could not be sent. If the worker is still there, but
    /// accepts no more, it may never have had its tasks.
    pub fn undeliverable(&mut self, now: Instant, to: &[u8], there: bool) {
        match there {
            true => self.drop_worker(to, "accepted no messages", false),
            false => self.lost(now, to, "died or left"),
        }
    }

    /// Does what is due: drops workers that are silent, takes tasks from workers that
    /// exceed the time limit, and sends heartbeats.
    pub fn tick(&mut self, now: Instant) {
        self.look(now);
        let settings = &self.settings;
        let silent = settings.heartbeat * SILENT;
        let quiet = |worker: &Worker| now.saturating_duration_since(worker.heard) >= silent;
        let quiet: Vec<Arc<[u8]>> = self.ids(quiet);
        for id in quiet {
            self.lost(now, &id, "was silent");
        }
        if let Some(limit) = self.settings.timeout {
            let late = |worker: &Worker| {
                !worker.held.is_empty() && now.saturating_duration_since(worker.since) >= limit
            };
            for id in self.ids(late) {
                self.time_out(&id, limit);
            }
        }
        for (id, worker) in &mut self.workers {
            if now.saturating_duration_since(worker.told) >= self.settings.heartbeat {
                worker.told = now;
                self.outbox.push((id.clone(), protocol::alive(&worker.session), Vec::new()));
            }
        }
    }

    /// Notices that the queue itself was stopped for a while, as by SIGSTOP: it then does not
    /// know who was silent, and libzmq ends connections for it.
    fn look(&mut self, now: Instant) {
        let before = self.looked.replace(now).unwrap_or(now);
        let away = now.saturating_duration_since(before);
        // While there are workers, it looks at the clock at least once in each heartbeat.
        if away < self.settings.heartbeat * 2 || self.workers.is_empty() {
            return;
        }
        for worker in self.workers.values_mut() {
            worker.heard = (worker.heard + away).min(now);
            worker.since = (worker.since + away).min(now);
        }
        self.pardon = Some(now + self.settings.heartbeat);
    }

    fn ids(&self, which: impl Fn(&Worker) -> bool) -> Vec<Arc<[u8]>> {
        let which = self.workers.iter().filter(|(_, worker)| which(worker));
        which.map(|(id, _)| id.clone()).collect()
    }

    /// Takes all tasks from a worker whose first one exceeds the time limit.
    fn time_out(&mut self, id: &Arc<[u8]>, limit: Duration) {
        let Some(worker) = self.workers.get_mut(id) else {
            return;
        };
        let mut held = worker.held.take(|_| true);
        worker.alone = false;
        let name = worker.name.clone();
        for some in held.chunks(protocol::RECORDS) {
            let head = protocol::cancel(&worker.session, some);
            self.outbox.push((id.clone(), head, Vec::new()));
        }
        if held.is_empty() {
            return;
        }
        let first = held.remove(0);
        worker.stuck = Some(first);
        self.release(held);
        self.blame(first.number, &name, |attempts| Failure {
            tag: TIMED_OUT.to_owned(),
            text: format!("the task ran longer than {} ms, {}", limit.as_millis(), times(attempts)),
        });
    }

    /// Returns when something will be due.
    pub fn next_due(&self) -> Option<Instant> {
        let Settings { heartbeat, timeout, .. } = &self.settings;
        let due = |worker: &Worker| {
            let limit = timeout.filter(|_| !worker.held.is_empty());
            // A limit of many centuries has no end.
            let limit = limit.map(|limit| worker.since.checked_add(limit));
            let beat = (worker.heard + *heartbeat * SILENT).min(worker.told + *heartbeat);
            limit.flatten().map_or(beat, |limit| limit.min(beat))
        };
        self.workers.values().map(due).min()
    }

    /// Returns how many more tasks a worker gets.
    fn room(&self, worker: &Worker) -> usize {
        if worker.stuck.is_some() || worker.alone || worker.draining || worker.held.is_heavy() {
            return 0;
        }
        let useful = match worker.pace {
            // Nothing is known about its tasks yet.
            None => 1,
            Some(pace) => 1 + (AHEAD.as_micros() as u64 / pace.max(1)) as usize,
        };
        let most = match self.settings.attempts {
            // A task must not be blamed for what another one did.
            1 => 1,
            _ => self.settings.credit,
        };
        useful.min(most).min(worker.credit).saturating_sub(worker.held.len())
    }

    /// Gives tasks to workers that have room for them.
    pub fn assign(&mut self, now: Instant) {
        if self.stopping {
            return;
        }
        self.assign_blamed(now);
        if self.waiting.is_empty() {
            return;
        }
        let mut rooms: Vec<(usize, Arc<[u8]>)> = Vec::new();
        for (id, worker) in &self.workers {
            let room = self.room(worker);
            if room > 0 {
                rooms.push((room, id.clone()));
            }
        }
        // Whoever has least to do comes first.
        rooms.sort_by_key(|(room, _)| usize::MAX - room);
        let all = self.workers.len().max(1);
        for (room, id) in rooms {
            if self.waiting.is_empty() {
                break;
            }
            // Near the end, each worker gets a share of what is left.
            let share = self.waiting.len().div_ceil(2 * all);
            let mut numbers: Vec<u64> = Vec::new();
            let mut bytes = self.workers.get(&id).map_or(0, |worker| worker.held.bytes);
            while numbers.len() < room.min(share.max(1))
                && (bytes < AHEAD_BYTES || numbers.is_empty())
                && let Some(number) = self.waiting.pop_front()
            {
                bytes += self.tasks.get(&number).map_or(0, |task| task.payload.len());
                numbers.push(number);
            }
            self.deliver(now, &id, &numbers);
        }
    }

    /// Gives tasks that were blamed to workers that hold nothing.
    fn assign_blamed(&mut self, now: Instant) {
        for worker in self.workers.values_mut() {
            worker.draining = false;
        }
        if self.blamed.is_empty() {
            return;
        }
        let free =
            |worker: &Worker| worker.held.is_empty() && worker.stuck.is_none() && worker.credit > 0;
        for id in self.ids(free) {
            let Some(number) = self.blamed.pop_front() else {
                break;
            };
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.alone = true;
            }
            self.deliver(now, &id, &[number]);
        }
        // Half of the workers may finish what they hold, to run the rest.
        let wanted = self.blamed.len().min(self.workers.len().div_ceil(2));
        let mut busy: Vec<(usize, Arc<[u8]>)> = Vec::new();
        for (id, worker) in &self.workers {
            if wanted > 0 && !worker.held.is_empty() && !worker.alone {
                busy.push((worker.held.len(), id.clone()));
            }
        }
        busy.sort();
        for (_, id) in busy.into_iter().take(wanted) {
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.draining = true;
            }
        }
    }

    /// Gives a worker these tasks.
    fn deliver(&mut self, now: Instant, id: &Arc<[u8]>, numbers: &[u64]) {
        let Some(worker) = self.workers.get_mut(id) else {
            return;
        };
        let limit = self.settings.timeout.map_or(0, |limit| limit.as_millis());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let (mut records, mut payloads, mut room) = (Vec::new(), Vec::new(), self.room);
        let (mut refused, mut large) = (Vec::new(), Vec::new());
        let mut numbers = numbers.iter();
        while let Some(number) = numbers.next() {
            let Some(task) = self.tasks.get_mut(number) else {
                continue;
            };
            if task.payload.len() > self.room.payload() {
                large.push(*number);
                continue;
            }
            let Ok(payload) = task.payload.share() else {
                // Memory has run out. Somebody gets these tasks later.
                refused.push(*number);
                refused.extend(numbers.by_ref());
                break;
            };
            if !room.take(&payload) {
                let head = protocol::tasks(&worker.session, &records);
                self.outbox.push((id.clone(), head, mem::take(&mut payloads)));
                records.clear();
                room = self.room;
                room.take(&payload);
            }
            task.deliveries = task.deliveries.wrapping_add(1);
            task.held = true;
            let mention = Mention { number: *number, delivery: task.deliveries };
            if worker.held.is_empty() {
                worker.since = now;
            }
            worker.held.push(mention, payload.len());
            records.push(TaskRecord { mention, limit });
            payloads.push(payload);
        }
        if !records.is_empty() {
            let head = protocol::tasks(&worker.session, &records);
            self.outbox.push((id.clone(), head, payloads));
        }
        worker.told = now;
        worker.alone &= !worker.held.is_empty();
        let name = worker.name.clone();
        for number in refused.into_iter().rev() {
            self.put_back(number);
        }
        for number in large {
            let payload = self.tasks.get_mut(&number).map(|task| mem::take(&mut task.payload));
            let failed = self.room.fitting("task", payload.unwrap_or_default());
            self.settle(number, failed, name.clone(), 0);
        }
    }
}

/// Copies a short frame out of the buffer in which libzmq has received it.
fn compact(frame: Frame) -> Frame {
    match frame.len() <= COPIED {
        true => Frame::copied(&frame).unwrap_or(frame),
        false => frame,
    }
}

/// Returns a number of times in words.
fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
