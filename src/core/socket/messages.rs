//! Sending and receiving whole messages.

use std::mem;

use smallvec::SmallVec;

use super::Socket;
use super::open::Open;
use crate::core::error::{Error, Needs};
use crate::core::message::{Frame, Message, send_frames, send_or_again};
use crate::core::socket_type::SocketType::{Router, Stream};
use crate::core::wait::Wait;
use crate::libzmq::{self, Bytes, Received, retried, send_many};

impl Socket {
    /// Sends one message with these frames. On a ROUTER or STREAM socket, the first
    /// frame is the routing id of the peer and the others are the body.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::State`] if the socket has to receive
    /// first, [`Error::Unsupported`] on SUB and PULL, [`Error::Unroutable`],
    /// [`Error::Interrupted`].
    #[inline(always)]
    pub fn send<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<(), Error> {
        self.socket_type.check_sends()?;
        self.check_prefixes(frames)?;
        if matches!(self.socket_type, Router | Stream) || self.begun.any() {
            return self.send_carefully(frames, wait);
        }
        let mut split = false;
        let sent = self.transfer("send", zmq::POLLOUT, wait, |open| {
            if frames.len() > 1 && open.conflates {
                split = true;
                return Err(zmq::Error::EINVAL);
            }
            send(&mut open.socket, frames)?;
            open.count_sent(frames);
            Ok(())
        });
        if split { Err(self.would_split()) } else { sent }
    }

    /// # Errors
    /// [`Error::Unsupported`] if the option conflate is set.
    pub(super) fn check_conflates(&self) -> Result<(), Error> {
        self.with(|open| if open.conflates { Err(self.would_split()) } else { Ok(()) })
    }

    /// With conflate, libzmq would split a message of several frames.
    #[cold]
    fn would_split(&self) -> Error {
        Error::Unsupported {
            operation: "send several frames in a message while conflate is set",
            socket_type: self.socket_type,
            needs: Needs::OneFrame,
        }
    }

    /// Receives one frame: the first of the next message, or the next one of a message
    /// that was received in part.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::State`] if the socket has to send first,
    /// [`Error::Unsupported`] on PUB and PUSH, [`Error::Interrupted`].
    pub fn receive(&self, wait: &Wait) -> Result<Frame, Error> {
        self.receive_with(wait, mem::take)
    }

    /// Receives one frame and returns what `take` makes of it. Memory that `take`
    /// leaves in the frame is reused for the next one.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    #[inline]
    pub fn receive_with<T>(
        &self,
        wait: &Wait,
        mut take: impl FnMut(&mut Frame) -> T,
    ) -> Result<T, Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            let received = open.frame.receive(&mut open.socket, zmq::DONTWAIT)?;
            open.count_received(received.view.size, received.more);
            Ok(take(&mut open.frame))
        })
    }

    /// Receives one frame in place of the one in `frame`, and describes it. The caller
    /// has the frame, so its bytes remain even if another thread ends the context.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    #[inline(always)]
    pub(crate) fn receive_lent(&self, frame: &mut Frame, wait: &Wait) -> Result<Received, Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            let received = frame.receive(&mut open.socket, zmq::DONTWAIT)?;
            open.count_received(received.view.size, received.more);
            Ok(received)
        })
    }

    /// Receives all frames of the next message, or the remaining ones of a message that
    /// was received in part.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    pub fn receive_all(&self, wait: &Wait) -> Result<Vec<Frame>, Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, receive_all)
    }

    /// Does the same as [`receive_all`](Socket::receive_all), but calls `visit` with each
    /// frame. Memory that `visit` leaves in a frame is reused for the next one.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive). No frame was visited then.
    pub fn receive_all_with(
        &self,
        wait: &Wait,
        mut visit: impl FnMut(&mut Frame),
    ) -> Result<(), Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| receive_message(open, &mut visit))
    }

    /// Receives all frames of a new message.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive); [`Error::State`] if a message was
    /// received in part.
    pub(super) fn receive_whole(
        &self,
        operation: &'static str,
        wait: &Wait,
    ) -> Result<Vec<Frame>, Error> {
        self.socket_type().check_receives()?;
        self.transfer(operation, zmq::POLLIN, wait, |open| match open.socket.get_rcvmore()? {
            true => Err(zmq::Error::EFSM),
            false => receive_all(open),
        })
    }

    /// Receives all frames of the next message in place of those of `message`. After an
    /// error, `message` is empty.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    #[inline]
    pub fn receive_into(&self, message: &mut Message, wait: &Wait) -> Result<(), Error> {
        let result = self.socket_type.check_receives().and_then(|()| {
            self.transfer("receive", zmq::POLLIN, wait, |open| {
                let (socket, counters) = (&mut open.socket, &mut open.counters);
                let mut due = false;
                message.receive(socket, |size, more| due |= counters.received(size, more))?;
                if due {
                    open.update();
                }
                Ok(())
            })
        });
        if result.is_err() {
            message.clear();
        }
        result
    }

    /// Sends a message of one frame without copying its bytes. Afterwards the frame is
    /// empty; after an error it is unchanged.
    ///
    /// # Errors
    /// The errors of [`send_message`](Socket::send_message).
    pub fn send_frame(&self, frame: &mut Frame, wait: &Wait) -> Result<(), Error> {
        self.ready_for("send")?;
        self.check_prefixes(std::slice::from_ref(frame))?;
        self.check_routed(1)?;
        let bytes = frame.len();
        self.send_routed(1, wait, |open| {
            retried(|| frame.send(&mut open.socket, zmq::DONTWAIT))?;
            open.count_sent_whole(1, bytes);
            Ok(())
        })?;
        // A ROUTER drops what is only a routing id.
        *frame = Frame::new();
        Ok(())
    }

    /// Sends the frames of a message as [`send`](Socket::send) does, behind those that
    /// [`send_more`](Socket::send_more) has started a message with. Without such frames,
    /// the bytes are not copied.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send).
    pub fn send_shared(&self, message: &mut Message, wait: &Wait) -> Result<(), Error> {
        match self.begun.any() {
            true => self.send(message.frames(), wait),
            false => self.send_message(message, wait),
        }
    }

    /// Sends a message without copying its bytes. Afterwards it is empty; after an
    /// error it is unchanged.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send); [`Error::State`] if
    /// [`send_more`](Socket::send_more) has started another message, and
    /// [`Error::Argument`] if the message has no frames.
    pub fn send_message(&self, message: &mut Message, wait: &Wait) -> Result<(), Error> {
        self.ready_for("send")?;
        let (count, bytes) = (message.count(), message.bytes());
        match count {
            0 => {
                return Err(Error::Argument {
                    place: "the message".to_owned(),
                    expected: "at least one frame".into(),
                    got: "none".to_owned(),
                });
            }
            1 => {}
            _ => self.check_conflates()?,
        }
        self.check_prefixes(message.frames())?;
        self.check_routed(count)?;
        self.send_routed(count, wait, |open| {
            message.send_or_keep(&mut open.socket)?;
            open.count_sent_whole(count, bytes);
            Ok(())
        })?;
        message.clear();
        Ok(())
    }
}

