//! Script functions, which hosts may forget when they are no longer in use. A function
//! passed to a call is in use until the call ends, and longer if the library keeps it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard};

use super::abi::{self, Function, Registration, Value};
use crate::core::Error;
use crate::core::locked::locked;
use crate::ffi;

/// The maximum depth and number of values that are searched for functions. No call accepts
/// values beyond that.
const DEEPEST: usize = 64;
const MOST: usize = 1 << 24;

/// The functions of one virtual machine.
#[derive(Default)]
struct Functions {
    /// The number of uses of each function.
    used: HashMap<Function, usize>,
    /// Functions that are no longer in use and that the host has not asked for yet.
    released: Vec<Function>,
}

/// The virtual machines that are registered.
#[derive(Default)]
struct Machines {
    /// The identity of a machine, which is the number of its first registration, and the
    /// number of its registrations, by context.
    registered: HashMap<usize, (Registration, usize)>,
    /// The functions of machines that have passed any, by identity.
    functions: HashMap<Registration, Functions>,
}

static MACHINES: LazyLock<Mutex<Machines>> = LazyLock::new(Mutex::default);

/// The total number of released functions. Hosts ask in every call, and this saves them the
/// lock while there are none.
static RELEASED: AtomicUsize = AtomicUsize::new(0);

fn machines() -> MutexGuard<'static, Machines> {
    locked(&MACHINES)
}

thread_local! {
    static FORKING: RefCell<Option<MutexGuard<'static, Machines>>> = const { RefCell::new(None) };
}

/// Starts watching for forks, here and in the core.
pub(super) fn watch_forks() {
    ffi::watch_forks_with(forking, parted);
}

/// Holds the lock during a fork; otherwise the child could find it locked forever.
fn forking() {
    FORKING.set(Some(machines()));
}

/// Releases the lock after a fork, in the parent and in the child.
fn parted() {
    FORKING.set(None);
}

/// Counts a registration of the machine with a context, and returns the identity of the
/// machine.
pub(super) fn register(context: usize, number: Registration) -> Registration {
    let mut machines = machines();
    let (identity, count) = machines.registered.entry(context).or_insert((number, 0));
    *count += 1;
    *identity
}

/// Ends a registration. With the last one, the functions of the machine are forgotten,
/// because it will not ask about them.
pub(super) fn unregister(context: usize) {
    let mut machines = machines();
    let Some((identity, count)) = machines.registered.get_mut(&context) else {
        return;
    };
    *count -= 1;
    if *count > 0 {
        return;
    }
    let identity = *identity;
    machines.registered.remove(&context);
    if let Some(functions) = machines.functions.remove(&identity) {
        RELEASED.fetch_sub(functions.released.len(), Ordering::Relaxed);
    }
}

/// Returns the next function that a machine may forget, or 0 if there is none.
pub(super) fn released(machine: Registration) -> Function {
    let mut machines = machines();
    let Some(functions) = machines.functions.get_mut(&machine) else {
        return 0;
    };
    let released = functions.released.pop();
    RELEASED.fetch_sub(usize::from(released.is_some()), Ordering::Relaxed);
    if functions.used.is_empty() && functions.released.is_empty() {
        machines.functions.remove(&machine);
    }
    released.unwrap_or(0)
}

/// True if some machine may forget a function.
pub(super) fn any_released() -> bool {
    RELEASED.load(Ordering::Acquire) != 0
}

/// Functions in use by a call, or by whatever keeps them.
#[derive(Debug)]
pub(super) struct InUse {
    machine: Registration,
    functions: Vec<Function>,
}

impl InUse {
    /// Makes a set with the functions that a call passes, or with one that is kept.
    #[inline(always)]
    pub fn all(machine: Registration, functions: Vec<Function>) -> InUse {
        if !functions.is_empty() {
            count(machine, &functions);
        }
        InUse { machine, functions }
    }
}

fn count(machine: Registration, functions: &[Function]) {
    let mut machines = machines();
    let known = machines.functions.entry(machine).or_default();
    for function in functions {
        *known.used.entry(*function).or_default() += 1;
    }
}

/// Searches for functions in a value that cannot be read completely, because the host
/// has to be told about them anyway.
///
/// # Safety
/// The value is filled in as the header requires.
pub(super) unsafe fn search(value: &Value, functions: &mut Vec<Function>) -> Result<(), Error> {
    // SAFETY: guaranteed by the caller.
    unsafe { search_within(value, functions, DEEPEST, &mut { MOST }) }
}

/// # Safety
/// As for `search`.
unsafe fn search_within(
    value: &Value,
    functions: &mut Vec<Function>,
    deeper: usize,
    more: &mut usize,
) -> Result<(), Error> {
    match value.kind {
        // SAFETY: `kind` determines the member of the union that the host has filled
        // in.
        abi::ZEROMQ_FUNCTION => functions.push(unsafe { value.payload.function }),
        abi::ZEROMQ_LIST | abi::ZEROMQ_TUPLE | abi::ZEROMQ_DICTIONARY if deeper > 0 => {
            // SAFETY: as above, and the caller guarantees the items.
            let items = unsafe { ffi::slice(value.payload.items.data, value.payload.items.count) }?;
            for item in items {
                let Some(left) = more.checked_sub(1) else {
                    return Ok(());
                };
                *more = left;
                // SAFETY: the caller's guarantee holds for each item.
                unsafe { search_within(item, functions, deeper - 1, more) }?;
            }
        }
        _ => {}
    }
    Ok(())
}

impl Drop for InUse {
    #[inline]
    fn drop(&mut self) {
        if !self.functions.is_empty() {
            release(self.machine, &self.functions);
        }
    }
}

fn release(machine: Registration, functions: &[Function]) {
    let mut machines = machines();
    // If it is not there, the machine was unregistered in the meantime.
    let Some(known) = machines.functions.get_mut(&machine) else {
        return;
    };
    for function in functions {
        if let Some(times) = known.used.get_mut(function) {
            *times -= 1;
            if *times == 0 {
                known.used.remove(function);
                known.released.push(*function);
                RELEASED.fetch_add(1, Ordering::Release);
            }
        }
    }
}
