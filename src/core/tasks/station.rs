//! The desk of a worker: the tasks it was given and the results it has not sent yet. It
//! knows neither sockets nor clocks: messages and times are passed in.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use super::protocol::{self, Failure, FromQueue, Mention, NO_SESSION, ResultRecord, Room, Session};
use crate::core::message::Frame;

/// A queue that is silent for this many heartbeats is gone.
const SILENT: u32 = 3;

/// A task that a worker was given.
#[derive(Debug)]
pub struct Assignment {
    /// The number that the queue gave it.
    pub number: u64,
    /// The time limit that the queue has set.
    pub limit: Option<Duration>,
    /// The task.
    pub payload: Frame,
    pub(super) delivery: u32,
    pub(super) session: Session,
    pub(super) started: Instant,
}

/// A result that was not sent yet.
#[derive(Debug)]
struct Finished {
    record: ResultRecord,
    payload: Frame,
}

/// A message for the queue: the head and the payloads.
pub(super) type Letter = (Vec<u8>, Vec<Frame>);

#[derive(Debug)]
pub(super) struct Station {
    name: String,
    /// The maximum number of tasks that it accepts.
    credit: u32,
    /// True while somebody takes tasks.
    open: bool,
    session: Option<Session>,
    /// The last session that has ended. Its queue may have said something before.
    ended: Option<Session>,
    heartbeat: Duration,
    /// When the queue was heard last.
    heard: Instant,
    /// When it was last told something; `None` if it must be told now.
    told: Option<Instant>,
    tasks: VecDeque<Assignment>,
    finished: Vec<Finished>,
    outbox: Vec<Letter>,
    /// True if the queue has told its workers to stop.
    pub stopped: bool,
    /// The room in a message of results.
    pub room: Room,
}

impl Station {
    pub fn new(name: String, credit: u32, heartbeat: Duration, now: Instant) -> Station {
        Station {
            name,
            credit,
            open: false,
            session: None,
            ended: None,
            heartbeat,
            heard: now,
            told: None,
            tasks: VecDeque::new(),
            finished: Vec::new(),
            outbox: Vec::new(),
            stopped: false,
            room: Room::of(usize::MAX),
        }
    }

    /// Returns true if a queue has accepted this worker.
    pub fn is_known(&self) -> bool {
        self.session.is_some()
    }

    /// Returns how many tasks wait here.
    pub fn waiting(&self) -> usize {
        self.tasks.len()
    }

    /// Returns how many results were not sent yet.
    pub fn unsent(&self) -> usize {
        self.finished.len()
    }

    fn credit(&self) -> u32 {
        if self.open { self.credit } else { 0 }
    }

    /// Accepts tasks from now on, or gives them back. Returns true if the queue has to be
    /// told.
    pub fn set_open(&mut self, open: bool) -> bool {
        if self.open == open {
            return false;
        }
        self.open = open;
        self.told = None;
        if !open {
            self.return_tasks();
        }
        true
    }

    fn return_tasks(&mut self) {
        let tasks = mem::take(&mut self.tasks);
        let Some(session) = &self.session else {
            return;
        };
        let mention = |task: &Assignment| Mention { number: task.number, delivery: task.delivery };
        let mentions: Vec<Mention> = tasks.iter().map(mention).collect();
        for some in mentions.chunks(protocol::RECORDS) {
            self.outbox.push((protocol::returned(session, some), Vec::new()));
        }
    }

    /// Takes the next task to run.
    pub fn take(&mut self, now: Instant) -> Option<Assignment> {
        let mut task = self.tasks.pop_front()?;
        task.started = now;
        Some(task)
    }

    /// Gives back a task that was taken and not finished.
    pub fn give_back(&mut self, task: &Assignment) {
        if self.session == Some(task.session) {
            let mention = Mention { number: task.number, delivery: task.delivery };
            let head = protocol::returned(&task.session, &[mention]);
            self.outbox.push((head, Vec::new()));
        }
    }

    /// Records the result of a task. If its queue is gone, the result is dropped.
    pub fn finish(&mut self, now: Instant, task: &Assignment, result: Result<Frame, Failure>) {
        if self.session != Some(task.session) {
            return;
        }
        let result = result.and_then(|value| self.room.fitting("result", value));
        let micros = now.saturating_duration_since(task.started).as_micros();
        let record = ResultRecord {
            mention: Mention { number: task.number, delivery: task.delivery },
            failed: result.is_err(),
            micros: u32::try_from(micros).unwrap_or(u32::MAX),
        };
        let payload =
            result.unwrap_or_else(|failure| Frame::from(failure.encode(self.room.payload())));
        self.finished.push(Finished { record, payload });
    }

