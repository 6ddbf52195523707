//! Instances of the library's classes, as values of scripts.

use std::any::Any;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use super::table::Class;
use super::value::Handle;
use crate::core::Frame;

/// An instance of one of the classes of the table. A copy is the same instance.
#[derive(Clone, Debug)]
pub struct Object(Arc<Body<dyn Instance>>);

/// An instance with its class, which every call asks for.
#[derive(Debug)]
struct Body<T: ?Sized> {
    class: &'static Class,
    instance: T,
}

/// What an instance is. What a host prints for it is its Display: `<ZMQSocket: REQ>`.
pub(super) trait Instance: Any + Debug + Display + Send + Sync {
    /// Its class.
    fn class(&self) -> &'static Class;

    /// How much memory its bytes take, if they are what it is made of.
    fn bytes(&self) -> Option<usize> {
        None
    }

    /// Whether `other`, which is another instance, means the same.
    fn equals(&self, other: &Object) -> bool {
        let _ = other;
        false
    }

    /// A number that instances that mean the same have in common; without one only
    /// the same instance means the same.
    fn hash(&self) -> Option<u64> {
        None
    }

    /// Tells `visit` of each value of the script that it keeps. A collector may ask
    /// at any allocation of the host, in the middle of a call too: no lock that is
    /// needed here may be held while the host is called.
    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        let _ = visit;
    }
}

impl Object {
    /// Tells `visit` of each value of the script that it keeps.
    pub fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        self.0.instance.kept(visit);
    }

    pub(super) fn new(instance: impl Instance) -> Object {
        Object(Arc::new(Body { class: instance.class(), instance }))
    }

    /// Its class.
    pub fn class(&self) -> &'static Class {
        self.0.class
    }

    /// Whether both are the same instance, or frames with the same bytes.
    pub fn equals(&self, other: &Object) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.instance.equals(other)
    }

    /// A number that instances that are equal have in common; without one only the
    /// same instance is equal.
    pub fn hash(&self) -> Option<u64> {
        self.0.instance.hash()
    }

    /// How much memory its bytes take, if they are what it is made of.
    pub fn bytes(&self) -> Option<usize> {
        self.0.instance.bytes()
    }

    /// Its bytes, if it is a frame.
    pub fn frame(&self) -> Option<&[u8]> {
        self.get::<Frame>().map(|frame| &**frame)
    }

    /// What it is, if it is a T.
    pub(super) fn get<T: Instance>(&self) -> Option<&T> {
        let instance: &dyn Any = &self.0.instance;
        instance.downcast_ref()
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0.instance, f)
    }
}
