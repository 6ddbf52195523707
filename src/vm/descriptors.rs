//! The class table in the form of the header. It is built once and never freed, so
//! hosts can keep pointers into it.

use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;
use std::sync::OnceLock;

use super::abi::{self, ZEROMQ_ABI};
use crate::binding::quick::Quick;
use crate::binding::{self, CLASSES, Role};
use crate::binding::{Row, Target, rows};

/// The table in the form of the header.
struct Descriptors {
    /// In the order of `CLASSES`.
    classes: &'static [abi::Class],
    /// In the order of `rows`.
    methods: &'static [Described],
    /// Pointers to the classes, followed by NULL.
    listed: &'static [*const abi::Class],
}

/// A method with its row. The size is a power of two, so that a pointer is checked without
/// a division.
#[repr(C, align(64))]
pub(super) struct Described {
    /// The descriptor; hosts have a pointer to it.
    method: abi::Method,
    /// The row.
    pub row: &'static Row,
    /// The kinds of results.
    pub results: u32,
    /// The short path of the method, if it has one.
    pub quick: Option<Quick>,
}

const _: () = assert!(size_of::<Described>() == 64);

// SAFETY: the pointers in the descriptors lead to leaked memory that is never written
// again.
unsafe impl Send for Descriptors {}
// SAFETY: as above.
unsafe impl Sync for Descriptors {}

static DESCRIPTORS: OnceLock<Descriptors> = OnceLock::new();

fn descriptors() -> &'static Descriptors {
    DESCRIPTORS.get_or_init(build)
}

fn all() -> &'static [abi::Class] {
    descriptors().classes
}

/// Returns the classes as a NULL-terminated array.
pub(super) fn listed() -> *const *const abi::Class {
    descriptors().listed.as_ptr()
}

/// Returns a class of the table in the form of the header.
pub(super) fn describe(class: &binding::Class) -> *const abi::Class {
    let index = CLASSES.iter().position(|known| ptr::eq(*known, class));
    index.map_or(ptr::null(), |index| &raw const all()[index])
}

/// Returns the class that a host passed, or `None` if the pointer is not one of ours.
pub(super) fn binding(class: *const abi::Class) -> Option<&'static binding::Class> {
    let index = all().iter().position(|known| ptr::eq(known, class))?;
    CLASSES.get(index).copied()
}

/// Returns the method that a host passed, or `None` if the pointer is not one of ours.
#[inline]
pub(super) fn method(method: *const abi::Method) -> Option<&'static Described> {
    let methods = descriptors().methods;
    let offset = method.addr().wrapping_sub(methods.as_ptr().addr());
    let exact = offset.is_multiple_of(size_of::<Described>());
    methods.get(offset / size_of::<Described>()).filter(|_| exact)
}

fn build() -> Descriptors {
    let rows = rows();
    let methods = leak(rows.iter().map(described).collect());
    let of = |class: &'static binding::Class, target| {
        let rows = rows.iter().zip(methods.iter());
        let methods = rows.filter(|(row, _)| ptr::eq(row.class, class) && row.target == target);
        methods.map(|(_, described)| &raw const described.method).collect::<Vec<_>>()
    };
    let classes: &'static mut [abi::Class] = Box::leak(
        CLASSES
            .iter()
            .map(|class| {
                let constructor = of(class, Target::Constructor);
                let instance = leak(of(class, Target::Instance));
                let own = leak(of(class, Target::Class));
                abi::Class {
                    size: size::<abi::Class>(),
                    abi: ZEROMQ_ABI,
                    name: string(class.name),
                    doc: string(class.doc),
                    parent: ptr::null(),
                    constructor: constructor.first().copied().unwrap_or(ptr::null()),
                    alias: class.alias.map_or(ptr::null(), string),
                    methods: instance.as_ptr(),
                    method_count: count(instance),
                    function_count: count(own),
                    functions: own.as_ptr(),
                }
            })
            .collect(),
    );
    for (index, class) in CLASSES.iter().enumerate() {
        let parent = class
            .parent
            .and_then(|parent| CLASSES.iter().position(|known| ptr::eq(*known, parent)));
        if let Some(parent) = parent {
            classes[index].parent = &raw const classes[parent];
        }
    }
    let classes: &'static [abi::Class] = classes;
    let pointers = classes.iter().map(|class| &raw const *class);
    let listed = leak(pointers.chain([ptr::null()]).collect());
    Descriptors { classes, methods, listed }
}

