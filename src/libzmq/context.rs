//! A context whose options are set by their numbers, which the zmq crate's does not
//! let, and which ends once.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

use zmq_sys as sys;

use super::last_error;

/// A context of libzmq. Its clones are the same one, and it ends with the last of
/// them, if not before.
#[derive(Clone)]
pub(crate) struct Context(Arc<Running>);

/// What is there until the context ends.
struct Running(RwLock<Option<Raw>>);

#[derive(Clone, Copy)]
struct Raw(NonNull<c_void>);

// SAFETY: a context can be used from any thread, and by several at a time (zmq(7)).
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Context {
    /// A new context, which has no threads before its first socket.
    ///
    /// # Errors
    /// As `zmq_ctx_new(3)`: there is no memory.
    pub fn new() -> zmq::Result<Context> {
        // SAFETY: it can be called at any time.
        let raw = NonNull::new(unsafe { sys::zmq_ctx_new() }).ok_or_else(last_error)?;
        Ok(Context(Arc::new(Running(RwLock::new(Some(Raw(raw)))))))
    }

    /// A new socket.
    ///
    /// # Errors
    /// As `zmq_socket(3)`; ETERM when the context has ended.
    pub fn socket(&self, socket_type: zmq::SocketType) -> zmq::Result<zmq::Socket> {
        self.with(|raw| {
            // SAFETY: the context has not ended, and cannot as long as it is borrowed.
            let socket = unsafe { sys::zmq_socket(raw, socket_type as c_int) };
            if socket.is_null() {
                return Err(last_error());
            }
            // SAFETY: it is a socket that nobody else has.
            Ok(unsafe { zmq::Socket::from_raw(socket) })
        })
    }

    /// Sets an option, as `zmq_ctx_set(3)`.
    pub fn set(&self, option: c_int, value: c_int) -> zmq::Result<()> {
        self.with(|raw| {
            // SAFETY: as in socket.
            let set = unsafe { sys::zmq_ctx_set(raw, option, value) };
            if set == -1 { Err(last_error()) } else { Ok(()) }
        })
    }

    /// The value of an option, as `zmq_ctx_get(3)`, which tells an error by -1, a
    /// value of some.
    pub fn get(&self, option: c_int) -> c_int {
        // SAFETY: as in socket.
        self.with(|raw| Ok(unsafe { sys::zmq_ctx_get(raw, option) })).unwrap_or(-1)
    }

    /// Ends the context, as `zmq_ctx_term(3)`: it waits until every socket is closed.
    /// Ending it again does nothing.
    pub fn end(&self) {
        self.0.end();
    }

    fn with<T>(&self, call: impl FnOnce(*mut c_void) -> zmq::Result<T>) -> zmq::Result<T> {
        let running = self.0.0.read().unwrap_or_else(PoisonError::into_inner);
        running.ok_or(zmq::Error::ETERM).and_then(|raw| call(raw.0.as_ptr()))
    }
}

impl Running {
    fn end(&self) {
        let raw = self.0.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(raw) = raw {
            // SAFETY: nobody can use the context any more: it was taken out while
            // nobody had borrowed it. A signal breaks the call off, which is then
            // made again.
            while unsafe { sys::zmq_ctx_term(raw.0.as_ptr()) } == -1
                && last_error() == zmq::Error::EINTR
            {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_makes_sockets_until_it_ends() {
        let context = Context::new().unwrap();
        let types = [zmq::PAIR, zmq::PUB, zmq::SUB, zmq::REQ, zmq::REP, zmq::DEALER, zmq::ROUTER];
        for socket_type in types.into_iter().chain([zmq::PULL, zmq::PUSH, zmq::XPUB]) {
            let socket = context.socket(socket_type).unwrap();
            assert_eq!(socket.get_socket_type(), Ok(socket_type));
        }
        for socket_type in [zmq::XSUB, zmq::STREAM] {
            let socket = context.socket(socket_type).unwrap();
            assert_eq!(socket.get_socket_type(), Ok(socket_type));
        }
        let option = sys::ZMQ_IO_THREADS as c_int;
        assert_eq!(context.get(option), 1);
        assert_eq!(context.set(option, -1), Err(zmq::Error::EINVAL));
        let other = context.clone();
        context.end();
        context.end();
        assert_eq!(other.socket(zmq::PAIR).err(), Some(zmq::Error::ETERM));
        assert_eq!(other.get(option), -1);
    }
}
