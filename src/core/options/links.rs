//! Options that every socket has: how much it keeps, how long it waits, and what
//! it does when a link breaks.

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
        .via(Via::Mark)
        .doc("How many messages to each peer are kept until they can be sent; 0 is no limit."),
    Row::int("rcvhwm", 24, 0, MOST)
        .of("messages")
        .default(1000)
        .test(Int(7))
        .when(Now)
        .via(Via::Mark)
        .doc("How many messages of each peer are kept until they are received; 0 is no limit."),
    Row::int("sndtimeo", 28, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(250))
        .when(Now)
        .via(Via::SendTimeout)
        .doc("How long a send without timeout= waits; -1 is for ever, 0 not at all."),
    Row::int("rcvtimeo", 27, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(250))
        .when(Now)
        .via(Via::ReceiveTimeout)
        .doc("How long a receive without timeout= waits; -1 is for ever, 0 not at all."),
    Row::int("linger", 17, -1, MOST)
        .of("ms")
        .default(1000)
        .test(Int(50))
        .when(Now)
        .doc("How long a closed socket goes on sending what is unsent; -1 is for ever."),
    Row::int("maxmsgsize", 22, -1, i64::MAX)
        .long(Int64)
        .of("bytes")
        .default(-1)
        .test(Int(1 << 40))
        .doc("The longest frame that is received; a peer that sends more is cut off. -1 is any."),
    Row::bool("immediate", 39, false)
        .alias(&["delay_attach_on_connect"])
        .doc("Messages wait for peers that are connected, not for those that may never be."),
    Row::int("affinity", 4, 0, i64::MAX)
        .long(Uint64)
        .of("bit mask")
        .default(0)
        .test(Int(1))
        .doc("Which I/O threads do the work: bit 0 is the first one, 0 is any."),
    Row::int("reconnect_ivl", 18, -1, MOST)
        .of("ms")
        .default(100)
        .test(Int(20))
        .doc("How long to wait before a broken connection is tried again; -1 is never."),
    Row::int("reconnect_ivl_max", 21, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(2000))
        .doc("Up to what the wait between attempts is doubled each time; 0 is no doubling."),
    Row::int("reconnect_stop", 109, 0, 7)
        .of("bit mask")
        .default(0)
        .test(Int(1))
        .probed()
        .doc("When not to connect again: 1 refused, 2 handshake failed, 4 after a disconnect."),
    Row::int("connect_timeout", 79, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(500))
        .doc("How long one attempt to connect may take; 0 is as long as the system says."),
    Row::int("backlog", 19, 0, MOST)
        .of("connections")
        .default(100)
        .test(Int(10))
        .doc("How many connections may wait to be accepted."),
    Row::int("handshake_ivl", 66, 0, MOST)
        .of("ms")
        .default(30000)
        .test(Int(1000))
        .on(&[Pair, Pub, Sub, Req, Rep, Dealer, Router, Pull, Push, Xpub, Xsub])
        .doc("How long a peer may take to introduce itself; 0 is any time."),
    Row::int("heartbeat_ivl", 75, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(300))
        .doc("How often peers are asked whether they are there; 0 is never."),
    Row::int("heartbeat_timeout", 77, 0, MOST)
        .of("ms")
        .default(-1)
        .test(Int(900))
        .doc("How long a peer may take to answer; as long as heartbeat_ivl, if it is not set."),
    Row::int("heartbeat_ttl", 76, 0, 6_553_599)
        .of("ms")
        .default(0)
        .test(Int(600))
        .doc("After what silence a peer is to give this socket up, in steps of 100; 0 is never."),
    Row::int("sndbuf", 11, -1, MOST)
        .of("bytes")
        .default(-1)
        .test(Int(65536))
        .doc("The send buffer of the system; -1 is its default."),
    Row::int("rcvbuf", 12, -1, MOST)
        .of("bytes")
        .default(-1)
        .test(Int(65536))
        .doc("The receive buffer of the system; -1 is its default."),
    Row::int("in_batch_size", 101, 1, MOST)
        .of("bytes")
        .default(8192)
        .test(Int(4096))
        .needs("draft")
        .doc("How much is read from the system at a time."),
    Row::int("out_batch_size", 102, 1, MOST)
        .of("bytes")
        .default(8192)
        .test(Int(4096))
        .needs("draft")
        .doc("How much is written to the system at a time."),
    // What a socket is, and what it is at.
    Row::int("type", 16, 0, 11)
        .read_only()
        .doc("The number of the type in zmq.h, from 0 for PAIR to 11 for STREAM."),
    Row::text("last_endpoint", 32, 0, MOST)
        .read_only()
        .doc("The endpoint that was bound or connected last, as libzmq resolved it."),
    Row::bool("rcvmore", 13, false)
        .read_only()
        .doc("Whether more frames of the message that is being received follow."),
    Row::int("events", 15, 0, 3)
        .of("bit mask")
        .read_only()
        .doc("What can be done at once: 1 receive, 2 send."),
    Row::int("fd", 14, 0, MOST)
        .long(DESCRIPTOR)
        .of("descriptor")
        .read_only()
        .doc("A descriptor that shows that events may have changed; never read from it."),
    Row::bool("thread_safe", 81, false)
        .read_only()
        .test(Bool(true))
        .doc("Whether several threads may use it at once, which no type here allows."),
];
