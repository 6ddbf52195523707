//! Pollers, for C.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::argument::{items_to_fill, new, place, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::socket::{self, Socket};
use crate::core::poller::{self, Descriptor, Ready, Source};
use crate::core::{self, Code, Error};
use crate::ffi;

/// A poller, which waits for several sockets and descriptors at once.
pub struct Poller(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// The events to wait for, or that have occurred, combined by `|`.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum PollFlag {
    /// A message can be received, or a descriptor can be read.
    ZEROMQ_POLL_IN = 1,
    /// A message can be sent, or a descriptor can be written to.
    ZEROMQ_POLL_OUT = 2,
    /// A descriptor has failed or is invalid. This event is only reported, never
    /// requested.
    ZEROMQ_POLL_ERROR = 4,
}

const ZEROMQ_POLL_IN: u32 = PollFlag::ZEROMQ_POLL_IN as u32;
const ZEROMQ_POLL_OUT: u32 = PollFlag::ZEROMQ_POLL_OUT as u32;
const ZEROMQ_POLL_ERROR: u32 = PollFlag::ZEROMQ_POLL_ERROR as u32;

/// A socket or descriptor that is ready.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PollEvent {
    /// The socket, or NULL for a descriptor.
    pub socket: *mut Socket,
    /// The descriptor, or -1 for a socket.
    pub descriptor: i64,
    /// The `data` passed when it was added.
    pub data: *mut c_void,
    /// The bitwise OR of `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT` and `ZEROMQ_POLL_ERROR`.
    pub ready: u32,
}

/// How the C program identifies a source.
#[derive(Clone)]
struct Known {
    socket: usize,
    descriptor: i64,
    data: usize,
}

/// A poller, and its sockets with their handles.
struct Entry {
    poller: poller::Poller<Known>,
    sockets: Vec<(usize, Arc<core::Socket>)>,
}

impl Entry {
    /// Removes sockets that were freed. Dropping the last reference closes one that was
    /// in use then.
    fn forget(&mut self) {
        let known = |handle| socket::is_known(ptr::without_provenance(handle));
        for (_, socket) in self.sockets.extract_if(.., |(handle, _)| !known(*handle)) {
            self.poller.remove(&Source::Socket(socket));
        }
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "poller";
    const TAG: usize = 6;
}

static POLLERS: Registry<Entry> = Registry::new();

fn enter(poller: *const Poller) -> Result<InUse<'static, Entry>, Box<Error>> {
    POLLERS.enter(poller)
}

/// Makes an empty poller. The caller frees it with `zeromq_poller_free`.
///
/// Returns NULL if there are already more than a million pollers.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_new() -> *mut Poller {
    new("zeromq_poller_new", || {
        let poller = poller::Poller::default();
        poller.set_fair(true);
        Ok(POLLERS.give(Entry { poller, sockets: Vec::new() })?)
    })
}

/// Frees a poller. Its sockets are not affected. NULL and handles that were already
/// freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_free(poller: *mut Poller) {
    ffi::guard_or((), || POLLERS.free(poller));
}

/// Adds a socket to a poller. `events` is `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both.
/// `data`, which may be NULL, is returned with the socket when it is ready. Adding a
/// socket again keeps its position and replaces its events and data. Sockets that are
/// closed or freed are skipped.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot
/// receive or send as requested; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_add(
    poller: *mut Poller,
    socket: *mut Socket,
    events: u32,
    data: *mut c_void,
) -> Code {
    ffi::guard("zeromq_poller_add", || {
        let mut poller = enter(poller)?;
        let core = socket::enter(socket)?.socket.clone();
        let source = Source::Socket(core.clone());
        let known = Known { socket: socket.addr(), descriptor: -1, data: data.expose_provenance() };
        poller.forget();
        poller.poller.add(source, wanted(events)?, known)?;
        if poller.sockets.iter().all(|(handle, _)| *handle != socket.addr()) {
            poller.sockets.push((socket.addr(), core));
        }
        Ok(())
    })
}

