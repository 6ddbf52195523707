//! Binding and connecting sockets.

use super::Socket;
use crate::core::endpoint::{self, Action};
use crate::core::error::{EndpointProblem, Error};
use crate::core::statistics::Attachment;

impl Socket {
    /// Binds to or connects to each endpoint of a list separated by commas. A prefix of
    /// `@` binds and `>` connects; without a prefix, the socket type decides.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the one that failed stay attached.
    pub fn attach(&self, endpoints: &str) -> Result<(), Error> {
        self.attach_by(self.socket_type.default_action(), endpoints).map(drop)
    }

    /// Does the same as [`attach`](Socket::attach), but with `action` for endpoints
    /// without a prefix. Returns the TCP port of the last endpoint that was bound, or 0
    /// if it has none.
    ///
    /// # Errors
    /// The errors of [`attach`](Socket::attach).
    pub fn attach_by(&self, action: Action, endpoints: &str) -> Result<u16, Error> {
        self.with(|open| {
            let mut port = 0;
            for item in endpoint::items(endpoints)? {
                match item.action.unwrap_or(action) {
                    Action::Bind => port = open.bind(item.endpoint)?,
                    Action::Connect => open.connect(item.endpoint)?,
                }
            }
            Ok(port)
        })
    }

    /// Binds each endpoint of a list separated by commas. Returns the TCP port of the
    /// last one, or 0 if it has none.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the one that failed stay bound.
    pub fn bind(&self, endpoints: &str) -> Result<u16, Error> {
        self.with(|open| {
            let mut port = 0;
            for endpoint in plain(endpoints, "bind")? {
                port = open.bind(endpoint)?;
            }
            Ok(port)
        })
    }

    /// Connects to each endpoint of a list separated by commas. The peers need not
    /// exist yet.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the one that failed stay connected.
    pub fn connect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "connect")?.into_iter().try_for_each(|endpoint| open.connect(endpoint))
        })
    }

    /// Unbinds each endpoint of a list, spelled as it was bound, as
    /// [`endpoint`](Socket::endpoint) returns it, or as libzmq reports it.
    ///
    /// # Errors
    /// [`Error::Endpoint`] if an endpoint is not bound.
    pub fn unbind(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "unbind")?.into_iter().try_for_each(|endpoint| open.unbind(endpoint))
        })
    }

    /// Disconnects from each endpoint of a list.
    ///
    /// # Errors
    /// [`Error::Endpoint`] if an endpoint is not connected.
    pub fn disconnect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "disconnect")?
                .into_iter()
                .try_for_each(|endpoint| open.disconnect(endpoint))
        })
    }

    /// Returns the endpoint that was bound last, with what was chosen for it filled in:
    /// the port, as in `tcp://*:49152`, or the file. It is kept after an unbind.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.endpoint.clone()))
    }

    /// Returns the attached endpoints: first the bound ones, with their ports filled
    /// in, then the connected ones.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoints(&self) -> Result<Vec<(Action, String)>, Error> {
        self.with(|open| Ok(open.endpoints().map(|(a, endpoint)| (a, endpoint.into())).collect()))
    }

    /// Returns the endpoint that was attached last, as libzmq reports it.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn last_endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.last_endpoint()))
    }

    /// Returns the attached endpoints, bound ones first.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn attachments(&self) -> Result<Vec<Attachment>, Error> {
        self.visit(|state| state.open().map(|open| open.attachments()))?
    }
}