fn described(row: &'static Row) -> Described {
    let parameters = leak(row.method.parameters.iter().map(parameter).collect());
    let pointers = leak(parameters.iter().map(|parameter| &raw const *parameter).collect());
    let results = row.method.results().bits();
    let method = abi::Method {
        size: size::<abi::Method>(),
        parameter_count: count(pointers),
        name: string(row.method.name),
        signature: string(&row.method.signature()),
        doc: string(row.method.doc),
        parameters: pointers.as_ptr(),
        results,
    };
    let quick =
        Quick::ALL.into_iter().find(|quick| quick.row().is_some_and(|known| ptr::eq(known, row)));
    Described { method, row, results, quick }
}

fn parameter(parameter: &binding::Parameter) -> abi::Parameter {
    abi::Parameter {
        size: size::<abi::Parameter>(),
        role: match parameter.role {
            Role::Required => abi::ZEROMQ_REQUIRED,
            Role::Optional => abi::ZEROMQ_OPTIONAL,
            Role::Variadic => abi::ZEROMQ_VARIADIC,
            Role::Named => abi::ZEROMQ_NAMED,
        },
        kinds: parameter.kinds.bits(),
        name: string(parameter.name),
        doc: string(parameter.doc),
        inner: parameter.inner.bits(),
    }
}

fn leak<T>(items: Vec<T>) -> &'static [T] {
    items.leak()
}

fn string(text: &str) -> *const c_char {
    // The texts of the table contain no NUL.
    CString::new(text).unwrap_or_default().into_raw()
}

fn size<T>() -> u32 {
    size_of::<T>() as u32
}

fn count<T>(items: &[T]) -> u32 {
    items.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::Kinds;

    #[test]
    fn every_descriptor_leads_back_to_its_row() {
        let methods = descriptors().methods;
        assert_eq!(methods.len(), rows().len());
        for (described, expected) in methods.iter().zip(rows()) {
            let found = method(&described.method).unwrap();
            assert!(ptr::eq(found.row.method, expected.method));
        }
        let first = methods.as_ptr();
        assert!(method(ptr::null()).is_none());
        assert!(method(first.wrapping_byte_add(1).cast()).is_none());
        assert!(method(first.wrapping_sub(1).cast()).is_none());
        assert!(method(first.wrapping_add(methods.len()).cast()).is_none());
    }

    #[test]
    fn lists_and_functions_have_inner_kinds() {
        let parameters = rows().iter().flat_map(|row| row.method.parameters);
        for parameter in parameters {
            let has_inner = parameter.kinds.has(Kinds::LIST | Kinds::FUNCTION);
            assert_eq!(has_inner, parameter.inner.bits() != 0, "{parameter:?}");
        }
    }

    #[test]
    fn kinds_have_the_numbers_of_the_header() {
        for (kinds, kind) in [
            (Kinds::NIL, abi::ZEROMQ_NIL),
            (Kinds::BOOL, abi::ZEROMQ_BOOL),
            (Kinds::INT, abi::ZEROMQ_INT),
            (Kinds::FLOAT, abi::ZEROMQ_FLOAT),
            (Kinds::STRING, abi::ZEROMQ_STRING),
            (Kinds::LIST, abi::ZEROMQ_LIST),
            (Kinds::TUPLE, abi::ZEROMQ_TUPLE),
            (Kinds::DICTIONARY, abi::ZEROMQ_DICTIONARY),
            (Kinds::OBJECT, abi::ZEROMQ_OBJECT),
            (Kinds::FUNCTION, abi::ZEROMQ_FUNCTION),
            (Kinds::CLASS, abi::ZEROMQ_CLASS),
            (Kinds::ARRAY, abi::ZEROMQ_ARRAY),
            (Kinds::SPARSE, abi::ZEROMQ_SPARSE),
        ] {
            assert_eq!(kinds.bits(), 1 << kind);
        }
    }
}
