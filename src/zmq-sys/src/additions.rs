//! Socket options and functions that the repairs add to libzmq. A libzmq without the
//! repairs rejects the options with EINVAL, and lacks the functions.

use libc::c_int;

/// The maximum size of a frame until the handshake is done, in bytes: 1024 or more, or
/// -1 for no limit. Default: 8192.
pub const ZMQ_MAX_HANDSHAKE_SIZE: c_int = 5010;
/// The maximum number of frames in a message: 1 or more, or -1 to derive it from
/// `ZMQ_MAXMSGSIZE`. Default: -1.
pub const ZMQ_MAX_MESSAGE_FRAMES: c_int = 5011;
/// 1 lets a client try again after a server has rejected it, 0 does not. Default: 0.
pub const ZMQ_RETRY_REJECTED: c_int = 5012;
/// The maximum number of connections of a listener that have not completed the handshake:
/// 1 or more, or -1 for no limit. Default: 1000.
pub const ZMQ_MAX_HANDSHAKES: c_int = 5013;
/// The maximum number of these connections from one IPv4 address, or from all IPv6 addresses
/// with the same first 64 bits: 1 or more, or -1 for no limit. Default: 250.
pub const ZMQ_MAX_HANDSHAKES_OF_ADDRESS: c_int = 5017;
/// The memory that messages of the process may occupy for the socket to begin to send and
/// to read on, of type `int64_t`, in bytes; 0 for no limit. Default: 0. Two numbers can be
/// read: the limit, and the memory that they occupy, as far as it is counted.
pub const ZMQ_MEMORY_LIMIT: c_int = 5014;
/// The maximum number of bytes of one peer over the network that wait to be received, of type
/// `int64_t`: 1 or more, or -1 for no limit. Each frame counts 64 bytes more than it has.
/// Default: 256 MiB.
pub const ZMQ_MAX_QUEUED_BYTES: c_int = 5015;
/// PUB and XPUB: the maximum number of bytes in the prefixes that one peer over the network
/// subscribes to: 1 or more, or -1 for no limit. Default: 4 MiB.
pub const ZMQ_MAX_SUBSCRIPTION_BYTES: c_int = 5016;
/// PUB and XPUB: set to a topic, then read the number of subscriptions that match it.
pub const ZMQ_MATCHING_SUBSCRIPTIONS: c_int = 5030;
/// PUB and XPUB, read-only: the number of subscriptions of all peers.
pub const ZMQ_SUBSCRIPTIONS: c_int = 5031;
/// PUB and XPUB, read-only: a `uint64_t` with the number of messages that no peer had
/// subscribed to, not counting messages that were sent while a peer had no room; then
/// texts, each after a byte with its size: how the last of these messages began, and the
/// prefixes that peers have subscribed to, in order, as many as fit. Texts are cut at 64
/// bytes.
pub const ZMQ_PUBLISHED: c_int = 5032;
/// SUB and XSUB: how many messages to remember in order to drop copies that arrive over
/// another connection, from 0, for none, to 1,048,576. Default: 0.
pub const ZMQ_DROP_COPIES: c_int = 5050;
/// SUB and XSUB, read-only: an `int64_t` with the number of copies that were dropped.
pub const ZMQ_COPIES_DROPPED: c_int = 5051;
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
/// - 10: how long ago it was, in microseconds;
/// - 11: the connections that ended because the peer exceeded a limit of the size of
///   messages, of subscriptions or of the handshake.
///
/// A raw connection (STREAM) completes the handshake as soon as it is open.
pub const ZMQ_CONNECTIONS: c_int = 5040;
/// The number of numbers in [`ZMQ_CONNECTIONS`].
pub const ZMQ_CONNECTIONS_NUMBERS: usize = 12;
/// Read-only: text that describes the queues of a socket, as many of its lines as fit.
/// Each line ends with a line feed:
///
/// - `lost AGO REASON ERRNO ENDPOINT`: the last peer that was lost, inproc excluded: how
///   many microseconds ago; 0 if the peer sent something that is not allowed, 1 if the
///   connection ended, 2 if it timed out; the errno; the endpoint;
/// - `refused AGO ERRNO 0 ENDPOINT`: the last `ZMQ_EVENT_ACCEPT_FAILED`: how many microseconds
///   ago, its value, and the endpoint that is bound;
/// - `opening 0 0 0 ENDPOINT`: a connection to this endpoint, as it was connected, is in its
///   handshake;
/// - `queue READY FULL UNREAD ENDPOINT`: a queue of messages to send: 1 if a peer has
///   completed the handshake, otherwise 0, always 0 for inproc; 1 if the queue is full; how
///   many messages have not been taken out of it yet; the endpoint as it was connected, or
///   the one that is bound, or nothing for inproc.
pub const ZMQ_PEERS: c_int = 5041;
/// Read-only: the last peer whose socket type does not go with that of the socket, inproc
/// excluded: how many microseconds ago it was refused, its socket type as it calls it, and
/// the endpoint, separated by line feeds. Empty if there was none.
pub const ZMQ_INCOMPATIBLE_PEER: c_int = 5042;
/// Read-only: how many events the readers of the socket's monitors had no room for, of type
/// `uint64_t`.
pub const ZMQ_DROPPED_EVENTS: c_int = 5043;

unsafe extern "C" {
    /// Makes a message forget the free function that `zmq_msg_init_data` was given.
    ///
    /// # Safety
    /// The message is initialized and has no copies.
    pub fn zmq_msg_disown(msg_: *mut crate::zmq_msg_t);
    /// Receives a frame as `zmq_msg_recv` does, and describes it. Returns 1 if more frames
    /// of the same message follow, 0 if not, -1 after an error.
    ///
    /// # Safety
    /// As for `zmq_msg_recv`; the pointer is valid for writing.
    pub fn zmq_msg_recv_view(
        msg_: *mut crate::zmq_msg_t,
        s_: *mut libc::c_void,
        flags_: c_int,
        view_: *mut zmq_view_t,
    ) -> c_int;

    /// Receives frames into initialized messages and describes them, until there are
    /// `most_` messages or `*frames_` frames, or until a receive fails. Stores the number
    /// of frames in `*frames_`, and for each message the number of frames up to its end in
    /// `ends_`. Returns the number of messages.
    ///
    /// # Safety
    /// As for `zmq_msg_recv`; the arrays have room for `*frames_` items.
    pub fn zmq_recv_many(
        s_: *mut libc::c_void,
        msgs_: *mut crate::zmq_msg_t,
        views_: *mut zmq_view_t,
        frames_: *mut usize,
        ends_: *mut usize,
        most_: usize,
        flags_: c_int,
    ) -> usize;

    /// Sends copies of `count_` frames, as one message if `one_message_` is not 0,
    /// otherwise each as a message, until a send fails. Returns how many were sent.
    ///
    /// # Safety
    /// As for `zmq_send`; there are as many frames.
    pub fn zmq_send_many(
        s_: *mut libc::c_void,
        frames_: *const zmq_view_t,
        count_: usize,
        flags_: c_int,
        one_message_: c_int,
    ) -> usize;
}

/// Where some bytes are.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(non_camel_case_types, reason = "the names are those of C")]
pub struct zmq_view_t {
    /// The first byte.
    pub data: *const libc::c_void,
    /// The number of bytes.
    pub size: usize,
}
