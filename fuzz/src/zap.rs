//! ZAP requests (RFC 27): any socket of the process can send them to the authenticator.

use zeromq::untrusted::Authenticator;

use crate::input::Input;

/// The input is the list of addresses that are accepted, then the frames of requests.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let addresses = String::from_utf8_lossy(input.short()).into_owned();
    let mut authenticator = Authenticator::new(&addresses);
    while !input.is_empty() {
        let count = input.below(10);
        let frames: Vec<&[u8]> = (0..count).map(|_| input.short()).collect();
        authenticator.answer(&frames);
    }
}
