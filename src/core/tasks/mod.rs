//! A queue gives tasks to workers, and every task to another worker if the first one dies,
//! hangs or leaves. A worker gets no more tasks than it can soon run.
//!
//! The queue (ROUTER) and each worker (DEALER) have a thread that talks to the other side
//! while the program computes. What a thread decides is in `ledger` and `station`,
//! without sockets and clocks; `thread` connects them with both.
//!
//! ```
//! use std::time::Duration;
//! use zeromq::core::tasks::{Queue, Settings, Worker};
//! use zeromq::core::{Frame, Wait};
//!
//! # fn main() -> Result<(), zeromq::core::Error> {
//! let timeout = Wait::new(Some(Duration::from_secs(20)));
//! let queue = Queue::new(Settings::default())?;
//! queue.bind("tcp://127.0.0.1:*")?;
//! queue.add(vec![Frame::from(&b"tea"[..])])?;
//!
//! let worker = Worker::new(&Default::default())?;
//! worker.connect(&queue.endpoint()?.expect("it is bound"))?;
//! let task = worker.receive(&timeout)?;
//! worker.reply(&task, Ok(Frame::from(&b"TEA"[..])))?;
//!
//! let outcome = queue.next(&timeout)?.expect("a task is open");
//! assert_eq!(&*outcome.result.unwrap(), b"TEA");
//! # Ok(())
//! # }
//! ```

#[doc(hidden)]
pub mod hostile;
mod ledger;
mod progress;
mod protocol;
mod queue;
mod station;
mod thread;
mod worker;

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::error::Error;

pub use ledger::{Outcome, Stats};
pub use protocol::Failure;
pub use queue::Queue;
pub use station::Assignment;
pub use worker::{Terms, Worker};

/// The tag of a task that failed and has no tag of its own.
pub const FAILED: &str = "ZMQTask";

/// The tag of a task that ran too long.
const TIMED_OUT: &str = "ZMQTimeout";

/// The range of heartbeats.
const FASTEST: Duration = Duration::from_millis(10);
const SLOWEST: Duration = Duration::from_secs(3600);

/// The largest credit.
const MOST: usize = 65_535;

/// How a queue treats its tasks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a task may run; `None` is forever.
    pub timeout: Option<Duration>,
    /// How often a task is started before it counts as failed, 1 or more.
    pub attempts: u32,
    /// How often queue and workers tell each other that they are there, 10 ms to an hour.
    /// Who is silent for three heartbeats is lost.
    pub heartbeat: Duration,
    /// The maximum number of tasks that a worker holds, 1 to 65,535. A worker whose tasks
    /// take long gets fewer.
    pub credit: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { timeout: None, attempts: 3, heartbeat: Duration::from_secs(1), credit: 1000 }
    }
}

impl Settings {
    /// Checks that all values are in their ranges.
    fn check(&self) -> Result<(), Error> {
        if self.timeout.is_some_and(|timeout| timeout < Duration::from_millis(1)) {
            return Err(wrong("timeout", "at least 1 millisecond, or none", "less"));
        }
        if self.attempts == 0 {
            return Err(wrong("attempts", "1 or more", "0"));
        }
        check_heartbeat(self.heartbeat)?;
        check_credit(self.credit)
    }
}

fn check_heartbeat(heartbeat: Duration) -> Result<(), Error> {
    if (FASTEST..=SLOWEST).contains(&heartbeat) {
        return Ok(());
    }
    let got = format!("{} ms", heartbeat.as_millis());
    Err(wrong("heartbeat", "10 to 3600000 milliseconds", got))
}

fn check_credit(credit: usize) -> Result<(), Error> {
    if (1..=MOST).contains(&credit) {
        return Ok(());
    }
    Err(wrong("credit", "1 to 65535", credit.to_string()))
}

fn wrong(place: &str, expected: &'static str, got: impl Into<String>) -> Error {
    Error::Argument { place: place.to_owned(), expected: expected.into(), got: got.into() }
}
