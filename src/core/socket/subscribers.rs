//! The subscriptions of a publisher's peers, which libzmq counts.

use zmq_sys::additions::{ZMQ_MATCHING_SUBSCRIPTIONS, ZMQ_SUBSCRIPTIONS};

use super::open::Open;
use crate::core::error::Error;
use crate::core::socket_type::SocketType;
use crate::libzmq::{options, retried};

/// The number of different prefixes; zmq.h marks it as a draft.
const TOPICS_COUNT: i32 = 116;

impl Open {
    /// Returns the number of different prefixes that the peers of a PUB have subscribed
    /// to; `None` for other socket types, and if libzmq does not know it.
    pub fn prefixes(&mut self) -> Result<Option<usize>, Error> {
        if self.socket_type != SocketType::Pub {
            return Ok(None);
        }
        match self.counted(TOPICS_COUNT) {
            Err(error) if error.errno().is_some_and(|errno| errno.name() == "EINVAL") => Ok(None),
            count => count.map(Some),
        }
    }

    /// Returns the number of subscriptions that the peers of a PUB have, or of those
    /// that match messages beginning with `topic`.
    pub fn subscriptions(&mut self, topic: Option<&[u8]>) -> Result<usize, Error> {
        let Some(topic) = topic else {
            return self.counted(ZMQ_SUBSCRIPTIONS);
        };
        let set = || options::set_bytes(&mut self.socket, ZMQ_MATCHING_SUBSCRIPTIONS, topic);
        retried(set).map_err(|error| Error::from_zmq("zmq_setsockopt", error))?;
        self.counted(ZMQ_MATCHING_SUBSCRIPTIONS)
    }

    fn counted(&mut self, option: i32) -> Result<usize, Error> {
        let count: i32 = retried(|| options::get(&mut self.socket, option))
            .map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}
