//! Frames that are unchanged when a send fails, and that can be copied without copying
//! their bytes. A `zmq::Message` is gone after a send, even if it fails.

use std::ffi::{CStr, CString, c_void};
use std::fmt;
use std::ops::Deref;
use std::ptr;
use std::slice;

use libc::c_int;
use zmq_sys as sys;

use super::last_error;
use super::view::View;

/// One frame of a message, empty at first. It keeps the memory in which libzmq received
/// it, and can be received into and sent any number of times.
#[repr(transparent)]
pub struct Frame {
    message: sys::zmq_msg_t,
}

/// What was received into a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// Where its bytes are, until the frame changes or moves.
    pub view: View,
    /// True if more frames of the same message follow.
    pub more: bool,
}

#[cfg(libzmq_repaired)]
use sys::additions::zmq_msg_recv_view as receive;

/// Does the same with the functions of any libzmq.
#[cfg(not(libzmq_repaired))]
unsafe fn receive(
    message: *mut sys::zmq_msg_t,
    socket: *mut c_void,
    flags: c_int,
    view: *mut sys::additions::zmq_view_t,
) -> c_int {
    // SAFETY: the caller passes an initialized message, an open socket and a pointer that
    // is valid for writing.
    unsafe {
        if sys::zmq_msg_recv(message, socket, flags) == -1 {
            return -1;
        }
        (*view).data = sys::zmq_msg_data(message);
        (*view).size = sys::zmq_msg_size(message);
        sys::zmq_msg_more(message)
    }
}

impl Frame {
    /// Makes an empty frame.
    pub(crate) fn new() -> Frame {
        let mut message = sys::zmq_msg_t::default();
        // SAFETY: it is memory for a message, and zmq_msg_init cannot fail.
        unsafe { sys::zmq_msg_init(&mut message) };
        Frame { message }
    }

    /// Makes a frame with a copy of these bytes.
    ///
    /// # Errors
    /// As for `zmq_msg_init_size(3)`.
    pub(crate) fn copied(bytes: &[u8]) -> zmq::Result<Frame> {
        let mut message = sys::zmq_msg_t::default();
        // SAFETY: it is memory for a message. After an error it is not initialized, and
        // is not closed.
        result(unsafe { sys::zmq_msg_init_size(&mut message, bytes.len()) })?;
        // SAFETY: the message has that many bytes of its own.
        unsafe {
            let data = sys::zmq_msg_data(&mut message);
            ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast(), bytes.len());
        }
        Ok(Frame { message })
    }

    /// Makes a frame from memory without copying it. When libzmq no longer needs the
    /// memory, it calls `free` with it and `hint`, on any thread; without a function,
    /// the memory must remain valid forever.
    ///
    /// # Errors
    /// As for `zmq_msg_init_data(3)`; the caller then still owns the memory.
    ///
    /// # Safety
    /// `data` points to `size` bytes that do not change and remain valid until `free`
    /// is called, once, on any thread.
    pub(crate) unsafe fn of_memory(
        data: *mut c_void,
        size: usize,
        free: Option<unsafe extern "C" fn(data: *mut c_void, hint: *mut c_void)>,
        hint: *mut c_void,
    ) -> zmq::Result<Frame> {
        let mut message = sys::zmq_msg_t::default();
        // SAFETY: `message` is memory for one; the rest is guaranteed by the caller.
        result(unsafe { sys::zmq_msg_init_data(&mut message, data, size, free, hint) })?;
        Ok(Frame { message })
    }

    /// Returns a metadata property (`zmq_msg_gets(3)`): "Peer-Address" and
    /// "Socket-Type" of the peer that sent the frame and, if an authenticator accepted
    /// the peer, "User-Id" and the metadata of its certificate.
    pub fn property(&self, name: &str) -> Option<&str> {
        let name = CString::new(name).ok()?;
        // SAFETY: the message is initialized and only read, and the name is
        // NUL-terminated.
        let value = unsafe { sys::zmq_msg_gets(&self.message, name.as_ptr()) };
        if value.is_null() {
            return None;
        }
        // SAFETY: the string belongs to the message, which does not change while it is
        // borrowed.
        unsafe { CStr::from_ptr(value) }.to_str().ok()
    }

    /// Receives the next frame of a socket in place of this one and describes it. After
    /// an error, this frame is empty or unchanged.
    ///
    /// # Errors
    /// As for `zmq_msg_recv(3)`.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        socket: &mut zmq::Socket,
        flags: i32,
    ) -> zmq::Result<Received> {
        let mut view = View { data: ptr::null(), size: 0 };
        // SAFETY: the message is initialized, and the socket is open as long as it can
        // be borrowed. A view has the layout that the function expects.
        let more = unsafe {
            let view = (&raw mut view).cast();
            receive(&mut self.message, socket.as_mut_ptr(), flags as c_int, view)
        };
        if more == -1 { Err(last_error()) } else { Ok(Received { view, more: more != 0 }) }
    }

    /// Sends the frame. Afterwards it is empty; after an error it is unchanged.
    ///
    /// # Errors
    /// As for `zmq_msg_send(3)`.
    #[inline]
    pub(crate) fn send(&mut self, socket: &mut zmq::Socket, flags: i32) -> zmq::Result<()> {
        // SAFETY: as in receive.
        let size =
            unsafe { sys::zmq_msg_send(&mut self.message, socket.as_mut_ptr(), flags as c_int) };
        result(size)
    }

    /// Makes this frame a copy of another one. Long frames share their bytes.
    ///
    /// # Errors
    /// As for `zmq_msg_copy(3)`.
    pub(crate) fn copy(&mut self, other: &mut Frame) -> zmq::Result<()> {
        // SAFETY: both messages are initialized.
        result(unsafe { sys::zmq_msg_copy(&mut self.message, &mut other.message) })
    }

    /// Gives memory that was passed to [`of_memory`](Frame::of_memory) back to the
    /// caller, if the frame still has it: `free` is not called.
    #[cfg(libzmq_repaired)]
    pub(crate) fn disown(mut self) {
        // SAFETY: the message is initialized. If it has the memory, it is its only
        // owner, because a frame that was never sent successfully has no copies.
        unsafe { sys::additions::zmq_msg_disown(&mut self.message) };
    }

    /// Leaks the few bytes that libzmq allocated, because it would call `free` with them.
    #[cfg(not(libzmq_repaired))]
    pub(crate) fn disown(self) {
        std::mem::forget(self);
    }

    /// Lets [`share`](Frame::share) return the same bytes instead of a copy.
    pub(crate) fn make_shareable(&mut self) {
        // A copy marks long frames as shared, which they remain when it is gone.
        let _ = Frame::new().copy(self);
    }

    /// Returns a frame with these bytes. Long frames share them if they were made
    /// shareable, constant or copied before.
    ///
    /// # Errors
    /// As for `zmq_msg_init_size(3)`.
    pub(crate) fn share(&self) -> zmq::Result<Frame> {
        // SAFETY: the message is initialized and only read.
        if unsafe { sys::zmq_msg_get(&self.message, sys::ZMQ_SHARED as c_int) } != 1 {
            return Frame::copied(self);
        }
        let mut copy = Frame::new();
        let source = ptr::from_ref(&self.message).cast_mut();
        // SAFETY: both messages are initialized. If the source is shared already,
        // nothing is written but counters, which are atomic (msg.cpp).
        result(unsafe { sys::zmq_msg_copy(&mut copy.message, source) })?;
        Ok(copy)
    }

    /// Returns true if more frames of the same message follow.
    #[inline]
    pub fn more(&self) -> bool {
        // SAFETY: the message is initialized.
        unsafe { sys::zmq_msg_more(&self.message) != 0 }
    }
}

