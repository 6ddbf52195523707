//! Default options of sockets and properties of the context. A value set by the program
//! comes first, then the environment variables of czmq, then the default.
//!
//! The values are atomic, because another thread could hold a lock at the moment of a
//! fork.

use std::env;
use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use zmq_sys::additions::ZMQ_RETRY_REJECTED;

use crate::core::error::Error;
use crate::libzmq::{self, options, retried};

/// Stands for no value.
const UNSET: i32 = i32::MIN;

/// A value that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Its name as an option of sockets or contexts.
    pub name: &'static str,
    number: c_int,
    /// The environment variable that czmq reads.
    variable: &'static str,
    /// The smallest and the largest allowed value.
    pub range: (i32, i32),
    usual: i32,
    given: AtomicI32,
    environment: AtomicI32,
}

/// Default options of new sockets.
pub static SOCKETS: [Setting; 4] = [
    // The default of czmq is 0, that of libzmq is forever.
    setting("linger", 17, "ZSYS_LINGER", (-1, i32::MAX), 1000),
    setting("sndhwm", 23, "ZSYS_SNDHWM", (0, i32::MAX), UNSET),
    setting("rcvhwm", 24, "ZSYS_RCVHWM", (0, i32::MAX), UNSET),
    setting("ipv6", 42, "ZSYS_IPV6", (0, 1), UNSET),
];

/// Properties of the context.
///
/// The scheduling and affinity of its threads are not among them, because libzmq aborts
/// the process if the system does not permit a change.
pub static CONTEXT: [Setting; 4] = [
    setting("io_threads", 1, "ZSYS_IO_THREADS", (0, 64), UNSET),
    setting("max_sockets", MAX_SOCKETS, "ZSYS_MAX_SOCKETS", (1, 65535), 1023),
    setting("thread_name_prefix", 9, "ZSYS_THREAD_NAME_PREFIX", (0, i32::MAX), UNSET),
    setting("zero_copy_recv", 10, "ZSYS_ZERO_COPY_RECV", (0, 1), UNSET),
];

/// The properties of a context that can be read.
const READABLE: [(&str, c_int); 10] = [
    ("io_threads", 1),
    ("max_sockets", MAX_SOCKETS),
    ("socket_limit", 3),
    ("thread_sched_policy", 4),
    ("max_msgsz", 5),
    ("msg_t_size", 6),
    ("thread_name_prefix", 9),
    ("zero_copy_recv", 10),
    ("ipv6", 42),
    ("blocky", 70),
];

const MAX_SOCKETS: c_int = 2;

/// libzmq is told three sockets for each socket of a script, because its monitors need
/// two more, and one for the library itself.
const SOCKETS_EACH: i32 = 3;
const OWN_SOCKETS: i32 = 1;

const fn setting(
    name: &'static str,
    number: c_int,
    variable: &'static str,
    range: (i32, i32),
    usual: i32,
) -> Setting {
    let (given, environment) = (AtomicI32::new(UNSET), AtomicI32::new(UNSET));
    Setting { name, number, variable, range, usual, given, environment }
}

impl Setting {
    /// Returns true if the value is allowed.
    pub fn accepts(&self, value: i64) -> bool {
        i32::try_from(value).is_ok_and(|value| self.fits(value))
    }

    /// Sets the value if it is allowed.
    pub(super) fn give(&self, value: i64) {
        if let Ok(value) = i32::try_from(value)
            && self.fits(value)
        {
            self.given.store(value, Ordering::Relaxed);
        }
    }

    fn fits(&self, value: i32) -> bool {
        (self.range.0..=self.range.1).contains(&value)
    }

    fn value(&self) -> Option<i32> {
        [&self.given, &self.environment]
            .into_iter()
            .map(|value| value.load(Ordering::Relaxed))
            .chain([self.usual])
            .find(|value| *value != UNSET)
    }

