//! Calls of methods and functions by Morpho.

use std::ffi::CStr;
use std::mem::zeroed;
use std::slice;

use smallvec::SmallVec;

use super::abi::{Bits, ErrorRecord, MESSAGE, USER, Vm, WARNING};
use super::host::{Hosted, Morpho};
use super::list::List;
use super::symbols::Options;
use crate::binding::{self, Arguments, Bounds, Fill, Handle, Host, Kept, Value, ValueRef};
use crate::binding::{Row, Target};
use crate::core::tasks::{FAILED, Failure};
use crate::core::wait::Interrupt;
use crate::core::{Code, Error, Policy, Report};
use crate::ffi::{self, Failed, host_error};
use crate::interrupt;

/// Calls with at most this many arguments allocate nothing for them.
const FEW: usize = 4;

/// Methods that Morpho also calls by itself, for `frame[i]` and the like. Its
/// information about named arguments is then left over from another call.
const OPERATORS: [&str; 3] = ["index", "enumerate", "tostring"];

/// The host of one call; warnings need the calling virtual machine.
struct Caller<'a, V: Bits> {
    morpho: &'a Morpho<V>,
    vm: *mut Vm,
}

impl<V: Bits> Interrupt for Caller<'_, V> {
    fn interrupted(&self) -> bool {
        interrupt::caught()
    }
}

impl<V: Bits> Host for Caller<'_, V> {
    fn warn(&self, tag: &'static CStr, message: &str) {
        // SAFETY: `vm` is the calling virtual machine.
        unsafe { self.morpho.raise(self.vm, WARNING, tag, message) };
    }

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        // Otherwise Ctrl-C and SIGTERM end Morpho as usual.
        interrupt::catching().then_some(self as _)
    }

    fn id(&self) -> usize {
        self.vm.addr()
    }

    fn policy(&self) -> &Policy {
        &self.morpho.policy
    }

    fn takes_arrays(&self) -> bool {
        true
    }

    fn takes_sparse(&self) -> bool {
        self.morpho.takes_sparse()
    }

    fn keep(&self, handle: Handle) -> Kept {
        // The garbage collector asks the instance that keeps it.
        Kept::new(self.id(), handle, None)
    }

    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        with_result: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let api = &self.morpho.api;
        let mut given = SmallVec::<[V; FEW]>::new();
        // SAFETY: `vm` is the calling virtual machine, and the function is one of its
        // values that is in use. Between making the arguments and the call, which keeps
        // them, nothing can be collected.
        unsafe {
            self.morpho.give_all(self.vm, &arguments, &mut given)?;
            let mut result = V::nil();
            let count = given.len() as i32;
            let function = V::of(function);
            if !(api.morpho_call)(self.vm, function, count, given.as_mut_ptr(), &mut result) {
                return Err(Error::Callback);
            }
            with_result(&self.morpho.read(result, &mut Bounds::default())?)
        }
    }

    fn failure(&self) -> Failure {
        // SAFETY: `vm` is the calling virtual machine, whose error is valid until the next
        // one; its id, if it has one, is NUL-terminated.
        unsafe {
            let record = (self.morpho.api.morpho_geterror)(self.vm);
            let message = CStr::from_bytes_until_nul(&(*record).message).unwrap_or_default();
            let tag = match (*record).id.is_null() {
                true => FAILED.to_owned(),
                false => CStr::from_ptr((*record).id).to_string_lossy().into_owned(),
            };
            Failure { tag, text: message.to_string_lossy().into_owned() }
        }
    }

    fn list(&self, fill: Fill) -> Result<Value, Error> {
        let mut list = List::new(self.morpho);
        let filled = fill(&mut list);
        // SAFETY: `vm` is the calling virtual machine.
        let list = unsafe { list.bind(self.vm) };
        filled?;
        // Nothing is collected before Morpho gets it.
        Ok(Value::Kept(self.keep(list?.handle())))
    }
}

/// Calls a method for Morpho and returns its result. An error is raised, and nil
/// returned.
///
/// # Safety
/// Morpho calls a native function with these arguments.
pub(super) unsafe fn call<V: Hosted>(
    row: &'static Row,
    vm: *mut Vm,
    count: i32,
    given: *mut V,
) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: guaranteed by the caller.
        unsafe { morpho.call(row, vm, count, given) }
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| row.operation(), vm, body) }
}

