//! Tests of what queue and workers decide, without sockets and clocks, and a few with both.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, Outcome};
use super::protocol::{self, Failure, FromQueue, Mention, NO_SESSION, ResultRecord, Session};
use super::station::{Assignment, Station};
use super::{Queue, Settings, Terms, Worker};
use crate::core::OptionValue;
use crate::core::context::shutdown_within;
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::socket::Socket;
use crate::core::socket::testing::alone;
use crate::core::socket_type::SocketType;
use crate::core::wait::Wait;

const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));
const NOW: Wait = Wait::new(Some(Duration::ZERO));
const BEAT: Duration = Duration::from_secs(1);

fn frame(text: &str) -> Frame {
    Frame::from(text.as_bytes())
}

/// A ledger with workers that only exist as their messages.
struct Stage {
    ledger: Ledger,
    now: Instant,
    sessions: HashMap<Vec<u8>, Session>,
}

impl Stage {
    fn new(settings: Settings) -> Stage {
        let now = Instant::now();
        Stage { ledger: Ledger::new(settings, [7; 8]), now, sessions: HashMap::new() }
    }

    fn adds(&mut self, count: usize) {
        for _ in 0..count {
            self.ledger.add(frame("x"));
        }
    }

    /// Lets time pass, during which the queue looks at the clock as it should.
    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = end.min(self.now + BEAT / 2);
            self.ledger.tick(self.now);
        }
    }

    fn says(&mut self, id: &str, parts: &[&[u8]]) {
        let mut frames: Vec<Frame> = parts.iter().map(|part| Frame::from(*part)).collect();
        self.ledger.handle(self.now, id.as_bytes(), &mut frames);
    }

    fn joins(&mut self, id: &str) {
        let [head, name] = protocol::hello(1000, id);
        self.says(id, &[&head, &name]);
        let letters = self.letters();
        let (_, session, _) = &letters.last().unwrap();
        self.sessions.insert(id.as_bytes().to_vec(), *session);
    }

    fn letters(&mut self) -> Vec<(Vec<u8>, Session, FromQueue)> {
        let letters = self.ledger.letters();
        let read = letters.into_iter().map(|(to, head, payloads)| {
            let mut frames = vec![Frame::from(head)];
            frames.extend(payloads);
            let (session, message) = FromQueue::parse(&frames).unwrap();
            (to.to_vec(), session, message)
        });
        read.collect()
    }

    /// Returns the tasks that each worker gets now.
    fn assigned(&mut self) -> Vec<(String, Vec<Mention>)> {
        self.ledger.assign(self.now);
        let letters = self.letters().into_iter().filter_map(|(to, _, message)| match message {
            FromQueue::Tasks(records) => {
                let mentions = records.iter().map(|record| record.mention).collect();
                Some((String::from_utf8(to).unwrap(), mentions))
            }
            _ => None,
        });
        let mut letters: Vec<_> = letters.collect();
        letters.sort_by(|one, other| one.0.cmp(&other.0));
        letters
    }

    fn finishes(&mut self, id: &str, mention: Mention, micros: u32) {
        let session = self.sessions[id.as_bytes()];
        let record = ResultRecord { mention, failed: false, micros };
        let head = protocol::results(&session, [record].into_iter());
        self.says(id, &[&head, b"value"]);
    }

    fn beats(&mut self, id: &str) {
        let head = protocol::heartbeat(&self.sessions[id.as_bytes()], 1000);
        self.says(id, &[&head]);
    }

    fn outcome(&mut self) -> Option<(u64, Result<(), String>, u32)> {
        let Outcome { task, result, attempts, .. } = self.ledger.take()?;
        Some((task, result.map(drop).map_err(|failure| failure.tag), attempts))
    }
}

fn mention(number: u64, delivery: u32) -> Mention {
    Mention { number, delivery }
}

#[test]
fn a_fast_worker_gets_more_tasks_than_a_slow_one() {
    let mut stage = Stage::new(Settings::default());
    stage.adds(1000);
    stage.joins("a");
    stage.joins("b");
    // Nothing is known about them yet.
    let first = stage.assigned();
    assert_eq!(first.iter().map(|(_, tasks)| tasks.len()).collect::<Vec<_>>(), [1, 1]);
    stage.finishes("a", first[0].1[0], 1000);
    stage.finishes("b", first[1].1[0], 500_000);
    let held = stage.assigned().into_iter().map(|(id, tasks)| (id, tasks.len()));
    assert_eq!(held.collect::<Vec<_>>(), [("a".to_owned(), 21), ("b".to_owned(), 1)]);
    assert!(!stage.ledger.has_room());
}

#[test]
fn no_worker_gets_more_than_the_credit() {
    for (credit, offered) in [(5, 1000), (1000, 5)] {
        let mut stage = Stage::new(Settings { credit, ..Settings::default() });
        stage.adds(1000);
        let [head, name] = protocol::hello(offered, "a");
        stage.says("a", &[&head, &name]);
        let (_, session, _) = stage.letters()[0];
        stage.sessions.insert(b"a".to_vec(), session);
        let first = stage.assigned();
        stage.finishes("a", first[0].1[0], 1);
        assert_eq!(stage.assigned()[0].1.len(), 5);
        assert_eq!(stage.assigned(), []);
    }
}

