//! The sockets that are connected over inproc. libzmq has no events for these connections,
//! but all of them are made here.

use std::collections::HashMap;

use crate::core::socket_type::SocketType;

/// Identifies a socket for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::core) struct Id(pub u64);

/// An event of an inproc endpoint.
#[derive(Clone, Copy)]
pub(in crate::core) enum Event {
    Bound,
    Unbound,
    Connected,
    Disconnected,
}

/// The inproc endpoints of a context.
#[derive(Default)]
pub(super) struct Names {
    /// The socket that is bound to each name.
    bound: HashMap<String, Binder>,
    /// The sockets that wait for each name to be bound, once per connect.
    waiting: HashMap<String, Vec<End>>,
    /// The connections of each socket, from both ends.
    links: HashMap<Id, Vec<Link>>,
}

/// A socket and its type.
#[derive(Clone, Copy)]
struct End {
    id: Id,
    socket_type: SocketType,
}

struct Binder {
    end: End,
    /// True if a socket has connected to it under this name.
    met: bool,
}

struct Link {
    name: String,
    peer: Id,
    peer_type: SocketType,
    /// True if this end connected.
    connected: bool,
}

impl Names {
    /// Records what a socket did.
    pub fn record(&mut self, event: Event, name: &str, id: Id, socket_type: SocketType) {
        let end = End { id, socket_type };
        match event {
            Event::Bound => {
                let waiting = self.waiting.remove(name).unwrap_or_default();
                self.bound.insert(name.to_owned(), Binder { end, met: !waiting.is_empty() });
                for waiting in waiting {
                    self.link(name, end, waiting);
                }
            }
            // Connections survive the unbind of a name.
            Event::Unbound => drop(self.bound.remove(name)),
            Event::Connected => match self.bound.get_mut(name) {
                Some(binder) => {
                    binder.met = true;
                    let binder = binder.end;
                    self.link(name, binder, end);
                }
                None => self.waiting.entry(name.to_owned()).or_default().push(end),
            },
            Event::Disconnected => self.disconnected(name, id),
        }
    }

    /// Forgets a socket that was closed.
    pub fn forget(&mut self, id: Id) {
        self.bound.retain(|_, binder| binder.end.id != id);
        self.waiting.retain(|_, waiting| {
            waiting.retain(|waiting| waiting.id != id);
            !waiting.is_empty()
        });
        for Link { peer, .. } in self.links.remove(&id).unwrap_or_default() {
            self.unlink(peer, id, None);
        }
    }

    /// Returns the number of peers of a socket.
    pub fn peers(&self, id: Id, socket_type: SocketType) -> usize {
        let count = self.links.get(&id).map_or(0, Vec::len);
        // libzmq drops all connections of a PAIR but the first.
        if socket_type == SocketType::Pair { count.min(1) } else { count }
    }

