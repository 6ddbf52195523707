//! A frame is a number of bytes, which may be text.

pub use crate::libzmq::Frame;

impl Frame {
    /// The frame as text, if it is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// Whether the frame is UTF-8.
    pub fn is_text(&self) -> bool {
        is_text(self)
    }
}

/// Whether bytes are UTF-8.
pub fn is_text(bytes: &[u8]) -> bool {
    // Most is ASCII, which is quicker to tell.
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}
