//! The extension for the Morpho language, releases 0.6.0 to 0.6.4 and builds without
//! NaN-boxing, in one library. Which Morpho is running is detected when the extension
//! is initialized.
//!
//! Each class is an object type with its own methods, which is the fastest way, and a
//! constructor function of the same name. It also has an `init` that makes the same
//! object in a field of any instance, so that classes written in Morpho can inherit
//! from it (`import zeromq as z`, `class My is z.ZMQRequest`).

mod abi;
mod call;
mod convert;
mod host;
mod list;
mod matrix;
mod object;
mod quick;
mod sparse;
mod symbols;

use std::env::{self, VarError};
use std::ffi::{CString, c_char, c_void};
use std::ptr;

use seq_macro::seq;

use crate::binding::quick::Quick;
use crate::binding::{self, CLASSES, Class, Row, Target, rows};
use crate::core::{Error, Policy, context};
use crate::ffi;
use crate::interrupt;
use abi::{Boxed063, Boxed064, Layout, LongEntry, Native, ShortEntry, Tagged, USER, Vm};
use call::record;
use host::{Hosted, Kinds, Morpho};
use symbols::{Api, Refusal};

/// The maximum number of rows in the table. Each needs a function of its own, because
/// Morpho passes a native function nothing but its arguments.
const MOST: usize = 256;

/// The field in which instances of classes written in Morpho keep our object.
const FIELD: &std::ffi::CStr = c"zeromq";

/// The environment variable with the policy for scripts.
const POLICY: &str = "ZEROMQ_POLICY";

/// Called by Morpho when a script imports zeromq.
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

/// Called by Morpho before it unloads the extension, after it has freed all objects.
/// Sends the queued messages of all sockets within their linger.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_finalize() {
    ffi::guard_or((), || {
        // Otherwise its handler would be called in a Morpho without the library.
        let _ = interrupt::catch(false);
        context::shutdown();
    });
}

/// Registers all classes. Returns `None` if this Morpho is not supported.
///
/// # Safety
/// V is the layout of the values of the process, and Morpho is initializing the
/// extension.
unsafe fn register<V: Hosted>() -> Option<()> {
    // SAFETY: guaranteed by the caller.
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
        let quick = Quick::ALL.map(Quick::row);
        let (matrices, policy) = (symbols::matrices(&api), policy());
        V::place().set(Morpho { api, kinds, classes, field, matrices, policy, quick }).ok()
    }
}

/// Returns the policy in the environment variable, or one that permits nothing if it is not
/// valid: scripts then see the reason.
fn policy() -> Policy {
    match env::var(POLICY) {
        Ok(rules) => binding::policy(&rules).unwrap_or_else(|error| Policy::unusable(&error)),
        Err(VarError::NotPresent) => Policy::OPEN,
        Err(VarError::NotUnicode(_)) => {
            Policy::unusable(&Error::Policy { what: format!("{POLICY} is not UTF-8") })
        }
    }
}

fn position(class: &'static Class) -> Option<usize> {
    CLASSES.iter().position(|known| ptr::eq(*known, class))
}

/// Adds a class with its methods.
///
/// # Safety
/// As for `register`.
unsafe fn add_class<V: Hosted>(api: &Api<V>, class: &'static Class, parent: V) -> V {
    let mut methods: Vec<(&str, Native<V>)> = Vec::new();
    for (index, row) in rows().iter().enumerate() {
        if ptr::eq(row.class, class) {
            methods.push(match row.target {
                Target::Constructor => ("init", initializers::<V>()[index]),
                Target::Instance | Target::Class => (row.method.name, method(index, row)),
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
    // SAFETY: guaranteed by the caller. Morpho copies the names and does not keep the
    // rows, which end with one without a name.
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

/// Returns the function of a method.
fn method<V: Hosted>(index: usize, row: &'static Row) -> Native<V> {
    let is = |quick: &Quick| quick.row().is_some_and(|known| ptr::eq(known, row));
    Quick::ALL.into_iter().find(is).map_or(functions::<V>()[index], quick::native)
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

/// Adds instances of a class: an object type whose methods are looked up in the class,
/// and a constructor function of the same name. Returns the type.
///
/// # Safety
/// As for `register`; `value` is that of the class.
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
        // Only its children have instances.
        None if class.functions.is_empty() => only_children::<V>,
        None => return None,
    };
    for name in [Some(class.name), class.alias].into_iter().flatten() {
        let name = string(name);
        // SAFETY: guaranteed by the caller; Morpho copies the name.
        let function = unsafe { (api.builtin_addfunction)(name.as_ptr(), function, 0) };
        classes.push((function, class));
    }
    constructor?;
    let definition = object::definition::<V>();
    // SAFETY: guaranteed by the caller; Morpho copies the definition.
    unsafe {
        let kind = (api.object_addtype)(&definition);
        (api.object_setveneerclass)(kind, value);
        Some(kind)
    }
}

/// Registers constructors that raise an error, for a Morpho that is not supported.
fn refuse() {
    let Some(refusal) = Refusal::find() else {
        return;
    };
    for class in CLASSES.iter().filter(|class| class.constructor.is_some()) {
        let name = string(class.name);
        // SAFETY: Morpho copies the name; `unknown` ignores its arguments.
        unsafe { (refusal.builtin_addfunction)(name.as_ptr(), unknown, 0) };
    }
}

unsafe extern "C" fn unknown(vm: *mut Vm) -> symbols::Two {
    ffi::guard_or((), || {
        let message = "this build of Morpho is not supported (0.6.0 to 0.6.4 are): get a newer \
                       zeromq, or an older Morpho";
        if let Some(refusal) = Refusal::find() {
            // SAFETY: `vm` is the calling virtual machine.
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
            // SAFETY: `vm` is the calling virtual machine.
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

/// Returns a function for each possible row.
fn functions<V: Hosted>() -> [Native<V>; MOST] {
    seq!(INDEX in 0..256 { [#(function::<V, INDEX>,)*] })
}

fn initializers<V: Hosted>() -> [Native<V>; MOST] {
    seq!(INDEX in 0..256 { [#(initializer::<V, INDEX>,)*] })
}

fn string(text: &str) -> CString {
    // The texts of the table contain no NUL.
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
