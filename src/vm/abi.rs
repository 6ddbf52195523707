//! The structs and constants that a virtual machine and the library exchange. They
//! become the header; there is no code here.

use std::ffi::{c_char, c_void};

pub use crate::ffi::array::*;
pub use crate::ffi::value::*;

/// The version of the struct layouts in this header. It changes only if a struct
/// changes in a way other than growing at its end.
pub const ZEROMQ_ABI: u32 = 1;

/// Flag of a host: it takes sparse matrices as `ZEROMQ_SPARSE`.
pub const ZEROMQ_HOST_SPARSE: u32 = 8;
/// Flag of a host: it takes arrays of numbers as `ZEROMQ_ARRAY`.
pub const ZEROMQ_HOST_ARRAYS: u32 = 4;
/// Flag of a host: its scripts have a type that holds any bytes. Received frames are
/// then returned as `ZEROMQ_BYTES`. Methods that always return a ZMQFrame and never a
/// string still return an object.
pub const ZEROMQ_HOST_BYTES: u32 = 1;
/// Flag of a host: it has no named arguments. If the last argument is a dictionary with
/// string keys, its entries are taken as named arguments, unless the method needs one
/// more positional argument or accepts a dictionary there. The same holds for an empty
/// list, for hosts whose lists and dictionaries are one type, unless the method accepts
/// a list.
pub const ZEROMQ_HOST_NAMED_LAST: u32 = 2;
/// Role of a parameter: positional and required.
pub const ZEROMQ_REQUIRED: u32 = 0;
/// Role of a parameter: positional; may be omitted at the end.
pub const ZEROMQ_OPTIONAL: u32 = 1;
/// Role of a parameter: the last positional one, which may be passed any number of
/// times or omitted.
pub const ZEROMQ_VARIADIC: u32 = 2;
/// Role of a parameter: passed by name; may be omitted.
pub const ZEROMQ_NAMED: u32 = 3;

/// A registered virtual machine: a number that is never 0 and never reused. Calls with a
/// number that is not registered return an error.
pub type Registration = u64;

/// The result of a call, in memory of the host. The library fills in all of it; the host
/// only reads `value` and `owned`. The bytes and items of the value may be in `memory`, so
/// the struct must not be moved while they are used. They remain valid until
/// `zeromq_result_free`, or until the struct is used for another call; other calls, on
/// this thread or another, do not affect them.
#[repr(C)]
pub struct Returned {
    /// The result.
    pub value: Value,
    /// Not 0 if the result owns memory of the library: call `zeromq_result_free` before
    /// the struct is used again. If it is 0, the call is not needed.
    pub owned: usize,
    /// For the library.
    pub memory: [u64; 64],
}

/// A named argument, as in `receive(timeout=500)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Named {
    /// The name, NUL-terminated.
    pub name: *const c_char,
    /// The value.
    pub value: Value,
}

/// A parameter of a method.
#[repr(C)]
pub struct Parameter {
    /// The size of this struct in bytes.
    pub size: u32,
    /// How it is passed: `ZEROMQ_REQUIRED` and so on.
    pub role: u32,
    /// The kinds that it accepts: the bitwise OR of `1 << ZEROMQ_STRING` and so on.
    pub kinds: u32,
    /// The name of the parameter.
    pub name: *const c_char,
    /// What it expects, such as "endpoints" or "milliseconds".
    pub doc: *const c_char,
    /// The kinds inside it, if it accepts a list or a function: those that the elements of the
    /// list may have, or those that are used of what the function returns. Hosts without types
    /// need them; others can pass any value.
    pub inner: u32,
}

