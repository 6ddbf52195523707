//! Subscriptions: how long one may be, and those of the peers of a publisher, which
//! libzmq counts.

use std::ffi::c_int;

use zmq_sys::options::numbered;

use super::error::Error;
use super::open::retried;

/// Options of PUB and XPUB: how many prefixes there are, how many subscriptions match
/// the topic that this was set to, and how many there are in all. The last two are
/// additions to libzmq.
const TOPICS_COUNT: c_int = 116;
const MATCHING: c_int = 5030;
const SUBSCRIPTIONS: c_int = 5031;

/// How long a prefix may be that is subscribed. libzmq calls itself for each byte
/// of it (trie.cpp): the stack of a thread would not hold many more.
pub(super) const LONGEST: usize = 4096;

/// Whether a frame tells an XSUB socket to subscribe, or to take that back, what is
/// too long. It looks at every frame.
pub(super) fn is_too_long(frame: &[u8]) -> bool {
    frame.len() > LONGEST + 1 && frame[0] <= 1
}

/// Refuses a prefix that is too long.
///
/// # Errors
/// [`Error::Argument`].
pub(super) fn check(prefix: &[u8]) -> Result<(), Error> {
    match prefix.len() {
        ..=LONGEST => Ok(()),
        long => Err(Error::Argument {
            place: "a prefix".to_owned(),
            expected: format!("no more than {LONGEST} bytes").into(),
            got: format!("{long}"),
        }),
    }
}

/// Returns how many different prefixes the peers of a PUB or XPUB have subscribed to.
pub(super) fn prefixes(socket: &zmq::Socket) -> zmq::Result<usize> {
    number(socket, TOPICS_COUNT)
}

/// Returns how many subscriptions the peers of a PUB or XPUB have, or how many of them
/// match a message that begins with `topic`.
pub(super) fn count(socket: &zmq::Socket, topic: Option<&[u8]>) -> zmq::Result<usize> {
    let Some(topic) = topic else {
        return number(socket, SUBSCRIPTIONS);
    };
    retried(|| numbered(MATCHING, || socket.set_subscribe(topic)))?;
    number(socket, MATCHING)
}

fn number(socket: &zmq::Socket, option: c_int) -> zmq::Result<usize> {
    let number = retried(|| numbered(option, || socket.get_linger()))?;
    Ok(usize::try_from(number).unwrap_or(0))
}
