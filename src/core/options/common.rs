//! Options that every socket has: how much it keeps, how long it waits, and what
//! it does when a link breaks.

use zmq_sys::additions::{
    ZMQ_MAX_HANDSHAKE_SIZE, ZMQ_MAX_HANDSHAKES, ZMQ_MAX_HANDSHAKES_OF_ADDRESS,
    ZMQ_MAX_MESSAGE_FRAMES, ZMQ_MAX_QUEUED_BYTES, ZMQ_MEMORY_LIMIT, ZMQ_RETRY_REJECTED,
};

use super::row::Kind::{Int64, Uint64};
use super::row::When::Now;
use super::row::{Kind, MOST, Row, Via};
use super::value::Sample::{Bool, Int};
use crate::core::socket_type::SocketType::{
    Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub,
};

/// A descriptor is a number of another size on Windows.
const DESCRIPTOR: Kind = if cfg!(windows) { Uint64 } else { Kind::Int };

pub(super) static ROWS: &[Row] = &[
    Row::int("sndhwm", 23, 0, MOST)
        .of("messages")
        .default(1000)
        .test(Int(7))
        .when(Now)
        .doc("Sets the maximum number of messages queued for each peer; 0 means no limit."),
    Row::int("rcvhwm", 24, 0, MOST)
        .of("messages")
        .default(1000)
        .test(Int(7))
        .when(Now)
        .doc("Sets the maximum number of received messages queued for each peer; 0 means no limit."),
    Row::int("sndtimeo", 28, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(250))
        .when(Now)
        .via(Via::SendTimeout)
        .doc("Sets the default timeout for sending; -1 waits forever, 0 does not wait."),
    Row::int("rcvtimeo", 27, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(250))
        .when(Now)
        .via(Via::ReceiveTimeout)
        .doc("Sets the default timeout for receiving; -1 waits forever, 0 does not wait."),
    Row::int("linger", 17, -1, MOST)
        .of("ms")
        .default(1000)
        .test(Int(50))
        .when(Now)
        .doc("Sets how long a closed socket keeps sending queued messages; -1 waits forever."),
    Row::int("maxmsgsize", 22, -1, i64::MAX).long(Int64).of("bytes").test(Int(1 << 40)).doc(
        "Sets the maximum message size (64 MB, (X)PUB: 8192); -1: any. A peer that sends more is cut off.",
    ),
    Row::int("max_message_frames", ZMQ_MAX_MESSAGE_FRAMES, 1, MOST)
        .or(-1)
        .default(-1)
        .test(Int(10))
        .probed()
        .doc("Sets the maximum number of frames in a message; -1 derives it from maxmsgsize."),
    Row::int("memory_limit", ZMQ_MEMORY_LIMIT, 0, i64::MAX)
        .long(Int64)
        .of("bytes")
        .default(0)
        .test(Int(1 << 40))
        .probed()
        .doc("Sets how much memory all messages of the process may take before this socket stops; 0: any."),
    Row::int("max_queued_bytes", ZMQ_MAX_QUEUED_BYTES, 1, i64::MAX)
        .or(-1)
        .long(Int64)
        .of("bytes")
        .default(256 << 20)
        .test(Int(1 << 30))
        .probed()
        .doc("Sets how many bytes of one peer wait to be received before it is held back; -1: any."),
    Row::bool("immediate", 39, false)
        .alias(&["delay_attach_on_connect"])
        .doc("Queues messages only for connected peers, not for peers that are still connecting."),
    Row::int("affinity", 4, 0, i64::MAX)
        .long(Uint64)
        .of("bit mask")
        .default(0)
        .test(Int(1))
        .doc("Selects the I/O threads for new connections; bit 0 is the first thread, 0 means any."),
    Row::int("reconnect_ivl", 18, -1, MOST)
        .of("ms")
        .default(100)
        .test(Int(20))
        .doc("Sets how long to wait before reconnecting; -1 never reconnects."),
    Row::int("reconnect_ivl_max", 21, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(2000))
        .doc("Sets the limit up to which the reconnect interval doubles; 0 means no doubling."),
    Row::int("reconnect_stop", 109, 0, 7)
        .of("bit mask")
        .default(0)
        .test(Int(1))
        .probed()
        .doc("Stops reconnecting: 1 after a refusal, 2 a failed handshake, 4 a disconnect; add them up."),
    Row::int("connect_timeout", 79, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(500))
        .doc("Sets the timeout for one connection attempt; 0 uses the system's timeout."),
    Row::int("backlog", 19, 0, MOST)
        .of("connections")
        .default(100)
        .test(Int(10))
        .doc("Sets the maximum number of incoming connections that wait to be accepted."),
    Row::int("handshake_ivl", 66, 0, MOST)
        .of("ms")
        .default(10000)
        .test(Int(1000))
        .on(&[Pair, Pub, Sub, Req, Rep, Dealer, Router, Pull, Push, Xpub, Xsub])
        .doc("Sets the timeout for the handshake with a new peer; 0 means no timeout."),
    Row::int("max_handshakes", ZMQ_MAX_HANDSHAKES, 1, MOST)
        .or(-1)
        .default(1000)
        .test(Int(10))
        .probed()
        .doc("Sets how many connections of a listener may be in the handshake; -1: any."),
    Row::int("max_handshakes_of_address", ZMQ_MAX_HANDSHAKES_OF_ADDRESS, 1, MOST)
        .or(-1)
        .default(250)
        .test(Int(10))
        .probed()
        .doc("Sets how many of these connections may come from one address; -1: any."),
    Row::int("max_handshake_size", ZMQ_MAX_HANDSHAKE_SIZE, 1024, MOST)
        .or(-1)
        .of("bytes")
        .default(8192)
        .test(Int(2000))
        .probed()
        .doc("Sets the maximum size of a frame before the handshake is done; -1: any."),
    Row::bool("retry_rejected", ZMQ_RETRY_REJECTED, true)
        .probed()
        .doc("Lets a client that a server has rejected try again."),
    Row::int("heartbeat_ivl", 75, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(300))
        .doc("Sets the interval between pings to each peer; 0 turns heartbeats off."),
    Row::int("heartbeat_timeout", 77, 0, MOST)
        .of("ms")
        .default(-1)
        .test(Int(900))
        .doc("Sets how long to wait for data after a ping; the default (-1: heartbeat_ivl) cannot be restored."),
    Row::int("heartbeat_ttl", 76, 0, 6_553_599)
        .of("ms")
        .default(0)
        .test(Int(600))
        .doc("Tells peers to disconnect after this period of silence, in steps of 100 ms; 0 means never."),
    Row::int("sndbuf", 11, -1, MOST)
        .of("bytes")
        .default(-1)
        .test(Int(65536))
        .doc("Sets the size of the system's send buffer; -1 uses the system's default."),
    Row::int("rcvbuf", 12, -1, MOST)
        .of("bytes")
        .default(-1)
        .test(Int(65536))
        .doc("Sets the size of the system's receive buffer; -1 uses the system's default."),
    Row::int("in_batch_size", 101, 1, MOST)
        .of("bytes")
        .default(8192)
        .test(Int(4096))
        .needs("draft")
        .doc("Sets how many bytes are read from the system at a time."),
    Row::int("out_batch_size", 102, 1, MOST)
        .of("bytes")
        .default(8192)
        .test(Int(4096))
        .needs("draft")
        .doc("Sets how many bytes are written to the system at a time."),
    // What a socket is, and what it is at.
    Row::int("type", 16, 0, 11)
        .read_only()
        .doc("Returns the number of the socket type in zmq.h, from 0 for PAIR to 11 for STREAM."),
    Row::text("last_endpoint", 32, 0, MOST)
        .read_only()
        .doc("Returns the endpoint that was bound or connected last, as libzmq resolved it."),
    Row::bool("rcvmore", 13, false)
        .read_only()
        .doc("True if the message that was received last has more frames."),
    Row::int("events", 15, 0, 3)
        .of("bit mask")
        .read_only()
        .doc("Returns what the socket can do without waiting: 1 for receive, 2 for send, 3 for both."),
    Row::int("fd", 14, 0, MOST)
        .long(DESCRIPTOR)
        .of("descriptor")
        .read_only()
        .doc("Returns a file descriptor that signals that events may have changed; never read from it."),
    Row::bool("thread_safe", 81, false)
        .read_only()
        .test(Bool(true))
        .doc("True if several threads may use the socket at once; false for every type here."),
];
