//! Values for C: JSON and MessagePack.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use super::argument::{bytes, items, new, place, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::message::Slice;
use super::socket::{Socket, enter};
use crate::binding::format::Format as Encoding;
use crate::binding::{self, Bounds, ValueRef};
use crate::core::{Code, Error, array};
use crate::ffi::array::{Array, Sparse};
use crate::ffi::value::{self as abi, Bytes, Items, Payload, Value};
use crate::ffi::{self, Failed};

/// A codec, which converts values to bytes and back.
pub struct Codec(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// The formats of values.
/// cbindgen:prefix-with-name=false
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "these are the names in C")]
pub enum Format {
    /// JSON: text that any program can read. It has neither bytes nor arrays, numbers are
    /// finite, and keys are strings in UTF-8.
    ZEROMQ_JSON = 0,
    /// MessagePack: compact, and every value keeps its kind.
    ZEROMQ_MESSAGE_PACK = 1,
}

/// Returns the value nil, which is null in JSON.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_nil() -> Value {
    plain(abi::ZEROMQ_NIL, Payload { integer: 0 })
}

/// Returns a truth value: true unless `truth` is 0.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_bool(truth: i32) -> Value {
    plain(abi::ZEROMQ_BOOL, Payload { integer: (truth != 0).into() })
}

/// Returns an integer as a value.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_int(integer: i64) -> Value {
    plain(abi::ZEROMQ_INT, Payload { integer })
}

/// Returns a floating-point number as a value.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_float(number: f64) -> Value {
    plain(abi::ZEROMQ_FLOAT, Payload { number })
}

/// Returns a value for a NUL-terminated string, which is not copied: it has to exist as long
/// as the value is used. NULL becomes nil.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_string(text: *const c_char) -> Value {
    if text.is_null() {
        return zeromq_value_nil();
    }
    // SAFETY: not NULL, so the caller passes a NUL-terminated string.
    let size = unsafe { CStr::from_ptr(text) }.count_bytes();
    plain(abi::ZEROMQ_STRING, Payload { bytes: Bytes { data: text, size } })
}

/// Returns a value for `size` bytes, which are not copied: they have to exist as long as the
/// value is used.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_bytes(data: *const c_void, size: usize) -> Value {
    plain(abi::ZEROMQ_BYTES, Payload { bytes: Bytes { data: data.cast(), size } })
}

/// Returns a list of `count` values, which are not copied: the array has to exist as long as
/// the list is used.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_list(values: *const Value, count: usize) -> Value {
    plain(abi::ZEROMQ_LIST, Payload { items: Items { data: values, count } })
}

/// Returns a dictionary of `count` values, which alternate: a key, its value, the next key, and
/// so on, so `count` is twice the number of entries. They are not copied: the array has to
/// exist as long as the dictionary is used.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_dictionary(values: *const Value, count: usize) -> Value {
    plain(abi::ZEROMQ_DICTIONARY, Payload { items: Items { data: values, count } })
}

/// Returns a value for an array of numbers, which is not copied: it has to exist as long as
/// the value is used. JSON has none.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_value_array(array: *const Array) -> Value {
    plain(abi::ZEROMQ_ARRAY, Payload { array })
}

/// Returns the number of values in a list, or of entries in a dictionary; 0 for other values
/// and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_count(value: *const Value) -> usize {
    // SAFETY: the caller passes NULL or a value that is filled in.
    match unsafe { inside(value) } {
        Some((abi::ZEROMQ_DICTIONARY, items)) => items.len() / 2,
        Some((_, items)) => items.len(),
        None => 0,
    }
}

/// Returns an item of a list, or the value of an entry of a dictionary. The first one has the
/// index 0. Returns NULL if there are not so many, for other values, and for NULL, so calls can
/// be nested.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_item(value: *const Value, index: usize) -> *const Value {
    // SAFETY: the caller passes NULL or a value that is filled in.
    let found = match unsafe { inside(value) } {
        Some((abi::ZEROMQ_DICTIONARY, items)) => items.as_chunks::<2>().0.get(index).map(|e| &e[1]),
        Some((_, items)) => items.get(index),
        None => None,
    };
    found.map_or(ptr::null(), ptr::from_ref)
}

