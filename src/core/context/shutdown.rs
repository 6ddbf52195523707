//! The shutdown of the context, within a bounded time.

use std::mem;
use std::sync::{Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::hooks::hooks;
use super::{Flushed, generation, lock};
use crate::core::wait::{self, Wait};
use crate::libzmq;

/// The maximum time that the shutdown takes beyond the linger of the sockets.
const GRACE: Duration = Duration::from_millis(250);

/// Closes every socket and ends the context. Returns when everything is sent, at the
/// latest when the linger of every socket has expired; a socket with infinite linger is
/// waited for. Calls that wait on other threads return
/// [`Error::Terminated`](crate::core::Error::Terminated). A socket that is opened later
/// makes a new context.
///
/// Returns false if the context has not ended because another thread holds a socket and
/// does not release it.
pub fn shutdown() -> bool {
    shutdown_within(None)
}

/// Does the same, but gives up when `wait` expires or is interrupted. The sockets are
/// closed anyway, and the context ends when they are done.
pub fn shutdown_within(wait: Option<&Wait>) -> bool {
    wait::end();
    let Some(shared) = lock().take() else {
        return true;
    };
    if shared.generation != generation() {
        mem::forget(shared);
        return true;
    }
    let mut flushed = shared.flushed;
    for ending in shared.ending.iter().filter_map(Weak::upgrade) {
        flushed = match (flushed, ending.end()) {
            (Flushed::At(one), Some(linger)) => Flushed::At(one.max(Instant::now() + linger)),
            _ => Flushed::Never,
        };
    }
    for name in &shared.awaited {
        // A name that was bound in the meantime is not awaited.
        let _ = shared.last.bind(name);
    }
    drop(shared.last);
    let ended = end(shared.context, flushed, wait);
    if let Some(hooks) = hooks() {
        (hooks.end)();
    }
    ended
}

/// Calls `zmq_ctx_term(3)`, and gives up some time after `flushed`.
fn end(context: libzmq::Context, flushed: Flushed, wait: Option<&Wait>) -> bool {
    let (ended, end) = mpsc::channel();
    let term = move || {
        context.end();
        // On timeout nobody is listening anymore.
        let _ = ended.send(());
    };
    let Ok(thread) = thread::Builder::new().name("zeromq-end".to_owned()).spawn(term) else {
        return false;
    };
    let in_time = match (wait, flushed) {
        (Some(wait), _) => received(&end, wait),
        (None, Flushed::Never) => end.recv().is_ok(),
        (None, Flushed::At(time)) => {
            let left = time.saturating_duration_since(Instant::now());
            end.recv_timeout(left + GRACE).is_ok()
        }
    };
    // The last steps of the thread run code of the library, which may be unmapped soon.
    in_time && thread.join().is_ok()
}

/// Returns true if the end was reported before `wait` expired.
fn received(end: &mpsc::Receiver<()>, wait: &Wait) -> bool {
    let clock = wait.begin();
    loop {
        let slice = match clock.slice() {
            Ok(-1) => return end.recv().is_ok(),
            Ok(slice) => Duration::from_millis(slice.unsigned_abs()),
            Err(_) => return end.try_recv().is_ok(),
        };
        match end.recv_timeout(slice) {
            Ok(()) => return true,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
}
