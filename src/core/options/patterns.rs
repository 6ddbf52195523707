//! Options of some types of sockets: who gets a message, and what is told about
//! peers.

use super::row::When::{First, Next, Now};
use super::row::{MOST, Row, Via};
use super::value::Sample::{Bool, Bytes, Int};
use crate::core::socket_type::SocketType::{
    self, Dealer, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub,
};

const SUBSCRIPTIONS: &[SocketType] = &[Sub, Xpub, Xsub];
const ALL_TOPICS: &[SocketType] = &[Pub, Sub, Xpub, Xsub];

pub(super) static ROWS: &[Row] = &[
    // Envelopes.
    Row::bytes("routing_id", 5, 1, 255)
        .alias(&["identity"])
        .form("a string of 1 to 255 bytes, the first of which is not 0")
        .default_bytes(b"")
        .test(Bytes(b"worker-7"))
        .on(&[Req, Rep, Dealer, Router])
        .doc("The name under which a ROUTER knows this socket; the ROUTER makes one up if empty."),
    Row::bytes("connect_routing_id", 61, 1, 255)
        .alias(&["connect_rid"])
        .form("a string of 1 to 255 bytes, the first of which is not 0")
        .write_only()
        .test(Bytes(b"peer-1"))
        .on(&[Router, Stream])
        .when(Next)
        .via(Via::ConnectId)
        .doc("The routing id of the peer that the next connect leads to."),
    Row::bool("router_mandatory", 33, false)
        .alias(&["fail_unroutable", "router_behavior"])
        .write_only()
        .on(&[Router])
        .when(Now)
        .via(Via::Mandatory)
        .doc("A message to an unknown peer is an error, and one to a full peer waits."),
    Row::bool("router_handover", 56, false)
        .write_only()
        .on(&[Router])
        .when(Now)
        .doc("A new peer with the routing id of another takes its place."),
    Row::bool("router_raw", 41, false)
        .write_only()
        .on(&[Router])
        .when(First)
        .via(Via::Raw)
        .test(Bool(false))
        .doc("Peers speak plain TCP. Not to be set: a STREAM socket does this."),
    Row::int("router_notify", 97, 0, 3)
        .of("bit mask")
        .default(0)
        .test(Int(3))
        .on(&[Router])
        .needs("draft")
        .doc("An empty message tells that a peer came (1) or went (2)."),
    Row::bool("probe_router", 51, false)
        .write_only()
        .on(&[Req, Dealer, Router])
        .when(Now)
        .doc("Each new peer, which must be a ROUTER, gets an empty message."),
    Row::bool("req_correlate", 52, false)
        .write_only()
        .on(&[Req])
        .when(Now)
        .doc("Requests carry a number, and only a reply with the same number is taken."),
    Row::bool("req_relaxed", 53, false)
        .write_only()
        .on(&[Req])
        .when(Now)
        .doc("A request may follow another without its reply; use it with req_correlate."),
    Row::bool("stream_notify", 73, true)
        .write_only()
        .on(&[Stream])
        .when(First)
        .doc("An empty message tells that a peer came or went."),
    Row::bytes("hello_msg", 110, 0, MOST)
        .write_only()
        .test(Bytes(b"hello"))
        .on(&[Router, Dealer])
        .needs("draft")
        .doc("What every new peer is sent first."),
    Row::bytes("disconnect_msg", 111, 0, MOST)
        .write_only()
        .test(Bytes(b"bye"))
        .on(&[Router])
        .needs("draft")
        .doc("What is received when a peer went."),
    Row::bytes("hiccup_msg", 114, 0, MOST)
        .write_only()
        .test(Bytes(b"again"))
        .on(&[Dealer])
        .needs("draft")
        .doc("What is received when a connection was lost."),
    // Subscriptions.
    Row::bytes("subscribe", 6, 0, MOST)
        .write_only()
        .test(Bytes(b"news"))
        .on(SUBSCRIPTIONS)
        .when(Now)
        .via(Via::Subscribe)
        .doc("Receives messages with this prefix, too; on XPUB, lets the last peer do so."),
    Row::bytes("unsubscribe", 7, 0, MOST)
        .write_only()
        .test(Bytes(b"news"))
        .on(SUBSCRIPTIONS)
        .when(Now)
        .via(Via::Unsubscribe)
        .doc("Takes one subscribe with this prefix back."),
    Row::bool("invert_matching", 74, false)
        .on(&[Pub, Sub, Xpub])
        .when(Now)
        .doc("Messages without the prefix are received; to be set at both ends."),
    Row::bool("conflate", 54, false)
        .on(&[Sub, Push, Pull, Dealer])
        .when(First)
        .via(Via::Conflate)
        .doc("Keeps the last message only, which may have one frame only."),
    Row::bool("xpub_nodrop", 69, false)
        .write_only()
        .on(&[Pub, Xpub])
        .when(Now)
        .doc("A send waits for a subscriber that is slow, where it would drop the message."),
    Row::bool("xpub_verbose", 40, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .doc("Every new subscription is received, also one for a known prefix."),
    Row::bool("xpub_verboser", 78, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .doc("Every subscription and every end of one is received. The later of both counts."),
    Row::bool("xpub_manual", 71, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .via(Via::Manual)
        .doc("A peer gets what subscribe says after its subscription was received."),
    Row::bool("xpub_manual_last_value", 98, false)
        .write_only()
        .on(&[Xpub])
        .when(Now)
        .via(Via::Manual)
        .probed()
        .doc("As xpub_manual, and the next message goes to that peer only."),
    Row::bytes("xpub_welcome_msg", 72, 0, MOST)
        .write_only()
        .test(Bytes(b"welcome"))
        .on(&[Xpub])
        .when(Now)
        .doc("What every new subscriber is sent first, if it asked for its prefix; empty is none."),
    Row::bool("only_first_subscribe", 108, false)
        .write_only()
        .on(&[Xpub, Xsub])
        .when(Now)
        .probed()
        .doc("Only the first frame of a message can be a subscription."),
    Row::bool("xsub_verbose_unsubscribe", 115, false)
        .write_only()
        .on(&[Xsub])
        .when(Now)
        .needs("draft")
        .doc("Every end of a subscription is sent on."),
    Row::int("topics_count", 116, 0, MOST)
        .of("prefixes")
        .read_only()
        .on(ALL_TOPICS)
        .probed()
        .doc("How many prefixes are subscribed to."),
];
