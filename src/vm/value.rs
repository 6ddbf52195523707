//! Conversion between values of the header and values of the binding.

use std::ffi::c_void;
use std::ptr;

use super::abi::{self, Bytes, Function, Host, Items, Payload};
use super::script_functions::{InUse, search};
use super::{descriptors, object};
use crate::binding::{Bounds, Handle, Object, Text, Value, ValueRef};
use crate::core::Error;
use crate::ffi::{self, host_error};

/// The second half of a handle of the binding tells what the first half is.
pub(super) const OBJECT: u64 = 0;
pub(super) const FUNCTION: u64 = 1;

/// The form in which a value is returned to a host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Strings are text; a frame that is not text is an object.
    Usual,
    /// A frame is bytes.
    Bytes,
    /// Frames inside the value are bytes; the value itself stays an object if it is a
    /// frame.
    BytesInside,
}

/// Keeps the memory of a value alive while the host has it.
enum Owner {
    Text(Text),
    Items(Vec<abi::Value>),
    Frame(#[expect(dead_code, reason = "it keeps its bytes in place")] Object),
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Owner::Items(items) = self {
            for item in items {
                // SAFETY: `give` made the item, and it is taken back only here.
                drop(unsafe { reclaim(item) });
            }
        }
    }
}

/// Reads values of the host, and collects the functions in them if the host asks when
/// it may forget them.
pub(super) struct Reader<'a> {
    host: &'a Host,
    asks: bool,
    bounds: Bounds,
    functions: Vec<Function>,
}

impl<'a> Reader<'a> {
    pub fn new(host: &'a Host) -> Reader<'a> {
        let asks = host.flags & abi::ZEROMQ_HOST_ASKS != 0;
        Reader { host, asks, bounds: Bounds::default(), functions: Vec::new() }
    }

    /// Views a value that the host passed.
    ///
    /// # Safety
    /// The value is filled in as the header requires, and everything it points to
    /// remains valid for `'v`.
    pub unsafe fn read<'v>(&mut self, value: &'v abi::Value) -> Result<ValueRef<'v>, Error> {
        // SAFETY: guaranteed by the caller.
        unsafe { read(value, self) }
    }

    /// Returns the functions in everything that was read, in use from now on. If some
    /// values were not read, they are searched in `values`, which has all of them.
    ///
    /// # Safety
    /// As for `read`, for each of these values.
    pub unsafe fn end<'v>(
        mut self,
        read: bool,
        values: impl IntoIterator<Item = &'v abi::Value>,
    ) -> InUse {
        if self.asks && !read {
            self.functions.clear();
            for value in values {
                // An error in the search is not reported, because reading the value
                // reports it. SAFETY: guaranteed by the caller.
                let _ = unsafe { search(value, &mut self.functions) };
            }
        }
        InUse::all(self.host, self.functions)
    }
}

/// Views a value that the host passed.
///
/// # Safety
/// The value is filled in as the header requires, and everything it points to remains
/// valid for `'a`.
unsafe fn read<'a>(value: &'a abi::Value, reader: &mut Reader) -> Result<ValueRef<'a>, Error> {
    // SAFETY: `kind` determines the member of the union that the host has filled in,
    // and the caller guarantees that everything it points to is valid.
    unsafe {
        Ok(match value.kind {
            abi::ZEROMQ_NIL => ValueRef::Nil,
            abi::ZEROMQ_BOOL => ValueRef::Bool(value.payload.integer != 0),
            abi::ZEROMQ_INT => ValueRef::Int(value.payload.integer),
            abi::ZEROMQ_FLOAT => ValueRef::Float(value.payload.number),
            abi::ZEROMQ_STRING | abi::ZEROMQ_BYTES => {
                let Bytes { data, size } = value.payload.bytes;
                ValueRef::String(ffi::slice(data.cast(), size)?)
            }
            abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE => {
                ValueRef::List(items(value.payload.items, reader)?)
            }
            abi::ZEROMQ_DICTIONARY => ValueRef::Dictionary(entries(value.payload.items, reader)?),
            abi::ZEROMQ_OBJECT => {
                let handle = value.payload.object;
                ValueRef::Object(object::get(handle)?.clone(), Handle([handle, OBJECT]))
            }
            abi::ZEROMQ_FUNCTION => {
                let function = value.payload.function;
                reader.functions.extend(reader.asks.then_some(function));
                ValueRef::Function(Handle([function, FUNCTION]))
            }
            abi::ZEROMQ_CLASS => {
                ValueRef::Class(descriptors::binding(value.payload.described).ok_or_else(|| {
                    host_error("a class is not one that was passed to define_class")
                })?)
            }
            abi::ZEROMQ_OTHER => {
                let Bytes { data, size } = value.payload.bytes;
                let name = std::str::from_utf8(ffi::slice(data.cast(), size)?);
                ValueRef::Other(name.unwrap_or("a value of another kind"))
            }
            _ => return Err(host_error("a value has a kind that is not in the header")),
        })
    }
}

/// # Safety
/// As for `read`.
unsafe fn items<'a>(items: Items, reader: &mut Reader) -> Result<Vec<ValueRef<'a>>, Error> {
    // SAFETY: guaranteed by the caller.
    let items = unsafe { ffi::slice(items.data, items.count) }?;
    reader.bounds.enter(items.len())?;
    // SAFETY: the caller's guarantee holds for each item.
    let taken = items.iter().map(|item| unsafe { read(item, reader) }).collect();
    reader.bounds.leave();
    taken
}

