//! The connections of a socket, which libzmq counts. Inproc connections are not counted.

use std::time::Duration;

use zmq_sys::additions::{ZMQ_CONNECTIONS, ZMQ_CONNECTIONS_NUMBERS};

use super::events::Event;
use super::open::Open;
use crate::core::error::Error;
use crate::libzmq::{options, retried};

/// What became of the connections of a socket.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// How many peers there are now.
    pub peers: usize,
    /// How many connections have completed the handshake.
    pub complete: u64,
    /// How many of these have ended.
    pub ended: u64,
    /// How many connections have ended during the handshake.
    pub failed: u64,
    /// How many could not be accepted.
    pub refused: u64,
    /// How many have ended because the peer exceeded a limit of sizes.
    pub oversized: u64,
    /// The last handshake that failed, unless a later one succeeded, and how long ago
    /// it did.
    pub last_failure: Option<(Duration, Event)>,
}

impl Connections {
    /// Parses the value of the option.
    fn parse(value: &[u8]) -> Option<Connections> {
        let (numbers, endpoint) = value.split_at_checked(ZMQ_CONNECTIONS_NUMBERS * 8)?;
        let (numbers, _) = numbers.as_chunks::<8>();
        let number = |index: usize| numbers.get(index).copied().map(u64::from_ne_bytes);
        let failure = || {
            let bit = u16::try_from(number(8)?).ok().filter(|bit| *bit != 0)?;
            let value = u32::try_from(number(9)?).ok()?;
            let endpoint = String::from_utf8_lossy(endpoint).into_owned();
            Some((Duration::from_micros(number(10)?), Event { bit, value, endpoint }))
        };
        Some(Connections {
            peers: usize::try_from(number(0)?).ok()?,
            complete: number(1)?,
            ended: number(2)?,
            failed: number(3)?,
            refused: number(4)?,
            oversized: number(11)?,
            last_failure: failure(),
        })
    }
}

impl Open {
    /// Returns the network connections; `None` if libzmq does not count them, as a
    /// libzmq without repairs.
    pub(super) fn connections(&mut self) -> Result<Option<Connections>, Error> {
        match retried(|| options::get_bytes(&mut self.socket, ZMQ_CONNECTIONS)) {
            Ok(value) => Ok(Connections::parse(&value)),
            Err(zmq::Error::EINVAL) => {
                let inproc = self.endpoints().all(|(_, at)| at.starts_with("inproc://"));
                Ok(inproc.then(Connections::default))
            }
            Err(error) => Err(Error::from_zmq("zmq_getsockopt", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_the_option_is_parsed() {
        let mut value: Vec<u8> = Vec::new();
        for number in [1_u64, 5, 3, 2, 6, 0, 0, 2, 1 << 14, 400, 1500, 7] {
            value.extend(number.to_ne_bytes());
        }
        assert!(Connections::parse(&value[1..]).is_none());
        value.extend(b"tcp://127.0.0.1:1");
        let connections = Connections::parse(&value).unwrap();
        let Connections { peers, complete, ended, failed, refused, oversized, last_failure } =
            connections;
        assert_eq!((peers, complete, ended, failed, refused, oversized), (1, 5, 3, 2, 6, 7));
        let (ago, event) = last_failure.unwrap();
        assert_eq!((ago, event.value), (Duration::from_micros(1500), 400));
        assert_eq!(event.name(), "HANDSHAKE_FAILED_AUTH");
        assert_eq!(event.endpoint, "tcp://127.0.0.1:1");
    }
}
