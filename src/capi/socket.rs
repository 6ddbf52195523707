//! Sockets, for C.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::argument::{Lent, bytes, new, place, some_text, text, wait, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use super::message::{self, Frames, FreeFunction, Message, Readable, ReadableFrames, Slice};
use super::poller::wanted;
use super::value::Tree;
use crate::core::array::AnyArray;
use crate::core::curve::key::PublicKey;
use crate::core::socket::security::Role;
use crate::core::{self, Batch, Code, Error, Frame, SocketType};
use crate::ffi;
use crate::ffi::array::{Array, Sparse};

/// A socket.
pub struct Socket(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// The socket types.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum SocketKind {
    /// PAIR. Connects by default.
    ZEROMQ_PAIR = 0,
    /// PUB. Binds by default.
    ZEROMQ_PUBLISHER = 1,
    /// SUB. Connects by default.
    ZEROMQ_SUBSCRIBER = 2,
    /// REQ. Connects by default.
    ZEROMQ_REQUEST = 3,
    /// REP. Binds by default.
    ZEROMQ_REPLY = 4,
    /// DEALER. Connects by default.
    ZEROMQ_DEALER = 5,
    /// ROUTER. Binds by default. A message is the routing id frame of a peer, then the
    /// body. Messages to unknown or full peers are dropped, unless the option
    /// "router_mandatory" is 1.
    ZEROMQ_ROUTER = 6,
    /// PULL. Binds by default.
    ZEROMQ_PULL = 7,
    /// PUSH. Connects by default.
    ZEROMQ_PUSH = 8,
    /// XPUB. Binds by default.
    ZEROMQ_XPUBLISHER = 9,
    /// XSUB. Connects by default.
    ZEROMQ_XSUBSCRIBER = 10,
    /// STREAM. Connects by default. A message is the routing id frame of a peer, then
    /// the raw bytes.
    ZEROMQ_STREAM = 11,
}

/// A socket, and what was returned from it last.
pub(super) struct Entry {
    pub socket: Arc<core::Socket>,
    pub lent: Lent,
    frame: Frame,
    /// Boxed, because most sockets lend no messages.
    batch: Option<Box<Lending>>,
    /// The array that the caller may read until the next call.
    array: Option<AnyArray>,
    /// The frames of other results, likewise.
    pub frames: Option<Box<LentFrames>>,
    /// The value, likewise.
    pub value: Option<Box<Tree>>,
}

impl Entry {
    fn new(socket: Arc<core::Socket>) -> Entry {
        let (lent, frame) = (Lent::default(), Frame::default());
        Entry { socket, lent, frame, batch: None, array: None, frames: None, value: None }
    }

    /// Lends frames until the next call.
    pub fn lend_frames(&mut self, frames: Vec<Frame>) -> Frames {
        self.frames.insert(LentFrames::new(frames)).all()
    }
}

/// Frames whose bytes the caller may read until the next call.
pub(super) struct LentFrames {
    slices: Vec<Slice>,
    _frames: Vec<Frame>,
}

// SAFETY: the pointers point into the frames of the same value.
unsafe impl Send for LentFrames {}

impl LentFrames {
    fn new(frames: Vec<Frame>) -> Box<LentFrames> {
        // The frames do not move when the list does.
        let slices = frames.iter().map(|frame| Slice::of(frame)).collect();
        Box::new(LentFrames { slices, _frames: frames })
    }

    fn all(&self) -> Frames {
        Frames { frames: self.slices.as_ptr(), count: self.slices.len() }
    }
}

/// Received messages whose bytes the caller may read until the next call.
#[derive(Default)]
struct Lending {
    batch: Batch,
    messages: Vec<Frames>,
}

// SAFETY: the pointers point into the batch of the same value.
unsafe impl Send for Lending {}

impl Lending {
    /// Describes the first message.
    fn first(&self) -> Frames {
        Frames { frames: self.batch.views().as_ptr().cast(), count: self.batch.frame_count() }
    }

    /// Describes all messages.
    fn all(&mut self) -> &[Frames] {
        let views = self.batch.views();
        let mut start = 0;
        self.messages.clear();
        self.messages.extend(self.batch.ends().iter().map(|&end| {
            let frames = &views[std::mem::replace(&mut start, end)..end];
            // A slice has the layout of a view.
            Frames { frames: frames.as_ptr().cast(), count: frames.len() }
        }));
        &self.messages
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // If it is in use by a poller or monitor, their call closes it.
        let _ = self.socket.close(None);
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "socket";
    const TAG: usize = 1;
}

static SOCKETS: Registry<Entry> = Registry::new();

/// Looks up the socket of a handle, for one call.
#[inline]
pub(super) fn enter(socket: *const Socket) -> Result<InUse<'static, Entry>, Box<Error>> {
    SOCKETS.enter(socket)
}

