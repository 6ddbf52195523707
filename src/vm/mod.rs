//! The neutral ABI for virtual machines: a virtual machine registers the library's
//! classes and calls their methods with values of its scripts. Each exported function
//! checks its arguments, makes one call to the binding, and returns a code.

#![expect(clippy::missing_safety_doc, reason = "the docs of exported functions are the C header")]

pub mod abi;
mod descriptors;
mod error;
mod host;
mod object;
mod script_functions;
mod value;

use std::ffi::c_char;
use std::{mem, ptr};

use smallvec::SmallVec;

use crate::binding::{self, Arguments, Value, ValueRef};
use crate::core::{Code, Error};
use crate::ffi::{self, Failed, host_error};
use abi::{Class, Function, Host, Invocation, Object};
use value::{Form, Reader};

/// Calls with at most this many arguments allocate nothing for them.
const FEW: usize = 4;

/// Registers a virtual machine: calls `define_class` of the host once for each class,
/// parents before their children. Each virtual machine in a process registers with its
/// own host.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if `host` is NULL, has another `abi`,
/// is too small, has no `define_class`, or if `define_class` returned anything but 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_register(host: *const Host) -> Code {
    ffi::guard("zeromq_register", || {
        script_functions::watch_forks();
        // SAFETY: the caller's guarantee is that of `Machine::new`.
        let machine = unsafe { host::Machine::new(host) }?;
        for class in descriptors::all() {
            machine.define(class)?;
        }
        Ok(())
    })
}

/// Returns all classes, parents before their children, as a NULL-terminated array: the
/// classes that `zeromq_register` would pass to `define_class`. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_classes() -> *const *const Class {
    ffi::guard_or(ptr::null(), || {
        script_functions::watch_forks();
        descriptors::listed()
    })
}

/// Returns the next function that a host with `ZEROMQ_HOST_ASKS` may forget, or 0 if
/// there is none. These are functions that were passed to a call, or returned by a
/// script function, once the call has ended and the library does not keep them. A
/// function that is passed again must have a new number. Call it until it returns 0,
/// before or after a library call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_function_released(host: *const Host) -> Function {
    ffi::guard_or(0, || {
        // SAFETY: the caller's guarantee is that of `Machine::new`.
        let machine = unsafe { host::Machine::new(host) };
        machine.map_or(0, |machine| script_functions::released(machine.host()))
    })
}

/// Calls a method. `*result` is written only on success; the host frees it with
/// `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`, or the code of the error, which `zeromq_last_error`
/// describes.
///
/// Calls may come from any thread. An object serves one call at a time: a call on an
/// object that is in another call returns `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_call(
    invocation: *const Invocation,
    result: *mut abi::Value,
) -> Code {
    ffi::guard("zeromq_call", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        // SAFETY: the caller's guarantee is that of `call`.
        let value = unsafe { call(invocation) }?;
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        unsafe { result.write(value) };
        Ok(())
    })
}

/// # Safety
/// `invocation` is NULL or filled in as the header requires.
unsafe fn call(invocation: *const Invocation) -> Result<abi::Value, Failed> {
    // SAFETY: an `Invocation` begins with `size` and `abi`, and all zeros are a valid
    // one; the caller guarantees that it is filled in.
    let call = unsafe { ffi::versioned(invocation, abi::ZEROMQ_ABI, size_of::<Invocation>()) }?;
    // SAFETY: guaranteed by the caller for the host of the invocation.
    let machine = unsafe { host::Machine::new(call.host) }?;
    let row = descriptors::row(call.method)
        .ok_or_else(|| host_error("the method is not one that was passed to define_class"))?;
    // SAFETY: the caller guarantees this many values for the duration of the call.
    let given = unsafe { ffi::slice(call.arguments, call.argument_count) }?;
    // SAFETY: the caller guarantees this many named values for the duration of the
    // call.
    let given_named = unsafe { ffi::slice(call.named, call.named_count) }?;
    let receiver = match call.receiver {
        0 => Ok(None),
        handle => object::get(handle).map(Some),
    };

    let mut reader = Reader::new(machine.host());
    // SAFETY: the caller guarantees that names and values are as the header describes.
    let read = unsafe { read_all(given, given_named, &mut reader) };
    let values = given.iter().chain(given_named.iter().map(|named| &named.value));
    // SAFETY: as above.
    let _in_use = unsafe { reader.end(read.is_ok(), values) };
    let receiver = receiver?;
    let (mut positional, mut named) = read?;

    if machine.is(abi::ZEROMQ_HOST_NAMED_LAST) && row.method.names_last(&positional) {
        named.extend(positional.pop().into_iter().flat_map(value::names));
    }

    let arguments = Arguments { positional: &positional, named: &named };
    let receiver = receiver.as_deref();
    // SAFETY: the method is one of ours, which are never freed.
    let form = machine.form(unsafe { (*call.method).results });
    let give = |value: &mut Value| value::give(mem::replace(value, Value::Nil), form);
    Ok(binding::call(row, receiver, &arguments, &machine, give)?)
}

