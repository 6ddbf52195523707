//! Why a connection was refused, as a sentence; libzmq reports only an event with a
//! number (`zmq_socket_monitor(3)`).

/// The ways in which a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HandshakeFailure {
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_AUTH`: the status code of ZAP.
    Auth(u32),
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL`: a `ZMQ_PROTOCOL_ERROR`.
    Protocol(u32),
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL`: an errno.
    Other(u32),
}

/// How a socket is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    None,
    CurveClient,
    CurveServer,
    PlainClient,
    PlainServer,
}

impl Security {
    /// Returns the mechanism, as a greeting names it.
    pub fn mechanism(self) -> &'static str {
        match self {
            Security::None => "NULL",
            Security::CurveClient | Security::CurveServer => "CURVE",
            Security::PlainClient | Security::PlainServer => "PLAIN",
        }
    }
}

impl HandshakeFailure {
    /// Returns true if a look at the peer may tell more.
    pub fn is_vague(self) -> bool {
        matches!(sentence(self), CLOSED | TIMEOUT | LOST | SECURITY | VIOLATED)
    }

    /// Returns true if the peer only closed the connection, which can have many reasons.
    pub fn is_closed(self) -> bool {
        let known = [libc::EPIPE, libc::ECONNRESET].map(i64::from);
        matches!(self, HandshakeFailure::Other(errno) if known.contains(&i64::from(errno)))
    }
}

macro_rules! sentences {
    ($($name:ident $sentence:literal)*) => {
        $(const $name: &str = $sentence;)*

        /// Why handshakes fail, in the order in which the help lists it.
        pub static HANDSHAKE_FAILURES: &[&str] = &[$($name),*];
    };
}

sentences! {
    KEYS
        "the keys do not match: the client needs the public key of exactly this server \
         (curve_serverkey)"
    SECURITY
        "the two sides use different security: both need CURVE, or both passwords, or neither, \
         with one side as the server and the other as a client"
    REFUSED
        "the server's authenticator refused the client: its address, password or key is not \
         allowed"
    TEMPORARY
        "the server's authenticator has a temporary problem: wait, or look into its log"
    INTERNAL
        "the server's authenticator failed: look into its log"
    STATUS
        "the server's authenticator returned an unknown status: correct it"
    NOT_ZAP
        "the server's authenticator sent something else than a reply of ZAP: correct it"
    NO_AUTHENTICATOR
        "the server has no authenticator, which passwords and domains need: start one first"
    TIMEOUT
        "the handshake timed out: the peer may not speak ZeroMQ, or its authenticator does not \
         answer"
    METADATA
        "the types of the two sockets are incompatible, such as REQ and PUB, or the peer sent \
         invalid metadata: compare the types"
    VIOLATED
        "the peer violated the ZeroMQ protocol: check that it is a ZeroMQ socket"
    CLOSED_CURVE_CLIENT
        "the server closed the connection: most often curve_serverkey is not its public key, or \
         the types of the two sockets are incompatible"
    CLOSED_PLAIN_CLIENT
        "the server closed the connection: most often it has no authenticator, or the types of \
         the two sockets are incompatible"
    CLOSED_SERVER
        "the client closed the connection: it may not be secured in the same way, or have ended"
    CLOSED_UNSECURED
        "the peer closed the connection: it may require CURVE or passwords, be no ZeroMQ socket, \
         have an incompatible type, or have ended"
    CLOSED
        "the peer closed the connection during the handshake: most often the client has the key \
         of another server, or only one side is secured"
    LOST
        "the handshake was not completed: the peer may not speak ZeroMQ, its authenticator may not \
         answer, or the network may be broken"
}

/// Returns why it failed on a socket that is secured in this way.
pub(super) fn sentence_for(failed: HandshakeFailure, security: Security) -> &'static str {
    if !failed.is_closed() {
        return sentence(failed);
    }
    match security {
        Security::None => CLOSED_UNSECURED,
        Security::CurveClient => CLOSED_CURVE_CLIENT,
        Security::PlainClient => CLOSED_PLAIN_CLIENT,
        Security::CurveServer | Security::PlainServer => CLOSED_SERVER,
    }
}

/// Returns why it failed and what to do about it. The sentence is true on both sides.
pub(super) fn sentence(failed: HandshakeFailure) -> &'static str {
    match failed {
        HandshakeFailure::Auth(300) => TEMPORARY,
        HandshakeFailure::Auth(400) => REFUSED,
        HandshakeFailure::Auth(500) => INTERNAL,
        HandshakeFailure::Auth(_) => STATUS,
        HandshakeFailure::Protocol(error) => protocol(error),
        HandshakeFailure::Other(errno) => other(errno),
    }
}

fn protocol(error: u32) -> &'static str {
    match error {
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
        | zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE => KEYS,
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH => SECURITY,
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA => METADATA,
        0x2000_0000..0x3000_0000 => NOT_ZAP,
        _ => VIOLATED,
    }
}

fn other(errno: u32) -> &'static str {
    let is = |known: i32| i64::from(errno) == i64::from(known);
    if HandshakeFailure::Other(errno).is_closed() {
        CLOSED
    } else if is(libc::ETIMEDOUT) {
        TIMEOUT
    } else if is(libc::EFAULT) {
        NO_AUTHENTICATOR
    } else {
        LOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_sentence_that_fits_into_a_message() {
        let auth = [300, 400, 500, 7].map(HandshakeFailure::Auth);
        let protocol = [0x1000_0000, 0x1000_0003, 0x1100_0001, 0x1100_0002, 0x1000_0018];
        let protocol = protocol.into_iter().chain([0x2000_0001, 0x3000_0000, 0]);
        let other = [libc::EPIPE, libc::ETIMEDOUT, libc::EFAULT, libc::EINVAL];
        let other = other.map(|errno| HandshakeFailure::Other(errno.try_into().unwrap()));
        for failed in auth.into_iter().chain(protocol.map(HandshakeFailure::Protocol)).chain(other)
        {
            let sentence = sentence(failed);
            assert!(!sentence.is_empty() && sentence.len() < 200, "{sentence}");
            assert!(!sentence.ends_with('.') && sentence.starts_with(char::is_lowercase));
        }
        assert!(sentence(HandshakeFailure::Protocol(0x1100_0001)).contains("serverkey"));
        assert!(sentence(HandshakeFailure::Auth(400)).contains("refused"));
    }
}