    fn read_environment(&self) {
        if let Ok(Ok(value)) = env::var(self.variable).map(|value| value.trim().parse::<i32>())
            && self.fits(value)
        {
            self.environment.store(value, Ordering::Relaxed);
        }
    }
}

/// Sets default options of sockets that are opened later. Values out of range are
/// ignored.
pub fn set_defaults(values: &[(&'static Setting, i64)]) {
    values.iter().for_each(|(setting, value)| setting.give(*value));
}

/// Reads the environment on the first call only. Later, another thread could hold its
/// lock at the moment of a fork.
pub(super) fn read_environment() {
    static READ: AtomicBool = AtomicBool::new(false);
    if !READ.swap(true, Ordering::Relaxed) {
        SOCKETS.iter().chain(&CONTEXT).for_each(Setting::read_environment);
    }
}

/// Returns how many I/O threads the context will have.
pub(super) fn io_threads() -> usize {
    CONTEXT[0].value().map_or(1, |threads| usize::try_from(threads).unwrap_or(0))
}

/// Returns how many sockets the process may have at a time.
pub(super) fn max_sockets() -> usize {
    CONTEXT[1].value().map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0))
}

/// Applies the properties to a new context.
pub(super) fn make(context: &libzmq::Context) -> Result<(), Error> {
    for setting in &CONTEXT {
        if let Some(value) = setting.value() {
            let told = match setting.number {
                MAX_SOCKETS => value * SOCKETS_EACH + OWN_SOCKETS,
                _ => value,
            };
            let set = context.set(setting.number, told);
            set.map_err(|error| Error::from_zmq("zmq_ctx_set", error))?;
        }
    }
    Ok(())
}

/// Applies the default options to a new socket.
pub(in crate::core) fn begin(socket: &mut zmq::Socket) -> Result<(), Error> {
    for setting in &SOCKETS {
        if let Some(value) = setting.value() {
            retried(|| options::set(socket, setting.number, value))
                .map_err(|error| Error::from_zmq("zmq_setsockopt", error))?;
        }
    }
    // A libzmq without repairs does not have it.
    match retried(|| options::set(socket, ZMQ_RETRY_REJECTED, 1)) {
        Ok(()) | Err(zmq::Error::EINVAL) => Ok(()),
        Err(error) => Err(Error::from_zmq("zmq_setsockopt", error)),
    }
}

/// Returns the properties of a context, named as in `zmq_ctx_get(3)` in lower case.
pub(super) fn read(context: &libzmq::Context) -> Vec<(&'static str, i64)> {
    let read = |number| {
        let value = context.get(number);
        i64::from(match number {
            MAX_SOCKETS => (value - OWN_SOCKETS) / SOCKETS_EACH,
            _ => value,
        })
    };
    READABLE.iter().map(|(name, number)| (*name, read(*number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_takes_what_is_in_range() {
        let [linger, sndhwm, ..] = &SOCKETS;
        assert!(linger.accepts(-1) && linger.accepts(0) && !linger.accepts(-2));
        assert!(!sndhwm.accepts(-1) && !sndhwm.accepts(1 << 31) && sndhwm.accepts(0));
        let threads = setting("threads", 1, "", (0, 64), UNSET);
        assert_eq!(threads.value(), None);
        threads.give(65);
        assert_eq!(threads.value(), None);
        threads.environment.store(3, Ordering::Relaxed);
        assert_eq!(threads.value(), Some(3));
        threads.give(2);
        assert_eq!(threads.value(), Some(2));
    }

    #[test]
    fn a_context_is_read_as_it_was_made() {
        let context = libzmq::Context::new().unwrap();
        make(&context).unwrap();
        let values = read(&context);
        let value = |name| values.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!(value("io_threads"), 1);
        assert_eq!(value("max_sockets"), 1023);
        assert_eq!(value("msg_t_size"), 64);
        assert_eq!(value("thread_sched_policy"), -1);
        assert_eq!(value("blocky"), 1);
    }
}
