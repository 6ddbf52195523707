//! Sockets of C programs.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use smallvec::SmallVec;

use super::argument::{Lent, bytes, items, new, place, some_text, text, wait, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use super::message::{self, Message, Slice};
use crate::core::curve::key::PublicKey;
use crate::core::socket::security::Role;
use crate::core::{self, Code, Error, SocketType};
use crate::ffi;

/// A socket.
pub struct Socket(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// The types of sockets.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum SocketKind {
    /// PAIR, which connects unless told otherwise.
    ZEROMQ_PAIR = 0,
    /// PUB, which binds.
    ZEROMQ_PUBLISHER = 1,
    /// SUB, which connects.
    ZEROMQ_SUBSCRIBER = 2,
    /// REQ, which connects.
    ZEROMQ_REQUEST = 3,
    /// REP, which binds.
    ZEROMQ_REPLY = 4,
    /// DEALER, which connects.
    ZEROMQ_DEALER = 5,
    /// ROUTER, which binds. It drops messages to peers that are not there, unless
    /// `zeromq_socket_set_int(socket, "router_mandatory", 1)` was called.
    ZEROMQ_ROUTER = 6,
    /// PULL, which binds.
    ZEROMQ_PULL = 7,
    /// PUSH, which connects.
    ZEROMQ_PUSH = 8,
    /// XPUB, which binds.
    ZEROMQ_XPUBLISHER = 9,
    /// XSUB, which connects.
    ZEROMQ_XSUBSCRIBER = 10,
    /// STREAM, which connects.
    ZEROMQ_STREAM = 11,
}

/// A socket, and what was lent of it last.
pub(super) struct Entry {
    pub socket: Arc<core::Socket>,
    pub lent: Lent,
}

impl Drop for Entry {
    fn drop(&mut self) {
        // A poller or monitor may have it too. Whoever is in a call with it closes it.
        let _ = self.socket.close(None);
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "socket";
    const TAG: usize = 1;
}

static SOCKETS: Registry<Entry> = Registry::new();

/// The socket of a handle, for one call.
#[inline]
pub(super) fn enter(socket: *const Socket) -> Result<InUse<'static, Entry>, Box<Error>> {
    SOCKETS.enter(socket)
}

/// Whether a handle was not freed yet.
pub(super) fn is_known(socket: *const Socket) -> bool {
    SOCKETS.knows(socket)
}

/// The type with this number.
pub(super) fn socket_type(number: i32) -> Result<SocketType, Error> {
    let index = usize::try_from(number).ok();
    let found = index.and_then(|index| SocketType::ALL.get(index)).copied();
    found.ok_or_else(|| {
        wrong("the type", "ZEROMQ_REQUEST or another type of socket", number.to_string())
    })
}

/// Opens a socket of a type (`ZEROMQ_REQUEST` and so on), and attaches it to a list
/// of endpoints separated by commas, as `zeromq_socket_attach`. `endpoints` may be
/// NULL: then it is attached to nothing. The caller frees it with
/// `zeromq_socket_free`.
///
/// Returns NULL when that fails; `zeromq_last_error` tells why:
/// `ZEROMQ_CODE_ARGUMENT` for an unknown type, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_ZMQ` when there are too many sockets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_new(kind: i32, endpoints: *const c_char) -> *mut Socket {
    new("zeromq_socket_new", || {
        ffi::watch_forks();
        let kind = socket_type(kind)?;
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { some_text("the endpoints", endpoints) }?;
        let socket = core::Socket::attached(kind, endpoints.unwrap_or(""))?;
        Ok(SOCKETS.give(Entry { socket, lent: Lent::default() })?)
    })
}

/// Closes a socket, as `zeromq_socket_close`, and frees its handle. NULL, and one that
/// was freed, are left alone. In the middle of a call with it on another thread, it is freed at the end
/// of that call.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_free(socket: *mut Socket) {
    ffi::guard_or((), || SOCKETS.free(socket));
}

