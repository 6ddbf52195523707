//! Loops, for C.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::argument::{new, place, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::poller::{number, wanted};
use super::socket::{self, Socket};
use crate::core::event_loop::{EventLoop, Runner};
use crate::core::{Code, Error, Policy, Ready, Source};
use crate::ffi;

/// A loop, which calls functions when sockets are ready and when timers expire.
pub struct Loop(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A function that a loop calls, on the thread that runs the loop: with the socket that is
/// ready, or NULL for a timer or a descriptor, and with the `data` that was passed with the
/// function. It returns 0 to go on; anything else ends the loop. It may call any function of
/// this header with the loop, even free it, except `zeromq_loop_start`, and must return
/// normally: no `longjmp` and no exception may leave it.
pub type LoopFunction =
    Option<unsafe extern "C" fn(handle: *mut Loop, socket: *mut Socket, data: *mut c_void) -> i32>;

/// A function with what it is called with. The socket is 0 for timers and descriptors.
#[derive(Clone, Copy)]
struct Called {
    function: unsafe extern "C" fn(*mut Loop, *mut Socket, *mut c_void) -> i32,
    socket: usize,
    data: usize,
}

impl Called {
    fn new(function: LoopFunction, socket: usize, data: *mut c_void) -> Result<Called, Error> {
        let function = function.ok_or_else(|| wrong("the function", "a function", "NULL"))?;
        Ok(Called { function, socket, data: data.expose_provenance() })
    }
}

/// A loop, which a running one shares: functions may use and free its handle.
struct Entry(Arc<EventLoop<Called>>);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Kind for Entry {
    const WHAT: &'static str = "loop";
    const TAG: usize = 11;
}

static LOOPS: Registry<Entry> = Registry::new();

fn enter(handle: *const Loop) -> Result<InUse<'static, Entry>, Box<Error>> {
    LOOPS.enter(handle)
}

/// Calls the functions of a C program.
struct Caller(*mut Loop);

impl Runner<Called> for Caller {
    fn call(&mut self, called: &Called) -> Result<bool, Error> {
        let socket = ptr::without_provenance_mut(called.socket);
        let data = ptr::with_exposed_provenance_mut(called.data);
        // SAFETY: whoever added the function guarantees that it can be called like this until
        // it is removed or the loop is freed.
        let ends = unsafe { (called.function)(self.0, socket, data) };
        Ok(ends == 0)
    }

    fn is_gone(&self, called: &Called) -> bool {
        called.socket != 0 && !socket::is_known(ptr::without_provenance(called.socket))
    }
}

/// Makes a loop without functions. The caller frees it with `zeromq_loop_free`.
///
/// Returns NULL if there are already more than a million loops.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_new() -> *mut Loop {
    new("zeromq_loop_new", || {
        ffi::watch_forks();
        Ok(LOOPS.give(Entry(Arc::new(EventLoop::under(&Policy::OPEN))))?)
    })
}

/// Frees a loop. If it is running, it is stopped like by `zeromq_loop_stop`. Its sockets are
/// not affected. NULL and handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_free(handle: *mut Loop) {
    ffi::guard_or((), || LOOPS.free(handle));
}

/// Calls a function whenever a socket has a message to receive. The function should receive it,
/// with timeout 0; otherwise it is called again. It replaces the previous reader of the socket.
/// A socket that is closed or freed is removed.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot receive;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_reader(
    handle: *mut Loop,
    socket: *mut Socket,
    function: LoopFunction,
    data: *mut c_void,
) -> Code {
    ffi::guard("zeromq_loop_reader", || Ok(handler(handle, socket, Ready::IN, function, data)?))
}

/// Calls a function whenever a socket can send without waiting. It replaces the previous writer
/// of the socket. Use `zeromq_loop_cancel` when there is nothing to send.
///
/// Returns the codes of `zeromq_loop_reader`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type
/// cannot send.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_writer(
    handle: *mut Loop,
    socket: *mut Socket,
    function: LoopFunction,
    data: *mut c_void,
) -> Code {
    ffi::guard("zeromq_loop_writer", || Ok(handler(handle, socket, Ready::OUT, function, data)?))
}

fn handler(
    handle: *mut Loop,
    socket: *mut Socket,
    events: Ready,
    function: LoopFunction,
    data: *mut c_void,
) -> Result<(), Box<Error>> {
    let called = Called::new(function, socket.addr(), data)?;
    let source = Source::Socket(socket::enter(socket)?.socket.clone());
    Ok(enter(handle)?.0.handle(source, events, called)?)
}

