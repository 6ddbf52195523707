//! Certificate files, which are exchanged with others.

use zeromq::untrusted;

/// The input is the file.
pub fn run(input: &[u8]) {
    untrusted::certificate(input);
}
