//! Proxies, for C.

use std::ffi::c_char;
use std::time::Duration;

use super::argument::{check_size, new, place, text};
use super::handle::{InUse, Kind, Registry};
use super::socket::socket_type;
use crate::core::proxy::{Faults, Side, State, Stats};
use crate::core::{self, Code, Error};
use crate::ffi;

/// A proxy, which forwards messages between a frontend and a backend socket.
pub struct Proxy(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// The states of a proxy.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum ProxyStatus {
    /// A side is missing.
    ZEROMQ_PROXY_WAITING = 0,
    /// It forwards messages.
    ZEROMQ_PROXY_RUNNING = 1,
    /// It is paused, and messages wait in the queues.
    ZEROMQ_PROXY_PAUSED = 2,
    /// It was stopped.
    ZEROMQ_PROXY_STOPPED = 3,
}

impl From<State> for ProxyStatus {
    fn from(state: State) -> ProxyStatus {
        match state {
            State::Waiting => ProxyStatus::ZEROMQ_PROXY_WAITING,
            State::Running => ProxyStatus::ZEROMQ_PROXY_RUNNING,
            State::Paused => ProxyStatus::ZEROMQ_PROXY_PAUSED,
            State::Stopped => ProxyStatus::ZEROMQ_PROXY_STOPPED,
        }
    }
}

/// What a proxy has forwarded since it was made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProxyStats {
    /// `sizeof(zeromq_proxy_stats)`, filled in by the caller.
    pub size: u32,
    /// Messages forwarded from the frontend to the backend.
    pub to_backend: u64,
    /// Bytes in these messages.
    pub to_backend_bytes: u64,
    /// Messages to the frontend that were dropped because their peer was gone or did
    /// not accept them.
    pub to_backend_dropped: u64,
    /// Messages forwarded from the backend to the frontend.
    pub to_frontend: u64,
    /// Bytes in these messages.
    pub to_frontend_bytes: u64,
    /// Messages to the frontend that were dropped because their peer was gone or did
    /// not accept them.
    pub to_frontend_dropped: u64,
    /// Copies that were dropped because the peer of the capture socket did not accept
    /// them at once.
    pub capture_dropped: u64,
}

/// Faults that a proxy injects into the messages that it forwards, to test how peers handle
/// them. Members that are 0 inject none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProxyFaults {
    /// `sizeof(zeromq_proxy_faults)`, filled in by the caller.
    pub size: u32,
    /// The delay of each message, in milliseconds.
    pub delay: u32,
    /// The probability that a message is dropped, from 0 to 1.
    pub drop: f64,
    /// The probability that a message is sent twice, from 0 to 1.
    pub duplicate: f64,
    /// The probability that a message is cut short, from 0 to 1: it loses its last frame, or
    /// the second half of its only one.
    pub cut: f64,
    /// The seed of the random numbers: the same one repeats the same faults. 0 is a random
    /// one.
    pub seed: u64,
}

impl Kind for core::Proxy {
    const WHAT: &'static str = "proxy";
    const TAG: usize = 3;
}

static PROXIES: Registry<core::Proxy> = Registry::new();

fn enter(proxy: *const Proxy) -> Result<InUse<'static, core::Proxy>, Box<Error>> {
    PROXIES.enter(proxy)
}

/// Makes a proxy and starts its thread. It forwards messages once both sides are set.
/// The caller frees it with `zeromq_proxy_free`.
///
/// Returns NULL if there are too many sockets or threads; `zeromq_last_error` returns
/// the reason.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_new() -> *mut Proxy {
    new("zeromq_proxy_new", || {
        ffi::watch_forks();
        Ok(PROXIES.give(core::Proxy::new()?)?)
    })
}

/// Stops a proxy and frees its handle, without waiting for its thread to end. NULL and
/// handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_free(proxy: *mut Proxy) {
    ffi::guard_or((), || PROXIES.free(proxy));
}

/// Opens the frontend, the side that requests, publications or tasks come from: a
/// socket of type `kind` (`ZEROMQ_ROUTER` and so on), bound to each endpoint of the
/// list, or connected to those that begin with `>`. It replaces the previous frontend,
/// which is closed; if it cannot be attached, the previous one stays, unless the new
/// one needed its address. A SUB receives every message, and so does an XSUB unless the
/// backend is an XPUB.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the type cannot be
/// combined with that of the other side; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_CLOSED`
/// if the proxy was stopped or freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_frontend(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_frontend", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.set(Side::Frontend, kind, endpoints, &|_| Ok(false))?)
    })
}

/// Opens the backend, the side that messages are forwarded to, like
/// `zeromq_proxy_set_frontend`.
///
/// Returns the codes of `zeromq_proxy_set_frontend`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_backend(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_backend", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.set(Side::Backend, kind, endpoints, &|_| Ok(false))?)
    })
}

