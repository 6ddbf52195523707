//! A recognized Morpho: its functions, and the numbers of its kinds of objects.

use std::ptr;
use std::sync::OnceLock;

use super::abi::{Bits, Boxed063, Boxed064, Header, Tagged};
use super::matrix::Matrices;
use super::symbols::Api;
use crate::binding::quick::Quick;
use crate::binding::{CLASSES, Class, Row};
use crate::core::Policy;

/// The Morpho of this process, with values in the layout V.
pub(super) struct Morpho<V: Bits> {
    pub api: Api<V>,
    pub kinds: Kinds,
    /// The values by which scripts refer to the library's classes.
    pub classes: Vec<(V, &'static Class)>,
    /// The name of the field in which instances of Morpho classes keep our object.
    pub field: V,
    /// Its matrices and arrays, if it has them.
    pub matrices: Option<Matrices>,
    /// What scripts may do.
    pub policy: Policy,
    /// The rows of the methods that have a short path, in the order of [`Quick::ALL`].
    pub quick: [Option<&'static Row>; Quick::ALL.len()],
}

// SAFETY: its pointers lead to variables of Morpho that are set before an extension is
// loaded and never changed afterwards.
unsafe impl<V: Bits> Send for Morpho<V> {}
// SAFETY: as above.
unsafe impl<V: Bits> Sync for Morpho<V> {}

/// A layout of values, with the place where its Morpho is kept.
pub(super) trait Hosted: Bits {
    fn place() -> &'static OnceLock<Morpho<Self>>;
}

macro_rules! hosted {
    ($($layout:ident)*) => {
        $(impl Hosted for $layout {
            fn place() -> &'static OnceLock<Morpho<Self>> {
                static PLACE: OnceLock<Morpho<$layout>> = OnceLock::new();
                &PLACE
            }
        })*
    };
}

hosted! { Boxed063 Boxed064 Tagged }

/// The numbers that this Morpho has assigned to kinds of objects.
pub(super) struct Kinds {
    pub string: i32,
    pub list: i32,
    pub tuple: i32,
    pub dictionary: i32,
    /// For each class of the table; `None` for classes without instances.
    own: Vec<Option<i32>>,
    /// The same as a bit set; Morpho has at most 64 kinds.
    own_set: u64,
}

impl Kinds {
    /// # Safety
    /// The functions are those of the Morpho in this process.
    pub unsafe fn new<V: Bits>(api: &Api<V>, own: Vec<Option<i32>>) -> Kinds {
        // SAFETY: the object is new and was never bound, so it is freed here.
        let kind = |header: *mut Header| unsafe {
            let kind = (*header).kind;
            (api.morpho_freeobject)(V::object(header));
            kind
        };
        let own_set = own.iter().flatten().fold(0, |set, kind| set | bit(*kind));
        // SAFETY: guaranteed by the caller.
        unsafe {
            Kinds {
                string: kind((api.object_stringwithsize)(1).cast()),
                list: kind((api.object_newlist)(0, ptr::null())),
                tuple: kind((api.object_newtuple)(0, ptr::null())),
                dictionary: kind((api.object_newdictionary)()),
                own,
                own_set,
            }
        }
    }

    /// Returns true if objects of a kind are instances of the library's classes.
    pub fn is_own(&self, kind: i32) -> bool {
        self.own_set & bit(kind) != 0
    }

    pub fn of(&self, class: &Class) -> Option<i32> {
        let index = CLASSES.iter().position(|known| ptr::eq(*known, class))?;
        self.own.get(index).copied().flatten()
    }
}

fn bit(kind: i32) -> u64 {
    u32::try_from(kind).ok().and_then(|kind| 1u64.checked_shl(kind)).unwrap_or(0)
}
