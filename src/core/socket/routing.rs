//! Messages to one peer among many: ROUTER and STREAM.

use std::sync::atomic::Ordering;

use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::socket::{Socket, send};
use crate::core::socket_type::SocketType::{Router, Stream};
use crate::core::wait::Wait;

impl Socket {
    /// Sends what [`send_more`](Socket::send_more) has put together, and `frames`
    /// after it, as one message. When the time runs out or it is not the socket's
    /// turn, it is as if nothing had been tried; after another error what was put
    /// together is dropped.
    pub(super) fn send_carefully<F: AsRef<[u8]>>(
        &self,
        frames: &[F],
        wait: &Wait,
    ) -> Result<(), Error> {
        self.check_process()?;
        let mut begun = self.notes.begun()?;
        if begun.is_empty() {
            drop(begun);
            return self.send_routed(frames, wait);
        }
        let all = begun.iter().map(Vec::as_slice).chain(frames.iter().map(AsRef::as_ref));
        let all: Vec<&[u8]> = all.collect();
        let result = self.check_conflates().and_then(|()| self.send_routed(&all, wait));
        if !matches!(
            result,
            Err(Error::Again | Error::State { .. } | Error::Interrupted | Error::Busy)
        ) {
            begun.clear();
            self.notes.begins(false);
        }
        result
    }