    /// Returns true if a socket is bound to a name.
    pub fn is_bound(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// Returns true if a connection to this name still waits for a bind.
    pub fn waits(&self, name: &str, id: Id) -> bool {
        self.waiting.get(name).is_some_and(|waiting| waiting.iter().any(|end| end.id == id))
    }

    /// Returns true if a socket that is bound to a name has had a peer there.
    pub fn has_met(&self, name: &str) -> bool {
        self.bound.get(name).is_some_and(|binder| binder.met)
    }

    /// Returns true if a socket that has connected to a name still has the peer.
    pub fn reaches(&self, name: &str, id: Id) -> bool {
        let mut links = self.links.get(&id).into_iter().flatten();
        links.any(|link| link.connected && link.name == name)
    }

    /// Returns the names and types of the peers of a socket.
    pub fn peer_types(&self, id: Id) -> Vec<(String, SocketType)> {
        let links = self.links.get(&id).into_iter().flatten();
        links.map(|link| (link.name.clone(), link.peer_type)).collect()
    }

    fn link(&mut self, name: &str, binder: End, connector: End) {
        let mut add = |end: End, peer: End, connected| {
            let links = self.links.entry(end.id).or_default();
            let (peer, peer_type) = (peer.id, peer.socket_type);
            links.push(Link { name: name.to_owned(), peer, peer_type, connected });
        };
        add(binder, connector, false);
        add(connector, binder, true);
    }

    fn disconnected(&mut self, name: &str, id: Id) {
        if let Some(waiting) = self.waiting.get_mut(name) {
            waiting.retain(|waiting| waiting.id != id);
        }
        let Some(links) = self.links.get_mut(&id) else {
            return;
        };
        let ended: Vec<Link> =
            links.extract_if(.., |link| link.connected && link.name == name).collect();
        for Link { peer, .. } in ended {
            self.unlink(peer, id, Some(name));
        }
    }

    /// Removes the other ends of the connections to a socket: all of them, or those
    /// with a name.
    fn unlink(&mut self, id: Id, gone: Id, name: Option<&str>) {
        if let Some(links) = self.links.get_mut(&id) {
            links.retain(|link| {
                link.peer != gone || name.is_some_and(|name| link.connected || link.name != name)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Event::{Bound, Connected, Disconnected, Unbound};

    fn count(names: &Names, id: u64) -> usize {
        names.peers(Id(id), SocketType::Push)
    }

    #[test]
    fn peers_are_counted_at_both_ends_in_any_order() {
        let mut names = Names::default();
        names.record(Connected, "inproc://a", Id(1), SocketType::Push);
        assert!(names.waits("inproc://a", Id(1)));
        assert_eq!(count(&names, 1), 0);
        names.record(Bound, "inproc://a", Id(2), SocketType::Push);
        names.record(Connected, "inproc://a", Id(3), SocketType::Push);
        assert!(!names.waits("inproc://a", Id(1)));
        assert_eq!([1, 2, 3].map(|id| count(&names, id)), [1, 2, 1]);
        assert_eq!(names.peers(Id(2), SocketType::Pair), 1);
        names.record(Disconnected, "inproc://a", Id(1), SocketType::Push);
        assert_eq!([1, 2, 3].map(|id| count(&names, id)), [0, 1, 1]);
        names.record(Unbound, "inproc://a", Id(2), SocketType::Push);
        assert_eq!(count(&names, 3), 1);
        assert!(names.reaches("inproc://a", Id(3)) && !names.reaches("inproc://a", Id(1)));
        names.forget(Id(2));
        assert_eq!(count(&names, 3), 0);
        assert!(!names.reaches("inproc://a", Id(3)));
    }

    #[test]
    fn a_bound_name_remembers_that_it_had_a_peer() {
        let mut names = Names::default();
        names.record(Bound, "inproc://a", Id(1), SocketType::Push);
        assert!(!names.has_met("inproc://a"));
        names.record(Connected, "inproc://a", Id(2), SocketType::Pull);
        names.forget(Id(2));
        assert!(names.has_met("inproc://a"));
        names.record(Connected, "inproc://b", Id(2), SocketType::Pull);
        names.record(Bound, "inproc://b", Id(1), SocketType::Push);
        assert!(names.has_met("inproc://b") && !names.has_met("inproc://c"));
    }

    #[test]
    fn a_socket_may_be_its_own_peer_and_forgotten_before_it_has_one() {
        let mut names = Names::default();
        names.record(Bound, "inproc://a", Id(1), SocketType::Push);
        names.record(Connected, "inproc://a", Id(1), SocketType::Push);
        assert_eq!(count(&names, 1), 2);
        names.record(Disconnected, "inproc://a", Id(1), SocketType::Push);
        assert_eq!(count(&names, 1), 0);
        names.record(Connected, "inproc://b", Id(2), SocketType::Push);
        names.forget(Id(2));
        names.record(Bound, "inproc://b", Id(1), SocketType::Push);
        assert_eq!(count(&names, 1), 0);
    }
}
