//! Subscriptions of a socket and of its peers, and the longest prefix.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use zmq_sys::{ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE};

use super::Socket;
use super::peers::await_peers;
use crate::core::error::{Error, Needs};
use crate::core::locked::locked;
use crate::core::socket_type::SocketType::{Pub, Sub, Xsub};
use crate::core::wait::Wait;
use crate::libzmq::{options, retried};

/// The longest prefix of a subscription, in bytes. libzmq recurses for each byte
/// (trie.cpp), and the stack of a thread could not hold many more.
pub(super) const LONGEST: usize = 4096;

/// Returns true if a frame would make an XSUB socket add or remove a subscription that
/// is too long.
pub(in crate::core) fn is_too_long(frame: &[u8]) -> bool {
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

/// The subscriptions of a socket itself: each prefix with its count.
#[derive(Debug, Default)]
pub(super) struct Own(Mutex<BTreeMap<Vec<u8>, usize>>);

impl Own {
    /// Records that a subscription was added or removed.
    fn record(&self, subscribed: bool, prefix: &[u8]) {
        let mut subscriptions = self.lock();
        if subscribed {
            *subscriptions.entry(prefix.to_owned()).or_default() += 1;
        } else if let Some(times) = subscriptions.get_mut(prefix) {
            *times -= 1;
            if *times == 0 {
                subscriptions.remove(prefix);
            }
        }
    }

    /// Returns the subscribed prefixes in order, each as often as it was subscribed.
    fn all(&self) -> Vec<Vec<u8>> {
        let subscriptions = self.lock();
        let prefixes = subscriptions.iter();
        prefixes.flat_map(|(prefix, times)| std::iter::repeat_n(prefix.clone(), *times)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, usize>> {
        locked(&self.0)
    }
}

impl Socket {
    /// Subscribes a SUB or XSUB socket to messages that begin with `prefix`, at most
    /// 4096 bytes; an empty prefix subscribes to all messages. Subscriptions are
    /// counted: one made twice must be removed twice.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on other socket types, [`Error::Argument`] if the prefix
    /// is too long.
    pub fn subscribe(&self, prefix: &[u8]) -> Result<(), Error> {
        self.subscription("subscribe", prefix)
    }

    /// Removes one subscription to `prefix` from a SUB or XSUB socket.
    ///
    /// # Errors
    /// The errors of [`subscribe`](Socket::subscribe).
    pub fn unsubscribe(&self, prefix: &[u8]) -> Result<(), Error> {
        self.subscription("unsubscribe", prefix)
    }

    fn subscription(&self, operation: &'static str, prefix: &[u8]) -> Result<(), Error> {
        let subscribe = operation == "subscribe";
        check(prefix)?;
        self.with(|open| {
            let result = match self.socket_type {
                Sub if subscribe => open.socket.set_subscribe(prefix),
                Sub => open.socket.set_unsubscribe(prefix),
                // The control frame of zmq_socket(3): 1 or 0, then the prefix.
                Xsub => {
                    let mut frame = vec![u8::from(subscribe)];
                    frame.extend_from_slice(prefix);
                    open.socket.send(frame, 0)
                }
                socket_type => {
                    return Err(Error::Unsupported {
                        operation,
                        socket_type,
                        needs: Needs::Types(&[Sub, Xsub]),
                    });
                }
            };
            result.map_err(|error| Error::from_zmq(operation, error))?;
            self.subscriptions.record(subscribe, prefix);
            Ok(())
        })
    }

    /// Every frame sent by an XSUB socket may be a subscription.
    pub(super) fn check_prefixes<F: AsRef<[u8]>>(&self, frames: &[F]) -> Result<(), Error> {
        if self.socket_type != Xsub {
            return Ok(());
        }
        match frames.iter().map(AsRef::as_ref).find(|frame| is_too_long(frame)) {
            Some(frame) => check(&frame[1..]),
            None => Ok(()),
        }
    }

    /// Returns the subscribed prefixes in order, each as often as it was subscribed.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn subscriptions(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.check_process()?;
        Ok(self.subscriptions.all())
    }

    /// Waits until a peer of an XPUB subscribes (true) or unsubscribes (false), and
    /// returns the prefix. Other messages are dropped.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    pub fn receive_subscription(&self, wait: &Wait) -> Result<(bool, Vec<u8>), Error> {
        self.look_for(wait, |frames| match frames {
            [frame] => match &**frame {
                [0, prefix @ ..] => Some((false, prefix.to_owned())),
                [1, prefix @ ..] => Some((true, prefix.to_owned())),
                _ => None,
            },
            _ => None,
        })
    }

    /// Waits until the peers of a PUB have at least `count` subscriptions, or as many
    /// that match messages beginning with `topic`.
    ///
    /// # Errors
    /// The errors of [`wait_for_peers`](Socket::wait_for_peers); [`Error::Unsupported`]
    /// on other socket types.
    pub fn wait_for_subscribers(
        &self,
        count: usize,
        topic: Option<&[u8]>,
        wait: &Wait,
    ) -> Result<(), Error> {
        self.with(|open| {
            if open.socket_type != Pub {
                return Err(Error::Unsupported {
                    operation: "wait for subscribers",
                    socket_type: open.socket_type,
                    needs: Needs::Types(&[Pub]),
                });
            }
            await_peers(open, count, wait, |open| Ok(open.subscriptions(topic)? >= count))
        })
    }

    /// On an XPUB socket in manual mode, subscribes the peer whose subscription was
    /// received last to this prefix, whatever it asked for.
    ///
    /// # Errors
    /// [`Error::Option`] on other socket types, or if the socket is not in manual mode.
    pub fn accept(&self, prefix: &[u8]) -> Result<(), Error> {
        self.decide("subscribe", ZMQ_SUBSCRIBE, prefix)
    }

    /// Undoes one [`accept`](Socket::accept) for the peer whose subscription was
    /// received last.
    ///
    /// # Errors
    /// The errors of [`accept`](Socket::accept).
    pub fn reject(&self, prefix: &[u8]) -> Result<(), Error> {
        self.decide("unsubscribe", ZMQ_UNSUBSCRIBE, prefix)
    }

    fn decide(&self, name: &str, option: u32, prefix: &[u8]) -> Result<(), Error> {
        self.with(|open| {
            if !open.manual {
                return Err(Error::Option {
                    option: name.to_owned(),
                    fault: "an XPUB socket accepts it only in manual mode; set xpub_manual first"
                        .into(),
                });
            }
            let set = || options::set_bytes(&mut open.socket, option as i32, prefix);
            retried(set).map_err(|error| Error::from_zmq("zmq_setsockopt", error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Message;
    use crate::core::SocketType::{Push, Xpub};
    use std::thread;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn prefixes_have_an_end() {
        let long = vec![1; LONGEST + 1];
        for socket_type in [Sub, Xsub] {
            let socket = Socket::new(socket_type).unwrap();
            socket.subscribe(&long[1..]).unwrap();
            socket.unsubscribe(&long[1..]).unwrap();
            for prefix in [&long, &vec![1; 1 << 20]] {
                assert!(matches!(socket.subscribe(prefix), Err(Error::Argument { .. })));
                assert!(matches!(socket.unsubscribe(prefix), Err(Error::Argument { .. })));
            }
        }
        let socket = Socket::new(Xsub).unwrap();
        let (frame, other) = (vec![1; 1 << 20], vec![2; 1 << 20]);
        assert!(matches!(socket.send(&[&other, &frame], &NOW), Err(Error::Argument { .. })));
        assert!(matches!(socket.send_more(&frame), Err(Error::Argument { .. })));
        let mut message = Message::default();
        message.push(&frame).unwrap();
        assert!(matches!(socket.send_message(&mut message, &NOW), Err(Error::Argument { .. })));
        assert_eq!(message.count(), 1);
        socket.send(&[&other, &other], &NOW).unwrap();
    }

    #[test]
    fn subscriptions_are_told_apart_from_messages() {
        let xpub = Socket::attached(Xpub, "inproc://signal-xpub").unwrap();
        let xsub = Socket::attached(Xsub, "inproc://signal-xpub").unwrap();
        xsub.send(&["a message"], &SOON).unwrap();
        xsub.subscribe(b"a").unwrap();
        xsub.unsubscribe(b"a").unwrap();
        assert_eq!(xpub.receive_subscription(&SOON).unwrap(), (true, b"a".to_vec()));
        assert_eq!(xpub.receive_subscription(&SOON).unwrap(), (false, b"a".to_vec()));
        assert!(matches!(xpub.receive_subscription(&NOW), Err(Error::Again)));
    }

    #[test]
    fn a_publisher_knows_its_subscribers() {
        let endpoints = "@tcp://127.0.0.1:*,@inproc://peers-subscribers";
        let publisher = Socket::attached(Pub, endpoints).unwrap();
        let [one, two] =
            [publisher.endpoint().unwrap().unwrap(), "inproc://peers-subscribers".to_owned()]
                .map(|endpoint| Socket::attached(Sub, &format!(">{endpoint}")).unwrap());
        publisher.wait_for_peers(1, &SOON).unwrap();
        assert!(matches!(publisher.wait_for_subscribers(1, None, &NOW), Err(Error::Again)));
        one.subscribe(b"a").unwrap();
        two.subscribe(b"ab").unwrap();
        publisher.wait_for_subscribers(2, Some(b"abc"), &SOON).unwrap();
        assert!(matches!(publisher.wait_for_subscribers(2, Some(b"a"), &NOW), Err(Error::Again)));
        publisher.send(&["abc"], &NOW).unwrap();
        for socket in [&one, &two] {
            assert_eq!(socket.receive(&SOON).unwrap().as_text(), Some("abc"));
        }
        assert_eq!(publisher.statistics().unwrap().subscriptions, Some(2));
        two.close(None).unwrap();
        one.unsubscribe(b"a").unwrap();
        while publisher.statistics().unwrap().subscriptions != Some(0) {
            thread::yield_now();
        }
        assert!(matches!(
            Socket::new(Push).unwrap().wait_for_subscribers(1, None, &NOW),
            Err(Error::Unsupported { .. })
        ));
    }
}
