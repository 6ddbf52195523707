//! How much a task queue adds to the round trip of a task over tcp, how many small tasks
//! pass through one, and how much memory a million of them take. Workers are processes.
//!
//!     cargo bench --bench tasks

use std::env;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zeromq::core::tasks::{Queue, Settings, Terms, Worker};
use zeromq::core::{Error, Frame, Wait};

const TRIPS: u32 = 2000;
const ROUNDS: usize = 9;
const TASKS: u64 = 300_000;
const MANY: u64 = 1_000_000;
const AT_A_TIME: usize = 1000;

const SOON: Wait = Wait::new(Some(Duration::from_secs(60)));

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("echo") => return echo(&arguments[2]),
        Some("worker") => return work(&arguments[2]),
        _ => {}
    }
    round_trips();
    for workers in [1, 2, 4] {
        throughput(workers);
    }
    memory();
}

/// A process that runs one of the roles below.
struct Role(Child);

impl Role {
    fn start(role: &str, endpoint: &str) -> Role {
        let program = env::current_exe().expect("the path of this program");
        let mut command = Command::new(program);
        command.args([role, endpoint]).stdin(Stdio::null());
        Role(command.spawn().expect("a process"))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns each message, with plain libzmq.
fn echo(endpoint: &str) {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::DEALER).unwrap();
    socket.connect(endpoint).unwrap();
    let mut message = zmq::Message::new();
    while socket.recv(&mut message, 0).is_ok() {
        socket.send(&*message, 0).unwrap();
    }
}

/// Returns each task as its result.
fn work(endpoint: &str) {
    let worker = Worker::new(&Terms::default()).unwrap();
    worker.connect(endpoint).unwrap();
    loop {
        let task = match worker.receive(&Wait::new(None)) {
            Ok(task) => task,
            Err(Error::Stopped { .. }) => return,
            Err(error) => panic!("{error}"),
        };
        let result = Frame::from(&*task.payload);
        worker.reply(&task, Ok(result)).unwrap();
    }
}

fn queue() -> (Queue, String) {
    let queue = Queue::new(Settings::default()).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = queue.endpoint().unwrap().unwrap();
    (queue, endpoint)
}

fn task(number: u64) -> Frame {
    Frame::from(format!("task {number:07}").as_bytes())
}

fn one(queue: &Queue) {
    queue.add(vec![task(0)]).unwrap();
    queue.next(&SOON).unwrap().unwrap();
}

fn round_trips() {
    let context = zmq::Context::new();
    let plain = context.socket(zmq::DEALER).unwrap();
    plain.bind("tcp://127.0.0.1:*").unwrap();
    let _echo = Role::start("echo", &plain.get_last_endpoint().unwrap().unwrap());
    let (queue, endpoint) = queue();
    let _worker = Role::start("worker", &endpoint);
    let trip = || {
        plain.send("task 0000000", 0).unwrap();
        plain.recv_bytes(0).unwrap();
    };
    let time = |run: &dyn Fn()| {
        let start = Instant::now();
        (0..TRIPS).for_each(|_| run());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(TRIPS)
    };
    let (mut times, mut added) = ([Vec::new(), Vec::new()], Vec::new());
    for round in 0..=ROUNDS {
        let (plain, tasks) = (time(&trip), time(&|| one(&queue)));
        // The first round warms up.
        if round > 0 {
            times[0].push(plain);
            times[1].push(tasks);
            added.push(tasks - plain);
        }
    }
    let [plain, tasks] = times.map(median);
    println!(
        "one task at a time over tcp: {tasks:.1} µs; round trip of plain libzmq {plain:.1} µs; \
         the queue adds {:.1} µs",
        median(added)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn throughput(workers: usize) {
    let (queue, endpoint) = queue();
    let _workers: Vec<Role> = (0..workers).map(|_| Role::start("worker", &endpoint)).collect();
    while queue.stats().unwrap().workers < workers as u64 {
        std::thread::sleep(Duration::from_millis(1));
    }
    (0..100).for_each(|_| one(&queue));
    let mut rates = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        queue.add((0..TASKS).map(task).collect()).unwrap();
        take(&queue, TASKS);
        rates.push(TASKS as f64 / start.elapsed().as_secs_f64());
    }
    println!("{workers} workers over tcp: {:.0} tasks per second", median(rates));
}

fn take(queue: &Queue, count: u64) {
    for _ in 0..count {
        queue.next(&SOON).unwrap().unwrap().result.unwrap();
    }
}

/// Returns the memory of this process in bytes.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0
}

fn memory() {
    let (queue, endpoint) = queue();
    let _workers = [(); 2].map(|()| Role::start("worker", &endpoint));
    let pass = |count: u64| {
        for _ in 0..count / AT_A_TIME as u64 {
            queue.add((0..AT_A_TIME as u64).map(task).collect()).unwrap();
            take(&queue, AT_A_TIME as u64);
        }
    };
    pass(MANY / 10);
    let before = resident();
    pass(MANY);
    println!(
        "{MANY} tasks, {AT_A_TIME} at a time: the memory grows by {:.0} KiB",
        (resident() - before) / 1024.0
    );
    drop((queue, _workers));
    let (queue, endpoint) = self::queue();
    let before = resident();
    queue.add((0..MANY).map(task).collect()).unwrap();
    let added = resident() - before;
    let _workers = [(); 2].map(|()| Role::start("worker", &endpoint));
    while queue.stats().unwrap().done < MANY {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!(
        "{MANY} tasks of 12 bytes at once: {:.0} bytes for each, and {:.0} with its result",
        added / MANY as f64,
        (resident() - before) / MANY as f64,
    );
    take(&queue, MANY);
}
