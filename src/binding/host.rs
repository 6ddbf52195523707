//! The virtual machine, as the methods of the table need it.

use std::ffi::CStr;

use super::value::{Handle, Kept, Value, ValueRef};
use crate::core::Error;
use crate::core::wait::Interrupt;

/// The virtual machine, as a call needs it.
pub trait Host {
    /// Tells the user something that does not stop the script.
    fn warn(&self, tag: &'static CStr, message: &str);

    /// Whom a call that waits asks whether to stop: the virtual machine, and Ctrl-C
    /// when scripts catch it.
    fn interrupt(&self) -> Option<&dyn Interrupt>;

    /// What tells one virtual machine of the process from another.
    fn machine(&self) -> usize;

    /// Keeps a value of the script beyond the call that it was given to.
    fn keep(&self, handle: Handle) -> Kept;

    /// Calls a function of the script, and hands what it returns to `take`, which
    /// must not call the host. The script may do anything meanwhile, also call the
    /// method that calls: hold no lock.
    ///
    /// # Errors
    /// [`Error::Callback`] when the function failed: nothing may be done then but
    /// return it. What `take` returns.
    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        take: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error>;
}
