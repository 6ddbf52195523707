//! What the peers of a publisher have subscribed to. libzmq does not tell that of
//! a PUB socket, so ours are XPUB sockets inside, whose peers' subscriptions come
//! as messages: a byte 1 or 0, and the prefix.

use std::collections::HashMap;

use crate::libzmq::options;

/// The subscriptions of the peers of a publisher: how many have each prefix.
#[derive(Default)]
pub(in crate::core) struct Subscriptions(HashMap<Box<[u8]>, usize>);

impl Subscriptions {
    /// Makes an XPUB socket report every subscription and its end, also of the
    /// second peer that has it.
    pub fn begin(socket: &mut zmq::Socket) -> zmq::Result<()> {
        options::set(socket, zmq_sys::ZMQ_XPUB_VERBOSER as i32, 1)
    }

    /// Takes in what the peers have sent so far.
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
            // A message of an XSUB peer, which no publisher receives.
            _ => {}
        }
    }

    /// How many different prefixes there are.
    pub fn prefixes(&self) -> usize {
        self.0.len()
    }

    /// How many subscriptions there are, or those that a message which begins with
    /// `topic` would go to.
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
