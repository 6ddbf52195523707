//! What an open socket is attached to, and how it ends.

use std::env;
#[cfg(unix)]
use std::fs::File;
use std::time::Duration;

use super::context::{self, Inproc};
use super::endpoint::{self, Target};
use super::error::Error;
use super::message::Frame;
use super::release;

/// How long a closed socket goes on sending, if nothing else is said.
const LINGER: Duration = Duration::from_millis(1000);

/// What an open socket has.
pub(super) struct Open {
    pub socket: zmq::Socket,
    bound: Vec<Bound>,
    /// What `endpoint` tells: it stays after an unbind.
    pub endpoint: Option<String>,
    /// How long calls wait that are not told (rcvtimeo, sndtimeo): libzmq itself
    /// never waits here.
    pub receive_timeout: Option<Duration>,
    pub send_timeout: Option<Duration>,
    /// Where frames are received. A short one is copied out of it, so that no
    /// message has to be made for the next one.
    pub frame: Frame,
}

/// An endpoint that is bound, in its three spellings.
struct Bound {
    written: String,
    /// With the port filled in that was found.
    named: String,
    /// As libzmq calls it (`ZMQ_LAST_ENDPOINT`), and knows it in unbind.
    resolved: String,
}

impl Bound {
    /// libzmq was just told to give it back.
    fn release(&self) {
        release::note(&self.resolved);
        context::note(Inproc::Unbound, &self.written);
    }

    fn is(&self, endpoint: &str) -> bool {
        self.written == endpoint || self.named == endpoint || self.resolved == endpoint
    }
}

impl Open {
    /// An open socket that is attached to nothing.
    ///
    /// # Errors
    /// [`Error::Zmq`] when libzmq refuses the default linger.
    pub fn new(socket: zmq::Socket) -> Result<Open, Error> {
        let open = Open {
            socket,
            bound: Vec::new(),
            endpoint: None,
            receive_timeout: None,
            send_timeout: None,
            frame: Frame::default(),
        };
        open.set_linger(default_linger())?;
        Ok(open)
    }

    pub fn bind(&mut self, endpoint: &str) -> Result<u16, Error> {
        if endpoint.starts_with("tcp://") {
            spare_files().map_err(|error| Error::refused(endpoint, error))?;
        }
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
        let resolved = match self.socket.get_last_endpoint() {
            Ok(Ok(resolved)) => resolved,
            _ => named.clone(),
        };
        context::note(Inproc::Bound, endpoint);
        self.endpoint = Some(named.clone());
        self.bound.push(Bound { written: endpoint.to_owned(), named, resolved });
        Ok(port)
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
                Err(zmq::Error::EADDRINUSE) => {}
                // No other port would do.
                Err(error) => return Err(Error::refused(endpoint, error)),
            }
        }
        Err(Error::syntax(endpoint, "none of these ports is free"))
    }

    fn bind_exactly(&self, endpoint: &str) -> zmq::Result<()> {
        release::bound(endpoint, || retried(|| self.socket.bind(endpoint)))
    }

    pub fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
        endpoint::check_connect(endpoint)?;
        retried(|| self.socket.connect(endpoint))
            .map_err(|error| Error::refused(endpoint, error))?;
        context::note(Inproc::Connected, endpoint);
        Ok(())
    }

    pub fn unbind(&mut self, endpoint: &str) -> Result<(), Error> {
        let known = self.bound.iter().rposition(|bound| bound.is(endpoint));
        let Some(index) = known else {
            return Err(Error::syntax(endpoint, "it is not bound"));
        };
        retried(|| self.socket.unbind(&self.bound[index].resolved))
            .map_err(|error| Error::refused(endpoint, error))?;
        self.bound.remove(index).release();
        Ok(())
    }

    pub fn disconnect(&mut self, endpoint: &str) -> Result<(), Error> {
        retried(|| self.socket.disconnect(endpoint)).map_err(|error| match error {
            zmq::Error::ENOENT => Error::syntax(endpoint, "it is not connected"),
            error => Error::refused(endpoint, error),
        })
    }

    /// Closes the socket, and gives how long it goes on sending.
    pub fn close(self) -> Option<Duration> {
        let linger = self.linger();
        for Bound { resolved, .. } in &self.bound {
            if resolved.starts_with("inproc://") {
                // Else the name would be taken until libzmq gets round to it.
                let _ = retried(|| self.socket.unbind(resolved));
            }
        }
        drop(self.socket);
        self.bound.iter().for_each(Bound::release);
        linger
    }

    fn linger(&self) -> Option<Duration> {
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

/// Whether the process may open a few more files. When it cannot ask for the
/// network interfaces in a bind, libzmq ends the process (ip_resolver.cpp).
fn spare_files() -> zmq::Result<()> {
    #[cfg(unix)]
    {
        let null = || File::open("/dev/null");
        // For the interfaces, for the socket, and for a peer that comes meanwhile.
        let files = [null(), null(), null()];
        let errors = files.iter().filter_map(|file| file.as_ref().err());
        if errors
            .filter_map(std::io::Error::raw_os_error)
            .any(|error| error == zmq::Error::EMFILE.to_raw())
        {
            return Err(zmq::Error::EMFILE);
        }
    }
    Ok(())
}

/// Repeats a call of libzmq, one that does not wait, that a signal broke off.
pub(super) fn retried<T>(mut call: impl FnMut() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match call() {
            Err(zmq::Error::EINTR) => {}
            result => return result,
        }
    }
}

/// `ZSYS_LINGER` in milliseconds, as in czmq, or a second.
fn default_linger() -> Option<Duration> {
    match env::var("ZSYS_LINGER").map(|linger| linger.parse::<i32>()) {
        Ok(Ok(linger)) => u64::try_from(linger).ok().map(Duration::from_millis),
        _ => Some(LINGER),
    }
}
