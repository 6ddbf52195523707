//! Loops, which call functions when sockets are ready and when timers expire.

use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::error::Error;
use super::policy::Policy;
use super::poller::{Poller, Ready, Source};
use super::timers::Timers;
use super::wait::{self, Wait};
use crate::core::locked::locked;

/// A loop. `F` is a function with what it is called with.
#[derive(Debug)]
pub struct EventLoop<F> {
    poller: Poller<Handlers<F>>,
    state: Mutex<State<F>>,
}

#[derive(Debug)]
struct State<F> {
    timers: Timers<F>,
    running: bool,
    stopping: bool,
    /// True if something was added or removed since the turn began.
    changed: bool,
    /// The function being called, which may have been canceled.
    current: Option<F>,
}

/// The functions for a source.
#[derive(Clone, Debug)]
struct Handlers<F> {
    source: Source,
    reader: Option<F>,
    writer: Option<F>,
}

/// Whoever runs a loop.
pub trait Runner<F> {
    /// Calls a function. Returns false if it ends the loop.
    ///
    /// # Errors
    /// Any error ends the loop.
    fn call(&mut self, function: &F) -> Result<bool, Error>;

    /// Returns true if nobody can use the source of this function any more, so that it is to
    /// be removed.
    fn is_gone(&self, _function: &F) -> bool {
        false
    }
}

impl<F: Clone> EventLoop<F> {
    /// Makes a loop without functions, whose poller is subject to a policy.
    pub fn under(policy: &Policy) -> EventLoop<F> {
        let timers = Timers::default();
        let state =
            State { timers, running: false, stopping: false, changed: false, current: None };
        EventLoop { poller: Poller::under(policy), state: Mutex::new(state) }
    }