/// Sends a copy of every forwarded message to a capture socket of type `kind`, which is
/// `ZEROMQ_PUSH`, `ZEROMQ_PUBLISHER` or `ZEROMQ_PAIR`. Copies that its peer does not
/// accept at once are dropped and counted. If `endpoints` is NULL, capturing ends.
///
/// Returns the codes of `zeromq_proxy_set_frontend`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_capture(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_capture", || {
        if endpoints.is_null() {
            return Ok(enter(proxy)?.capture(None, |_| Ok(()))?);
        }
        // SAFETY: not NULL, so the caller passes a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.capture(Some((kind, endpoints)), |_| Ok(()))?)
    })
}

/// Stores the TCP port of the last endpoint of the frontend in `*port`, or 0 if it has
/// none.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_frontend_port(proxy: *mut Proxy, port: *mut u16) -> Code {
    ffi::guard("zeromq_proxy_frontend_port", || {
        let place = place(port)?;
        let port = enter(proxy)?.port(Side::Frontend)?.unwrap_or(0);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(port) };
        Ok(())
    })
}

/// Stores the TCP port of the last endpoint of the backend in `*port`, or 0 if it has
/// none.
///
/// Returns the codes of `zeromq_proxy_frontend_port`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_backend_port(proxy: *mut Proxy, port: *mut u16) -> Code {
    ffi::guard("zeromq_proxy_backend_port", || {
        let place = place(port)?;
        let port = enter(proxy)?.port(Side::Backend)?.unwrap_or(0);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(port) };
        Ok(())
    })
}

/// Pauses a proxy. No message is lost: messages wait in the queues of both sockets and
/// then at their senders.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_pause(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_pause", || Ok(enter(proxy)?.pause()?))
}

/// Resumes a paused proxy.
///
/// Returns the codes of `zeromq_proxy_pause`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_resume(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_resume", || Ok(enter(proxy)?.resume()?))
}

/// Injects faults from now on, or none if `faults` is NULL. The caller sets `faults->size`
/// first.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if a probability is not from 0 to 1 or
/// `faults->size` is too small; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_faults(
    proxy: *mut Proxy,
    faults: *const ProxyFaults,
) -> Code {
    ffi::guard("zeromq_proxy_set_faults", || {
        if faults.is_null() {
            return Ok(enter(proxy)?.set_faults(Faults::default())?);
        }
        // SAFETY: the caller has set the size.
        unsafe { check_size(faults, "sizeof(zeromq_proxy_faults)") }?;
        // SAFETY: not NULL, and large enough.
        let given = unsafe { faults.read_unaligned() };
        let faults = Faults {
            delay: Duration::from_millis(given.delay.into()),
            drop: given.drop,
            duplicate: given.duplicate,
            cut: given.cut,
            seed: (given.seed != 0).then_some(given.seed),
        };
        Ok(enter(proxy)?.set_faults(faults)?)
    })
}

/// Stops a proxy: closes both sockets, ends the thread, and releases the addresses. The
/// handle stays valid. Stopping a stopped proxy does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
/// was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_stop(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_stop", || {
        let Some(proxy) = PROXIES.enter_to_end(proxy)? else { return Ok(()) };
        Ok(proxy.stop()?)
    })
}

/// Returns the state of a proxy, such as `ZEROMQ_PROXY_RUNNING`; `ZEROMQ_PROXY_STOPPED`
/// also if the handle is invalid; -1 if the proxy is in a call on another thread.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_state(proxy: *const Proxy) -> i32 {
    const STOPPED: i32 = ProxyStatus::ZEROMQ_PROXY_STOPPED as i32;
    ffi::guard_or(STOPPED, || match enter(proxy) {
        Ok(proxy) => ProxyStatus::from(proxy.state()) as i32,
        Err(error) if matches!(*error, Error::Busy) => -1,
        Err(_) => STOPPED,
    })
}

/// Stores the counters of a proxy in `*stats`, even after it was stopped. The caller
/// sets `stats->size` first.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too
/// small; `ZEROMQ_CODE_CLOSED` if the handle was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_count(proxy: *mut Proxy, stats: *mut ProxyStats) -> Code {
    ffi::guard("zeromq_proxy_count", || {
        let place = place(stats)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(stats, "sizeof(zeromq_proxy_stats)") }?;
        let Stats { to_backend, to_frontend, capture_dropped } = enter(proxy)?.stats()?;
        let counted = ProxyStats {
            size,
            to_backend: to_backend.messages,
            to_backend_bytes: to_backend.bytes,
            to_backend_dropped: to_backend.dropped,
            to_frontend: to_frontend.messages,
            to_frontend_bytes: to_frontend.bytes,
            to_frontend_dropped: to_frontend.dropped,
            capture_dropped,
        };
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(counted) };
        Ok(())
    })
}