/// Adds a descriptor of a file, pipe or system socket to a poller, like
/// `zeromq_poller_add`.
///
/// Returns the codes of `zeromq_poller_add`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_add_descriptor(
    poller: *mut Poller,
    descriptor: i64,
    events: u32,
    data: *mut c_void,
) -> Code {
    ffi::guard("zeromq_poller_add_descriptor", || {
        let source = Source::Descriptor(number(descriptor)?);
        let known = Known { socket: 0, descriptor, data: data.expose_provenance() };
        Ok(enter(poller)?.poller.add(source, wanted(events)?, known)?)
    })
}

/// Removes a socket from a poller. Does nothing if it was never added.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_remove(poller: *mut Poller, socket: *mut Socket) -> Code {
    ffi::guard("zeromq_poller_remove", || {
        let mut poller = enter(poller)?;
        let source = Source::Socket(socket::enter(socket)?.socket.clone());
        poller.poller.remove(&source);
        poller.sockets.retain(|(handle, _)| *handle != socket.addr());
        Ok(())
    })
}

/// Removes a descriptor from a poller. Does nothing if it was never added.
///
/// Returns the codes of `zeromq_poller_remove`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_poller_remove_descriptor(poller: *mut Poller, descriptor: i64) -> Code {
    ffi::guard("zeromq_poller_remove_descriptor", || {
        enter(poller)?.poller.remove(&Source::Descriptor(number(descriptor)?));
        Ok(())
    })
}

/// Waits up to `timeout` milliseconds until a socket or descriptor is ready. `events`
/// is an array with room for `room` events; `*count` receives how many were written.
/// With room for one event, the sources take turns. With more room, the events come in
/// the order in which their sources were added; provide room for all sources, because
/// those that do not fit are left out. During the call the sockets are in use.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if
/// the poller was freed or all of its sockets are closed; `ZEROMQ_CODE_BUSY` if the
/// poller or one of its sockets is in another call; `ZEROMQ_CODE_ARGUMENT`, also if an
/// empty poller would wait forever; `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_poller_wait(
    poller: *mut Poller,
    events: *mut PollEvent,
    room: usize,
    count: *mut usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_poller_wait", || {
        let count = place(count)?;
        // SAFETY: the caller guarantees room for `room` events.
        let mut places = unsafe { items_to_fill(events, room) }?;
        let mut poller = enter(poller)?;
        let wait = wait(timeout)?;
        poller.forget();
        let ready = match room {
            1 => vec![poller.poller.wait(&wait)?],
            _ => poller.poller.wait_all(&wait)?,
        };
        let written = ready.len().min(room);
        for (known, ready) in ready.into_iter().take(room) {
            // SAFETY: no more than `room` events are written.
            unsafe { places.put(event(&known, ready)) };
        }
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { count.put(written) };
        Ok(())
    })
}

fn event(known: &Known, ready: Ready) -> PollEvent {
    let bits = [
        (ready.input, ZEROMQ_POLL_IN),
        (ready.output, ZEROMQ_POLL_OUT),
        (ready.error, ZEROMQ_POLL_ERROR),
    ];
    PollEvent {
        socket: ptr::without_provenance_mut(known.socket),
        descriptor: known.descriptor,
        data: ptr::with_exposed_provenance_mut(known.data),
        ready: bits.iter().filter(|(is, _)| *is).map(|(_, bit)| bit).sum(),
    }
}

pub(super) fn wanted(events: u32) -> Result<Ready, Error> {
    match events {
        ZEROMQ_POLL_IN => Ok(Ready::IN),
        ZEROMQ_POLL_OUT => Ok(Ready::OUT),
        3 => Ok(Ready::BOTH),
        _ => {
            Err(wrong("the events", "ZEROMQ_POLL_IN, ZEROMQ_POLL_OUT or both", events.to_string()))
        }
    }
}

pub(super) fn number(descriptor: i64) -> Result<Descriptor, Error> {
    match Descriptor::try_from(descriptor) {
        Ok(number) if descriptor >= 0 => Ok(number),
        _ => Err(wrong("the descriptor", "a number that is not negative", descriptor.to_string())),
    }
}
