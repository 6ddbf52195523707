//! A socket of the system that listens already, for `use_fd`. libzmq gets a copy
//! of the descriptor: it would end the process over one that is used twice, or is
//! none that listens.

#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

#[cfg(unix)]
use crate::libzmq::listener::{self, Family};

/// A listening socket that the next bind takes.
#[cfg(unix)]
#[derive(Debug)]
pub(in crate::core) struct Listener {
    number: i32,
    copy: OwnedFd,
    family: Family,
}

#[cfg(unix)]
impl Listener {
    /// The one that has this descriptor, if it is a stream socket that listens.
    pub fn new(number: i32) -> Option<Listener> {
        let (copy, family) = listener::copy(number).ok()?;
        Some(Listener { number, copy, family })
    }

    /// The descriptor as it was given.
    pub fn number(&self) -> i64 {
        self.number.into()
    }

    /// Whether an endpoint is of its transport.
    pub fn serves(&self, endpoint: &str) -> bool {
        endpoint.starts_with(match self.family {
            Family::Internet => "tcp://",
            Family::Local => "ipc://",
        })
    }

    /// The descriptor for libzmq.
    pub fn descriptor(&self) -> i32 {
        self.copy.as_raw_fd()
    }

    /// libzmq has it now, and will close it.
    pub fn given(self) {
        let _ = self.copy.into_raw_fd();
    }
}

/// There are none on this system.
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
