//! One call of a method: its receiver, its arguments, its host.

use std::sync::OnceLock;
use std::time::Duration;

use super::arguments::Arguments;
use super::host::Host;
use super::object::{Instance, Object};
use super::table::{Row, Target, operation};
use crate::core::wait::Interrupt;
use crate::core::{Error, Right, Wait};

/// Work that is done for a script while one of its calls waits.
pub(super) struct WhileWaiting {
    /// True if a call may have work to do.
    pub applies: fn(&Call) -> bool,
    /// Does the pending work.
    pub act: fn(&Call) -> Result<(), Error>,
}

static WHILE_WAITING: OnceLock<WhileWaiting> = OnceLock::new();

/// Registers this work for calls that wait. There is only one such: an authenticator that
/// lets the script decide.
pub(super) fn while_waiting(waiting: WhileWaiting) {
    WHILE_WAITING.get_or_init(|| waiting);
}

/// True if work may be done for scripts while calls wait. All calls then take the path that
/// does it.
#[inline]
pub(super) fn decided() -> bool {
    WHILE_WAITING.get().is_some()
}

/// One call.
pub struct Call<'a> {
    pub(super) row: &'static Row,
    pub(super) receiver: Option<&'a Object>,
    pub(super) arguments: &'a Arguments<'a>,
    pub(super) host: &'a dyn Host,
}

impl<'a> Call<'a> {
    /// Returns the method's name for users, with the class of the receiver:
    /// "ZMQReply.bind".
    pub(super) fn operation(&self) -> String {
        operation(self.receiver.map_or(self.row.class, Object::class), self.row)
    }

    /// Checks the receiver and the arguments against the table.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.check_receiver()?;
        self.check_positional()?;
        self.arguments.named.iter().try_for_each(|(name, value)| self.check_named(name, value))
    }

    fn check_receiver(&self) -> Result<(), Error> {
        match (self.row.target, self.receiver) {
            (Target::Instance, Some(object)) if object.class().is(self.row.class) => Ok(()),
            (Target::Instance, receiver) => Err(Error::Argument {
                place: "receiver".to_owned(),
                expected: format!("a {}", self.row.class.name).into(),
                got: receiver.map_or_else(
                    // Of an instance of a script's own class, say.
                    || "nothing; the init of a child has to call super.init".to_owned(),
                    |object| object.to_string(),
                ),
            }),
            (Target::Constructor | Target::Class, _) => Ok(()),
        }
    }

    /// Returns the receiver of the method.
    pub(super) fn receiver<T: Instance>(&self) -> Result<&'a T, Error> {
        // The receiver was checked, and the rows of a class know what its instances are.
        match self.receiver.and_then(Object::get) {
            Some(receiver) => Ok(receiver),
            None => Err(Error::Closed),
        }
    }

    /// Checks that the script may do something that concerns more than its own objects.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub(super) fn permitted(&self, right: Right) -> Result<(), Error> {
        self.host.policy().check_right(right)
    }

    /// Returns the positional argument that names a file to read.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is no text, [`Error::Policy`].
    pub(super) fn file_to_read(&self, index: usize) -> Result<&'a str, Error> {
        let name = self.text(index)?;
        self.host.policy().check_read(name).map(|()| name)
    }

    /// Returns the positional argument that names a file to write.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is no text, [`Error::Policy`].
    pub(super) fn file_to_write(&self, index: usize) -> Result<&'a str, Error> {
        let name = self.text(index)?;
        self.host.policy().check_write(name).map(|()| name)
    }

    /// Returns the timeout of the call: `timeout=`, or that of the socket. A script that
    /// decides about clients does so before and during the wait; meanwhile, no lock that a
    /// garbage collector needs may be held.
    pub(super) fn wait(&self) -> Result<Wait<'_>, Error> {
        let wait = match self.arguments.named {
            [] => Wait::usual(),
            _ => self.milliseconds("timeout")?.map_or_else(Wait::usual, Wait::new),
        };
        if let Some(waiting) = WHILE_WAITING.get()
            && (waiting.applies)(self)
        {
            (waiting.act)(self)?;
            return Ok(wait.until(Some(self)));
        }
        Ok(wait.until(self.host.interrupt()))
    }
}

impl Interrupt for Call<'_> {
    fn interrupted(&self) -> bool {
        self.host.interrupt().is_some_and(Interrupt::interrupted)
    }

    fn check(&self) -> Result<(), Error> {
        if self.interrupted() {
            return Err(Error::Interrupted);
        }
        WHILE_WAITING.get().map_or(Ok(()), |waiting| (waiting.act)(self))
    }

    /// Returns how long a client waits for the next check.
    fn pause(&self) -> Duration {
        Duration::from_millis(20)
    }
}
