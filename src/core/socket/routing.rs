//! Messages to one of many peers: ROUTER and STREAM.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Socket;
use super::messages::send;
use super::open::Open;
use crate::core::error::operation::{RECEIVE_FROM, SEND_TO};
use crate::core::error::{Error, Needs};
use crate::core::locked::locked;
use crate::core::message::Frame;
use crate::core::socket_type::SocketType::{Router, Stream};
use crate::core::wait::Wait;
use crate::libzmq::options;

/// The maximum number of peers that are remembered.
const PEERS: usize = 1 << 16;

/// The information about the peers that a socket routes messages to.
#[derive(Debug, Default)]
pub(super) struct Routing {
    /// True if a message to an unknown peer is an error.
    mandatory: AtomicBool,
    /// The number of messages dropped because their peer was unknown or full.
    dropped: AtomicU64,
    /// How many of them were dropped because their peer was full.
    dropped_full: AtomicU64,
    /// True if a message was dropped that was only a routing id, and nobody was told yet.
    bare: AtomicBool,
    /// Boxed, because most sockets have none.
    peers: Mutex<Option<Box<Peers>>>,
}

/// The routing ids that were seen, each with a number that gives their order.
#[derive(Debug, Default)]
struct Peers {
    known: HashMap<Vec<u8>, u64>,
    order: BTreeMap<u64, Vec<u8>>,
    seen: u64,
}

impl Peers {
    /// Remembers a peer. If there are too many, the oldest one is forgotten.
    fn saw(&mut self, id: &[u8]) {
        if self.known.contains_key(id) {
            return;
        }
        if self.known.len() >= PEERS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(id.to_owned(), self.seen);
        self.order.insert(self.seen, id.to_owned());
        self.seen += 1;
    }

    /// Forgets a peer that is gone.
    fn forget(&mut self, id: &[u8]) {
        if let Some(number) = self.known.remove(id) {
            self.order.remove(&number);
        }
    }

    /// Returns the routing ids, oldest first.
    fn ids(&self) -> impl Iterator<Item = &[u8]> {
        self.order.values().map(Vec::as_slice)
    }
}

impl Routing {
    /// Returns true if messages that no peer can accept are dropped, the default of a
    /// ROUTER.
    pub fn drops(&self) -> bool {
        !self.mandatory.load(Ordering::Relaxed)
    }

    /// Counts a message that was dropped.
    pub fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn peers<T>(&self, call: impl FnOnce(&mut Peers) -> T) -> T {
        call(locked(&self.peers).get_or_insert_default())
    }
}

impl Socket {
    /// Sends a message of `count` frames with `send`. A ROUTER drops messages that no
    /// peer can accept, as in libzmq, but counts them.
    pub(super) fn send_routed(
        &self,
        count: usize,
        wait: &Wait,
        mut send: impl FnMut(&mut Open) -> zmq::Result<()>,
    ) -> Result<(), Error> {
        let drops = self.socket_type == Router && self.routing.drops();
        let refused = self.transfer("send", zmq::POLLOUT, wait, |open| match send(open) {
            Ok(()) => Ok(None),
            Err(error @ (zmq::Error::EHOSTUNREACH | zmq::Error::EAGAIN)) if drops => {
                Ok(Some(error))
            }
            Err(error) => Err(error),
        })?;
        // A routing id alone is dropped too.
        let bare = drops && count == 1;
        if bare {
            self.routing.bare.store(true, Ordering::Relaxed);
        }
        if refused == Some(zmq::Error::EAGAIN) {
            self.routing.dropped_full.fetch_add(1, Ordering::Relaxed);
        }
        if refused.is_some() || bare {
            self.routing.count_dropped();
        }
        Ok(())
    }

    /// Checks the number of frames of a message to one of many peers.
    ///
    /// libzmq takes each frame that begins a message as a routing id, and drops one that is
    /// alone, without an error (router.cpp). A STREAM takes exactly one frame behind it; any
    /// other number swaps ids and data from then on, and everything is lost (stream.cpp).
    ///
    /// # Errors
    /// [`Error::Argument`] if a STREAM message has not two frames, or a message of a
    /// mandatory ROUTER only one.
    pub(super) fn check_routed(&self, count: usize) -> Result<(), Error> {
        let expected = match (self.socket_type, count) {
            (Stream, 2) => return Ok(()),
            (Stream, _) => "the routing id of a peer and one frame of bytes",
            (Router, 1) if !self.routing.drops() => {
                "the routing id of a peer and the frames of a message"
            }
            _ => return Ok(()),
        };
        let frames = if count == 1 { "frame" } else { "frames" };
        Err(Error::Argument {
            place: "the message".to_owned(),
            expected: expected.into(),
            got: format!("{count} {frames}"),
        })
    }

