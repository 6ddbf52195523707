//! Instances of the library's classes as objects of Morpho's collector.

use std::ffi::{CString, c_void};
use std::mem::size_of;
use std::ptr;

use super::abi::{Bits, Header, TypeDefinition, Vm};
use super::host::Hosted;
use crate::binding::Object;
use crate::ffi;

/// What the collector is told of a socket: about what it costs when idle.
const SOCKET: usize = 3200;

/// An object of the collector.
#[repr(C)]
struct Instance {
    header: Header,
    object: Option<Object>,
}

/// The type of such objects. Each class has one of its own, as Morpho finds the
/// methods of an object by its type.
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

/// Makes an object of a kind. It belongs to nobody until it is bound.
///
/// # Safety
/// `new` is Morpho's object_new, and the kind is one of `definition`.
pub(super) unsafe fn make<V: Bits>(
    new: unsafe extern "C" fn(usize, i32) -> *mut Header,
    kind: i32,
    object: Object,
) -> Option<V> {
    // SAFETY: the caller's promise.
    let header = unsafe { new(size_of::<Instance>(), kind) };
    if header.is_null() {
        return None;
    }
    // SAFETY: Morpho gave as much memory, and filled in the header only.
    unsafe { (&raw mut (*header.cast::<Instance>()).object).write(Some(object)) };
    Some(V::object(header))
}

/// The instance in an object.
///
/// # Safety
/// The object is alive for `'a`, and was made by `make`.
pub(super) unsafe fn of<'a>(header: *mut Header) -> Option<&'a Object> {
    // SAFETY: the caller's promise.
    unsafe { (*header.cast::<Instance>()).object.as_ref() }
}

/// Morpho frees an object: a socket is closed, and sends what it has to.
unsafe extern "C" fn free(header: *mut Header) {
    ffi::guard_or((), || {
        // SAFETY: the collector frees each object of this type once, and make has
        // filled it in.
        drop(unsafe { (*header.cast::<Instance>()).object.take() });
    });
}

/// The collector asks what an object keeps.
unsafe extern "C" fn mark<V: Hosted>(header: *mut Header, vm: *mut c_void) {
    ffi::guard_or((), || {
        // SAFETY: the collector marks objects that are alive.
        if let (Some(morpho), Some(object)) = (V::place().get(), unsafe { of(header) }) {
            // SAFETY: the collector is marking; what is kept is a value of Morpho.
            object.kept(&mut |handle| unsafe { (morpho.api.morpho_markvalue)(vm, V::of(handle)) });
        }
    });
}

/// Morpho looks for an object among the keys of a dictionary.
unsafe extern "C" fn hash(header: *mut Header) -> u32 {
    ffi::guard_or(0, || {
        // SAFETY: Morpho hashes objects that are alive.
        let own = unsafe { of(header) }.and_then(Object::hash);
        let hash = own.unwrap_or_else(|| header.addr() as u64 >> 4);
        (hash ^ (hash >> 32)) as u32
    })
}

/// Morpho compares two objects of one kind: 0 is equal.
unsafe extern "C" fn compare(one: *mut Header, other: *mut Header) -> i32 {
    ffi::guard_or(1, || {
        // SAFETY: Morpho compares objects that are alive.
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
        // SAFETY: the collector asks for objects that are alive.
        let object = unsafe { of(header) };
        size_of::<Instance>() + object.map_or(0, |object| object.bytes().unwrap_or(SOCKET))
    })
}

unsafe extern "C" fn print<V: Hosted>(header: *mut Header, vm: *mut c_void) {
    ffi::guard_or((), || {
        // SAFETY: Morpho prints objects that are alive.
        let text = unsafe { of(header) }.map(Object::to_string).unwrap_or_default();
        if let (Some(morpho), Ok(text)) = (V::place().get(), CString::new(text)) {
            // SAFETY: the virtual machine is the one that prints, and %s takes a
            // string with a terminating zero byte.
            unsafe { (morpho.api.morpho_printf)(vm.cast::<Vm>(), c"%s".as_ptr(), text.as_ptr()) };
        }
    });
}
