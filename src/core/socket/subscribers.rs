//! Subscriptions: those that a socket makes, and those of a publisher's peers. libzmq
//! does not report the latter for PUB sockets, so ours are XPUB sockets inside, which
//! receive subscriptions as messages: a byte 1 or 0, followed by the prefix.

use std::collections::HashMap;

use crate::libzmq::options;

/// The subscriptions of a publisher's peers: how many peers have each prefix.
#[derive(Default)]
pub(in crate::core) struct Subscriptions(HashMap<Box<[u8]>, usize>);

impl Subscriptions {
    /// Makes an XPUB socket report every subscription and unsubscription, including
    /// duplicates.
    pub fn begin(socket: &mut zmq::Socket) -> zmq::Result<()> {
        options::set(socket, zmq_sys::ZMQ_XPUB_VERBOSER as i32, 1)
    }

    /// Processes the subscriptions that have arrived.
    pub fn update(&mut self, socket: &zmq::Socket) -> zmq::Result<()> {
        loop {
            match socket.recv_msg(zmq::DONTWAIT) {
                Ok(message) => self.apply(&message),
                Err(zmq::Error::EINTR) => {}
                Err(zmq::Error::EAGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn apply(&mut self, message: &[u8]) {
        match message.split_first() {
            Some((1, prefix)) => *self.0.entry(prefix.into()).or_default() += 1,
            Some((0, prefix)) => {
                if let Some(count) = self.0.get_mut(prefix) {
                    *count -= 1;
                    if *count == 0 {
                        self.0.remove(prefix);
                    }
                }
            }
            // A message of an XSUB peer, which publishers do not receive.
            _ => {}
        }
    }

    /// Returns the number of different prefixes.
    pub fn prefixes(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of subscriptions, or of those that match messages beginning
    /// with `topic`.
    pub fn count(&self, topic: Option<&[u8]>) -> usize {
        match topic {
            None => self.0.values().sum(),
            Some(topic) => {
                let prefixes = (0..=topic.len()).map(|end| &topic[..end]);
                prefixes.filter_map(|prefix| self.0.get(prefix)).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_counted_by_what_they_match() {
        let mut subscriptions = Subscriptions::default();
        for message in ["\x01", "\x01a", "\x01a", "\x01ab", "\x01b", "\x00a", "\x00none", "x", ""] {
            subscriptions.apply(message.as_bytes());
        }
        assert_eq!(subscriptions.prefixes(), 4);
        assert_eq!(subscriptions.count(None), 4);
        assert_eq!(subscriptions.count(Some(b"abc")), 3);
        assert_eq!(subscriptions.count(Some(b"c")), 1);
        subscriptions.apply(b"\x00");
        assert_eq!(subscriptions.count(Some(b"c")), 0);
        assert_eq!(subscriptions.count(Some(b"")), 0);
    }
}
