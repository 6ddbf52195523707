//! What the monitor of a socket reports.

#![allow(dead_code, reason = "each test takes its part")]

use zmq_sys as sys;

const STOPPED: u16 = sys::ZMQ_EVENT_MONITOR_STOPPED as u16;

/// The events of one socket.
pub struct Monitor(Option<zmq::Socket>);

impl Monitor {
    /// Begins to report all events of a socket.
    pub fn of(context: &zmq::Context, socket: &zmq::Socket, name: &str) -> Monitor {
        let endpoint = format!("inproc://monitor-{name}");
        socket.monitor(&endpoint, sys::ZMQ_EVENT_ALL as i32).unwrap();
        let pair = context.socket(zmq::PAIR).unwrap();
        pair.connect(&endpoint).unwrap();
        pair.set_rcvtimeo(5000).unwrap();
        Monitor(Some(pair))
    }

    /// The next event and its value; nothing if there is none for five seconds.
    pub fn next(&self) -> Option<(u32, u32)> {
        let frames = self.0.as_ref()?.recv_multipart(0).ok()?;
        let event = u16::from_ne_bytes(frames[0][..2].try_into().unwrap());
        let value = u32::from_ne_bytes(frames[0][2..].try_into().unwrap());
        Some((u32::from(event), value))
    }

    /// Waits for the last event, once the socket is closed.
    pub fn end(mut self) {
        while self.next().unwrap().0 != sys::ZMQ_EVENT_MONITOR_STOPPED {}
        self.0 = None;
    }

    /// The value of the next event of this kind.
    pub fn wait(&self, kind: u32) -> Option<u32> {
        loop {
            let (event, value) = self.next()?;
            if event == kind {
                return Some(value);
            }
        }
    }
}

impl Drop for Monitor {
    /// Goes on until the monitor or the context ends: libzmq's I/O thread waits for ever
    /// if nobody takes an event.
    fn drop(&mut self) {
        let Some(pair) = self.0.take() else {
            return;
        };
        std::thread::spawn(move || {
            loop {
                match pair.recv_multipart(0) {
                    Ok(event) if event[0][..2] == STOPPED.to_ne_bytes() => break,
                    Ok(_) | Err(zmq::Error::EAGAIN) => {}
                    Err(_) => break,
                }
            }
        });
    }
}
