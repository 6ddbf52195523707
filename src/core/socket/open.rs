//! What an open socket is attached to, and how it ends.

use std::time::{Duration, Instant};

use super::listener::Listener;
use super::subscribers::Subscriptions;
use super::watch::Watch;
use crate::core::context;
use crate::core::context::address_reuse;
use crate::core::context::inproc::{Event, Id};
use crate::core::context::limits::spare_files;
use crate::core::context::settings;
use crate::core::endpoint::{self, Action, Target};
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::socket_type::SocketType;
use crate::core::statistics::{Attachment, Counters};
use crate::libzmq::{self, options, retried};

/// `ZMQ_ZAP_ENFORCE_DOMAIN`, which zmq.h calls a draft and libzmq has in any case.
pub(super) const ENFORCE_DOMAIN: i32 = 93;

/// Options that the zmq crate has no method for.
const CONNECT_ROUTING_ID: i32 = 61;
const USE_FD: i32 = 89;

/// For how many milliseconds nothing happens before peers that went are gone for
/// certain, and how often that is tried.
const MOMENT: i64 = 20;
const MOMENTS: usize = 25;

/// What an open socket has.
pub(in crate::core) struct Open {
    pub socket: zmq::Socket,
    pub id: Id,
    pub socket_type: SocketType,
    bound: Vec<Bound>,
    connected: Vec<Connected>,
    /// What `endpoint` tells: it stays after an unbind.
    pub endpoint: Option<String>,
    /// How long calls wait that are not told (rcvtimeo, sndtimeo): libzmq itself
    /// never waits here.
    pub receive_timeout: Option<Duration>,
    pub send_timeout: Option<Duration>,
    /// Where frames are received. A short one is copied out of it, so that no
    /// message has to be made for the next one.
    pub frame: Frame,
    /// Whether it was ever bound or connected.
    pub attached: bool,
    /// Only the last message is kept, and only one frame of it (conflate).
    pub conflates: bool,
    inproc: bool,
    /// An XPUB socket whose owner decides what its peers get (xpub_manual).
    pub manual: bool,
    /// The routing id of the peer that the next connect leads to, and those that
    /// peers of a STREAM socket were given so.
    pub connect_id: Option<Vec<u8>>,
    given_ids: Vec<Vec<u8>>,
    /// What the next bind listens on (use_fd).
    pub listener: Option<Listener>,
    pub counters: Counters,
    pub watch: Watch,
    /// Of the peers of a publisher.
    pub subscriptions: Option<Subscriptions>,
}

/// An endpoint that is bound, in its three spellings.
struct Bound {
    written: String,
    /// With the port filled in that was found.
    named: String,
    /// As libzmq calls it (`ZMQ_LAST_ENDPOINT`), and knows it in unbind.
    resolved: String,
    since: Instant,
}

/// An endpoint that is connected, as it was written and as libzmq calls it.
struct Connected {
    written: String,
    resolved: String,
    since: Instant,
}

impl Bound {
    /// libzmq was just told to give it back.
    fn release(&self, id: Id) {
        address_reuse::note(&self.resolved);
        context::note(Event::Unbound, &self.written, id);
    }

    fn is(&self, endpoint: &str) -> bool {
        self.written == endpoint || self.named == endpoint || self.resolved == endpoint
    }
}

