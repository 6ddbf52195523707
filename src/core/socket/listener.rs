//! A listening system socket, for the option `use_fd`. libzmq is given a copy of the
//! descriptor, because it aborts the process if a descriptor is used twice or does not
//! listen.

#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

#[cfg(unix)]
use crate::libzmq::listener::{self, Family};

/// A listening socket that the next bind uses.
#[cfg(unix)]
#[derive(Debug)]
pub(in crate::core) struct Listener {
    number: i32,
    copy: OwnedFd,
    family: Family,
}

#[cfg(unix)]
impl Listener {
    /// Copies a descriptor, if it is a listening stream socket.
    pub fn new(number: i32) -> Option<Listener> {
        let (copy, family) = listener::copy(number).ok()?;
        Some(Listener { number, copy, family })
    }

    /// Returns the original descriptor.
    pub fn number(&self) -> i64 {
        self.number.into()
    }

    /// Returns true if an endpoint has the transport of this socket.
    pub fn serves(&self, endpoint: &str) -> bool {
        endpoint.starts_with(match self.family {
            Family::Internet => "tcp://",
            Family::Local => "ipc://",
        })
    }

    /// Returns the descriptor for libzmq.
    pub fn descriptor(&self) -> i32 {
        self.copy.as_raw_fd()
    }

    /// Gives the descriptor to libzmq, which will close it.
    pub fn given(self) {
        let _ = self.copy.into_raw_fd();
    }
}

/// Not supported on this system.
#[cfg(not(unix))]
#[derive(Debug)]
pub(in crate::core) enum Listener {}

#[cfg(not(unix))]
impl Listener {
    pub fn new(_: i32) -> Option<Listener> {
        None
    }

    pub fn number(&self) -> i64 {
        match *self {}
    }

    pub fn serves(&self, _: &str) -> bool {
        match *self {}
    }

    pub fn descriptor(&self) -> i32 {
        match *self {}
    }

    pub fn given(self) {
        match self {}
    }
}
