//! The functions of Morpho, looked up in the process when the extension is initialized.
//! Which of them exist distinguishes the releases.

use std::ffi::{c_char, c_void};

use libloading::os::unix::Library;

use super::abi::{
    Bits, ErrorRecord, Header, Layout, Native, StringObject, Table, TypeDefinition, Vm,
};
use super::matrix::Matrices;

/// Each symbol is a function or a variable of exactly this type.
macro_rules! symbols {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// The functions that every release has.
        #[derive(Clone, Copy)]
        pub(super) struct Api<V: Bits> {
            $($(#[$doc])* pub $name: $type,)*
            pub release: Release<V>,
        }

        impl<V: Bits> Api<V> {
            /// Looks up the functions. Returns `None` if one is missing.
            ///
            /// # Safety
            /// V is the layout of the values of the process.
            unsafe fn find(process: &Library) -> Option<Api<V>> {
                // SAFETY: each has had this type in all 0.6 releases.
                unsafe {
                    Some(Api {
                        $($name: symbol(process, stringify!($name))?,)*
                        release: Release::find(process)?,
                    })
                }
            }
        }
    };
}

symbols! {
    object_addtype: unsafe extern "C" fn(*const TypeDefinition) -> i32,
    object_new: unsafe extern "C" fn(usize, i32) -> *mut Header,
    object_setveneerclass: unsafe extern "C" fn(i32, V),
    morpho_freeobject: unsafe extern "C" fn(V),
    object_stringwithsize: unsafe extern "C" fn(usize) -> *mut StringObject,
    object_newlist: unsafe extern "C" fn(u32, *const V) -> *mut Header,
    object_newtuple: unsafe extern "C" fn(u32, *const V) -> *mut Header,
    object_newdictionary: unsafe extern "C" fn() -> *mut Header,
    dictionary_insert: unsafe extern "C" fn(*mut Table<V>, V, V) -> bool,
    list_length: unsafe extern "C" fn(*mut Header) -> u32,
    list_getelement: unsafe extern "C" fn(*mut Header, i32, *mut V) -> bool,
    tuple_length: unsafe extern "C" fn(*mut Header) -> u32,
    tuple_getelement: unsafe extern "C" fn(*mut Header, i32, *mut V) -> bool,
    range_count: unsafe extern "C" fn(*mut Header) -> i32,
    range_iterate: unsafe extern "C" fn(*mut Header, u32) -> V,
    /// The kind of ranges.
    objectrangetype: *const i32,
    builtin_addclass: unsafe extern "C" fn(*const c_char, *const c_void, V) -> V,
    builtin_addfunction: unsafe extern "C" fn(*const c_char, Native<V>, u32) -> V,
    builtin_findclass: unsafe extern "C" fn(V) -> V,
    builtin_internsymbolascstring: unsafe extern "C" fn(*const c_char) -> V,
    objectinstance_setproperty: unsafe extern "C" fn(*mut Header, V, V) -> bool,
    objectinstance_getpropertyinterned: unsafe extern "C" fn(*mut Header, V, *mut V) -> bool,
    /// The kind of instances of classes written in Morpho.
    objectinstancetype: *const i32,
    /// The kinds of functions written in Morpho.
    objectfunctiontype: *const i32,
    objectclosuretype: *const i32,
    objectinvocationtype: *const i32,
    morpho_bindobjects: unsafe extern "C" fn(*mut Vm, i32, *mut V),
    morpho_call: unsafe extern "C" fn(*mut Vm, V, i32, *mut V, *mut V) -> bool,
    morpho_markvalue: unsafe extern "C" fn(*mut c_void, V),
    morpho_error: unsafe extern "C" fn(*mut Vm, *const ErrorRecord),
    morpho_geterror: unsafe extern "C" fn(*mut Vm) -> *const ErrorRecord,
    morpho_printf: unsafe extern "C" fn(*mut Vm, *const c_char, ...) -> i32,
    morpho_valuetoint: unsafe extern "C" fn(V, *mut i32) -> bool,
    morpho_isfalse: unsafe extern "C" fn(V) -> bool,
}

/// The differences between releases.
#[derive(Clone, Copy)]
pub(super) struct Release<V: Bits> {
    /// 0.6.0: the rows of a class have no signature.
    pub short_entries: bool,
    pub options: Options<V>,
}

/// The way in which named arguments are passed.
#[derive(Clone, Copy)]
pub(super) enum Options<V: Bits> {
    /// 0.6.0 and 0.6.1: after this value among the other arguments.
    Marker(*const V),
    /// Since 0.6.2: after the other arguments; this function returns how many there
    /// are.
    Count(unsafe extern "C" fn(*mut Vm) -> i32),
}

impl<V: Bits> Release<V> {
    /// # Safety
    /// V is the layout of the values of the process.
    unsafe fn find(process: &Library) -> Option<Release<V>> {
        // SAFETY: these have had these types in all releases that have them.
        unsafe {
            let options = match symbol(process, "vm_getoptionalargs") {
                Some(count) => Options::Count(count),
                None => Options::Marker(symbol(process, "vm_optmarker")?),
            };
            let long: Option<*const c_void> = symbol(process, "morpho_addfunction");
            Some(Release { short_entries: long.is_none(), options })
        }
    }
}

/// Returns the layout of values in this process, if it is a supported Morpho.
pub(super) fn layout() -> Option<Layout> {
    let process = Library::this();
    // SAFETY: initselector is a value of at least eight bytes in all releases. It is
    // set to a string before any extension is loaded.
    unsafe {
        let selector: *const u64 = symbol(&process, "initselector")?;
        Layout::of(*selector)
    }
}

/// Looks up the functions and verifies the layout with two of them.
///
/// # Safety
/// V is the layout that `layout` returned.
pub(super) unsafe fn find<V: Bits>() -> Option<Api<V>> {
    // SAFETY: guaranteed by the caller.
    let api = unsafe { Api::<V>::find(&Library::this()) }?;
    let mut int = 0;
    // SAFETY: both functions only read their value, and `int` has room for an int.
    let right = unsafe {
        (api.morpho_valuetoint)(V::int(-42), &mut int)
            && int == -42
            && (api.morpho_isfalse)(V::nil())
            && (api.morpho_isfalse)(V::bool(false))
            && !(api.morpho_isfalse)(V::bool(true))
            && !(api.morpho_isfalse)(V::int(0))
    };
    right.then_some(api)
}

/// Finds Morpho's matrices and arrays.
///
/// # Safety
/// The process is a Morpho that has loaded its types.
pub(super) unsafe fn matrices<V: Bits>(api: &Api<V>) -> Option<Matrices> {
    // SAFETY: guaranteed by the caller.
    unsafe { Matrices::find(&Library::this(), api) }
}

/// A result that fills the registers of any layout of values.
#[repr(C)]
pub(super) struct Two(pub u64, pub u64);

/// The two functions that report an unsupported Morpho. They involve no values that
/// matter.
pub(super) struct Refusal {
    pub builtin_addfunction:
        unsafe extern "C" fn(*const c_char, unsafe extern "C" fn(*mut Vm) -> Two, u32),
    pub morpho_error: unsafe extern "C" fn(*mut Vm, *const ErrorRecord),
}

impl Refusal {
    pub fn find() -> Option<Refusal> {
        let process = Library::this();
        // SAFETY: the result of the first is not used, and a function of the second
        // type ignores its arguments, which any calling convention allows.
        unsafe {
            Some(Refusal {
                builtin_addfunction: symbol(&process, "builtin_addfunction")?,
                morpho_error: symbol(&process, "morpho_error")?,
            })
        }
    }
}

/// # Safety
/// T is the type of the symbol: a pointer to it, or the function itself.
pub(super) unsafe fn symbol<T: Copy>(process: &Library, name: &str) -> Option<T> {
    // SAFETY: guaranteed by the caller.
    unsafe { process.get::<T>(name.as_bytes()) }.ok().map(|symbol| *symbol)
}