/// Returns the key of an entry of a dictionary. The first entry has the index 0. Returns NULL
/// if there are not so many, for other values, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_key(value: *const Value, index: usize) -> *const Value {
    // SAFETY: the caller passes NULL or a value that is filled in.
    let found = match unsafe { inside(value) } {
        Some((abi::ZEROMQ_DICTIONARY, items)) => items.as_chunks::<2>().0.get(index).map(|e| &e[0]),
        _ => None,
    };
    found.map_or(ptr::null(), ptr::from_ref)
}

/// Returns the value of the entry of a dictionary whose key is a string. Of several such
/// entries, the last one counts. Returns NULL if there is none, for other values, and for
/// NULL, so calls can be nested, as in
/// `zeromq_value_item(zeromq_value_member(order, "lines"), 0)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_member(
    value: *const Value,
    key: *const c_char,
) -> *const Value {
    // SAFETY: the caller passes NULL or a value that is filled in.
    let inside = unsafe { inside(value) };
    let (Some((abi::ZEROMQ_DICTIONARY, items)), false) = (inside, key.is_null()) else {
        return ptr::null();
    };
    // SAFETY: not NULL, so the caller passes a NUL-terminated string.
    let key = unsafe { CStr::from_ptr(key) }.to_bytes();
    // SAFETY: the caller passes a value that is filled in.
    let is_wanted = |found: &Value| unsafe { text_of(found) } == Some(key);
    let found = items.as_chunks::<2>().0.iter().rfind(|[key, _]| is_wanted(key));
    found.map_or(ptr::null(), |[_, value]| ptr::from_ref(value))
}

/// Stores 1 in `*truth` if a value is true, or 0 if it is false.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is neither, or NULL because
/// there is no such item; `ZEROMQ_CODE_ARGUMENT` if `truth` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_get_bool(value: *const Value, truth: *mut i32) -> Code {
    ffi::guard("zeromq_value_get_bool", || {
        let place = place(truth)?;
        // SAFETY: the caller passes NULL or a value that is filled in.
        let found = match unsafe { value.as_ref() } {
            // SAFETY: the kind says that the integer is set.
            Some(value) if value.kind == abi::ZEROMQ_BOOL => unsafe { value.payload.integer },
            other => return Err(unexpected("true or false", other)),
        };
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put((found != 0).into()) };
        Ok(())
    })
}

/// Stores an integer in `*integer`. A floating-point number that is whole, and exact as an
/// integer, is accepted, because some programs write all numbers like that.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is something else, or NULL
/// because there is no such item; `ZEROMQ_CODE_ARGUMENT` if `integer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_get_int(value: *const Value, integer: *mut i64) -> Code {
    ffi::guard("zeromq_value_get_int", || {
        let place = place(integer)?;
        // SAFETY: the caller passes NULL or a value that is filled in.
        let value = unsafe { value.as_ref() };
        // SAFETY: the kind says which member is set.
        let found = value.and_then(|value| unsafe {
            match value.kind {
                abi::ZEROMQ_INT => Some(value.payload.integer),
                abi::ZEROMQ_FLOAT => whole(value.payload.number),
                _ => None,
            }
        });
        let found = found.ok_or_else(|| unexpected("an integer", value))?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(found) };
        Ok(())
    })
}

/// Returns a number as an integer, if it is exactly one.
fn whole(number: f64) -> Option<i64> {
    // Beyond it, neighbors of a double are integers, too, so it may have been another one.
    const MOST: f64 = (1_u64 << 53) as f64;
    (number.fract() == 0.0 && number.abs() <= MOST).then_some(number as i64)
}

