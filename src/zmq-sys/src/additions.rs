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