/// Closes a socket: its endpoints are given back, and what is not sent yet goes on
/// being sent for as long as the option linger says, one second if it was not set.
/// The handle stays valid, and calls with it return `ZEROMQ_CODE_CLOSED`. To close a
/// closed socket does nothing.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED` for a handle
/// that was freed, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_close(socket: *mut Socket) -> Code {
    ffi::guard("zeromq_socket_close", || Ok(enter(socket)?.socket.close(None)?))
}

/// Whether a socket can be used no more: 1 or 0. 1 also if there is no such socket.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_is_closed(socket: *const Socket) -> i32 {
    ffi::guard_or(1, || match enter(socket) {
        Ok(entry) => entry.socket.is_closed().into(),
        // It is in the middle of a call, so it is open.
        Err(error) if matches!(*error, Error::Busy) => 0,
        Err(_) => 1,
    })
}

/// The type of a socket, `ZEROMQ_REQUEST` and so on; -1 if there is no such socket.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_type(socket: *const Socket) -> i32 {
    ffi::guard_or(-1, || enter(socket).map_or(-1, |entry| entry.socket.socket_type() as i32))
}

/// Binds or connects each endpoint of a list: one that begins with `@` is bound, one
/// that begins with `>` connected, and without either the type of the socket
/// decides. The endpoints before a faulty one stay attached.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_attach(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_attach", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.attach(endpoints)?)
    })
}

/// Binds each endpoint of a list, so that peers can connect. A TCP endpoint may have
/// `*` in place of its host, for every address of this machine, and in place of its
/// port, for a free one. `*port` gets the TCP port of the last endpoint, or 0 if it
/// has none; `port` may be NULL. The endpoints before a faulty one stay bound.
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
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let bound = enter(socket)?.socket.bind(endpoints)?;
        if let Ok(port) = place(port) {
            // SAFETY: the caller passes a place for it.
            unsafe { port.put(bound) };
        }
        Ok(())
    })
}

/// Connects to each endpoint of a list. The peers need not be there yet. The
/// endpoints before a faulty one stay connected.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_connect(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_connect", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.connect(endpoints)?)
    })
}

/// Takes back what bind did with each endpoint of a list, spelt as it was written
/// or as `zeromq_socket_endpoint` gives it.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_unbind(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_unbind", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.unbind(endpoints)?)
    })
}

/// Takes back what connect did with each endpoint of a list.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_disconnect(
    socket: *mut Socket,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_disconnect", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(socket)?.socket.disconnect(endpoints)?)
    })
}

/// The endpoint that was bound last, with the port that was found:
/// "tcp://127.0.0.1:49152". `*endpoint` is lent until the next call with the socket;
/// it is NULL if nothing was bound.
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
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Receives messages that begin with these bytes from now on; all messages, if there
/// are no bytes. SUB and XSUB only: a subscriber receives nothing before this.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_UNSUPPORTED` for
/// another type, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_subscribe(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_subscribe", || {
        // SAFETY: the caller passes as many bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.subscribe(prefix)?)
    })
}

/// Takes one subscription to these bytes back. SUB and XSUB only.
///
/// Returns as `zeromq_socket_subscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_unsubscribe(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_unsubscribe", || {
        // SAFETY: the caller passes as many bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.unsubscribe(prefix)?)
    })
}

/// Sends a message of one frame with a copy of these bytes, and waits for `timeout`
/// milliseconds at most until a peer can take it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
/// `ZEROMQ_CODE_STATE` when it is not the socket's turn; `ZEROMQ_CODE_UNSUPPORTED` on
/// SUB and PULL; `ZEROMQ_CODE_UNROUTABLE`, `ZEROMQ_CODE_ARGUMENT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send(
    socket: *mut Socket,
    data: *const c_void,
    size: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send", || {
        // SAFETY: the caller passes as many bytes.
        let bytes = unsafe { bytes(data, size) }?;
        Ok(enter(socket)?.socket.send(&[bytes], &wait(timeout)?)?)
    })
}

