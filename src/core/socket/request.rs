//! Requests that are repeated until they are answered: the Lazy Pirate pattern of the
//! ZeroMQ guide.

use std::thread;
use std::time::Duration;

use super::Socket;
use super::endpoints::plain;
use super::open::Open;
use crate::core::endpoint;
use crate::core::error::operation::REQUEST;
use crate::core::error::{Error, Needs};
use crate::core::message::Frame;
use crate::core::socket_type::SocketType::Req;
use crate::core::wait::Wait;

impl Socket {
    /// Sends a request and returns its reply. If none arrives before the timeout, the
    /// request is sent again over a new connection, up to `tries` times in total. If
    /// nobody answers, the same is tried with each of the endpoints `others`, connected
    /// to that endpoint alone. The socket stays connected to the one that answers.
    /// `wait` applies to each try.
    ///
    /// A request may be processed more than once. A late reply to an earlier request is
    /// never mistaken for a reply to a later one: the first call turns on request
    /// numbers, and from then on the socket may also send again without having
    /// received.
    ///
    /// # Errors
    /// [`Error::Again`] if nobody answers, [`Error::Endpoint`] if an endpoint cannot be
    /// connected, [`Error::State`] if [`send_more`](Socket::send_more) has started a
    /// message, [`Error::Unsupported`] on types other than REQ, [`Error::Interrupted`].
    pub fn request<F: AsRef<[u8]>>(
        &self,
        frames: &[F],
        tries: u32,
        others: &[&str],
        wait: &Wait,
    ) -> Result<Vec<Frame>, Error> {
        self.ready_for(REQUEST)?;
        self.with(|open| self.relax(open))?;
        for other in others {
            plain(other, "request")?.into_iter().try_for_each(endpoint::check_connect)?;
        }
        let first: Vec<String> =
            self.with(|open| Ok(open.connected().map(str::to_owned).collect()))?;
        let others = others.iter().filter(|other| first != [**other]);
        for server in std::iter::once(None).chain(others.map(Some)) {
            if let Some(server) = server {
                self.with(|open| move_to(open, server))?;
            }
            for again in 0..tries {
                if again > 0 {
                    pause(wait)?;
                    self.with(reconnect)?;
                }
                match self.ask(frames, wait) {
                    Err(Error::Again) => {}
                    answer => return answer,
                }
            }
        }
        Err(Error::Again)
    }

    fn ask<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<Vec<Frame>, Error> {
        let clock = self.clock(wait)?;
        self.send(frames, &clock.rest())?;
        self.receive_all(&clock.rest())
    }

    fn relax(&self, open: &Open) -> Result<(), Error> {
        if self.socket_type() != Req {
            return Err(Error::Unsupported {
                operation: "request",
                socket_type: self.socket_type(),
                needs: Needs::Types(&[Req]),
            });
        }
        let result = open.socket.set_req_correlate(true);
        result.map_err(|error| Error::from_zmq("req_correlate", error))?;
        let result = open.socket.set_req_relaxed(true);
        result.map_err(|error| Error::from_zmq("req_relaxed", error))
    }
}