/// Stores a number in `*number`. Integers are converted, which rounds those beyond 53 bits.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is not a number, or NULL because
/// there is no such item; `ZEROMQ_CODE_ARGUMENT` if `number` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_get_float(value: *const Value, number: *mut f64) -> Code {
    ffi::guard("zeromq_value_get_float", || {
        let place = place(number)?;
        // SAFETY: the caller passes NULL or a value that is filled in.
        let value = unsafe { value.as_ref() };
        // SAFETY: the kind says which member is set.
        let found = value.and_then(|value| unsafe {
            match value.kind {
                abi::ZEROMQ_INT => Some(value.payload.integer as f64),
                abi::ZEROMQ_FLOAT => Some(value.payload.number),
                _ => None,
            }
        });
        let found = found.ok_or_else(|| unexpected("a number", value))?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(found) };
        Ok(())
    })
}

/// Stores the bytes of a string, or of bytes, in `*bytes`. They are valid as long as the value
/// is. In values from the library, a NUL that `size` does not count follows them, so a string
/// without NUL inside can be used as it is.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is something else, or NULL
/// because there is no such item; `ZEROMQ_CODE_ARGUMENT` if `bytes` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_get_string(value: *const Value, bytes: *mut Slice) -> Code {
    ffi::guard("zeromq_value_get_string", || {
        let place = place(bytes)?;
        // SAFETY: the caller passes NULL or a value that is filled in.
        let value = unsafe { value.as_ref() };
        // SAFETY: as above.
        let Some(found) = value.filter(|value| unsafe { text_of(value) }.is_some()) else {
            return Err(unexpected("a string", value));
        };
        // SAFETY: it is a string, or bytes. Also if they are empty, a NUL may follow.
        let Bytes { data, size } = unsafe { found.payload.bytes };
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(Slice { data: data.cast(), size }) };
        Ok(())
    })
}

/// Sends a value as one frame of JSON: nil, truth values, finite numbers, strings in UTF-8,
/// lists, and dictionaries whose keys are strings. Waits up to `timeout` milliseconds.
///
/// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the value cannot
/// be written as JSON, the message says where; if lists are more than 64 deep in each other; or
/// if more than 16777216 values, or 4294967295 bytes of text and arrays, would be written. What
/// is in several lists is written each time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_json(
    socket: *mut Socket,
    value: *const Value,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_json", || {
        // SAFETY: the caller passes NULL or a value that is filled in.
        unsafe { send(socket, Encoding::Json, value, timeout) }
    })
}

/// Receives one frame, as `zeromq_socket_receive_frame` does, and stores the value that it
/// holds as JSON in `*value`, which is valid until the next call with the socket. Numbers
/// without a decimal point or exponent are `ZEROMQ_INT`; other numbers, and integers that are
/// too large, are `ZEROMQ_FLOAT`.
///
/// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the frame is not
/// JSON, if lists are more than 127 deep in each other, or if it holds more than 16 million
/// numbers or 2 million strings, lists and dictionaries, or dictionaries with too many keys
/// whose hashes collide: it is discarded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_json(
    socket: *mut Socket,
    value: *mut Value,
    timeout: i32,
) -> Code {
    // SAFETY: the caller passes NULL or a pointer that is valid for writing.
    ffi::guard("zeromq_socket_receive_json", || unsafe {
        receive(socket, Encoding::Json, value, timeout)
    })
}

/// Sends a value as one frame of MessagePack. It may also have bytes, infinite numbers, arrays
/// of numbers, sparse matrices, and numbers as keys. Waits up to `timeout` milliseconds.
///
/// Returns the codes of `zeromq_socket_send_json`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_send_value(
    socket: *mut Socket,
    value: *const Value,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_send_value", || {
        // SAFETY: the caller passes NULL or a value that is filled in.
        unsafe { send(socket, Encoding::MessagePack, value, timeout) }
    })
}

/// Receives one frame and stores the value that it holds as MessagePack in `*value`, like
/// `zeromq_socket_receive_json`.
///
/// Returns the codes of `zeromq_socket_receive_json`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_value(
    socket: *mut Socket,
    value: *mut Value,
    timeout: i32,
) -> Code {
    // SAFETY: the caller passes NULL or a pointer that is valid for writing.
    ffi::guard("zeromq_socket_receive_value", || unsafe {
        receive(socket, Encoding::MessagePack, value, timeout)
    })
}

