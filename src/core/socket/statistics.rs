//! What a socket has sent and received, and its peers, in numbers.

use super::Socket;
use super::open::Open;
use crate::core::error::Error;
use crate::core::socket_type::SocketType::{Router, Stream};
use crate::core::statistics::{Counters, Statistics};

impl Socket {
    /// Returns a number that no other socket of the process has.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn number(&self) -> Result<u64, Error> {
        self.visit(|state| state.open().map(|open| open.id.0))?
    }

    /// Returns how much the socket has sent and received.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn counters(&self) -> Result<Counters, Error> {
        self.visit(|state| state.open().map(|open| open.counters))?
    }

    /// Returns the statistics of the socket.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn statistics(&self) -> Result<Statistics, Error> {
        self.with(|open| {
            let dropped = matches!(open.socket_type, Router | Stream).then(|| self.dropped());
            Ok(Statistics { dropped, ..open.statistics()? })
        })
    }
}

impl Open {
    /// Returns the statistics of the socket, except for the messages that it has dropped.
    pub fn statistics(&mut self) -> Result<Statistics, Error> {
        self.refresh()?;
        let connections = self.connections()?;
        let peers = connections.as_ref().map(|known| self.with_inproc(known.peers));
        let connections = connections.unwrap_or_default();
        Ok(Statistics {
            counters: self.counters,
            peers,
            connections: connections.complete,
            disconnections: connections.ended,
            failures: connections.failed,
            refusals: connections.refused,
            oversized: connections.oversized,
            subscriptions: self.count_prefixes()?,
            dropped: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use crate::core::Wait;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn messages_frames_and_bytes_are_counted() {
        let pull = Socket::attached(Pull, "inproc://peers-counted").unwrap();
        let push = Socket::attached(Push, "inproc://peers-counted").unwrap();
        push.send(&["ab", "c"], &SOON).unwrap();
        push.send(&["d"], &SOON).unwrap();
        pull.receive(&SOON).unwrap();
        let counters = pull.counters().unwrap();
        assert_eq!((counters.messages_received, counters.frames_received), (0, 1));
        pull.receive_all(&SOON).unwrap();
        pull.receive_all(&SOON).unwrap();
        let (sent, received) = (push.counters().unwrap(), pull.counters().unwrap());
        assert_eq!((sent.messages_sent, sent.frames_sent, sent.bytes_sent), (2, 3, 4));
        assert_eq!(
            (received.messages_received, received.frames_received, received.bytes_received),
            (2, 3, 4)
        );
        let lonely = Socket::new(Push).unwrap();
        assert!(lonely.send(&["x"], &NOW).is_err());
        assert_eq!(lonely.counters().unwrap().expired, 1);
    }
}
