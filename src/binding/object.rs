//! Instances of the library's classes, as script values.

use std::any::Any;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use super::table::Class;
use super::value::Handle;
use crate::core::Frame;

/// An instance of one of the classes in the table. A copy is the same instance.
#[derive(Clone, Debug)]
pub struct Object(Arc<Body<dyn Instance>>);

/// An instance with its class, which every call needs.
#[derive(Debug)]
struct Body<T: ?Sized> {
    class: &'static Class,
    instance: T,
}

/// The content of an instance. Its Display is what a host prints: `<ZMQSocket: REQ>`.
pub(super) trait Instance: Any + Debug + Display + Send + Sync {
    /// Returns its class.
    fn class(&self) -> &'static Class;

    /// Returns the size of its bytes in memory, if it consists of bytes.
    fn bytes(&self) -> Option<usize> {
        None
    }

    /// Returns true if `other`, another instance, is equal.
    fn equals(&self, other: &Object) -> bool {
        let _ = other;
        false
    }

    /// Returns a hash, which is the same for equal instances; `None` if only the same
    /// instance is equal.
    fn hash(&self) -> Option<u64> {
        None
    }

    /// Calls `visit` with each script value that it keeps. A garbage collector may call
    /// this at any allocation of the host, even during a call: a lock that is needed here
    /// must not be held while the host is called.
    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        let _ = visit;
    }
}

impl Object {
    /// Calls `visit` with each script value that it keeps.
    pub fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        self.0.instance.kept(visit);
    }

    pub(super) fn new(instance: impl Instance) -> Object {
        Object(Arc::new(Body { class: instance.class(), instance }))
    }

    /// Returns its class.
    pub fn class(&self) -> &'static Class {
        self.0.class
    }

    /// Returns true if both are the same instance, or frames with the same bytes.
    pub fn equals(&self, other: &Object) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.instance.equals(other)
    }

    /// Returns a hash, which is the same for equal instances; `None` if only the same
    /// instance is equal.
    pub fn hash(&self) -> Option<u64> {
        self.0.instance.hash()
    }

    /// Returns the size of its bytes in memory, if it consists of bytes.
    pub fn bytes(&self) -> Option<usize> {
        self.0.instance.bytes()
    }

    /// Returns its bytes, if it is a frame.
    pub fn frame(&self) -> Option<&[u8]> {
        self.get::<Frame>().map(|frame| &**frame)
    }

    /// Returns its content, if that is a T.
    pub(super) fn get<T: Instance>(&self) -> Option<&T> {
        let instance: &dyn Any = &self.0.instance;
        instance.downcast_ref()
    }
}

impl From<Frame> for Object {
    /// Makes a ZMQFrame, whose bytes can be sent without copying them.
    fn from(mut frame: Frame) -> Object {
        frame.make_shareable();
        Object::new(frame)
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0.instance, f)
    }
}
