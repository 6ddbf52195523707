//! Waiting for events in other threads.

use std::thread;
use std::time::{Duration, Instant};

use crate::options;

/// The limit for any wait.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Waits until a condition is true, and returns whether it is.
pub fn until(mut so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + DEADLINE;
    while !so() {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Lets a socket process its commands.
pub fn go_on(socket: &zmq::Socket) {
    socket.get_events().unwrap();
}

/// Returns an option of type int that the `zmq` crate does not have.
pub fn option(socket: &zmq::Socket, number: i32) -> i32 {
    options::get(socket, number).unwrap()
}