/// Calls a function whenever a descriptor of a file, pipe or system socket is ready for
/// `events`: `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both; also if it has failed. Remove it with
/// `zeromq_loop_cancel_descriptor` before it is closed.
///
/// Returns the codes of `zeromq_loop_reader`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_descriptor(
    handle: *mut Loop,
    descriptor: i64,
    events: u32,
    function: LoopFunction,
    data: *mut c_void,
) -> Code {
    ffi::guard("zeromq_loop_descriptor", || {
        let called = Called::new(function, 0, data)?;
        let source = Source::Descriptor(number(descriptor)?);
        Ok(enter(handle)?.0.handle(source, wanted(events)?, called)?)
    })
}

/// Calls a function every `ms` milliseconds, `times` times, or without end if `times` is 0.
/// Turns that are missed while another function runs are skipped. `*id`, unless `id` is NULL,
/// receives the number of the timer, for `zeromq_loop_cancel_timer`.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_loop_timer(
    handle: *mut Loop,
    ms: u32,
    times: u32,
    function: LoopFunction,
    data: *mut c_void,
    id: *mut i64,
) -> Code {
    ffi::guard("zeromq_loop_timer", || {
        let called = Called::new(function, 0, data)?;
        let times = (times > 0).then_some(times.into());
        let number = enter(handle)?.0.timer(Duration::from_millis(ms.into()), times, called);
        if let Ok(place) = place(id) {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { place.put(number) };
        }
        Ok(())
    })
}

/// Removes the reader and the writer of a socket. Does nothing if there are none. If another
/// thread runs the loop, one of them may just be called, so keep its `data` until the loop has
/// ended.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_cancel(handle: *mut Loop, socket: *mut Socket) -> Code {
    ffi::guard("zeromq_loop_cancel", || {
        let source = Source::Socket(socket::enter(socket)?.socket.clone());
        enter(handle)?.0.cancel(&source);
        Ok(())
    })
}

/// Removes the functions of a descriptor, like `zeromq_loop_cancel`.
///
/// Returns the codes of `zeromq_loop_cancel`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_cancel_descriptor(handle: *mut Loop, descriptor: i64) -> Code {
    ffi::guard("zeromq_loop_cancel_descriptor", || {
        let source = Source::Descriptor(number(descriptor)?);
        enter(handle)?.0.cancel(&source);
        Ok(())
    })
}

/// Removes a timer, like `zeromq_loop_cancel`. Does nothing if there is none with this number,
/// as after its last turn.
///
/// Returns the codes of `zeromq_loop_cancel`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_cancel_timer(handle: *mut Loop, id: i64) -> Code {
    ffi::guard("zeromq_loop_cancel_timer", || {
        enter(handle)?.0.cancel_timer(id);
        Ok(())
    })
}

/// Runs a loop on this thread for up to `timeout` milliseconds: until a function ends it, until
/// it is stopped or freed, or until neither timers nor open sockets and descriptors are left.
/// Timers run before readers and writers. While the loop waits, its sockets are in use, but
/// not during the functions. Meanwhile the other functions may be called with the loop, also
/// on other threads: what they change takes effect within 100 milliseconds.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_ARGUMENT`, also if the
/// loop is already running; `ZEROMQ_CODE_CLOSED` if it was freed before; `ZEROMQ_CODE_BUSY` if
/// one of its sockets is in another call; `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_start(handle: *mut Loop, timeout: i32) -> Code {
    ffi::guard("zeromq_loop_start", || {
        let wait = wait(timeout)?;
        // The handle is not in use while functions are called.
        let looped = enter(handle)?.0.clone();
        let freed = |called: &Called| Caller(handle).is_gone(called);
        let ends = || {
            let mut ends = looped.is_outdated();
            looped.visit(&mut |called| ends |= freed(called));
            ends
        };
        Ok(looped.run(&wait.until(Some(&ends)), &mut Caller(handle))?)
    })
}

/// Ends a running loop: after the function that is being called, or, if it waits, within 100
/// milliseconds. It does nothing to a loop that is not running.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_loop_stop(handle: *mut Loop) -> Code {
    ffi::guard("zeromq_loop_stop", || {
        if let Some(entry) = LOOPS.enter_to_end(handle)? {
            entry.0.stop();
        }
        Ok(())
    })
}
