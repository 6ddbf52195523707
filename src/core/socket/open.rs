//! The state of an open socket: its endpoints, and how it is closed.

use std::time::{Duration, Instant};

use zmq_sys::additions::ZMQ_MEMORY_LIMIT;

#[cfg(unix)]
use super::descriptor::Watched;
use super::listener::Listener;
use super::watch::Watch;
use crate::core::authenticator;
use crate::core::context;
use crate::core::context::address_reuse;
use crate::core::context::inproc::{Event, Id};
use crate::core::context::settings;
use crate::core::curve::key::security;
use crate::core::endpoint::{self, Action, Target};
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::policy::{Policy, Slot};
use crate::core::socket_type::SocketType;
use crate::core::statistics::{Attachment, Counters};
use crate::libzmq::{self, options, retried};

/// `ZMQ_ZAP_ENFORCE_DOMAIN`: zmq.h marks it as a draft, but libzmq always supports it.
const ENFORCE_DOMAIN: i32 = 93;

/// Options that the zmq crate has no method for.
const CONNECT_ROUTING_ID: i32 = 61;
const USE_FD: i32 = 89;

/// The state of an open socket.
pub(in crate::core) struct Open {
    pub socket: zmq::Socket,
    pub id: Id,
    pub socket_type: SocketType,
    bound: Vec<Bound>,
    connected: Vec<Connected>,
    /// The endpoint that was bound last; it is kept after an unbind.
    pub endpoint: Option<String>,
    /// The timeouts of calls without their own (rcvtimeo, sndtimeo). libzmq itself
    /// never waits.
    pub receive_timeout: Option<Duration>,
    pub send_timeout: Option<Duration>,
    /// The frame that is received into. Short frames are copied out of it, so that no
    /// new message has to be initialized for the next one.
    pub frame: Frame,
    /// True if the socket was ever bound or connected.
    pub attached: bool,
    /// True if only the last message is kept, and only one frame of it (conflate).
    pub conflates: bool,
    /// True for an XPUB whose owner decides what its peers receive (xpub_manual).
    pub manual: bool,
    /// True if zap_enforce_domain was set by its name.
    pub chose_enforcement: bool,
    /// Boxed, because most sockets have none.
    chosen_ids: Option<Box<ChosenIds>>,
    /// The listening socket for the next bind (use_fd).
    pub listener: Option<Listener>,
    pub counters: Counters,
    pub watch: Watch,
    /// The descriptor for the event loop of a program. Boxed, because most sockets have none.
    #[cfg(unix)]
    pub watched: Option<Box<Watched>>,
    /// What a script may do with the socket.
    pub policy: Policy,
    /// Its place among the sockets that the policy permits.
    slot: Option<Slot>,
}

/// A bound endpoint in its three spellings.
struct Bound {
    written: String,
    /// As written, with its port filled in, or the file that was picked.
    named: String,
    /// As libzmq reports it (`ZMQ_LAST_ENDPOINT`) and accepts it in unbind.
    resolved: String,
    since: Instant,
}

/// The routing ids that this side chooses for its peers (connect_routing_id).
#[derive(Default)]
struct ChosenIds {
    /// The one for the peer of the next connect.
    next: Option<Vec<u8>>,
    /// Those of the peers of a STREAM.
    given: Vec<Vec<u8>>,
}

/// A connected endpoint as it was written and as libzmq reports it.
struct Connected {
    written: String,
    resolved: String,
    since: Instant,
    /// False if it is not connected again once it is lost or could not be made.
    retries: bool,
}

impl Bound {
    /// Records that libzmq was just told to release the endpoint.
    fn release(&self, id: Id, socket_type: SocketType) {
        address_reuse::record_release(&self.resolved);
        context::record_inproc(Event::Unbound, &self.written, id, socket_type);
    }

    fn is(&self, endpoint: &str) -> bool {
        self.written == endpoint || self.named == endpoint || self.resolved == endpoint
    }
}