/// Returns whether a handle has not been freed yet.
pub(super) fn is_known(socket: *const Socket) -> bool {
    SOCKETS.knows(socket)
}

/// Returns the socket type of a number.
pub(super) fn socket_type(number: i32) -> Result<SocketType, Error> {
    let index = usize::try_from(number).ok();
    let found = index.and_then(|index| SocketType::ALL.get(index)).copied();
    found.ok_or_else(|| {
        wrong("the type", "a socket type such as ZEROMQ_REQUEST", number.to_string())
    })
}

/// Opens a socket of type `kind` (`ZEROMQ_REQUEST` and so on) and attaches it to a list
/// of endpoints, as `zeromq_socket_attach` does. `endpoints` may be NULL to attach it
/// later. The caller frees it with `zeromq_socket_free`.
///
/// Returns NULL on failure; `zeromq_last_error` returns the reason:
/// `ZEROMQ_CODE_ARGUMENT` if the type is unknown, `ZEROMQ_CODE_ENDPOINT`, or
/// `ZEROMQ_CODE_ZMQ` if there are too many sockets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_new(kind: i32, endpoints: *const c_char) -> *mut Socket {
    new("zeromq_socket_new", || {
        ffi::watch_forks();
        let kind = socket_type(kind)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { some_text("the endpoints", endpoints) }?;
        let socket = core::Socket::attached(kind, endpoints.unwrap_or(""))?;
        Ok(give(socket)?)
    })
}

/// Returns the handle of a new socket.
pub(super) fn give(socket: Arc<core::Socket>) -> Result<*mut Socket, Error> {
    SOCKETS.give(Entry::new(socket))
}

/// Closes a socket, as `zeromq_socket_close` does, and frees its handle. If it is in a
/// call on another thread, it is freed at the end of that call. NULL and handles that
/// were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_free(socket: *mut Socket) {
    ffi::guard_or((), || SOCKETS.free(socket));
}

/// Closes a socket and releases its endpoints. Messages that have not been sent yet are
/// still sent in the background, for as long as the option "linger" says: 1000
/// milliseconds by default, -1 is forever, 0 discards them. The handle stays valid, and
/// calls with it return `ZEROMQ_CODE_CLOSED`. Closing a closed socket does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
/// was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_close(socket: *mut Socket) -> Code {
    ffi::guard("zeromq_socket_close", || {
        let Some(entry) = SOCKETS.enter_to_end(socket)? else { return Ok(()) };
        Ok(entry.socket.close(None)?)
    })
}

/// Returns 1 if a socket is closed or the handle is invalid, otherwise 0.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_is_closed(socket: *const Socket) -> i32 {
    ffi::guard_or(1, || match enter(socket) {
        Ok(entry) => entry.socket.is_closed().into(),
        // It is in the middle of a call, so it is open.
        Err(error) if matches!(*error, Error::Busy) => 0,
        Err(_) => 1,
    })
}

/// Returns the type of a socket, such as `ZEROMQ_REQUEST`, or -1 if the handle is
/// invalid or the socket is in another call.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_type(socket: *const Socket) -> i32 {
    ffi::guard_or(-1, || enter(socket).map_or(-1, |entry| entry.socket.socket_type() as i32))
}

/// Attaches a socket to each endpoint of a list separated by commas. It binds endpoints
/// that begin with `@` and connects to those that begin with `>`; without a prefix the
/// socket type decides. If an endpoint fails, those before it stay attached.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_attach(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_attach", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.attach(endpoints)?)
    })
}

/// Binds a socket to each endpoint of a list separated by commas, so that peers can
/// connect to it. The host of a TCP endpoint may be `*`, for all addresses of this
/// machine. The port may be `*` for the first free port from 49152, `!` for a random
/// free one, or a range such as `*[6000-6100]`. `*port` receives the TCP port of the
/// last endpoint, or 0 if it has none; `port` may be NULL. If an endpoint fails, those
/// before it stay bound.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_bind(
    socket: *mut Socket,
    endpoints: *const c_char,
    port: *mut u16,
) -> Code {
    ffi::guard("zeromq_socket_bind", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let bound = enter(socket)?.socket.bind(endpoints)?;
        if let Ok(port) = place(port) {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { port.put(bound) };
        }
        Ok(())
    })
}

