//! Certificates of C programs: the keys of CURVE.

use std::ffi::{c_char, c_void};
use std::ptr;

use zeroize::Zeroizing;

use super::argument::{Lent, bytes, new, place, some_text, text};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error};
use crate::ffi;

/// A certificate: a key pair, or its public half.
pub struct Certificate(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A certificate, and the texts that were lent.
pub(super) struct Entry {
    pub certificate: core::Certificate,
    lent: Lent,
    /// The secret key, which is wiped.
    secret: Zeroizing<Vec<u8>>,
}

impl Kind for Entry {
    const WHAT: &'static str = "certificate";
    const TAG: usize = 4;
}

static CERTIFICATES: Registry<Entry> = Registry::new();

/// The certificate of a handle, for one call.
pub(super) fn enter(certificate: *const Certificate) -> Result<InUse<'static, Entry>, Box<Error>> {
    CERTIFICATES.enter(certificate)
}

/// A key, if it is one at all.
fn given(key: &[u8]) -> Option<&[u8]> {
    (!key.is_empty()).then_some(key)
}

fn give(certificate: core::Certificate) -> Result<*mut Certificate, Error> {
    CERTIFICATES.give(Entry { certificate, lent: Lent::default(), secret: Zeroizing::default() })
}

/// Makes a certificate with a new key pair. The caller frees it with
/// `zeromq_certificate_free`.
///
/// Returns NULL when libzmq makes no keys; `zeromq_last_error` tells why.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_certificate_new() -> *mut Certificate {
    new("zeromq_certificate_new", || Ok(give(core::Certificate::new()?)?))
}

/// Makes a certificate of a secret key, of a public one, or of both that belong
/// together; the other one is NULL, with size 0. A key is 32 bytes, or 40 characters
/// of Z85. The caller frees it with `zeromq_certificate_free`.
///
/// Returns NULL for what is no key, and when the two do not belong together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_of_keys(
    public_key: *const c_void,
    public_size: usize,
    secret_key: *const c_void,
    secret_size: usize,
) -> *mut Certificate {
    new("zeromq_certificate_of_keys", || {
        // SAFETY: the caller passes as many bytes.
        let public = unsafe { bytes(public_key, public_size) }?;
        // SAFETY: the caller passes as many bytes.
        let secret = unsafe { bytes(secret_key, secret_size) }?;
        Ok(give(core::Certificate::from_keys(given(public), given(secret))?)?)
    })
}

/// Loads a certificate: from the file `name_secret` if there is one, which has both
/// keys, and else from `name`. The caller frees it with `zeromq_certificate_free`.
///
/// Returns NULL when a file cannot be read or is no certificate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_load(name: *const c_char) -> *mut Certificate {
    new("zeromq_certificate_load", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        Ok(give(core::Certificate::load(name)?)?)
    })
}

/// Frees a certificate. NULL, and one that was freed, are left alone. The sockets that
/// were given its keys keep them.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_certificate_free(certificate: *mut Certificate) {
    ffi::guard_or((), || CERTIFICATES.free(certificate));
}

/// Saves both files of a certificate, as czmq does: `name` with the public key, and
/// `name_secret` with both, which only the owner may read.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` without a secret key, and when a
/// file cannot be written; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_save(
    certificate: *mut Certificate,
    name: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_save", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        Ok(enter(certificate)?.certificate.save(name)?)
    })
}

/// Saves the public key alone, to be given to others.
///
/// Returns as `zeromq_certificate_save`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_save_public(
    certificate: *mut Certificate,
    file: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_save_public", || {
        // SAFETY: the caller passes NULL or a text.
        let file = unsafe { text("the file", file) }?;
        Ok(enter(certificate)?.certificate.save_public(file)?)
    })
}

/// The public key in 40 characters. `*key` is lent until the next call with the
/// certificate, other than `zeromq_certificate_secret_key`.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_public_key(
    certificate: *mut Certificate,
    key: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_public_key", || {
        let place = place(key)?;
        let mut entry = enter(certificate)?;
        let key = entry.certificate.public().to_string();
        let lent = entry.lent.lend(key.as_bytes());
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// The secret key in 40 characters. `*key` is lent until the certificate is freed,
/// and its memory is wiped then.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` when it has none;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_secret_key(
    certificate: *mut Certificate,
    key: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_secret_key", || {
        let place = place(key)?;
        let mut entry = enter(certificate)?;
        if entry.secret.is_empty() {
            let text = entry.certificate.secret()?.to_text();
            let mut secret = Vec::with_capacity(text.len() + 1);
            secret.extend_from_slice(text.as_bytes());
            secret.push(0);
            entry.secret = Zeroizing::new(secret);
        }
        let lent = entry.secret.as_ptr().cast();
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Says something about the owner, such as "name" or "email", which is saved with
/// the certificate; NULL as `value` takes it back.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` for what a file cannot hold;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_set_meta(
    certificate: *mut Certificate,
    name: *const c_char,
    value: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_set_meta", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller passes NULL or a text.
        let value = unsafe { some_text("the value", value) }?;
        Ok(enter(certificate)?.certificate.set_meta(name, value)?)
    })
}

/// What is said about the owner under a name. `*value` is lent until the next call
/// with the certificate; it is NULL if nothing is.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_meta(
    certificate: *mut Certificate,
    name: *const c_char,
    value: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_meta", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(certificate)?;
        let Entry { certificate, lent, .. } = &mut *entry;
        let value = certificate.meta(name).map(|value| lent.lend(value.as_bytes()));
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(value.unwrap_or(ptr::null())) };
        Ok(())
    })
}
