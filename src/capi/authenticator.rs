//! The authenticator of the process, for C.

use std::ffi::c_char;
use std::ptr;

use super::argument::{Lent, check_size, items, new, place, some_text, text, wait, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Credentials, Error, Question};
use crate::ffi;

/// The authenticator of the process, which decides which clients may connect to its
/// servers.
pub struct Authenticator(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A decision of the authenticator on a client.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Decision {
    /// `sizeof(zeromq_decision)`, filled in by the caller.
    pub size: u32,
    /// 1 if the client was accepted, otherwise 0.
    pub accepted: i32,
    /// The IP address of the client, or what identifies a client over ipc.
    pub address: *const c_char,
    /// "NULL", "PLAIN" or "CURVE".
    pub mechanism: *const c_char,
    /// The domain of the server.
    pub domain: *const c_char,
    /// The user name, or the public key as 40 characters.
    pub user: *const c_char,
    /// The reason.
    pub reason: *const c_char,
}

/// A client that the program decides on.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Client {
    /// `sizeof(zeromq_client)`, filled in by the caller.
    pub size: u32,
    /// 1 if the rules of the authenticator would accept it, otherwise 0.
    pub known: i32,
    /// The IP address of the client, or what identifies a client over ipc.
    pub address: *const c_char,
    /// "NULL", "PLAIN" or "CURVE".
    pub mechanism: *const c_char,
    /// The domain of the server.
    pub domain: *const c_char,
    /// The user name, or the public key as 40 characters.
    pub user: *const c_char,
    /// The password, or NULL if there is none.
    pub password: *const c_char,
    /// Why the rules would not accept it, or NULL.
    pub reason: *const c_char,
}

/// An authenticator that stops when its handle is freed, the question that was asked last, and
/// the strings that were returned last.
struct Entry {
    authenticator: core::Authenticator,
    asked: Option<Question>,
    lent: [Lent; 6],
}

impl Drop for Entry {
    fn drop(&mut self) {
        // In a forked process there is nothing to stop.
        self.authenticator.stop();
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

/// Returns a text without NUL. In C it would end there, and be mistaken for another one.
fn whole(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
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
        let authenticator = core::Authenticator::start()?;
        let entry = Entry { authenticator, asked: None, lent: Default::default() };
        Ok(AUTHENTICATORS.give(entry)?)
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
        Ok(enter(authenticator)?.authenticator.allow(&addresses)?)
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
        Ok(enter(authenticator)?.authenticator.deny(&addresses)?)
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
        Ok(enter(authenticator)?.authenticator.plain(domain, users)?)
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
        Ok(enter(authenticator)?.authenticator.plain_file(domain, file)?)
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
            return Ok(enter(authenticator)?.authenticator.curve_any(domain)?);
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
        Ok(enter(authenticator)?.authenticator.curve(domain, &known)?)
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
        Ok(enter(authenticator)?.authenticator.curve_directory(domain, directory)?)
    })
}

/// Stores one of the last 256 decisions in `*decision`. The caller sets `decision->size` first.
/// `back` is 0 for the last decision, 1 for the one before, and so on. The strings are valid
/// until the next call with the authenticator.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` if there are not so many decisions yet;
/// `ZEROMQ_CODE_ARGUMENT`, also if `decision->size` is too small; `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_decision(
    authenticator: *mut Authenticator,
    back: usize,
    decision: *mut Decision,
) -> Code {
    ffi::guard("zeromq_authenticator_decision", || {
        let place = place(decision)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(decision, "sizeof(zeromq_decision)") }?;
        let mut entry = enter(authenticator)?;
        let log = entry.authenticator.log()?;
        let found = log.iter().rev().nth(back).ok_or(Error::Again)?;
        let texts = [&found.address, &found.mechanism, &found.domain, &found.user, &found.reason];
        let mut lent = [ptr::null(); 5];
        for ((lent, place), text) in lent.iter_mut().zip(&mut entry.lent).zip(texts) {
            *lent = place.lend(whole(text).as_bytes());
        }
        let [address, mechanism, domain, user, reason] = lent;
        let accepted = found.accepted.into();
        // SAFETY: the size that the caller set guarantees the room.
        unsafe {
            place.put(Decision { size, accepted, address, mechanism, domain, user, reason });
        }
        Ok(())
    })
}

/// Sets whether the program decides on clients (`ask` is not 0) or the rules do. If the program
/// decides, it takes each client whose address is not refused from
/// `zeromq_authenticator_question` and answers; the client waits meanwhile, as long as the
/// handshake may take (the option "handshake_ivl").
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the authenticator is stopped;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_ask(authenticator: *mut Authenticator, ask: i32) -> Code {
    ffi::guard("zeromq_authenticator_ask", || {
        let who = (ask != 0).then_some("the program");
        Ok(enter(authenticator)?.authenticator.ask(who)?)
    })
}

/// Waits up to `timeout` milliseconds for the next client to decide on and stores it in
/// `*client`. The caller sets `client->size` first. The strings are valid until the next call
/// with the authenticator. A client that was returned before and not answered is refused. If
/// another thread frees the authenticator, the call ends within 100 milliseconds.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_SECURITY` if the
/// authenticator is stopped; `ZEROMQ_CODE_ARGUMENT`, also if `client->size` is too small;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_authenticator_question(
    authenticator: *mut Authenticator,
    client: *mut Client,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_authenticator_question", || {
        let place = place(client)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(client, "sizeof(zeromq_client)") }?;
        let mut entry = enter(authenticator)?;
        let Entry { authenticator: asking, asked, lent } = &mut *entry;
        if let Some(before) = asked.take() {
            asking.answer(&before, false);
        }
        let freed = || !AUTHENTICATORS.knows(authenticator);
        let question = asking.next_question(&wait(timeout)?.until(Some(&freed)));
        let question = question.map_err(|error| match error {
            Error::Interrupted => Error::Freed { what: Entry::WHAT },
            error => error,
        })?;
        let request = &question.request;
        let mut lend = {
            let mut places = lent.iter_mut();
            move |text: &str| {
                places.next().map_or(ptr::null(), |place| place.lend(whole(text).as_bytes()))
            }
        };
        let mut told = Client {
            size,
            known: question.known.is_ok().into(),
            address: lend(&request.address),
            mechanism: lend(request.credentials.mechanism()),
            domain: lend(&request.domain),
            user: lend(&request.credentials.user()),
            password: ptr::null(),
            reason: ptr::null(),
        };
        if let Credentials::Plain { password, .. } = &request.credentials {
            told.password = lend(password);
        }
        if let Err(reason) = &question.known {
            told.reason = lend(reason);
        }
        *asked = Some(question);
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(told) };
        Ok(())
    })
}

/// Accepts the client that `zeromq_authenticator_question` has returned last (`accept` is not
/// 0), or refuses it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such client;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_authenticator_answer(
    authenticator: *mut Authenticator,
    accept: i32,
) -> Code {
    ffi::guard("zeromq_authenticator_answer", || {
        let mut entry = enter(authenticator)?;
        let Some(question) = entry.asked.take() else {
            let expected = "one that has returned a client to decide on";
            return Err(wrong("the authenticator", expected, "one that has not").into());
        };
        entry.authenticator.answer(&question, accept != 0);
        Ok(())
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
            entry.authenticator.stop();
        }
        Ok(())
    })
}
