//! Receiving messages until there are enough of them or the command should end. Called by
//! `sub` and `pull`.

use std::time::{Duration, Instant};

use zeromq::core::{Action, Error, Message, OptionValue, Socket, Wait};

use super::arguments::LimitArguments;
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::socket::Connection;

/// How long messages that have arrived before a signal are still taken from the queues.
const REST: Duration = Duration::from_secs(1);

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
                return Err(Failure::Timeout(text));
            }
            Err(error) => return Err(error.into()),
        }
        count += 1;
        take(&message)?;
    }
    if ending.is_asked() && !done(count) {
        let end = Instant::now() + REST;
        let mut left = queued(socket);
        // Peers keep what they have not sent yet, and can send it to others.
        for (action, endpoint) in socket.endpoints()? {
            if action == Action::Bind {
                socket.unbind(&endpoint)?;
            }
        }
        let now = Wait::new(Some(Duration::ZERO));
        while !done(count)
            && left > 0
            && Instant::now() < end
            && socket.receive_into(&mut message, &now).is_ok()
        {
            left -= 1;
            count += 1;
            take(&message)?;
        }
    }
    if limits.count.is_some() && !done(count) { Err(Failure::Stopped) } else { Ok(()) }
}

/// Returns how many messages can be in the queues of a socket.
fn queued(socket: &Socket) -> usize {
    let peers = socket.statistics().ok().and_then(|statistics| statistics.peers).unwrap_or(1);
    match socket.option("rcvhwm") {
        Ok(OptionValue::Int(mark)) if mark > 0 => {
            usize::try_from(mark).unwrap_or(usize::MAX).saturating_mul(peers.max(1))
        }
        _ => usize::MAX,
    }
}
