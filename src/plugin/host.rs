//! The virtual machine behind a `zeromq_host`.

use std::ffi::{CStr, CString};
use std::mem::offset_of;

use super::abi::{Class, Host, ZEROMQ_ABI};
use crate::binding;
use crate::core::{Error, wait::Interrupt};
use crate::ffi::{self, fault};

/// A host that was checked.
pub(super) struct Machine(Host);

impl Machine {
    /// # Safety
    /// `host` is NULL or points to a `zeromq_host` that is filled in as the header
    /// says, and whose functions may be called as the header says.
    pub unsafe fn new(host: *const Host) -> Result<Machine, Error> {
        // SAFETY: a Host begins with size and abi, and may be all zeros; that it is
        // filled in is the caller's promise.
        unsafe { ffi::versioned(host, ZEROMQ_ABI, offset_of!(Host, warn)) }.map(Machine)
    }

    /// Hands a class to the machine.
    pub fn define(&self, class: &'static Class) -> Result<(), Error> {
        let Some(define_class) = self.0.define_class else {
            return Err(fault("the host has no define_class"));
        };
        // SAFETY: new's caller promises that it may be called; the class stays in
        // place for ever.
        match unsafe { define_class(self.0.context, class) } {
            0 => Ok(()),
            answer => Err(Error::Host {
                what: format!("the host's define_class returned {answer}").into(),
            }),
        }
    }
}

impl binding::Host for Machine {
    fn warn(&self, tag: &'static CStr, message: &str) {
        if let (Some(warn), Ok(message)) = (self.0.warn, CString::new(message)) {
            // SAFETY: new's caller promises that it may be called; both strings
            // stay in place for the call.
            unsafe { warn(self.0.context, tag.as_ptr(), message.as_ptr()) };
        }
    }

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        self.0.interrupted.map(|_| self as &dyn Interrupt)
    }
}

impl Interrupt for Machine {
    fn interrupted(&self) -> bool {
        // SAFETY: new's caller promises that it may be called.
        self.0.interrupted.is_some_and(|interrupted| unsafe { interrupted(self.0.context) } != 0)
    }
}
