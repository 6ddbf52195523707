//! Objects as hosts hold them: numbers that are never reused, so stale and invalid ones
//! are detected.

use std::ops::Deref;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use sharded_slab::{Entry, Slab};

use super::abi;
use crate::binding::Object;
use crate::core::Error;

static OBJECTS: LazyLock<Slab<Given>> = LazyLock::new(Slab::new);

/// An object that the host holds, or that the library keeps for it.
struct Given {
    object: Object,
    /// The number of times that it still has to be freed.
    times: AtomicUsize,
}

/// An object in use; it remains valid even if it is freed in the meantime.
pub(super) struct InUse(Entry<'static, Given>);

impl Deref for InUse {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0.object
    }
}

/// Returns the number of a new object for the host, or 0, which no call accepts, if
/// there are too many.
pub(super) fn give(object: Object) -> abi::Object {
    // The first key of the slab is 0.
    let given = Given { object, times: AtomicUsize::new(1) };
    OBJECTS.insert(given).map_or(0, |key| key as abi::Object + 1)
}

/// Counts one more reference of the host to an object. Returns false if it was freed.
pub(super) fn share(object: abi::Object) -> bool {
    let Some(given) = key(object).and_then(|key| OBJECTS.get(key)) else {
        return false;
    };
    let once_more = |times: usize| if times == 0 { None } else { times.checked_add(1) };
    given.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once_more).is_ok()
}

/// Looks up the object of a number.
pub(super) fn get(object: abi::Object) -> Result<InUse, Error> {
    key(object).and_then(|key| OBJECTS.get(key)).map(InUse).ok_or(Error::Closed)
}

/// Drops one reference of the host to an object.
pub(super) fn free(object: abi::Object) {
    let Some(key) = key(object) else {
        return;
    };
    let once_less = |times: usize| times.checked_sub(1);
    let last = OBJECTS.get(key).is_some_and(|given| {
        given.times.fetch_update(Ordering::AcqRel, Ordering::Relaxed, once_less) == Ok(1)
    });
    if last {
        OBJECTS.remove(key);
    }
}

fn key(object: abi::Object) -> Option<usize> {
    usize::try_from(object.checked_sub(1)?).ok()
}
