//! The virtual machine behind a `zeromq_host`.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::fmt;
use std::mem::offset_of;
use std::sync::Arc;

use super::abi::{self, Class, Host, ZEROMQ_ABI};
use super::script_functions::InUse;
use super::value::{Form, Reader};
use super::{object, value};
use crate::binding::{self, Handle, Kept, Retained, Value, ValueRef};
use crate::core::{Error, wait::Interrupt};
use crate::ffi::{self, host_error};
use crate::interrupt;

/// The kind of a result that the host has not written.
const UNWRITTEN: u32 = u32::MAX;

/// A host whose struct was checked.
pub(super) struct Machine<'a>(Cow<'a, Host>);

impl<'a> Machine<'a> {
    /// # Safety
    /// `host` is NULL or points to a `zeromq_host` that is filled in as the header
    /// requires, whose functions may be called as the header describes, and that
    /// remains unchanged for `'a`.
    pub unsafe fn new(host: *const Host) -> Result<Machine<'a>, Error> {
        // SAFETY: a `Host` begins with `size` and `abi`, and all zeros are a valid one;
        // the caller guarantees that it is filled in.
        unsafe { ffi::versioned(host, ZEROMQ_ABI, offset_of!(Host, warn)) }.map(Machine)
    }

    /// Returns the host struct.
    pub fn host(&self) -> &Host {
        &self.0
    }

    /// Returns whether the host has a flag.
    pub fn is(&self, flag: u32) -> bool {
        self.0.flags & flag != 0
    }

    /// Returns the form that a result of these kinds takes for this host.
    pub fn form(&self, results: u32) -> Form {
        let promises = |kind: u32| results & (1 << kind) != 0;
        if !self.is(abi::ZEROMQ_HOST_BYTES) {
            Form::Usual
        } else if promises(abi::ZEROMQ_OBJECT) && !promises(abi::ZEROMQ_STRING) {
            Form::BytesInside
        } else {
            Form::Bytes
        }
    }

    /// Passes a class to `define_class`.
    pub fn define(&self, class: &'static Class) -> Result<(), Error> {
        let Some(define_class) = self.0.define_class else {
            return Err(host_error("the host has no define_class"));
        };
        // SAFETY: the caller of `new` guarantees that it may be called; the class is
        // never freed.
        match unsafe { define_class(self.0.context, class) } {
            0 => Ok(()),
            answer => Err(Error::Host {
                what: format!("the host's define_class returned {answer}").into(),
            }),
        }
    }
}

impl binding::Host for Machine<'_> {
    fn warn(&self, tag: &'static CStr, message: &str) {
        if let (Some(warn), Ok(message)) = (self.0.warn, CString::new(message)) {
            // SAFETY: the caller of `new` guarantees that it may be called; both
            // strings are valid during the call.
            unsafe { warn(self.0.context, tag.as_ptr(), message.as_ptr()) };
        }
    }

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        (self.0.interrupted.is_some() || interrupt::catching()).then_some(self as _)
    }

    fn id(&self) -> usize {
        self.0.context.addr()
    }

    fn keep(&self, handle: Handle) -> Kept {
        let held: Option<Arc<dyn Retained>> = match handle {
            Handle([object, value::OBJECT]) if object::share(object) => {
                Some(Arc::new(RetainedObject(object)))
            }
            Handle([function, value::FUNCTION]) if self.is(abi::ZEROMQ_HOST_ASKS) => {
                Some(Arc::new(UsedFunction(InUse::one(&self.0, function))))
            }
            Handle([function, value::FUNCTION]) => {
                Some(Arc::new(RetainedFunction::new(*self.0, function)))
            }
            _ => None,
        };
        Kept::new(handle, held)
    }

    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        with_result: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (Handle([function, value::FUNCTION]), Some(call)) = (function, self.0.call) else {
            return Err(host_error("the host cannot call script functions"));
        };
        // A loop that always has messages never waits, so nobody else would ask.
        if self.interrupted() {
            return Err(Error::Interrupted);
        }
        let mut arguments: Vec<abi::Value> = {
            let form = self.form(0);
            arguments.into_iter().map(|argument| value::give(argument, form)).collect()
        };
        let mut result = abi::Value { kind: UNWRITTEN, ..value::nil() };
        // SAFETY: the caller of `new` guarantees that it may be called; the arguments
        // are valid during the call.
        let answer = unsafe {
            call(self.0.context, function, arguments.as_ptr(), arguments.len(), &mut result)
        };
        for argument in &mut arguments {
            // SAFETY: `give` made the argument, and it is taken back only here.
            drop(unsafe { value::reclaim(argument) });
        }
        if answer != 0 || result.kind == UNWRITTEN {
            return Err(Error::Callback);
        }
        let mut reader = Reader::new(&self.0);
        // SAFETY: the caller of `new` guarantees that the result is filled in as the
        // header requires and remains valid.
        let taken = unsafe { reader.read(&result) };
        // SAFETY: as above.
        let _in_use = unsafe { reader.end(taken.is_ok(), [&result]) };
        with_result(&taken?)
    }
}

/// An object that the library keeps for a script.
#[derive(Debug)]
struct RetainedObject(abi::Object);

impl Retained for RetainedObject {}

impl Drop for RetainedObject {
    fn drop(&mut self) {
        object::free(self.0);
    }
}

/// A function that the library keeps for a host that asks when it may forget it.
struct UsedFunction(InUse);

impl Retained for UsedFunction {}

impl fmt::Debug for UsedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A function that the library keeps for a script.
struct RetainedFunction {
    host: Host,
    function: abi::Function,
}

impl RetainedFunction {
    fn new(host: Host, function: abi::Function) -> RetainedFunction {
        if let Some(retain) = host.retain {
            // SAFETY: the caller of `Machine::new` guarantees that it may be called.
            unsafe { retain(host.context, function) };
        }
        RetainedFunction { host, function }
    }
}

impl Retained for RetainedFunction {}

impl fmt::Debug for RetainedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {}", self.function)
    }
}

impl Drop for RetainedFunction {
    fn drop(&mut self) {
        if let Some(release) = self.host.release {
            // SAFETY: as in `new`.
            unsafe { release(self.host.context, self.function) };
        }
    }
}

// SAFETY: by the header, whatever keeps a function is dropped by a call of the host, so
// its context is used where the host expects it.
unsafe impl Send for RetainedFunction {}
// SAFETY: as above.
unsafe impl Sync for RetainedFunction {}

impl Interrupt for Machine<'_> {
    fn interrupted(&self) -> bool {
        // SAFETY: the caller of `new` guarantees that it may be called.
        interrupt::caught()
            || self.0.interrupted.is_some_and(|asked| unsafe { asked(self.0.context) } != 0)
    }
}
