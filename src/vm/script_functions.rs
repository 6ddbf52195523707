//! Script functions, for hosts that ask which of them they may forget. A function
//! passed to a call is in use until the call ends, and longer if the library keeps it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard};

use super::abi::{self, Function, Host, Value};
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

/// Keyed by the context of the host.
type Machines = HashMap<usize, Functions>;

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

/// Returns the next function that a host may forget, or 0 if there is none.
pub(super) fn released(host: &Host) -> Function {
    if RELEASED.load(Ordering::Acquire) == 0 {
        return 0;
    }
    let mut machines = machines();
    let Some(functions) = machines.get_mut(&host.context.addr()) else {
        return 0;
    };
    let released = functions.released.pop();
    RELEASED.fetch_sub(usize::from(released.is_some()), Ordering::Relaxed);
    if functions.used.is_empty() && functions.released.is_empty() {
        machines.remove(&host.context.addr());
    }
    released.unwrap_or(0)
}

/// Functions in use by a call, or by whatever keeps them.
#[derive(Debug)]
pub(super) struct InUse {
    machine: usize,
    functions: Vec<Function>,
}

impl InUse {
    /// Makes a set with one function that is kept.
    pub fn one(host: &Host, function: Function) -> InUse {
        InUse::all(host, vec![function])
    }

    /// Makes a set with the functions that a call passes.
    pub fn all(host: &Host, functions: Vec<Function>) -> InUse {
        let machine = host.context.addr();
        if !functions.is_empty() {
            let mut machines = machines();
            let known = machines.entry(machine).or_default();
            for function in &functions {
                *known.used.entry(*function).or_default() += 1;
            }
        }
        InUse { machine, functions }
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
    fn drop(&mut self) {
        if self.functions.is_empty() {
            return;
        }
        let mut machines = machines();
        let known = machines.entry(self.machine).or_default();
        for function in self.functions.drain(..) {
            let times = known.used.entry(function).or_insert(1);
            *times -= 1;
            if *times == 0 {
                known.used.remove(&function);
                known.released.push(function);
                RELEASED.fetch_add(1, Ordering::Release);
            }
        }
    }
}
