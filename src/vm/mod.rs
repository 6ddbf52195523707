//! The neutral ABI for virtual machines: a virtual machine registers the library's
//! classes and calls their methods with values of its scripts. Each exported function
//! checks its arguments, makes one call to the binding, and returns a code.

#![expect(clippy::missing_safety_doc, reason = "the docs of exported functions are the C header")]

pub mod abi;
mod descriptors;
mod error;
mod host;
mod list;
mod object;
mod quick;
mod script_functions;
mod segments;
mod value;

use std::ffi::c_char;
use std::ptr;

use smallvec::SmallVec;

use crate::binding::{self, Arguments, Value, ValueRef};
use crate::core::{Code, Error};
use crate::ffi::{self, host_error};
use abi::{Class, Function, Host, Method, Named, Object, Registration, Returned};
use host::Machine;
use value::{Form, Reader};

/// Calls with at most this many arguments allocate nothing for them.
const FEW: usize = 4;

/// Registers a virtual machine and stores a number in `*registration`, for calls. The
/// struct is copied. A machine may register several times with the same context, for
/// example to be interrupted differently in other threads.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if `host` or `registration` is NULL, or if
/// the host has another `abi` or is too small; `ZEROMQ_CODE_POLICY` if its policy has a rule
/// that is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_host_register(
    host: *const Host,
    registration: *mut Registration,
) -> Code {
    ffi::guard("zeromq_host_register", || {
        script_functions::watch_forks();
        if registration.is_null() {
            return Err(host_error("the pointer for the registration is NULL").into());
        }
        // SAFETY: the caller's guarantee is that of `Machine::register`.
        let number = unsafe { Machine::register(host) }?;
        // SAFETY: `registration` is not NULL, and the caller guarantees that it is valid
        // for writing.
        unsafe { registration.write(number) };
        Ok(())
    })
}

/// Ends a registration, when the virtual machine ends. Further calls with its number
/// return `ZEROMQ_CODE_HOST`. Calls that are running, on this thread or on others, may
/// still use the context and the functions of the host until they return; if the host has
/// `interrupted`, they return `ZEROMQ_CODE_INTERRUPTED` where they would ask it. Objects
/// are not freed.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if it is not registered.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_host_unregister(registration: Registration) -> Code {
    ffi::guard("zeromq_host_unregister", || Ok(Machine::unregister(registration)?))
}

/// Returns all classes, parents before their children, as a NULL-terminated array, which
/// is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_classes() -> *const *const Class {
    ffi::guard_or(ptr::null(), || {
        script_functions::watch_forks();
        descriptors::listed()
    })
}

/// Returns the next function that a host may forget, or 0 if there is none. These are
/// functions that were passed to a call, or returned by a script function, once the call
/// has ended and the library does not keep them. Each is returned once; a function that is
/// passed again meanwhile must have a new number. Call it until it returns 0, before or
/// after a library call. It returns 0 if the host is not registered.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_function_released(host: Registration) -> Function {
    ffi::guard_or(0, || {
        // Hosts ask after every call, and this saves them the lock.
        if !script_functions::any_released() {
            return 0;
        }
        Machine::find(host).map_or(0, |machine| script_functions::released(machine.identity()))
    })
}

/// Calls a method. `receiver` is the instance, or 0 for a constructor or a method of the
/// class itself. `*result` is written only on success; the host reads its `value` and then
/// calls `zeromq_result_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if the host is not registered, if `method`
/// is not from `zeromq_classes`, or if `result` or an argument is invalid; otherwise the
/// code of the error. `zeromq_last_error` describes it, unless the code is
/// `ZEROMQ_CODE_CALLBACK`: the host itself knows why its function failed.
///
/// Calls may come from any thread. An object serves one call at a time: a call on an
/// object that is in another call returns `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_call(
    host: Registration,
    method: *const Method,
    receiver: Object,
    arguments: *const abi::Value,
    argument_count: usize,
    named: *const Named,
    named_count: usize,
    result: *mut Returned,
) -> Code {
    ffi::guard("zeromq_call", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        let machine = Machine::find(host)?;
        let described = descriptors::method(method)
            .ok_or_else(|| host_error("the method is not one of zeromq_classes"))?;
        // SAFETY: the caller guarantees this many values for the duration of the call.
        let arguments = unsafe { ffi::slice(arguments, argument_count) }?;
        if let Some(quick) = described.quick
            && named_count == 0
            // SAFETY: guaranteed by the caller, and `result` is not NULL.
            && unsafe { quick::call(quick, machine, receiver, arguments, result) }
        {
            return Ok(());
        }
        // SAFETY: the caller guarantees this many named values for the duration of the
        // call.
        let named = unsafe { ffi::slice(named, named_count) }?;
        let mut reader = Reader::new(machine.identity());
        let (mut positional, mut named_values) = (Positional::new(), Names::new());
        // SAFETY: the caller guarantees that names and values are as the header describes.
        let read =
            unsafe { read_all(arguments, named, &mut reader, &mut positional, &mut named_values) };
        let object = if receiver == 0 { None } else { object::get(receiver) };
        let _in_use = if read.is_ok() {
            reader.end()
        } else {
            let values = arguments.iter().chain(named.iter().map(|named| &named.value));
            // SAFETY: as above.
            unsafe { reader.search(values) }
        };
        if receiver != 0 && object.is_none() {
            return Err(Error::Closed.into());
        }
        read?;

        if let Some(ValueRef::Dictionary(_) | ValueRef::List(_)) = positional.last()
            && machine.is(abi::ZEROMQ_HOST_NAMED_LAST)
            && described.row.method.names_last(&positional)
        {
            named_values.extend(positional.pop().into_iter().flat_map(value::names));
        }

        let arguments = Arguments { positional: &positional, named: &named_values };
        let form = machine.form(described.results);
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        let give = |value: &mut Value| unsafe { value::give(value, form, result) };
        Ok(binding::call(described.row, object.as_deref(), &arguments, machine, give)?)
    })
}

