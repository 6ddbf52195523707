//! CURVE keys as libzmq makes them: 40 characters of Z85 and a NUL.

use libc::{c_char, c_int};

use crate::ffi;

/// A key as text, including its NUL.
pub type Text = [u8; 41];

/// Makes a key pair and returns the public and the secret key, or `None` if libzmq was
/// built without CURVE.
pub fn keypair() -> Option<(Text, Text)> {
    let (mut public, mut secret) = ([0; 41], [0; 41]);
    // SAFETY: both have room for the 41 bytes that zmq_curve_keypair(3) writes.
    let result: c_int = unsafe {
        ffi::zmq_curve_keypair(
            public.as_mut_ptr().cast::<c_char>(),
            secret.as_mut_ptr().cast::<c_char>(),
        )
    };
    (result == 0).then_some((public, secret))
}

/// Computes the public key that belongs to a secret one. Returns `None` if the secret
/// key is invalid.
pub fn public(secret: &Text) -> Option<Text> {
    if secret[40] != 0 {
        return None;
    }
    let mut public = [0; 41];
    // SAFETY: `public` has room for the 41 bytes that zmq_curve_public(3) writes, and
    // `secret` ends with a NUL.
    let result: c_int = unsafe {
        ffi::zmq_curve_public(
            public.as_mut_ptr().cast::<c_char>(),
            secret.as_ptr().cast::<c_char>(),
        )
    };
    (result == 0).then_some(public)
}
