//! Lists of received frames, which a host can build in its own memory.

use super::value::Value;
use crate::core::{Error, Frame};

/// A List that is being built.
pub trait List {
    /// Adds a received frame: text if it is UTF-8, otherwise a ZMQFrame. Memory that is left
    /// in the frame is reused for the next one.
    fn push(&mut self, frame: &mut Frame);

    /// Adds a List, which gets the following frames.
    fn open(&mut self);

    /// Ends the List that was opened last. Lists are one deep.
    fn close(&mut self);
}

/// Adds all items of a List, in one pass.
pub type Fill<'a> = &'a mut dyn FnMut(&mut dyn List) -> Result<(), Error>;

/// A List of values of the binding, for hosts that convert them afterwards.
#[derive(Default)]
struct Values {
    outer: Vec<Value>,
    inner: Option<Vec<Value>>,
}

impl List for Values {
    fn push(&mut self, frame: &mut Frame) {
        self.inner.as_mut().unwrap_or(&mut self.outer).push(Value::of(frame));
    }

    fn open(&mut self) {
        self.inner = Some(Vec::new());
    }

    fn close(&mut self) {
        let inner = self.inner.take().unwrap_or_default();
        self.outer.push(Value::List(inner));
    }
}

/// Returns the List that `fill` fills, as a value of the binding.
///
/// # Errors
/// The errors of `fill`.
pub(super) fn values(fill: Fill) -> Result<Value, Error> {
    let mut list = Values::default();
    fill(&mut list)?;
    Ok(Value::List(list.outer))
}
