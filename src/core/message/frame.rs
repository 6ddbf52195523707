//! A frame: a sequence of bytes, which may be text.

pub use crate::libzmq::Frame;

impl Frame {
    /// Returns the frame as text if it is valid UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// Returns true if the frame is valid UTF-8.
    pub fn is_text(&self) -> bool {
        is_text(self)
    }
}

/// Returns true if the bytes are valid UTF-8.
pub fn is_text(bytes: &[u8]) -> bool {
    // Most text is ASCII, which is faster to check.
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}
