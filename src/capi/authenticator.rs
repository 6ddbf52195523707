//! The authenticator of the process, for C.

use std::ffi::c_char;

use super::argument::{items, new, some_text, text, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error};
use crate::ffi;

/// The authenticator of the process, which decides which clients may connect to its
/// servers.
pub struct Authenticator(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// An authenticator that stops when its handle is freed.
struct Entry(core::Authenticator);

impl Drop for Entry {
    fn drop(&mut self) {
        // In a forked process there is nothing to stop.
        self.0.stop();
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

/// Starts the authenticator of the process, in a thread of its own. At first it accepts
/// clients from every address, but no password and no CURVE key. It does not check
/// clients that are already connected, so start it before servers are bound. The caller
/// frees it with `zeromq_authenticator_free`.
///
/// Returns NULL if an authenticator is already running (`ZEROMQ_CODE_SECURITY`) or
/// there are too many sockets or threads.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_new() -> *mut Authenticator {
    new("zeromq_authenticator_new", || {
        ffi::watch_forks();
        Ok(AUTHENTICATORS.give(Entry(core::Authenticator::start()?))?)
    })
}

/// Stops the authenticator and frees its handle. From then on no server asks it: CURVE
/// servers without a domain accept every client, servers with a domain and PLAIN
/// servers accept none. NULL and handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_free(authenticator: *mut Authenticator) {
    ffi::guard_or((), || AUTHENTICATORS.free(authenticator));
}

/// Adds addresses to the list of allowed ones: IP addresses, networks such as
/// "10.0.0.0/8", or "ipc" for other processes on this machine, separated by commas.
/// "0.0.0.0/0" is all of IPv4, and "::/0" all of IPv6 and IPv4. As
/// long as the list is empty, every address is allowed; once it is not, clients from
/// other addresses are refused. A second call adds to the list. Nothing removes an
/// address from it; `zeromq_authenticator_deny` overrides it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if an item is invalid, in which
/// case none is added, or if the authenticator is stopped; `ZEROMQ_CODE_ARGUMENT`,
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_allow(
    authenticator: *mut Authenticator,
    addresses: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_allow", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let addresses = unsafe { text("the addresses", addresses) }?;
        let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
        Ok(enter(authenticator)?.0.allow(&addresses)?)
    })
}

/// Adds addresses, separated by commas, to the list of denied ones. Clients from these
/// addresses are refused even if they are allowed as well. A second call adds to the
/// list.
///
/// Returns the codes of `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_deny(
    authenticator: *mut Authenticator,
    addresses: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_deny", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let addresses = unsafe { text("the addresses", addresses) }?;
        let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
        Ok(enter(authenticator)?.0.deny(&addresses)?)
    })
}

/// Accepts PLAIN clients with these user names and passwords: `names` and `passwords`
/// are arrays of `count` strings each. They apply to one domain or, if `domain` is
/// NULL, to every domain that has no passwords of its own. They replace the passwords
/// set earlier for the same domain.
///
/// Returns the codes of `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_plain(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    names: *const *const c_char,
    passwords: *const *const c_char,
    count: usize,
) -> Code {
    ffi::guard("zeromq_authenticator_plain", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes an array of `count` items.
        let names = unsafe { items(names, count) }?;
        // SAFETY: the caller passes an array of `count` items.
        let passwords = unsafe { items(passwords, count) }?;
        let mut users = Vec::with_capacity(count);
        for (name, password) in names.iter().zip(passwords) {
            // SAFETY: the caller passes NULL or a NUL-terminated string.
            let name = unsafe { text("a name", *name) }?;
            // SAFETY: the caller passes NULL or a NUL-terminated string.
            let password = unsafe { text("a password", *password) }?;
            users.push((name.to_owned(), password.to_owned()));
        }
        Ok(enter(authenticator)?.0.plain(domain, users)?)
    })
}

/// Does the same as `zeromq_authenticator_plain`, with the passwords of a file of
/// `name=value` lines. The file is read again whenever it changes.
///
/// Returns the codes of `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also if
/// the file cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_plain_file(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    file: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_plain_file", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let file = unsafe { text("the file", file) }?;
        Ok(enter(authenticator)?.0.plain_file(domain, file)?)
    })
}

/// Accepts CURVE clients with the public keys of these certificates, or with any key if
/// `certificates` is NULL and `count` is 0. The keys apply to one domain or, if
/// `domain` is NULL, to every domain that has no keys of its own. They replace the keys
/// set earlier for the same domain.
///
/// Returns the codes of `zeromq_authenticator_allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_curve(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    certificates: *const *mut Certificate,
    count: usize,
) -> Code {
    ffi::guard("zeromq_authenticator_curve", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        if certificates.is_null() && count == 0 {
            return Ok(enter(authenticator)?.0.curve_any(domain)?);
        }
        // SAFETY: the caller passes an array of `count` items.
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

/// Does the same as `zeromq_authenticator_curve`, with the certificates in a directory
/// and its subdirectories. They are read again whenever a file changes. Files whose
/// names end in `_secret` are ignored.
///
/// Returns the codes of `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also if
/// the directory cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_curve_directory(
    authenticator: *mut Authenticator,
    domain: *const c_char,
    directory: *const c_char,
) -> Code {
    ffi::guard("zeromq_authenticator_curve_directory", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let directory = unsafe { text("the directory", directory) }?;
        Ok(enter(authenticator)?.0.curve_directory(domain, directory)?)
    })
}

/// Stops the authenticator, as `zeromq_authenticator_free` does, but keeps the handle
/// valid. Stopping a stopped authenticator does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_stop(authenticator: *mut Authenticator) -> Code {
    ffi::guard("zeromq_authenticator_stop", || {
        if let Some(entry) = AUTHENTICATORS.enter_to_end(authenticator)? {
            entry.0.stop();
        }
        Ok(())
    })
}
