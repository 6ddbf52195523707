//! The events of a monitor.

#![allow(dead_code, reason = "each test takes its part")]

use zmq_sys as sys;
use zmq_sys::additions::ZMQ_DROPPED_EVENTS;

use crate::options;
use crate::wait::TIMEOUT;

/// The events of one socket.
pub struct Monitor(zmq::Socket);

impl Monitor {
    /// Starts to report all events of a socket.
    pub fn of(context: &zmq::Context, socket: &zmq::Socket, name: &str) -> Monitor {
        let endpoint = format!("inproc://monitor-{name}");
        socket.monitor(&endpoint, sys::ZMQ_EVENT_ALL as i32).unwrap();
        let pair = context.socket(zmq::PAIR).unwrap();
        pair.connect(&endpoint).unwrap();
        pair.set_rcvtimeo(TIMEOUT).unwrap();
        Monitor(pair)
    }

    /// Returns the next event and its value; `None` if there is none for five seconds.
    pub fn next(&self) -> Option<(u32, u32)> {
        self.next_of().map(|(event, value, _)| (event, value))
    }

    /// Returns the endpoint of the next event of this kind.
    pub fn endpoint_of(&self, kind: u32) -> String {
        loop {
            let (event, _, endpoint) = self.next_of().unwrap();
            if event == kind {
                return endpoint;
            }
        }
    }

    fn next_of(&self) -> Option<(u32, u32, String)> {
        let frames = self.0.recv_multipart(0).ok()?;
        let event = u16::from_ne_bytes(frames[0][..2].try_into().unwrap());
        let value = u32::from_ne_bytes(frames[0][2..].try_into().unwrap());
        Some((u32::from(event), value, String::from_utf8(frames[1].clone()).unwrap()))
    }

    /// Returns the value of the next event of this kind.
    pub fn wait(&self, kind: u32) -> Option<u32> {
        loop {
            let (event, value) = self.next()?;
            if event == kind {
                return Some(value);
            }
        }
    }
}

#[test]
fn events_for_a_closed_reader_do_not_stop_the_io_thread() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    drop(Monitor::of(&context, &pull, "closed"));
    // Sooner or later, the monitored socket learns that there is no reader.
    for _ in 0..50 {
        let push = context.socket(zmq::PUSH).unwrap();
        push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
        push.send("message", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
    }
}

#[test]
fn events_without_room_are_counted() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let dropped = || {
        let bytes = options::get_bytes(&pull, ZMQ_DROPPED_EVENTS, 8).unwrap();
        u64::from_ne_bytes(bytes.try_into().unwrap())
    };
    let monitor = Monitor::of(&context, &pull, "full");
    assert_eq!(dropped(), 0);
    // Each bind and unbind are two events or more, and there is room for about two thousand.
    for _ in 0..2000 {
        pull.bind("tcp://127.0.0.1:*").unwrap();
        pull.unbind(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
    }
    assert!(dropped() > 0);
    assert!(monitor.next().is_some());
}
