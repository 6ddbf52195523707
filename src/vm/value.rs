//! Conversion between values of the header and values of the binding.

use std::mem::{self, MaybeUninit, align_of, size_of};
use std::ptr;

use super::abi::{self, Bytes, Function, Items, Payload, Registration, Returned};
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

/// Reads values of the host, and collects the functions in them.
pub(super) struct Reader {
    machine: Registration,
    bounds: Bounds,
    functions: Vec<Function>,
}

impl Reader {
    pub fn new(machine: Registration) -> Reader {
        Reader { machine, bounds: Bounds::default(), functions: Vec::new() }
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

    /// Returns the functions in everything that was read, in use from now on.
    #[inline(always)]
    pub fn end(self) -> InUse {
        InUse::all(self.machine, self.functions)
    }

    /// Returns the functions in these values, some of which were not read, in use from now
    /// on.
    ///
    /// # Safety
    /// As for `read`, for each of these values.
    #[cold]
    pub unsafe fn search<'v>(mut self, values: impl IntoIterator<Item = &'v abi::Value>) -> InUse {
        self.functions.clear();
        for value in values {
            // An error in the search is not reported, because reading the value
            // reports it. SAFETY: guaranteed by the caller.
            let _ = unsafe { search(value, &mut self.functions) };
        }
        self.end()
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
                let found = object::get(handle).ok_or(Error::Closed)?;
                ValueRef::Object(found.clone(), Handle([handle, OBJECT]))
            }
            abi::ZEROMQ_FUNCTION => {
                let function = value.payload.function;
                reader.functions.push(function);
                ValueRef::Function(Handle([function, FUNCTION]))
            }
            abi::ZEROMQ_CLASS => ValueRef::Class(
                descriptors::binding(value.payload.described.cast())
                    .ok_or_else(|| host_error("a class is not one of zeromq_classes"))?,
            ),
            abi::ZEROMQ_ARRAY => {
                ValueRef::Array(ffi::array::view(value.payload.array).map_err(host_error)?)
            }
            abi::ZEROMQ_SPARSE => {
                let viewed = ffi::array::view_sparse(value.payload.sparse).map_err(host_error)?;
                ValueRef::sparse(viewed)
            }
            abi::ZEROMQ_OTHER => {
                let Bytes { data, size } = value.payload.bytes;
                let name = std::str::from_utf8(ffi::slice(data.cast(), size)?);
                ValueRef::Other(name.unwrap_or("a value of another kind").into())
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

/// Memory that values for the host point into: the value of the binding, the items of all
/// lists in it, and descriptions of arrays.
pub(super) struct Lent {
    value: Value,
    space: Space,
}

#[derive(Default)]
struct Space {
    items: Vec<abi::Value>,
    /// Boxed, because values point to them while others are added.
    #[expect(clippy::vec_box, reason = "an array must not move")]
    arrays: Vec<Box<abi::Array>>,
    #[expect(clippy::vec_box, reason = "a matrix must not move")]
    matrices: Vec<Box<abi::Sparse>>,
}

impl Lent {
    /// Takes the items of a list, a tuple or a dictionary.
    pub fn new(value: &mut Value, form: Form) -> Lent {
        let mut lent = Lent { value: mem::replace(value, Value::Nil), space: Space::default() };
        let inside = if form == Form::Usual { Form::Usual } else { Form::Bytes };
        // The items do not move when the struct does, because they are in a Vec each.
        lent.space.items.reserve_exact(count(&lent.value));
        view_items(&mut lent.value, inside, &mut lent.space);
        lent
    }

    /// Returns the items of the outermost list, which are valid as long as this exists.
    pub fn items(&self) -> Items {
        let count = match &self.value {
            Value::List(items) | Value::Tuple(items) => items.len(),
            Value::Dictionary(entries) => 2 * entries.len(),
            _ => 0,
        };
        Items { data: self.space.items.as_ptr(), count }
    }
}

/// Returns the number of values in a list, at any depth.
fn count(value: &Value) -> usize {
    let inside = |value: &Value| 1 + count(value);
    match value {
        Value::List(items) | Value::Tuple(items) => items.iter().map(inside).sum(),
        Value::Dictionary(entries) => {
            entries.iter().map(|(key, value)| inside(key) + inside(value)).sum()
        }
        _ => 0,
    }
}

/// Appends the items of a list to the array, which has room for them, and then the items of
/// the lists among them. Returns those of the list.
fn view_items(value: &mut Value, form: Form, space: &mut Space) -> Items {
    let first = space.items.len();
    let place = |space: &mut Space, at: usize, item: &mut Value| {
        let item = view(item, form, space);
        space.items[first + at] = item;
    };
    let count = match value {
        Value::List(items) | Value::Tuple(items) => {
            space.items.resize(first + items.len(), nil());
            for (at, item) in items.iter_mut().enumerate() {
                place(space, at, item);
            }
            items.len()
        }
        Value::Dictionary(entries) => {
            space.items.resize(first + 2 * entries.len(), nil());
            for (at, (key, value)) in entries.iter_mut().enumerate() {
                place(space, 2 * at, key);
                place(space, 2 * at + 1, value);
            }
            2 * entries.len()
        }
        _ => 0,
    };
    // SAFETY: `first` is not beyond the end of the array, which does not move any more.
    Items { data: unsafe { space.items.as_ptr().add(first) }, count }
}

/// Makes a value for the host that points into `value` and `space`. Objects are taken from
/// `value`: they belong to the host.
fn view(value: &mut Value, form: Form, space: &mut Space) -> abi::Value {
    match value {
        Value::Nil => nil(),
        Value::Bool(value) => plain(abi::ZEROMQ_BOOL, Payload { integer: (*value).into() }),
        Value::Int(integer) => plain(abi::ZEROMQ_INT, Payload { integer: *integer }),
        Value::Float(number) => plain(abi::ZEROMQ_FLOAT, Payload { number: *number }),
        Value::String(text) => bytes(abi::ZEROMQ_STRING, text),
        Value::List(_) => {
            plain(abi::ZEROMQ_LIST, Payload { items: view_items(value, form, space) })
        }
        Value::Tuple(_) => {
            plain(abi::ZEROMQ_TUPLE, Payload { items: view_items(value, form, space) })
        }
        Value::Dictionary(_) => {
            plain(abi::ZEROMQ_DICTIONARY, Payload { items: view_items(value, form, space) })
        }
        Value::Array(array) => {
            let described = Box::new(ffi::array::describe(array));
            let payload = Payload { array: &raw const *described };
            space.arrays.push(described);
            plain(abi::ZEROMQ_ARRAY, payload)
        }
        Value::Sparse(matrix) => {
            let described = Box::new(ffi::array::describe_sparse(matrix));
            let payload = Payload { sparse: &raw const *described };
            space.matrices.push(described);
            plain(abi::ZEROMQ_SPARSE, payload)
        }
        Value::Object(object) => match object.frame() {
            Some(frame) if form == Form::Bytes => bytes(abi::ZEROMQ_BYTES, frame),
            _ => give_object(value),
        },
        Value::Kept(kept) => match kept.handle() {
            Handle([object, OBJECT]) if object::share(object) => {
                plain(abi::ZEROMQ_OBJECT, Payload { object })
            }
            Handle([function, FUNCTION]) => plain(abi::ZEROMQ_FUNCTION, Payload { function }),
            _ => nil(),
        },
    }
}

fn give_object(value: &mut Value) -> abi::Value {
    match mem::replace(value, Value::Nil) {
        Value::Object(object) => {
            plain(abi::ZEROMQ_OBJECT, Payload { object: object::give(object) })
        }
        _ => nil(),
    }
}

/// Makes a nil value.
pub(super) fn nil() -> abi::Value {
    plain(abi::ZEROMQ_NIL, Payload { integer: 0 })
}

pub(super) fn plain(kind: u32, payload: Payload) -> abi::Value {
    abi::Value { kind, payload }
}

pub(super) fn bytes(kind: u32, bytes: &[u8]) -> abi::Value {
    plain(kind, Payload { bytes: Bytes { data: bytes.as_ptr().cast(), size: bytes.len() } })
}

/// The memory in a result.
pub(super) type Memory = [u64; 64];

// A result keeps a `Lent` in its memory if it owns something.
const _: () = assert!(size_of::<Lent>() <= SHORT);
const _: () = assert!(align_of::<Lent>() <= align_of::<Memory>());

/// The longest text that is copied into a result.
pub(super) const SHORT: usize = size_of::<Memory>();

/// Stores true in a result.
///
/// # Safety
/// `result` is valid for writing a `Returned`, which need not be initialized.
#[inline]
pub(super) unsafe fn give_true(result: *mut Returned) {
    // SAFETY: guaranteed by the caller.
    unsafe { store(result, plain(abi::ZEROMQ_BOOL, Payload { integer: 1 }), false) };
}

/// Stores a copy of a text of at most [`SHORT`] bytes in a result.
///
/// # Safety
/// As for `give_true`.
#[inline]
pub(super) unsafe fn give_short(text: &[u8], result: *mut Returned) {
    // SAFETY: guaranteed by the caller.
    unsafe {
        let given = short(text, &raw mut (*result).memory);
        store(result, given, false);
    }
}

/// Copies a text of at most [`SHORT`] bytes into the memory of a result.
///
/// # Safety
/// `memory` is valid for writing, and the text is not in it.
#[inline]
unsafe fn short(text: &[u8], memory: *mut Memory) -> abi::Value {
    debug_assert!(text.len() <= SHORT);
    // SAFETY: guaranteed by the caller; there is room for that many bytes.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), memory.cast(), text.len()) };
    let payload = Bytes { data: memory.cast_const().cast(), size: text.len() };
    plain(abi::ZEROMQ_STRING, Payload { bytes: payload })
}

/// Fills in a result, except for its memory.
///
/// # Safety
/// As for `give_true`.
#[inline]
pub(super) unsafe fn store(result: *mut Returned, given: abi::Value, owned: bool) {
    // SAFETY: guaranteed by the caller.
    unsafe {
        (&raw mut (*result).value).write(given);
        (&raw mut (*result).owned).write(owned.into());
    }
}

/// Stores a value in a result of the host. What it points to is in the result or in memory
/// that the result owns.
///
/// # Safety
/// `result` is valid for writing a `Returned`, which need not be initialized.
pub(super) unsafe fn give(value: &mut Value, form: Form, result: *mut Returned) {
    // SAFETY: guaranteed by the caller.
    let memory = unsafe { &raw mut (*result).memory };
    let (given, owned) = match value {
        Value::String(Text::Fixed(text)) => (bytes(abi::ZEROMQ_STRING, text.as_bytes()), false),
        Value::Bool(value) => {
            (plain(abi::ZEROMQ_BOOL, Payload { integer: (*value).into() }), false)
        }
        // Copied as a whole, which is faster than as many bytes as it has.
        Value::String(Text::Short { bytes, size }) => {
            // SAFETY: the memory is larger than a short text, and not part of it.
            unsafe { ptr::copy_nonoverlapping(bytes, memory.cast(), 1) };
            let (data, size) = (memory.cast_const().cast(), usize::from(*size));
            (plain(abi::ZEROMQ_STRING, Payload { bytes: Bytes { data, size } }), false)
        }
        // SAFETY: the memory is not part of the text.
        Value::String(text) if text.len() <= SHORT => (unsafe { short(text, memory) }, false),
        Value::String(_) => {
            let lent = Lent { value: mem::replace(value, Value::Nil), space: Space::default() };
            // SAFETY: the memory has room for a `Lent`, as asserted above. A text may
            // hold its bytes in itself, so it is viewed in its final place.
            (unsafe { keep(lent, form, memory) }, true)
        }
        Value::Object(object) if form == Form::Bytes && object.frame().is_some() => {
            let lent = Lent { value: mem::replace(value, Value::Nil), space: Space::default() };
            // SAFETY: as above.
            (unsafe { keep(lent, form, memory) }, true)
        }
        Value::Array(_) | Value::Sparse(_) => {
            let lent = Lent { value: mem::replace(value, Value::Nil), space: Space::default() };
            // SAFETY: as above.
            (unsafe { keep(lent, form, memory) }, true)
        }
        Value::List(_) | Value::Tuple(_) | Value::Dictionary(_) => {
            let kind = match value {
                Value::List(_) => abi::ZEROMQ_LIST,
                Value::Tuple(_) => abi::ZEROMQ_TUPLE,
                _ => abi::ZEROMQ_DICTIONARY,
            };
            let lent = Lent::new(value, form);
            let given = plain(kind, Payload { items: lent.items() });
            // SAFETY: as above.
            unsafe { memory.cast::<Lent>().write(lent) };
            (given, true)
        }
        value => (view(value, form, &mut Space::default()), false),
    };
    // SAFETY: guaranteed by the caller.
    unsafe { store(result, given, owned) };
}

/// # Safety
/// `memory` is valid for writing a `Lent`.
unsafe fn keep(lent: Lent, form: Form, memory: *mut Memory) -> abi::Value {
    let owner = memory.cast::<MaybeUninit<Lent>>();
    // SAFETY: guaranteed by the caller; nothing else refers to the memory.
    let lent = unsafe { &mut *owner }.write(lent);
    view(&mut lent.value, form, &mut lent.space)
}

/// Stores the bytes of a frame, whatever they are, in a result, as a string.
///
/// # Errors
/// [`Error::Argument`] if the object is not a frame.
///
/// # Safety
/// As for `give`.
pub(super) unsafe fn give_bytes(frame: &Object, result: *mut Returned) -> Result<(), Error> {
    if frame.frame().is_none() {
        return Err(Error::Argument {
            place: "argument 1 (object)".to_owned(),
            expected: "a frame".into(),
            got: frame.to_string(),
        });
    }
    // SAFETY: guaranteed by the caller.
    unsafe {
        give(&mut Value::Object(frame.clone()), Form::Bytes, result);
        (*result).value.kind = abi::ZEROMQ_STRING;
    }
    Ok(())
}

/// Sets a result to nil and returns what it owned.
///
/// # Safety
/// `give` filled in the result, and no copy of it is taken back as well.
pub(super) unsafe fn reclaim(result: &mut Returned) -> Option<impl Sized + use<>> {
    let owned = mem::replace(&mut result.owned, 0) != 0;
    result.value = nil();
    // SAFETY: if it owns something, `give` wrote a `Lent` there, and `owned` says from now
    // on that it does not.
    owned.then(|| unsafe { (&raw const result.memory).cast::<Lent>().read() })
}
