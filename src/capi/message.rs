//! Messages, for C.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use super::argument::{bytes, items, new, place, text, wrong};
use super::handle::{InUse, Kind, Registry};
use crate::core::{self, Code, Error, Frame};
use crate::ffi;

/// A message: any number of frames, each of any number of bytes.
pub struct Message(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A range of bytes in memory. `(NULL, 0)` is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    /// The first byte. The bytes are not NUL-terminated.
    pub data: *const c_void,
    /// The number of bytes.
    pub size: usize,
}

/// The frames of a message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Frames {
    /// The first frame.
    pub frames: *const Slice,
    /// The number of frames.
    pub count: usize,
}

impl Slice {
    /// Returns where the bytes of a frame are.
    #[inline]
    pub(super) fn of(bytes: &[u8]) -> Slice {
        Slice { data: bytes.as_ptr().cast(), size: bytes.len() }
    }
}

/// A slice whose bytes can be read.
#[repr(transparent)]
pub(super) struct Readable(Slice);

impl Readable {
    /// Checks the slices of an array; `(NULL, 0)` is empty.
    ///
    /// # Safety
    /// `slices` is NULL or points to `count` slices, whose `data` is NULL or points to
    /// `size` bytes. All of them remain valid for `'a`.
    pub unsafe fn all<'a>(slices: *const Slice, count: usize) -> Result<&'a [Readable], Error> {
        // SAFETY: guaranteed by the caller.
        let slices = unsafe { items(slices, count) }?;
        for slice in slices {
            // SAFETY: guaranteed by the caller.
            unsafe { bytes(slice.data, slice.size) }?;
        }
        // SAFETY: it is the same array, of a transparent type.
        Ok(unsafe { std::slice::from_raw_parts(slices.as_ptr().cast(), slices.len()) })
    }
}

impl AsRef<[u8]> for Readable {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        match self.0.size {
            0 => &[],
            // SAFETY: `all` checked the slice, and its caller guarantees the bytes.
            size => unsafe { std::slice::from_raw_parts(self.0.data.cast(), size) },
        }
    }
}

/// The frames of a message whose bytes can be read.
#[repr(transparent)]
pub(super) struct ReadableFrames(Frames);

impl ReadableFrames {
    /// Checks the messages of an array; `(NULL, 0)` is empty. Each needs a frame.
    ///
    /// # Safety
    /// `messages` is NULL or points to `count` messages, whose frames are as for
    /// [`Readable::all`].
    pub unsafe fn all<'a>(
        messages: *const Frames,
        count: usize,
    ) -> Result<&'a [ReadableFrames], Error> {
        // SAFETY: guaranteed by the caller.
        let messages = unsafe { items(messages, count) }?;
        for message in messages {
            // SAFETY: guaranteed by the caller.
            if unsafe { Readable::all(message.frames, message.count) }?.is_empty() {
                return Err(wrong("the frames", "at least one in each message", "none"));
            }
        }
        // SAFETY: it is the same array, of a transparent type.
        Ok(unsafe { std::slice::from_raw_parts(messages.as_ptr().cast(), messages.len()) })
    }
}

impl AsRef<[Readable]> for ReadableFrames {
    #[inline]
    fn as_ref(&self) -> &[Readable] {
        // SAFETY: `all` checked the frames, of which there is at least one.
        unsafe { std::slice::from_raw_parts(self.0.frames.cast(), self.0.count) }
    }
}

/// Releases memory that was passed to `zeromq_message_add_memory` or
/// `zeromq_socket_send_memory`. It is called once, with the `data` and `hint` given
/// there, on any thread. It must not call the library with the message or socket that
/// had the memory.
pub type FreeFunction = Option<unsafe extern "C" fn(data: *mut c_void, hint: *mut c_void)>;

/// A message, and what was returned from it last: a string, or a frame that was
/// removed.
#[derive(Default)]
pub(super) struct Entry {
    pub message: core::Message,
    text: CString,
    removed: Frame,
}

impl Kind for Entry {
    const WHAT: &'static str = "message";
    const TAG: usize = 2;
}

static MESSAGES: Registry<Entry> = Registry::new();

/// Looks up the message of a handle, for one call.
#[inline]
pub(super) fn enter(message: *const Message) -> Result<InUse<'static, Entry>, Box<Error>> {
    MESSAGES.enter(message)
}

/// Makes an empty message, to receive into or to build and send. It can be used again
/// any number of times. The caller frees it with `zeromq_message_free`.
///
/// Returns NULL if there are already more than a million messages.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_new() -> *mut Message {
    new("zeromq_message_new", || Ok(MESSAGES.give(Entry::default())?))
}

/// Frees a message. If it is in a call on another thread, it is freed at the end of
/// that call. NULL and handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_free(message: *mut Message) {
    ffi::guard_or((), || MESSAGES.free(message));
}

/// Removes all frames of a message.
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

/// Appends a frame with a copy of `size` bytes to a message.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`; `ZEROMQ_CODE_ZMQ` if memory runs out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_add(
    message: *mut Message,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_message_add", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        Ok(enter(message)?.message.push(bytes)?)
    })
}

/// Inserts a frame with a copy of `size` bytes before all others, such as the routing
/// id of a peer.
///
/// Returns the codes of `zeromq_message_add`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_prepend(
    message: *mut Message,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_message_prepend", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        Ok(enter(message)?.message.prepend(bytes)?)
    })
}

/// Removes the first frame of a message, such as the routing id of a peer, and stores
/// its bytes in `*frame`, unless that is NULL. They are valid until the next call with
/// the message.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no frames;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_pop(message: *mut Message, frame: *mut Slice) -> Code {
    ffi::guard("zeromq_message_pop", || {
        let mut entry = enter(message)?;
        let removed = entry.message.take(0).ok_or_else(|| missing(&entry, 0))?;
        entry.removed = removed;
        if let Ok(place) = place(frame) {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { place.put(Slice::of(&entry.removed)) };
        }
        Ok(())
    })
}

