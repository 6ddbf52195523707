//! The neutral host ABI: a virtual machine registers the library's classes, and
//! calls their methods with values of its scripts. Each exported function checks
//! what it is given, makes one call of the binding, and returns a code.

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

/// Most calls have no more arguments than this; they need no memory from the heap.
const FEW: usize = 4;

/// Registers the classes: calls `define_class` of the host once for each, a
/// parent before its children. Another virtual machine in the same process
/// registers with a host of its own.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` when `host` is NULL, is of
/// another ABI, is too small or has no `define_class`, or when `define_class`
/// returned something but 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_register(host: *const Host) -> Code {
    ffi::guard("zeromq_register", || {
        script_functions::watch_forks();
        // SAFETY: the caller's promise is the one of Machine::new.
        let machine = unsafe { host::Machine::new(host) }?;
        for class in descriptors::all() {
            machine.define(class)?;
        }
        Ok(())
    })
}

/// All classes, a parent before its children, and NULL behind them: what
/// `define_class` is given, for hosts that would rather ask. They stay for ever.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_classes() -> *const *const Class {
    ffi::guard_or(ptr::null(), || {
        script_functions::watch_forks();
        descriptors::listed()
    })
}

/// The next function that a host with `ZEROMQ_HOST_ASKS` may forget, or 0 when there
/// is none: one that was passed, or returned by a function, in a call that is over,
/// and that the library does not keep. A function that is passed again has to have
/// another number. To be asked until it gives 0, before or after a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_function_released(host: *const Host) -> Function {
    ffi::guard_or(0, || {
        // SAFETY: the caller's promise is the one of Machine::new.
        let machine = unsafe { host::Machine::new(host) };
        machine.map_or(0, |machine| script_functions::released(machine.host()))
    })
}

/// Calls a method. `*result` is written only on success; it then belongs to the
/// host until `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`, or the code of the error, which `zeromq_last_error`
/// tells more of.
///
/// Calls may come from any thread. An object serves one call at a time: a call
/// while it is in another one returns `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_call(
    invocation: *const Invocation,
    result: *mut abi::Value,
) -> Code {
    ffi::guard("zeromq_call", || {
        if result.is_null() {
            return Err(host_error("there is no place for the result").into());
        }
        // SAFETY: the caller's promise is the one of call.
        let value = unsafe { call(invocation) }?;
        // SAFETY: result is not NULL, and the caller says that it has room.
        unsafe { result.write(value) };
        Ok(())
    })
}

/// # Safety
/// The invocation is NULL or filled in as the header says.
unsafe fn call(invocation: *const Invocation) -> Result<abi::Value, Failed> {
    // SAFETY: an Invocation begins with size and abi, and may be all zeros; that it
    // is filled in is the caller's promise.
    let call = unsafe { ffi::versioned(invocation, abi::ZEROMQ_ABI, size_of::<Invocation>()) }?;
    // SAFETY: the caller's promise about the host of the invocation.
    let machine = unsafe { host::Machine::new(call.host) }?;
    let row = descriptors::row(call.method)
        .ok_or_else(|| host_error("the method is none that define_class was given"))?;
    // SAFETY: the caller promises as many values, in place for the call.
    let given = unsafe { ffi::slice(call.arguments, call.argument_count) }?;
    // SAFETY: the caller promises as many named values, in place for the call.
    let given_named = unsafe { ffi::slice(call.named, call.named_count) }?;
    let receiver = match call.receiver {
        0 => Ok(None),
        handle => object::get(handle).map(Some),
    };

    let mut reader = Reader::new(machine.host());
    // SAFETY: the caller promises that names and values are as the header says.
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
    // SAFETY: the method is one of ours, which stay in place.
    let form = machine.form(unsafe { (*call.method).results });
    let give = |value: &mut Value| value::give(mem::replace(value, Value::Nil), form);
    Ok(binding::call(row, receiver, &arguments, &machine, give)?)
}

/// The positional and the named arguments of a call.
type Given<'a> = (SmallVec<[ValueRef<'a>; FEW]>, SmallVec<[(&'a str, ValueRef<'a>); 1]>);

