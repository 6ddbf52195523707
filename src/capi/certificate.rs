//! Certificates, which hold CURVE keys, for C.

use std::ffi::{c_char, c_void};
use std::ptr;

use zeroize::Zeroizing;

use super::argument::{Lent, bytes, new, place, some_text, text};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error};
use crate::ffi;

/// A certificate: a CURVE key pair, or only its public key.
pub struct Certificate(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A certificate and the strings that were returned from it.
pub(super) struct Entry {
    pub certificate: core::Certificate,
    lent: Lent,
    /// The secret key as a string; its memory is wiped.
    secret: Zeroizing<Vec<u8>>,
}

impl Kind for Entry {
    const WHAT: &'static str = "certificate";
    const TAG: usize = 4;
}

static CERTIFICATES: Registry<Entry> = Registry::new();

/// Looks up the certificate of a handle, for one call.
pub(super) fn enter(certificate: *const Certificate) -> Result<InUse<'static, Entry>, Box<Error>> {
    CERTIFICATES.enter(certificate)
}

/// Returns the key unless it is empty, which means that none was passed.
fn given(key: &[u8]) -> Option<&[u8]> {
    (!key.is_empty()).then_some(key)
}

fn give(certificate: core::Certificate) -> Result<*mut Certificate, Error> {
    CERTIFICATES.give(Entry { certificate, lent: Lent::default(), secret: Zeroizing::default() })
}

/// Makes a certificate with a new key pair. The caller frees it with
/// `zeromq_certificate_free`.
///
/// Returns NULL if libzmq cannot make keys; `zeromq_last_error` returns the reason.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_certificate_new() -> *mut Certificate {
    new("zeromq_certificate_new", || Ok(give(core::Certificate::new()?)?))
}

/// Makes a certificate from a public key, a secret key, or both. Pass NULL and size 0
/// for a key that is missing; the public key is then computed from the secret one. A
/// key is 32 bytes, or 40 characters of Z85 (RFC 32). The caller frees the certificate
/// with `zeromq_certificate_free`.
///
/// Returns NULL if a key is invalid, if both are missing, or if they do not belong
/// together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_of_keys(
    public_key: *const c_void,
    public_size: usize,
    secret_key: *const c_void,
    secret_size: usize,
) -> *mut Certificate {
    new("zeromq_certificate_of_keys", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let public = unsafe { bytes(public_key, public_size) }?;
        // SAFETY: the caller guarantees `size` readable bytes.
        let secret = unsafe { bytes(secret_key, secret_size) }?;
        Ok(give(core::Certificate::from_keys(given(public), given(secret))?)?)
    })
}

/// Loads a certificate from the file `name_secret`, which has both keys, or from `name`
/// if there is no such file. The caller frees it with `zeromq_certificate_free`.
///
/// Returns NULL if the file cannot be read or is not a certificate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_load(name: *const c_char) -> *mut Certificate {
    new("zeromq_certificate_load", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        Ok(give(core::Certificate::load(name)?)?)
    })
}

/// Frees a certificate. Sockets that were given its keys keep them. NULL and handles
/// that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_certificate_free(certificate: *mut Certificate) {
    ffi::guard_or((), || CERTIFICATES.free(certificate));
}

/// Saves the two files of a certificate, in the format of czmq: `name` with the public
/// key, and `name_secret` with both keys, which only its owner may read. Existing files
/// are replaced.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if there is no secret key or a file
/// cannot be written; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_save(
    certificate: *mut Certificate,
    name: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_save", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        Ok(enter(certificate)?.certificate.save(name)?)
    })
}

/// Saves the public key and the metadata in one file, which can be given to others.
///
/// Returns the codes of `zeromq_certificate_save`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_save_public(
    certificate: *mut Certificate,
    file: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_save_public", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let file = unsafe { text("the file", file) }?;
        Ok(enter(certificate)?.certificate.save_public(file)?)
    })
}

/// Stores the public key, 40 characters of Z85, in `*key`. The string is valid until
/// the next call with the certificate, other than `zeromq_certificate_secret_key`.
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
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Stores the secret key, 40 characters of Z85, in `*key`. The string is valid until
/// the certificate is freed, which wipes its memory.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the certificate has no secret
/// key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
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
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Sets a metadata entry, such as "name" or "email", which is saved with the
/// certificate. A `value` of NULL removes the entry.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if a certificate file cannot hold
/// the name or the value; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_certificate_set_meta(
    certificate: *mut Certificate,
    name: *const c_char,
    value: *const c_char,
) -> Code {
    ffi::guard("zeromq_certificate_set_meta", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let value = unsafe { some_text("the value", value) }?;
        Ok(enter(certificate)?.certificate.set_meta(name, value)?)
    })
}

/// Stores the value of a metadata entry in `*value`, or NULL if there is none. The
/// string is valid until the next call with the certificate.
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
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(certificate)?;
        let Entry { certificate, lent, .. } = &mut *entry;
        let value = certificate.meta(name).map(|value| lent.lend(value.as_bytes()));
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(value.unwrap_or(ptr::null())) };
        Ok(())
    })
}