/// Sends all frames without waiting, or none.
#[inline(always)]
pub(super) fn send<F: AsRef<[u8]>>(socket: &mut zmq::Socket, frames: &[F]) -> zmq::Result<()> {
    match frames {
        [frame] => retried(|| libzmq::send(socket, frame.as_ref(), zmq::DONTWAIT)),
        frames if cfg!(not(libzmq_repaired)) => send_copies(socket, frames),
        // The memory for all frames is allocated before the first of them is sent.
        frames => {
            let mut views: SmallVec<[Bytes; 8]> = SmallVec::new();
            views.try_reserve(frames.len()).map_err(|_| zmq::Error::ENOMEM)?;
            views.extend(frames.iter().map(|frame| frame.as_ref().into()));
            let frames = views;
            send_or_again(|| {
                send_frames(frames.len(), |range| send_many(socket, &frames[range], true))
            })
        }
    }
}

/// Receives a message without waiting and visits its frames. All of them arrive together,
/// so only the first one can be missing.
#[inline(always)]
pub(super) fn receive_message(
    open: &mut Open,
    visit: &mut impl FnMut(&mut Frame),
) -> zmq::Result<()> {
    loop {
        let received = retried(|| open.frame.receive(&mut open.socket, zmq::DONTWAIT))?;
        open.count_received(received.view.size, received.more);
        visit(&mut open.frame);
        if !received.more {
            return Ok(());
        }
    }
}

/// Copies all frames before the first of them is sent. If memory for one of them ran out in
/// the middle, the beginning of the message would become that of the next one.
#[cold]
#[inline(never)]
fn send_copies<F: AsRef<[u8]>>(socket: &mut zmq::Socket, frames: &[F]) -> zmq::Result<()> {
    send_or_again(|| {
        let copies = frames.iter().map(|frame| Frame::copied(frame.as_ref()));
        Message::from(copies.collect::<zmq::Result<Vec<Frame>>>()?).send(socket)
    })
}

