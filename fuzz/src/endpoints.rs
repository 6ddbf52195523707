//! Lists of endpoints, which scripts build from what users type.

use zeromq::untrusted;

/// The input is the list; what is not UTF-8 is replaced.
pub fn run(input: &[u8]) {
    untrusted::endpoints(&String::from_utf8_lossy(input));
}
