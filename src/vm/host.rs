//! Registered virtual machines.

use std::ffi::{CStr, CString};
use std::fmt;
use std::mem::offset_of;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::abi::{self, Host, Items, Registration, ZEROMQ_ABI};
use super::script_functions::{self, InUse};
use super::segments::Segments;
use super::value::{Form, Lent, Reader};
use super::{object, value};
use crate::binding::{self, Handle, Kept, Retained, Value, ValueRef};
use crate::core::tasks::{FAILED, Failure};
use crate::core::{Error, Policy, wait::Interrupt};
use crate::ffi::{self, host_error};
use crate::interrupt;

/// The kind of a result that the host has not written.
const UNWRITTEN: u32 = u32::MAX;

/// The machines: number n is at index n - 1.
static MACHINES: Segments<AtomicPtr<Machine>> = Segments::new();

/// A registered virtual machine. It is never freed, because calls that are running when
/// it is unregistered still use it.
pub(super) struct Machine {
    host: Host,
    /// The number of the first registration with the same context.
    identity: Registration,
    registered: AtomicBool,
    policy: Policy,
}

// SAFETY: the host struct is only read. The functions in it are called by calls of the
// host, on the threads on which it makes them.
unsafe impl Send for Machine {}
// SAFETY: as above.
unsafe impl Sync for Machine {}

impl Machine {
    /// Registers a machine.
    ///
    /// # Safety
    /// `host` is NULL or points to a `zeromq_host` that is filled in as the header
    /// requires, and whose functions may be called as the header describes.
    pub unsafe fn register(host: *const Host) -> Result<Registration, Error> {
        // SAFETY: a `Host` begins with `size` and `abi`, and all zeros are a valid one;
        // the caller guarantees that it is filled in.
        let host = unsafe { ffi::versioned(host, ZEROMQ_ABI, offset_of!(Host, warn)) }?;
        let policy = match host.policy.is_null() {
            true => Policy::OPEN,
            // SAFETY: the caller guarantees that it is NUL-terminated.
            false => binding::policy(unsafe { ffi::text(host.policy) }?)?,
        };
        let too_many = || host_error("too many hosts were registered");
        let (index, place) = MACHINES.add().ok_or_else(too_many)?;
        let number = Registration::from(index) + 1;
        let identity = script_functions::register(host.context.addr(), number);
        let machine = Machine { host: *host, identity, registered: AtomicBool::new(true), policy };
        place.store(Box::into_raw(Box::new(machine)), Ordering::Release);
        Ok(number)
    }

    /// Returns the machine with a number.
    #[inline]
    pub fn find(number: Registration) -> Result<&'static Machine, Error> {
        let index = number.checked_sub(1).and_then(|index| u32::try_from(index).ok());
        let place = index.and_then(|index| MACHINES.get(index));
        let machine = place.map_or(ptr::null_mut(), |place| place.load(Ordering::Acquire));
        // SAFETY: NULL or a machine that is never freed.
        unsafe { machine.as_ref() }
            .filter(|machine| machine.registered.load(Ordering::Acquire))
            .ok_or_else(|| host_error("the host is not registered"))
    }

    /// Ends the registration. Calls that are running still use the machine.
    pub fn unregister(number: Registration) -> Result<(), Error> {
        let machine = Machine::find(number)?;
        // Otherwise another thread was faster.
        if machine.registered.swap(false, Ordering::AcqRel) {
            script_functions::unregister(machine.host.context.addr());
        }
        Ok(())
    }

    /// Returns the number that all registrations of the same machine share.
    pub fn identity(&self) -> Registration {
        self.identity
    }

    /// Returns whether the host has a flag.
    #[inline]
    pub fn is(&self, flag: u32) -> bool {
        self.host.flags & flag != 0
    }

    /// Returns the form that a result of these kinds takes for this host.
    #[inline]
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
}

impl binding::Host for Machine {
    fn warn(&self, tag: &'static CStr, message: &str) {
        if let (Some(warn), Ok(message)) = (self.host.warn, CString::new(message)) {
            // SAFETY: the caller of `register` guarantees that it may be called; both
            // strings are valid during the call.
            unsafe { warn(self.host.context, tag.as_ptr(), message.as_ptr()) };
        }
    }

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        (self.host.interrupted.is_some() || interrupt::catching()).then_some(self as _)
    }

    fn id(&self) -> usize {
        self.identity as usize
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn takes_arrays(&self) -> bool {
        self.is(abi::ZEROMQ_HOST_ARRAYS)
    }

    fn takes_sparse(&self) -> bool {
        self.is(abi::ZEROMQ_HOST_SPARSE)
    }

    fn keep(&self, handle: Handle) -> Kept {
        let held: Option<Arc<dyn Retained>> = match handle {
            Handle([object, value::OBJECT]) if object::share(object) => {
                Some(Arc::new(RetainedObject(object)))
            }
            Handle([function, value::FUNCTION]) => {
                Some(Arc::new(RetainedFunction(InUse::all(self.identity, vec![function]))))
            }
            _ => None,
        };
        Kept::new(self.id(), handle, held)
    }

    fn failure(&self) -> Failure {
        let (mut tag, mut text) = (c"".as_ptr(), c"".as_ptr());
        if let Some(failure) = self.host.failure {
            // SAFETY: the caller of `register` guarantees that it may be called; there is
            // room for two pointers.
            unsafe { failure(self.host.context, &mut tag, &mut text) };
        }
        // SAFETY: the caller of `register` guarantees NUL-terminated strings.
        let read = |text| unsafe { ffi::text(text) }.map(str::to_owned).unwrap_or_default();
        let (tag, text) = (read(tag), read(text));
        match tag.is_empty() {
            true => Failure { tag: FAILED.to_owned(), text: "a script function failed".to_owned() },
            false => Failure { tag, text },
        }
    }

    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        with_result: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (Handle([function, value::FUNCTION]), Some(call)) = (function, self.host.call) else {
            return Err(host_error("the host cannot call script functions"));
        };
        // A loop that always has messages never waits, so nobody else would ask.
        if self.interrupted() {
            return Err(Error::Interrupted);
        }
        let mut arguments = Value::Tuple(arguments);
        let lent = Lent::new(&mut arguments, self.form(0));
        let Items { data, count } = lent.items();
        let mut result = abi::Value { kind: UNWRITTEN, ..value::nil() };
        // SAFETY: the caller of `register` guarantees that it may be called; the arguments
        // are valid during the call.
        let answer = unsafe { call(self.host.context, function, data, count, &mut result) };
        drop(lent);
        if answer != 0 || result.kind == UNWRITTEN {
            return Err(Error::Callback);
        }
        let mut reader = Reader::new(self.identity);
        // SAFETY: the caller of `register` guarantees that the result is filled in as the
        // header requires and remains valid.
        let taken = unsafe { reader.read(&result) };
        let _in_use = match taken {
            Ok(_) => reader.end(),
            // SAFETY: as above.
            Err(_) => unsafe { reader.search([&result]) },
        };
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

/// A function that the library keeps for a script.
struct RetainedFunction(InUse);

impl Retained for RetainedFunction {}

impl fmt::Debug for RetainedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Interrupt for Machine {
    fn interrupted(&self) -> bool {
        // SAFETY: the caller of `register` guarantees that it may be called.
        interrupt::caught()
            || !self.registered.load(Ordering::Relaxed)
            || self.host.interrupted.is_some_and(|asked| unsafe { asked(self.host.context) } != 0)
    }
}