#[test]
fn the_tasks_of_a_lost_worker_go_to_another_one() {
    let mut stage = Stage::new(Settings::default());
    stage.adds(3);
    stage.joins("a");
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    assert_eq!(stage.assigned()[0].1, [mention(2, 1)]);
    assert_eq!(stage.assigned()[0].1, [mention(3, 1)]);
    stage.joins("b");
    stage.says("a", &[&protocol::lost()]);
    // The first one that it held is blamed and runs alone.
    assert_eq!(stage.assigned(), [("b".to_owned(), vec![mention(2, 2)])]);
    assert_eq!(stage.assigned(), []);
    // The result of a lost worker is ignored, and the worker is told.
    let old = stage.sessions[&b"a"[..]];
    stage.finishes("a", mention(2, 1), 1);
    assert_eq!(stage.letters(), [(b"a".to_vec(), old, FromQueue::Gone)]);
    stage.finishes("b", mention(2, 2), 1);
    assert_eq!(stage.assigned(), [("b".to_owned(), vec![mention(3, 2)])]);
    stage.finishes("b", mention(3, 2), 1);
    // Twice the same result counts once.
    stage.finishes("b", mention(3, 2), 1);
    let outcomes: Vec<_> = std::iter::from_fn(|| stage.outcome()).collect();
    assert_eq!(outcomes, [(1, Ok(()), 1), (2, Ok(()), 2), (3, Ok(()), 1)]);
    let stats = stage.ledger.stats();
    assert_eq!((stats.done, stats.retried, stats.lost, stats.late), (3, 2, 1, 2));
}

#[test]
fn a_silent_worker_is_lost() {
    let mut stage = Stage::new(Settings { heartbeat: BEAT, ..Settings::default() });
    stage.ledger.add(frame("x"));
    stage.joins("a");
    stage.joins("b");
    stage.assigned();
    stage.passes(2 * BEAT);
    stage.beats("b");
    stage.passes(BEAT);
    let stats = stage.ledger.stats();
    assert_eq!((stats.workers, stats.lost), (1, 1));
    stage.letters();
    stage.ledger.assign(stage.now);
    assert_eq!(stage.ledger.stats().running, 1);
    // The other one is told that the queue is there.
    stage.passes(BEAT);
    let alive = stage.letters().into_iter().any(|(_, _, message)| message == FromQueue::Alive);
    assert!(alive);
}

#[test]
fn a_task_that_kills_its_workers_is_given_up() {
    let mut stage = Stage::new(Settings::default());
    stage.ledger.add(frame("deadly"));
    stage.ledger.add(frame("harmless"));
    for (attempt, id) in (1..).zip(["a", "b", "c"]) {
        stage.joins(id);
        assert_eq!(stage.assigned(), [(id.to_owned(), vec![mention(1, attempt)])]);
        stage.says(id, &[&protocol::lost()]);
    }
    assert_eq!(stage.outcome(), Some((1, Err("ZMQTask".into()), 3)));
    stage.joins("d");
    assert_eq!(stage.assigned(), [("d".to_owned(), vec![mention(2, 1)])]);
}

#[test]
fn a_hanging_worker_loses_its_tasks_and_gets_none_until_it_answers() {
    let timeout = Some(Duration::from_millis(500));
    let mut stage = Stage::new(Settings { timeout, attempts: 2, ..Settings::default() });
    stage.joins("a");
    stage.adds(9);
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    assert_eq!(stage.assigned()[0].1.len(), 4);
    stage.passes(Duration::from_millis(499));
    assert_eq!(stage.letters(), []);
    stage.passes(Duration::from_millis(1));
    let cancelled: Vec<Mention> = (2..=5).map(|number| mention(number, 1)).collect();
    assert!(matches!(&stage.letters()[..], [(_, _, FromQueue::Cancel(all))] if *all == cancelled));
    // Another one gets the blamed task alone; then the others in order.
    assert_eq!(stage.assigned(), []);
    stage.joins("b");
    assert_eq!(stage.assigned()[0].1, [mention(2, 2)]);
    stage.passes(Duration::from_millis(500));
    assert_eq!(
        (stage.outcome(), stage.outcome().unwrap().1),
        (Some((1, Ok(()), 1)), Err("ZMQTimeout".into()))
    );
    // A late result is ignored, but shows that the worker is free again.
    stage.finishes("a", mention(2, 1), 1);
    assert_eq!(stage.assigned()[0].0, "a");
    assert_eq!(stage.ledger.stats().late, 1);
}

#[test]
fn a_worker_that_did_not_start_a_task_in_time_gets_others() {
    let timeout = Some(Duration::from_millis(500));
    let mut stage = Stage::new(Settings { timeout, ..Settings::default() });
    stage.adds(1);
    stage.joins("a");
    let session = stage.sessions[&b"a"[..]];
    // Its program does something else meanwhile.
    let mut station = Station::new("a".into(), 1000, BEAT, stage.now);
    station.set_open(true);
    station.handle(stage.now, &mut [Frame::from(protocol::welcome(&session, 1000))]);
    let record = protocol::TaskRecord { mention: stage.assigned()[0].1[0], limit: 500 };
    let tasks = Frame::from(protocol::tasks(&session, &[record]));
    station.handle(stage.now, &mut [tasks, frame("x")]);
    stage.passes(Duration::from_millis(500));
    for (_, head, _) in stage.ledger.letters() {
        station.handle(stage.now, &mut [Frame::from(head)]);
    }
    assert_eq!((station.waiting(), stage.assigned()), (0, vec![]));
    for (head, _) in station.letters() {
        stage.says("a", &[&head]);
    }
    assert_eq!(stage.assigned(), [("a".to_owned(), vec![mention(1, 2)])]);
}

