//! What a socket has to remember that libzmq does not: the message that is being
//! put together, subscriptions, peers, numbers.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::publishing::{Gaps, Numbers};
use crate::core::error::Error;
use crate::core::socket_type::SocketType;

/// How many peers are remembered.
const PEERS: usize = 1 << 16;

/// The notes of one socket.
#[derive(Debug, Default)]
pub(in crate::core) struct Notes {
    /// Whether sending takes more than handing the frames to libzmq.
    careful: AtomicBool,
    routes: bool,
    /// Whether a message to nobody is an error.
    pub mandatory: AtomicBool,
    /// How many messages were dropped because their peer was unknown or full.
    pub dropped: AtomicU64,
    begun: Mutex<Vec<Vec<u8>>>,
    /// Each prefix with how often it is subscribed.
    subscriptions: Mutex<BTreeMap<Vec<u8>, usize>>,
    peers: Mutex<Peers>,
    numbers: Mutex<Option<Numbers>>,
    gaps: Mutex<Option<Gaps>>,
}

/// The routing ids that were seen, with a number each that tells which came first.
#[derive(Debug, Default)]
pub(in crate::core) struct Peers {
    known: HashMap<Vec<u8>, u64>,
    order: BTreeMap<u64, Vec<u8>>,
    seen: u64,
}

impl Notes {
    pub fn new(socket_type: SocketType) -> Notes {
        let routes = socket_type == SocketType::Router;
        Notes { routes, careful: AtomicBool::new(routes), ..Notes::default() }
    }

    /// Whether sending takes more than handing the frames to libzmq.
    pub fn careful(&self) -> bool {
        self.careful.load(Ordering::Relaxed)
    }

    /// The frames of the message that is being put together.
    ///
    /// # Errors
    /// [`Error::Busy`] when another call has them.
    pub fn begun(&self) -> Result<MutexGuard<'_, Vec<Vec<u8>>>, Error> {
        match self.begun.try_lock() {
            Ok(begun) => Ok(begun),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Poisoned(begun)) => Ok(begun.into_inner()),
        }
    }

    /// Notes whether a message is being put together.
    pub fn begins(&self, begun: bool) {
        self.careful.store(begun || self.routes, Ordering::Relaxed);
    }

    /// Notes that a prefix was subscribed, or one subscription of it taken back.
    pub fn subscription(&self, subscribed: bool, prefix: &[u8]) {
        let mut subscriptions = locked(&self.subscriptions);
        if subscribed {
            *subscriptions.entry(prefix.to_owned()).or_default() += 1;
        } else if let Some(times) = subscriptions.get_mut(prefix) {
            *times -= 1;
            if *times == 0 {
                subscriptions.remove(prefix);
            }
        }
    }

    /// The prefixes that are subscribed, in their order, each as often as it was.
    pub fn subscriptions(&self) -> Vec<Vec<u8>> {
        let subscriptions = locked(&self.subscriptions);
        let prefixes = subscriptions.iter();
        prefixes.flat_map(|(prefix, times)| std::iter::repeat_n(prefix.clone(), *times)).collect()
    }

    pub fn peers(&self) -> MutexGuard<'_, Peers> {
        locked(&self.peers)
    }

    pub fn numbers(&self) -> MutexGuard<'_, Option<Numbers>> {
        locked(&self.numbers)
    }

    pub fn gaps(&self) -> MutexGuard<'_, Option<Gaps>> {
        locked(&self.gaps)
    }
}

/// None of these is held while anything waits.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peers {
    /// Remembers a peer; the oldest one is forgotten when there are too many.
    pub fn saw(&mut self, id: &[u8]) {
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
    pub fn forget(&mut self, id: &[u8]) {
        if let Some(number) = self.known.remove(id) {
            self.order.remove(&number);
        }
    }

    /// The routing ids, the oldest first.
    pub fn ids(&self) -> impl Iterator<Item = &[u8]> {
        self.order.values().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