    /// Handles a message. The payloads of tasks are taken out of it.
    pub fn handle(&mut self, now: Instant, frames: &mut [Frame]) {
        let Some((session, message)) = FromQueue::parse(frames) else {
            return;
        };
        if let FromQueue::Welcome { heartbeat } = message {
            self.leave_session();
            (self.session, self.ended) = (Some(session), None);
            // A hostile queue must not make it spin, or wait for days.
            let heartbeat = Duration::from_millis(heartbeat.into());
            self.heartbeat = heartbeat.clamp(super::FASTEST, super::SLOWEST);
            self.heard = now;
            // Tells it how many tasks are accepted by now.
            self.told = None;
            return;
        }
        if session == NO_SESSION && message == FromQueue::Gone {
            // libzmq sends it when the connection ends.
            self.leave_session();
            self.told = None;
            return;
        }
        if self.session != Some(session) {
            // A send that failed may have noticed the end before this was read.
            self.stopped |= message == FromQueue::Stop && self.ended == Some(session);
            return;
        }
        self.heard = now;
        match message {
            FromQueue::Tasks(records) => {
                let mut excess = Vec::new();
                for (record, payload) in records.into_iter().zip(&mut frames[1..]) {
                    if self.tasks.len() >= self.credit as usize {
                        excess.push(record.mention);
                        continue;
                    }
                    self.tasks.push_back(Assignment {
                        number: record.mention.number,
                        delivery: record.mention.delivery,
                        limit: (record.limit > 0)
                            .then(|| Duration::from_millis(record.limit.into())),
                        payload: mem::take(payload),
                        session,
                        started: now,
                    });
                }
                if !excess.is_empty() {
                    self.outbox.push((protocol::returned(&session, &excess), Vec::new()));
                }
                if !self.open {
                    self.return_tasks();
                }
            }
            FromQueue::Cancel(mentions) => {
                let mut dropped = Vec::new();
                self.tasks.retain(|task| {
                    let mention = Mention { number: task.number, delivery: task.delivery };
                    let cancelled = mentions.contains(&mention);
                    dropped.extend(cancelled.then_some(mention));
                    !cancelled
                });
                // The queue waits for an answer before it sends other tasks.
                for some in dropped.chunks(protocol::RECORDS) {
                    self.outbox.push((protocol::returned(&session, some), Vec::new()));
                }
            }
            FromQueue::Gone => {
                self.leave_session();
                self.told = None;
            }
            FromQueue::Stop => {
                self.stopped = true;
                self.return_tasks();
            }
            FromQueue::Alive | FromQueue::Welcome { .. } => {}
        }
    }

    /// Forgets everything that belongs to the session.
    fn leave_session(&mut self) {
        self.ended = self.session.take().or(self.ended);
        self.tasks.clear();
        self.finished.clear();
        self.outbox.clear();
    }

    /// Leaves the queue.
    pub fn leave(&mut self) {
        self.open = false;
        self.return_tasks();
        if let Some(session) = self.session.take() {
            self.send_results(&session);
            self.outbox.push((protocol::bye(&session), Vec::new()));
        }
    }

    /// Does what is due: says hello or sends a heartbeat, and notices that the queue is
    /// gone.
    pub fn tick(&mut self, now: Instant) {
        if self.session.is_some()
            && now.saturating_duration_since(self.heard) >= self.heartbeat * SILENT
        {
            self.leave_session();
            self.told = None;
        }
        let due = |told| now.saturating_duration_since(told) >= self.heartbeat;
        if self.told.is_none_or(due) {
            self.told = Some(now);
            match &self.session {
                Some(session) => {
                    self.outbox.push((protocol::heartbeat(session, self.credit()), Vec::new()));
                }
                None => {
                    let [head, name] = protocol::hello(self.credit(), &self.name);
                    self.outbox.push((head, vec![Frame::from(name)]));
                }
            }
        }
    }

    /// Returns when something will be due; `None` if it is due now.
    pub fn next_due(&self) -> Option<Instant> {
        let beat = self.told? + self.heartbeat;
        Some(match self.session {
            Some(_) => beat.min(self.heard + self.heartbeat * SILENT),
            None => beat,
        })
    }

    /// Says hello or sends a heartbeat at once, because there is a connection again.
    pub fn announce(&mut self) {
        self.told = None;
    }

    /// Records that a message could not be sent, because there is no connection: the
    /// session has ended with it.
    pub fn undeliverable(&mut self) {
        self.leave_session();
    }

    /// Returns the messages to send.
    pub fn letters(&mut self) -> Vec<Letter> {
        if let Some(session) = self.session {
            self.send_results(&session);
        }
        mem::take(&mut self.outbox)
    }

    fn send_results(&mut self, session: &Session) {
        let mut finished = mem::take(&mut self.finished).into_iter().peekable();
        while finished.peek().is_some() {
            let (mut records, mut payloads, mut room) = (Vec::new(), Vec::new(), self.room);
            let mut fits = |finished: &Finished| room.take(&finished.payload);
            while let Some(Finished { record, payload }) = finished.next_if(&mut fits) {
                records.push(record);
                payloads.push(payload);
            }
            self.outbox.push((protocol::results(session, records.into_iter()), payloads));
        }
    }
}