#[test]
fn tasks_that_are_given_back_do_not_prolong_the_one_that_hangs() {
    let timeout = Some(Duration::from_millis(500));
    let mut stage = Stage::new(Settings { timeout, ..Settings::default() });
    stage.adds(3);
    stage.joins("a");
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    stage.adds(3);
    assert_eq!(stage.assigned()[0].1.len(), 3);
    let session = stage.sessions[&b"a"[..]];
    stage.passes(Duration::from_millis(300));
    stage.says("a", &[&protocol::returned(&session, &[mention(3, 1)])]);
    stage.passes(Duration::from_millis(200));
    let letters = stage.letters();
    assert!(matches!(&letters[..], [(_, _, FromQueue::Cancel(all))] if all[0] == mention(2, 1)));
}

#[test]
fn a_worker_that_leaves_gives_its_tasks_back_without_blame() {
    let mut stage = Stage::new(Settings { attempts: 1, ..Settings::default() });
    stage.ledger.add(frame("x"));
    stage.joins("a");
    stage.assigned();
    let session = stage.sessions[&b"a"[..]];
    stage.says("a", &[&protocol::returned(&session, &[mention(1, 1), mention(9, 9)])]);
    assert_eq!(stage.assigned()[0].1, [mention(1, 2)]);
    stage.says("a", &[&protocol::bye(&session)]);
    stage.joins("b");
    assert_eq!(stage.assigned()[0].1, [mention(1, 3)]);
    assert_eq!(stage.ledger.stats().lost, 0);
}

#[test]
fn hostile_messages_change_nothing() {
    let mut stage = Stage::new(Settings::default());
    stage.ledger.add(frame("x"));
    stage.joins("a");
    stage.assigned();
    let session = stage.sessions[&b"a"[..]];
    // Another peer knows the session, but it has another routing id.
    stage.sessions.insert(b"evil".to_vec(), session);
    stage.finishes("evil", mention(1, 1), 1);
    stage.says("evil", &[&protocol::bye(&session)]);
    // Tasks that do not exist, or that it does not hold.
    stage.finishes("a", mention(2, 1), 1);
    stage.finishes("a", mention(1, 2), 1);
    stage.finishes("a", mention(u64::MAX, u32::MAX), u32::MAX);
    for junk in [&b""[..], b"ZTQ", b"ZTQ\x01\x03", &[0xff; 1000]] {
        stage.says("a", &[junk]);
        stage.says("a", &[junk, junk, junk]);
    }
    // A flood of registrations leaves one.
    for _ in 0..1000 {
        stage.joins("flood");
    }
    let stats = stage.ledger.stats();
    assert_eq!((stats.running, stats.done, stats.workers, stats.invalid), (1, 0, 2, 8));
    stage.finishes("a", mention(1, 1), 1);
    assert_eq!(stage.outcome(), Some((1, Ok(()), 1)));
}

#[test]
fn withdrawn_tasks_are_cancelled() {
    let mut stage = Stage::new(Settings::default());
    stage.joins("a");
    stage.adds(3);
    stage.ledger.claim(1..4);
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    stage.assigned();
    assert_eq!(stage.ledger.missing(), 2);
    let outcomes = stage.ledger.take_claim();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_some()).count(), 1);
    assert!(matches!(&stage.letters()[..], [(_, _, FromQueue::Cancel(all))] if all.len() == 1));
    assert_eq!((stage.ledger.open(), stage.assigned()), (0, vec![]));
}

#[test]
fn a_worker_that_drained_for_a_withdrawn_task_gets_others() {
    let mut stage = Stage::new(Settings { timeout: Some(BEAT), ..Settings::default() });
    stage.joins("a");
    stage.joins("b");
    stage.adds(1);
    stage.ledger.claim(1..2);
    // It is blamed, and the other worker finishes what it has before it runs the task.
    let first = stage.assigned();
    let other = if first[0].0 == "a" { "b" } else { "a" };
    stage.adds(1);
    let second = stage.assigned()[0].1[0];
    stage.says(&first[0].0, &[&protocol::lost()]);
    assert_eq!(stage.assigned(), []);
    stage.ledger.take_claim();
    stage.adds(2);
    stage.finishes(other, second, 1);
    assert_eq!(stage.assigned(), [(other.to_owned(), vec![mention(3, 1)])]);
    stage.adds(9);
    assert!(!stage.assigned().is_empty());
}

#[test]
fn a_worker_holds_few_large_tasks() {
    let mut stage = Stage::new(Settings::default());
    let megabyte = vec![0; 1 << 20];
    for _ in 0..20 {
        stage.ledger.add(Frame::from(&*megabyte));
    }
    stage.joins("a");
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    let held = stage.assigned();
    assert_eq!(held.iter().map(|(_, tasks)| tasks.len()).sum::<usize>(), 4);
    assert_eq!(stage.assigned(), []);
    // Whatever its size, one more than it runs.
    let mut stage = Stage::new(Settings::default());
    for _ in 0..4 {
        stage.ledger.add(Frame::from(vec![0; 5 << 20]));
    }
    stage.joins("a");
    let task = stage.assigned()[0].1[0];
    stage.finishes("a", task, 1);
    assert_eq!(stage.assigned().len(), 1);
    assert_eq!(stage.assigned().len(), 1);
    assert_eq!(stage.assigned(), []);
}

#[test]
fn a_queue_that_was_stopped_blames_nobody() {
    let timeout = Some(2 * BEAT);
    let mut stage = Stage::new(Settings { timeout, attempts: 1, ..Settings::default() });
    stage.adds(2);
    stage.joins("a");
    stage.joins("b");
    assert_eq!(stage.assigned().len(), 2);
    // It cannot know who was silent. Of one worker, libzmq has ended the connection.
    stage.now += 100 * BEAT;
    stage.says("a", &[&protocol::lost()]);
    stage.ledger.tick(stage.now);
    let stats = stage.ledger.stats();
    assert_eq!((stats.workers, stats.lost, stats.failed, stats.running), (1, 1, 0, 1));
    // What happens later counts.
    stage.beats("b");
    stage.passes(BEAT);
    stage.says("b", &[&protocol::lost()]);
    assert_eq!(stage.ledger.stats().failed, 1);
}

