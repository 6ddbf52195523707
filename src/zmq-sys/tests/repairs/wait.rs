//! Waiting for events in other threads.

use std::thread;
use std::time::{Duration, Instant};

use crate::options;

/// The limit for any wait, which no test reaches that passes, however slow the machine is.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The same in milliseconds, as an option of sockets.
pub const TIMEOUT: i32 = DEADLINE.as_millis() as i32;

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

/// Waits until there is a command for a socket, which has processed all before. Does not let
/// it process that one.
pub fn await_command(socket: &zmq::Socket) {
    let mut commands = [zmq::PollItem::from_fd(socket.get_fd().unwrap(), zmq::POLLIN)];
    assert_eq!(zmq::poll(&mut commands, TIMEOUT.into()), Ok(1));
}

/// Returns an option of type int that the `zmq` crate does not have.
pub fn option(socket: &zmq::Socket, number: i32) -> i32 {
    options::get(socket, number).unwrap()
}