/// Parses a list of endpoints that must not have prefixes.
pub(super) fn plain<'a>(
    endpoints: &'a str,
    operation: &'static str,
) -> Result<Vec<&'a str>, Error> {
    let items = endpoint::items(endpoints)?;
    if items.is_empty() {
        return Err(Error::syntax(endpoints, "the list has no endpoint"));
    }
    let endpoints = items.iter().map(|item| match item.action {
        None => Ok(item.endpoint),
        Some(_) => Err(Error::Endpoint {
            endpoint: item.endpoint.to_owned(),
            problem: EndpointProblem::Prefixed { operation },
        }),
    });
    endpoints.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::OptionValue;
    use crate::core::SocketType::{self, Dealer, Pull, Rep, Router};
    use crate::core::Wait;
    use std::time::{Duration, Instant};

    const NOW: Wait = Wait::new(Some(Duration::ZERO));

    #[test]
    fn endpoints_are_told_as_czmq_does() {
        let socket = Socket::new(Pull).unwrap();
        assert_eq!(socket.endpoint().unwrap(), None);
        let port = socket.bind("tcp://127.0.0.1:*").unwrap();
        assert!(port >= 49152);
        let named = format!("tcp://127.0.0.1:{port}");
        assert_eq!(socket.endpoint().unwrap(), Some(named.clone()));
        let taken = Socket::attached(Pull, &named).unwrap_err();
        assert_eq!(taken.errno().unwrap().name(), "EADDRINUSE");
        socket.unbind("tcp://127.0.0.1:*").unwrap();
        assert!(socket.unbind(&named).is_err());
        assert_eq!(socket.bind("inproc://socket-endpoints").unwrap(), 0);
        assert_eq!(socket.bind("tcp://127.0.0.1:0").unwrap(), 0);
    }

    #[test]
    fn an_endpoint_tells_what_the_system_has_chosen() {
        let soon = Wait::new(Some(Duration::from_secs(20)));
        for written in ["tcp://127.0.0.1:0", "ws://127.0.0.1:*", "ws://127.0.0.1:*/path", "ipc://*"]
        {
            let transport = written.split(':').next().unwrap();
            if transport != "tcp" && !crate::core::context::has(transport) {
                continue;
            }
            let pull = Socket::attached(Pull, written).unwrap();
            let named = pull.endpoint().unwrap().unwrap();
            assert!(!named.contains('*') && !named.contains(":0"), "{named}");
            assert_eq!(named.ends_with("/path"), written.ends_with("/path"), "{named}");
            assert_eq!(pull.endpoints().unwrap()[0].1, named);
            let push = Socket::attached(SocketType::Push, &named).unwrap();
            push.send(&["x"], &soon).unwrap();
            assert_eq!(pull.receive(&soon).unwrap().as_text(), Some("x"));
            pull.unbind(&named).unwrap();
        }
    }

    #[test]
    fn a_connection_that_is_not_made_again_can_be_disconnected() {
        let soon = Wait::new(Some(Duration::from_secs(20)));
        let pull = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.endpoint().unwrap().unwrap();
        let push = Socket::new(SocketType::Push).unwrap();
        push.set_option("reconnect_ivl", &OptionValue::Int(-1)).unwrap();
        push.connect(&endpoint).unwrap();
        push.send(&["x"], &soon).unwrap();
        pull.receive(&soon).unwrap();
        pull.close(None).unwrap();
        // Once the connection has ended, there is no queue for it anymore.
        let end = Instant::now() + Duration::from_secs(20);
        while push.send(&["x"], &NOW).is_ok() {
            assert!(Instant::now() < end);
            std::thread::sleep(Duration::from_millis(20));
        }
        push.disconnect(&endpoint).unwrap();
        assert!(push.endpoints().unwrap().is_empty());
        assert!(push.disconnect(&endpoint).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_abstract_name_is_free_after_close() {
        let name = format!("ipc://@endpoints-{}", std::process::id());
        let soon = Wait::new(Some(Duration::from_secs(20)));
        for _ in 0..50 {
            let pull = Socket::attached(Pull, &name).unwrap();
            let push = Socket::attached(SocketType::Push, &name).unwrap();
            push.send(&["x"], &soon).unwrap();
            pull.receive(&soon).unwrap();
            pull.close(None).unwrap();
            push.close(None).unwrap();
        }
    }

    #[test]
    fn any_spelling_unbinds() {
        let socket = Socket::new(Pull).unwrap();
        let port = socket.bind("tcp://*:*").unwrap();
        socket.unbind(&format!("tcp://0.0.0.0:{port}")).unwrap();
        let port = socket.bind("tcp://*:!").unwrap();
        socket.unbind(&format!("tcp://*:{port}")).unwrap();
        assert!(socket.unbind(&format!("tcp://*:{port}")).is_err());
        assert!(socket.disconnect("tcp://127.0.0.1:1").is_err());
    }

    #[test]
    fn a_connection_that_waits_for_its_name_can_be_disconnected() {
        for socket_type in [Dealer, Router, Rep] {
            let name = format!("inproc://socket-awaited-{}", socket_type.name());
            let waiting = Socket::new(socket_type).unwrap();
            waiting.connect(&name).unwrap();
            waiting.disconnect(&name).unwrap();
            let bound = Socket::attached(Router, &format!("@{name}")).unwrap();
            assert!(matches!(bound.receive(&NOW), Err(Error::Again)));
            assert!(waiting.disconnect(&name).is_err());
        }
    }

    #[test]
    fn a_pair_may_bind_what_routers_wait_for() {
        let routers = [Rep, Router].map(|socket_type| Socket::new(socket_type).unwrap());
        for router in &routers {
            router.connect("inproc://socket-routers").unwrap();
        }
        let pair = Socket::new(SocketType::Pair).unwrap();
        pair.bind("inproc://socket-routers").unwrap();
    }

    #[test]
    fn a_mark_is_not_told_to_those_that_are_gone() {
        for round in 0..20 {
            let (one, two) = (format!("inproc://mark-{round}"), format!("inproc://marked-{round}"));
            let pair = Socket::new(SocketType::Pair).unwrap();
            // A PAIR has only one peer and ends the other connection.
            pair.connect(&format!("{one},{two}")).unwrap();
            let router = Socket::attached(Router, &two).unwrap();
            assert!(pair.send(&["x"], &NOW).is_ok());
            for mark in [0, 5] {
                router.set_option("sndhwm", &OptionValue::Int(mark)).unwrap();
            }
            pair.close(None).unwrap();
            router.close(None).unwrap();
        }
    }

    #[test]
    fn a_system_error_that_the_zmq_crate_does_not_know_is_told() {
        let error = Socket::attached(Rep, "ipc:///dev/null/x").unwrap_err();
        assert_eq!(error.errno().unwrap().name(), "ENOTDIR", "{error}");
        assert!(error.to_string().contains("choose another path"), "{error}");
    }
}