/// Sends a message of as many frames with copies of their bytes: all of them or, if
/// this fails, none.
///
/// Returns as `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if there is no frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_frames(
    socket: *mut Socket,
    frames: *const Slice,
    count: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_frames", || {
        // SAFETY: the caller passes as many slices.
        let frames = unsafe { items(frames, count) }?;
        if frames.is_empty() {
            return Err(wrong("the frames", "at least one", "none").into());
        }
        // SAFETY: the caller passes as many bytes in each.
        let frames = frames.iter().map(|slice| unsafe { bytes(slice.data, slice.size) });
        let frames = frames.collect::<Result<SmallVec<[&[u8]; 8]>, Error>>()?;
        Ok(enter(socket)?.socket.send(&frames, &wait(timeout)?)?)
    })
}

/// Sends a message with all of its frames, without a copy of their bytes. On success
/// the message is empty, and can be used again; otherwise it is as it was.
///
/// Returns as `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if it has no frame.
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

/// Receives the next message, all of its frames, in place of those that `message`
/// has, and waits for `timeout` milliseconds at most until one comes. Its bytes are
/// lent by `zeromq_message_data`. If this fails the message is empty.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
/// `ZEROMQ_CODE_STATE` when it is not the socket's turn; `ZEROMQ_CODE_UNSUPPORTED` on
/// PUB and PUSH; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
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

/// Whether a message can be received now, without waiting: `*ready` gets 1 or 0.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_can_receive(socket: *mut Socket, ready: *mut i32) -> Code {
    ffi::guard("zeromq_socket_can_receive", || {
        let place = place(ready)?;
        let ready = enter(socket)?.socket.can_receive()?;
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(ready.into()) };
        Ok(())
    })
}

/// Whether a message can be sent now, without waiting, to some peer: `*ready` gets 1
/// or 0.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_can_send(socket: *mut Socket, ready: *mut i32) -> Code {
    ffi::guard("zeromq_socket_can_send", || {
        let place = place(ready)?;
        let ready = enter(socket)?.socket.can_send()?;
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(ready.into()) };
        Ok(())
    })
}

/// Makes a socket the CURVE server of clients that know the public key of its
/// certificate, which has to have a secret key. Without an authenticator everyone
/// with this key comes in; with a `domain`, which may be NULL, nobody does without
/// one. To be called before the socket is bound or connected.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` when it is bound or connected, or
/// the certificate has no secret key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_curve_server(
    socket: *mut Socket,
    certificate: *mut Certificate,
    domain: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_curve_server", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        let own = certificate::enter(certificate)?;
        Ok(enter(socket)?.socket.secure(&Role::CurveServer(&own.certificate), domain)?)
    })
}

/// Makes a socket a CURVE client, with a certificate of its own, of the server with
/// this public key, in 40 characters. To be called before the socket is bound or
/// connected.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` also for what is no key;
/// otherwise as `zeromq_socket_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_curve_client(
    socket: *mut Socket,
    certificate: *mut Certificate,
    server_key: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_curve_client", || {
        // SAFETY: the caller passes NULL or a text.
        let key = unsafe { text("the key of the server", server_key) }?;
        let key = PublicKey::new(key.as_bytes())?;
        let own = certificate::enter(certificate)?;
        Ok(enter(socket)?.socket.secure(&Role::CurveClient(&own.certificate, key), None)?)
    })
}

/// Makes a socket the server of users with passwords, which the authenticator of the
/// process has to know. To be called before the socket is bound or connected.
///
/// Returns as `zeromq_socket_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_plain_server(
    socket: *mut Socket,
    domain: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_plain_server", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        Ok(enter(socket)?.socket.secure(&Role::PlainServer, domain)?)
    })
}

/// Makes a socket a client with a user name and a password, each of 1 to 255 bytes,
/// which go over the network as they are. To be called before the socket is bound or
/// connected.
///
/// Returns as `zeromq_socket_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_plain_client(
    socket: *mut Socket,
    username: *const c_char,
    password: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_plain_client", || {
        // SAFETY: the caller passes NULL or a text.
        let username = unsafe { text("the username", username) }?;
        // SAFETY: the caller passes NULL or a text.
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
