//! Pollers find the one socket of many that has a message.

use std::ptr;
use std::sync::mpsc;
use std::thread;

use zeromq::capi::poller::{
    PollEvent, PollFlag, zeromq_poller_add, zeromq_poller_free, zeromq_poller_new,
    zeromq_poller_wait,
};
use zeromq::core::{Poller, Ready, SocketType, Source, Wait};
use zmq_sys as sys;

use crate::capi::check;
use crate::{BYTES, Run, capi, compare, core, endpoint, libzmq, time};

/// The number of messages in a round, multiplied by the number of sockets.
const MESSAGES: usize = 200_000;

#[derive(Clone, Copy)]
enum Sender {
    /// The message is sent before the wait.
    Here,
    /// Another thread sends it when told, so that the wait usually blocks.
    Thread,
}

pub fn compare_all(rounds: usize) {
    for (from, whence) in [(Sender::Here, ""), (Sender::Thread, " from another thread")] {
        for count in [1, 2, 5, 8, 12, 101, 501] {
            let ways = vec![
                ("zmq_poll", run(from, count, libzmq::open, libzmq::send, libzmq::receive, items)),
                ("core wait", run(from, count, core::open, core::send::<1>, core::receive, add)),
                (
                    "C poller_wait",
                    run(from, count, capi::open, capi::send, capi::receive_frame, add_handles),
                ),
            ];
            let title = format!("poller: a message{whence} to one of {count} sockets");
            compare(&title, rounds, ways);
        }
    }
}

/// Opens sockets, one of which gets messages. `poller` returns a function that waits until
/// one of the sockets is ready.
fn run<S: Send + 'static, W: FnMut() + 'static>(
    from: Sender,
    count: usize,
    open: impl Fn(SocketType, &str) -> S,
    send: impl Fn(&mut S, &'static [u8]) + Send + 'static,
    receive: impl Fn(&mut S) + 'static,
    poller: impl Fn(&[S]) -> W,
) -> Run {
    let endpoints: Vec<String> = (0..count).map(|_| endpoint()).collect();
    let mut sockets: Vec<S> =
        endpoints.iter().map(|endpoint| open(SocketType::Pull, endpoint)).collect();
    let busy = count / 2;
    let mut sender = open(SocketType::Push, &endpoints[busy]);
    let mut wait = poller(&sockets);
    let frame = &BYTES[..10];
    match from {
        Sender::Here => Box::new(move || {
            time(MESSAGES / (count + 10), 1, || {
                send(&mut sender, frame);
                wait();
                receive(&mut sockets[busy]);
            })
        }),
        Sender::Thread => {
            let (next, told) = mpsc::channel();
            thread::spawn(move || told.iter().for_each(|()| send(&mut sender, frame)));
            Box::new(move || {
                time(MESSAGES / (count + 60), 1, || {
                    next.send(()).unwrap();
                    wait();
                    receive(&mut sockets[busy]);
                })
            })
        }
    }
}

fn items(sockets: &[libzmq::End]) -> impl FnMut() + use<> {
    let events = sys::ZMQ_POLLIN as i16;
    let item =
        |end: &libzmq::End| sys::zmq_pollitem_t { socket: end.socket, fd: 0, events, revents: 0 };
    let mut items: Vec<_> = sockets.iter().map(item).collect();
    move || {
        // SAFETY: there are this many items, and their sockets are open.
        let ready = unsafe { sys::zmq_poll(items.as_mut_ptr(), items.len() as i32, -1) };
        assert_eq!(ready, 1);
    }
}

fn add(sockets: &[core::End]) -> impl FnMut() + use<> {
    let poller = Poller::default();
    for end in sockets {
        poller.add(Source::Socket(end.socket.clone()), Ready::IN, ()).unwrap();
    }
    move || {
        poller.wait(&Wait::new(None)).unwrap();
    }
}

/// Is freed with the closure that waits for it.
struct Handle(*mut zeromq::capi::poller::Poller);

impl Drop for Handle {
    fn drop(&mut self) {
        zeromq_poller_free(self.0);
    }
}

fn add_handles(sockets: &[capi::End]) -> impl FnMut() + use<> {
    let poller = Handle(zeromq_poller_new());
    let input = PollFlag::ZEROMQ_POLL_IN as u32;
    for end in sockets {
        check(zeromq_poller_add(poller.0, end.socket, input, ptr::null_mut()));
    }
    let none =
        PollEvent { socket: ptr::null_mut(), descriptor: -1, data: ptr::null_mut(), ready: 0 };
    let mut events = vec![none; sockets.len()];
    move || {
        let Handle(poller) = &poller;
        let (mut count, room) = (0, events.len());
        // SAFETY: there is room for this many events and for their number.
        check(unsafe {
            zeromq_poller_wait(*poller, events.as_mut_ptr(), room, &raw mut count, capi::FOREVER)
        });
        assert_eq!(count, 1);
    }
}
