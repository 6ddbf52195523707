//! The crate in `src/zmq` has the sources of the published crate zmq 0.10.0.

use std::fs;

/// The CRC-32 of the files below, one after the other.
const CHECKSUM: u32 = 0x56fd_f100;

#[test]
fn zmq_is_the_published_one() {
    let mut hash = crc32fast::Hasher::new();
    for name in ["lib.rs", "message.rs", "sockopt.rs"] {
        hash.update(&fs::read(format!("../zmq/src/{name}")).unwrap());
    }
    let checksum = hash.finalize();
    assert!(checksum == CHECKSUM, "the sources were changed: their checksum is {checksum:#010x}");
}