/// Makes a codec, for values that are one of several frames, or that are not sent at all. It
/// can be used any number of times. The caller frees it with `zeromq_codec_free`.
///
/// Returns NULL if there are already more than a million codecs.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_codec_new() -> *mut Codec {
    new("zeromq_codec_new", || Ok(CODECS.give(Entry::default())?))
}

/// Frees a codec, with the value and the bytes that it returned last. NULL and handles that
/// were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_codec_free(codec: *mut Codec) {
    ffi::guard_or((), || CODECS.free(codec));
}

/// Writes a value in a format, `ZEROMQ_JSON` or `ZEROMQ_MESSAGE_PACK`, and stores where the
/// bytes are in `*bytes`. They are valid until the next `zeromq_codec_write` with the codec,
/// and a NUL follows that `size` does not count.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the format has no such value: the
/// message says where it is; `ZEROMQ_CODE_CLOSED` if the codec was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_codec_write(
    codec: *mut Codec,
    format: i32,
    value: *const Value,
    bytes: *mut Slice,
) -> Code {
    ffi::guard("zeromq_codec_write", || {
        let place = place(bytes)?;
        let mut codec = enter_codec(codec)?;
        // SAFETY: the caller passes NULL or a value that is filled in.
        codec.written = unsafe { written(encoding(format)?, value) }?;
        codec.written.push(0);
        let written = Slice::of(&codec.written[..codec.written.len() - 1]);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(written) };
        Ok(())
    })
}

