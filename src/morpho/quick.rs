//! Native functions for the methods that scripts call most. They send from and receive into
//! Morpho's strings directly, and leave every other use of these methods to `call`.

use std::mem;

use super::abi::{Bits, Native, Vm};
use super::call::raising;
use super::convert::no_memory;
use super::host::{Hosted, Morpho};
use super::list::List;
use crate::binding::quick::{self, Quick};
use crate::binding::{List as _, Object};
use crate::core::Frame;
use crate::core::message::is_text;
use crate::ffi::Failed;

/// Frames of more bytes are freed as soon as they were copied. Shorter ones remain in the
/// socket until the next one: freeing the last message of a burst at once would make malloc
/// return the whole burst to the system, and each page of the next one would fault. From
/// about this size on, malloc maps memory for each message anyway.
const LARGE: usize = 1 << 17;

/// Returns the function of a quick method.
pub(super) fn native<V: Hosted>(quick: Quick) -> Native<V> {
    match quick {
        Quick::Send => send::<V>,
        Quick::Receive => receive::<V>,
        Quick::ReceiveFrame => receive_frame::<V>,
        Quick::ReceiveAll => receive_all::<V>,
    }
}

unsafe extern "C" fn send<V: Hosted>(vm: *mut Vm, count: i32, given: *mut V) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: Morpho calls a method with a receiver and `count` arguments, which it
        // keeps during the call.
        unsafe {
            if morpho.has_no_names(vm, given.add(1), count)
                && let Some(receiver) = morpho.own(*given)
                && quick::send(receiver, count as usize, |at| morpho.text(*given.add(1 + at)))
            {
                return Ok(V::bool(true));
            }
            morpho.call_quick(Quick::Send, vm, count, given)
        }
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| operation(Quick::Send), vm, body) }
}

unsafe extern "C" fn receive<V: Hosted>(vm: *mut Vm, count: i32, given: *mut V) -> V {
    // SAFETY: Morpho calls a method.
    unsafe { receive_by(Quick::Receive, vm, count, given, Morpho::make_received) }
}

unsafe extern "C" fn receive_frame<V: Hosted>(vm: *mut Vm, count: i32, given: *mut V) -> V {
    // SAFETY: Morpho calls a method.
    unsafe { receive_by(Quick::ReceiveFrame, vm, count, given, Morpho::make_frame) }
}

unsafe extern "C" fn receive_all<V: Hosted>(vm: *mut Vm, count: i32, given: *mut V) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: Morpho calls a method; the new objects are bound at once.
        unsafe {
            if count == 0
                && morpho.has_no_names(vm, given.add(1), count)
                && let Some(receiver) = morpho.own(*given)
            {
                let mut list = List::new(morpho);
                if quick::receive_all(receiver, |frame| list.push(frame)) {
                    return Ok(list.bind(vm)?);
                }
            }
            morpho.call_quick(Quick::ReceiveAll, vm, count, given)
        }
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| operation(Quick::ReceiveAll), vm, body) }
}

/// # Safety
/// Morpho calls a method with these arguments. `make` makes a new object.
#[inline]
unsafe fn receive_by<V: Hosted>(
    quick: Quick,
    vm: *mut Vm,
    count: i32,
    given: *mut V,
    make: unsafe fn(&Morpho<V>, &mut Frame) -> Option<V>,
) -> V {
    let body = |morpho: &Morpho<V>| {
        // SAFETY: guaranteed by the caller; the new object is bound at once.
        unsafe {
            if count == 0
                && morpho.has_no_names(vm, given.add(1), count)
                && let Some(receiver) = morpho.own(*given)
                && let Some(made) = quick::receive(receiver, |frame| make(morpho, frame))
            {
                let mut made = made.ok_or_else(no_memory)?;
                (morpho.api.morpho_bindobjects)(vm, 1, &mut made);
                return Ok(made);
            }
            morpho.call_quick(quick, vm, count, given)
        }
    };
    // SAFETY: `vm` is the calling virtual machine.
    unsafe { raising(|| operation(quick), vm, body) }
}

fn operation(quick: Quick) -> String {
    quick.row().map_or_else(String::new, |row| row.operation())
}

impl<V: Bits> Morpho<V> {
    /// Calls a quick method as any other.
    ///
    /// # Safety
    /// As for `call`.
    #[cold]
    unsafe fn call_quick(
        &self,
        quick: Quick,
        vm: *mut Vm,
        count: i32,
        given: *mut V,
    ) -> Result<V, Failed> {
        match self.quick[quick as usize] {
            // SAFETY: guaranteed by the caller.
            Some(row) => unsafe { self.call(row, vm, count, given) },
            None => Ok(V::nil()),
        }
    }

    /// Makes a string of a received frame, or a ZMQFrame if it is not UTF-8.
    ///
    /// # Safety
    /// The caller binds the object.
    #[inline]
    pub(super) unsafe fn make_received(&self, frame: &mut Frame) -> Option<V> {
        let bytes: &[u8] = frame;
        // SAFETY: guaranteed by the caller.
        unsafe {
            if !is_text(bytes) {
                return self.make_frame(frame);
            }
            let size = bytes.len();
            let string = self.make_string(bytes);
            if size > LARGE {
                drop(mem::take(frame));
            }
            string
        }
    }

    /// Makes a ZMQFrame of a received frame, without copying it.
    ///
    /// # Safety
    /// The caller binds the object.
    pub(super) unsafe fn make_frame(&self, frame: &mut Frame) -> Option<V> {
        // SAFETY: guaranteed by the caller.
        unsafe { self.make_object(&Object::from(mem::take(frame))) }
    }
}
