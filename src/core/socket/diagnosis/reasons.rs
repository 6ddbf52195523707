//! The reasons why nothing arrives, with the sentences that tell them. The help lists
//! these sentences, too, so there is one list of them.

/// A reason why nothing arrives.
#[derive(Debug)]
pub struct Reason {
    /// A short name: "refused".
    pub name: &'static str,
    /// What was observed and what to do about it, with the names of values in braces.
    pub sentence: &'static str,
}

impl Reason {
    /// Returns the sentence with its values.
    pub(super) fn tell(&self, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut rest = self.sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            let value = values.iter().find(|(known, _)| *known == name);
            debug_assert!(value.is_some(), "{}: no value for {name}", self.name);
            text.push_str(before);
            text.push_str(value.map_or("", |(_, value)| value));
            rest = tail;
        }
        text + rest
    }
}

macro_rules! reasons {
    ($($item:ident $name:literal $sentence:literal)*) => {
        $(pub(super) static $item: Reason = Reason { name: $name, sentence: $sentence };)*

        /// All reasons, in the order in which the help lists them.
        pub static REASONS: &[&Reason] = &[$(&$item),*];
    };
}

reasons! {
    DETACHED "detached"
        "no endpoint yet: bind or connect it first"
    NAME_NOT_BOUND "name not bound"
        "connecting to {endpoint} for {age}, but nothing is bound to this name: bind it in the \
         same process"
    INPROC_GONE "peer has closed"
        "the peer at {endpoint} is gone, and inproc does not connect again: disconnect, and connect \
         when the name is bound again"
    NO_FILE "no file"
        "connecting to {endpoint} for {age}, but there is no such file: start the program that \
         binds it, or correct the path"
    REFUSED "refused"
        "connecting to {endpoint} for {age}, but nothing listens there (connection refused): \
         start the program that binds it, or correct the endpoint"
    IPV6_OFF "IPv6 is off"
        "connecting to {endpoint} for {age}, but IPv6 is off on this socket: set the option ipv6 \
         before connecting"
    NAME_UNKNOWN "name not found"
        "connecting to {endpoint} for {age}, but the name {host} cannot be resolved: check its \
         spelling, or use an IP address"
    NO_INTERFACE "no interface"
        "connecting to {endpoint} for {age}, but this computer has no network interface {interface}: \
         correct its name"
    NAME_SLOW "name takes too long"
        "connecting to {endpoint} for {age}, but resolving the name {host} takes too long: check \
         the network, or use an IP address"
    NO_ANSWER "no answer"
        "connecting to {endpoint} for {age}, but the host does not answer: check that it is \
         running and that no firewall blocks the port"
    UNREACHABLE "unreachable"
        "connecting to {endpoint} for {age}, but the system reports: {error}: check the network \
         and the address"
    NOT_ZEROMQ "not ZeroMQ"
        "connecting to {endpoint} for {age}, but what listens there is not a ZeroMQ socket, \
         because it sent {bytes}: correct the port"
    SILENT "silent"
        "connecting to {endpoint} for {age}, but what listens there does not answer as a ZeroMQ \
         socket does: correct the port, or check whether that program hangs"
    OTHER_SECURITY "other security"
        "connecting to {endpoint} for {age}, but the peer uses {theirs} and this socket {ours}: \
         secure both in the same way"
    HANDSHAKING "handshake not done"
        "connecting to {endpoint} for {age}, and a ZeroMQ socket listens there, but the handshake \
         is not done yet: ask again in a moment"
    HANDSHAKING_SECURED "secured handshake not done"
        "connecting to {endpoint} for {age}, and a ZeroMQ socket with {theirs} listens there, but \
         the handshake is not done yet: ask again in a moment, and check that one side is the \
         server and the other a client"
    NEXT_ATTEMPT "next attempt is later"
        "connecting to {endpoint} for {age}, and a ZeroMQ socket listens there, but the next attempt \
         may be {interval} away: wait, or connect with a shorter reconnect_ivl and \
         reconnect_ivl_max"
    GAVE_UP "no further attempt"
        "no further attempt is made to reach {endpoint} because of the options reconnect_ivl and \
         reconnect_stop: disconnect and connect again"
    PENDING "no connection yet"
        "connecting to {endpoint} for {age}, but there is no connection yet: check that the peer \
         is running"
    HANDSHAKE_FAILED "handshake failed"
        "connecting to {endpoint} for {age}, but the last handshake failed {ago} ago and is tried \
         again: {why}"
    PEER_FAILED "handshake of a peer failed"
        "the last handshake of a peer at {endpoint} failed {ago} ago: {why}"
    INCOMPATIBLE "incompatible types"
        "the peer at {endpoint} is a {peer} and this socket a {type}, which do not go together: \
         connect {partners}"
    NO_AUTHENTICATOR "no authenticator"
        "clients at {endpoint} need an authenticator, because the socket has a domain or asks for \
         passwords, but none is running: start one in this process"
    NOBODY_CONNECTED "nobody has connected"
        "bound to {endpoint} for {age}, but no peer has connected: start the peer, and compare \
         its endpoint with this one"
    PEERS_GONE "peers are gone"
        "bound to {endpoint} for {age}, but all peers have gone: start one again"
    TOO_MANY_HANDSHAKES "too many handshakes"
        "a connection at {endpoint} was closed at once {ago} ago, because as many others were in \
         the handshake as max_handshakes allows, which is {limit}: find out who connects without \
         completing it, or raise it"
    TOO_MANY_OF_ADDRESS "too many handshakes of an address"
        "a connection at {endpoint} was closed at once {ago} ago, because as many others from its \
         address were in the handshake as max_handshakes_of_address allows, which is {limit}: find \
         out who connects without completing it, or raise it"
    NOT_ACCEPTED "not accepted"
        "a connection at {endpoint} could not be accepted {ago} ago, because the system reports: \
         {error}: close sockets or files, or raise ulimit -n"
    HEARTBEAT_LOST "heartbeat lost"
        "the last peer at {endpoint} stopped answering heartbeats and was disconnected {ago} ago: \
         check that it is running and that the network works"
    TOO_LARGE "message too large"
        "a peer at {endpoint} was disconnected {ago} ago, because its message exceeds maxmsgsize, \
         which is {limit}: raise it, or send smaller messages"
    TOO_MANY_SUBSCRIPTIONS "too many subscriptions"
        "a peer at {endpoint} was disconnected {ago} ago, because its subscriptions exceed \
         max_subscription_bytes, which is {limit}: raise it, or subscribe to less"
    LOST "connection lost"
        "the last connection at {endpoint} ended {ago} ago: check that the peer is running"
    CLOSED_AGAIN "peer closes the connection"
        "the peer at {endpoint} has closed the connection {count} times, last {ago} ago: check \
         whether it refuses messages because of its maxmsgsize, or ends"
    UNSUBSCRIBED "not subscribed"
        "nothing is subscribed, so no message from {endpoint} is delivered: subscribe to a \
         prefix, or to the empty prefix for all messages"
    NO_MATCH "other topic"
        "no message from {endpoint} has begun with {prefixes} so far: compare the subscription \
         with the first frame of what is published"
    NOTHING_SENT "nothing sent"
        "no message has arrived from {endpoint} since this socket connected: check that the peer \
         sends"
    NOBODY_SUBSCRIBED "nobody has subscribed"
        "no peer at {endpoint} has subscribed, so every message is dropped: subscribe on the \
         other side, and wait for that before sending"
    NOT_YET_SUBSCRIBED "subscriptions not sent"
        "no peer at {endpoint} has subscribed yet, so every message is dropped: subscribe on the \
         other side, and use that socket once it has peers, because a SUB that binds sends its \
         subscriptions with its next call"
    UNWANTED "unwanted topic"
        "the peers at {endpoint} have subscribed to {prefixes}, but no message has begun with \
         that so far, the last one with {topic}: correct the subscription or the topic"
    TOO_EARLY "sent too early"
        "all messages so far were sent before the peers at {endpoint} had subscribed to them, and \
         were dropped: wait for subscribers before sending"
    TURN "one peer at a time"
        "other peers at {endpoint} wait, {count} in number, because a PAIR talks to one peer at a \
         time: close the others, or use DEALER for several peers"
    REPLY_MISSING "reply missing"
        "the reply to the last request has not arrived from {endpoint} yet: receive it before the \
         next request"
    REQUEST_FIRST "request first"
        "no reply is due from {endpoint}, because no request was sent: a REQ sends before it \
         receives"
    REQUEST_MISSING "request missing"
        "no request has arrived from {endpoint} yet: a REP receives before it sends"
    REPLY_FIRST "reply first"
        "the last request from {endpoint} has not been answered: send the reply before receiving \
         the next request"
    UNREAD "unread message"
        "a message from {endpoint} waits to be received: receive it"
    QUEUE_FULL "queue full"
        "the queue for {endpoint} is full with {messages}, and no peer takes them: start \
         the peer, or raise sndhwm"
    SLOW_PEER "slow peer"
        "the peer at {endpoint} receives too slowly, and its queue is full with {messages}: let it receive faster, or raise sndhwm"
    UNROUTABLE "unknown routing id"
        "{count} of its messages had a routing id that no peer at {endpoint} has, or nothing after \
         it: begin a message with the routing id of a connected peer"
    DROPPED_FULL "dropped for a full peer"
        "{count} of its messages were dropped, because the queue of their peer at {endpoint} was \
         full: let the peer receive faster, raise sndhwm, or make the socket mandatory, so that \
         it waits for room"
    MEMORY "memory used up"
        "messages take more than the {limit} that the option memory_limit allows, so nothing \
         more is read from {endpoint} or sent there: receive or drop some, or raise it"
    CONFLATED "conflated"
        "only the last message from {endpoint} is kept, because the option conflate is set: open \
         a socket without it to get all of them"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_replace_their_names() {
        let told = IPV6_OFF.tell(&[("endpoint", "{age}"), ("age", "1.0 s")]);
        assert!(told.starts_with("connecting to {age} for 1.0 s, but IPv6"), "{told}");
    }

    #[test]
    fn every_sentence_names_the_endpoint_and_the_next_step() {
        for reason in REASONS {
            let sentence = reason.sentence;
            assert!(reason.name == "detached" || sentence.contains("{endpoint}"), "{sentence}");
            assert!(sentence.contains(": ") && !sentence.contains(';'), "{sentence}");
            assert!(!sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
    }
}
