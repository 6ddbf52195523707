//! The functions of the header, from a shared library or from the library that is linked
//! into this program. A process uses only one of them.

use std::ffi::c_char;

use zeromq::capi::error::{ErrorInfo, zeromq_last_error};
use zeromq::capi::library::{zeromq_has, zeromq_libzmq_version, zeromq_shutdown, zeromq_version};
use zeromq::vm::{self, abi};

/// The functions that this program calls. Codes are numbers, because a shared library may
/// have some that this program does not know.
pub struct Exports {
    pub register: unsafe extern "C" fn(*const abi::Host, *mut abi::Registration) -> i32,
    pub classes: unsafe extern "C" fn() -> *const *const abi::Class,
    pub function_released: unsafe extern "C" fn(abi::Registration) -> abi::Function,
    pub call: unsafe extern "C" fn(
        abi::Registration,
        *const abi::Method,
        abi::Object,
        *const abi::Value,
        usize,
        *const abi::Named,
        usize,
        *mut abi::Returned,
    ) -> i32,
    pub result_free: unsafe extern "C" fn(*mut abi::Returned),
    pub object_free: unsafe extern "C" fn(abi::Object),
    pub object_class: unsafe extern "C" fn(abi::Object) -> *const abi::Class,
    pub object_text: unsafe extern "C" fn(abi::Object, *mut abi::Returned) -> i32,
    pub object_equals: unsafe extern "C" fn(abi::Object, abi::Object) -> i32,
    pub object_hash: unsafe extern "C" fn(abi::Object) -> u64,
    pub last_error: unsafe extern "C" fn() -> *const ErrorInfo,
    pub shutdown: unsafe extern "C" fn() -> i32,
    pub version: unsafe extern "C" fn() -> *const c_char,
    pub libzmq_version: unsafe extern "C" fn() -> *const c_char,
    pub has: unsafe extern "C" fn(*const c_char) -> i32,
}

impl Exports {
    /// Looks up the functions of a shared library, which must stay loaded.
    pub fn of(file: &libloading::Library) -> Result<Exports, String> {
        // SAFETY: the header declares each of the functions with the type of the
        // field that it is put into; a library with this name has that header.
        unsafe {
            Ok(Exports {
                register: symbol(file, "zeromq_host_register")?,
                classes: symbol(file, "zeromq_classes")?,
                function_released: symbol(file, "zeromq_function_released")?,
                call: symbol(file, "zeromq_call")?,
                result_free: symbol(file, "zeromq_result_free")?,
                object_free: symbol(file, "zeromq_object_free")?,
                object_class: symbol(file, "zeromq_object_class")?,
                object_text: symbol(file, "zeromq_object_text")?,
                object_equals: symbol(file, "zeromq_object_equals")?,
                object_hash: symbol(file, "zeromq_object_hash")?,
                last_error: symbol(file, "zeromq_last_error")?,
                shutdown: symbol(file, "zeromq_shutdown")?,
                version: symbol(file, "zeromq_version")?,
                libzmq_version: symbol(file, "zeromq_libzmq_version")?,
                has: symbol(file, "zeromq_has")?,
            })
        }
    }

    /// Returns the functions that are linked into this program.
    pub fn linked() -> Exports {
        Exports {
            register,
            classes: vm::zeromq_classes,
            function_released: vm::zeromq_function_released,
            call,
            result_free: vm::zeromq_result_free,
            object_free: vm::zeromq_object_free,
            object_class: vm::zeromq_object_class,
            object_text,
            object_equals: vm::zeromq_object_equals,
            object_hash: vm::zeromq_object_hash,
            last_error: zeromq_last_error,
            shutdown,
            version: zeromq_version,
            libzmq_version: zeromq_libzmq_version,
            has: zeromq_has,
        }
    }
}

/// # Safety
/// The function with this name has this type.
unsafe fn symbol<T: Copy>(file: &libloading::Library, name: &str) -> Result<T, String> {
    // SAFETY: guaranteed by the caller.
    let symbol = unsafe { file.get::<T>(name.as_bytes()) };
    symbol
        .map(|symbol| *symbol)
        .map_err(|error| format!("this is not the zeromq library: {error}: {name}"))
}

// Those that return a code, as a number.

unsafe extern "C" fn register(host: *const abi::Host, number: *mut abi::Registration) -> i32 {
    // SAFETY: the caller's guarantees are those of the function.
    unsafe { vm::zeromq_host_register(host, number) as i32 }
}

unsafe extern "C" fn call(
    host: abi::Registration,
    method: *const abi::Method,
    object: abi::Object,
    arguments: *const abi::Value,
    argument_count: usize,
    named: *const abi::Named,
    named_count: usize,
    result: *mut abi::Returned,
) -> i32 {
    // SAFETY: the caller's guarantees are those of the function.
    unsafe {
        vm::zeromq_call(host, method, object, arguments, argument_count, named, named_count, result)
            as i32
    }
}

unsafe extern "C" fn object_text(object: abi::Object, result: *mut abi::Returned) -> i32 {
    // SAFETY: the caller's guarantees are those of the function.
    unsafe { vm::zeromq_object_text(object, result) as i32 }
}

unsafe extern "C" fn shutdown() -> i32 {
    zeromq_shutdown() as i32
}