    /// Locks the state, which is never done while functions are called or dropped.
    fn state(&self) -> MutexGuard<'_, State<F>> {
        locked(&self.state)
    }

    /// Calls a function whenever a source is ready for one of these events. It replaces the
    /// previous functions for them.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the socket type cannot receive or send as requested.
    pub fn handle(&self, source: Source, events: Ready, function: F) -> Result<(), Error> {
        let (known, handlers) = self.poller.find(&source).unzip();
        let mut handlers =
            handlers.unwrap_or(Handlers { source: source.clone(), reader: None, writer: None });
        let mut all = known.unwrap_or(events);
        if events.input {
            handlers.reader = Some(function.clone());
            all.input = true;
        }
        if events.output {
            handlers.writer = Some(function);
            all.output = true;
        }
        self.poller.add(source, all, handlers)?;
        self.state().changed = true;
        Ok(())
    }

    /// Calls a function after `every` and then repeatedly at that interval, `times` times or
    /// forever. Turns that are missed are skipped. Returns the number of the timer; the first
    /// one is number 1.
    pub fn timer(&self, every: Duration, times: Option<u64>, function: F) -> i64 {
        let mut state = self.state();
        state.changed = true;
        state.timers.add(every, times, function)
    }

    /// Removes a timer. Returns false if there is none with this number.
    pub fn cancel_timer(&self, id: i64) -> bool {
        let canceled = self.state().timers.cancel(id);
        canceled.is_some()
    }

    /// Removes the functions of a source. Returns false if there were none.
    pub fn cancel(&self, source: &Source) -> bool {
        let removed = self.poller.remove(source);
        self.state().changed |= removed;
        removed
    }

    /// Ends the loop after the function that is being called.
    pub fn stop(&self) {
        self.state().stopping = true;
    }

    /// Returns true if a loop that waits should look what there is to do: it was told to stop,
    /// or something was added or removed, by another thread. Whoever runs the loop can interrupt
    /// the wait then.
    pub fn is_outdated(&self) -> bool {
        let state = self.state();
        state.stopping || state.changed
    }

    fn is_stopping(&self) -> bool {
        self.state().stopping
    }

    /// Calls `visit` with each function.
    pub fn visit(&self, visit: &mut dyn FnMut(&F)) {
        self.poller.visit(|handlers| {
            handlers.reader.iter().chain(&handlers.writer).for_each(&mut *visit);
        });
        let state = self.state();
        state.timers.iter().chain(&state.current).for_each(visit);
    }

    /// Runs until a function ends the loop, until [`stop`](EventLoop::stop), or until neither
    /// timers nor open sockets are left. Timers come before sources.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Argument`] if the loop is running already, the
    /// errors of functions, [`Error::Busy`] if a socket is in another call,
    /// [`Error::Interrupted`], [`Error::Terminated`].
    pub fn run(&self, wait: &Wait, runner: &mut dyn Runner<F>) -> Result<(), Error> {
        {
            let mut state = self.state();
            if state.running {
                return Err(Error::Argument {
                    place: "the loop".to_owned(),
                    expected: "one that is not running".into(),
                    got: "one that is".to_owned(),
                });
            }
            state.running = true;
            state.stopping = false;
        }
        let result = self.turn(wait, runner);
        self.state().running = false;
        result
    }

    fn turn(&self, wait: &Wait, runner: &mut dyn Runner<F>) -> Result<(), Error> {
        let clock = wait.begin();
        self.poller.remove_closed();
        loop {
            if self.is_stopping() {
                return Ok(());
            }
            self.state().changed = false;
            match clock.check() {
                Err(Error::Interrupted) if self.explains(runner) => continue,
                checked => checked?,
            }
            if !self.run_timers(runner)? {
                return Ok(());
            }
            // Nothing will ever come from these.
            self.poller.remove_skipped();
            let sources = self.poller.count();
            let next = self.state().timers.next();
            if sources == 0 && next.is_none() {
                return Ok(());
            }
            let wait = clock.rest_until(next)?;
            let goes_on = match sources {
                0 => self.rest(wait::sleep(&wait).map(|()| Vec::new()), runner)?,
                _ => self.rest(self.poller.wait_all(&wait), runner)?,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Returns true if there is a reason in the loop itself to interrupt a wait: it is outdated,
    /// or there are sources that nobody can use any more, which are removed.
    fn explains(&self, runner: &dyn Runner<F>) -> bool {
        let mut gone = Vec::new();
        self.poller.visit(|handlers| {
            if handlers.reader.iter().chain(&handlers.writer).any(|known| runner.is_gone(known)) {
                gone.push(handlers.source.clone());
            }
        });
        gone.iter().fold(self.is_outdated(), |before, source| self.cancel(source) || before)
    }

    /// Runs the timers that are due. Returns true if the loop continues.
    fn run_timers(&self, runner: &mut dyn Runner<F>) -> Result<bool, Error> {
        let now = Instant::now();
        let due = self.state().timers.due(now);
        for id in due {
            // It may have been its last turn, so it is kept until it has returned.
            let function = self.state().timers.fire(id, now);
            if let Some(function) = function
                && !self.call(&function, runner)?
            {
                return Ok(false);
            }
        }
        Ok(!self.is_stopping())
    }

    /// Calls the functions of the sources that are ready. Returns true if the loop continues.
    fn rest(
        &self,
        ready: Result<Vec<(Handlers<F>, Ready)>, Error>,
        runner: &mut dyn Runner<F>,
    ) -> Result<bool, Error> {
        let ready = match ready {
            Ok(ready) => ready,
            // The next timer is due, or a socket was closed by another thread meanwhile.
            Err(Error::Again | Error::Closed) => return Ok(true),
            Err(Error::Interrupted) if self.explains(runner) => return Ok(true),
            Err(error) => return Err(error),
        };
        for (handlers, ready) in ready {
            // What has failed is noticed by whoever reads it.
            let reads = ready.input || ready.error && handlers.reader.is_some();
            let writes = ready.output || ready.error && handlers.reader.is_none();
            for (_, reads) in [(reads, true), (writes, false)].into_iter().filter(|(is, _)| *is) {
                // A function before may have canceled it, or closed the socket.
                let known = self.poller.find(&handlers.source).map(|(_, handlers)| handlers);
                let Some(Handlers { source, reader, writer }) = known else {
                    continue;
                };
                let function = if reads { reader } else { writer };
                if let Some(function) = function
                    && !source.is_closed()
                    && !self.call(&function, runner)?
                {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Calls a function. Returns true if the loop continues.
    fn call(&self, function: &F, runner: &mut dyn Runner<F>) -> Result<bool, Error> {
        if runner.is_gone(function) {
            return Ok(true);
        }
        drop(self.set_current(Some(function.clone())));
        let result = runner.call(function);
        // The function may have been the last to use its source.
        drop(self.set_current(None));
        Ok(result? && !self.is_stopping())
    }

    /// Returns the previous one, to be dropped without a lock.
    fn set_current(&self, function: Option<F>) -> Option<F> {
        mem::replace(&mut self.state().current, function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Socket, SocketType};
    use std::cell::Cell;
    use std::sync::Arc;
    use std::thread;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    /// Calls functions that are names, and notes them.
    #[derive(Default)]
    struct Notes(Vec<&'static str>, &'static str);

    impl Runner<&'static str> for Notes {
        fn call(&mut self, function: &&'static str) -> Result<bool, Error> {
            self.0.push(function);
            Ok(*function != "last")
        }

        fn is_gone(&self, function: &&'static str) -> bool {
            *function == self.1
        }
    }

    fn pull(name: &str) -> (Arc<Socket>, Arc<Socket>) {
        let open = |kind| Socket::attached(kind, &format!("inproc://loop-{name}")).unwrap();
        (open(SocketType::Pull), open(SocketType::Push))
    }

    #[test]
    fn timers_come_before_sources_and_a_function_ends_it() {
        let looped = EventLoop::under(&Policy::OPEN);
        let (pull, push) = pull("order");
        push.send(&["x"], &SOON).unwrap();
        looped.handle(Source::Socket(pull), Ready::IN, "last").unwrap();
        assert_eq!(looped.timer(Duration::ZERO, Some(1), "timer"), 1);
        let mut notes = Notes::default();
        looped.run(&SOON, &mut notes).unwrap();
        assert_eq!(notes.0, ["timer", "last"]);
    }

    #[test]
    fn it_ends_without_anything_to_do_and_on_timeout() {
        let looped = EventLoop::under(&Policy::OPEN);
        let mut notes = Notes::default();
        looped.run(&Wait::new(None), &mut notes).unwrap();
        let (pull, _push) = pull("end");
        let source = Source::Socket(pull.clone());
        looped.handle(source.clone(), Ready::IN, "reader").unwrap();
        let brief = Wait::new(Some(Duration::from_millis(20)));
        assert!(matches!(looped.run(&brief, &mut notes), Err(Error::Again)));
        assert!(matches!(
            looped.handle(source.clone(), Ready::OUT, "writer"),
            Err(Error::Unsupported { .. })
        ));
        assert!(looped.cancel(&source) && !looped.cancel(&source));
        let id = looped.timer(Duration::ZERO, None, "timer");
        assert!(looped.cancel_timer(id) && !looped.cancel_timer(id));
        looped.handle(source, Ready::IN, "reader").unwrap();
        pull.close(None).unwrap();
        looped.run(&Wait::new(None), &mut notes).unwrap();
        assert!(notes.0.is_empty());
    }

    #[test]
    fn another_thread_stops_it_and_what_is_gone_is_removed() {
        let looped = EventLoop::under(&Policy::OPEN);
        let (pull, push) = pull("gone");
        push.send(&["x"], &SOON).unwrap();
        looped.handle(Source::Socket(pull), Ready::IN, "gone").unwrap();
        let mut notes = Notes(Vec::new(), "gone");
        let asked = Cell::new(0);
        let gone = || asked.replace(asked.get() + 1) == 0;
        looped.run(&Wait::new(None).until(Some(&gone)), &mut notes).unwrap();
        assert!(notes.0.is_empty());
        looped.timer(Duration::from_secs(3600), None, "never");
        thread::scope(|scope| {
            let running = scope.spawn(|| {
                // The interrupt ends a wait, and the loop asks why.
                let stopping = || looped.is_outdated();
                looped.run(&SOON.until(Some(&stopping)), &mut Notes::default())
            });
            while !running.is_finished() {
                looped.stop();
                thread::sleep(Duration::from_millis(1));
            }
            running.join().unwrap().unwrap();
        });
    }
}