/// Makes the instance that `self`, an instance of a class written in Morpho, stands
/// for, and keeps it in a field.
///
/// # Safety
/// Morpho calls a native method with these arguments.
pub(super) unsafe fn init<V: Hosted>(
    row: &'static Row,
    vm: *mut Vm,
    count: i32,
    given: *mut V,
) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: the receiver of a method comes before its arguments.
        let receiver = unsafe { *given };
        let Some(instance) = morpho.instance(receiver) else {
            return Err(host_error(
                "init works only on instances of classes that inherit from this one",
            )
            .into());
        };
        // SAFETY: guaranteed by the caller. The instance is alive, because Morpho keeps
        // receivers, and the name was interned.
        unsafe {
            let made = morpho.call(row, vm, count, given)?;
            (morpho.api.objectinstance_setproperty)(instance, morpho.field, made);
        }
        Ok(V::nil())
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| row.operation(), vm, body) }
}

/// Returns the text of the receiver, for `"${socket}"`.
///
/// # Safety
/// Morpho calls a native method with these arguments.
pub(super) unsafe fn tostring<V: Hosted>(vm: *mut Vm, given: *mut V) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: the receiver of a method comes before its arguments.
        let receiver = morpho.object(unsafe { *given });
        let text = receiver.map_or("<ZMQ>".to_owned(), |object| object.to_string());
        // SAFETY: `vm` is the calling virtual machine.
        Ok(unsafe { morpho.give(vm, &text.into()) }?)
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| "tostring".to_owned(), vm, body) }
}

/// Runs the body of the method `name`, and raises its error.
///
/// # Safety
/// `vm` is the calling virtual machine.
#[inline]
pub(super) unsafe fn raising<V: Hosted>(
    name: impl FnOnce() -> String,
    vm: *mut Vm,
    body: impl FnOnce(&Morpho<V>) -> Result<V, Failed>,
) -> V {
    let Some(morpho) = V::place().get() else {
        return V::nil();
    };
    match ffi::caught(name, || body(morpho)) {
        Ok(value) => value,
        // SAFETY: guaranteed by the caller.
        Err(report) => unsafe { morpho.fail(vm, &report) },
    }
}

impl<V: Bits> Morpho<V> {
    /// # Safety
    /// Morpho calls a native function with these arguments.
    pub(super) unsafe fn call(
        &self,
        row: &'static Row,
        vm: *mut Vm,
        count: i32,
        given: *mut V,
    ) -> Result<V, Failed> {
        // SAFETY: the caller guarantees a receiver and `count` arguments.
        let (receiver, rest) = unsafe { (*given, given.add(1)) };
        // SAFETY: as above.
        let (positional, pairs) = unsafe { self.split(row, vm, rest, count) };
        let mut bounds = Bounds::default();
        let (one, more, some);
        let positional = match positional {
            [] => &[][..],
            [value] => {
                // SAFETY: Morpho keeps arguments during the call.
                one = unsafe { self.read(*value, &mut bounds) }?;
                slice::from_ref(&one)
            }
            values => {
                // SAFETY: as above.
                more = unsafe { self.read_all(values, &mut bounds) }?;
                &more
            }
        };
        let named = match pairs {
            [] => &[][..],
            pairs => {
                // SAFETY: as above.
                some = unsafe { self.read_named(pairs, &mut bounds) }?;
                &some
            }
        };
        let arguments = Arguments { positional, named };
        let host = Caller { morpho: self, vm };
        let receiver = match row.target {
            Target::Instance => self.object(receiver),
            // For a function, the slot before the arguments may hold anything, even a
            // pointer to an object that no longer exists.
            Target::Constructor | Target::Class => None,
        };
        // SAFETY: `vm` is the calling virtual machine.
        let give = |value: &mut Value| unsafe { self.give(vm, value) };
        Ok(binding::call(row, receiver, &arguments, &host, give)??)
    }