impl Open {
    /// An open socket that is attached to nothing.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there are too many sockets, or when libzmq refuses what
    /// sockets begin with.
    pub fn new(context: &libzmq::Context, socket_type: SocketType, id: Id) -> Result<Open, Error> {
        let failed = |error| Error::from_zmq("zmq_socket", error);
        let publishes = socket_type == SocketType::Pub;
        let raw = if publishes { zmq::XPUB } else { socket_type.raw() };
        let mut socket = context.socket(raw).map_err(failed)?;
        if publishes {
            Subscriptions::begin(&mut socket).map_err(failed)?;
        }
        if socket_type == SocketType::Router {
            // So that messages to nobody are noticed; routing drops them.
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
            inproc: false,
            manual: false,
            connect_id: None,
            given_ids: Vec::new(),
            listener: None,
            counters: Counters::default(),
            watch: Watch::new(socket_type, context.clone()),
            subscriptions: publishes.then(Subscriptions::default),
        })
    }

    pub fn bind(&mut self, endpoint: &str) -> Result<u16, Error> {
        if endpoint == endpoint::AUTHENTICATOR {
            self.check_authenticates()?;
        }
        relax(&mut self.socket).map_err(|error| Error::refused(endpoint, error))?;
        self.check_transport(endpoint)?;
        self.check_waiting(endpoint)?;
        if endpoint.starts_with("tcp://") {
            // For the interfaces, for the socket, and for a peer that comes meanwhile.
            spare_files(3).map_err(|error| Error::refused(endpoint, error))?;
        }
        if let Some(listener) = self.listener.take_if(|listener| listener.serves(endpoint)) {
            return self.bind_listener(endpoint, listener);
        }
        self.begin_watch(endpoint);
        self.inproc |= endpoint.starts_with("inproc://");
        let (named, port) = match endpoint::bind_target(endpoint)? {
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
        context::note(Event::Bound, endpoint, self.id);
        self.record_bound(endpoint, named, resolved);
        Ok(port)
    }

    fn record_bound(&mut self, endpoint: &str, named: String, resolved: String) {
        self.attached = true;
        self.endpoint = Some(named.clone());
        let since = Instant::now();
        self.bound.push(Bound { written: endpoint.to_owned(), named, resolved, since });
    }

    /// Binds a socket of the system that listens already; of the endpoint only the
    /// transport counts for tcp.
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

    /// libzmq ends the process when a socket of another type stands where servers
    /// ask about their clients (session_base.cpp).
    fn check_authenticates(&self) -> Result<(), Error> {
        match self.socket.get_socket_type() {
            Ok(zmq::REP | zmq::ROUTER) => Ok(()),
            _ => Err(Error::syntax(
                endpoint::AUTHENTICATOR,
                "only a REP or ROUTER socket can answer here; an authenticator does it for you",
            )),
        }
    }

    /// A frame that a STREAM receives has no further one behind it: libzmq ends the
    /// process if a peer over inproc sends two (stream.cpp).
    fn check_transport(&self, endpoint: &str) -> Result<(), Error> {
        if endpoint.starts_with("inproc://")
            && self.socket.get_socket_type() == Ok(zmq::SocketType::STREAM)
        {
            return Err(Error::syntax(endpoint, "a STREAM socket has no inproc; use tcp"));
        }
        Ok(())
    }

    /// The last message alone is kept for a name that is not bound yet, and whoever
    /// binds it misses the one before, which tells who connects: libzmq ends the
    /// process then (ctx.cpp).
    fn check_awaited(&self, endpoint: &str) -> Result<(), Error> {
        if self.conflates && endpoint.starts_with("inproc://") && !context::is_bound(endpoint) {
            return Err(Error::syntax(
                endpoint,
                "nothing is bound to it yet; a socket with conflate can only connect to what is",
            ));
        }
        Ok(())
    }

    /// Whether it wants to know the routing ids of its peers.
    fn routes(&self) -> bool {
        matches!(self.socket_type, SocketType::Rep | SocketType::Router)
    }

    /// Whoever binds a name that is not bound yet tells its routing id to those that
    /// wait for it and want to know. When their connection has ended, libzmq ends the
    /// process (pipe.cpp): a PAIR ends all but the first.
    fn check_waiting(&self, endpoint: &str) -> Result<(), Error> {
        if self.socket_type == SocketType::Pair && context::routes(endpoint) {
            return Err(Error::syntax(
                endpoint,
                "a REP or ROUTER waits for it, which no PAIR talks to; close that one first",
            ));
        }
        Ok(())
    }

    /// The same, when the socket itself would end its connection.
    fn check_begun(&self, endpoint: &str) -> Result<(), Error> {
        if self.routes() && context::waits(endpoint, self.id) {
            return Err(Error::syntax(
                endpoint,
                "nothing is bound to it yet, which a REP or ROUTER waits for; close the socket",
            ));
        }
        Ok(())
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
                // A monitor that was told of it may have left its own errno behind
                // (event_bind_failed in socket_base.cpp).
                Err(zmq::Error::EADDRINUSE | zmq::Error::EAGAIN) => {}
                // No other port would do.
                Err(error) => return Err(Error::refused(endpoint, error)),
            }
        }
        Err(Error::syntax(endpoint, "none of these ports is free"))
    }

    fn bind_exactly(&self, endpoint: &str) -> zmq::Result<()> {
        address_reuse::bound(endpoint, || retried(|| self.socket.bind(endpoint)))
    }

    pub fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
        endpoint::check_connect(endpoint)?;
        relax(&mut self.socket).map_err(|error| Error::refused(endpoint, error))?;
        self.check_transport(endpoint)?;
        self.check_awaited(endpoint)?;
        self.name_peer(endpoint)?;
        let network = !endpoint.starts_with("inproc://");
        let again = self.connected.iter().any(|connected| connected.written == endpoint);
        if network && again && self.subscriptions.is_some() {
            // As a PUB socket does; the XPUB socket that it is would send everything twice.
            return Ok(());
        }
        self.begin_watch(endpoint);
        self.inproc |= endpoint.starts_with("inproc://");
        retried(|| self.socket.connect(endpoint))
            .map_err(|error| Error::refused(endpoint, error))?;
        // Only now libzmq has used it up.
        self.given_ids.extend(self.connect_id.take());
        self.attached = true;
        context::note(Event::Connected { routes: self.routes() }, endpoint, self.id);
        let resolved = self.last_endpoint().unwrap_or_else(|| endpoint.to_owned());
        let since = Instant::now();
        self.connected.push(Connected { written: endpoint.to_owned(), resolved, since });
        Ok(())
    }

    /// Tells libzmq the routing id of the peer to be. It is told no earlier, since
    /// it ends the process when another peer has come with the same one.
    fn name_peer(&mut self, endpoint: &str) -> Result<(), Error> {
        let Some(id) = self.connect_id.clone() else {
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

    /// Whether no peer has a routing id.
    pub fn is_free(&mut self, id: &[u8]) -> Result<bool, Error> {
        // Peers that have just come are counted once commands were looked at.
        let _ = retried(|| self.socket.get_events());
        match options::has_peer(&mut self.socket, id) {
            Ok(there) => Ok(!there),
            Err(zmq::Error::ENOTSUP) => Ok(!self.given_ids.iter().any(|given| given == id)),
            Err(error) => Err(Error::from_zmq("zmq_socket_get_peer_state", error)),
        }
    }

    /// Waits until peers that are going away are gone: until there was nothing to do
    /// for a moment. Gives whether there was one.
    pub fn settles(&self) -> bool {
        (0..MOMENTS).any(|_| {
            // Does what is to be done.
            let done = retried(|| self.socket.get_events());
            let descriptor = self.socket.get_fd();
            let (Ok(_), Ok(descriptor)) = (done, descriptor) else {
                return false;
            };
            let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
            zmq::poll(&mut items, MOMENT) == Ok(0)
        })
    }

    /// Whether it was ever bound or connected to an inproc endpoint.
    pub fn was_inproc(&self) -> bool {
        self.inproc
    }

    /// Whether it was ever bound or connected.
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
        self.bound.remove(index).release(self.id);
        Ok(())
    }

    pub fn disconnect(&mut self, endpoint: &str) -> Result<(), Error> {
        self.check_begun(endpoint)?;
        retried(|| self.socket.disconnect(endpoint)).map_err(|error| match error {
            zmq::Error::ENOENT => Error::syntax(endpoint, "it is not connected"),
            error => Error::refused(endpoint, error),
        })?;
        context::note(Event::Disconnected, endpoint, self.id);
        self.watch.update(&self.socket);
        self.watch.disconnected(endpoint);
        // libzmq takes back all connections to it at once.
        self.connected.retain(|known| known.written != endpoint && known.resolved != endpoint);
        Ok(())
    }

    /// libzmq does not tell of what has happened before.
    fn begin_watch(&mut self, endpoint: &str) {
        if !endpoint.starts_with("inproc://") {
            self.watch.begin(&self.socket);
        }
    }

    /// Counts a message that was sent.
    pub fn count_sent<F: AsRef<[u8]>>(&mut self, frames: &[F]) {
        if self.counters.sent(frames) {
            self.update();
        }
    }

    /// Counts a message that was sent, by the number of its frames and their bytes.
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

    /// Takes in what has happened meanwhile.
    pub fn update(&mut self) {
        self.watch.update(&self.socket);
        if let Some(subscriptions) = &mut self.subscriptions {
            // A context that has ended is told by the next call that needs it.
            let _ = subscriptions.update(&self.socket);
        }
    }

    /// What the socket is attached to, what is bound first.
    pub fn attachments(&self) -> Vec<Attachment> {
        let bound = self.bound.iter().map(|bound| (true, &bound.named, bound.since));
        let connected = self.connected.iter().map(|item| (false, &item.written, item.since));
        let attachments = bound.chain(connected);
        let attachment = |(bound, endpoint, since): (bool, &String, Instant)| Attachment {
            bound,
            endpoint: endpoint.clone(),
            age: since.elapsed(),
        };
        attachments.map(attachment).collect()
    }

    /// What the socket is attached to: first what it is bound to, with the ports
    /// filled in, then what it is connected to, as written.
    pub fn endpoints(&self) -> impl Iterator<Item = (Action, &str)> {
        let bound = self.bound.iter().map(|bound| (Action::Bind, &*bound.named));
        bound.chain(self.connected().map(|endpoint| (Action::Connect, endpoint)))
    }

    /// Every connection was taken back.
    pub fn forget_connected(&mut self) {
        self.connected.clear();
    }

    /// What the socket is connected to, as written.
    pub fn connected(&self) -> impl Iterator<Item = &str> {
        self.connected.iter().map(|connected| &*connected.written)
    }

    /// The endpoint that was attached last, as libzmq calls it.
    pub fn last_endpoint(&self) -> Option<String> {
        let endpoint = self.socket.get_last_endpoint().ok()?.ok()?;
        (!endpoint.is_empty()).then_some(endpoint)
    }

    /// Closes the socket, and gives how long it goes on sending.
    pub fn close(mut self) -> Option<Duration> {
        let linger = self.linger();
        self.watch.end(&self.socket);
        for Bound { resolved, .. } in &self.bound {
            if resolved.starts_with("inproc://") {
                // Else the name would be taken until libzmq gets round to it.
                let _ = retried(|| self.socket.unbind(resolved));
            }
        }
        drop(self.socket);
        self.bound.iter().for_each(|bound| bound.release(self.id));
        context::forget(self.id, &self.counters);
        linger
    }

    pub fn linger(&self) -> Option<Duration> {
        let linger = self.socket.get_linger().unwrap_or(0);
        u64::try_from(linger).ok().map(Duration::from_millis)
    }

    /// Sets how long the socket goes on sending once it is closed; `None` is for
    /// ever.
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<(), Error> {
        let ms = match linger {
            Some(linger) => i32::try_from(linger.as_millis()).unwrap_or(i32::MAX),
            None => -1,
        };
        let result = self.socket.set_linger(ms);
        result.map_err(|error| Error::from_zmq("linger", error))
    }
}

/// To be called before a socket is attached: libzmq ends the process when a client
/// comes to a PLAIN server that has zap_enforce_domain and no domain. Such a server
/// needs an authenticator in any case.
fn relax(socket: &mut zmq::Socket) -> zmq::Result<()> {
    let nameless =
        socket.is_plain_server()? && socket.get_zap_domain()?.is_ok_and(|domain| domain.is_empty());
    if nameless { options::set(socket, ENFORCE_DOMAIN, 0) } else { Ok(()) }
}