/// Reads the value in `size` bytes of a format, `ZEROMQ_JSON` or `ZEROMQ_MESSAGE_PACK`, and
/// stores it in `*value`, which is valid until the next `zeromq_codec_read` with the codec. The
/// bytes are no longer needed then.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` as `zeromq_socket_receive_json` does;
/// `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the codec was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_codec_read(
    codec: *mut Codec,
    format: i32,
    data: *const c_void,
    size: usize,
    value: *mut Value,
) -> Code {
    ffi::guard("zeromq_codec_read", || {
        let place = place(value)?;
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        let mut codec = enter_codec(codec)?;
        let read = encoding(format)?.read(bytes, None)?;
        let lent = codec.read.lend(read)?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// A codec: the bytes that it has written last, and the value that it has read last.
#[derive(Default)]
struct Entry {
    written: Vec<u8>,
    read: Tree,
}

impl Kind for Entry {
    const WHAT: &'static str = "codec";
    const TAG: usize = 12;
}

static CODECS: Registry<Entry> = Registry::new();

fn enter_codec(codec: *const Codec) -> Result<InUse<'static, Entry>, Box<Error>> {
    CODECS.enter(codec)
}

fn encoding(format: i32) -> Result<Encoding, Error> {
    const JSON: i32 = Format::ZEROMQ_JSON as i32;
    const MESSAGE_PACK: i32 = Format::ZEROMQ_MESSAGE_PACK as i32;
    match format {
        JSON => Ok(Encoding::Json),
        MESSAGE_PACK => Ok(Encoding::MessagePack),
        _ => Err(wrong("the format", "ZEROMQ_JSON or ZEROMQ_MESSAGE_PACK", format.to_string())),
    }
}

/// # Safety
/// `value` is NULL or points to a value that is filled in.
unsafe fn send(
    socket: *mut Socket,
    format: Encoding,
    value: *const Value,
    timeout: i32,
) -> Result<(), Failed> {
    // SAFETY: guaranteed by the caller.
    let frame = unsafe { written(format, value) }?;
    Ok(enter(socket)?.socket.send(&[frame], &wait(timeout)?)?)
}

/// # Safety
/// `value` is NULL or valid for writing.
unsafe fn receive(
    socket: *mut Socket,
    format: Encoding,
    value: *mut Value,
    timeout: i32,
) -> Result<(), Failed> {
    let place = place(value)?;
    let mut entry = enter(socket)?;
    let frame = entry.socket.receive(&wait(timeout)?)?;
    let read = format.read(&frame, None)?;
    let lent = entry.value.get_or_insert_default().lend(read)?;
    // SAFETY: guaranteed by the caller.
    unsafe { place.put(lent) };
    Ok(())
}

/// Returns the bytes of a value.
///
/// # Safety
/// `value` is NULL or points to a value that is filled in.
unsafe fn written(format: Encoding, value: *const Value) -> Result<Vec<u8>, Error> {
    // SAFETY: guaranteed by the caller.
    let value = unsafe { value.as_ref() }
        .ok_or_else(|| wrong("the value", "one that is not NULL", "NULL"))?;
    // SAFETY: guaranteed by the caller.
    let viewed = unsafe {
        measure(value, &mut Bounds::default(), &mut { MOST_BYTES })?;
        view(value, &mut Bounds::default())
    }?;
    format.write(&viewed).map_err(|error| match error {
        // Worded for scripts.
        Error::Argument { place, got, .. } => Error::Argument {
            place: place.replacen("argument 1 (value)", "the value", 1),
            expected: match format {
                Encoding::Json => "what JSON has: no bytes, arrays or infinities, strings as keys",
                Encoding::MessagePack => "what MessagePack has",
            }
            .into(),
            got,
        },
        error => error,
    })
}

/// The limit of what all strings, bytes and arrays in a value that is written have together:
/// that of one in MessagePack.
const MOST_BYTES: usize = u32::MAX as usize;

/// Checks the limits of a value that is to be written, without allocating or reading its bytes.
/// What is in several lists is written, and counted, each time.
///
/// # Safety
/// As for `view`.
unsafe fn measure(value: &Value, bounds: &mut Bounds, left: &mut usize) -> Result<(), Error> {
    // SAFETY: `kind` says which member is set, and the caller guarantees that everything it
    // points to is valid.
    let size = unsafe {
        match value.kind {
            abi::ZEROMQ_STRING | abi::ZEROMQ_BYTES => value.payload.bytes.size,
            abi::ZEROMQ_ARRAY => value.payload.array.as_ref().map_or(0, |array| array.size),
            abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE | abi::ZEROMQ_DICTIONARY => {
                let Items { data, count } = value.payload.items;
                let all = items(data, count)?;
                return bounds.within(all.len(), |bounds| {
                    all.iter().try_for_each(|item| measure(item, bounds, left))
                });
            }
            _ => 0,
        }
    };
    *left = left.checked_sub(size).ok_or_else(|| {
        let got = "more, or a size that is wrong";
        wrong("the value", "at most 4294967295 bytes in all strings and arrays together", got)
    })?;
    Ok(())
}

/// Views a value of the caller.
///
/// # Safety
/// The value is filled in, and everything that it points to remains valid for `'a`.
unsafe fn view<'a>(value: &'a Value, bounds: &mut Bounds) -> Result<ValueRef<'a>, Error> {
    let strange = |got: String| wrong("the value", "nil, a number, text, a list and so on", got);
    // SAFETY: `kind` says which member is set, and the caller guarantees that everything it
    // points to is valid.
    unsafe {
        Ok(match value.kind {
            abi::ZEROMQ_NIL => ValueRef::Nil,
            abi::ZEROMQ_BOOL => ValueRef::Bool(value.payload.integer != 0),
            abi::ZEROMQ_INT => ValueRef::Int(value.payload.integer),
            abi::ZEROMQ_FLOAT => ValueRef::Float(value.payload.number),
            abi::ZEROMQ_STRING | abi::ZEROMQ_BYTES => {
                let Bytes { data, size } = value.payload.bytes;
                let text = bytes(data, size)?;
                if value.kind == abi::ZEROMQ_STRING && std::str::from_utf8(text).is_err() {
                    return Err(strange("a string that is not UTF-8".to_owned()));
                }
                ValueRef::String(text)
            }
            abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE => {
                let Items { data, count } = value.payload.items;
                let all = items(data, count)?;
                ValueRef::List(bounds.within(all.len(), |bounds| {
                    all.iter().map(|item| view(item, bounds)).collect()
                })?)
            }
            abi::ZEROMQ_DICTIONARY => {
                let Items { data, count } = value.payload.items;
                let (entries, []) = items(data, count)?.as_chunks() else {
                    return Err(strange("a dictionary with a key without a value".to_owned()));
                };
                ValueRef::Dictionary(bounds.within(count, |bounds| {
                    entries
                        .iter()
                        .map(|[key, value]| Ok((view(key, bounds)?, view(value, bounds)?)))
                        .collect()
                })?)
            }
            abi::ZEROMQ_ARRAY => ValueRef::Array(
                ffi::array::view(value.payload.array).map_err(|why| strange(why.to_owned()))?,
            ),
            abi::ZEROMQ_SPARSE => {
                let viewed = ffi::array::view_sparse(value.payload.sparse)
                    .unwrap_or_else(|why| Err(why.to_owned()));
                ValueRef::Sparse(Box::new(viewed.map_err(strange)?))
            }
            kind => return Err(strange(format!("the kind {kind}"))),
        })
    }
}

