//! What a virtual machine and the library hand each other. These structs are
//! the header; nothing here does anything.

use std::ffi::{c_char, c_void};

/// The version of the layouts in this header. It changes only when a struct
/// changes other than by growing at its end.
pub const ZEROMQ_ABI: u32 = 1;

/// Kind of a `zeromq_value`: nothing.
pub const ZEROMQ_NIL: u32 = 0;
/// Kind of a `zeromq_value`: `as.integer` is 0 for false, 1 for true.
pub const ZEROMQ_BOOL: u32 = 1;
/// Kind of a `zeromq_value`: `as.integer`.
pub const ZEROMQ_INT: u32 = 2;
/// Kind of a `zeromq_value`: `as.number`.
pub const ZEROMQ_FLOAT: u32 = 3;
/// Kind of a `zeromq_value`: `as.bytes`. A string that the library gives is valid
/// UTF-8; it may contain zero bytes. A string that a host passes may be any bytes.
pub const ZEROMQ_STRING: u32 = 4;
/// Kind of a `zeromq_value`: `as.items`, the values one after the other.
pub const ZEROMQ_LIST: u32 = 5;
/// Kind of a `zeromq_value`: `as.items` as for a list, for hosts that tell the two
/// apart.
pub const ZEROMQ_TUPLE: u32 = 6;
/// Kind of a `zeromq_value`: `as.items`, which are key, value, key, value, ...; the
/// count is twice the number of entries.
pub const ZEROMQ_DICTIONARY: u32 = 7;
/// Kind of a `zeromq_value`: `as.object`, an instance of one of the library's classes.
pub const ZEROMQ_OBJECT: u32 = 8;
/// Kind of a `zeromq_value`: something of the host that no method takes, such as a
/// function. `as.bytes` says in UTF-8 what it is, for the error: "a function".
pub const ZEROMQ_OTHER: u32 = 9;
/// Kind of a `zeromq_value`: `as.function`, a function of the script.
pub const ZEROMQ_FUNCTION: u32 = 10;
/// Kind of a `zeromq_value`: `as.described`, one of the library's classes, passed as
/// a value: `setfrontend(ZMQPull, ...)`.
pub const ZEROMQ_CLASS: u32 = 11;

/// Kind of a `zeromq_value`: `as.bytes`, any bytes, for hosts with
/// `ZEROMQ_HOST_BYTES`. A host may pass it as it may pass a string.
pub const ZEROMQ_BYTES: u32 = 12;

/// What a machine is like, for the flags of its host: it has strings, or values of
/// another type, that hold any bytes. Frames come as `ZEROMQ_BYTES` then; as an object
/// of ZMQFrame only what a method gives that promises an object and never a string.
pub const ZEROMQ_HOST_BYTES: u32 = 1;
/// What a machine is like, for the flags of its host: it has no named arguments. A
/// dictionary with texts as keys behind the other arguments holds them then, unless
/// the method needs one more argument or takes a dictionary there. So does an empty
/// list, for machines that have one kind of table, unless the method takes a list.
pub const ZEROMQ_HOST_NAMED_LAST: u32 = 2;
/// What a machine is like, for the flags of its host: it asks
/// `zeromq_function_released` which functions it may forget, in place of `retain` and
/// `release`, which are not called. It numbers its functions from 1.
pub const ZEROMQ_HOST_ASKS: u32 = 4;

/// How an argument is given: by position, always.
pub const ZEROMQ_REQUIRED: u32 = 0;
/// How an argument is given: by position, or left out at the end.
pub const ZEROMQ_OPTIONAL: u32 = 1;
/// How an argument is given: by position, any number of times, none included;
/// the last positional one.
pub const ZEROMQ_VARIADIC: u32 = 2;
/// How an argument is given: by name, or left out.
pub const ZEROMQ_NAMED: u32 = 3;

/// An instance of one of the library's classes: a number, never 0, that is not
/// used again. The same instance has the same number each time it is given, and
/// is to be freed as many times. A call on a freed or invented object gives an
/// error.
pub type Object = u64;

/// A function of the script: whatever number the host knows it by.
pub type Function = u64;

/// A number of bytes somewhere in memory. `(NULL, 0)` is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The first byte. There is no terminating zero.
    pub data: *const c_char,
    /// How many bytes.
    pub size: usize,
}

/// A number of values somewhere in memory. `(NULL, 0)` is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Items {
    /// The first value.
    pub data: *const Value,
    /// How many values.
    pub count: usize,
}

/// What a value holds; `kind` tells which member counts.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Payload {
    /// `ZEROMQ_BOOL`, `ZEROMQ_INT`.
    pub integer: i64,
    /// `ZEROMQ_FLOAT`.
    pub number: f64,
    /// `ZEROMQ_STRING`, `ZEROMQ_BYTES`, `ZEROMQ_OTHER`.
    pub bytes: Bytes,
    /// `ZEROMQ_LIST`, `ZEROMQ_TUPLE`, `ZEROMQ_DICTIONARY`.
    pub items: Items,
    /// `ZEROMQ_OBJECT`.
    pub object: Object,
    /// `ZEROMQ_FUNCTION`.
    pub function: Function,
    /// `ZEROMQ_CLASS`: as `define_class` was given it.
    pub described: *const Class,
}

/// A value of the script, in a form that every virtual machine can make and
/// read. What a host passes is lent for the time of the call; `owner` is then
/// NULL. What the library gives belongs to the host until `zeromq_value_free`.
/// cbindgen:field-names=[kind, as, owner]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// Which kind of value: `ZEROMQ_NIL` and so on.
    pub kind: u32,
    /// The value.
    pub payload: Payload,
    /// The library's: what keeps the memory of `as` alive, or NULL.
    pub owner: *mut c_void,
}