/// Connects a socket to each endpoint of a list separated by commas. The peers need not
/// exist yet. If an endpoint fails, those before it stay connected.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_connect(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_connect", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.connect(endpoints)?)
    })
}

/// Unbinds a socket from each endpoint of a list, spelled as it was bound or as
/// `zeromq_socket_endpoint` returns it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ENDPOINT`, also if it
/// is not bound; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_unbind(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_unbind", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.unbind(endpoints)?)
    })
}

/// Disconnects a socket from each endpoint of a list.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ENDPOINT`, also if it
/// is not connected; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_disconnect(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_disconnect", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.disconnect(endpoints)?)
    })
}

/// Stores the endpoint that was bound last in `*endpoint`, with its port or file filled
/// in, such as "tcp://127.0.0.1:49152", or NULL if nothing was bound. It is kept after an
/// unbind. The string is valid until the next call with the socket.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_endpoint(
    socket: *mut Socket,
    endpoint: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_endpoint", || {
        let place = place(endpoint)?;
        let mut entry = enter(socket)?;
        let endpoint = entry.socket.endpoint()?;
        let lent = endpoint.map_or(std::ptr::null(), |text| entry.lent.lend(text.as_bytes()));
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Stores in `*text` how many peers the socket has and, separated by semicolons, why
/// nothing may arrive: for each reason what was observed, at which endpoint, and what to
/// do about it. It may connect to an endpoint that has no peer, which takes up to about a
/// second for each of them. The text is for people, and may change with any version of
/// the library. It ends with a NUL and is valid until the next call with the socket.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_diagnose(
    socket: *mut Socket,
    text: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_diagnose", || {
        let place = place(text)?;
        let mut entry = enter(socket)?;
        let told = entry.socket.diagnose()?;
        let lent = entry.lent.lend(told.as_bytes());
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Subscribes a SUB or XSUB socket to messages that begin with a prefix of at most 4096
/// bytes; an empty prefix subscribes to all messages. Without a subscription such a
/// socket receives nothing. Subscriptions are counted: one made twice must be removed
/// twice.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_UNSUPPORTED` on other
/// socket types; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_subscribe(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_subscribe", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.subscribe(prefix)?)
    })
}

/// Removes one subscription to a prefix from a SUB or XSUB socket.
///
/// Returns the codes of `zeromq_socket_subscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_unsubscribe(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_unsubscribe", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.unsubscribe(prefix)?)
    })
}

/// Sends a message of one frame with a copy of `size` bytes. Waits up to `timeout`
/// milliseconds until a peer can accept it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_STATE` if a
/// REQ or REP socket has to receive first; `ZEROMQ_CODE_UNSUPPORTED` on SUB and PULL;
/// `ZEROMQ_CODE_UNROUTABLE` if no peer has the routing id; `ZEROMQ_CODE_ARGUMENT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`; `ZEROMQ_CODE_ZMQ`
/// if memory runs out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send(
    socket: *mut Socket,
    data: *const c_void,
    size: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        Ok(enter(socket)?.socket.send(&[bytes], &wait(timeout)?)?)
    })
}

/// Sends a message of `count` frames with copies of their bytes. Either all frames are
/// sent or none.
///
/// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if `count` is
/// 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_frames(
    socket: *mut Socket,
    frames: *const Slice,
    count: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_frames", || {
        // SAFETY: the caller passes an array of `count` slices of readable bytes.
        let frames = unsafe { Readable::all(frames, count) }?;
        if frames.is_empty() {
            return Err(wrong("the frames", "at least one", "none").into());
        }
        Ok(enter(socket)?.socket.send(frames, &wait(timeout)?)?)
    })
}

/// Sends a message of one frame without copying its bytes. The library takes ownership
/// of the memory and calls `free_function` with `data` and `hint` once it is no longer
/// needed. This may happen on another thread, at once or later. The bytes must not
/// change until then. If `free_function` is NULL, the memory must remain valid forever.
///
/// If the call fails, the caller still owns the memory. For frames below a few
/// kilobytes, `zeromq_socket_send` is faster.
///
/// Returns the codes of `zeromq_socket_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_memory(
    socket: *mut Socket,
    data: *mut c_void,
    size: usize,
    free_function: FreeFunction,
    hint: *mut c_void,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_memory", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        unsafe { bytes(data, size) }?;
        let entry = enter(socket)?;
        let wait = wait(timeout)?;
        // SAFETY: the caller passes ownership of these bytes, as documented above.
        let frame = unsafe { Frame::of_memory(data, size, free_function, hint) };
        let mut frame = frame.map_err(|_| Error::no_memory())?;
        let sent = entry.socket.send_frame(&mut frame, &wait);
        if sent.is_err() {
            // The caller keeps the memory.
            frame.disown();
        }
        Ok(sent?)
    })
}