impl Open {
    /// Opens a socket that is not attached to any endpoint.
    ///
    /// # Errors
    /// [`Error::Zmq`] if there are too many sockets or libzmq refuses a default option.
    pub fn new(context: &libzmq::Context, socket_type: SocketType, id: Id) -> Result<Open, Error> {
        let failed = |error| Error::from_zmq("zmq_socket", error);
        let mut socket = context.socket(socket_type.raw()).map_err(failed)?;
        if socket_type == SocketType::Router {
            // Lets messages to unknown peers be detected; the routing code then drops
            // them.
            let result = socket.set_router_mandatory(true);
            result.map_err(|error| Error::from_zmq("router_mandatory", error))?;
        }
        settings::begin(&mut socket)?;
        Ok(Open {
            socket,
            id,
            socket_type,
            bound: Vec::new(),
            connected: Vec::new(),
            endpoint: None,
            receive_timeout: None,
            send_timeout: None,
            frame: Frame::default(),
            attached: false,
            conflates: false,
            manual: false,
            chose_enforcement: false,
            chosen_ids: None,
            listener: None,
            counters: Counters::default(),
            watch: Watch::new(context.clone()),
            #[cfg(unix)]
            watched: None,
            policy: Policy::OPEN,
            slot: None,
        })
    }

    /// Restricts the socket to what a policy permits, from now on.
    ///
    /// # Errors
    /// [`Error::Policy`] if there are as many sockets as it permits.
    pub fn restrict(&mut self, policy: &Policy) -> Result<(), Error> {
        self.slot = policy.open_socket()?;
        self.policy = policy.clone();
        let Some(limit) = policy.memory() else {
            return Ok(());
        };
        let set = || options::set(&mut self.socket, ZMQ_MEMORY_LIMIT, limit);
        retried(set).map_err(|_| Error::Policy {
            what: "the policy limits memory, which this libzmq cannot do".to_owned(),
        })
    }

    pub fn bind(&mut self, endpoint: &str) -> Result<u16, Error> {
        self.policy.check_endpoint(Action::Bind, endpoint)?;
        if endpoint == endpoint::AUTHENTICATOR {
            self.check_authenticates()?;
        }
        self.prepare(endpoint)?;
        if let Some(listener) = self.listener.take_if(|listener| listener.serves(endpoint)) {
            return self.bind_listener(endpoint, listener);
        }
        let (mut named, port) = match endpoint::bind_target(endpoint)? {
            Target::Fixed(port) => {
                self.bind_exactly(endpoint).map_err(|e| Error::refused(endpoint, e))?;
                (endpoint.to_owned(), port)
            }
            Target::Free { host, ports, random } => {
                let port = self.bind_free(endpoint, host, endpoint::search(ports, random))?;
                (format!("{host}:{port}"), port)
            }
        };
        let resolved = self.last_endpoint().unwrap_or_else(|| named.clone());
        named = endpoint::filled_in(&named, &resolved);
        context::record_inproc(Event::Bound, endpoint, self.id, self.socket_type);
        self.record_bound(endpoint, named, resolved);
        Ok(port)
    }

    fn record_bound(&mut self, endpoint: &str, named: String, resolved: String) {
        self.attached = true;
        self.endpoint = Some(named.clone());
        let since = Instant::now();
        self.bound.push(Bound { written: endpoint.to_owned(), named, resolved, since });
    }

    /// Binds a listening system socket. For TCP, only the transport of the endpoint
    /// matters.
    fn bind_listener(&mut self, endpoint: &str, listener: Listener) -> Result<u16, Error> {
        let mut bind = || {
            options::set(&mut self.socket, USE_FD, listener.descriptor())?;
            let result = retried(|| self.socket.bind(endpoint));
            options::set(&mut self.socket, USE_FD, -1)?;
            result
        };
        bind().map_err(|error| Error::refused(endpoint, error))?;
        listener.given();
        let resolved = self.last_endpoint().unwrap_or_else(|| endpoint.to_owned());
        let port = resolved.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        self.record_bound(endpoint, resolved.clone(), resolved);
        Ok(port.unwrap_or(0))
    }

    /// Checks the socket type: libzmq aborts the process if a socket of another type is
    /// bound to the ZAP endpoint (session_base.cpp).
    fn check_authenticates(&self) -> Result<(), Error> {
        match self.socket.get_socket_type() {
            Ok(zmq::REP | zmq::ROUTER) => Ok(()),
            _ => Err(Error::syntax(
                endpoint::AUTHENTICATOR,
                "only a REP or ROUTER socket can answer here; an authenticator does it for you",
            )),
        }
    }