/// A method, or the constructor of a class.
#[repr(C)]
pub struct Method {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The number of parameters.
    pub parameter_count: u32,
    /// The name of the method; for a constructor, that of the class.
    pub name: *const c_char,
    /// The signature as users see it: "receive(timeout=) -> String, ZMQFrame or nil".
    pub signature: *const c_char,
    /// What the method does, in one or a few sentences.
    pub doc: *const c_char,
    /// The parameters, positional ones first.
    pub parameters: *const *const Parameter,
    /// The kinds that it may return: the bitwise OR of `1 << ZEROMQ_STRING` and so on.
    pub results: u32,
}

/// A class. It remains valid for the life of the process, as do its methods and their
/// parameters.
#[repr(C)]
pub struct Class {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The `ZEROMQ_ABI` of the library.
    pub abi: u32,
    /// The name of the class, such as "ZMQRequest".
    pub name: *const c_char,
    /// What the class is for.
    pub doc: *const c_char,
    /// The class that it inherits methods from, or NULL. Parents are defined before
    /// their children.
    pub parent: *const Class,
    /// The constructor, or NULL if the class has no instances of its own.
    pub constructor: *const Method,
    /// Another name of the constructor, kept for old scripts, or NULL.
    pub alias: *const c_char,
    /// The methods of instances, without those of the parent.
    pub methods: *const *const Method,
    /// The number of methods of instances.
    pub method_count: u32,
    /// The number of functions.
    pub function_count: u32,
    /// The methods of the class itself, called without an instance, as in
    /// `ZMQ.version()`.
    pub functions: *const *const Method,
}

/// A virtual machine, as seen by the library, for `zeromq_host_register`. Functions that a
/// host does not have are NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    /// `sizeof(zeromq_host)`.
    pub size: u32,
    /// `ZEROMQ_ABI`.
    pub abi: u32,
    /// Passed to each of the functions below. It identifies the virtual machine: while it
    /// is registered, no other one in the process may use the same value.
    pub context: *mut c_void,
    /// The bitwise OR of `ZEROMQ_HOST_BYTES` and so on.
    pub flags: u32,
    /// Reports a warning, which does not stop the script. Both strings are valid during
    /// the call. If it is NULL, warnings are dropped.
    pub warn: Option<
        unsafe extern "C" fn(context: *mut c_void, tag: *const c_char, message: *const c_char),
    >,
    /// Returns nonzero if the script should stop. A call that waits asks several times
    /// per second, and a call that runs script functions asks before each; it then
    /// returns `ZEROMQ_CODE_INTERRUPTED`. The function must not call the library. If it
    /// is NULL, calls are not interrupted.
    pub interrupted: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
    /// Calls a script function during a library call, on the same thread. The arguments
    /// are valid during the call, but objects among them belong to the host, which
    /// frees them. The host owns the memory of `*result`, which must remain valid until
    /// the library calls this function again or returns. The script may call the
    /// library in the meantime.
    ///
    /// Returns 0 on success. If it returns anything else, or does not write `*result`,
    /// the library call returns `ZEROMQ_CODE_CALLBACK`, and the host raises the
    /// original error. If it is NULL, methods that take a function refuse it.
    pub call: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            function: Function,
            arguments: *const Value,
            argument_count: usize,
            result: *mut Value,
        ) -> i32,
    >,
    /// What scripts may do: the rules of a policy, which `zeromq help policy` describes, as
    /// NUL-terminated UTF-8. The library copies them. If it is NULL, scripts may do
    /// everything; if it is empty, nothing that concerns more than their own objects. A
    /// socket keeps the policy of the host that made it: to pass it to another host is to
    /// pass on what it may do.
    pub policy: *const c_char,
    /// Stores the tag and the text of the error with which `call` failed last in `*tag` and
    /// `*text`, as NUL-terminated UTF-8 that is valid until the next call of the host. A
    /// worker sends them to its queue; the library call then returns `ZEROMQ_CODE_TASK`, and
    /// the host drops the original error. If it is NULL, the queue learns only that the task
    /// failed.
    pub failure: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            tag: *mut *const c_char,
            text: *mut *const c_char,
        ),
    >,
}