/// Prevents tries without a timeout from opening connections faster than they close,
/// and lets the host interrupt them.
fn pause(wait: &Wait) -> Result<(), Error> {
    match wait.begin().slice() {
        Err(Error::Again) => thread::sleep(Duration::from_millis(1)),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Replaces every connection. Requests queued in the old ones are dropped, so a server
/// that comes back finds one request instead of all tries; over inproc it finds them
/// all.
fn reconnect(open: &mut Open) -> Result<(), Error> {
    let endpoints: Vec<String> = open.connected().map(str::to_owned).collect();
    leave(open, &endpoints)?;
    endpoints.iter().try_for_each(|endpoint| open.connect(endpoint))
}

/// Connects to the endpoints of a list, and disconnects all others.
fn move_to(open: &mut Open, endpoints: &str) -> Result<(), Error> {
    let old: Vec<String> = open.connected().map(str::to_owned).collect();
    leave(open, &old)?;
    plain(endpoints, "request")?.into_iter().try_for_each(|endpoint| open.connect(endpoint))
}

fn leave(open: &mut Open, endpoints: &[String]) -> Result<(), Error> {
    let linger = open.linger();
    open.set_linger(Some(Duration::ZERO))?;
    for endpoint in endpoints {
        // A connection that is already gone need not be closed.
        let _ = open.disconnect(endpoint);
    }
    open.forget_connected();
    open.set_linger(linger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Rep, Router};
    use crate::core::socket::testing::texts;
    use std::net::TcpListener;
    use std::sync::Arc;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));
    const BRIEF: Wait = Wait::new(Some(Duration::from_millis(50)));

    /// Answers all requests, also those that are sent again because a reply took long.
    fn answer(server: &Arc<Socket>) {
        let server = server.clone();
        thread::spawn(move || {
            while let Ok(request) = server.receive_all(&SOON) {
                server.send(&request, &SOON).unwrap();
            }
        });
    }

    #[test]
    fn a_server_that_never_answers_costs_the_time_of_each_try() {
        let server = Socket::attached(Router, "tcp://127.0.0.1:*").unwrap();
        let req = Socket::attached(Req, &server.endpoint().unwrap().unwrap()).unwrap();
        // Each try has to reach the server.
        let while_it_connects = Wait::new(Some(Duration::from_millis(500)));
        assert!(matches!(req.request(&["x"], 3, &[], &while_it_connects), Err(Error::Again)));
        for _ in 0..3 {
            assert_eq!(server.receive_all(&SOON).unwrap().last().unwrap().as_text(), Some("x"));
        }
        // The socket can still be used, with plain sends too.
        req.send(&["y"], &SOON).unwrap();
        assert_eq!(server.receive_all(&SOON).unwrap().last().unwrap().as_text(), Some("y"));
    }

    #[test]
    fn a_late_reply_is_not_taken_for_the_next() {
        let server = Socket::attached(Router, "inproc://request-late").unwrap();
        let req = Socket::attached(Req, "inproc://request-late").unwrap();
        assert!(matches!(req.request(&["one"], 1, &[], &BRIEF), Err(Error::Again)));
        let late = server.receive_all(&SOON).unwrap();
        server.send(&late, &SOON).unwrap();
        let echo = thread::spawn(move || {
            let request = server.receive_all(&SOON).unwrap();
            server.send(&request, &SOON).unwrap();
            server
        });
        assert_eq!(texts(&req.request(&["two"], 1, &[], &SOON).unwrap()), ["two"]);
        echo.join().unwrap();
    }

    #[test]
    fn the_next_endpoint_answers_for_a_dead_one() {
        let server = Socket::attached(Rep, "tcp://127.0.0.1:*").unwrap();
        let alive = server.endpoint().unwrap().unwrap();
        // It accepts connections but never answers.
        let dead = TcpListener::bind("127.0.0.1:0").unwrap();
        let req = Socket::attached(Req, &format!("tcp://{}", dead.local_addr().unwrap())).unwrap();
        answer(&server);
        let others = ["inproc://request-nobody", &alive];
        // Long enough for an answer on a busy machine.
        let each = Wait::new(Some(Duration::from_millis(500)));
        assert_eq!(texts(&req.request(&["a", "b"], 3, &others, &each).unwrap()), ["a", "b"]);
        // It stays with the server that answered.
        assert_eq!(texts(&req.request(&["c"], 1, &[], &SOON).unwrap()), ["c"]);
    }

    #[test]
    fn a_server_that_comes_back_finds_one_request() {
        // Another test might take a TCP port in the meantime.
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}/back", folder.path().display());
        let req = Socket::attached(Req, &endpoint).unwrap();
        assert!(matches!(req.request(&["x"], 4, &[], &BRIEF), Err(Error::Again)));
        let server = Socket::attached(Rep, &format!("@{endpoint}")).unwrap();
        assert_eq!(texts(&server.receive_all(&SOON).unwrap()), ["x"]);
        server.send(&["late"], &SOON).unwrap();
        // The next one that it finds is the new one.
        let answers = thread::spawn(move || {
            let request = server.receive_all(&SOON).unwrap();
            server.send(&request, &SOON).unwrap();
        });
        assert_eq!(texts(&req.request(&["y"], 1, &[], &SOON).unwrap()), ["y"]);
        answers.join().unwrap();
    }

    #[test]
    fn tries_without_time_can_be_stopped() {
        let dead = TcpListener::bind("127.0.0.1:0").unwrap();
        let req = Socket::attached(Req, &format!("tcp://{}", dead.local_addr().unwrap())).unwrap();
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) == 100;
        let wait = Wait::new(Some(Duration::ZERO)).until(Some(&stop));
        let result = req.request(&["x"], u32::MAX, &[], &wait);
        assert!(matches!(result, Err(Error::Interrupted)));
    }

    #[test]
    fn a_wrong_endpoint_is_told_before_anything_is_sent() {
        let server = Socket::attached(Rep, "inproc://request-wrong").unwrap();
        let req = Socket::attached(Req, "inproc://request-wrong").unwrap();
        let error = req.request(&["x"], 1, &["nonsense"], &BRIEF).unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
        assert!(!server.can_receive().unwrap());
    }
}