/// # Safety
/// The names and the values are as the header says, and stay in place for `'a`.
unsafe fn read_all<'a>(
    given: &'a [abi::Value],
    given_named: &'a [abi::Named],
    reader: &mut Reader,
) -> Result<Given<'a>, Error> {
    let mut positional = SmallVec::with_capacity(given.len());
    for value in given {
        // SAFETY: the caller's promise.
        positional.push(unsafe { reader.read(value) }?);
    }
    let mut named = SmallVec::with_capacity(given_named.len());
    for argument in given_named {
        // SAFETY: the caller's promise.
        let (name, value) = unsafe { (ffi::text(argument.name)?, reader.read(&argument.value)?) };
        named.push((name, value));
    }
    Ok((positional, named))
}

/// Frees the memory of a value that the library gave, and makes it nil. An
/// object in it is not freed: that is what `zeromq_object_free` is for. NULL, and
/// a value that was freed, are left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_value_free(value: *mut abi::Value) {
    ffi::guard_or((), || {
        if !value.is_null() {
            // SAFETY: not NULL, and from the library, says the caller.
            drop(unsafe { value::reclaim(&mut *value) });
        }
    });
}

/// Frees an object: the host has no more use for it. A socket is closed, and
/// sends for as long as its linger says. 0, and an object that was freed, are
/// left alone. It may be called from any thread, also from a garbage collector
/// in the middle of another call.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_free(object: Object) {
    ffi::guard_or((), || object::free(object));
}

/// The class of an object, or NULL if there is no such object.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_class(object: Object) -> *const Class {
    ffi::guard_or(ptr::null(), || {
        let object = object::get(object).ok();
        object.map_or(ptr::null(), |object| descriptors::describe(object.class()))
    })
}

/// What a host prints for an object: `<ZMQSocket: REQ>`. `*result` is written
/// only on success; it is a string, to be freed with `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_text(object: Object, result: *mut abi::Value) -> Code {
    ffi::guard("zeromq_object_text", || {
        if result.is_null() {
            return Err(host_error("there is no place for the result").into());
        }
        let text = object::get(object)?.to_string();
        // SAFETY: result is not NULL, and the caller says that it has room.
        unsafe { result.write(value::give(text.into(), Form::Usual)) };
        Ok(())
    })
}

/// The bytes of a frame, for hosts whose strings hold any bytes. `*result` is written
/// only on success; it is a string, which need not be UTF-8 here, to be freed with
/// `zeromq_value_free`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is no frame;
/// `ZEROMQ_CODE_CLOSED` if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_object_bytes(object: Object, result: *mut abi::Value) -> Code {
    ffi::guard("zeromq_object_bytes", || {
        if result.is_null() {
            return Err(host_error("there is no place for the result").into());
        }
        let frame = object::get(object)?.clone();
        let bytes =
            value::give_bytes(frame, abi::ZEROMQ_STRING).map_err(|object| Error::Argument {
                place: "argument 1 (object)".to_owned(),
                expected: "a frame".into(),
                got: object.to_string(),
            })?;
        // SAFETY: result is not NULL, and the caller says that it has room.
        unsafe { result.write(bytes) };
        Ok(())
    })
}

/// Whether two objects mean the same: 1 if both are one object, or two frames with
/// the same bytes, else 0. It is what `==` of a script should say.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_equals(one: Object, other: Object) -> i32 {
    ffi::guard_or(0, || match (object::get(one), object::get(other)) {
        (Ok(first), Ok(second)) => i32::from(first.equals(&second)),
        _ => 0,
    })
}

/// A number that objects that are equal have in common, for hosts that find the
/// keys of dictionaries by it; 0 if there is no such object.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_object_hash(object: Object) -> u64 {
    ffi::guard_or(0, || match object::get(object) {
        Ok(found) => found.hash().unwrap_or(object),
        Err(_) => 0,
    })
}

/// The names that scripts catch errors by, each of those that `zeromq_error` may
/// have as its tag, for hosts that make a class of each. NULL ends them; they stay
/// for ever.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_error_tags() -> *const *const c_char {
    ffi::guard_or(ptr::null(), error::tags)
}
