//! Instances of the library's classes as objects of Morpho's garbage collector.

use std::ffi::{CString, c_void};
use std::mem::size_of;
use std::ptr;

use super::abi::{Bits, Header, TypeDefinition, Vm};
use super::host::Hosted;
use crate::binding::Object;
use crate::ffi;

/// The size that the garbage collector is told for a socket: about the cost of an idle
/// one.
const SOCKET: usize = 3200;

/// An object of the garbage collector.
#[repr(C)]
struct Instance {
    header: Header,
    object: Option<Object>,
}

/// Returns the definition of an object type. Each class needs its own type, because
/// Morpho looks up methods by type.
pub(super) fn definition<V: Hosted>() -> TypeDefinition {
    TypeDefinition {
        veneer: ptr::null_mut(),
        free: Some(free),
        mark: Some(mark::<V>),
        size: Some(size),
        print: Some(print::<V>),
        hash: Some(hash),
        compare: Some(compare),
    }
}

/// Makes an object of this kind. It has no owner until it is bound.
///
/// # Safety
/// `new` is Morpho's object_new, and the kind has the definition of `definition`.
pub(super) unsafe fn make<V: Bits>(
    new: unsafe extern "C" fn(usize, i32) -> *mut Header,
    kind: i32,
    object: Object,
) -> Option<V> {
    // SAFETY: guaranteed by the caller.
    let header = unsafe { new(size_of::<Instance>(), kind) };
    if header.is_null() {
        return None;
    }
    // SAFETY: Morpho has allocated this much memory and initialized only the header.
    unsafe { (&raw mut (*header.cast::<Instance>()).object).write(Some(object)) };
    Some(V::object(header))
}

/// Returns the instance in an object.
///
/// # Safety
/// The object is alive for `'a` and was made by `make`.
pub(super) unsafe fn of<'a>(header: *mut Header) -> Option<&'a Object> {
    // SAFETY: guaranteed by the caller.
    unsafe { (*header.cast::<Instance>()).object.as_ref() }
}

/// Called by Morpho to free an object: a socket is closed and sends its queued
/// messages.
unsafe extern "C" fn free(header: *mut Header) {
    ffi::guard_or((), || {
        // SAFETY: the garbage collector frees each object of this type once, and `make`
        // has initialized it.
        drop(unsafe { (*header.cast::<Instance>()).object.take() });
    });
}

/// Called by the garbage collector to mark what an object keeps alive.
unsafe extern "C" fn mark<V: Hosted>(header: *mut Header, vm: *mut c_void) {
    ffi::guard_or((), || {
        // SAFETY: the garbage collector marks live objects.
        if let (Some(morpho), Some(object)) = (V::place().get(), unsafe { of(header) }) {
            // SAFETY: the garbage collector is marking, and what is kept is a value of
            // Morpho.
            object.kept(&mut |handle| unsafe { (morpho.api.morpho_markvalue)(vm, V::of(handle)) });
        }
    });
}

/// Called by Morpho to look up an object as a dictionary key.
unsafe extern "C" fn hash(header: *mut Header) -> u32 {
    ffi::guard_or(0, || {
        // SAFETY: Morpho hashes live objects.
        let own = unsafe { of(header) }.and_then(Object::hash);
        let hash = own.unwrap_or_else(|| header.addr() as u64 >> 4);
        (hash ^ (hash >> 32)) as u32
    })
}

/// Called by Morpho to compare two objects of one kind; returns 0 if they are equal.
unsafe extern "C" fn compare(one: *mut Header, other: *mut Header) -> i32 {
    ffi::guard_or(1, || {
        // SAFETY: Morpho compares live objects.
        let (first, second) = unsafe { (of(one), of(other)) };
        let equal = match (first, second) {
            (Some(first), Some(second)) => first.equals(second),
            _ => one == other,
        };
        i32::from(!equal)
    })
}

unsafe extern "C" fn size(header: *mut Header) -> usize {
    ffi::guard_or(size_of::<Instance>(), || {
        // SAFETY: the garbage collector asks only for live objects.
        let object = unsafe { of(header) };
        size_of::<Instance>() + object.map_or(0, |object| object.bytes().unwrap_or(SOCKET))
    })
}

unsafe extern "C" fn print<V: Hosted>(header: *mut Header, vm: *mut c_void) {
    ffi::guard_or((), || {
        // SAFETY: Morpho prints live objects.
        let text = unsafe { of(header) }.map(Object::to_string).unwrap_or_default();
        if let (Some(morpho), Ok(text)) = (V::place().get(), CString::new(text)) {
            // SAFETY: `vm` is the virtual machine that prints, and %s takes a
            // NUL-terminated string.
            unsafe { (morpho.api.morpho_printf)(vm.cast::<Vm>(), c"%s".as_ptr(), text.as_ptr()) };
        }
    });
}
