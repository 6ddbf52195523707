//! The messages between the thread of ZeroMQ and that of NATS. A message counts until it is
//! released, which is when the other side has it for certain, so memory has a limit.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// How often a wait looks whether to go on.
const SLICE: Duration = Duration::from_millis(100);

/// Messages of any kind, up to a number and a number of bytes. One message always fits.
pub struct Window<T> {
    state: Mutex<State<T>>,
    /// For threads, and for tasks.
    changed: Condvar,
    notify: Notify,
    messages: usize,
    bytes: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// Also those that were taken and are not released.
    messages: usize,
    bytes: usize,
    ended: bool,
}

impl<T> Window<T> {
    pub fn new(messages: usize, bytes: usize) -> Window<T> {
        let waiting = VecDeque::new();
        let state = Mutex::new(State { waiting, messages: 0, bytes: 0, ended: false });
        Window { state, changed: Condvar::new(), notify: Notify::new(), messages, bytes }
    }

    /// Returns the number of messages for which there is room. Each may exceed the bytes.
    pub fn room(&self) -> usize {
        self.room_of(&self.lock())
    }

    fn room_of(&self, state: &State<T>) -> usize {
        let full = state.messages > 0 && state.bytes >= self.bytes;
        if full { 0 } else { self.messages.saturating_sub(state.messages) }
    }

    /// Waits until there is room, as long as `goes_on` returns true. Returns for how many
    /// messages.
    pub fn wait_for_room(&self, goes_on: impl Fn() -> bool) -> usize {
        let mut state = self.lock();
        loop {
            let room = self.room_of(&state);
            if room > 0 || !goes_on() {
                return room;
            }
            state = self.wait(state);
        }
    }

    /// Appends a message, also if there is no room.
    pub fn push(&self, message: T, bytes: usize) {
        let mut state = self.lock();
        state.waiting.push_back(message);
        state.messages += 1;
        state.bytes += bytes;
        drop(state);
        self.tell();
    }

    /// Says that no more messages will come, or that nobody takes them anymore.
    pub fn end(&self) {
        self.lock().ended = true;
        self.tell();
    }

    /// Returns true once it has ended.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Returns true if it has ended and everything was taken.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.ended && state.waiting.is_empty()
    }

    /// Makes room again.
    pub fn release(&self, messages: usize, bytes: usize) {
        let mut state = self.lock();
        state.messages -= messages;
        state.bytes -= bytes;
        drop(state);
        self.tell();
    }

    /// Returns the number of messages that are not released, and their bytes.
    pub fn held(&self) -> (usize, usize) {
        let state = self.lock();
        (state.messages, state.bytes)
    }

    /// Waits for messages and takes all of them. Returns none after a while, or at the end.
    pub fn take_for_a_while(&self) -> VecDeque<T> {
        let mut state = self.lock();
        if state.waiting.is_empty() && !state.ended {
            state = self.wait(state);
        }
        std::mem::take(&mut state.waiting)
    }

    /// Waits for messages in a task, and takes all of them.
    pub async fn take(&self) -> VecDeque<T> {
        loop {
            let notified = self.notify.notified();
            {
                let mut state = self.lock();
                if !state.waiting.is_empty() {
                    return std::mem::take(&mut state.waiting);
                }
            }
            notified.await;
        }
    }

    /// Waits for room in a task. Returns at the end, too.
    pub async fn room_comes(&self) {
        loop {
            let notified = self.notify.notified();
            if self.room() > 0 || self.has_ended() {
                return;
            }
            notified.await;
        }
    }

    fn tell(&self) {
        self.changed.notify_all();
        self.notify.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait_timeout(state, SLICE).unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_released_takes_room() {
        let window = Window::new(3, 10);
        assert_eq!(window.room(), 3);
        window.push('a', 4);
        window.push('b', 6);
        assert_eq!((window.room(), window.held()), (0, (2, 10)));
        assert_eq!(window.take_for_a_while(), ['a', 'b']);
        assert_eq!(window.wait_for_room(|| false), 0);
        window.release(1, 4);
        assert_eq!(window.wait_for_room(|| panic!("there is room")), 2);
        window.release(1, 6);
        window.push('c', 1000);
        assert_eq!(window.room(), 0);
        window.end();
        assert!(window.has_ended() && !window.is_over());
        assert_eq!(window.take_for_a_while(), ['c']);
        assert!(window.is_over() && window.take_for_a_while().is_empty());
    }

    #[test]
    fn a_task_is_woken() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let window = Window::new(1, 1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                window.push(1, 1);
                window.wait_for_room(|| true);
                window.push(2, 1);
            });
            runtime.block_on(async {
                assert_eq!(window.take().await, [1]);
                window.release(1, 1);
                assert_eq!(window.take().await, [2]);
                window.release(1, 1);
                window.room_comes().await;
            });
        });
    }
}