    /// A ROUTER drops what nobody can take, as in libzmq, but counts it.
    fn send_routed<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<(), Error> {
        let drops = self.socket_type() == Router && !self.notes.mandatory.load(Ordering::Relaxed);
        let sent = self.transfer("send", zmq::POLLOUT, wait, |open| {
            match send(&mut open.socket, frames) {
                Ok(()) => {
                    open.count_sent(frames);
                    Ok(true)
                }
                Err(zmq::Error::EHOSTUNREACH | zmq::Error::EAGAIN) if drops => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        // A routing id alone is no message either.
        if !sent || drops && frames.len() == 1 {
            self.notes.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sends a message to the peer with a routing id: of `frames` for a ROUTER; of
    /// their bytes, one after the other, for a STREAM, whose peers know no frames.
    /// Gives false when no peer has the routing id.
    ///
    /// # Errors
    /// As [`send`](Socket::send). [`Error::Unroutable`] in place of false after
    /// [`set_mandatory`](Socket::set_mandatory). [`Error::State`] when
    /// [`send_more`](Socket::send_more) has begun another message.
    pub fn send_to<F: AsRef<[u8]>>(
        &self,
        id: &[u8],
        frames: &[F],
        wait: &Wait,
    ) -> Result<bool, Error> {
        self.ready_for("sendto")?;
        let mut all: Vec<&[u8]> = vec![id];
        let joined;
        if self.socket_type() == Stream {
            joined = frames.iter().flat_map(AsRef::as_ref).copied().collect::<Vec<u8>>();
            all.push(&joined);
        } else {
            all.extend(frames.iter().map(AsRef::as_ref));
        }
        let sent = self.transfer("sendto", zmq::POLLOUT, wait, |open| {
            send(&mut open.socket, &all)?;
            open.count_sent(&all);
            Ok(())
        });
        match sent {
            Ok(()) => Ok(true),
            Err(Error::Unroutable) => {
                self.notes.dropped.fetch_add(1, Ordering::Relaxed);
                self.notes.peers().forget(id);
                match self.notes.mandatory.load(Ordering::Relaxed) {
                    true => Err(Error::Unroutable),
                    false => Ok(false),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the connection to a peer of a STREAM. Gives false when no peer has the
    /// routing id.
    ///
    /// # Errors
    /// As [`send_to`](Socket::send_to).
    pub fn close_peer(&self, id: &[u8], wait: &Wait) -> Result<bool, Error> {
        let closed = self.send_to(id, &[b""], wait)?;
        self.notes.peers().forget(id);
        Ok(closed)
    }

    /// Receives a message with the routing id of its peer.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive), and [`Error::State`] in the middle of a
    /// message.
    pub fn receive_from(&self, wait: &Wait) -> Result<(Frame, Vec<Frame>), Error> {
        let mut frames = self.receive_whole("receivefrom", wait)?.into_iter();
        let id = frames.next().unwrap_or_default();
        self.notes.peers().saw(&id);
        Ok((id, frames.collect()))
    }

    /// The routing ids of the peers from which [`receive_from`](Socket::receive_from)
    /// has received, without those that were found gone, the oldest first; no more
    /// than 65,536.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn peers(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.check_process()?;
        Ok(self.notes.peers().ids().map(<[u8]>::to_owned).collect())
    }

    /// Whether a message to a peer that is not there is [`Error::Unroutable`], and
    /// one to a peer that is full waits. Without this a ROUTER drops both.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another type.
    pub fn set_mandatory(&self, mandatory: bool) -> Result<(), Error> {
        if self.socket_type() != Router {
            return Err(Error::Unsupported {
                operation: "route",
                socket_type: self.socket_type(),
                needs: "ROUTER",
            });
        }
        self.with(|_| Ok(()))?;
        self.notes.mandatory.store(mandatory, Ordering::Relaxed);
        Ok(())
    }

    /// How many messages were dropped, because no peer had their routing id, or
    /// because it could take no more.
    pub fn dropped(&self) -> u64 {
        self.notes.dropped.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`Error::State`] when [`send_more`](Socket::send_more) has begun a message.
    pub(in crate::core) fn ready_for(&self, operation: &'static str) -> Result<(), Error> {
        self.socket_type().check_sends()?;
        self.check_process()?;
        if self.notes.begun()?.is_empty() {
            Ok(())
        } else {
            Err(Error::State { operation, socket_type: self.socket_type() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Push};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn messages_to_nobody_are_counted() {
        let router = Socket::attached(Router, "inproc://routing-nobody").unwrap();
        router.send(&["nobody", "x"], &NOW).unwrap();
        router.send(&["alone"], &NOW).unwrap();
        assert!(!router.send_to(b"nobody", &["x"], &NOW).unwrap());
        assert_eq!(router.dropped(), 3);
        router.set_mandatory(true).unwrap();
        assert!(matches!(router.send(&["nobody", "x"], &NOW), Err(Error::Unroutable)));
        assert!(matches!(router.send_to(b"nobody", &["x"], &NOW), Err(Error::Unroutable)));
        let push = Socket::new(Push).unwrap();
        assert!(matches!(push.set_mandatory(true), Err(Error::Unsupported { .. })));
    }

    #[test]
    fn a_full_peer_never_holds_a_plain_send() {
        let router = Socket::attached(Router, "inproc://routing-full").unwrap();
        let dealer = Socket::attached(Dealer, "inproc://routing-full").unwrap();
        dealer.send(&["hello"], &SOON).unwrap();
        let (id, frames) = router.receive_from(&SOON).unwrap();
        assert_eq!(frames.len(), 1);
        // Both high-water marks are 1000.
        let mut sent = 0;
        while router.send_to(&id, &["x"], &NOW).is_ok() {
            sent += 1;
            assert!(sent < 10_000);
        }
        assert_eq!(router.dropped(), 0);
        router.send(&[&*id, b"dropped"], &SOON).unwrap();
        assert_eq!(router.dropped(), 1);
        router.set_mandatory(true).unwrap();
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(router.send(&[&*id, b"x"], &brief), Err(Error::Again)));
        for _ in 0..sent {
            assert_eq!(dealer.receive(&SOON).unwrap().as_text(), Some("x"));
        }
        assert!(matches!(dealer.receive(&NOW), Err(Error::Again)));
    }

    #[test]
    fn a_begun_message_is_not_mixed_with_another() {
        let router = Socket::attached(Router, "inproc://routing-begun").unwrap();
        let dealer = Socket::attached(Dealer, "inproc://routing-begun").unwrap();
        dealer.send(&["hello"], &SOON).unwrap();
        let (id, _) = router.receive_from(&SOON).unwrap();
        router.send_more(&id).unwrap();
        assert!(matches!(router.send_to(&id, &["x"], &NOW), Err(Error::State { .. })));
        router.send(&["body"], &SOON).unwrap();
        assert_eq!(dealer.receive_all(&SOON).unwrap().len(), 1);
        // After an error nothing is left of it.
        router.set_mandatory(true).unwrap();
        router.send_more(b"nobody").unwrap();
        assert!(matches!(router.send(&["x"], &NOW), Err(Error::Unroutable)));
        assert!(router.send_to(&id, &["x"], &SOON).unwrap());
        assert_eq!(dealer.receive_all(&SOON).unwrap().len(), 1);
    }
}
