//! `receivejson`: JSON that peers send.

use zeromq::untrusted;

/// The input is the frame.
pub fn run(input: &[u8]) {
    untrusted::json(input);
}
