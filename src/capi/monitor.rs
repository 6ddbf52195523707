//! Monitors of C programs.

use std::ffi::c_char;
use std::mem::size_of;
use std::ptr;

use super::argument::{Lent, new, place, some_text, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::socket::{self, Socket};
use crate::core::monitor::{self, events};
use crate::core::{Code, Error};
use crate::ffi;

/// A monitor.
pub struct Monitor(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// Something that happened to a connection of a socket.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MonitorEvent {
    /// `sizeof(zeromq_monitor_event)`, to be filled in by the caller.
    pub size: u32,
    /// A descriptor, an errno, milliseconds or a status, as the event has it.
    pub value: u32,
    /// Its name: "ACCEPTED", "HANDSHAKE_FAILED_AUTH".
    pub name: *const c_char,
    /// The endpoint that it is about.
    pub endpoint: *const c_char,
    /// What it means, in words.
    pub reason: *const c_char,
}

/// A monitor, and the texts that were lent last.
struct Entry {
    monitor: monitor::Monitor,
    socket: usize,
    lent: [Lent; 3],
}

impl Entry {
    /// A socket that was freed while its events were waited for is closed now.
    fn close_freed(&self) {
        if !socket::is_known(ptr::without_provenance(self.socket)) {
            // Another monitor that waits closes it.
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

/// Begins to read what happens to the connections of a socket: the events with these
/// names, separated by commas, or all of them if `names` is NULL. They are CONNECTED,
/// CONNECT_DELAYED, CONNECT_RETRIED, LISTENING, BIND_FAILED, ACCEPTED, ACCEPT_FAILED,
/// CLOSED, CLOSE_FAILED, DISCONNECTED, MONITOR_STOPPED, HANDSHAKE_SUCCEEDED,
/// HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_PROTOCOL and HANDSHAKE_FAILED_AUTH;
/// HANDSHAKE_FAILED is the last three. Nothing is told of inproc. A socket may have
/// several monitors. The caller frees it with `zeromq_monitor_free`.
///
/// Returns NULL for a name that is unknown, and when the socket is closed, in another
/// call, or there are too many sockets; `zeromq_last_error` tells which.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_monitor_new(
    socket: *mut Socket,
    names: *const c_char,
) -> *mut Monitor {
    new("zeromq_monitor_new", || {
        // SAFETY: the caller passes NULL or a text.
        let names = unsafe { some_text("the names", names) }?.unwrap_or("ALL");
        let bits = events(names.split(',').map(str::trim))
            .map_err(|name| wrong("the names", "those of events", format!("{name:?}")))?;
        let monitor = monitor::Monitor::new(&socket::enter(socket)?.socket, bits)?;
        Ok(MONITORS.give(Entry { monitor, socket: socket.addr(), lent: Default::default() })?)
    })
}

/// Ends a monitor and frees it. NULL, and one that was freed, are left alone.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_monitor_free(monitor: *mut Monitor) {
    ffi::guard_or((), || MONITORS.free(monitor));
}

/// Waits for `timeout` milliseconds at most for the next event. `event->size` says how
/// much is written; its texts are lent until the next call with the monitor. The
/// socket is in use meanwhile. What a closed socket had to tell can still be read.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
/// `ZEROMQ_CODE_CLOSED` when the monitor was freed, or the socket closed and everything
/// is read; `ZEROMQ_CODE_ARGUMENT`, also for a size that is too small;
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_monitor_next(
    monitor: *mut Monitor,
    event: *mut MonitorEvent,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_monitor_next", || {
        let place = place(event)?;
        // SAFETY: not NULL, and the caller has filled its size in.
        let size = unsafe { (&raw const (*event).size).read_unaligned() };
        if (size as usize) < size_of::<MonitorEvent>() {
            return Err(wrong("the size", "sizeof(zeromq_monitor_event)", size.to_string()).into());
        }
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
        // SAFETY: the caller says by the size that there is room.
        unsafe { place.put(MonitorEvent { size, value: next.value, name, endpoint, reason }) };
        Ok(())
    })
}