#[test]
fn times_without_end_are_none() {
    for timeout in [Duration::MAX, Duration::from_secs(1 << 62)] {
        let mut stage = Stage::new(Settings { timeout: Some(timeout), ..Settings::default() });
        stage.adds(1);
        stage.joins("a");
        assert_eq!(stage.assigned().len(), 1);
        assert!(stage.ledger.next_due().is_some());
        stage.passes(BEAT);
        assert_eq!(stage.ledger.stats().running, 1);
    }
}

#[test]
fn queues_have_different_names_in_forked_processes() {
    // The generators of random numbers are those of a thread, as after a fork.
    let sessions = [(); 2].map(|()| {
        fastrand::seed(1);
        super::queue::instance()
    });
    assert_ne!(sessions[0], sessions[1]);
}

/// A worker with its connection, as far as a queue can tell.
struct Played {
    id: Vec<u8>,
    station: Station,
    /// Messages on their way in both directions.
    to_queue: VecDeque<Vec<Frame>>,
    to_worker: VecDeque<Vec<Frame>>,
    running: Option<Assignment>,
    /// It does nothing until then.
    frozen: Option<Instant>,
}

impl Played {
    fn new(number: usize, now: Instant) -> Played {
        let mut station = Station::new(format!("{number}"), 1000, BEAT, now);
        station.set_open(true);
        Played {
            id: format!("id {number}").into_bytes(),
            station,
            to_queue: VecDeque::new(),
            to_worker: VecDeque::new(),
            running: None,
            frozen: None,
        }
    }
}

/// Plays a queue with workers that die, freeze, lose their connections and come late.
/// Returns how many tasks were done and failed.
fn play(seed: u64) -> (u64, u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let start = Instant::now();
    let mut now = start;
    let timeout = random.bool().then(|| 3 * BEAT);
    let settings = Settings { timeout, attempts: 1000, ..Settings::default() };
    let mut ledger = Ledger::new(settings, [1; 8]);
    let tasks = random.u64(1..60);
    for number in 0..tasks {
        ledger.add(frame(&number.to_string()));
    }
    let mut workers: Vec<Played> = Vec::new();
    let mut made = 0;
    let mut seen = HashSet::new();
    for step in 0.. {
        assert!(step < 100_000, "seed {seed}: {:?} {ledger:?}", ledger.stats());
        now += Duration::from_millis(random.u64(0..200));
        while workers.len() < 4 {
            made += 1;
            workers.push(Played::new(made, now));
        }
        // Faults end at some time, as they do in life.
        if random.u32(0..20) == 0 && step < 5000 {
            let index = random.usize(0..workers.len());
            match random.u32(0..4) {
                // It dies, with what it had not sent.
                0 => {
                    let gone = workers.swap_remove(index);
                    let mut lost = [Frame::from(protocol::lost())];
                    if random.bool() {
                        ledger.handle(now, &gone.id, &mut lost);
                    }
                }
                1 => workers[index].frozen = Some(now + random.u32(1..8) * BEAT),
                // Its connection is replaced by another one, and nobody tells the queue.
                2 => {
                    made += 1;
                    let worker = &mut workers[index];
                    worker.id = format!("id {made}").into_bytes();
                    worker.to_queue.clear();
                    worker.to_worker.clear();
                }
                // It leaves properly.
                _ => workers[index].station.leave(),
            }
        }
        for worker in &mut workers {
            if worker.frozen.is_some_and(|until| until > now) {
                continue;
            }
            worker.frozen = None;
            for _ in 0..random.usize(0..4) {
                if let Some(mut frames) = worker.to_worker.pop_front() {
                    worker.station.handle(now, &mut frames);
                }
            }
            if random.bool()
                && let Some(task) = worker.running.take()
            {
                let value = Frame::from(&*task.payload);
                worker.station.finish(now, &task, Ok(value));
            }
            if worker.running.is_none() {
                worker.running = worker.station.take(now);
            }
            worker.station.set_open(true);
            worker.station.tick(now);
            for (head, payloads) in worker.station.letters() {
                let mut frames = vec![Frame::from(head)];
                frames.extend(payloads);
                worker.to_queue.push_back(frames);
            }
            for _ in 0..random.usize(0..4) {
                if let Some(mut frames) = worker.to_queue.pop_front() {
                    ledger.handle(now, &worker.id, &mut frames);
                }
            }
        }
        ledger.tick(now);
        ledger.assign(now);
        for (to, head, payloads) in ledger.letters() {
            let mut frames = vec![Frame::from(head)];
            frames.extend(payloads);
            match workers.iter_mut().find(|worker| *worker.id == *to) {
                Some(worker) => worker.to_worker.push_back(frames),
                None => ledger.undeliverable(now, &to, random.bool()),
            }
        }
        while let Some(outcome) = ledger.take() {
            assert!(seen.insert(outcome.task), "seed {seed}: {} counted twice", outcome.task);
            let value = outcome.result.unwrap();
            assert_eq!(value.as_text(), Some(&*(outcome.task - 1).to_string()), "seed {seed}");
        }
        let stats = ledger.stats();
        assert_eq!(stats.added, stats.done + stats.failed + stats.waiting + stats.running);
        if ledger.open() == 0 {
            break;
        }
    }
    assert_eq!(seen.len() as u64, tasks, "seed {seed}");
    (ledger.stats().done, ledger.stats().failed)
}