/// Sends `count` messages, one after the other, with copies of their bytes. `*sent`,
/// unless `sent` is NULL, receives how many of them were sent, also if the call fails.
///
/// Returns the codes of `zeromq_socket_send_frames`; `ZEROMQ_CODE_AGAIN` if not all
/// messages could be sent within `timeout` milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_batch(
    socket: *mut Socket,
    messages: *const Frames,
    count: usize,
    sent: *mut usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_batch", || {
        if let Ok(place) = place(sent) {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { place.put(0) };
        }
        // SAFETY: the caller passes an array of `count` messages with readable slices.
        let messages = unsafe { ReadableFrames::all(messages, count) }?;
        let (done, result) = enter(socket)?.socket.send_batch(messages, &wait(timeout)?);
        if let Ok(place) = place(sent) {
            // SAFETY: as above.
            unsafe { place.put(done) };
        }
        Ok(result?)
    })
}

/// Sends a message without copying its bytes. On success the message is empty and can
/// be used again; on failure it is unchanged.
///
/// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the
/// message has no frames.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_send_message(
    socket: *mut Socket,
    message: *mut Message,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_message", || {
        let mut message = message::enter(message)?;
        Ok(enter(socket)?.socket.send_message(&mut message.message, &wait(timeout)?)?)
    })
}

/// Receives the next message, with all of its frames, into `message`, whose old frames
/// are dropped. Waits up to `timeout` milliseconds. On failure `message` is empty. On a
/// ROUTER or STREAM socket the first frame is the routing id of the sender.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_STATE` if a
/// REQ or REP socket has to send first; `ZEROMQ_CODE_UNSUPPORTED` on PUB and PUSH;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
/// `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_receive(
    socket: *mut Socket,
    message: *mut Message,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive", || {
        let mut message = message::enter(message)?;
        Ok(enter(socket)?.socket.receive_into(&mut message.message, &wait(timeout)?)?)
    })
}

/// Receives the next frame and lends its bytes: `*frame` describes them, and they are
/// valid until the next call with the socket. `*more` receives 1 if more frames of the
/// same message follow, otherwise 0; `more` may be NULL. This is the fastest way to
/// receive messages of one frame. Waits up to `timeout` milliseconds. On a ROUTER or
/// STREAM socket the first frame is the routing id of the sender.
///
/// Returns the codes of `zeromq_socket_receive`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_frame(
    socket: *mut Socket,
    frame: *mut Slice,
    more: *mut i32,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_frame", || {
        let place = place(frame)?;
        let mut entry = enter(socket)?;
        let Entry { socket, frame, .. } = &mut *entry;
        let received = socket.receive_lent(frame, &wait(timeout)?)?;
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            place.put(Slice { data: received.view.data.cast(), size: received.view.size });
            if !more.is_null() {
                more.write_unaligned(received.more.into());
            }
        }
        Ok(())
    })
}

/// Receives the next message, with all of its frames, and lends it: `*message`
/// describes the frames, which are valid until the next call with the socket. Waits up
/// to `timeout` milliseconds. On a ROUTER or STREAM socket the first frame is the
/// routing id of the sender.
///
/// Returns the codes of `zeromq_socket_receive`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_frames(
    socket: *mut Socket,
    message: *mut Frames,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_frames", || {
        let place = place(message)?;
        let mut entry = enter(socket)?;
        let Entry { socket, batch, .. } = &mut *entry;
        let batch = batch.get_or_insert_default();
        socket.receive_batch_into(&mut batch.batch, 1, &wait(timeout)?)?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(batch.first()) };
        Ok(())
    })
}

/// Sends an array of numbers as two frames: JSON with its dtype and shape, then its
/// elements, row by row, as in pyzmq's recipe for numpy. The elements are copied. Waits up to
/// `timeout` milliseconds.
///
/// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the size of the
/// array does not go with its shape.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_array(
    socket: *mut Socket,
    array: *const Array,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_array", || {
        // SAFETY: the caller guarantees that the array is filled in.
        let array = unsafe { ffi::array::view(array) }
            .map_err(|why| wrong("the array", "an array of numbers", why))?;
        Ok(enter(socket)?.socket.send_array(&array, &wait(timeout)?)?)
    })
}