    /// # Safety
    /// As for `read`.
    #[inline(never)]
    unsafe fn read_all<'a>(
        &self,
        values: &[V],
        bounds: &mut Bounds,
    ) -> Result<SmallVec<[ValueRef<'a>; FEW]>, Error> {
        // SAFETY: guaranteed by the caller.
        values.iter().map(|value| unsafe { self.read(*value, bounds) }).collect()
    }

    /// # Safety
    /// As for `read`.
    #[inline(never)]
    unsafe fn read_named<'a>(
        &self,
        pairs: &[[V; 2]],
        bounds: &mut Bounds,
    ) -> Result<SmallVec<[(&'a str, ValueRef<'a>); 1]>, Error> {
        let pair = |[name, value]: &[V; 2]| {
            // SAFETY: guaranteed by the caller.
            unsafe { Ok((self.name(*name)?, self.read(*value, bounds)?)) }
        };
        pairs.iter().map(pair).collect()
    }

    /// Returns true if the call of a method has no named arguments.
    ///
    /// # Safety
    /// Morpho calls a native function with `count` arguments at `given`.
    #[inline]
    pub(super) unsafe fn has_no_names(&self, vm: *mut Vm, given: *const V, count: i32) -> bool {
        match self.api.release.options {
            // A marker comes with a name and a value.
            Options::Marker(_) if count < 3 => true,
            // It is a string, as frames are.
            // SAFETY: guaranteed by the caller.
            Options::Marker(marker) => unsafe {
                !slice::from_raw_parts(given, count as usize).iter().any(|v| v.is(*marker))
            },
            // SAFETY: guaranteed by the caller.
            Options::Count(options) => unsafe { options(vm) == 0 },
        }
    }

    /// Returns the positional and the named arguments.
    ///
    /// # Safety
    /// Morpho calls a native function with `count` arguments at `given`.
    unsafe fn split(
        &self,
        row: &'static Row,
        vm: *mut Vm,
        given: *const V,
        count: i32,
    ) -> (&[V], &[[V; 2]]) {
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: guaranteed by the caller, and by what each release adds.
        unsafe {
            match self.api.release.options {
                Options::Marker(marker) => {
                    let given = slice::from_raw_parts(given, count);
                    match given.iter().position(|value| value.is(*marker)) {
                        None => (given, &[]),
                        Some(end) => (&given[..end], given[end + 1..].as_chunks().0),
                    }
                }
                Options::Count(options) => {
                    let options = usize::try_from(options(vm)).unwrap_or(0);
                    let pairs = given.add(count).cast::<[V; 2]>();
                    let given = slice::from_raw_parts(given, count);
                    if options == 0 || OPERATORS.contains(&row.method.name) {
                        (given, &[])
                    } else {
                        (given, slice::from_raw_parts(pairs, options))
                    }
                }
            }
        }
    }

    /// # Safety
    /// `vm` is the calling virtual machine.
    #[cold]
    unsafe fn fail(&self, vm: *mut Vm, report: &Report) -> V {
        // Morpho already has the error of a script function.
        if report.code != Code::Callback {
            // SAFETY: guaranteed by the caller.
            unsafe { self.raise(vm, USER, report.tag, &report.message) };
        }
        V::nil()
    }

    /// # Safety
    /// `vm` is the calling virtual machine.
    unsafe fn raise(&self, vm: *mut Vm, category: i32, id: &'static CStr, message: &str) {
        let record = record(category, id, message);
        // SAFETY: guaranteed by the caller. Morpho copies the record but keeps the id,
        // which is static.
        unsafe { (self.api.morpho_error)(vm, &record) };
    }
}

/// Makes an error record of Morpho.
pub(super) fn record(category: i32, id: &'static CStr, message: &str) -> ErrorRecord {
    // SAFETY: all zeros are valid for numbers, pointers and bytes.
    let mut record: ErrorRecord = unsafe { zeroed() };
    record.category = category;
    record.id = id.as_ptr();
    record.line = -1;
    record.position = -1;
    let end = message.floor_char_boundary(MESSAGE - 1);
    record.message[..end].copy_from_slice(&message.as_bytes()[..end]);
    record
}
