//! `receivearray`, and arrays in MessagePack: what peers send.

use zeromq::untrusted;

use crate::input::Input;

/// The input is the first frame, and then the second one.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let described = input.short();
    untrusted::array(described, input.rest());
}