#[test]
fn no_task_is_lost_or_counted_twice_whatever_fails() {
    for seed in 0..300 {
        play(seed);
    }
}

#[test]
fn a_worker_forgets_the_tasks_of_a_queue_that_is_gone() {
    let start = Instant::now();
    let mut station = Station::new("w".into(), 10, BEAT, start);
    station.set_open(true);
    station.tick(start);
    assert_eq!(station.letters().len(), 1);
    let handle = |station: &mut Station, now, head: Vec<u8>, payload: Option<&str>| {
        let mut frames = vec![Frame::from(head)];
        frames.extend(payload.map(frame));
        station.handle(now, &mut frames);
    };
    let (one, two) = ([1; 16], [2; 16]);
    let task = |number| protocol::TaskRecord { mention: mention(number, 1), limit: 7 };
    handle(&mut station, start, protocol::welcome(&one, 1000), None);
    for session in [&one, &two, &NO_SESSION] {
        handle(&mut station, start, protocol::tasks(session, &[task(1)]), Some("task"));
    }
    assert_eq!(station.waiting(), 1);
    let running = station.take(start).unwrap();
    assert_eq!((running.number, running.limit), (1, Some(Duration::from_millis(7))));
    // Another queue, or the same one after a restart.
    handle(&mut station, start, protocol::tasks(&one, &[task(2)]), Some("task"));
    handle(&mut station, start, protocol::welcome(&two, 1000), None);
    assert_eq!(station.waiting(), 0);
    station.finish(start, &running, Ok(frame("late")));
    assert_eq!(station.unsent(), 0);
    // What is more than the credit goes back.
    let more: Vec<_> = (1..=12).map(task).collect();
    let mut frames = vec![Frame::from(protocol::tasks(&two, &more))];
    frames.extend((1..=12).map(|_| frame("task")));
    station.letters();
    station.handle(start, &mut frames);
    assert_eq!(station.waiting(), 10);
    let back = protocol::returned(&two, &[mention(11, 1), mention(12, 1)]);
    assert!(matches!(&station.letters()[..], [(head, _)] if *head == back));
    // A queue that is silent is gone.
    assert!(station.is_known());
    station.tick(start + 3 * BEAT);
    assert!(!station.is_known());
    // Tasks that were cancelled are not run.
    let now = start + 3 * BEAT;
    handle(&mut station, now, protocol::welcome(&one, 1000), None);
    handle(&mut station, now, protocol::tasks(&one, &[task(3)]), Some("task"));
    handle(&mut station, now, protocol::cancel(&one, &[mention(3, 2)]), None);
    assert_eq!(station.waiting(), 1);
    handle(&mut station, now, protocol::cancel(&one, &[mention(3, 1)]), None);
    assert_eq!(station.waiting(), 0);
    // A queue that tells its workers to stop may be gone before this is read.
    station.undeliverable();
    station.undeliverable();
    handle(&mut station, now, protocol::stop(&two), None);
    assert!(!station.stopped);
    handle(&mut station, now, protocol::stop(&one), None);
    assert!(station.stopped);
}

/// Runs a worker in a thread, until the queue tells it to stop.
fn work(endpoint: &str, name: &str) -> thread::JoinHandle<usize> {
    let terms = Terms { name: Some(name.to_owned()), ..Terms::default() };
    let endpoint = endpoint.to_owned();
    thread::spawn(move || {
        let worker = Worker::new(&terms).unwrap();
        worker.connect(&endpoint).unwrap();
        let mut count = 0;
        loop {
            let task = match worker.receive(&SOON) {
                Ok(task) => task,
                Err(Error::Stopped { .. }) => return count,
                Err(error) => panic!("{error}"),
            };
            let result = match task.payload.as_text() {
                Some("bad") => Err(Failure { tag: "Bad".into(), text: "it was bad".into() }),
                _ => Ok(Frame::from(&*task.payload)),
            };
            worker.reply(&task, result).unwrap();
            count += 1;
        }
    })
}

fn queue(settings: Settings) -> (Arc<Queue>, String) {
    let queue = Queue::new(settings).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = queue.endpoint().unwrap().unwrap();
    (Arc::new(queue), endpoint)
}

#[test]
fn many_tasks_pass_through_a_queue() {
    let (queue, endpoint) = queue(Settings::default());
    let workers = ["a", "b"].map(|name| work(&endpoint, name));
    queue.add((0..10_000).map(|number| frame(&number.to_string())).collect()).unwrap();
    let mut seen = HashSet::new();
    while let Some(outcome) = queue.next(&SOON).unwrap() {
        let expected = (outcome.task - 1).to_string();
        assert_eq!(outcome.result.unwrap().as_text(), Some(&*expected));
        assert!(seen.insert(outcome.task));
    }
    assert_eq!(seen.len(), 10_000);
    let mapped = queue.map(vec![frame("x"), frame("bad"), frame("")], &SOON).unwrap();
    let results: Vec<_> = mapped.iter().map(|outcome| outcome.result.is_ok()).collect();
    assert_eq!(results, [true, false, true]);
    assert_eq!(queue.stats().unwrap().workers, 2);
    queue.stop_workers().unwrap();
    let counts = workers.map(|worker| worker.join().unwrap());
    assert_eq!(counts.iter().sum::<usize>(), 10_003);
    queue.close().unwrap();
    assert!(matches!(queue.add(vec![frame("x")]), Err(Error::Stopped { .. })));
}

