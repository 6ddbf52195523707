//! CURVE keys. Secret keys never appear in errors or debug output, and their memory is
//! wiped.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

use super::z85;
use crate::core::error::Error;

/// The length of a key as text.
pub(super) const TEXT: usize = 40;

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// A secret key.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

impl PublicKey {
    /// Parses a key: 40 characters of Z85, or 32 bytes.
    ///
    /// # Errors
    /// [`Error::Security`] for anything else.
    pub fn new(key: &[u8]) -> Result<PublicKey, Error> {
        match bytes(key).and_then(|bytes| bytes.as_slice().try_into().ok()) {
            Some(key) => Ok(PublicKey(key)),
            None => Err(wrong_key("public", key)),
        }
    }

    /// Returns its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    /// Returns 40 characters of Z85.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&z85::encode(&self.0).unwrap_or_default())
    }
}

impl SecretKey {
    /// Parses a key: 40 characters of Z85, or 32 bytes.
    ///
    /// # Errors
    /// [`Error::Security`] for anything else.
    pub fn new(key: &[u8]) -> Result<SecretKey, Error> {
        bytes(key).map(SecretKey).ok_or_else(|| wrong_key("secret", key))
    }

    /// Returns its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns 40 characters of Z85.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(z85::encode(&self.0).unwrap_or_default())
    }

    /// Computes the public key that belongs to it.
    ///
    /// # Errors
    /// [`Error::Security`] if libzmq was built without CURVE.
    pub fn public(&self) -> Result<PublicKey, Error> {
        let mut secret = Zeroizing::new([0; TEXT + 1]);
        secret[..TEXT].copy_from_slice(self.to_text().as_bytes());
        let public = zmq_sys::curve::public(&secret).ok_or_else(no_curve)?;
        PublicKey::new(&public[..TEXT])
    }

    /// Returns true if it consists of zeros, which czmq writes if there is no secret key.
    pub(super) fn is_missing(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

/// Returns the bytes of a key in either form.
fn bytes(key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match key.len() {
        32 => Some(Zeroizing::new(key.to_vec())),
        TEXT => z85::decode(key).map(Zeroizing::new),
        _ => None,
    }
}

pub(super) fn no_curve() -> Error {
    security("libzmq was built without CURVE")
}

pub(in crate::core) fn security(what: impl Into<Cow<'static, str>>) -> Error {
    Error::Security { what: what.into() }
}

fn wrong_key(which: &'static str, key: &[u8]) -> Error {
    let got = match key.len() {
        TEXT => "40 other characters".to_owned(),
        count => count.to_string(),
    };
    Error::Key { which, got }
}
