//! Compares every way of using this library with the libzmq inside it, over inproc. All
//! ways of a pattern are measured in turn, round by round, because machines are noisy;
//! only the ratios are comparable. `benches/README.md` describes the patterns.
//!
//!     cargo bench --bench inproc
//!     cargo bench --bench inproc -- p1 poller

mod capi;
mod core;
mod libzmq;
mod poller;
mod table;
mod vm;

use std::hint::black_box;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use zeromq::core::SocketType;

/// Measures a way once and returns nanoseconds per message.
type Run = Box<dyn FnMut() -> f64>;

/// The ways to do the same, with their names. The first one is plain libzmq.
type Ways = Vec<(&'static str, Run)>;

/// The number of messages in a burst or a batch.
const BURST: usize = 500;

/// From this size in bytes, there are ways that do not copy the frame.
const LONG: usize = 1 << 16;

static BYTES: [u8; LONG] = [b'x'; LONG];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Sends 500 messages, then receives them.
    Burst,
    /// Does the same with one call each, if there is such a call.
    Batch,
    /// Sends a request, receives it, sends the reply and receives it.
    Lockstep,
    /// Receives what another thread sends.
    Thread,
}

/// What is sent, and in which order.
struct Pattern {
    name: &'static str,
    title: &'static str,
    order: Order,
    /// The size of a frame in bytes.
    size: usize,
    /// The number of frames in a message.
    frames: usize,
    /// The number of messages in a round.
    messages: usize,
}

const PATTERNS: [Pattern; 6] = [
    Pattern {
        name: "p1",
        title: "500 messages of 10 bytes sent, then received",
        order: Order::Burst,
        size: 10,
        frames: 1,
        messages: 100_000,
    },
    Pattern {
        name: "p1",
        title: "500 messages of 64 KiB sent, then received",
        order: Order::Burst,
        size: LONG,
        frames: 1,
        messages: 5_000,
    },
    Pattern {
        name: "p6",
        title: "500 messages of three frames of 32 bytes sent, then received",
        order: Order::Burst,
        size: 32,
        frames: 3,
        messages: 50_000,
    },
    Pattern {
        name: "p4",
        title: "a request of 10 bytes and its reply",
        order: Order::Lockstep,
        size: 10,
        frames: 1,
        messages: 50_000,
    },
    Pattern {
        name: "batch",
        title: "500 messages of 10 bytes in a call",
        order: Order::Batch,
        size: 10,
        frames: 1,
        messages: 100_000,
    },
    Pattern {
        name: "thread",
        title: "messages of 10 bytes from another thread",
        order: Order::Thread,
        size: 10,
        frames: 1,
        messages: 100_000,
    },
];

impl Pattern {
    /// Opens a pair of sockets and measures how long messages take from one to the other.
    fn run<S: Send + 'static>(
        &self,
        open: impl Fn(SocketType, &str) -> S,
        send: impl Fn(&mut S, &'static [u8]) + Sync + 'static,
        receive: impl Fn(&mut S) + 'static,
    ) -> Run {
        let (near, far) = match self.order {
            Order::Lockstep => (SocketType::Req, SocketType::Rep),
            _ => (SocketType::Push, SocketType::Pull),
        };
        let endpoint = endpoint();
        let (mut far, mut near) = (open(far, &endpoint), open(near, &endpoint));
        let (frame, messages) = (&BYTES[..self.size], self.messages);
        match self.order {
            Order::Burst => Box::new(move || {
                time(messages, BURST, || {
                    (0..BURST).for_each(|_| send(&mut near, frame));
                    (0..BURST).for_each(|_| receive(&mut far));
                })
            }),
            Order::Batch => Box::new(move || {
                time(messages, BURST, || {
                    send(&mut near, frame);
                    receive(&mut far);
                })
            }),
            Order::Lockstep => Box::new(move || {
                time(messages, 1, || {
                    send(&mut near, frame);
                    receive(&mut far);
                    send(&mut far, frame);
                    receive(&mut near);
                })
            }),
            Order::Thread => Box::new(move || {
                thread::scope(|scope| {
                    scope.spawn(|| (0..messages).for_each(|_| send(&mut near, frame)));
                    time(messages, 1, || receive(&mut far))
                })
            }),
        }
    }

    fn ways(&self) -> Ways {
        let ways = [libzmq::ways, core::ways, capi::ways, vm::ways, table::ways];
        ways.iter().flat_map(|ways| ways(self)).collect()
    }
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|name| name != "--bench").collect();
    let known = |name: &String| name == "poller" || PATTERNS.iter().any(|known| known.name == name);
    if let Some(unknown) = named.iter().find(|name| !known(name)) {
        eprintln!("{unknown} is not one of p1, p6, p4, batch, thread, poller");
        exit(2);
    }
    let selected = |name: &str| named.is_empty() || named.iter().any(|named| named == name);
    let rounds = std::env::var("ZEROMQ_ROUNDS").map_or(15, |rounds| rounds.parse().unwrap());
    for pattern in PATTERNS.iter().filter(|pattern| selected(pattern.name)) {
        compare(&format!("{}: {}", pattern.name, pattern.title), rounds, pattern.ways());
    }
    if selected("poller") {
        poller::compare_all(rounds);
    }
}

/// Prints how long a message takes in each way, and the speed relative to the first way.
fn compare(title: &str, rounds: usize, mut ways: Ways) {
    // This round warms up.
    for (_, run) in &mut ways {
        run();
    }
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for ((_, run), times) in ways.iter_mut().zip(&mut times) {
            times.push(run());
        }
    }
    println!("{title}\n{:>50} {:>7}", "ns", "ratio");
    for ((name, _), own) in ways.iter().zip(&times) {
        let ratios = times[0].iter().zip(own).map(|(raw, own)| raw / own).collect();
        println!("  {name:<38} {:>9.1} {:>7.2}", median(own.clone()), median(ratios));
    }
    println!();
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Returns nanoseconds per message, if each call of `each` passes `at_once` of them.
fn time(messages: usize, at_once: usize, mut each: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..messages / at_once).for_each(|_| each());
    start.elapsed().as_secs_f64() / messages as f64 * 1e9
}

/// Returns an endpoint that is not in use.
fn endpoint() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("inproc://bench-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Reads a received frame: its last byte is enough.
#[inline]
fn read(frame: &[u8]) {
    black_box(frame.last());
}

/// Returns the name of the class of a socket type in scripts.
fn class(kind: SocketType) -> &'static str {
    match kind {
        SocketType::Push => "ZMQPush",
        SocketType::Pull => "ZMQPull",
        SocketType::Req => "ZMQRequest",
        SocketType::Rep => "ZMQReply",
        other => unreachable!("{other:?} is in no pattern"),
    }
}