#[test]
fn messages_are_no_larger_than_the_other_side_accepts() {
    let largest = 1000;
    let limit = |socket: &Socket| socket.set_option("maxmsgsize", &OptionValue::Int(largest));
    let queue = Queue::new(Settings { attempts: 1, ..Settings::default() }).unwrap();
    queue.prepare(limit).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let worker = Worker::new(&Terms::default()).unwrap();
    worker.prepare(limit).unwrap();
    worker.connect(&queue.endpoint().unwrap().unwrap()).unwrap();
    let room = protocol::Room::of(largest as usize).payload();
    let sizes = [600, 600, room, room + 1, 1];
    queue.add(Vec::from(sizes.map(|size| frame(&"x".repeat(size))))).unwrap();
    for size in [600, 600, room, 1] {
        let task = worker.receive(&SOON).unwrap();
        assert_eq!(task.payload.len(), size);
        // The last result does not fit, and neither does all of the text of its error.
        let length = if size == 1 { room + 1 } else { size };
        let failure = || Failure { tag: "Long".into(), text: "x".repeat(2000) };
        let result = if size == room { Err(failure()) } else { Ok(frame(&"y".repeat(length))) };
        worker.reply(&task, result).unwrap();
    }
    let mut outcomes: Vec<_> = sizes.iter().map(|_| queue.next(&SOON).unwrap().unwrap()).collect();
    outcomes.sort_by_key(|outcome| outcome.task);
    let told = |number: usize| match &outcomes[number].result {
        Ok(value) => value.len().to_string(),
        Err(failure) => format!("{}: {}", failure.tag, failure.text),
    };
    assert_eq!([told(0), told(1)], ["600", "600"]);
    assert_eq!(told(2), format!("Long: {}", "x".repeat(room - 5)));
    assert!(told(3).contains("the task has 960 bytes, and a message has room for 959"));
    assert!(told(4).contains("the result has 960 bytes"), "{}", told(4));
    assert_eq!(queue.stats().unwrap().lost, 0);
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq has no such limit")]
fn a_queue_survives_a_lack_of_memory() {
    if !alone("core::tasks::tests::a_queue_survives_a_lack_of_memory", None) {
        return;
    }
    let queue = Queue::new(Settings::default()).unwrap();
    let limit = OptionValue::Int(1_000_000);
    queue.prepare(|socket| socket.set_option("memory_limit", &limit)).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let worker = work(&queue.endpoint().unwrap().unwrap(), "a");
    queue.map(vec![frame("first")], &SOON).unwrap();
    // Messages of another socket take the memory.
    let pull = Socket::attached(SocketType::Pull, "inproc://tasks-memory").unwrap();
    let push = Socket::attached(SocketType::Push, "inproc://tasks-memory").unwrap();
    push.send(&[vec![0; 2_000_000]], &SOON).unwrap();
    queue.add(vec![frame("second")]).unwrap();
    // Neither side hears anything for longer than it waits for a heartbeat.
    let short = Wait::new(Some(BEAT * 4));
    assert!(matches!(queue.next(&short), Err(Error::Again)));
    drop(pull.receive(&SOON).unwrap());
    let outcome = queue.next(&SOON).unwrap().unwrap();
    assert_eq!(outcome.result.unwrap().as_text(), Some("second"));
    queue.stop_workers().unwrap();
    assert!(worker.join().unwrap() >= 2);
}

#[test]
fn the_shutdown_waits_for_no_queue_without_messages() {
    if !alone("core::tasks::tests::the_shutdown_waits_for_no_queue_without_messages", None) {
        return;
    }
    let forever = |socket: &Socket| socket.set_option("linger", &OptionValue::Int(-1));
    let queue = Queue::new(Settings::default()).unwrap();
    queue.prepare(forever).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let worker = Worker::new(&Terms::default()).unwrap();
    worker.prepare(forever).unwrap();
    worker.connect(&queue.endpoint().unwrap().unwrap()).unwrap();
    queue.add(vec![frame("x")]).unwrap();
    worker.receive(&SOON).unwrap();
    let closed = Queue::new(Settings::default()).unwrap();
    closed.bind("tcp://127.0.0.1:*").unwrap();
    closed.close().unwrap();
    assert!(shutdown_within(Some(&SOON)));
}

#[test]
fn workers_find_a_queue_that_starts_again() {
    let settings = Settings { heartbeat: Duration::from_millis(50), ..Settings::default() };
    let (first, endpoint) = queue(settings.clone());
    let worker = work(&endpoint, "faithful");
    first.add(vec![frame("1")]).unwrap();
    assert!(first.next(&SOON).unwrap().is_some());
    first.close().unwrap();
    let second = Queue::new(settings).unwrap();
    second.add(vec![frame("2")]).unwrap();
    second.bind(&endpoint).unwrap();
    assert!(second.next(&SOON).unwrap().is_some());
    second.stop_workers().unwrap();
    assert_eq!(worker.join().unwrap(), 2);
}

#[test]
fn calls_that_wait_end() {
    let (queue, _) = queue(Settings::default());
    assert!(queue.next(&SOON).unwrap().is_none());
    queue.add(vec![frame("x")]).unwrap();
    assert!(matches!(queue.next(&NOW), Err(Error::Again)));
    let brief = Wait::new(Some(Duration::from_millis(20)));
    assert!(matches!(queue.next(&brief), Err(Error::Again)));
    assert!(matches!(queue.map(vec![frame("y")], &brief), Err(Error::Again)));
    assert_eq!(queue.open_numbers().unwrap(), [1]);
    let stop = || true;
    assert!(matches!(queue.next(&SOON.until(Some(&stop))), Err(Error::Interrupted)));
    let waiting = {
        let queue = queue.clone();
        thread::spawn(move || queue.next(&SOON).map(drop))
    };
    while !queue.link_is_waited_for() {
        thread::yield_now();
    }
    queue.close().unwrap();
    assert!(matches!(waiting.join().unwrap(), Err(Error::Stopped { .. })));
    queue.close().unwrap();
}

#[test]
fn wrong_settings_are_refused() {
    let refused = |settings: Settings| Queue::new(settings).is_err();
    assert!(refused(Settings { attempts: 0, ..Settings::default() }));
    assert!(refused(Settings { credit: 0, ..Settings::default() }));
    assert!(refused(Settings { timeout: Some(Duration::ZERO), ..Settings::default() }));
    assert!(refused(Settings { heartbeat: Duration::from_millis(9), ..Settings::default() }));
    let worker = Worker::new(&Terms::default()).unwrap();
    assert!(matches!(worker.connect("inproc://a,inproc://b"), Err(Error::Endpoint { .. })));
    worker.connect("inproc://tasks-again").unwrap();
    assert!(worker.connect("inproc://tasks-again").is_err());
    assert!(worker.prepare(|_| Ok(())).is_err());
}

/// Sends messages to a queue as anybody can.
struct Stranger(zmq::Socket);

impl Stranger {
    fn new(endpoint: &str) -> Stranger {
        let socket = zmq::Context::new().socket(zmq::DEALER).unwrap();
        socket.set_linger(0).unwrap();
        socket.set_rcvtimeo(20_000).unwrap();
        socket.connect(endpoint).unwrap();
        Stranger(socket)
    }

    fn says<T: AsRef<[u8]>>(&self, frames: &[T]) {
        let frames: Vec<&[u8]> = frames.iter().map(AsRef::as_ref).collect();
        self.0.send_multipart(frames, 0).unwrap();
    }

    fn hears(&self) -> (Session, FromQueue) {
        let frames = self.0.recv_multipart(0).unwrap();
        let frames: Vec<Frame> = frames.into_iter().map(Frame::from).collect();
        FromQueue::parse(&frames).unwrap()
    }

    /// Says hello and returns the session.
    fn registers(&self, credit: u32) -> Session {
        self.says(&protocol::hello(credit, "a stranger"));
        loop {
            if let (session, FromQueue::Welcome { .. }) = self.hears() {
                return session;
            }
        }
    }

    /// Returns the next tasks.
    fn gets_tasks(&self) -> Vec<protocol::TaskRecord> {
        loop {
            if let (_, FromQueue::Tasks(records)) = self.hears() {
                return records;
            }
        }
    }
}

#[test]
fn strangers_take_nothing_from_others() {
    // Nobody is lost for being silent.
    let heartbeat = Duration::from_secs(3600);
    let (queue, endpoint) = queue(Settings { credit: 65_535, heartbeat, ..Settings::default() });
    queue.add(vec![frame("first")]).unwrap();
    let owner = Stranger::new(&endpoint);
    let session = owner.registers(u32::MAX);
    let task = owner.gets_tasks()[0].mention;
    // Everybody else who speaks for that session is told that it is not valid.
    let record = |mention, micros| ResultRecord { mention, failed: false, micros };
    let result = |session: &Session, mention| {
        let head = protocol::results(session, [record(mention, 0)].into_iter());
        [head, b"stolen".to_vec()]
    };
    let thief = Stranger::new(&endpoint);
    let own = thief.registers(u32::MAX);
    thief.says(&result(&session, task));
    assert_eq!(thief.hears().1, FromQueue::Gone);
    thief.says(&[protocol::returned(&session, &[task])]);
    assert_eq!(thief.hears().1, FromQueue::Gone);
    thief.says(&[protocol::bye(&session)]);
    assert_eq!(thief.hears().1, FromQueue::Gone);
    // Its own session holds no task.
    thief.says(&result(&own, task));
    thief.says(&[protocol::returned(&own, &[task; protocol::RECORDS])]);
    thief.says(&result(&own, mention(u64::MAX, u32::MAX)));
    let all: Vec<_> = (0..protocol::RECORDS as u64).map(|number| mention(number, 1)).collect();
    let records = all.iter().map(|mention| record(*mention, u32::MAX));
    let mut many = vec![protocol::results(&own, records)];
    many.resize(1 + protocol::RECORDS, Vec::new());
    thief.says(&many);
    thief.says(&[protocol::heartbeat(&own, 0)]);
    // What has another form.
    for junk in [&b""[..], b"ZTQ\x01", &[0xff; 100]] {
        thief.says(&[junk]);
        thief.says(&vec![junk; 1000]);
    }
    thief.says(&[protocol::lost()]);
    // The queue has forgotten the thief, but not the owner.
    thief.says(&[protocol::heartbeat(&own, 1)]);
    assert_eq!(thief.hears(), (own, FromQueue::Gone));
    owner.says(&result(&session, task));
    let outcome = queue.next(&SOON).unwrap().unwrap();
    assert_eq!((outcome.task, outcome.attempts), (1, 1));
    let stats = queue.stats().unwrap();
    assert_eq!((stats.done, stats.invalid, stats.added), (1, 6, 1));
    assert_eq!(stats.late, 1 + 1 + 1 + protocol::RECORDS as u64);
}

#[test]
fn peers_that_flood_a_queue_do_not_stop_it() {
    let heartbeat = Duration::from_secs(60);
    // A stranger that registers again has attempted the task that it was given.
    let attempts = u32::MAX;
    let (queue, endpoint) = queue(Settings { heartbeat, attempts, ..Settings::default() });
    let over = Arc::new(AtomicBool::new(false));
    let flood = |message: fn(u32) -> Vec<Vec<u8>>| {
        let (endpoint, over) = (endpoint.clone(), over.clone());
        thread::spawn(move || {
            // It never reads what it is told.
            let stranger = Stranger::new(&endpoint);
            stranger.0.set_sndtimeo(10).unwrap();
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                count += 1;
                let _ = stranger.0.send_multipart(message(count), 0);
            }
        })
    };
    let floods = [
        flood(|count| protocol::hello(count, "flood").to_vec()),
        flood(|count| vec![protocol::heartbeat(&[count as u8; 16], count)]),
        flood(|_| vec![vec![0; 1000]; 10]),
    ];
    let worker = work(&endpoint, "patient");
    let mut seen = 0;
    queue.add((0..200).map(|_| frame("x")).collect()).unwrap();
    // Whoever registers gets tasks, too, and never answers: they come back with its next
    // registration, or when its connection ends.
    take(&queue, &mut seen, 150);
    over.store(true, Ordering::Relaxed);
    floods.into_iter().for_each(|flood| flood.join().unwrap());
    take(&queue, &mut seen, 200);
    queue.stop_workers().unwrap();
    worker.join().unwrap();
}