pub(super) fn receive_all(open: &mut Open) -> zmq::Result<Vec<Frame>> {
    let mut frames = Vec::new();
    receive_message(open, &mut |frame| frames.push(mem::take(frame)))?;
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pub, Pull, Push, Rep, Req};
    use crate::core::socket::testing::{pair, texts};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn message(frames: &[&str]) -> Message {
        let mut message = Message::default();
        frames.iter().for_each(|frame| message.push(frame.as_bytes()).unwrap());
        message
    }

    fn texts_of(message: &Message) -> Vec<&str> {
        let frames = (0..message.count()).map(|index| message.frame(index).unwrap());
        frames.map(|frame| std::str::from_utf8(frame).unwrap()).collect()
    }

    #[test]
    fn a_message_keeps_its_frames() {
        let (pull, push) = pair("frames", Pull, Push);
        push.send(&["a", "", "c"], &SOON).unwrap();
        push.send(&["d"], &SOON).unwrap();
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["a", "", "c"]);
        assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some("d"));
        push.send(&["e", "f"], &SOON).unwrap();
        assert!(pull.receive(&SOON).unwrap().more());
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["f"]);
    }

    #[test]
    fn waiting_ends() {
        let (pull, push) = pair("waiting", Pull, Push);
        assert!(matches!(pull.receive(&NOW), Err(Error::Again)));
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(pull.receive(&brief), Err(Error::Again)));
        let stop = || true;
        let stopped = Wait::new(None).until(Some(&stop));
        assert!(matches!(pull.receive(&stopped), Err(Error::Interrupted)));
        let lonely = Socket::new(Push).unwrap();
        assert!(matches!(lonely.send(&["x"], &brief), Err(Error::Again)));
        drop(push);
    }

    #[test]
    fn order_and_direction_are_checked() {
        let (rep, req) = pair("order", Rep, Req);
        assert!(matches!(req.receive(&NOW), Err(Error::State { .. })));
        req.send(&["1"], &SOON).unwrap();
        let error = req.send(&["2"], &SOON).unwrap_err();
        assert_eq!(
            error.to_string(),
            "send is out of order on a REQ socket: receive the reply to the last request first"
        );
        assert!(matches!(rep.send(&["x"], &NOW), Err(Error::State { .. })));
        let publisher = Socket::new(Pub).unwrap();
        let error = publisher.receive(&NOW).unwrap_err();
        assert_eq!(error.to_string(), "a PUB socket cannot receive; use SUB or PULL");
        assert!(matches!(
            Socket::new(Push).unwrap().subscribe(b""),
            Err(Error::Unsupported { .. })
        ));
    }

    #[test]
    fn a_message_goes_from_hand_to_hand() {
        let pull = Socket::attached(Pull, "inproc://whole").unwrap();
        let push = Socket::attached(Push, "inproc://whole").unwrap();
        let long = "long ".repeat(1000);
        let mut given = message(&["a", "", &long]);
        let mut taken = message(&["old", "old", "old", "old"]);
        for _ in 0..2 {
            push.send_message(&mut given, &SOON).unwrap();
            assert_eq!((given.count(), given.frame(0)), (0, None));
            pull.receive_into(&mut taken, &SOON).unwrap();
            assert_eq!(texts_of(&taken), ["a", "", &long]);
            assert_eq!(taken.frame(3), None);
            given.copy(&mut taken).unwrap();
        }
        push.send(&["one"], &SOON).unwrap();
        pull.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(texts_of(&taken), ["one"]);
        let counted = pull.with(|open| Ok(open.counters)).unwrap();
        assert_eq!((counted.messages_received, counted.frames_received), (3, 7));
        let sent = push.with(|open| Ok(open.counters)).unwrap();
        assert_eq!((sent.messages_sent, sent.frames_sent), (3, 7));
        assert_eq!(sent.bytes_sent, counted.bytes_received);
        taken.push(b"two").unwrap();
        assert_eq!(texts_of(&taken), ["one", "two"]);
        assert!(matches!(pull.receive_into(&mut taken, &NOW), Err(Error::Again)));
        assert_eq!(taken.count(), 0);
        assert!(matches!(push.send_message(&mut taken, &NOW), Err(Error::Argument { .. })));
    }

    #[test]
    fn a_message_that_does_not_go_stays_whole() {
        let push = Socket::attached(Push, "@inproc://whole-alone").unwrap();
        let mut given = message(&["a", "b"]);
        assert!(matches!(push.send_message(&mut given, &NOW), Err(Error::Again)));
        assert_eq!(texts_of(&given), ["a", "b"]);
        let pull = Socket::new(Pull).unwrap();
        assert!(matches!(pull.send_message(&mut given, &NOW), Err(Error::Unsupported { .. })));
        let router = Socket::attached(Router, "inproc://whole-router").unwrap();
        router.send_message(&mut given, &NOW).unwrap();
        assert_eq!(router.dropped(), 1);
        router.set_mandatory(true).unwrap();
        given = message(&["nobody", "b"]);
        assert!(matches!(router.send_message(&mut given, &NOW), Err(Error::Unroutable)));
        assert_eq!(texts_of(&given), ["nobody", "b"]);
        let dealer = Socket::attached(Dealer, "inproc://whole-router").unwrap();
        dealer.send(&["hello"], &SOON).unwrap();
        let mut taken = Message::default();
        router.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(taken.count(), 2);
        router.send_message(&mut taken, &SOON).unwrap();
        dealer.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(texts_of(&taken), ["hello"]);
    }
}
