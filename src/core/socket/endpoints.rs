//! What a socket is bound and connected to.

use super::Socket;
use crate::core::endpoint::{self, Action};
use crate::core::error::{Error, Fault};

impl Socket {
    /// Binds or connects each endpoint of a list: `@` binds, `>` connects, and
    /// without a prefix the type decides.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay attached.
    pub fn attach(&self, endpoints: &str) -> Result<(), Error> {
        self.attach_by(self.socket_type.default_action(), endpoints).map(drop)
    }

    /// As [`attach`](Socket::attach), but without a prefix `action` is done. Gives
    /// the TCP port of the last endpoint that was bound, or 0 if it has none.
    ///
    /// # Errors
    /// As [`attach`](Socket::attach).
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

    /// Binds each endpoint of a list, and gives the TCP port of the last one, or
    /// 0 if it has none.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay bound.
    pub fn bind(&self, endpoints: &str) -> Result<u16, Error> {
        self.with(|open| {
            let mut port = 0;
            for endpoint in plain(endpoints, "bind")? {
                port = open.bind(endpoint)?;
            }
            Ok(port)
        })
    }

    /// Connects to each endpoint of a list. The peers need not be there yet.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay connected.
    pub fn connect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "connect")?.into_iter().try_for_each(|endpoint| open.connect(endpoint))
        })
    }

    /// Takes back what `bind` did with each endpoint of a list, spelt as it was
    /// written, as [`endpoint`](Socket::endpoint) gives it, or as libzmq does.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when it is not bound.
    pub fn unbind(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "unbind")?.into_iter().try_for_each(|endpoint| open.unbind(endpoint))
        })
    }

    /// Takes back what `connect` did with each endpoint of a list.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when it is not connected.
    pub fn disconnect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "disconnect")?
                .into_iter()
                .try_for_each(|endpoint| open.disconnect(endpoint))
        })
    }

    /// The endpoint that was bound last, with its port filled in, as czmq gives
    /// it: `tcp://*:49152`. It stays after an unbind.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.endpoint.clone()))
    }

    /// What the socket is attached to: first what it is bound to, with the ports
    /// filled in, then what it is connected to.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoints(&self) -> Result<Vec<(Action, String)>, Error> {
        self.with(|open| Ok(open.endpoints().map(|(a, endpoint)| (a, endpoint.into())).collect()))
    }

    /// The endpoint that was attached last, as libzmq calls it.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn last_endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.last_endpoint()))
    }
}

/// The endpoints of a list in which no item may have a prefix.
pub(super) fn plain<'a>(
    endpoints: &'a str,
    operation: &'static str,
) -> Result<Vec<&'a str>, Error> {
    let items = endpoint::items(endpoints)?;
    if items.is_empty() {
        return Err(Error::syntax(endpoints, "there is no endpoint in it"));
    }
    let endpoints = items.iter().map(|item| match item.action {
        None => Ok(item.endpoint),
        Some(_) => Err(Error::Endpoint {
            endpoint: item.endpoint.to_owned(),
            fault: Fault::Prefixed { operation },
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
    use std::time::Duration;

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
    fn what_waits_for_a_name_is_not_disconnected_if_that_would_end_the_process() {
        for (socket_type, may) in [(Dealer, true), (Router, false), (Rep, false)] {
            let name = format!("inproc://socket-awaited-{}", socket_type.name());
            let waiting = Socket::new(socket_type).unwrap();
            waiting.connect(&name).unwrap();
            assert_eq!(waiting.disconnect(&name).is_ok(), may);
            let bound = Socket::attached(Router, &format!("@{name}")).unwrap();
            assert!(matches!(bound.receive(&NOW), Err(Error::Again)));
            assert_eq!(waiting.disconnect(&name).is_ok(), !may);
        }
    }

    #[test]
    fn a_pair_does_not_bind_what_routers_wait_for() {
        let routers = [Rep, Router].map(|socket_type| Socket::new(socket_type).unwrap());
        for router in &routers {
            router.connect("inproc://socket-routers").unwrap();
        }
        let pair = Socket::new(SocketType::Pair).unwrap();
        let refused = pair.bind("inproc://socket-routers").unwrap_err();
        assert!(refused.to_string().contains("waits for it"), "{refused}");
        for router in &routers {
            router.close(None).unwrap();
        }
        pair.bind("inproc://socket-routers").unwrap();
    }

    #[test]
    fn a_mark_is_not_told_to_those_that_are_gone() {
        for round in 0..20 {
            let (one, two) = (format!("inproc://mark-{round}"), format!("inproc://marked-{round}"));
            let pair = Socket::new(SocketType::Pair).unwrap();
            // It has one peer only, and ends the other connection.
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
    }
}