/// Takes results until there were this many.
fn take(queue: &Queue, seen: &mut usize, count: usize) {
    while *seen < count {
        let outcome = queue.next(&SOON).unwrap().unwrap();
        outcome.result.unwrap();
        *seen += 1;
    }
}

#[test]
fn a_worker_survives_a_hostile_queue() {
    let socket = zmq::Context::new().socket(zmq::ROUTER).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_rcvtimeo(20_000).unwrap();
    socket.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = socket.get_last_endpoint().unwrap().unwrap();
    let worker = Worker::new(&Terms { credit: 3, ..Terms::default() }).unwrap();
    worker.connect(&endpoint).unwrap();
    // Its first words, and later ones, have this form.
    let hears = |command: u8| loop {
        let frames = socket.recv_multipart(0).unwrap();
        if frames[1][4] == command {
            return frames;
        }
    };
    let id = hears(1).swap_remove(0);
    let says = |frames: &[&[u8]]| {
        let all = [&[&id[..]][..], frames].concat();
        socket.send_multipart(all, 0).unwrap();
    };
    let session = [9; 16];
    for heartbeat in [0, u32::MAX] {
        says(&[&protocol::welcome(&session, heartbeat)]);
    }
    let records: Vec<_> = (1..=protocol::RECORDS as u64)
        .map(|number| protocol::TaskRecord { mention: mention(number, 1), limit: u32::MAX })
        .collect();
    let head = protocol::tasks(&session, &records);
    let open = thread::spawn(move || {
        let task = worker.receive(&SOON).unwrap();
        (worker, task)
    });
    // Only once it accepts tasks.
    while hears(2)[1][21..] != 3_u32.to_be_bytes() {}
    let payload = b"task";
    says(&[&[&head[..]][..], &vec![&payload[..]; protocol::RECORDS][..]].concat());
    let (worker, task) = open.join().unwrap();
    assert_eq!((task.number, &*task.payload), (1, &payload[..]));
    // What exceeds its credit comes back at once.
    let back = hears(4);
    assert_eq!(back[1].len(), 21 + 12 * (protocol::RECORDS - 3));
    for junk in [&b""[..], b"ZTQ\x01", &[0xff; 100]] {
        says(&[junk]);
        says(&vec![junk; 1000]);
    }
    says(&[&protocol::cancel(&session, &[mention(2, 1); protocol::RECORDS])]);
    says(&[&protocol::cancel(&[8; 16], &[mention(3, 1)])]);
    let next = worker.receive(&SOON).unwrap();
    // The cancellation may be read after the task was taken.
    assert!([2, 3].contains(&next.number));
    worker.reply(&task, Ok(frame("done"))).unwrap();
    assert_eq!(hears(3)[2], b"done");
    says(&[&protocol::gone(&session)]);
    // It begins anew, and what it had is not sent anymore.
    hears(1);
    worker.reply(&next, Ok(frame("late"))).unwrap();
    worker.close().unwrap();
}

#[test]
fn a_queue_can_be_bound_again_after_it_could_not() {
    let (_other, taken) = queue(Settings::default());
    let queue = Queue::new(Settings::default()).unwrap();
    let some = format!("inproc://tasks-some,{taken}");
    assert!(matches!(queue.bind(&some), Err(Error::Endpoint { .. })));
    assert_eq!(queue.endpoint().unwrap(), None);
    queue.bind("inproc://tasks-some,tcp://127.0.0.1:*").unwrap();
    let endpoint = queue.endpoint().unwrap().unwrap();
    let workers = [work(&endpoint, "tcp"), work("inproc://tasks-some", "inproc")];
    while queue.stats().unwrap().workers < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(queue.map(vec![frame("x"), frame("y")], &SOON).unwrap().len(), 2);
    queue.stop_workers().unwrap();
    for worker in workers {
        worker.join().unwrap();
    }
}

#[test]
fn a_queue_without_end_of_time_works() {
    let (queue, endpoint) = queue(Settings { timeout: Some(Duration::MAX), ..Settings::default() });
    let worker = work(&endpoint, "w");
    assert_eq!(queue.map(vec![frame("x")], &SOON).unwrap().len(), 1);
    queue.stop_workers().unwrap();
    worker.join().unwrap();
}
