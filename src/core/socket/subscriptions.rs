//! The subscriptions of a SUB or XSUB socket, and the longest prefix. Those of the peers of
//! a publisher are in `subscribers`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::Socket;
use crate::core::error::{Error, Needs};
use crate::core::locked::locked;
use crate::core::socket_type::SocketType::{Sub, Xsub};

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
pub(super) struct OwnSubscriptions {
    prefixes: Mutex<BTreeMap<Vec<u8>, usize>>,
    /// True once there was one.
    begun: AtomicBool,
}

impl OwnSubscriptions {
    /// Records that a subscription was added or removed.
    fn record(&self, subscribed: bool, prefix: &[u8]) {
        let mut subscriptions = self.lock();
        if subscribed {
            self.begun.store(true, Ordering::Relaxed);
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
        locked(&self.prefixes)
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

    /// Checks the frames of an XSUB socket, each of which may be a subscription.
    pub(super) fn check_prefixes<F: AsRef<[u8]>>(&self, frames: &[F]) -> Result<(), Error> {
        if self.socket_type != Xsub {
            return Ok(());
        }
        match frames.iter().map(AsRef::as_ref).find(|frame| is_too_long(frame)) {
            Some(frame) => check(&frame[1..]),
            None => Ok(()),
        }
    }

    /// Returns true if this socket has subscribed to anything so far.
    pub(crate) fn has_subscribed(&self) -> bool {
        self.subscriptions.begun.load(Ordering::Relaxed)
    }

    /// Returns the subscribed prefixes in order, each as often as it was subscribed.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn subscriptions(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.check_process()?;
        Ok(self.subscriptions.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Message;
    use crate::core::Wait;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));

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
}