    /// Checks the transport. A STREAM receives single frames; libzmq aborts the process
    /// if an inproc peer sends two (stream.cpp).
    fn check_transport(&self, endpoint: &str) -> Result<(), Error> {
        if endpoint.starts_with("inproc://")
            && self.socket.get_socket_type() == Ok(zmq::SocketType::STREAM)
        {
            return Err(Error::syntax(
                endpoint,
                "a STREAM socket does not support inproc; use tcp",
            ));
        }
        Ok(())
    }

    /// Prepares the socket for a bind or connect, and refuses what libzmq would accept
    /// although it cannot work or is not safe.
    fn prepare(&mut self, endpoint: &str) -> Result<(), Error> {
        relax(&mut self.socket).map_err(|error| Error::refused(endpoint, error))?;
        self.check_transport(endpoint)?;
        self.check_ipv6(endpoint)?;
        self.check_authenticator()
    }

    /// Checks that the option ipv6 is set for an IPv6 address. Without it, libzmq accepts the
    /// endpoint in connect and retries forever, and says "no such device" in bind
    /// (ip_resolver.cpp).
    fn check_ipv6(&self, endpoint: &str) -> Result<(), Error> {
        if endpoint::is_ipv6(endpoint) && self.socket.is_ipv6() == Ok(false) {
            return Err(Error::syntax(
                endpoint,
                "the address is one of IPv6; set the option ipv6 of this socket first",
            ));
        }
        Ok(())
    }

    /// Checks that a CURVE server does not accept clients that an authenticator refused
    /// until ZeroMQ was shut down.
    fn check_authenticator(&mut self) -> Result<(), Error> {
        if !authenticator::has_lapsed()
            || !self.socket.is_curve_server().unwrap_or(false)
            || options::get(&mut self.socket, ENFORCE_DOMAIN)
                .is_ok_and(|enforced: i32| enforced != 0)
        {
            return Ok(());
        }
        Err(security(
            "the authenticator ended when ZeroMQ was shut down or the process was forked; start \
             a new one first, or this server would accept every client",
        ))
    }

    fn bind_free(
        &self,
        endpoint: &str,
        host: &str,
        ports: impl Iterator<Item = u16>,
    ) -> Result<u16, Error> {
        for port in ports {
            match self.bind_exactly(&format!("{host}:{port}")) {
                Ok(()) => return Ok(port),
                // A monitor that received the event may have left its own errno behind
                // (event_bind_failed in socket_base.cpp).
                Err(zmq::Error::EADDRINUSE | zmq::Error::EAGAIN) => {}
                // No other port would work either.
                Err(error) => return Err(Error::refused(endpoint, error)),
            }
        }
        Err(Error::syntax(endpoint, "none of these ports is free"))
    }

    fn bind_exactly(&self, endpoint: &str) -> zmq::Result<()> {
        address_reuse::bind_when_released(endpoint, || retried(|| self.socket.bind(endpoint)))
    }

