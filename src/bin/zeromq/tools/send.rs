//! Sending messages from arguments or from the standard input. Called by `pub` and `push`.
//! Also the sockets that replays send to.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use zeromq::core::{Error, OptionValue, Socket, SocketType, Wait};

use super::arguments::{FormatArguments, LimitArguments, frames_of};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::input::Input;
use super::socket::{Connection, SetupArguments};

/// How messages follow each other.
#[derive(clap::Args)]
pub struct SourceArguments {
    /// Sends a message every MS milliseconds; without --count, that in the arguments until
    /// Ctrl-C.
    #[arg(short, long, value_name = "MS")]
    pub every: Option<u64>,
}

/// The messages to send.
pub struct Messages {
    source: Source,
    left: Option<u64>,
    every: Option<Duration>,
    due: Instant,
}

enum Source {
    Arguments(Vec<Vec<u8>>),
    Input(Box<Input>),
}

impl SourceArguments {
    /// Returns the messages to send: one of these frames, again and again, or those of the
    /// standard input if there are none.
    ///
    /// # Errors
    /// [`Failure::Usage`] if an argument is not a frame in this format.
    pub fn messages(
        &self,
        format: &FormatArguments,
        frames: &[OsString],
        limits: &LimitArguments,
    ) -> Outcome<Messages> {
        let mut left = limits.count;
        let source = if frames.is_empty() {
            Source::Input(Box::new(Input::new(format.format)?))
        } else {
            if self.every.is_none() {
                left = left.or(Some(1));
            }
            Source::Arguments(frames_of(format.format, frames)?)
        };
        let every = self.every.map(Duration::from_millis);
        Ok(Messages { source, left, every, due: Instant::now() })
    }
}

impl Messages {
    /// Returns the first frame of all messages, if it is known.
    pub fn topic(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Arguments(frames) => frames.first().map(Vec::as_slice),
            Source::Input(_) => None,
        }
    }

    /// Waits until the next message is due and returns its frames; `None` if there are no
    /// more, or the command should end.
    ///
    /// # Errors
    /// [`Failure::Error`] if the input has no messages.
    pub fn next(&mut self, ending: &Ending) -> Outcome<Option<Vec<Vec<u8>>>> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let frames = match &mut self.source {
            Source::Arguments(_) if ending.is_asked() => None,
            Source::Arguments(frames) => Some(frames.clone()),
            Source::Input(input) => input.next(ending)?,
        };
        if let Some(every) = self.every
            && frames.is_some()
        {
            // What was read is sent at once after a signal.
            match ending.sleep_until(self.due) {
                Ok(()) | Err(Error::Interrupted) => {}
                Err(error) => return Err(error.into()),
            }
            self.due = self.due.max(Instant::now() - every) + every;
        }
        if let (Some(left), Some(_)) = (&mut self.left, &frames) {
            *left -= 1;
        }
        Ok(frames)
    }

    /// Returns true if there are no more messages to send, whatever the reason to end was.
    pub fn is_done(&self) -> bool {
        match (&self.source, self.left) {
            (_, Some(0)) => true,
            (Source::Arguments(_), left) => left.is_none(),
            (Source::Input(input), _) => input.has_ended(),
        }
    }
}

/// Sends all messages and closes the socket. After a signal, what was read is still sent.
///
/// # Errors
/// [`Failure::Timeout`] if there is no room for a message, [`Failure::Stopped`] if a signal
/// comes before all messages were sent, [`Failure::Error`] if a message was not.
pub fn all(
    connection: Connection,
    messages: &mut Messages,
    limits: &LimitArguments,
    ending: &Ending,
) -> Outcome {
    let linger = connection.linger();
    let mut end = None;
    while let Some(frames) = messages.next(ending)? {
        let sent = loop {
            let wait = if ending.is_asked() {
                let now = Instant::now();
                let end = *end.get_or_insert_with(|| linger.map(|linger| now + linger));
                Wait::new(end.map(|end| end.saturating_duration_since(now)))
            } else {
                ending.wait(limits.timeout())
            };
            // A publisher may number them.
            match connection.socket.publish(&frames, &wait) {
                Err(Error::Interrupted) if ending.is_asked() => {}
                sent => break sent,
            }
        };
        match sent {
            Ok(()) => {}
            Err(Error::Again) => {
                let text = "no peer has accepted a message in time, so it was not sent";
                return Err(match ending.is_asked() {
                    true => Failure::Error(text.to_owned()),
                    false => connection.timed_out(text),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    connection.finish(ending, limits.timeout())?;
    if messages.is_done() { Ok(()) } else { Err(Failure::Stopped) }
}

/// The socket that a replay sends to.
#[derive(clap::Args)]
pub struct OutletArguments {
    /// The type of the socket.
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = Outlet::Pub)]
    socket: Outlet,
    /// Waits until there are N subscriptions, or N peers of other sockets, before the first
    /// message; 0 does not wait.
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    wait: usize,
}

/// The sockets that send without having received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Outlet {
    Pub,
    Xpub,
    Push,
    Dealer,
    Pair,
}

impl OutletArguments {
    /// Returns the type of the socket.
    pub fn socket(&self) -> SocketType {
        match self.socket {
            Outlet::Pub => SocketType::Pub,
            Outlet::Xpub => SocketType::Xpub,
            Outlet::Push => SocketType::Push,
            Outlet::Dealer => SocketType::Dealer,
            Outlet::Pair => SocketType::Pair,
        }
    }

    /// Lets a slow subscriber slow the replay, so that it does not miss messages, unless the
    /// options of the socket say something else.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn prepare(&self, socket: &Socket, setup: &SetupArguments) -> Outcome {
        let is_chosen = |option: &String| option.trim_start().starts_with("xpub_nodrop");
        let publishes = matches!(self.socket, Outlet::Pub | Outlet::Xpub);
        if publishes && !setup.options.iter().any(is_chosen) {
            socket.set_option("xpub_nodrop", &OptionValue::Bool(true))?;
        }
        Ok(())
    }

    /// Waits for those who are to receive.
    ///
    /// # Errors
    /// [`Failure::Timeout`] if they do not come in time, [`Failure::Stopped`] after a signal.
    pub fn await_peers(
        &self,
        connection: &Connection,
        limits: &LimitArguments,
        ending: &Ending,
    ) -> Outcome {
        let wait = ending.wait(limits.timeout());
        let socket = &connection.socket;
        let waited = match self.socket {
            _ if self.wait == 0 => Ok(()),
            Outlet::Pub => socket.wait_for_subscribers(self.wait, None, &wait),
            _ => socket.wait_for_peers(self.wait, &wait),
        };
        match waited {
            Err(Error::Again) => {
                let text = "nobody has connected within the timeout; --wait 0 does not wait";
                Err(Failure::Timeout(text.to_owned()))
            }
            // Nothing was sent.
            waited => Ok(waited?),
        }
    }
}
