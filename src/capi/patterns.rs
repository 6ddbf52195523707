//! Patterns that take more than one message, for C: requests that are repeated, numbered
//! publications, signals, and pairs of sockets.

use std::ffi::c_char;

use super::argument::{place, some_text, wait, wrong};
use super::message::{Frames, Readable, Slice};
use super::socket::{Socket, enter, give, is_known};
use crate::core::{self, Code, Error};
use crate::ffi;

/// Sends a request of `count` frames on a REQ socket and receives its reply, with all of its
/// frames, into `*reply`, which is valid until the next call with the socket. If none arrives
/// within `timeout` milliseconds, the request is sent again over a new connection, up to
/// `tries` times in total. If nobody answers, the same is tried with each endpoint of
/// `others`, a list separated by commas, or NULL: the socket connects to that endpoint alone,
/// and stays connected to the one that answers.
///
/// If another thread frees the socket, or calls `zeromq_shutdown`, the call ends within about
/// 100 milliseconds, however many tries are left.
///
/// A server may process a request more than once. A late reply to an earlier try is never
/// mistaken for the reply to a later request: the first call turns on the options
/// "req_correlate" and "req_relaxed".
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` if nobody answers; `ZEROMQ_CODE_ARGUMENT`,
/// also if there are no frames or no tries; `ZEROMQ_CODE_ENDPOINT`;
/// `ZEROMQ_CODE_UNSUPPORTED` on other socket types; `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`; `ZEROMQ_CODE_ZMQ` if memory runs out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_request(
    socket: *mut Socket,
    frames: *const Slice,
    count: usize,
    tries: u32,
    others: *const c_char,
    reply: *mut Frames,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_request", || {
        let place = place(reply)?;
        // SAFETY: the caller passes an array of `count` slices of readable bytes.
        let frames = unsafe { Readable::all(frames, count) }?;
        if frames.is_empty() || tries == 0 {
            return Err(wrong("the request", "at least one frame and one try", "none").into());
        }
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let others = unsafe { some_text("the endpoints", others) }?.unwrap_or("");
        let others: Vec<&str> =
            others.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        let mut entry = enter(socket)?;
        let freed = || !is_known(socket);
        let wait = wait(timeout)?.until(Some(&freed));
        let received = entry.socket.request(frames, tries, &others, &wait);
        let received = received.map_err(|error| match error {
            Error::Interrupted => Error::Freed { what: "socket" },
            error => error,
        })?;
        let lent = entry.lend_frames(received);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Turns the numbering of messages on (`on` is not 0) or off. On a PUB or XPUB socket,
/// `zeromq_socket_publish` then adds a last frame of 20 bytes to each message: "SEQ1", 8 bytes
/// that identify the publisher, and the number of the message among those with the same
/// topic, from 1, as 8 bytes in big-endian order. On a SUB or XSUB socket,
/// `zeromq_socket_receive_topic` removes and compares these numbers. Turning it on again
/// starts from the beginning.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` on other socket types;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_set_sequence(socket: *mut Socket, on: i32) -> Code {
    ffi::guard("zeromq_socket_set_sequence", || Ok(enter(socket)?.socket.set_sequence(on != 0)?))
}

/// Sends a message of `count` frames, of which the first is its topic, with a number if
/// `zeromq_socket_set_sequence` has turned that on. Otherwise it does the same as
/// `zeromq_socket_send_frames`.
///
/// Returns the codes of `zeromq_socket_send_frames`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_publish(
    socket: *mut Socket,
    frames: *const Slice,
    count: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_publish", || {
        // SAFETY: the caller passes an array of `count` slices of readable bytes.
        let frames = unsafe { Readable::all(frames, count) }?;
        if frames.is_empty() {
            return Err(wrong("the frames", "at least a topic", "none").into());
        }
        Ok(enter(socket)?.socket.publish(frames, &wait(timeout)?)?)
    })
}

/// Receives the next message, whose first frame is its topic, and lends it, like
/// `zeromq_socket_receive_frames`. If `zeromq_socket_set_sequence` has turned that on, the
/// number of the message is removed, and `zeromq_socket_missed` tells how many are missing.
///
/// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_STATE` also if part of a message
/// has already been received.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_topic(
    socket: *mut Socket,
    message: *mut Frames,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_topic", || {
        let place = place(message)?;
        let mut entry = enter(socket)?;
        let (topic, mut frames) = entry.socket.receive_topic(&wait(timeout)?)?;
        frames.insert(0, topic);
        let lent = entry.lend_frames(frames);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Stores in `*count` how many numbered messages a SUB or XSUB socket has missed since
/// `zeromq_socket_set_sequence`, because it was too slow or disconnected: those between the
/// messages that `zeromq_socket_receive_topic` has received. It is 0 without numbers.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_missed(socket: *mut Socket, count: *mut u64) -> Code {
    ffi::guard("zeromq_socket_missed", || {
        let place = place(count)?;
        let missed = enter(socket)?.socket.missed()?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(missed) };
        Ok(())
    })
}

/// Sends a signal with a status: a message of 8 bytes that czmq's `zsock_wait` and
/// `zeromq_socket_wait_signal` understand.
///
/// Returns the codes of `zeromq_socket_send`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_signal(socket: *mut Socket, status: u8, timeout: i32) -> Code {
    ffi::guard("zeromq_socket_signal", || {
        Ok(enter(socket)?.socket.signal(status, &wait(timeout)?)?)
    })
}

/// Waits up to `timeout` milliseconds for a signal and stores its status in `*status`, unless
/// that is NULL. Other messages are discarded.
///
/// Returns the codes of `zeromq_socket_receive`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_wait_signal(
    socket: *mut Socket,
    status: *mut u8,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_wait_signal", || {
        let received = enter(socket)?.socket.wait_signal(&wait(timeout)?)?;
        if let Ok(place) = place(status) {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { place.put(received) };
        }
        Ok(())
    })
}

/// Opens two PAIR sockets that are connected to each other inside the process, such as for
/// two threads, and stores them in `*one` and `*other`. The caller frees both with
/// `zeromq_socket_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ZMQ` if there are too many
/// sockets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_new_pair(
    one: *mut *mut Socket,
    other: *mut *mut Socket,
) -> Code {
    ffi::guard("zeromq_socket_new_pair", || {
        let (here, there) = (place(one)?, place(other)?);
        ffi::watch_forks();
        let [one, other] = core::Socket::pair()?;
        let one = give(one)?;
        let other = give(other).inspect_err(|_| super::socket::zeromq_socket_free(one))?;
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            here.put(one);
            there.put(other);
        }
        Ok(())
    })
}
