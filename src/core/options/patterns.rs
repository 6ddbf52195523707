//! Options of some types of sockets: who gets a message, and what is told about
//! peers.

use zmq_sys::additions::{ZMQ_COPIES_DROPPED, ZMQ_DROP_COPIES, ZMQ_MAX_SUBSCRIPTION_BYTES};

use super::row::Kind::Int64;
use super::row::When::{First, Next, Now};
use super::row::{MOST, Row, Via};
use super::value::Sample::{Bool, Bytes, Int};
use crate::core::socket_type::SocketType::{
    self, Dealer, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub,
};

const SUBSCRIPTIONS: &[SocketType] = &[Sub, Xpub, Xsub];
const SUBSCRIBERS: &[SocketType] = &[Sub, Xsub];
const ALL_TOPICS: &[SocketType] = &[Pub, Sub, Xpub, Xsub];

pub(super) static ROWS: &[Row] = &[
    // Envelopes.
    Row::bytes("routing_id", 5, 1, 255)
        .alias(&["identity"])
        .form("a string of 1 to 255 bytes, the first of which is not 0")
        .default_bytes(b"")
        .test(Bytes(b"worker-7"))
        .on(&[Req, Rep, Dealer, Router])
        .doc("Sets the routing id of this socket for ROUTER peers; if empty, the ROUTER generates one."),
    Row::bytes("connect_routing_id", 61, 1, 255)
        .alias(&["connect_rid"])
        .form("a string of 1 to 255 bytes, the first of which is not 0")
        .write_only()
        .test(Bytes(b"peer-1"))
        .on(&[Router, Stream])
        .when(Next)
        .via(Via::ConnectId)
        .doc("Sets the routing id of the peer that the next connect leads to."),
    Row::bool("router_mandatory", 33, false)
        .alias(&["fail_unroutable", "router_behavior"])
        .write_only()
        .on(&[Router])
        .when(Now)
        .via(Via::Mandatory)
        .doc("Sending to an unknown peer raises an error; sending to a peer with a full queue waits."),
    Row::bool("router_handover", 56, false)
        .write_only()
        .on(&[Router])
        .when(Now)
        .doc("Lets a new peer take over the routing id of a connected peer."),
    Row::bool("router_raw", 41, false)
        .write_only()
        .on(&[Router])
        .when(First)
        .via(Via::Raw)
        .test(Bool(false))
        .doc("Deprecated and not supported: use a STREAM socket for plain TCP."),
    Row::int("router_notify", 97, 0, 3)
        .of("bit mask")
        .default(0)
        .test(Int(3))
        .on(&[Router])
        .needs("draft")
        .doc("Receives an empty message when a peer connects (1), disconnects (2) or both (3)."),
    Row::bool("probe_router", 51, false)
        .write_only()
        .on(&[Req, Dealer, Router])
        .when(Now)
        .doc("Sends an empty message to each new peer, which must be a ROUTER."),
    Row::bool("req_correlate", 52, false)
        .write_only()
        .on(&[Req])
        .when(Now)
        .doc("Numbers requests and accepts only the reply with the same number."),
    Row::bool("req_relaxed", 53, false)
        .write_only()
        .on(&[Req])
        .when(Now)
        .doc("Allows a new request before the previous one is answered; use it with req_correlate."),
    Row::bool("stream_notify", 73, true)
        .write_only()
        .on(&[Stream])
        .when(First)
        .doc("Receives an empty message when a peer connects or disconnects."),
    Row::bytes("hello_msg", 110, 0, MOST)
        .write_only()
        .test(Bytes(b"hello"))
        .on(&[Router, Dealer])
        .needs("draft")
        .doc("Sets a message that every new peer receives first."),
    Row::bytes("disconnect_msg", 111, 0, MOST)
        .write_only()
        .test(Bytes(b"bye"))
        .on(&[Router])
        .needs("draft")
        .doc("Sets a message that this socket receives when a peer disconnects."),
    Row::bytes("hiccup_msg", 114, 0, MOST)
        .write_only()
        .test(Bytes(b"again"))
        .on(&[Dealer])
        .needs("draft")
        .doc("Sets a message that this socket receives when a connection is lost."),
    // Subscriptions.
    Row::bytes("subscribe", 6, 0, MOST)
        .write_only()
        .test(Bytes(b"news"))
        .on(SUBSCRIPTIONS)
        .when(Now)
        .via(Via::Subscribe)
        .doc("Subscribes to a prefix; on XPUB in manual mode, for the peer that subscribed last."),
    Row::bytes("unsubscribe", 7, 0, MOST)
        .write_only()
        .test(Bytes(b"news"))
        .on(SUBSCRIPTIONS)
        .when(Now)
        .via(Via::Unsubscribe)
        .doc("Removes a subscription; on XPUB in manual mode, of the peer that subscribed last."),
    Row::bool("invert_matching", 74, false)
        .on(&[Pub, Sub, Xpub])
        .when(Now)
        .doc("Receives only messages that do not match the prefixes; set it at both ends."),
    Row::int("drop_copies", ZMQ_DROP_COPIES, 0, 1 << 20)
        .of("messages")
        .default(0)
        .test(Int(1000))
        .on(SUBSCRIBERS)
        .when(Now)
        .probed()
        .doc("Drops a message that is equal to one of the last n and arrives over another connection."),
    Row::int("copies_dropped", ZMQ_COPIES_DROPPED, 0, i64::MAX)
        .long(Int64)
        .of("messages")
        .read_only()
        .on(SUBSCRIBERS)
        .probed()
        .doc("Returns how many copies drop_copies has dropped."),
    Row::bool("conflate", 54, false)
        .on(&[Sub, Push, Pull, Dealer])
        .when(First)
        .via(Via::Conflate)
        .doc("Keeps only the newest message, which must have a single frame."),
    Row::bool("xpub_nodrop", 69, false)
        .write_only()
        .on(&[Pub, Xpub])
        .when(Now)
        .doc("Makes send wait for a slow subscriber instead of dropping the message."),
    Row::bool("xpub_verbose", 40, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .doc("Receives every new subscription, including duplicates; off, only the first of each prefix."),
    Row::bool("xpub_verboser", 78, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .doc("Receives every subscription and unsubscription; the later of this and xpub_verbose wins."),
    Row::int("max_subscription_bytes", ZMQ_MAX_SUBSCRIPTION_BYTES, 1, MOST)
        .or(-1)
        .of("bytes")
        .default(4 << 20)
        .test(Int(1000))
        .on(&[Pub, Xpub])
        .probed()
        .doc("Sets how long the prefixes that one peer subscribes to may be, together; -1: any."),
    Row::bool("xpub_manual", 71, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .via(Via::Manual)
        .doc("Manual mode: subscribe decides what the peer that subscribed last receives."),
    Row::bool("xpub_manual_last_value", 98, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .via(Via::Manual)
        .probed()
        .doc("Manual mode, and the next message goes only to the peer that subscribed last."),
    Row::bytes("xpub_welcome_msg", 72, 0, MOST)
        .write_only()
        .test(Bytes(b"welcome"))
        .on(&[Xpub])
        .when(Now)
        .doc("Sets a message that each new subscriber receives first; empty means none."),
    Row::bool("only_first_subscribe", 108, false)
        .write_only()
        .on(&[Xpub, Xsub])
        .when(Now)
        .probed()
        .doc("Treats only the first frame of a message as a possible subscription."),
    Row::bool("xsub_verbose_unsubscribe", 115, false)
        .write_only()
        .on(&[Xsub])
        .when(Now)
        .needs("draft")
        .doc("Forwards every unsubscription, including duplicates."),
    Row::int("topics_count", 116, 0, MOST)
        .of("prefixes")
        .read_only()
        .on(ALL_TOPICS)
        .probed()
        .doc("Returns the number of subscribed prefixes."),
];