fn result(code: c_int) -> zmq::Result<()> {
    if code == -1 { Err(last_error()) } else { Ok(()) }
}

impl Default for Frame {
    fn default() -> Frame {
        Frame::new()
    }
}

impl From<&[u8]> for Frame {
    fn from(bytes: &[u8]) -> Frame {
        Frame::copied(bytes).expect("memory for a message")
    }
}

impl From<Vec<u8>> for Frame {
    /// Does not copy the bytes.
    fn from(bytes: Vec<u8>) -> Frame {
        unsafe extern "C" fn free(data: *mut c_void, size: *mut c_void) {
            let bytes = ptr::slice_from_raw_parts_mut(data.cast::<u8>(), size.addr());
            // SAFETY: they came from `Box::into_raw` below, and are freed once.
            drop(unsafe { Box::from_raw(bytes) });
        }
        let size = bytes.len();
        let data = Box::into_raw(bytes.into_boxed_slice()).cast::<c_void>();
        let hint = ptr::without_provenance_mut(size);
        // SAFETY: nobody else has the bytes, and `free` may run on any thread.
        let frame = unsafe { Frame::of_memory(data, size, Some(free), hint) };
        // If memory for the frame runs out, the bytes are leaked.
        frame.expect("memory for a message")
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Deref for Frame {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let message = ptr::from_ref(&self.message).cast_mut();
        // SAFETY: the message is initialized and has that many bytes, and neither
        // function changes it.
        unsafe {
            let size = sys::zmq_msg_size(message);
            match size {
                0 => &[],
                _ => slice::from_raw_parts(sys::zmq_msg_data(message).cast(), size),
            }
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: the message is initialized and not used anymore.
        unsafe { sys::zmq_msg_close(&mut self.message) };
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shareable_frame_is_not_copied() {
        let long = vec![7; 1000];
        let mut frame = Frame::from(&*long);
        assert_ne!(frame.share().unwrap().as_ptr(), frame.as_ptr());
        frame.make_shareable();
        let shared = frame.share().unwrap();
        assert_eq!(shared.as_ptr(), frame.as_ptr());
        drop(frame);
        assert_eq!(*shared, *long);
        let mut short = Frame::from(&b"short"[..]);
        short.make_shareable();
        assert_eq!(*short.share().unwrap(), *b"short");
    }

    #[test]
    fn a_frame_survives_a_send_that_fails() {
        let context = zmq::Context::new();
        let mut push = context.socket(zmq::PUSH).unwrap();
        let mut frame = Frame::from(&b"kept"[..]);
        assert_eq!(frame.send(&mut push, zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
        assert_eq!(&*frame, b"kept");

        let mut pull = context.socket(zmq::PULL).unwrap();
        pull.bind("inproc://frame").unwrap();
        push.connect("inproc://frame").unwrap();
        let mut copy = Frame::new();
        copy.copy(&mut frame).unwrap();
        frame.send(&mut push, zmq::SNDMORE).unwrap();
        assert!(frame.is_empty());
        copy.send(&mut push, 0).unwrap();
        frame.receive(&mut pull, 0).unwrap();
        assert!(frame.more());
        copy.receive(&mut pull, 0).unwrap();
        assert!(!copy.more());
        assert_eq!((&*frame, &*copy), (&b"kept"[..], &b"kept"[..]));
    }
}