    /// Returns true once after a ROUTER has dropped a message that was only a routing id.
    pub fn dropped_bare(&self) -> bool {
        self.routing.bare.load(Ordering::Relaxed)
            && self.routing.bare.swap(false, Ordering::Relaxed)
    }

    /// Sends a message to the peer with a routing id. On a STREAM socket, whose peers
    /// do not know frames, the bytes of all frames are joined. Returns false if no peer
    /// has the routing id.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send). After
    /// [`set_mandatory`](Socket::set_mandatory), [`Error::Unroutable`] instead of
    /// false. [`Error::State`] if [`send_more`](Socket::send_more) has started another
    /// message.
    pub fn send_to<F: AsRef<[u8]>>(
        &self,
        id: &[u8],
        frames: &[F],
        wait: &Wait,
    ) -> Result<bool, Error> {
        self.ready_for(SEND_TO)?;
        let mut all: Vec<&[u8]> = vec![id];
        let joined;
        if self.socket_type() == Stream {
            joined = frames.iter().flat_map(AsRef::as_ref).copied().collect::<Vec<u8>>();
            all.push(&joined);
        } else {
            all.extend(frames.iter().map(AsRef::as_ref));
        }
        let sent = self.transfer(SEND_TO, zmq::POLLOUT, wait, |open| {
            send(&mut open.socket, &all)?;
            open.count_sent(&all);
            Ok(())
        });
        match sent {
            Ok(()) => Ok(true),
            Err(Error::Unroutable) => {
                self.routing.count_dropped();
                self.routing.peers(|peers| peers.forget(id));
                match self.routing.drops() {
                    true => Ok(false),
                    false => Err(Error::Unroutable),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Closes the connection to a peer of a STREAM. Returns false if no peer has the
    /// routing id.
    ///
    /// # Errors
    /// The errors of [`send_to`](Socket::send_to).
    pub fn close_peer(&self, id: &[u8], wait: &Wait) -> Result<bool, Error> {
        let closed = self.send_to(id, &[b""], wait)?;
        self.routing.peers(|peers| peers.forget(id));
        Ok(closed)
    }

    /// Receives a message and returns the routing id of its peer and the remaining
    /// frames.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive); [`Error::State`] if a message was
    /// received in part.
    pub fn receive_from(&self, wait: &Wait) -> Result<(Frame, Vec<Frame>), Error> {
        let mut frames = self.receive_whole(RECEIVE_FROM, wait)?.into_iter();
        let id = frames.next().unwrap_or_default();
        self.routing.peers(|peers| peers.saw(&id));
        Ok((id, frames.collect()))
    }

    /// Returns the routing ids of the peers that [`receive_from`](Socket::receive_from)
    /// has received from, oldest first, except those that are gone; at most 65,536. A peer
    /// that the socket has connected to stays, as messages wait for its return. A STREAM
    /// finds out who is gone by sending.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn routing_ids(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.check_process()?;
        let mut ids: Vec<Vec<u8>> =
            self.routing.peers(|peers| peers.ids().map(<[u8]>::to_owned).collect());
        if self.socket_type() == Router {
            // A socket that is closed, or in another call, cannot ask libzmq.
            let _ = self.with(|open| {
                open.refresh()?;
                ids.retain(|id| {
                    let gone = matches!(options::has_peer(&mut open.socket, id), Ok(false));
                    if gone {
                        self.routing.peers(|peers| peers.forget(id));
                    }
                    !gone
                });
                Ok(())
            });
        }
        Ok(ids)
    }

    /// Sets whether a message to an unknown peer returns [`Error::Unroutable`] and one
    /// to a full peer waits. By default a ROUTER drops both.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on other socket types.
    pub fn set_mandatory(&self, mandatory: bool) -> Result<(), Error> {
        if self.socket_type() != Router {
            return Err(Error::Unsupported {
                operation: "route",
                socket_type: self.socket_type(),
                needs: Needs::Types(&[Router]),
            });
        }
        self.with(|_| Ok(()))?;
        self.routing.mandatory.store(mandatory, Ordering::Relaxed);
        Ok(())
    }

    /// Returns how many messages were dropped because no peer had their routing id or
    /// the peer was full.
    pub fn dropped(&self) -> u64 {
        self.routing.dropped.load(Ordering::Relaxed)
    }

    /// Returns how many of these messages were dropped because their peer was full.
    pub(super) fn dropped_full(&self) -> u64 {
        self.routing.dropped_full.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Message;
    use crate::core::OptionValue;
    use crate::core::SocketType::{Dealer, Push};
    use std::time::{Duration, Instant};

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
        assert!(matches!(router.send(&["alone"], &NOW), Err(Error::Argument { .. })));
        let mut alone = Frame::from(&b"alone"[..]);
        assert!(matches!(router.send_frame(&mut alone, &NOW), Err(Error::Argument { .. })));
        let push = Socket::new(Push).unwrap();
        assert!(matches!(push.set_mandatory(true), Err(Error::Unsupported { .. })));
    }

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not tell its peers")]
    fn peers_that_are_gone_have_no_routing_id() {
        for endpoint in ["inproc://routing-gone", "tcp://127.0.0.1:*"] {
            let router = Socket::attached(Router, endpoint).unwrap();
            let own = router.endpoint().unwrap().unwrap();
            let [one, two] = [b"one", b"two"].map(|id| {
                let dealer = Socket::new(Dealer).unwrap();
                dealer.set_option("routing_id", &OptionValue::Bytes(id.to_vec())).unwrap();
                dealer.connect(&own).unwrap();
                dealer.send(&["hello"], &SOON).unwrap();
                router.receive_from(&SOON).unwrap();
                dealer
            });
            assert_eq!(router.routing_ids().unwrap(), [b"one", b"two"]);
            one.close(None).unwrap();
            let end = Instant::now() + Duration::from_secs(20);
            while router.routing_ids().unwrap() != [b"two"] {
                assert!(Instant::now() < end, "{endpoint}");
            }
            drop(two);
        }
    }

    #[test]
    fn a_stream_takes_an_id_and_one_frame() {
        let server = Socket::attached(Stream, "@tcp://127.0.0.1:*").unwrap();
        let client = Socket::attached(Stream, &server.endpoint().unwrap().unwrap()).unwrap();
        let (id, _) = server.receive_from(&SOON).unwrap();
        client.receive_from(&SOON).unwrap();
        let id = id.to_vec();
        let (own, a) = (&id[..], &b"a"[..]);
        let refused = |result| assert!(matches!(result, Err(Error::Argument { .. })), "{result:?}");
        for frames in [&[own][..], &[a], &[own, a, a], &[]] {
            refused(server.send(frames, &SOON));
            let mut message = Message::default();
            frames.iter().for_each(|frame| message.push(frame).unwrap());
            refused(server.send_message(&mut message, &SOON));
            let (sent, result) = server.send_batch(&[[own, a].to_vec(), frames.to_vec()], &SOON);
            assert_eq!(sent, 1);
            refused(result);
            assert_eq!(&*client.receive_from(&SOON).unwrap().1[0], a);
        }
        refused(server.send_frame(&mut Frame::from(own), &SOON));
        refused(server.signal(0, &SOON));
        server.send_more(own).unwrap();
        server.send_more(a).unwrap();
        refused(server.send(&[a], &SOON));
        server.send(&[own, b"hello"], &SOON).unwrap();
        assert_eq!(&*client.receive_from(&SOON).unwrap().1[0], b"hello");
        assert_eq!(server.dropped(), 0);
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
        router.send(&["nobody", "x"], &SOON).unwrap();
        assert_eq!((router.dropped(), router.dropped_full()), (2, 1));
        router.set_mandatory(true).unwrap();
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(router.send(&[&*id, b"x"], &brief), Err(Error::Again)));
        for _ in 0..sent {
            assert_eq!(dealer.receive(&SOON).unwrap().as_text(), Some("x"));
        }
        assert!(matches!(dealer.receive(&NOW), Err(Error::Again)));
    }

    #[test]
    fn only_so_many_peers_are_remembered() {
        let mut peers = Peers::default();
        for number in 0..=PEERS {
            peers.saw(&number.to_be_bytes());
            peers.saw(&number.to_be_bytes());
        }
        assert_eq!(peers.ids().count(), PEERS);
        assert_eq!(peers.ids().next().unwrap(), 1usize.to_be_bytes());
        peers.forget(&1usize.to_be_bytes());
        peers.forget(&1usize.to_be_bytes());
        assert_eq!(peers.ids().count(), PEERS - 1);
    }
}
