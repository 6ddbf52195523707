//! Receiving messages until there are enough of them or the command should end. Called by
//! `sub`, `pull`, `record` and `bridge`.

use std::time::{Duration, Instant};

use zeromq::core::{Action, Error, Message, OptionValue, Socket, SocketType, Wait};

use super::arguments::LimitArguments;
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::socket::Connection;

/// How long messages that have arrived before a signal are still taken from the queues.
const REST: Duration = Duration::from_secs(1);

/// How long to wait for one of them.
const PAUSE: Duration = Duration::from_millis(50);

/// Receives messages and passes each to `take`. After a signal, those that have arrived before
/// it are still received.
///
/// # Errors
/// [`Failure::Timeout`] if none arrives in time, [`Failure::Stopped`] if a signal comes before
/// `--count` messages, and the errors of `take`.
pub fn all(
    connection: &Connection,
    limits: &LimitArguments,
    ending: &Ending,
    mut take: impl FnMut(&Message) -> Outcome,
) -> Outcome {
    ending.watch_output();
    let socket = &connection.socket;
    let wait = ending.wait(limits.timeout());
    let mut message = Message::default();
    let mut count = 0;
    let done = |count| limits.count.is_some_and(|limit| count >= limit);
    while !ending.is_asked() && !done(count) {
        match socket.receive_into(&mut message, &wait) {
            Ok(()) => {}
            Err(Error::Interrupted) => break,
            Err(Error::Again) => {
                let text = format!("no message has arrived within the timeout, after {count}");
                return Err(connection.timed_out(&text));
            }
            Err(error) => return Err(error.into()),
        }
        count += 1;
        take(&message)?;
    }
    if ending.is_asked() {
        let mut rest = Rest::of(socket);
        while !done(count) && rest.receive(socket, &mut message)? {
            count += 1;
            take(&message)?;
        }
    }
    if limits.count.is_some() && !done(count) { Err(Failure::Stopped) } else { Ok(()) }
}

/// The messages that have arrived at a socket before a signal.
pub struct Rest {
    end: Instant,
    /// How many messages there can be.
    left: u64,
    /// True once it was unbound.
    unbound: bool,
}

impl Rest {
    pub fn of(socket: &Socket) -> Rest {
        Rest { end: Instant::now() + REST, left: queued(socket), unbound: false }
    }

    /// Receives the next one. Returns false if there are no more. Once none has arrived for a
    /// moment, the socket is unbound: its peers keep what they have not sent yet, and can send
    /// it to others. It stays connected, because libzmq drops what is in the queue of a
    /// connection that it ends.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn receive(&mut self, socket: &Socket, message: &mut Message) -> Outcome<bool> {
        let one = |wait: &Wait<'_>, _| socket.receive_into(message, wait).map(|()| 1);
        Ok(self.receive_by(socket, one)? > 0)
    }

    /// As `receive`, for several messages: `receive` gets a wait and how many there may be,
    /// and returns how many there were.
    pub fn receive_by(
        &mut self,
        socket: &Socket,
        mut receive: impl FnMut(&Wait<'_>, u64) -> Result<u64, Error>,
    ) -> Outcome<u64> {
        while self.left > 0 && Instant::now() < self.end {
            match receive(&Wait::new(Some(PAUSE)), self.left) {
                Ok(count) => {
                    self.left -= count.min(self.left);
                    return Ok(count);
                }
                Err(Error::Again) if !self.unbound => self.unbind(socket)?,
                Err(Error::Again) if peers(socket) == 0 => return Ok(0),
                Err(Error::Again) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(0)
    }

    fn unbind(&mut self, socket: &Socket) -> Outcome {
        for (action, endpoint) in socket.endpoints()? {
            match action {
                Action::Bind => socket.unbind(&endpoint)?,
                // Its queue may still be filled.
                Action::Connect => self.left = 0,
            }
        }
        self.unbound = true;
        Ok(())
    }
}

/// Returns how many messages can be in the queues of a socket. Of a pipeline, what the system
/// holds for a full queue counts too: its peers do not send it again.
fn queued(socket: &Socket) -> u64 {
    match socket.option("rcvhwm") {
        Ok(OptionValue::Int(mark)) if mark > 0 && socket.socket_type() != SocketType::Pull => {
            mark.unsigned_abs().saturating_mul(peers(socket).max(1) as u64)
        }
        _ => u64::MAX,
    }
}

fn peers(socket: &Socket) -> usize {
    socket.statistics().ok().and_then(|statistics| statistics.peers).unwrap_or(0)
}
