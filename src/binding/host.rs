//! The virtual machine, as the methods of the table need it.

use std::ffi::CStr;

use super::list::{self, Fill};
use super::value::{Handle, Kept, Value, ValueRef};
use crate::core::tasks::{FAILED, Failure};
use crate::core::wait::Interrupt;
use crate::core::{Error, Policy, options};

/// The virtual machine, as a call needs it.
pub trait Host {
    /// Warns the user of something that does not stop the script.
    fn warn(&self, tag: &'static CStr, message: &str);

    /// Returns what a waiting call asks whether to stop: the virtual machine, and Ctrl-C
    /// and SIGTERM if scripts catch them.
    fn interrupt(&self) -> Option<&dyn Interrupt>;

    /// Identifies a virtual machine of the process.
    fn id(&self) -> usize;

    /// Returns what its scripts may do.
    fn policy(&self) -> &Policy;

    /// Returns true if the machine takes arrays; others get Lists of numbers.
    fn takes_arrays(&self) -> bool;

    /// Returns true if the machine takes sparse matrices; others get Dictionaries of their
    /// vectors.
    fn takes_sparse(&self) -> bool;

    /// Keeps a script value beyond the call that it was passed to.
    fn keep(&self, handle: Handle) -> Kept;

    /// Calls a script function and passes its result to `with_result`, which must not
    /// call the host. The script may do anything in the meantime, including calling the
    /// same method again, so hold no lock.
    ///
    /// # Errors
    /// [`Error::Callback`] if the function failed: return it without doing anything else.
    /// The errors of `with_result`.
    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        with_result: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// Takes the error of the script function that has just failed. The call returns after
    /// that, with [`Error::Callback`] to raise it or with another error in its place.
    fn failure(&self) -> Failure {
        Failure { tag: FAILED.to_owned(), text: "a function of the script failed".to_owned() }
    }

    /// Makes the List that `fill` fills. A host can build it of its own values and return
    /// it as [`Value::Kept`].
    ///
    /// # Errors
    /// The errors of `fill`.
    fn list(&self, fill: Fill) -> Result<Value, Error> {
        list::values(fill)
    }
}

/// Parses the policy of a virtual machine.
///
/// # Errors
/// [`Error::Policy`] names the rule that is not one.
pub fn policy(text: &str) -> Result<Policy, Error> {
    let policy = Policy::parse(text)?;
    for name in policy.option_names().iter().filter(|name| *name != "*") {
        let known = options::find(name).map_err(|error| error.to_string());
        match known {
            Ok(row) if row.name == name => {}
            Ok(row) => {
                return Err(Error::Policy {
                    what: format!("a policy must call this option {}, not {name}", row.name),
                });
            }
            Err(what) => return Err(Error::Policy { what }),
        }
    }
    Ok(policy)
}