/// # Safety
/// As for `read`.
unsafe fn entries<'a>(
    entries: Items,
    reader: &mut Reader,
) -> Result<Vec<(ValueRef<'a>, ValueRef<'a>)>, Error> {
    // SAFETY: guaranteed by the caller.
    let mut values = unsafe { items(entries, reader) }?.into_iter();
    let mut pairs = Vec::with_capacity(values.len() / 2);
    while let Some(key) = values.next() {
        let Some(value) = values.next() else {
            return Err(host_error("a dictionary has a key without a value"));
        };
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Returns the named arguments in a dictionary whose keys are strings.
pub(super) fn names<'a>(value: ValueRef<'a>) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    let entries = match value {
        ValueRef::Dictionary(entries) => entries,
        _ => Vec::new(),
    };
    entries.into_iter().filter_map(|(key, value)| match key {
        ValueRef::String(name) => Some((std::str::from_utf8(name).ok()?, value)),
        _ => None,
    })
}

/// Makes a value for the host, which frees it with `zeromq_value_free`.
pub(super) fn give(value: Value, form: Form) -> abi::Value {
    let inside = if form == Form::Usual { Form::Usual } else { Form::Bytes };
    match value {
        Value::Nil => nil(),
        Value::Bool(value) => plain(abi::ZEROMQ_BOOL, Payload { integer: value.into() }),
        Value::Int(integer) => plain(abi::ZEROMQ_INT, Payload { integer }),
        Value::Float(number) => plain(abi::ZEROMQ_FLOAT, Payload { number }),
        Value::String(text) => give_text(text),
        Value::List(items) => give_items(abi::ZEROMQ_LIST, items.into_iter(), inside),
        Value::Tuple(items) => give_items(abi::ZEROMQ_TUPLE, items.into_iter(), inside),
        Value::Dictionary(entries) => give_items(
            abi::ZEROMQ_DICTIONARY,
            entries.into_iter().flat_map(|(key, value)| [key, value]),
            inside,
        ),
        Value::Object(object) => {
            let object = match form {
                Form::Bytes => match give_bytes(object, abi::ZEROMQ_BYTES) {
                    Ok(bytes) => return bytes,
                    Err(object) => object,
                },
                Form::Usual | Form::BytesInside => object,
            };
            let object = object::give(object);
            plain(abi::ZEROMQ_OBJECT, Payload { object })
        }
        Value::Kept(kept) => match kept.handle() {
            Handle([object, OBJECT]) if object::share(object) => {
                plain(abi::ZEROMQ_OBJECT, Payload { object })
            }
            Handle([function, FUNCTION]) => plain(abi::ZEROMQ_FUNCTION, Payload { function }),
            _ => nil(),
        },
    }
}

/// Makes a value of this kind from the bytes of a frame, whatever they are. Returns the
/// object if it is not a frame.
pub(super) fn give_bytes(frame: Object, kind: u32) -> Result<abi::Value, Object> {
    let Some(bytes) = frame.frame() else {
        return Err(frame);
    };
    let payload = Payload { bytes: Bytes { data: bytes.as_ptr().cast(), size: bytes.len() } };
    Ok(owned(kind, payload, Box::new(Owner::Frame(frame))))
}

/// Makes a nil value.
pub(super) fn nil() -> abi::Value {
    plain(abi::ZEROMQ_NIL, Payload { integer: 0 })
}

fn plain(kind: u32, payload: Payload) -> abi::Value {
    abi::Value { kind, payload, owner: ptr::null_mut() }
}

fn give_text(text: Text) -> abi::Value {
    let bytes =
        |text: &[u8]| Payload { bytes: Bytes { data: text.as_ptr().cast(), size: text.len() } };
    if let Text::Fixed(text) = text {
        return plain(abi::ZEROMQ_STRING, bytes(text.as_bytes()));
    }
    // A short message holds its bytes inside itself, so it has to be in its final place
    // first.
    let owner = Box::new(Owner::Text(text));
    let Owner::Text(text) = &*owner else {
        unreachable!("it was made a text just now");
    };
    let payload = bytes(text);
    owned(abi::ZEROMQ_STRING, payload, owner)
}

fn give_items(kind: u32, items: impl Iterator<Item = Value>, form: Form) -> abi::Value {
    let items: Vec<abi::Value> = items.map(|item| give(item, form)).collect();
    let payload = Payload { items: Items { data: items.as_ptr(), count: items.len() } };
    owned(kind, payload, Box::new(Owner::Items(items)))
}

fn owned(kind: u32, payload: Payload, owner: Box<Owner>) -> abi::Value {
    abi::Value { kind, payload, owner: Box::into_raw(owner).cast::<c_void>() }
}

/// Sets a value to nil and returns what kept its memory alive.
///
/// # Safety
/// `give` made the value, and no copy of it is taken back as well.
pub(super) unsafe fn reclaim(value: &mut abi::Value) -> Option<impl Sized + use<>> {
    let owner = value.owner.cast::<Owner>();
    *value = nil();
    // SAFETY: `owner` is NULL or came from `Box::into_raw` in `owned`, and the value
    // that held it is nil from now on.
    (!owner.is_null()).then(|| unsafe { Box::from_raw(owner) })
}
