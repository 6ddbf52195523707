//! Values as C programs and hosts exchange them.

use std::ffi::c_char;

use super::array::{Array, Sparse};

/// A class, as the interface for virtual machines describes it.
/// cbindgen:ignore
pub enum Class {}

/// Kind of a `zeromq_value`: nil.
pub const ZEROMQ_NIL: u32 = 0;
/// Kind of a `zeromq_value`: a boolean; `as.integer` is 0 or 1.
pub const ZEROMQ_BOOL: u32 = 1;
/// Kind of a `zeromq_value`: an integer in `as.integer`. Results may be any `int64_t`, also
/// beyond the 53 bits of a double. Unsigned integers that do not fit are returned as
/// `ZEROMQ_FLOAT`, except in arrays.
pub const ZEROMQ_INT: u32 = 2;
/// Kind of a `zeromq_value`: a floating-point number in `as.number`. Parameters that do not
/// accept this kind refuse it even if the number is whole.
pub const ZEROMQ_FLOAT: u32 = 3;
/// Kind of a `zeromq_value`: a string in `as.bytes`. Strings from the library are valid
/// UTF-8 and may contain NUL bytes. Strings from a host may be any bytes.
pub const ZEROMQ_STRING: u32 = 4;
/// Kind of a `zeromq_value`: a list, with its values in `as.items`, which may be of several
/// kinds.
pub const ZEROMQ_LIST: u32 = 5;
/// Kind of a `zeromq_value`: a tuple, with its values in `as.items`. It is equivalent
/// to a list; it exists for hosts that distinguish the two.
pub const ZEROMQ_TUPLE: u32 = 6;
/// Kind of a `zeromq_value`: a dictionary. `as.items` alternates keys and values, so
/// its count is twice the number of entries.
pub const ZEROMQ_DICTIONARY: u32 = 7;
/// Kind of a `zeromq_value`: an instance of one of the library's classes, in
/// `as.object`.
pub const ZEROMQ_OBJECT: u32 = 8;
/// Kind of a `zeromq_value`: any other value of the host, which no method accepts.
/// `as.bytes` names it in UTF-8 for error messages, such as "a range".
pub const ZEROMQ_OTHER: u32 = 9;
/// Kind of a `zeromq_value`: a script function, in `as.function`. What it returns may be of
/// any kind; `inner` of the parameter has those that are used.
pub const ZEROMQ_FUNCTION: u32 = 10;
/// Kind of a `zeromq_value`: one of the library's classes passed as a value, in
/// `as.described`, as in `setfrontend(ZMQPull, ...)`.
pub const ZEROMQ_CLASS: u32 = 11;

/// Kind of a `zeromq_value`: any bytes, in `as.bytes`. Of the hosts, only those with
/// `ZEROMQ_HOST_BYTES` get it. Hosts may pass it wherever they may pass a string.
pub const ZEROMQ_BYTES: u32 = 12;

/// Kind of a `zeromq_value`: an array of numbers, in `as.array`. Hosts without
/// `ZEROMQ_HOST_ARRAYS` get lists of lists of numbers instead.
pub const ZEROMQ_ARRAY: u32 = 13;

/// Kind of a `zeromq_value`: a sparse matrix, in `as.sparse`. Hosts without
/// `ZEROMQ_HOST_SPARSE` get a dictionary with "format", "shape", "data", "indices" and
/// "indptr" instead, whose last three are lists.
pub const ZEROMQ_SPARSE: u32 = 14;

/// An instance of one of the library's classes: a number that is never 0 and never
/// reused. An instance has the same number each time it is returned, and must be freed
/// as often as it was returned. Calls on a freed or invalid object return an error.
pub type Object = u64;

/// A script function: the number by which the host identifies it, which is not 0. The
/// host must not forget the function until `zeromq_function_released` returns its number.
pub type Function = u64;

/// A range of bytes in memory. `(NULL, 0)` is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The first byte. The bytes are not NUL-terminated.
    pub data: *const c_char,
    /// The number of bytes.
    pub size: usize,
}

/// An array of values in memory. `(NULL, 0)` is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Items {
    /// The first value.
    pub data: *const Value,
    /// The number of values.
    pub count: usize,
}

/// The content of a value; `kind` determines the member that is set.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Payload {
    /// For `ZEROMQ_BOOL` and `ZEROMQ_INT`.
    pub integer: i64,
    /// For `ZEROMQ_FLOAT`.
    pub number: f64,
    /// For `ZEROMQ_STRING`, `ZEROMQ_BYTES` and `ZEROMQ_OTHER`.
    pub bytes: Bytes,
    /// For `ZEROMQ_LIST`, `ZEROMQ_TUPLE` and `ZEROMQ_DICTIONARY`.
    pub items: Items,
    /// For `ZEROMQ_OBJECT`.
    pub object: Object,
    /// For `ZEROMQ_FUNCTION`.
    pub function: Function,
    /// For `ZEROMQ_CLASS`: a pointer from `zeromq_classes`.
    pub described: *const Class,
    /// For `ZEROMQ_ARRAY`.
    pub array: *const Array,
    /// For `ZEROMQ_SPARSE`.
    pub sparse: *const Sparse,
}

/// A value: nil, a truth value, a number, text, bytes, or a list or dictionary of values, in a
/// form that C programs and every virtual machine can make and read. The memory that `as`
/// points to is borrowed: from the caller during a call, and from the library after it.
/// cbindgen:field-names=[kind, as]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// The kind of the value: `ZEROMQ_NIL` and so on.
    pub kind: u32,
    /// The content of the value.
    pub payload: Payload,
}