/// The positional and the named arguments of a call.
type Given<'a> = (SmallVec<[ValueRef<'a>; FEW]>, SmallVec<[(&'a str, ValueRef<'a>); 1]>);

/// # Safety
/// The names and values are as the header describes, and remain valid for `'a`.
unsafe fn read_all<'a>(
    given: &'a [abi::Value],
    given_named: &'a [abi::Named],
    reader: &mut Reader,
) -> Result<Given<'a>, Error> {
    let mut positional = SmallVec::with_capacity(given.len());
    for value in given {
        // SAFETY: guaranteed by the caller.
        positional.push(unsafe { reader.read(value) }?);
    }
    let mut named = SmallVec::with_capacity(given_named.len());
    for argument in given_named {
        // SAFETY: guaranteed by the caller.
        let (name, value) = unsafe { (ffi::text(argument.name)?, reader.read(&argument.value)?) };
        named.push((name, value));
    }
    Ok((positional, named))
}

/// Frees the memory of a value that the library returned, and sets it to nil. An object
/// in it is not freed; call `zeromq_object_free` for that. NULL and values that were
/// already freed are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_free(value: *mut abi::Value) {
    ffi::guard_or((), || {
        if !value.is_null() {
            // SAFETY: not NULL, and the caller guarantees that the library returned it.
            drop(unsafe { value::reclaim(&mut *value) });
        }
    });
}

/// Frees an object that the host no longer needs. A socket is closed and sends its
/// queued messages within its linger. It may be called on any thread, even by a garbage
/// collector during another call. 0 and objects that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_free(object: Object) {
    ffi::guard_or((), || object::free(object));
}

/// Returns the class of an object, or NULL if there is no such object.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_class(object: Object) -> *const Class {
    ffi::guard_or(ptr::null(), || {
        let object = object::get(object).ok();
        object.map_or(ptr::null(), |object| descriptors::describe(object.class()))
    })
}

/// Stores the text that a host prints for an object, such as `<ZMQSocket: REQ>`, in
/// `*result`. It is a string, written only on success; the host frees it with
/// `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_text(object: Object, result: *mut abi::Value) -> Code {
    ffi::guard("zeromq_object_text", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        let text = object::get(object)?.to_string();
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        unsafe { result.write(value::give(text.into(), Form::Usual)) };
        Ok(())
    })
}

/// Stores the bytes of a frame in `*result`, for hosts whose strings can hold any
/// bytes. It is a string, not always valid UTF-8, written only on success; the host frees
/// it with `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is not a frame;
/// `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_bytes(object: Object, result: *mut abi::Value) -> Code {
    ffi::guard("zeromq_object_bytes", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        let frame = object::get(object)?.clone();
        let bytes =
            value::give_bytes(frame, abi::ZEROMQ_STRING).map_err(|object| Error::Argument {
                place: "argument 1 (object)".to_owned(),
                expected: "a frame".into(),
                got: object.to_string(),
            })?;
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        unsafe { result.write(bytes) };
        Ok(())
    })
}

/// Returns 1 if both are the same object, or two frames with the same bytes, otherwise
/// 0. Hosts implement `==` with it.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_equals(one: Object, other: Object) -> i32 {
    ffi::guard_or(0, || match (object::get(one), object::get(other)) {
        (Ok(first), Ok(second)) => i32::from(first.equals(&second)),
        _ => 0,
    })
}

/// Returns a hash, which is the same for equal objects, for hosts that use objects as
/// dictionary keys. Returns 0 if there is no such object.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_hash(object: Object) -> u64 {
    ffi::guard_or(0, || match object::get(object) {
        Ok(found) => found.hash().unwrap_or(object),
        Err(_) => 0,
    })
}

/// Returns all tags that a `zeromq_error` may have, as a NULL-terminated array that is
/// never freed. It is meant for hosts that define an error class for each tag.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_error_tags() -> *const *const c_char {
    ffi::guard_or(ptr::null(), error::tags)
}
