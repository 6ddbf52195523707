//! Z85 (RFC 32): bytes as text, five characters for four bytes.

use crate::libzmq;

/// Encodes bytes. Returns `None` if their number is not a multiple of four.
pub fn encode(bytes: &[u8]) -> Option<String> {
    zmq::z85_encode(bytes).ok()
}

/// Decodes text. Returns `None` if it is not valid Z85: its length is not a multiple of
/// five, or a character or a group of five is out of range.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() { Some(Vec::new()) } else { libzmq::z85_decode(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let bytes = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        assert_eq!(encode(&bytes).as_deref(), Some("HelloWorld"));
        assert_eq!(decode(b"HelloWorld").as_deref(), Some(&bytes[..]));
        assert_eq!(encode(b"").as_deref(), Some(""));
        assert_eq!(decode(b"%nSc0").as_deref(), Some(&[0xFF; 4][..]));
    }

    #[test]
    fn what_is_not_z85_is_refused() {
        assert_eq!(encode(b"abc"), None);
        for text in ["Hell", "Hello World", "Hell\"", "Hell\0", "Hell\u{e9}", "%nSc1", "#####"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn libzmq_agrees() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode(&bytes).unwrap();
        assert_eq!(zmq::z85_encode(&bytes).unwrap(), text);
        assert_eq!(decode(text.as_bytes()).unwrap(), bytes);
    }
}
