//! Objects as hosts hold them: numbers that are not used again, so that a stale
//! or an invented one is found out.

use std::ops::Deref;
use std::sync::LazyLock;

use sharded_slab::{Entry, Slab};

use super::abi;
use crate::binding::Object;
use crate::core::Error;

static OBJECTS: LazyLock<Slab<Object>> = LazyLock::new(Slab::new);

/// An object that stays in place while it is in use, whoever frees it.
pub(super) struct Held(Entry<'static, Object>);

impl Deref for Held {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0
    }
}

/// Gives an object to the host. 0, which no call takes, if there are too many.
pub(super) fn give(object: Object) -> abi::Object {
    // The first key of the slab is 0.
    OBJECTS.insert(object).map_or(0, |key| key as abi::Object + 1)
}

/// The object that a host means.
pub(super) fn get(object: abi::Object) -> Result<Held, Error> {
    key(object).and_then(|key| OBJECTS.get(key)).map(Held).ok_or(Error::Closed)
}

/// Takes an object back from the host.
pub(super) fn free(object: abi::Object) {
    if let Some(key) = key(object) {
        OBJECTS.remove(key);
    }
}

fn key(object: abi::Object) -> Option<usize> {
    usize::try_from(object.checked_sub(1)?).ok()
}
