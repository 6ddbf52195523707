//! Helpers of the unit tests.

use std::sync::Arc;

use super::Socket;
use crate::core::message::Frame;
use crate::core::socket_type::SocketType;

/// Opens two sockets that are connected over inproc; the first one is bound.
pub fn pair(name: &str, one: SocketType, other: SocketType) -> (Arc<Socket>, Arc<Socket>) {
    let endpoint = format!("inproc://socket-{name}");
    (
        Socket::attached(one, &format!("@{endpoint}")).unwrap(),
        Socket::attached(other, &format!(">{endpoint}")).unwrap(),
    )
}

/// Returns the frames as texts.
pub fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.as_text().unwrap()).collect()
}
