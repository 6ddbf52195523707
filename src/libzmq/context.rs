//! A context whose options are set by number, which the zmq crate does not support, and
//! which ends once.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

use zmq_sys as sys;

use super::last_error;

/// A context of libzmq. Clones refer to the same context, which ends with the last of
/// them at the latest.
#[derive(Clone)]
pub(crate) struct Context(Arc<Running>);

/// The libzmq context until it ends.
struct Running(RwLock<Option<Raw>>);

#[derive(Clone, Copy)]
struct Raw(NonNull<c_void>);

// SAFETY: a context can be used from any thread, and by several at a time (zmq(7)).
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Context {
    /// Makes a context, which has no threads until its first socket is opened.
    ///
    /// # Errors
    /// As for `zmq_ctx_new(3)`: memory ran out.
    pub fn new() -> zmq::Result<Context> {
        // SAFETY: it can be called at any time.
        let raw = NonNull::new(unsafe { sys::zmq_ctx_new() }).ok_or_else(last_error)?;
        Ok(Context(Arc::new(Running(RwLock::new(Some(Raw(raw)))))))
    }

    /// Opens a socket.
    ///
    /// # Errors
    /// As for `zmq_socket(3)`; ETERM if the context has ended.
    pub fn socket(&self, socket_type: zmq::SocketType) -> zmq::Result<zmq::Socket> {
        self.with(|raw| {
            // SAFETY: the context has not ended, and cannot end while it is borrowed.
            let socket = unsafe { sys::zmq_socket(raw, socket_type as c_int) };
            if socket.is_null() {
                return Err(last_error());
            }
            // SAFETY: it is a new socket with no other owner.
            Ok(unsafe { zmq::Socket::from_raw(socket) })
        })
    }

    /// Sets an option, as with `zmq_ctx_set(3)`.
    pub fn set(&self, option: c_int, value: c_int) -> zmq::Result<()> {
        self.with(|raw| {
            // SAFETY: as in socket.
            let set = unsafe { sys::zmq_ctx_set(raw, option, value) };
            if set == -1 { Err(last_error()) } else { Ok(()) }
        })
    }

    /// Returns the value of an option, as with `zmq_ctx_get(3)`. It returns -1 on
    /// error, which is also a valid value of some options.
    pub fn get(&self, option: c_int) -> c_int {
        // SAFETY: as in socket.
        self.with(|raw| Ok(unsafe { sys::zmq_ctx_get(raw, option) })).unwrap_or(-1)
    }

    /// Ends the context, as with `zmq_ctx_term(3)`: waits until every socket is closed.
    /// Ending it twice does nothing.
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
            // SAFETY: nobody can use the context anymore, because it was removed while
            // nobody had borrowed it. A call that a signal interrupts is repeated.
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
