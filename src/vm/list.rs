//! Lists of received frames, built in the memory of a result.

use std::mem;
use std::ptr;

use super::abi::{self, Items, Payload, Returned};
use super::value::{Form, SHORT, give, plain, store};
use crate::binding::Value;
use crate::core::Frame;
use crate::core::message::is_text;

/// A list that is being built. As long as it fits, its items are at the start of the memory
/// of the result, and their bytes are before its end.
pub(super) struct List {
    result: *mut Returned,
    form: Form,
    /// The number of items in the memory.
    count: usize,
    /// The number of bytes of the memory that are before the bytes of the items.
    room: usize,
    /// All items, once they do not fit.
    large: Vec<Value>,
}

impl List {
    /// Makes an empty list.
    ///
    /// # Safety
    /// `result` is valid for writing a `Returned`, which need not be initialized, as long as
    /// the list exists.
    #[inline]
    pub unsafe fn new(result: *mut Returned, form: Form) -> List {
        List { result, form, count: 0, room: SHORT, large: Vec::new() }
    }

    /// Appends a frame. Memory that is left in it is reused for the next one.
    #[inline]
    pub fn push(&mut self, frame: &mut Frame) {
        let size = frame.len();
        let items = (self.count + 1) * size_of::<abi::Value>();
        let kind = match is_text(frame) {
            true => abi::ZEROMQ_STRING,
            false => abi::ZEROMQ_BYTES,
        };
        let fits = size <= self.room && items <= self.room - size && self.large.is_empty();
        if !fits || (kind == abi::ZEROMQ_BYTES && self.form != Form::Bytes) {
            return self.push_large(frame);
        }
        self.room -= size;
        // SAFETY: `new` had a valid result, and both places are in its memory: the items end
        // before `room`, and the bytes begin there.
        unsafe {
            let memory = &raw mut (*self.result).memory;
            let data = memory.cast::<u8>().add(self.room);
            ptr::copy_nonoverlapping(frame.as_ptr(), data, size);
            let payload = Payload { bytes: abi::Bytes { data: data.cast_const().cast(), size } };
            memory.cast::<abi::Value>().add(self.count).write(plain(kind, payload));
        }
        self.count += 1;
    }

    /// Appends a frame to a list that does not fit into the memory.
    #[cold]
    fn push_large(&mut self, frame: &mut Frame) {
        for item in self.items() {
            // SAFETY: `push` stored bytes in each item.
            let bytes = unsafe {
                let abi::Bytes { data, size } = item.payload.bytes;
                std::slice::from_raw_parts(data.cast::<u8>(), size)
            };
            self.large.push(Frame::from(bytes).into());
        }
        self.count = 0;
        self.large.push(mem::take(frame).into());
    }

    /// Returns the items in the memory.
    fn items<'a>(&self) -> &'a [abi::Value] {
        // SAFETY: `push` has written this many, and nobody else writes to the memory.
        unsafe {
            let memory = &raw const (*self.result).memory;
            std::slice::from_raw_parts(memory.cast(), self.count)
        }
    }

    /// Stores the list in the result.
    #[inline]
    pub fn end(self) {
        let items = self.items();
        let items = Items { data: items.as_ptr(), count: items.len() };
        // SAFETY: `new` had a valid result.
        unsafe {
            if self.large.is_empty() {
                store(self.result, plain(abi::ZEROMQ_LIST, Payload { items }), false);
            } else {
                give(&mut Value::List(self.large), self.form, self.result);
            }
        }
    }
}
