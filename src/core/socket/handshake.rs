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

/// Returns why it failed and what to do about it. The sentence is true on both sides.
pub(super) fn sentence(failed: HandshakeFailure) -> &'static str {
    match failed {
        HandshakeFailure::Auth(300) => {
            "the server's authenticator has a temporary problem; try again"
        }
        HandshakeFailure::Auth(400) => {
            "the server's authenticator refused the client: its address, password or key is not \
             allowed"
        }
        HandshakeFailure::Auth(500) => "the server's authenticator failed",
        HandshakeFailure::Auth(_) => "the server's authenticator returned an unknown status",
        HandshakeFailure::Protocol(error) => protocol(error),
        HandshakeFailure::Other(errno) => other(errno),
    }
}

fn protocol(error: u32) -> &'static str {
    match error {
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
        | zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE => {
            "the keys do not match: the client needs the public key of exactly this server \
             (curve_serverkey)"
        }
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH => {
            "the two sides use different security: both need CURVE, or both passwords, or \
             neither, with one side as the server and the other as a client"
        }
        zmq_sys::ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA => {
            "the types of the two sockets are incompatible, such as REQ and PUB, or the peer sent \
             invalid metadata"
        }
        0x2000_0000..0x3000_0000 => "the server's authenticator sent a reply that is not ZAP 1.0",
        _ => "the peer violated the ZeroMQ protocol",
    }
}

fn other(errno: u32) -> &'static str {
    let is = |known: i32| i64::from(errno) == i64::from(known);
    if is(libc::EPIPE) || is(libc::ECONNRESET) {
        "the peer closed the connection during the handshake: most often the client has the key \
         of another server, or only one side is secured"
    } else if is(libc::ETIMEDOUT) {
        "the handshake timed out: the peer may not speak ZeroMQ, or its authenticator does not \
         answer"
    } else if is(libc::EFAULT) {
        "the server has no authenticator, which passwords and domains need: start one first"
    } else {
        "the connection was lost during the handshake"
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