/// Receives an array of numbers that `zeromq_socket_send_array`, or numpy by pyzmq's recipe,
/// has sent, and lends it: what `*array` points to is valid until the next call with the
/// socket. The elements are in the order `ZEROMQ_BY_ROWS`. Waits up to `timeout`
/// milliseconds.
///
/// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the message is not an
/// array: it is discarded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_array(
    socket: *mut Socket,
    array: *mut Array,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_array", || {
        let place = place(array)?;
        let mut entry = enter(socket)?;
        let received = entry.socket.receive_array(&wait(timeout)?)?;
        let lent = ffi::array::describe(&received);
        entry.array = Some(AnyArray::Dense(received));
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Sends a sparse matrix as four frames: JSON with its format, dtypes and shape, then the
/// data, indices and indptr of a `csc_matrix` of scipy. They are copied. Rows that are not in
/// ascending order in their column are sent in order. Waits up to `timeout` milliseconds.
///
/// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the vectors are
/// not those of a matrix with this shape: the message says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_sparse(
    socket: *mut Socket,
    matrix: *const Sparse,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_sparse", || {
        // SAFETY: the caller guarantees that the matrix is filled in.
        let matrix = unsafe { ffi::array::view_sparse(matrix) }
            .unwrap_or_else(|why| Err(why.to_owned()))
            .map_err(|why| wrong("the matrix", "a sparse matrix", why))?;
        Ok(enter(socket)?.socket.send_sparse(&matrix, &wait(timeout)?)?)
    })
}

/// Receives a sparse matrix that `zeromq_socket_send_sparse` has sent, or another program in
/// the same form, and lends it: what `*matrix` points to is valid until the next call with
/// the socket. The format csr is converted. Waits up to `timeout` milliseconds.
///
/// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the message is not a
/// sparse matrix: it is discarded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_sparse(
    socket: *mut Socket,
    matrix: *mut Sparse,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_sparse", || {
        let place = place(matrix)?;
        let mut entry = enter(socket)?;
        let received = entry.socket.receive_sparse(&wait(timeout)?)?;
        let lent = ffi::array::describe_sparse(&received);
        entry.array = Some(AnyArray::Sparse(received));
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Waits up to `timeout` milliseconds for a message, also receives the messages that
/// are already queued, up to `most` and at most 65,536 in total, and lends them all:
/// `*messages` points to an array of `*count` messages. They are valid until the next
/// call with the socket.
///
/// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_ARGUMENT` also if `most`
/// is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_batch(
    socket: *mut Socket,
    most: usize,
    messages: *mut *const Frames,
    count: *mut usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_batch", || {
        let (messages, count) = (place(messages)?, place(count)?);
        if most == 0 {
            return Err(wrong("the number of messages", "at least one", "0").into());
        }
        let mut entry = enter(socket)?;
        let Entry { socket, batch, .. } = &mut *entry;
        let batch = batch.get_or_insert_default();
        socket.receive_batch_into(&mut batch.batch, most, &wait(timeout)?)?;
        let lent = batch.all();
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            messages.put(lent.as_ptr());
            count.put(lent.len());
        }
        Ok(())
    })
}

/// Stores a file descriptor for the event loop of the program in `*descriptor`. It is readable,
/// as told by `poll(2)` and its like, while the socket is ready for `events`:
/// `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both. A loop calls `zeromq_socket_receive_frame` or
/// similar with timeout 0 whenever it is readable; it need not receive everything. The
/// descriptor can be readable without a reason; a call that finds nothing to do silences it.
///
/// It belongs to the socket: only watch it, never read from it, and stop watching it before the
/// socket is closed or ZeroMQ is shut down. A further call changes the events and stores the
/// same number. While a socket has one, each call on it ends by asking whether it is ready.
/// `examples/c/epoll.c` has a loop.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot receive or
/// send as requested; `ZEROMQ_CODE_ZMQ` if no descriptor is left (EMFILE) or the system has
/// neither epoll nor kqueue; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_descriptor(
    socket: *mut Socket,
    events: u32,
    descriptor: *mut i64,
) -> Code {
    ffi::guard("zeromq_socket_descriptor", || {
        let place = place(descriptor)?;
        let number = enter(socket)?.socket.descriptor(wanted(events)?)?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(number as i64) };
        Ok(())
    })
}

