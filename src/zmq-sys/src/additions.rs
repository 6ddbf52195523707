//! Socket options that the repairs add to libzmq. A libzmq without the repairs rejects
//! them with EINVAL.

use libc::c_int;

/// The maximum size of a frame until the handshake is done, in bytes: 1024 or more, or
/// -1 for no limit. Default: 8192.
pub const ZMQ_MAX_HANDSHAKE_SIZE: c_int = 5010;
/// The maximum number of frames in a message: 1 or more, or -1 to derive it from
/// `ZMQ_MAXMSGSIZE`. Default: -1.
pub const ZMQ_MAX_MESSAGE_FRAMES: c_int = 5011;
/// 1 lets a client try again after a server has rejected it, 0 does not. Default: 0.
pub const ZMQ_RETRY_REJECTED: c_int = 5012;
/// PUB and XPUB: set to a topic, then read the number of subscriptions that match it.
pub const ZMQ_MATCHING_SUBSCRIPTIONS: c_int = 5030;
/// PUB and XPUB, read-only: the number of subscriptions of all peers.
pub const ZMQ_SUBSCRIPTIONS: c_int = 5031;
/// Read-only: what became of the connections of a socket, inproc excluded. The value
/// has [`ZMQ_CONNECTIONS_NUMBERS`] numbers of type `uint64_t`, followed by the endpoint
/// of the last failed handshake, as much of it as fits, without a NUL:
///
/// - 0: the peers now: connections that have completed the handshake, except those that
///   the socket has left by disconnecting, unbinding or closing;
/// - 1: the connections that have ever completed it;
/// - 2: how many of them have ended, except those that the socket has left;
/// - 3: the connections that ended during the handshake;
/// - 4: `ZMQ_EVENT_ACCEPT_FAILED` events;
/// - 5: `ZMQ_EVENT_CONNECT_DELAYED` events;
/// - 6: `ZMQ_EVENT_CONNECT_RETRIED` events;
/// - 7: `ZMQ_EVENT_HANDSHAKE_FAILED_*` events, of which one connection may have two;
/// - 8: the last of these, such as `ZMQ_EVENT_HANDSHAKE_FAILED_AUTH`; 0 if there was
///   none, or if a connection has completed the handshake since;
/// - 9: its value, as a monitor reports it;
/// - 10: how long ago it was, in microseconds.
///
/// A raw connection (STREAM) completes the handshake as soon as it is open.
pub const ZMQ_CONNECTIONS: c_int = 5040;
/// The number of numbers in [`ZMQ_CONNECTIONS`].
pub const ZMQ_CONNECTIONS_NUMBERS: usize = 11;
