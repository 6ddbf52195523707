//! When a command ends early: Ctrl-C and SIGTERM ask for it, and so does whoever reads the
//! output and closes it. The second signal ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use zeromq::core::wait::{self, Interrupt};
use zeromq::core::{Error, Wait};

/// What has asked the command to end. Waiting calls are told through a [`Wait`].
pub struct Ending {
    signal: Arc<AtomicUsize>,
    output: AtomicBool,
}

impl Ending {
    /// Catches the signals from now on.
    pub fn watch() -> io::Result<Ending> {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [SIGINT, SIGTERM] {
            let again = Arc::new(AtomicBool::new(false));
            // In this order, so that only the second signal finds it set.
            flag::register_conditional_default(number, again.clone())?;
            flag::register(number, again)?;
            flag::register_usize(number, signal.clone(), number.unsigned_abs() as usize)?;
        }
        Ok(Ending { signal, output: AtomicBool::new(false) })
    }

    /// Also ends the command when its output was closed.
    pub fn watch_output(&self) {
        self.output.store(true, Ordering::Relaxed);
    }

    /// Returns the number of the signal that came last, if any.
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.signal.load(Ordering::Relaxed)).ok().filter(|number| *number != 0)
    }

    /// Returns true once a signal came.
    pub fn is_asked(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// Returns a wait that ends when the command should. Without a timeout, the options
    /// rcvtimeo and sndtimeo apply.
    pub fn wait(&self, timeout: Option<Duration>) -> Wait<'_> {
        timeout.map_or(Wait::usual(), |timeout| Wait::new(Some(timeout))).until(Some(self))
    }

    /// Sleeps until a moment.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the command should end.
    pub fn sleep_until(&self, moment: Instant) -> Result<(), Error> {
        let left = moment.saturating_duration_since(Instant::now());
        wait::sleep(&Wait::new(Some(left)).until(Some(self)))
    }
}

impl Interrupt for Ending {
    fn interrupted(&self) -> bool {
        self.is_asked() || (self.output.load(Ordering::Relaxed) && is_output_closed())
    }
}

/// Returns true if nobody reads the standard output anymore. It may be a pipe into which
/// nothing is written for a long time.
#[cfg(unix)]
fn is_output_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let output = io::stdout();
    let mut fds = [PollFd::new(&output, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|count| count > 0)
        && fds[0].revents().contains(PollFlags::ERR)
}

#[cfg(not(unix))]
fn is_output_closed() -> bool {
    false
}