/// Moves a frame of `source` to the end of `message` without copying its bytes. The
/// first frame is number 0. To take the routing id off a message and keep it, move frame
/// 0 to another message. To pass a whole message on, send `source` itself.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
/// `ZEROMQ_CODE_CLOSED`; `ZEROMQ_CODE_BUSY`, also if both are the same message;
/// `ZEROMQ_CODE_ZMQ` if memory runs out.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_take_frame(
    message: *mut Message,
    source: *mut Message,
    frame: usize,
) -> Code {
    ffi::guard("zeromq_message_take_frame", || {
        let mut target = enter(message)?;
        let mut source = enter(source)?;
        target.message.reserve()?;
        let taken = source.message.take(frame).ok_or_else(|| missing(&source, frame))?;
        target.message.push_frame(taken);
        Ok(())
    })
}

/// Returns a frame as a NUL-terminated string; the first frame is number 0. Returns NULL
/// if there is no such frame, if it is not UTF-8 or contains a NUL byte, or if the
/// handle is invalid. The string is valid until the next call with the message.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_text(message: *mut Message, frame: usize) -> *const c_char {
    ffi::guard_or(ptr::null(), || {
        let Ok(mut entry) = enter(message) else {
            return ptr::null();
        };
        let text = entry.message.frames().get(frame).and_then(Frame::as_text);
        match text.and_then(|text| CString::new(text).ok()) {
            Some(text) => {
                entry.text = text;
                entry.text.as_ptr()
            }
            None => ptr::null(),
        }
    })
}

/// Appends a frame without copying its bytes. The message takes ownership of the memory
/// and calls `free_function` with `data` and `hint` once the frame was sent or the
/// message was freed. This may happen on another thread, at once or later. The bytes
/// must not change until then. If `free_function` is NULL, the memory must remain valid
/// forever.
///
/// If the call fails, the caller still owns the memory.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`; `ZEROMQ_CODE_ZMQ` if memory runs out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_add_memory(
    message: *mut Message,
    data: *mut c_void,
    size: usize,
    free_function: FreeFunction,
    hint: *mut c_void,
) -> Code {
    ffi::guard("zeromq_message_add_memory", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        unsafe { bytes(data, size) }?;
        let mut entry = enter(message)?;
        entry.message.reserve()?;
        // SAFETY: the caller passes ownership of these bytes, as documented above.
        let frame = unsafe { Frame::of_memory(data, size, free_function, hint) };
        entry.message.push_frame(frame.map_err(|_| Error::no_memory())?);
        Ok(())
    })
}

/// Replaces the frames of `message` with a copy of those of `source`. Long frames share
/// their bytes. If memory runs out, `message` is empty.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`;
/// `ZEROMQ_CODE_BUSY`, also if both are the same message; `ZEROMQ_CODE_ZMQ` if memory
/// runs out.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_copy(message: *mut Message, source: *mut Message) -> Code {
    ffi::guard("zeromq_message_copy", || {
        let mut source = enter(source)?;
        enter(message)?.message.copy(&mut source.message)?;
        Ok(())
    })
}

/// Returns the number of frames in a message, or 0 if the handle is invalid or the
/// message is in use.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_count(message: *const Message) -> usize {
    ffi::guard_or(0, || enter(message).map_or(0, |entry| entry.message.count()))
}

/// Returns the bytes of a frame; the first frame is number 0. They are valid until the
/// message is changed, received into, sent or freed. If the frame is empty or does not
/// exist, or the handle is invalid, the result may be NULL and must not be read;
/// `zeromq_message_size` returns 0 then.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_data(message: *const Message, frame: usize) -> *const c_void {
    ffi::guard_or(ptr::null(), || {
        let entry = enter(message).ok();
        let data = entry.as_ref().and_then(|entry| entry.message.frame(frame));
        data.map_or(ptr::null(), |data| data.as_ptr().cast())
    })
}

/// Returns the size of a frame in bytes; the first frame is number 0. Returns 0 if
/// there is no such frame or the handle is invalid.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_message_size(message: *const Message, frame: usize) -> usize {
    ffi::guard_or(0, || {
        let entry = enter(message).ok();
        entry.as_ref().and_then(|entry| entry.message.frame(frame)).map_or(0, <[u8]>::len)
    })
}

/// Stores the bytes of a frame in `*slice`, like `zeromq_message_data` and
/// `zeromq_message_size`, but reports why it fails.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
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
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { slice.put(Slice::of(bytes)) };
        Ok(())
    })
}

/// Stores a metadata property of the frame in `*value`, or NULL if it has none of this
/// name (see `zmq_msg_gets(3)`): "Peer-Address" and "Socket-Type" of the peer that sent
/// it and, if an authenticator accepted the peer, "User-Id" and the metadata of its
/// certificate. The string is valid until the next call with the message.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_message_property(
    message: *mut Message,
    frame: usize,
    name: *const c_char,
    value: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_message_property", || {
        let value = place(value)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(message)?;
        entry.message.frame(frame).ok_or_else(|| missing(&entry, frame))?;
        let found = entry.message.property(frame, name).and_then(|text| CString::new(text).ok());
        let known = found.map(|found| entry.text = found);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { value.put(known.map_or(ptr::null(), |()| entry.text.as_ptr())) };
        Ok(())
    })
}

fn missing(entry: &Entry, frame: usize) -> Error {
    let count = entry.message.count();
    wrong("the frame", "a frame of the message", format!("frame {frame} of {count}"))
}
