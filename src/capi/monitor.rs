//! Monitors, for C.

use std::ffi::c_char;
use std::ptr;

use super::argument::{Lent, check_size, new, place, some_text, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::socket::{self, Socket};
use crate::core::monitor::{self, events};
use crate::core::{Code, Error};
use crate::ffi;

/// A monitor, which reports events on the connections of a socket.
pub struct Monitor(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// An event on a connection of a socket.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MonitorEvent {
    /// `sizeof(zeromq_monitor_event)`, filled in by the caller.
    pub size: u32,
    /// A descriptor, an errno, a number of milliseconds or a status code, depending on
    /// the event (see `zmq_socket_monitor(3)`).
    pub value: u32,
    /// The name of the event, such as "ACCEPTED" or "HANDSHAKE_FAILED_AUTH".
    pub name: *const c_char,
    /// The endpoint of the connection.
    pub endpoint: *const c_char,
    /// What the event means, as a sentence.
    pub reason: *const c_char,
}

/// A monitor, and the strings of the event that was returned last.
struct Entry {
    monitor: monitor::Monitor,
    socket: usize,
    lent: [Lent; 3],
}

impl Entry {
    /// Closes a socket that was freed while this monitor waited for its events.
    fn close_freed(&self) {
        if !socket::is_known(ptr::without_provenance(self.socket)) {
            // If it is busy, another monitor is waiting on it and closes it.
            let _ = self.monitor.socket().close(None);
        }
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "monitor";
    const TAG: usize = 7;
}

static MONITORS: Registry<Entry> = Registry::new();

fn enter(monitor: *const Monitor) -> Result<InUse<'static, Entry>, Box<Error>> {
    MONITORS.enter(monitor)
}

/// Starts monitoring the connections of a socket. `names` lists the events to report,
/// separated by commas; NULL means all of them. The events are CONNECTED,
/// CONNECT_DELAYED, CONNECT_RETRIED, LISTENING, BIND_FAILED, ACCEPTED, ACCEPT_FAILED,
/// CLOSED, CLOSE_FAILED, DISCONNECTED, MONITOR_STOPPED, HANDSHAKE_SUCCEEDED,
/// HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_PROTOCOL and HANDSHAKE_FAILED_AUTH;
/// HANDSHAKE_FAILED stands for the last three. Inproc connections have no events. A
/// socket may have several monitors. The caller frees the monitor with
/// `zeromq_monitor_free`.
///
/// Returns NULL if a name is unknown, if the socket is closed or in another call, or if
/// there are too many sockets; `zeromq_last_error` returns the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_monitor_new(
    socket: *mut Socket,
    names: *const c_char,
) -> *mut Monitor {
    new("zeromq_monitor_new", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let names = unsafe { some_text("the names", names) }?.unwrap_or("ALL");
        let bits = events(names.split(',').map(str::trim))
            .map_err(|name| wrong("the names", "names of events", format!("{name:?}")))?;
        let monitor = monitor::Monitor::new(&socket::enter(socket)?.socket, bits)?;
        Ok(MONITORS.give(Entry { monitor, socket: socket.addr(), lent: Default::default() })?)
    })
}

/// Stops a monitor and frees it. NULL and handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_monitor_free(monitor: *mut Monitor) {
    ffi::guard_or((), || MONITORS.free(monitor));
}

/// Waits up to `timeout` milliseconds for the next event and stores it in `*event`. The
/// caller sets `event->size` first. The strings are valid until the next call with the
/// monitor. During the call the socket is in use. Events that a socket had before it
/// was closed can still be read.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if
/// the monitor was freed, or if its socket is closed and no event is left;
/// `ZEROMQ_CODE_ARGUMENT`, also if `event->size` is too small; `ZEROMQ_CODE_BUSY`,
/// `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_monitor_next(
    monitor: *mut Monitor,
    event: *mut MonitorEvent,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_monitor_next", || {
        let place = place(event)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(event, "sizeof(zeromq_monitor_event)") }?;
        let mut entry = enter(monitor)?;
        let next = entry.monitor.next(&wait(timeout)?);
        entry.close_freed();
        let next = next?;
        let texts = [next.name(), &next.endpoint, &next.reason()];
        let mut lent = [ptr::null(); 3];
        for ((lent, place), text) in lent.iter_mut().zip(&mut entry.lent).zip(texts) {
            *lent = place.lend(text.as_bytes());
        }
        let [name, endpoint, reason] = lent;
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(MonitorEvent { size, value: next.value, name, endpoint, reason }) };
        Ok(())
    })
}

/// Stores in `*count` how many events were dropped because they were not read in time.
/// About 10,000 events are kept; when there is no more room, the oldest are dropped.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the monitor was freed or its socket is
/// closed; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_monitor_dropped(monitor: *mut Monitor, count: *mut u64) -> Code {
    ffi::guard("zeromq_monitor_dropped", || {
        let place = place(count)?;
        let dropped = enter(monitor)?.monitor.dropped()?;
        // SAFETY: the caller guarantees that it is valid for writing.
        unsafe { place.put(dropped) };
        Ok(())
    })
}