/// Stores 1 in `*ready` if a receive would succeed without waiting, otherwise 0.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_can_receive(socket: *mut Socket, ready: *mut i32) -> Code {
    ffi::guard("zeromq_socket_can_receive", || {
        let place = place(ready)?;
        let ready = enter(socket)?.socket.can_receive()?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(ready.into()) };
        Ok(())
    })
}

/// Stores 1 in `*ready` if a send to some peer would succeed without waiting, otherwise
/// 0.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_can_send(socket: *mut Socket, ready: *mut i32) -> Code {
    ffi::guard("zeromq_socket_can_send", || {
        let place = place(ready)?;
        let ready = enter(socket)?.socket.can_send()?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(ready.into()) };
        Ok(())
    })
}

/// Makes a socket a CURVE server with the key pair of a certificate. Clients need its
/// public key. If `domain` is NULL and no authenticator is running, every client that
/// has the key is accepted; with a domain (1 to 254 bytes), clients are accepted only
/// by the authenticator. Call it before the socket is bound or connected.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the socket is already attached,
/// the certificate has no secret key, or the domain is invalid; `ZEROMQ_CODE_ARGUMENT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_curve_server(
    socket: *mut Socket,
    certificate: *mut Certificate,
    domain: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_curve_server", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        let own = certificate::enter(certificate)?;
        Ok(enter(socket)?.socket.secure(&Role::CurveServer(&own.certificate), domain)?)
    })
}

/// Makes a socket a CURVE client with the key pair of a certificate. `server_key` is
/// the public key of the server, 40 characters of Z85. Call it before the socket is
/// bound or connected.
///
/// Returns the codes of `zeromq_socket_curve_server`; `ZEROMQ_CODE_SECURITY` also if
/// `server_key` is not a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_curve_client(
    socket: *mut Socket,
    certificate: *mut Certificate,
    server_key: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_curve_client", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let key = unsafe { text("the key of the server", server_key) }?;
        let key = PublicKey::new(key.as_bytes())?;
        let own = certificate::enter(certificate)?;
        Ok(enter(socket)?.socket.secure(&Role::CurveClient(&own.certificate, key), None)?)
    })
}

/// Makes a socket a PLAIN server, whose clients send a user name and a password. The
/// authenticator of the process has to know them; without one, nobody is accepted.
/// `domain` may be NULL. Call it before the socket is bound or connected.
///
/// Returns the codes of `zeromq_socket_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_plain_server(
    socket: *mut Socket,
    domain: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_plain_server", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        Ok(enter(socket)?.socket.secure(&Role::PlainServer, domain)?)
    })
}

/// Makes a socket a PLAIN client with a user name and a password of 1 to 255 bytes
/// each. They are sent unencrypted. Call it before the socket is bound or connected.
///
/// Returns the codes of `zeromq_socket_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_plain_client(
    socket: *mut Socket,
    username: *const c_char,
    password: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_plain_client", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let username = unsafe { text("the username", username) }?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let password = unsafe { text("the password", password) }?;
        Ok(enter(socket)?.socket.secure(&Role::PlainClient { username, password }, None)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_have_the_numbers_of_the_types() {
        for (kind, known) in [
            (SocketKind::ZEROMQ_PAIR, SocketType::Pair),
            (SocketKind::ZEROMQ_PUBLISHER, SocketType::Pub),
            (SocketKind::ZEROMQ_SUBSCRIBER, SocketType::Sub),
            (SocketKind::ZEROMQ_REQUEST, SocketType::Req),
            (SocketKind::ZEROMQ_REPLY, SocketType::Rep),
            (SocketKind::ZEROMQ_DEALER, SocketType::Dealer),
            (SocketKind::ZEROMQ_ROUTER, SocketType::Router),
            (SocketKind::ZEROMQ_PULL, SocketType::Pull),
            (SocketKind::ZEROMQ_PUSH, SocketType::Push),
            (SocketKind::ZEROMQ_XPUBLISHER, SocketType::Xpub),
            (SocketKind::ZEROMQ_XSUBSCRIBER, SocketType::Xsub),
            (SocketKind::ZEROMQ_STREAM, SocketType::Stream),
        ] {
            assert_eq!(kind as i32, known as i32);
            assert_eq!(socket_type(kind as i32).unwrap(), known);
        }
    }
}