/// Returns the kind and the items of a list or dictionary.
///
/// # Safety
/// `value` is NULL or points to a value that is filled in, and valid for `'a`.
unsafe fn inside<'a>(value: *const Value) -> Option<(u32, &'a [Value])> {
    // SAFETY: guaranteed by the caller.
    let value = unsafe { value.as_ref() }?;
    match value.kind {
        abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE | abi::ZEROMQ_DICTIONARY => {
            // SAFETY: the kind says that the items are set.
            let Items { data, count } = unsafe { value.payload.items };
            // SAFETY: guaranteed by the caller.
            unsafe { items(data, count) }.ok().map(|items| (value.kind, items))
        }
        _ => None,
    }
}

/// Returns the bytes of a string, or of bytes.
///
/// # Safety
/// The value is filled in, and what it points to is valid for `'a`.
unsafe fn text_of<'a>(value: &Value) -> Option<&'a [u8]> {
    if !matches!(value.kind, abi::ZEROMQ_STRING | abi::ZEROMQ_BYTES) {
        return None;
    }
    // SAFETY: the kind says that the bytes are set.
    let Bytes { data, size } = unsafe { value.payload.bytes };
    // SAFETY: guaranteed by the caller.
    unsafe { bytes(data, size) }.ok()
}

/// Returns the error for a value of another kind.
fn unexpected(expected: &str, value: Option<&Value>) -> Failed {
    let got = match value.map(|value| value.kind) {
        None => "nothing",
        Some(abi::ZEROMQ_NIL) => "nil",
        Some(abi::ZEROMQ_BOOL) => "a truth value",
        Some(abi::ZEROMQ_INT) => "an integer",
        Some(abi::ZEROMQ_FLOAT) => "a floating-point number",
        Some(abi::ZEROMQ_STRING) => "a string",
        Some(abi::ZEROMQ_BYTES) => "bytes",
        Some(abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE) => "a list",
        Some(abi::ZEROMQ_DICTIONARY) => "a dictionary",
        Some(abi::ZEROMQ_ARRAY | abi::ZEROMQ_SPARSE) => "an array of numbers",
        Some(_) => "a value of another kind",
    };
    Error::Decode { what: format!("expected {expected}, got {got}").into() }.into()
}

fn plain(kind: u32, payload: Payload) -> Value {
    Value { kind, payload }
}

/// A value that the caller may read until the next call: all items of lists, and all strings,
/// one after the other, each followed by a NUL.
#[derive(Default)]
pub(super) struct Tree {
    items: Vec<Value>,
    texts: Vec<u8>,
    arrays: Vec<(Box<array::Array>, Array)>,
    matrices: Vec<(Box<array::Sparse>, Sparse)>,
}

