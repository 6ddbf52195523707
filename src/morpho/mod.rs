//! The extension interface of the Morpho language, releases 0.6.0 to 0.6.4 and
//! builds without NaN-boxing, in one library: which Morpho it is, is found out
//! when the extension is initialized.
//!
//! Each class is an object type with methods of its own, which is fastest, and a
//! constructor function of the same name. It also has an `init` that makes the
//! same in a field of any instance, so that classes written in Morpho can be
//! children of it (`import zeromq as z`, `class My is z.ZMQRequest`).

mod abi;
mod call;
mod convert;
mod host;
mod object;
mod symbols;

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use seq_macro::seq;

use crate::binding::{CLASSES, Class};
use crate::binding::{Row, Target, rows};
use crate::core::context;
use crate::ffi;
use crate::interrupt;
use abi::{Boxed063, Boxed064, Layout, LongEntry, Native, ShortEntry, Tagged, USER, Vm};
use call::record;
use host::{Hosted, Kinds, Morpho};
use symbols::{Api, Refusal};

/// How many rows the table may have: each needs a function of its own, as Morpho
/// tells a native function nothing but its arguments.
const MOST: usize = 256;

/// The field in which instances of classes written in Morpho keep theirs.
const FIELD: &std::ffi::CStr = c"zeromq";

/// Morpho calls this when a script imports zeromq.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_initialize() {
    ffi::guard_or((), || {
        ffi::watch_forks();
        // SAFETY: the layout is that of the process.
        let known = unsafe {
            match symbols::layout() {
                Some(Layout::Boxed063) => register::<Boxed063>(),
                Some(Layout::Boxed064) => register::<Boxed064>(),
                Some(Layout::Tagged) => register::<Tagged>(),
                None => None,
            }
        };
        if known.is_none() {
            refuse();
        }
    });
}

/// Morpho calls this before it unloads the extension, when all its objects are
/// freed: what sockets have still to send is sent, or its time is over.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_finalize() {
    ffi::guard_or((), || {
        // Its handler would be called in a Morpho without the library.
        let _ = interrupt::catch(false);
        context::shutdown();
    });
}

/// Registers all classes. None if this is not a Morpho that is known.
///
/// # Safety
/// V is the layout of the values of the process, and Morpho is initializing the
/// extension.
unsafe fn register<V: Hosted>() -> Option<()> {
    // SAFETY: the caller's promise.
    let api = unsafe { symbols::find::<V>() }?;
    // SAFETY: as above.
    unsafe {
        let object = (api.builtin_internsymbolascstring)(c"Object".as_ptr());
        let root = (api.builtin_findclass)(object);
        let mut values: Vec<V> = Vec::new();
        let mut classes = Vec::new();
        let mut own = Vec::new();
        for class in CLASSES {
            let parent = class.parent.and_then(position).map_or(root, |parent| values[parent]);
            let value = add_class(&api, class, parent);
            own.push(add_instances(&api, class, value, &mut classes));
            classes.push((value, *class));
            values.push(value);
        }
        let field = (api.builtin_internsymbolascstring)(FIELD.as_ptr());
        let kinds = Kinds::new(&api, own);
        V::place().set(Morpho { api, kinds, classes, field }).ok()
    }
}

fn position(class: &'static Class) -> Option<usize> {
    CLASSES.iter().position(|known| ptr::eq(*known, class))
}

/// Adds a class with its methods.
///
/// # Safety
/// As `register`.
unsafe fn add_class<V: Hosted>(api: &Api<V>, class: &'static Class, parent: V) -> V {
    let mut methods: Vec<(&str, Native<V>)> = Vec::new();
    for (index, row) in rows().iter().enumerate() {
        if ptr::eq(row.class, class) {
            methods.push(match row.target {
                Target::Constructor => ("init", initializers::<V>()[index]),
                Target::Instance | Target::Class => (row.method.name, functions::<V>()[index]),
            });
        }
    }
    if class.functions.is_empty() && !methods.iter().any(|(name, _)| *name == "tostring") {
        methods.push(("tostring", tostring::<V>));
    }
    let names: Vec<CString> = methods.iter().map(|(name, _)| string(name)).collect();
    let entries =
        names.iter().zip(&methods).map(|(name, (_, function))| (name.as_ptr(), *function));
    let name = string(class.name);
    // SAFETY: the caller's promise; Morpho copies names and does not keep the rows,
    // which end with one without a name.
    unsafe {
        if api.release.short_entries {
            let rows = short(entries);
            (api.builtin_addclass)(name.as_ptr(), rows.as_ptr().cast::<c_void>(), parent)
        } else {
            let rows = long(entries);
            (api.builtin_addclass)(name.as_ptr(), rows.as_ptr().cast::<c_void>(), parent)
        }
    }
}

