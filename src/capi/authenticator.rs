//! The authenticator of the process, for C.

use std::ffi::c_char;

use super::argument::{items, new, some_text, text, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error};
use crate::ffi;

/// An authenticator.
pub struct Authenticator(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// An authenticator that ends when its handle is freed.
struct Entry(core::Authenticator);

impl Drop for Entry {
    fn drop(&mut self) {
        // In a forked process there is nothing to stop.
        let _ = self.0.stop();
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "authenticator";
    const TAG: usize = 5;
}

static AUTHENTICATORS: Registry<Entry> = Registry::new();

fn enter(authenticator: *const Authenticator) -> Result<InUse<'static, Entry>, Box<Error>> {
    AUTHENTICATORS.enter(authenticator)
}

/// Starts the authenticator of the process, with a thread of its own. It lets every
/// address in, no password and no key. The caller frees it with
/// `zeromq_authenticator_free`.
///
/// Returns NULL when there is one already (`ZEROMQ_CODE_SECURITY`), and when there are
/// too many sockets or threads.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_new() -> *mut Authenticator {
    new("zeromq_authenticator_new", || {
        ffi::watch_forks();
        Ok(AUTHENTICATORS.give(Entry(core::Authenticator::start()?))?)
    })
}

/// Stops the authenticator and frees its handle: from then on nobody is asked. CURVE
/// servers without a domain let every client in then. NULL, and one that was freed,
/// are left alone.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_free(authenticator: *mut Authenticator) {
    ffi::guard_or((), || AUTHENTICATORS.free(authenticator));
}

/// Lets an address in, and from now on no other that is not allowed in the same way:
/// an IP address, a network such as "10.0.0.0/8", or "ipc" for other processes of
/// this machine. Several are separated by commas; they replace those before.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` for anything else, and when it is
/// stopped; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_allow(
    authenticator: *mut Authenticator,
    addresses: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_allow", || {
        // SAFETY: the caller passes NULL or a text.
        let addresses = unsafe { text("the addresses", addresses) }?;
        let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
        Ok(enter(authenticator)?.0.allow(&addresses)?)
    })
}

/// Refuses addresses, separated by commas, also if they are allowed.
///
/// Returns as `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_deny(
    authenticator: *mut Authenticator,
    addresses: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_deny", || {
        // SAFETY: the caller passes NULL or a text.
        let addresses = unsafe { text("the addresses", addresses) }?;
        let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
        Ok(enter(authenticator)?.0.deny(&addresses)?)
    })
}

/// Lets users with these passwords in: `names` and `passwords` have `count` texts
/// each. They hold for one domain, or, if `domain` is NULL, for all that have none of
/// their own, and replace what was said for it before.
///
/// Returns as `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_plain(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    names: *const *const c_char,
    passwords: *const *const c_char,
    count: usize,
) -> Code {
    ffi::guard("zeromq_authenticator_plain", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes as many texts.
        let names = unsafe { items(names, count) }?;
        // SAFETY: the caller passes as many texts.
        let passwords = unsafe { items(passwords, count) }?;
        let mut users = Vec::with_capacity(count);
        for (name, password) in names.iter().zip(passwords) {
            // SAFETY: the caller passes NULL or a text.
            let name = unsafe { text("a name", *name) }?;
            // SAFETY: the caller passes NULL or a text.
            let password = unsafe { text("a password", *password) }?;
            users.push((name.to_owned(), password.to_owned()));
        }
        Ok(enter(authenticator)?.0.plain(domain, users)?)
    })
}

/// As `zeromq_authenticator_plain`, with lines `name=value` of a file, which is read
/// again when it has changed.
///
/// Returns as `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also when the file
/// cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_plain_file(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    file: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_plain_file", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes NULL or a text.
        let file = unsafe { text("the file", file) }?;
        Ok(enter(authenticator)?.0.plain_file(domain, file)?)
    })
}

/// Lets clients with the keys of these certificates in, or every client with a key if
/// `certificates` is NULL and `count` 0. They hold for one domain, or, if `domain` is
/// NULL, for all that have none of their own, and replace what was said for it before.
///
/// Returns as `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_curve(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    certificates: *const *mut Certificate,
    count: usize,
) -> Code {
    ffi::guard("zeromq_authenticator_curve", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        if certificates.is_null() && count == 0 {
            return Ok(enter(authenticator)?.0.curve_any(domain)?);
        }
        // SAFETY: the caller passes as many handles.
        let handles = unsafe { items(certificates, count) }?;
        let mut known = Vec::with_capacity(count);
        for handle in handles {
            known.push(certificate::enter(*handle)?.certificate.clone());
        }
        if known.is_empty() {
            return Err(wrong("the certificates", "at least one, or NULL for any", "none").into());
        }
        Ok(enter(authenticator)?.0.curve(domain, &known)?)
    })
}

/// As `zeromq_authenticator_curve`, with the keys of all files below a directory,
/// which is read again when something in it has changed. Files that end in `_secret`
/// are left alone.
///
/// Returns as `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also when the
/// directory cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_curve_directory(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    directory: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_curve_directory", || {
        // SAFETY: the caller passes NULL or a text.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes NULL or a text.
        let directory = unsafe { text("the directory", directory) }?;
        Ok(enter(authenticator)?.0.curve_directory(domain, directory)?)
    })
}

/// Ends the authenticator, as `zeromq_authenticator_free`; the handle stays valid.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_SECURITY` in a forked process,
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_stop(authenticator: *mut Authenticator) -> Code {
    ffi::guard("zeromq_authenticator_stop", || Ok(enter(authenticator)?.0.stop()?))
}
