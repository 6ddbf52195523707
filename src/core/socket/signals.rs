//! Signals, and searching for a message among others.

use super::Socket;
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::wait::Wait;

/// A signal is eight bytes, as in czmq: this number plus a status, in native byte
/// order.
const SIGNAL: u64 = 0x7766_5544_3322_1100;

/// The number of messages that are examined if the timeout is 0.
const AT_ONCE: u32 = 1000;

/// Returns the status of a message, if it is a signal.
pub fn status(frames: &[Frame]) -> Option<u8> {
    let [frame] = frames else {
        return None;
    };
    let number = u64::from_ne_bytes((&**frame).try_into().ok()?);
    u8::try_from(number.checked_sub(SIGNAL)?).ok()
}

impl Socket {
    /// Sends a signal, which czmq's `zsock_wait` understands.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send).
    pub fn signal(&self, status: u8, wait: &Wait) -> Result<(), Error> {
        self.send(&[(SIGNAL + u64::from(status)).to_ne_bytes()], wait)
    }

    /// Waits for a signal and returns its status. Other messages are dropped.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    pub fn wait_signal(&self, wait: &Wait) -> Result<u8, Error> {
        self.look_for(wait, status)
    }

    pub(super) fn look_for<T>(
        &self,
        wait: &Wait,
        find: impl Fn(&[Frame]) -> Option<T>,
    ) -> Result<T, Error> {
        let clock = self.clock(wait)?;
        let mut passed = 0;
        loop {
            if let Some(found) = find(&self.receive_all(&clock.rest())?) {
                return Ok(found);
            }
            passed += 1;
            // The timeout holds however many other messages there are. Without any time
            // to wait, the queued messages are examined.
            match clock.slice() {
                Ok(_) => {}
                Err(Error::Again) if passed < AT_ONCE => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn signals_are_those_of_czmq() {
        let pull = Socket::attached(Pull, "inproc://signal").unwrap();
        let push = Socket::attached(Push, "inproc://signal").unwrap();
        push.send(&["other"], &SOON).unwrap();
        push.signal(3, &SOON).unwrap();
        push.signal(255, &SOON).unwrap();
        assert_eq!(pull.wait_signal(&NOW).unwrap(), 3);
        assert_eq!(&*pull.receive(&SOON).unwrap(), 0x7766_5544_3322_11ff_u64.to_ne_bytes());
        for frame in [&b""[..], b"1234567", &0x7766_5544_3322_1200_u64.to_ne_bytes()] {
            assert_eq!(status(&[Frame::from(frame)]), None);
        }
    }

    #[test]
    fn a_flood_of_other_messages_ends_with_the_time() {
        let pull = Socket::attached(Pull, "inproc://signal-flood").unwrap();
        let push = Socket::attached(Push, "inproc://signal-flood").unwrap();
        let refill = || {
            while push.send(&["other"], &NOW).is_ok() {}
            false
        };
        let wait = Wait::new(Some(Duration::from_millis(30))).until(Some(&refill));
        let result = pull.wait_signal(&wait);
        assert!(matches!(result, Err(Error::Again)), "{result:?}");
    }
}
