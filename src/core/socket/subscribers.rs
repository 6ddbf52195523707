//! The subscribers of a publisher: waiting for their subscriptions, deciding about them,
//! and counting them, which libzmq does.

use zmq_sys::additions::{ZMQ_MATCHING_SUBSCRIPTIONS, ZMQ_SUBSCRIPTIONS};
use zmq_sys::{ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE};

use super::Socket;
use super::open::Open;
use super::peers::await_peers;
use super::subscriptions::check;
use crate::core::error::{Error, Needs};
use crate::core::socket_type::SocketType::{Pub, Xpub};
use crate::core::wait::Wait;
use crate::libzmq::{options, retried};

/// The number of different prefixes; zmq.h marks it as a draft.
const TOPICS_COUNT: i32 = 116;

impl Socket {
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
            await_peers(open, count, wait, |open| Ok(open.count_subscriptions(topic)? >= count))
        })
    }

    /// Subscribes the peer whose subscription an XPUB socket in manual mode received
    /// last to this prefix, whatever it asked for.
    ///
    /// # Errors
    /// [`Error::Option`] on other socket types, or if the socket is not in manual mode;
    /// [`Error::Argument`] if the prefix is longer than 4096 bytes.
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
        check(prefix)?;
        self.with(|open| {
            if !open.manual {
                return Err(Error::Option {
                    option: name.to_owned(),
                    problem: "an XPUB socket accepts it only in manual mode; set xpub_manual first"
                        .into(),
                });
            }
            let set = || options::set_bytes(&mut open.socket, option as i32, prefix);
            retried(set).map_err(|error| Error::from_zmq("zmq_setsockopt", error))
        })
    }
}

impl Open {
    /// Returns the number of different prefixes that the peers of a PUB or XPUB have
    /// subscribed to; `None` for other socket types, and if libzmq does not know it.
    pub fn count_prefixes(&mut self) -> Result<Option<usize>, Error> {
        if !matches!(self.socket_type, Pub | Xpub) {
            return Ok(None);
        }
        match self.count(TOPICS_COUNT) {
            Err(error) if error.errno().is_some_and(|errno| errno.name() == "EINVAL") => Ok(None),
            count => count.map(Some),
        }
    }

    /// Returns the number of different prefixes that a SUB or XSUB has subscribed to.
    pub fn count_own_prefixes(&mut self) -> Result<usize, Error> {
        self.count(TOPICS_COUNT)
    }

    /// Returns the number of subscriptions that the peers of a PUB have, or of those
    /// that match messages beginning with `topic`.
    pub fn count_subscriptions(&mut self, topic: Option<&[u8]>) -> Result<usize, Error> {
        let Some(topic) = topic else {
            return self.count(ZMQ_SUBSCRIPTIONS);
        };
        let set = || options::set_bytes(&mut self.socket, ZMQ_MATCHING_SUBSCRIPTIONS, topic);
        retried(set).map_err(|error| Error::from_zmq("zmq_setsockopt", error))?;
        self.count(ZMQ_MATCHING_SUBSCRIPTIONS)
    }

    fn count(&mut self, option: i32) -> Result<usize, Error> {
        let count: i32 = retried(|| options::get(&mut self.socket, option))
            .map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Push, Sub, Xsub};
    use std::thread;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn subscriptions_are_told_apart_from_messages() {
        let xpub = Socket::attached(Xpub, "inproc://signal-xpub").unwrap();
        let xsub = Socket::attached(Xsub, "inproc://signal-xpub").unwrap();
        xsub.send(&["a message"], &SOON).unwrap();
        xsub.subscribe(b"a").unwrap();
        xsub.unsubscribe(b"a").unwrap();
        assert_eq!(xpub.receive_subscription(&SOON).unwrap(), (true, b"a".to_vec()));
        // The end of the subscription is processed, but not received.
        assert_eq!(xpub.statistics().unwrap().subscriptions, Some(0));
        assert_eq!(xpub.receive_subscription(&SOON).unwrap(), (false, b"a".to_vec()));
        assert!(matches!(xpub.receive_subscription(&NOW), Err(Error::Again)));
        let long = [b'x'; 4097];
        for result in [xpub.accept(&long), xpub.reject(&long)] {
            assert!(matches!(result, Err(Error::Argument { .. })));
        }
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