/// The positional arguments of a call.
type Positional<'a> = SmallVec<[ValueRef<'a>; FEW]>;

/// The named arguments of a call.
type Names<'a> = SmallVec<[(&'a str, ValueRef<'a>); 1]>;

/// # Safety
/// The names and values are as the header describes, and remain valid for `'a`.
#[inline]
unsafe fn read_all<'a>(
    arguments: &'a [abi::Value],
    named: &'a [Named],
    reader: &mut Reader,
    positional: &mut Positional<'a>,
    names: &mut Names<'a>,
) -> Result<(), Box<Error>> {
    for value in arguments {
        // SAFETY: guaranteed by the caller.
        positional.push(unsafe { reader.read(value) }?);
    }
    for argument in named {
        // SAFETY: guaranteed by the caller.
        let (name, value) = unsafe { (ffi::text(argument.name)?, reader.read(&argument.value)?) };
        names.push((name, value));
    }
    Ok(())
}

/// Frees what a result owns, and sets its value to nil. An object in it is not freed; call
/// `zeromq_object_free` for that. NULL and results that were already freed are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_result_free(result: *mut Returned) {
    ffi::guard_or((), || {
        if !result.is_null() {
            // SAFETY: not NULL, and the caller guarantees that the library filled it in.
            drop(unsafe { value::reclaim(&mut *result) });
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
        let object = object::get(object);
        object.map_or(ptr::null(), |object| descriptors::describe(object.class()))
    })
}

/// Stores the text that a host prints for an object, such as `<ZMQSocket: REQ>`, in
/// `*result`. It is a string, written only on success; the host frees it with
/// `zeromq_result_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_text(object: Object, result: *mut Returned) -> Code {
    ffi::guard("zeromq_object_text", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        let text = object::get(object).ok_or(Error::Closed)?.to_string();
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        unsafe { value::give(&mut text.into(), Form::Usual, result) };
        Ok(())
    })
}

/// Stores the bytes of a frame in `*result`, for hosts whose strings can hold any
/// bytes. It is a string, not always valid UTF-8, written only on success; the host frees
/// it with `zeromq_result_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is not a frame;
/// `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_bytes(object: Object, result: *mut Returned) -> Code {
    ffi::guard("zeromq_object_bytes", || {
        if result.is_null() {
            return Err(host_error("the pointer for the result is NULL").into());
        }
        // SAFETY: `result` is not NULL, and the caller guarantees that it is valid for
        // writing.
        unsafe { value::give_bytes(&*object::get(object).ok_or(Error::Closed)?, result) }?;
        Ok(())
    })
}

/// Returns 1 if both are the same object, or two frames with the same bytes, otherwise
/// 0. Hosts implement `==` with it.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_equals(one: Object, other: Object) -> i32 {
    ffi::guard_or(0, || match (object::get(one), object::get(other)) {
        (Some(first), Some(second)) => i32::from(first.equals(&second)),
        _ => 0,
    })
}

/// Returns a hash, which is the same for equal objects, for hosts that use objects as
/// dictionary keys. Returns 0 if there is no such object.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_hash(object: Object) -> u64 {
    ffi::guard_or(0, || match object::get(object) {
        Some(found) => found.hash().unwrap_or(object),
        None => 0,
    })
}

/// Returns all tags that a `zeromq_error` may have, as a NULL-terminated array that is
/// never freed. It is meant for hosts that define an error class for each tag.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_error_tags() -> *const *const c_char {
    ffi::guard_or(ptr::null(), error::tags)
}
