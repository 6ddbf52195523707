//! The short path of `binding::quick` for hosts: arguments are sent from where the host has
//! them, and short frames are received into the result.

use std::mem;

use super::abi::{self, Bytes, Items, Object, Returned};
use super::host::Machine;
use super::list::List;
use super::{object, value};
use crate::binding::Value;
use crate::binding::quick::{self, Quick};
use crate::core::Frame;
use crate::core::message::is_text;
use crate::ffi;

/// Makes a call on the short path. Returns false if it has done nothing.
///
/// # Safety
/// As for `zeromq_call`, with `result` not NULL.
#[inline]
pub(super) unsafe fn call(
    quick: Quick,
    machine: &Machine,
    receiver: Object,
    arguments: &[abi::Value],
    result: *mut Returned,
) -> bool {
    let Some(receiver) = object::get(receiver) else {
        return false;
    };
    let form = machine.form(1 << abi::ZEROMQ_STRING);
    match (quick, arguments) {
        (Quick::Send, frames) => {
            // SAFETY: guaranteed by the caller.
            let frames = unsafe { items(frames) };
            // SAFETY: as above.
            let sent = quick::send(&receiver, frames.len(), |at| unsafe { bytes(&frames[at]) });
            if sent {
                // SAFETY: guaranteed by the caller.
                unsafe { value::give_true(result) };
            }
            sent
        }
        (Quick::Receive, []) => {
            let give = |frame: &mut Frame| {
                if frame.len() <= value::SHORT && is_text(frame) {
                    // SAFETY: guaranteed by the caller.
                    unsafe { value::give_short(frame, result) };
                } else {
                    // SAFETY: guaranteed by the caller.
                    unsafe { value::give(&mut Value::from(mem::take(frame)), form, result) };
                }
            };
            quick::receive(&receiver, give).is_some()
        }
        (Quick::ReceiveAll, []) => {
            // SAFETY: guaranteed by the caller.
            let mut list = unsafe { List::new(result, form) };
            let received = quick::receive_all(&receiver, |frame| list.push(frame));
            if received {
                list.end();
            }
            received
        }
        _ => false,
    }
}

/// Returns the items of the list that is the only argument, or the arguments.
///
/// # Safety
/// The values are filled in as the header requires.
#[inline]
unsafe fn items(arguments: &[abi::Value]) -> &[abi::Value] {
    match arguments {
        [list] if list.kind == abi::ZEROMQ_LIST => {
            // SAFETY: a list has items, which the caller guarantees.
            unsafe {
                let Items { data, count } = list.payload.items;
                ffi::slice(data, count).unwrap_or_default()
            }
        }
        arguments => arguments,
    }
}

/// Returns the bytes of a string of the host.
///
/// # Safety
/// The value is filled in as the header requires.
#[inline]
unsafe fn bytes(value: &abi::Value) -> Option<&[u8]> {
    if !matches!(value.kind, abi::ZEROMQ_STRING | abi::ZEROMQ_BYTES) {
        return None;
    }
    // SAFETY: such a value has bytes, which the caller guarantees.
    unsafe {
        let Bytes { data, size } = value.payload.bytes;
        ffi::slice(data.cast(), size).ok()
    }
}
