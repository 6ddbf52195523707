//! `receivearray`, and arrays and sparse matrices in MessagePack: what peers send.

use zeromq::untrusted;

use crate::input::Input;

/// The input is the first frame and then the second one of an array, and also all four of a
/// sparse matrix.
pub fn run(input: &[u8]) {
    let mut array = Input::new(input);
    untrusted::array(array.short(), array.rest());
    let mut matrix = Input::new(input);
    untrusted::sparse(matrix.short(), [matrix.short(), matrix.short(), matrix.rest()]);
}
