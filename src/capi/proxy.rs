//! Proxies of C programs.

use std::ffi::c_char;
use std::mem::size_of;

use super::argument::{new, place, text, wrong};
use super::handle::{InUse, Kind, Registry};
use super::socket::socket_type;
use crate::core::proxy::{Side, State, Stats};
use crate::core::{self, Code, Error};
use crate::ffi;

/// A proxy.
pub struct Proxy(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// What a proxy is doing.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum ProxyStatus {
    /// It has not got both sides yet.
    ZEROMQ_PROXY_WAITING = 0,
    /// It passes messages on.
    ZEROMQ_PROXY_RUNNING = 1,
    /// It leaves messages where they are.
    ZEROMQ_PROXY_PAUSED = 2,
    /// It has ended.
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

/// What has passed through a proxy since it was made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProxyStats {
    /// `sizeof(zeromq_proxy_stats)`, to be filled in by the caller.
    pub size: u32,
    /// Messages from the frontend to the backend.
    pub to_backend: u64,
    /// Their bytes.
    pub to_backend_bytes: u64,
    /// Messages on this way whose peer was not there or took none.
    pub to_backend_dropped: u64,
    /// Messages from the backend to the frontend.
    pub to_frontend: u64,
    /// Their bytes.
    pub to_frontend_bytes: u64,
    /// Messages on this way whose peer was not there or took none.
    pub to_frontend_dropped: u64,
    /// Copies that the peer of the capture did not take in time.
    pub capture_dropped: u64,
}

impl Kind for core::Proxy {
    const WHAT: &'static str = "proxy";
    const TAG: usize = 3;
}

static PROXIES: Registry<core::Proxy> = Registry::new();

fn enter(proxy: *const Proxy) -> Result<InUse<'static, core::Proxy>, Box<Error>> {
    PROXIES.enter(proxy)
}

/// Makes a proxy and starts its thread. It passes messages on once both sides are
/// set. The caller frees it with `zeromq_proxy_free`.
///
/// Returns NULL when there are too many sockets or threads; `zeromq_last_error` tells
/// which.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_new() -> *mut Proxy {
    new("zeromq_proxy_new", || {
        ffi::watch_forks();
        Ok(PROXIES.give(core::Proxy::new()?)?)
    })
}

/// Stops a proxy and frees its handle. NULL, and one that was freed, are left alone.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_free(proxy: *mut Proxy) {
    ffi::guard_or((), || PROXIES.free(proxy));
}

/// Gives the side where requests, publishers or tasks come from a socket of a type,
/// bound to each endpoint that does not begin with `>`; the one that it had is
/// closed. A SUB receives everything.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` also for a type that does not go
/// with that of the other side; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_CLOSED` when it was
/// stopped or freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_frontend(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_frontend", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.set(Side::Frontend, kind, endpoints, &|_| Ok(false))?)
    })
}

/// Gives the side where messages go to its socket, as `zeromq_proxy_set_frontend`.
///
/// Returns as `zeromq_proxy_set_frontend`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_backend(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_backend", || {
        // SAFETY: the caller passes NULL or a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.set(Side::Backend, kind, endpoints, &|_| Ok(false))?)
    })
}

/// Sends a copy of every message that passes to a socket of type PUSH, PUB or PAIR.
/// What its peer does not take at once is dropped and counted. NULL as `endpoints`
/// ends that.
///
/// Returns as `zeromq_proxy_set_frontend`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_set_capture(
    proxy: *mut Proxy,
    kind: i32,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_proxy_set_capture", || {
        if endpoints.is_null() {
            return Ok(enter(proxy)?.capture(None)?);
        }
        // SAFETY: the caller passes a text.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        let kind = socket_type(kind)?;
        Ok(enter(proxy)?.capture(Some((kind, endpoints)))?)
    })
}

/// The TCP port of the last endpoint of the frontend; `*port` gets 0 if it has none.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_frontend_port(proxy: *mut Proxy, port: *mut u16) -> Code {
    ffi::guard("zeromq_proxy_frontend_port", || {
        let place = place(port)?;
        let port = enter(proxy)?.port(Side::Frontend)?.unwrap_or(0);
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(port) };
        Ok(())
    })
}

/// The TCP port of the last endpoint of the backend; `*port` gets 0 if it has none.
///
/// Returns as `zeromq_proxy_frontend_port`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_backend_port(proxy: *mut Proxy, port: *mut u16) -> Code {
    ffi::guard("zeromq_proxy_backend_port", || {
        let place = place(port)?;
        let port = enter(proxy)?.port(Side::Backend)?.unwrap_or(0);
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(port) };
        Ok(())
    })
}

/// Leaves messages where they are from now on. Nothing is lost: they wait in the
/// queues of both sockets, and then at their senders.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_pause(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_pause", || Ok(enter(proxy)?.pause()?))
}

/// Passes messages on again.
///
/// Returns as `zeromq_proxy_pause`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_resume(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_resume", || Ok(enter(proxy)?.resume()?))
}

/// Closes both sockets and ends the thread; the addresses are free then. The handle
/// stays valid. To stop a stopped proxy does nothing.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED` for a handle
/// that was freed, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_stop(proxy: *mut Proxy) -> Code {
    ffi::guard("zeromq_proxy_stop", || Ok(enter(proxy)?.stop()?))
}

/// What a proxy is doing, `ZEROMQ_PROXY_RUNNING` and so on; `ZEROMQ_PROXY_STOPPED` also
/// if there is no such proxy, and -1 if it is in a call on another thread.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_proxy_state(proxy: *const Proxy) -> i32 {
    const STOPPED: i32 = ProxyStatus::ZEROMQ_PROXY_STOPPED as i32;
    ffi::guard_or(STOPPED, || match enter(proxy) {
        Ok(proxy) => ProxyStatus::from(proxy.state()) as i32,
        Err(error) if matches!(*error, Error::Busy) => -1,
        Err(_) => STOPPED,
    })
}

/// What has passed, also after the end. `stats->size` says how much is written.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also for a size that is too small;
/// `ZEROMQ_CODE_CLOSED` for a handle that was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_proxy_count(proxy: *mut Proxy, stats: *mut ProxyStats) -> Code {
    ffi::guard("zeromq_proxy_count", || {
        if stats.is_null() {
            return Err(wrong("the place of the result", "a pointer", "NULL").into());
        }
        // SAFETY: not NULL, and the caller has filled its size in.
        let size = unsafe { (&raw const (*stats).size).read_unaligned() };
        if (size as usize) < size_of::<ProxyStats>() {
            return Err(wrong("the size", "sizeof(zeromq_proxy_stats)", size.to_string()).into());
        }
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
        // SAFETY: the caller says by the size that there is room.
        unsafe { place(stats)?.put(counted) };
        Ok(())
    })
}