fn short<V: Hosted>(
    entries: impl Iterator<Item = (*const c_char, Native<V>)>,
) -> Vec<ShortEntry<V>> {
    let row = |name, function| ShortEntry { kind: 0, name, flags: 0, function };
    let end = row(ptr::null(), None);
    entries.map(|(name, function)| row(name, Some(function))).chain([end]).collect()
}

fn long<V: Hosted>(entries: impl Iterator<Item = (*const c_char, Native<V>)>) -> Vec<LongEntry<V>> {
    let row =
        |name, function| LongEntry { kind: 0, name, signature: ptr::null(), flags: 0, function };
    let end = row(ptr::null(), None);
    entries.map(|(name, function)| row(name, Some(function))).chain([end]).collect()
}

/// Adds what makes instances of a class: an object type with the class as the one
/// that its methods are found in, and a function of the same name. Gives the type.
///
/// # Safety
/// As `register`; the value is that of the class.
unsafe fn add_instances<V: Hosted>(
    api: &Api<V>,
    class: &'static Class,
    value: V,
    classes: &mut Vec<(V, &'static Class)>,
) -> Option<i32> {
    let constructor = rows()
        .iter()
        .position(|row| ptr::eq(row.class, class) && row.target == Target::Constructor);
    let function = match constructor {
        Some(index) => functions::<V>()[index],
        // Its children have instances, it has none.
        None if class.functions.is_empty() => only_children::<V>,
        None => return None,
    };
    for name in [Some(class.name), class.alias].into_iter().flatten() {
        let name = string(name);
        // SAFETY: the caller's promise; Morpho copies the name.
        let function = unsafe { (api.builtin_addfunction)(name.as_ptr(), function, 0) };
        classes.push((function, class));
    }
    constructor?;
    let definition = object::definition::<V>();
    // SAFETY: the caller's promise; Morpho copies the definition.
    unsafe {
        let kind = (api.object_addtype)(&definition);
        (api.object_setveneerclass)(kind, value);
        Some(kind)
    }
}

/// Gives scripts of an unknown Morpho constructors that say so.
fn refuse() {
    let Some(refusal) = Refusal::find() else {
        return;
    };
    for class in CLASSES.iter().filter(|class| class.constructor.is_some()) {
        let name = string(class.name);
        // SAFETY: Morpho copies the name; unknown leaves its arguments alone.
        unsafe { (refusal.builtin_addfunction)(name.as_ptr(), unknown, 0) };
    }
}

unsafe extern "C" fn unknown(vm: *mut Vm) -> symbols::Two {
    ffi::guard_or((), || {
        let message = "this build of Morpho is not one of those that zeromq knows (0.6.0 to 0.6.4): \
                       get a newer zeromq, or an older Morpho";
        if let Some(refusal) = Refusal::find() {
            // SAFETY: the virtual machine is the one that calls.
            unsafe { (refusal.morpho_error)(vm, &record(USER, c"ZMQErr", message)) };
        }
    });
    symbols::Two(0, 0)
}

unsafe extern "C" fn only_children<V: Hosted>(vm: *mut Vm, _: i32, _: *mut V) -> V {
    ffi::guard_or((), || {
        let message = "this class has no instances of its own: use one of its children, such as \
                       ZMQRequest";
        if let Some(morpho) = V::place().get() {
            // SAFETY: the virtual machine is the one that calls.
            unsafe { (morpho.api.morpho_error)(vm, &record(USER, c"ZMQConsArgs", message)) };
        }
    });
    V::nil()
}

unsafe extern "C" fn tostring<V: Hosted>(vm: *mut Vm, _: i32, arguments: *mut V) -> V {
    // SAFETY: Morpho calls a method.
    unsafe { call::tostring(vm, arguments) }
}

/// The function of a row of the table.
unsafe extern "C" fn function<V: Hosted, const INDEX: usize>(
    vm: *mut Vm,
    count: i32,
    arguments: *mut V,
) -> V {
    // SAFETY: Morpho calls a function or a method.
    row(INDEX).map_or(V::nil(), |row| unsafe { call::call(row, vm, count, arguments) })
}

/// The `init` of a constructor's row.
unsafe extern "C" fn initializer<V: Hosted, const INDEX: usize>(
    vm: *mut Vm,
    count: i32,
    arguments: *mut V,
) -> V {
    // SAFETY: Morpho calls a method.
    row(INDEX).map_or(V::nil(), |row| unsafe { call::init(row, vm, count, arguments) })
}

fn row(index: usize) -> Option<&'static Row> {
    rows().get(index)
}

/// A function for each row there may be.
fn functions<V: Hosted>() -> [Native<V>; MOST] {
    seq!(INDEX in 0..256 { [#(function::<V, INDEX>,)*] })
}

fn initializers<V: Hosted>() -> [Native<V>; MOST] {
    seq!(INDEX in 0..256 { [#(initializer::<V, INDEX>,)*] })
}

fn string(text: &str) -> CString {
    // The table has no zero bytes in its texts.
    CString::new(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_function() {
        assert!(rows().len() <= MOST);
    }
}
