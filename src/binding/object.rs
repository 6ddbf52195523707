//! Instances of the library's classes, as values of scripts.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::table::Class;
use super::{frame, socket};
use crate::core::{Frame, Socket};

/// An instance of one of the classes of the table. A copy is the same instance.
#[derive(Clone, Debug)]
pub struct Object(Arc<Body>);

/// What an instance is.
#[derive(Debug)]
pub(super) enum Body {
    Socket(ScriptSocket),
    Frame(Frame),
}

/// A socket of a script.
#[derive(Debug)]
pub(super) struct ScriptSocket {
    pub socket: Arc<Socket>,
    warned: AtomicBool,
}

impl ScriptSocket {
    /// True the first time: one warning a socket says that something was ignored.
    pub fn warns(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }
}

impl Object {
    /// Its class.
    pub fn class(&self) -> &'static Class {
        match &*self.0 {
            Body::Socket(socket) => socket::class_of(socket.socket.socket_type()),
            Body::Frame(_) => &frame::CLASS,
        }
    }

    /// How much memory its bytes take, if they are what it is made of.
    pub fn bytes(&self) -> Option<usize> {
        match &*self.0 {
            Body::Socket(_) => None,
            Body::Frame(frame) => Some(frame.len()),
        }
    }

    pub(super) fn body(&self) -> &Body {
        &self.0
    }
}

impl fmt::Display for Object {
    /// What a host prints for it: `<ZMQSocket: REQ>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Body::Socket(socket) => socket::text(&socket.socket, f),
            Body::Frame(frame) => frame::text(frame, f),
        }
    }
}

impl From<Arc<Socket>> for Object {
    fn from(socket: Arc<Socket>) -> Object {
        Object(Arc::new(Body::Socket(ScriptSocket { socket, warned: AtomicBool::new(false) })))
    }
}

impl From<Frame> for Object {
    fn from(frame: Frame) -> Object {
        Object(Arc::new(Body::Frame(frame)))
    }
}
