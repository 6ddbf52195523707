//! One attempt to send or to receive. Most calls of a script need no more; one that
//! fails has changed nothing, and the call then takes the path that can wait, with the same
//! result as if there had been no attempt.

use super::messages::{receive_message, send};
use super::open::Open;
use super::{Socket, State};
use crate::core::message::Frame;
use crate::core::socket_type::SocketType::{Router, Stream, Xsub};

impl Socket {
    /// Sends a message with these frames if that is possible at once. Returns false if
    /// nothing was sent: [`send`](Socket::send) then waits, or returns the reason.
    #[inline(always)]
    pub fn send_now(&self, frames: &[&[u8]]) -> bool {
        // Their frames are routed, checked or begun by other calls.
        if matches!(self.socket_type, Router | Stream | Xsub) || self.begun.any() {
            return false;
        }
        let attempt = |open: &mut Open| {
            if frames.len() != 1 && (frames.is_empty() || open.conflates) {
                return None;
            }
            send(&mut open.socket, frames).ok()?;
            open.count_sent(frames);
            Some(())
        };
        self.attempt(attempt).is_some()
    }

    /// Receives one frame if one is there, and returns what `take` makes of it. Returns
    /// `None` if nothing was received: [`receive`](Socket::receive) then waits, or
    /// returns the reason. Memory that `take` leaves in the frame is reused.
    #[inline]
    pub fn receive_now<T>(&self, take: impl FnOnce(&mut Frame) -> T) -> Option<T> {
        self.attempt(|open| {
            let received = open.frame.receive(&mut open.socket, zmq::DONTWAIT).ok()?;
            open.count_received(received.view.size, received.more);
            Some(take(&mut open.frame))
        })
    }

    /// Receives all frames of the next message if one is there, or the remaining ones of a
    /// message that was received in part, and calls `visit` with each. Returns false if
    /// nothing was received. Memory that `visit` leaves in a frame is reused.
    #[inline]
    pub fn receive_all_now(&self, mut visit: impl FnMut(&mut Frame)) -> bool {
        self.attempt(|open| receive_message(open, &mut visit).ok()).is_some()
    }

    #[inline(always)]
    fn attempt<T>(&self, attempt: impl FnOnce(&mut Open) -> Option<T>) -> Option<T> {
        match &mut *self.lock().ok()? {
            State::Open(open) => attempt(open),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pub, Pull, Push, Rep, Req};
    use crate::core::Wait;
    use std::time::Duration;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn an_attempt_succeeds_or_changes_nothing() {
        let pull = Socket::attached(Pull, "inproc://attempt").unwrap();
        let push = Socket::attached(Push, "inproc://attempt").unwrap();
        let text = |frame: &mut Frame| frame.as_text().unwrap().to_owned();
        assert_eq!(pull.receive_now(text), None);
        assert!(push.send_now(&[b"one"]));
        assert_eq!(pull.receive_now(text).as_deref(), Some("one"));
        assert_eq!(push.counters().unwrap().messages_sent, 1);
        assert_eq!(pull.counters().unwrap().messages_received, 1);

        assert!(!pull.send_now(&[b"x"]) && push.receive_now(text).is_none());
        assert!(!Socket::new(Push).unwrap().send_now(&[b"x"]));
        push.send_more(b"head").unwrap();
        assert!(!push.send_now(&[b"body"]));
        push.send(&["body"], &SOON).unwrap();
        assert_eq!(pull.receive_now(text).as_deref(), Some("head"));
        assert_eq!(pull.receive_now(text).as_deref(), Some("body"));
        assert!(push.send_now(&[b"a", b"", b"c"]) && !push.send_now(&[]));
        let mut frames = Vec::new();
        assert!(pull.receive_all_now(|frame| frames.push(text(frame))));
        assert_eq!(frames, ["a", "", "c"]);
        assert!(!pull.receive_all_now(|_| panic!("there is no other message")));
        push.close(None).unwrap();
        assert!(!push.send_now(&[b"x"]));
    }

    #[test]
    fn an_attempt_keeps_the_order_of_requests() {
        let rep = Socket::attached(Rep, "inproc://attempt-order").unwrap();
        let req = Socket::attached(Req, "inproc://attempt-order").unwrap();
        assert!(!rep.send_now(&[b"early"]) && req.receive_now(drop_frame).is_none());
        assert!(req.send_now(&[b"1"]) && !req.send_now(&[b"2"]));
        assert!(rep.receive_now(drop_frame).is_some() && rep.send_now(&[b"done"]));
        assert!(req.receive_now(drop_frame).is_some());
        assert!(Socket::new(Pub).unwrap().receive_now(drop_frame).is_none());
    }

    fn drop_frame(frame: &mut Frame) {
        drop(std::mem::take(frame));
    }
}
