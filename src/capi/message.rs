//! Messages of C programs.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use super::argument::{bytes, new, place, text, wrong};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error, Frame};
use crate::ffi;

/// A message: any number of frames, each of any bytes.
pub struct Message(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// Some bytes in memory. `(NULL, 0)` is none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    /// The first byte. There is no terminating zero.
    pub data: *const c_void,
    /// How many bytes.
    pub size: usize,
}

/// Gives memory back that was handed over: it is called once, with what
/// `zeromq_message_add_memory` was given, on whatever thread. It must not call the
/// library with the message that had the memory.
pub type FreeFunction = Option<unsafe extern "C" fn(data: *mut c_void, hint: *mut c_void)>;

/// A message, and the text that was lent last.
#[derive(Default)]
pub(super) struct Entry {
    pub message: core::Message,
    text: CString,
}

impl Kind for Entry {
    const WHAT: &'static str = "message";
    const TAG: usize = 2;
}

static MESSAGES: Registry<Entry> = Registry::new();

/// The message of a handle, for one call.
#[inline]
pub(super) fn enter(message: *const Message) -> Result<InUse<'static, Entry>, Box<Error>> {
    MESSAGES.enter(message)
}

/// Makes a message without frames, to receive into any number of times, or to put
/// together and send. The caller frees it with `zeromq_message_free`.
///
/// Returns NULL when there are more than a million messages.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_new() -> *mut Message {
    new("zeromq_message_new", || Ok(MESSAGES.give(Entry::default())?))
}

/// Frees a message. NULL, and one that was freed, are left alone. In the middle of a
/// call with it on another thread, it is freed at the end of that call.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_free(message: *mut Message) {
    ffi::guard_or((), || MESSAGES.free(message));
}

/// Drops the frames of a message.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_clear(message: *mut Message) -> Code {
    ffi::guard("zeromq_message_clear", || {
        enter(message)?.message.clear();
        Ok(())
    })
}

/// Adds a frame with a copy of these bytes, at the end of the message.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_ZMQ` when there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_add(
    message: *mut Message,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_message_add", || {
        // SAFETY: the caller passes as many bytes.
        let bytes = unsafe { bytes(data, size) }?;
        Ok(enter(message)?.message.push(bytes)?)
    })
}

/// Adds a frame without a copy: the memory is handed over, and given back by a call
/// of `free_function` with `data` and `hint` once it was sent or the message was
/// freed; that may be on another thread, at once or later. Nobody may change the
/// bytes until then. If `free_function` is NULL, the memory has to stay for ever.
///
/// If this fails the memory is still the caller's.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_ZMQ`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_add_memory(
    message: *mut Message,
    data: *mut c_void,
    size: usize,
    free_function: FreeFunction,
    hint: *mut c_void,
) -> Code {
    ffi::guard("zeromq_message_add_memory", || {
        // SAFETY: the caller passes as many bytes.
        unsafe { bytes(data, size) }?;
        let mut entry = enter(message)?;
        // SAFETY: the caller hands these bytes over, as is said above.
        let frame = unsafe { Frame::of_memory(data, size, free_function, hint) };
        entry.message.push_frame(frame.map_err(|_| Error::no_memory())?);
        Ok(())
    })
}

/// Makes a message a copy of another one. Long frames share their bytes, which are
/// not copied.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY` (also when both are the same message).
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_copy(message: *mut Message, source: *mut Message) -> Code {
    ffi::guard("zeromq_message_copy", || {
        let mut source = enter(source)?;
        enter(message)?.message.copy(&mut source.message)?;
        Ok(())
    })
}

/// How many frames a message has; 0 if there is no such message.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_count(message: *const Message) -> usize {
    ffi::guard_or(0, || enter(message).map_or(0, |entry| entry.message.count()))
}

/// The bytes of a frame, the first frame being 0. They are lent until the message is
/// changed, received into, sent or freed. A frame of no bytes, a frame that is not
/// there and a message that is not there give NULL or a place that is not to be read;
/// `zeromq_message_size` is 0 then.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_data(message: *const Message, frame: usize) -> *const c_void {
    ffi::guard_or(ptr::null(), || {
        let entry = enter(message).ok();
        let data = entry.as_ref().and_then(|entry| entry.message.frame(frame));
        data.map_or(ptr::null(), |data| data.as_ptr().cast())
    })
}

/// How many bytes a frame has, the first frame being 0; 0 if there is no such frame
/// or message.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_size(message: *const Message, frame: usize) -> usize {
    ffi::guard_or(0, || {
        let entry = enter(message).ok();
        entry.as_ref().and_then(|entry| entry.message.frame(frame)).map_or(0, <[u8]>::len)
    })
}

/// The bytes of a frame with their number, as `zeromq_message_data` and
/// `zeromq_message_size`, with a reason if that fails.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no such
/// frame; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_frame(
    message: *const Message,
    frame: usize,
    slice: *mut Slice,
) -> Code {
    ffi::guard("zeromq_message_frame", || {
        let slice = place(slice)?;
        let entry = enter(message)?;
        let bytes = entry.message.frame(frame).ok_or_else(|| missing(&entry, frame))?;
        // SAFETY: the caller passes a place for it.
        unsafe { slice.put(Slice { data: bytes.as_ptr().cast(), size: bytes.len() }) };
        Ok(())
    })
}

/// What is known about the peer that sent a frame: its "Peer-Address" and
/// "Socket-Type", and what an authenticator said of it, the "User-Id" and the names
/// in the metadata of its certificate. `*value` is lent until the next call with the
/// message; it is NULL if nothing is known under this name.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no such
/// frame; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_property(
    message: *mut Message,
    frame: usize,
    name: *const c_char,
    value: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_message_property", || {
        let value = place(value)?;
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(message)?;
        entry.message.frame(frame).ok_or_else(|| missing(&entry, frame))?;
        let found = entry.message.property(frame, name).and_then(|text| CString::new(text).ok());
        let known = found.map(|found| entry.text = found);
        // SAFETY: the caller passes a place for it.
        unsafe { value.put(known.map_or(ptr::null(), |()| entry.text.as_ptr())) };
        Ok(())
    })
}

fn missing(entry: &Entry, frame: usize) -> Error {
    let count = entry.message.count();
    wrong("the frame", "one that the message has", format!("{frame}, and it has {count}"))
}