/// A named argument, as in `receive(timeout=500)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Named {
    /// The name, terminated by a zero byte.
    pub name: *const c_char,
    /// The value.
    pub value: Value,
}

/// A parameter of a method.
#[repr(C)]
pub struct Parameter {
    /// The size of this struct in bytes.
    pub size: u32,
    /// How it is given: `ZEROMQ_REQUIRED` and so on.
    pub role: u32,
    /// The kinds that it may have: `1 << ZEROMQ_STRING` and so on, added up.
    pub kinds: u32,
    /// Its name.
    pub name: *const c_char,
    /// What is expected, in words: "endpoints", "milliseconds".
    pub doc: *const c_char,
}

/// A method, or the constructor of a class.
#[repr(C)]
pub struct Method {
    /// The size of this struct in bytes.
    pub size: u32,
    /// How many parameters.
    pub parameter_count: u32,
    /// Its name; of a constructor, the name of the class.
    pub name: *const c_char,
    /// How it is called, for people: "receive(timeout=) -> String, ZMQFrame or nil".
    pub signature: *const c_char,
    /// What it does, in a sentence or a few.
    pub doc: *const c_char,
    /// The parameters, the positional ones first.
    pub parameters: *const *const Parameter,
    /// The kinds that its result may have: `1 << ZEROMQ_STRING` and so on, added up.
    pub results: u32,
}

/// A class. It stays in place for the life of the process, as do its methods
/// and their parameters.
#[repr(C)]
pub struct Class {
    /// The size of this struct in bytes.
    pub size: u32,
    /// `ZEROMQ_ABI` of the library.
    pub abi: u32,
    /// Its name: "ZMQRequest".
    pub name: *const c_char,
    /// What it is for.
    pub doc: *const c_char,
    /// The class whose methods it has too, or NULL. It is defined before.
    pub parent: *const Class,
    /// How an instance is made, or NULL if the class has no instances of its own.
    pub constructor: *const Method,
    /// A further name of the constructor, kept for old scripts, or NULL.
    pub alias: *const c_char,
    /// The methods of instances, without those of the parent.
    pub methods: *const *const Method,
    /// How many methods of instances.
    pub method_count: u32,
    /// How many functions.
    pub function_count: u32,
    /// The methods of the class itself, called without an instance, as in
    /// `ZMQ.version()`.
    pub functions: *const *const Method,
}

/// The virtual machine, as the library needs it. The struct has to stay in
/// place while calls are made with it. Functions that are not there are NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    /// `sizeof(zeromq_host)`.
    pub size: u32,
    /// `ZEROMQ_ABI`.
    pub abi: u32,
    /// Given back to each of the functions. It tells machines apart: no other machine
    /// in the process may have the same.
    pub context: *mut c_void,
    /// Called by `zeromq_register` once a class. Anything but 0 ends the
    /// registration. NULL: the host asks `zeromq_classes`, and does not register.
    pub define_class:
        Option<unsafe extern "C" fn(context: *mut c_void, description: *const Class) -> i32>,
    /// Tells the user something that does not stop the script. Both strings are
    /// lent for the time of the call. NULL: warnings are lost.
    pub warn: Option<
        unsafe extern "C" fn(context: *mut c_void, tag: *const c_char, message: *const c_char),
    >,
    /// Whether the script should stop: a call that waits asks several times a
    /// second, one that calls functions of the script before each, and ends with
    /// `ZEROMQ_CODE_INTERRUPTED` when the answer is not 0. It must not call the library. NULL: never.
    pub interrupted: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
    /// Calls a function of the script, in the middle of a call of the library and on
    /// its thread. The arguments are lent; objects among them are given, and to be
    /// freed. `*result` is lent by the host: it has to stay until the library calls
    /// this again or returns. The script may call the library meanwhile. Anything
    /// but 0, and a result that is not written, says that the function failed: the call
    /// of the library then ends with `ZEROMQ_CODE_CALLBACK`, and the host raises what it
    /// knows of the failure.
    /// NULL: methods that take a function refuse it.
    pub call: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            function: Function,
            arguments: *const Value,
            argument_count: usize,
            result: *mut Value,
        ) -> i32,
    >,
    /// A function that was passed is kept beyond the call: it must not be collected
    /// until it was released as many times. NULL: functions stay for ever.
    pub retain: Option<unsafe extern "C" fn(context: *mut c_void, function: Function)>,
    /// A function that was retained is not needed any more. It may be called by
    /// `zeromq_object_free` and `zeromq_shutdown` too, and must not call the library.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void, function: Function)>,
    /// What the machine is like: `ZEROMQ_HOST_BYTES` and so on, added up.
    pub flags: u32,
}

/// One call of a method, for `zeromq_call`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Invocation {
    /// `sizeof(zeromq_invocation)`.
    pub size: u32,
    /// `ZEROMQ_ABI`.
    pub abi: u32,
    /// The virtual machine that calls.
    pub host: *const Host,
    /// The method, from a class that `define_class` was given.
    pub method: *const Method,
    /// The instance, or 0 for a constructor and for a method of the class itself.
    pub receiver: Object,
    /// The positional arguments.
    pub arguments: *const Value,
    /// How many positional arguments.
    pub argument_count: usize,
    /// The named arguments.
    pub named: *const Named,
    /// How many named arguments.
    pub named_count: usize,
}
