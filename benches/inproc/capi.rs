//! The C API.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use zeromq::capi::message::{
    Frames, Message, Slice, zeromq_message_count, zeromq_message_frame, zeromq_message_free,
    zeromq_message_new,
};
use zeromq::capi::socket::{
    Socket, zeromq_socket_free, zeromq_socket_new, zeromq_socket_receive,
    zeromq_socket_receive_batch, zeromq_socket_receive_frame, zeromq_socket_receive_frames,
    zeromq_socket_send, zeromq_socket_send_batch, zeromq_socket_send_frames,
    zeromq_socket_send_memory,
};
use zeromq::core::{Code, SocketType};

use crate::{BURST, LONG, Order, Pattern, Ways, read};

pub const FOREVER: i32 = -1;

/// A socket, and the message that it receives into.
pub struct End {
    pub socket: *mut Socket,
    message: *mut Message,
}

// SAFETY: handles may be used on any thread.
unsafe impl Send for End {}

impl Drop for End {
    fn drop(&mut self) {
        zeromq_socket_free(self.socket);
        zeromq_message_free(self.message);
    }
}

pub fn ways(pattern: &Pattern) -> Ways {
    let mut ways = match (pattern.order, pattern.frames) {
        (Order::Batch, _) => {
            vec![("C send_batch, receive_batch", pattern.run(open, send_batch, receive_batch))]
        }
        (_, 1) => vec![
            ("C send, receive and read", pattern.run(open, send, receive)),
            ("C send, receive_frame", pattern.run(open, send, receive_frame)),
            ("C send_frames, receive_frames", pattern.run(open, send_frames::<1>, receive_frames)),
        ],
        _ => vec![
            ("C send_frames, receive and read", pattern.run(open, send_frames::<3>, receive)),
            ("C send_frames, receive_frames", pattern.run(open, send_frames::<3>, receive_frames)),
        ],
    };
    if pattern.size >= LONG {
        ways.push(("C send_memory, receive_frame", pattern.run(open, send_memory, receive_frame)));
    }
    ways
}

pub fn check(code: Code) {
    assert_eq!(code, Code::Ok);
}

pub fn open(kind: SocketType, endpoint: &str) -> End {
    let endpoint = CString::new(endpoint).unwrap();
    // SAFETY: the endpoint is NUL-terminated.
    let socket = unsafe { zeromq_socket_new(kind as i32, endpoint.as_ptr()) };
    assert!(!socket.is_null());
    End { socket, message: zeromq_message_new() }
}

pub fn send(end: &mut End, frame: &'static [u8]) {
    // SAFETY: the frame has this many bytes.
    check(unsafe { zeromq_socket_send(end.socket, frame.as_ptr().cast(), frame.len(), FOREVER) });
}

fn send_memory(end: &mut End, frame: &'static [u8]) {
    let data = frame.as_ptr().cast_mut().cast();
    let hint = ptr::null_mut();
    // SAFETY: the frame has this many bytes, which are never freed or written to.
    check(unsafe { zeromq_socket_send_memory(end.socket, data, frame.len(), None, hint, FOREVER) });
}

/// Receives into a message and reads its frames.
fn receive(end: &mut End) {
    check(zeromq_socket_receive(end.socket, end.message, FOREVER));
    for index in 0..zeromq_message_count(end.message) {
        // SAFETY: the slice is a place to write to.
        read_slice(&unsafe { put(|slice| zeromq_message_frame(end.message, index, slice)) });
    }
}

pub fn receive_frame(end: &mut End) {
    let mut more = 0;
    // SAFETY: both pointers may be written to.
    read_slice(&unsafe {
        put(|slice| zeromq_socket_receive_frame(end.socket, slice, &raw mut more, FOREVER))
    });
}

/// Sends a message of N frames.
fn send_frames<const N: usize>(end: &mut End, frame: &'static [u8]) {
    let frames = [slice(frame); N];
    // SAFETY: there are N slices of readable bytes.
    check(unsafe { zeromq_socket_send_frames(end.socket, frames.as_ptr(), N, FOREVER) });
}

fn receive_frames(end: &mut End) {
    // SAFETY: the message is a place to write to.
    read_frames(&unsafe {
        put(|message| zeromq_socket_receive_frames(end.socket, message, FOREVER))
    });
}

fn send_batch(end: &mut End, frame: &'static [u8]) {
    let frames = [slice(frame); BURST];
    let messages = frames.each_ref().map(|frame| Frames { frames: frame, count: 1 });
    // SAFETY: there are this many messages, each with a slice of readable bytes.
    check(unsafe {
        let none = ptr::null_mut();
        zeromq_socket_send_batch(end.socket, messages.as_ptr(), BURST, none, FOREVER)
    });
}

fn receive_batch(end: &mut End) {
    let mut received = 0;
    while received < BURST {
        let mut count = 0;
        let place = &raw mut count;
        // SAFETY: both pointers may be written to, and the messages are read before the
        // next call.
        let messages = unsafe {
            let messages = put(|messages| {
                zeromq_socket_receive_batch(end.socket, BURST, messages, place, FOREVER)
            });
            slice::from_raw_parts(messages, count)
        };
        messages.iter().for_each(read_frames);
        received += count;
    }
}

fn slice(bytes: &[u8]) -> Slice {
    Slice { data: bytes.as_ptr().cast(), size: bytes.len() }
}

/// Returns what a call writes.
///
/// # Safety
/// The call writes through the pointer if it succeeds.
unsafe fn put<T>(call: impl FnOnce(*mut T) -> Code) -> T {
    let mut place = MaybeUninit::uninit();
    check(call(place.as_mut_ptr()));
    // SAFETY: the call has succeeded.
    unsafe { place.assume_init() }
}

fn read_slice(frame: &Slice) {
    // SAFETY: the library has just lent these bytes, and no frame is empty.
    read(unsafe { slice::from_raw_parts(frame.data.cast(), frame.size) });
}

fn read_frames(message: &Frames) {
    // SAFETY: the library has just lent these frames.
    unsafe { slice::from_raw_parts(message.frames, message.count) }.iter().for_each(read_slice);
}
