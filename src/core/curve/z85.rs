//! Z85 (RFC 32): bytes as text, five characters for four bytes.

const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Encodes bytes. Returns `None` if their number is not a multiple of four.
pub fn encode(bytes: &[u8]) -> Option<String> {
    let (chunks, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(chunks.len() * 5);
    for chunk in chunks {
        let value = u32::from_be_bytes(*chunk);
        for power in [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1] {
            text.push(char::from(ALPHABET[(value / power % 85) as usize]));
        }
    }
    Some(text)
}

/// Decodes text. Returns `None` if it is not valid Z85: its length is not a multiple of
/// five, or a character or a group of five is out of range.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (chunks, rest) = text.as_chunks::<5>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(chunks.len() * 4);
    for chunk in chunks {
        let digit = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
        let mut value: u32 = 0;
        for byte in chunk {
            value = value.checked_mul(85)?.checked_add(u32::try_from(digit(byte)?).ok()?)?;
        }
        bytes.extend_from_slice(&value.to_be_bytes());
    }
    Some(bytes)
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
