//! Password files.

use zeromq::untrusted;

use crate::input::Input;

/// The input begins with a user name and a password of a client; the rest is the file.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let username = String::from_utf8_lossy(input.short()).into_owned();
    let password = String::from_utf8_lossy(input.short()).into_owned();
    untrusted::passwords(input.rest(), &username, &password);
}
