//! libzmq's own functions: copies of bytes, and messages.

use std::ffi::{CString, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::sync::LazyLock;

use zeromq::core::SocketType;
use zmq_sys as sys;

use crate::{BURST, LONG, Order, Pattern, Ways, read};

const MORE: i32 = sys::ZMQ_SNDMORE as i32;

/// A socket, and a buffer to receive into.
pub struct End {
    pub socket: *mut c_void,
    buffer: Vec<u8>,
}

// SAFETY: one thread at a time has it.
unsafe impl Send for End {}

impl Drop for End {
    fn drop(&mut self) {
        // SAFETY: it is open and not used again.
        unsafe { sys::zmq_close(self.socket) };
    }
}

pub fn ways(pattern: &Pattern) -> Ways {
    let mut ways = match (pattern.order, pattern.frames) {
        (Order::Batch, _) => {
            let send = |end: &mut End, frame| (0..BURST).for_each(|_| send(end, frame));
            let receive = |end: &mut End| (0..BURST).for_each(|_| receive(end));
            return vec![("zmq_send, zmq_recv", pattern.run(open, send, receive))];
        }
        (_, 1) => vec![
            ("zmq_send, zmq_recv", pattern.run(open, send, receive)),
            ("zmq_msg_send, zmq_msg_recv", pattern.run(open, send_message, receive_message)),
        ],
        _ => vec![
            (
                "zmq_send, zmq_recv",
                pattern.run(open, three(copy), |end| (0..3).for_each(|_| receive(end))),
            ),
            (
                "zmq_msg_send, zmq_msg_recv",
                pattern.run(open, three(copy_to_message), receive_message),
            ),
        ],
    };
    if pattern.size >= LONG {
        ways.push(("zmq_msg_init_data, zmq_msg_recv", pattern.run(open, lend, receive_message)));
    }
    ways
}

pub fn open(kind: SocketType, endpoint: &str) -> End {
    static CONTEXT: LazyLock<usize> = LazyLock::new(|| {
        // SAFETY: makes a context that is never terminated.
        unsafe { sys::zmq_ctx_new() }.expose_provenance()
    });
    let endpoint = CString::new(endpoint).unwrap();
    let binds = matches!(kind, SocketType::Pull | SocketType::Rep);
    // SAFETY: the context and the socket are open, and the endpoint is NUL-terminated.
    unsafe {
        let socket = sys::zmq_socket(ptr::with_exposed_provenance_mut(*CONTEXT), kind as i32);
        let attach = if binds { sys::zmq_bind } else { sys::zmq_connect };
        assert_eq!(attach(socket, endpoint.as_ptr()), 0);
        End { socket, buffer: vec![0; LONG] }
    }
}

fn copy(end: &mut End, frame: &'static [u8], flags: i32) {
    // SAFETY: the socket is open, and the frame has this many bytes.
    let sent = unsafe { sys::zmq_send(end.socket, frame.as_ptr().cast(), frame.len(), flags) };
    assert!(sent >= 0);
}

pub fn send(end: &mut End, frame: &'static [u8]) {
    copy(end, frame, 0);
}

pub fn receive(end: &mut End) {
    let (place, size) = (end.buffer.as_mut_ptr().cast(), end.buffer.len());
    // SAFETY: the socket is open, and the buffer has this size.
    let size = unsafe { sys::zmq_recv(end.socket, place, size, 0) };
    read(&end.buffer[..usize::try_from(size).unwrap()]);
}

fn copy_to_message(end: &mut End, frame: &'static [u8], flags: i32) {
    let mut message = MaybeUninit::uninit();
    let message: *mut sys::zmq_msg_t = message.as_mut_ptr();
    // SAFETY: the message is initialized first, with room for the frame, and the socket is
    // open.
    unsafe {
        assert_eq!(sys::zmq_msg_init_size(message, frame.len()), 0);
        ptr::copy_nonoverlapping(frame.as_ptr(), sys::zmq_msg_data(message).cast(), frame.len());
        assert!(sys::zmq_msg_send(message, end.socket, flags) >= 0);
    }
}

fn send_message(end: &mut End, frame: &'static [u8]) {
    copy_to_message(end, frame, 0);
}

/// Sends the frame without a copy.
fn lend(end: &mut End, frame: &'static [u8]) {
    let mut message = MaybeUninit::uninit();
    let message: *mut sys::zmq_msg_t = message.as_mut_ptr();
    let data = frame.as_ptr().cast_mut().cast();
    // SAFETY: the message is initialized first, with bytes that are never freed or written
    // to, and the socket is open.
    unsafe {
        assert_eq!(sys::zmq_msg_init_data(message, data, frame.len(), None, ptr::null_mut()), 0);
        assert!(sys::zmq_msg_send(message, end.socket, 0) >= 0);
    }
}

/// Receives all frames of a message.
fn receive_message(end: &mut End) {
    let mut message = MaybeUninit::uninit();
    let message: *mut sys::zmq_msg_t = message.as_mut_ptr();
    // SAFETY: the message is initialized first and closed last, and the socket is open.
    unsafe {
        sys::zmq_msg_init(message);
        loop {
            assert!(sys::zmq_msg_recv(message, end.socket, 0) >= 0);
            let data = sys::zmq_msg_data(message).cast::<u8>();
            read(slice::from_raw_parts(data, sys::zmq_msg_size(message)));
            if sys::zmq_msg_more(message) == 0 {
                break;
            }
        }
        sys::zmq_msg_close(message);
    }
}

/// Sends three frames as one message.
fn three(
    send: impl Fn(&mut End, &'static [u8], i32) + Sync,
) -> impl Fn(&mut End, &'static [u8]) + Sync {
    move |end, frame| [MORE, MORE, 0].iter().for_each(|flags| send(end, frame, *flags))
}
