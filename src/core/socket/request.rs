//! A request that is repeated until it is answered: the lazy pirate of the guide.

use std::thread;
use std::time::Duration;

use super::Socket;
use super::endpoints::plain;
use super::open::Open;
use crate::core::endpoint;
use crate::core::error::{Error, Needs};
use crate::core::message::Frame;
use crate::core::socket_type::SocketType::Req;
use crate::core::wait::Wait;

impl Socket {
    /// Sends a request and receives its reply. When none comes in time, the request
    /// is sent again over a new connection, `tries` times in all; then as often to
    /// each of the endpoints `others`, the socket being connected to that one alone,
    /// until one answers: the socket stays with it. `wait` is for each try.
    ///
    /// A request may be worked on more than once. A late reply to an earlier one is
    /// never taken for that of a later one: for this the socket numbers its
    /// requests, and from the first call on it may send without having received.
    ///
    /// # Errors
    /// [`Error::Again`] when nobody answers, [`Error::Endpoint`] when one cannot be
    /// connected to, [`Error::State`] when [`send_more`](Socket::send_more) has begun
    /// a message, [`Error::Unsupported`] for another type than REQ,
    /// [`Error::Interrupted`].
    pub fn request<F: AsRef<[u8]>>(
        &self,
        frames: &[F],
        tries: u32,
        others: &[&str],
        wait: &Wait,
    ) -> Result<Vec<Frame>, Error> {
        self.ready_for("request")?;
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

/// Keeps many tries without time from opening connections faster than they close,
/// and lets the host stop them.
fn pause(wait: &Wait) -> Result<(), Error> {
    match wait.begin().slice() {
        Err(Error::Again) => thread::sleep(Duration::from_millis(1)),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Makes every connection anew. What waited in the old ones is dropped, so that a
/// server that comes back finds one request and not all the tries; over inproc it
/// does find them all.
fn reconnect(open: &mut Open) -> Result<(), Error> {
    let endpoints: Vec<String> = open.connected().map(str::to_owned).collect();
    leave(open, &endpoints)?;
    endpoints.iter().try_for_each(|endpoint| open.connect(endpoint))
}

/// Connects to the endpoints of a list, and to no others.
fn move_to(open: &mut Open, endpoints: &str) -> Result<(), Error> {
    let old: Vec<String> = open.connected().map(str::to_owned).collect();
    leave(open, &old)?;
    plain(endpoints, "request")?.into_iter().try_for_each(|endpoint| open.connect(endpoint))
}

fn leave(open: &mut Open, endpoints: &[String]) -> Result<(), Error> {
    let linger = open.linger();
    open.set_linger(Some(Duration::ZERO))?;
    for endpoint in endpoints {
        // One that is gone by itself need not be left.
        let _ = open.disconnect(endpoint);
    }
    open.forget_connected();
    open.set_linger(linger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Rep, Router};
    use std::net::TcpListener;
    use std::sync::Arc;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));
    const BRIEF: Wait = Wait::new(Some(Duration::from_millis(50)));

    fn texts(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| frame.as_text().unwrap()).collect()
    }

    /// Answers as many requests.
    fn answering(server: &Arc<Socket>, count: usize) -> thread::JoinHandle<()> {
        let server = server.clone();
        thread::spawn(move || {
            for _ in 0..count {
                let request = server.receive_all(&SOON).unwrap();
                server.send(&request, &SOON).unwrap();
            }
        })
    }

    #[test]
    fn a_server_that_never_answers_costs_the_time_of_each_try() {
        let server = Socket::attached(Router, "tcp://127.0.0.1:*").unwrap();
        let req = Socket::attached(Req, &server.endpoint().unwrap().unwrap()).unwrap();
        assert!(matches!(req.request(&["x"], 3, &[], &BRIEF), Err(Error::Again)));
        let mut bodies = Vec::new();
        while let Ok(message) = server.receive_all(&BRIEF) {
            bodies.push(message.last().unwrap().as_text().unwrap().to_owned());
        }
        assert_eq!(bodies, ["x", "x", "x"]);
        // The socket can be used again, also by hand.
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
        // It takes connections, but never says a word.
        let dead = TcpListener::bind("127.0.0.1:0").unwrap();
        let req = Socket::attached(Req, &format!("tcp://{}", dead.local_addr().unwrap())).unwrap();
        let answers = answering(&server, 2);
        let others = ["inproc://request-nobody", &alive];
        assert_eq!(texts(&req.request(&["a", "b"], 2, &others, &BRIEF).unwrap()), ["a", "b"]);
        // It stays with the one that has answered.
        assert_eq!(texts(&req.request(&["c"], 1, &[], &SOON).unwrap()), ["c"]);
        answers.join().unwrap();
    }

    #[test]
    fn a_server_that_comes_back_finds_one_request() {
        // A port might be taken by another test meanwhile.
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}/back", folder.path().display());
        let req = Socket::attached(Req, &endpoint).unwrap();
        assert!(matches!(req.request(&["x"], 4, &[], &BRIEF), Err(Error::Again)));
        let server = Socket::attached(Rep, &format!("@{endpoint}")).unwrap();
        assert_eq!(texts(&server.receive_all(&SOON).unwrap()), ["x"]);
        server.send(&["late"], &SOON).unwrap();
        let answers = answering(&server, 1);
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
