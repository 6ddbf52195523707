//! Lists of received frames, built of Morpho's own objects.

use std::mem;

use super::abi::{Bits, Vm};
use super::convert::no_memory;
use super::host::Morpho;
use crate::binding;
use crate::core::{Error, Frame};
use crate::ffi::host_error;

/// A list that is being built of objects that are not bound yet.
pub(super) struct List<'a, V: Bits> {
    morpho: &'a Morpho<V>,
    /// Its items, which are all new objects.
    items: Vec<V>,
    /// The items of the list in it that is open.
    inner: Option<Vec<V>>,
    /// The items of lists that were closed.
    within: Vec<V>,
    /// True if an object could not be made.
    lacks: bool,
}

impl<'a, V: Bits> List<'a, V> {
    pub fn new(morpho: &'a Morpho<V>) -> List<'a, V> {
        const MANY: usize = 64;
        let items = Vec::with_capacity(MANY);
        List { morpho, items, inner: None, within: Vec::new(), lacks: false }
    }

    /// Makes the list and binds all objects in one call, because each call may collect
    /// objects that it does not know.
    ///
    /// # Safety
    /// `vm` is the calling virtual machine.
    pub unsafe fn bind(mut self, vm: *mut Vm) -> Result<V, Error> {
        // SAFETY: new objects are bound at once.
        let list = unsafe { self.morpho.make_list(&self.items) };
        self.items.extend(list);
        self.items.append(&mut self.within);
        let count =
            i32::try_from(self.items.len()).map_err(|_| host_error("the result is too large"))?;
        // SAFETY: the objects are new, and `vm` is guaranteed by the caller.
        unsafe { (self.morpho.api.morpho_bindobjects)(vm, count, self.items.as_mut_ptr()) };
        list.filter(|_| !self.lacks).ok_or_else(no_memory)
    }
}

impl<V: Bits> binding::List for List<'_, V> {
    fn push(&mut self, frame: &mut Frame) {
        // SAFETY: `bind` binds the object.
        match unsafe { self.morpho.make_received(frame) } {
            Some(item) => self.inner.as_mut().unwrap_or(&mut self.items).push(item),
            None => self.lacks = true,
        }
    }

    fn open(&mut self) {
        self.inner = Some(Vec::new());
    }

    fn close(&mut self) {
        let mut inner = mem::take(&mut self.inner).unwrap_or_default();
        // SAFETY: `bind` binds the list.
        let list = unsafe { self.morpho.make_list(&inner) };
        self.within.append(&mut inner);
        self.lacks |= list.is_none();
        self.items.extend(list);
    }
}