    pub fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
        self.policy.check_endpoint(Action::Connect, endpoint)?;
        endpoint::check_connect(endpoint)?;
        self.prepare(endpoint)?;
        self.name_peer(endpoint)?;
        let network = !endpoint.starts_with("inproc://");
        let again = self.connected.iter().any(|connected| connected.written == endpoint);
        if network && again && self.socket_type == SocketType::Pub {
            // libzmq would do nothing.
            return Ok(());
        }
        retried(|| self.socket.connect(endpoint))
            .map_err(|error| Error::refused(endpoint, error))?;
        // libzmq has used it up only now.
        if let Some(ids) = &mut self.chosen_ids {
            ids.given.extend(ids.next.take());
        }
        self.attached = true;
        context::record_inproc(Event::Connected, endpoint, self.id, self.socket_type);
        let resolved = self.last_endpoint().unwrap_or_else(|| endpoint.to_owned());
        let since = Instant::now();
        let retries = self.socket.get_reconnect_ivl().unwrap_or(0) >= 0;
        let written = endpoint.to_owned();
        self.connected.push(Connected { written, resolved, since, retries });
        Ok(())
    }

    /// Chooses the routing id for the peer of the next connect.
    pub fn choose_id(&mut self, id: &[u8]) {
        self.chosen_ids.get_or_insert_default().next = Some(id.to_owned());
    }

    /// Sets the routing id for the next peer. libzmq is told as late as possible,
    /// because it aborts the process if another peer with the same id has connected in
    /// the meantime.
    fn name_peer(&mut self, endpoint: &str) -> Result<(), Error> {
        let next = self.chosen_ids.as_ref().and_then(|ids| ids.next.clone());
        let Some(id) = next else {
            return Ok(());
        };
        // libzmq would keep it for a later connect.
        if self.socket.is_immediate() != Ok(false) {
            return Err(Error::syntax(endpoint, "connect_routing_id does not work with immediate"));
        }
        if !self.is_free(&id)? {
            return Err(Error::syntax(endpoint, "another peer has its connect_routing_id"));
        }
        let set = || options::set_bytes(&mut self.socket, CONNECT_ROUTING_ID, &id);
        retried(set).map_err(|error| Error::from_zmq("zmq_setsockopt", error))
    }

    /// Returns true if no peer has this routing id.
    pub fn is_free(&mut self, id: &[u8]) -> Result<bool, Error> {
        // New peers count only after pending commands were processed.
        let _ = retried(|| self.socket.get_events());
        match options::has_peer(&mut self.socket, id) {
            Ok(there) => Ok(!there),
            Err(zmq::Error::ENOTSUP) => Ok(!self.was_given(id)),
            Err(error) => Err(Error::from_zmq("zmq_socket_get_peer_state", error)),
        }
    }

    fn was_given(&self, id: &[u8]) -> bool {
        self.chosen_ids.as_ref().is_some_and(|ids| ids.given.iter().any(|given| given == id))
    }

    /// Waits until libzmq has something to process: a message, room for a message, a new
    /// peer or the end of a peer. The attempt that failed before has processed everything
    /// else. `ZMQ_POLLOUT` would report room for any peer, not for the one that a message
    /// is for, and does not report the end of a peer.
    pub fn poll_commands(&self, timeout: i64) -> zmq::Result<()> {
        libzmq::wait_for_commands(&self.socket, timeout)
    }

    /// Returns true if the socket was ever bound or connected.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    pub fn unbind(&mut self, endpoint: &str) -> Result<(), Error> {
        let known = self.bound.iter().rposition(|bound| bound.is(endpoint));
        let Some(index) = known else {
            return Err(Error::syntax(endpoint, "it is not bound"));
        };
        retried(|| self.socket.unbind(&self.bound[index].resolved))
            .map_err(|error| Error::refused(endpoint, error))?;
        self.bound.remove(index).release(self.id, self.socket_type);
        Ok(())
    }

    pub fn disconnect(&mut self, endpoint: &str) -> Result<(), Error> {
        // libzmq has forgotten a connection that has ended and is not made again.
        let is_it = |known: &Connected| known.written == endpoint || known.resolved == endpoint;
        let ended = self.connected.iter().any(is_it);
        match retried(|| self.socket.disconnect(endpoint)) {
            Err(zmq::Error::ENOENT) if !ended => {
                return Err(Error::syntax(endpoint, "it is not connected"));
            }
            Ok(()) | Err(zmq::Error::ENOENT) => {}
            Err(error) => return Err(Error::refused(endpoint, error)),
        }
        context::record_inproc(Event::Disconnected, endpoint, self.id, self.socket_type);
        // libzmq closes all connections to an endpoint at once.
        self.connected.retain(|known| !is_it(known));
        Ok(())
    }

    /// Unbinds all endpoints.
    pub fn unbind_all(&mut self) {
        for bound in std::mem::take(&mut self.bound) {
            // It is released, or libzmq has released it already.
            let _ = retried(|| self.socket.unbind(&bound.resolved));
            bound.release(self.id, self.socket_type);
        }
    }

    /// Unbinds and disconnects all endpoints.
    pub fn detach(&mut self) {
        self.unbind_all();
        while let Some(endpoint) = self.connected.last().map(|known| known.written.clone()) {
            if self.disconnect(&endpoint).is_err() {
                self.connected.pop();
            }
        }
    }

    /// Counts a message that was sent.
    pub fn count_sent<F: AsRef<[u8]>>(&mut self, frames: &[F]) {
        if self.counters.sent(frames) {
            self.update();
        }
    }

    /// Counts a message that was sent, given its number of frames and bytes.
    pub fn count_sent_whole(&mut self, frames: usize, bytes: usize) {
        if self.counters.sent_whole(frames, bytes) {
            self.update();
        }
    }

    /// Counts a frame that was received.
    pub fn count_received(&mut self, bytes: usize, more: bool) {
        if self.counters.received(bytes, more) {
            self.update();
        }
    }

    /// Passes the events that have arrived to the monitors.
    pub fn update(&mut self) {
        self.watch.update(&self.socket);
    }

    /// Returns the attached endpoints with their ages, bound ones first.
    pub fn attachments(&self) -> Vec<Attachment> {
        let bound = self.bound.iter().map(|at| Attachment {
            bound: true,
            endpoint: at.named.clone(),
            age: at.since.elapsed(),
            retries: true,
        });
        let connected = self.connected.iter().map(|at| Attachment {
            bound: false,
            endpoint: at.written.clone(),
            age: at.since.elapsed(),
            retries: at.retries,
        });
        bound.chain(connected).collect()
    }

    /// Returns the attached endpoints: first the bound ones, with their ports filled
    /// in, then the connected ones, as written.
    pub fn endpoints(&self) -> impl Iterator<Item = (Action, &str)> {
        let bound = self.bound.iter().map(|bound| (Action::Bind, &*bound.named));
        bound.chain(self.connected().map(|endpoint| (Action::Connect, endpoint)))
    }

    /// Forgets all connections, which were closed.
    pub fn forget_connected(&mut self) {
        self.connected.clear();
    }

    /// Returns the connected endpoints, as written.
    pub fn connected(&self) -> impl Iterator<Item = &str> {
        self.connected.iter().map(|connected| &*connected.written)
    }

    /// Returns the endpoint that was attached last, as libzmq reports it.
    pub fn last_endpoint(&self) -> Option<String> {
        let endpoint = self.socket.get_last_endpoint().ok()?.ok()?;
        (!endpoint.is_empty()).then_some(endpoint)
    }

    /// Closes the socket and returns its linger.
    pub fn close(mut self) -> Option<Duration> {
        let linger = self.linger();
        self.watch.end(&self.socket);
        for Bound { resolved, .. } in &self.bound {
            if resolved.starts_with("inproc://") {
                // Otherwise the name would stay taken until libzmq gets around to it.
                let _ = retried(|| self.socket.unbind(resolved));
            }
        }
        drop(self.socket);
        self.bound.iter().for_each(|bound| bound.release(self.id, self.socket_type));
        context::forget(self.id, &self.counters);
        linger
    }

    pub fn linger(&self) -> Option<Duration> {
        let linger = self.socket.get_linger().unwrap_or(0);
        u64::try_from(linger).ok().map(Duration::from_millis)
    }

    /// Refuses clients while no authenticator is running. The domain has to be set before:
    /// without one, libzmq aborts the process (plain_server.cpp).
    pub fn enforce_domain(&mut self) -> zmq::Result<()> {
        options::set(&mut self.socket, ENFORCE_DOMAIN, 1)
    }

    /// Sets how long the socket keeps sending after it is closed; `None` is forever.
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<(), Error> {
        let ms = match linger {
            Some(linger) => i32::try_from(linger.as_millis()).unwrap_or(i32::MAX),
            None => -1,
        };
        let result = self.socket.set_linger(ms);
        result.map_err(|error| Error::from_zmq("linger", error))
    }
}

/// Prepares a socket to be attached. libzmq aborts the process if a client connects
/// to a PLAIN server with zap_enforce_domain but without a domain. A PLAIN server needs
/// an authenticator in any case.
fn relax(socket: &mut zmq::Socket) -> zmq::Result<()> {
    let nameless =
        socket.is_plain_server()? && socket.get_zap_domain()?.is_ok_and(|domain| domain.is_empty());
    if nameless { options::set(socket, ENFORCE_DOMAIN, 0) } else { Ok(()) }
}