// SAFETY: the pointers point into the lists of the same value.
unsafe impl Send for Tree {}

/// The room that a value takes.
#[derive(Default)]
struct Room {
    items: usize,
    texts: usize,
    arrays: usize,
    matrices: usize,
}

impl Room {
    fn add(&mut self, value: &binding::Value) {
        use binding::Value;
        match value {
            Value::String(text) => self.texts += text.len() + 1,
            Value::Object(object) => self.texts += object.frame().map_or(0, |f| f.len() + 1),
            Value::List(items) | Value::Tuple(items) => {
                self.items += items.len();
                items.iter().for_each(|item| self.add(item));
            }
            Value::Dictionary(entries) => {
                self.items += 2 * entries.len();
                for (key, value) in entries {
                    self.add(key);
                    self.add(value);
                }
            }
            Value::Array(_) => self.arrays += 1,
            Value::Sparse(_) => self.matrices += 1,
            _ => {}
        }
    }
}

impl Tree {
    /// Replaces the value, and returns it for the caller.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    fn lend(&mut self, value: binding::Value) -> Result<Value, Error> {
        let mut room = Room::default();
        room.add(&value);
        *self = Tree::default();
        let reserved = self.items.try_reserve_exact(room.items).and(
            self.texts.try_reserve_exact(room.texts).and(
                self.arrays
                    .try_reserve_exact(room.arrays)
                    .and(self.matrices.try_reserve_exact(room.matrices)),
            ),
        );
        reserved.map_err(|_| Error::no_memory())?;
        Ok(self.add(value))
    }

    /// Adds a value. There is room for it, so nothing that was added before moves.
    fn add(&mut self, value: binding::Value) -> Value {
        use binding::Value as Given;
        match value {
            Given::Bool(truth) => zeromq_value_bool(truth.into()),
            Given::Int(integer) => zeromq_value_int(integer),
            Given::Float(number) => zeromq_value_float(number),
            Given::String(text) => self.add_text(abi::ZEROMQ_STRING, &text),
            Given::Object(object) => match object.frame() {
                Some(frame) => self.add_text(abi::ZEROMQ_BYTES, frame),
                None => zeromq_value_nil(),
            },
            Given::List(items) | Given::Tuple(items) => {
                self.add_items(abi::ZEROMQ_LIST, items.into_iter())
            }
            Given::Dictionary(entries) => {
                let items = entries.into_iter().flat_map(|(key, value)| [key, value]);
                self.add_items(abi::ZEROMQ_DICTIONARY, items)
            }
            Given::Array(array) => {
                let described = ffi::array::describe(&array);
                self.arrays.push((array, described));
                let (_, array) = &self.arrays[self.arrays.len() - 1];
                zeromq_value_array(array)
            }
            Given::Sparse(matrix) => {
                let described = ffi::array::describe_sparse(&matrix);
                self.matrices.push((matrix, described));
                let (_, sparse) = &self.matrices[self.matrices.len() - 1];
                plain(abi::ZEROMQ_SPARSE, Payload { sparse })
            }
            Given::Nil | Given::Kept(_) => zeromq_value_nil(),
        }
    }

    fn add_text(&mut self, kind: u32, text: &[u8]) -> Value {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        self.texts.push(0);
        let data = self.texts[start..].as_ptr().cast();
        plain(kind, Payload { bytes: Bytes { data, size: text.len() } })
    }

    fn add_items(&mut self, kind: u32, items: impl Iterator<Item = binding::Value>) -> Value {
        let start = self.items.len();
        let items: Vec<binding::Value> = items.collect();
        // Those of the lists inside come after them.
        self.items.resize(start + items.len(), zeromq_value_nil());
        let count = items.len();
        for (at, item) in items.into_iter().enumerate() {
            self.items[start + at] = self.add(item);
        }
        plain(kind, Payload { items: Items { data: self.items[start..].as_ptr(), count } })
    }
}
