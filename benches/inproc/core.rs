//! The Rust interface.

use std::sync::Arc;

use zeromq::core::{Batch, Message, Socket, SocketType, Wait};

use crate::{BURST, Order, Pattern, Ways, read};

const FOREVER: Wait = Wait::new(None);

/// A socket, and what it receives into.
pub struct End {
    pub socket: Arc<Socket>,
    message: Message,
    batch: Batch,
}

pub fn ways(pattern: &Pattern) -> Ways {
    vec![match (pattern.order, pattern.frames) {
        (Order::Batch, _) => {
            ("core send_batch, receive_batch", pattern.run(open, send_batch, receive_batch))
        }
        (_, 1) => ("core send, receive", pattern.run(open, send::<1>, receive)),
        _ => ("core send, receive_into", pattern.run(open, send::<3>, receive_message)),
    }]
}

pub fn open(kind: SocketType, endpoint: &str) -> End {
    let socket = Socket::attached(kind, endpoint).unwrap();
    End { socket, message: Message::default(), batch: Batch::default() }
}

/// Sends a message of N frames.
pub fn send<const N: usize>(end: &mut End, frame: &'static [u8]) {
    end.socket.send(&[frame; N], &FOREVER).unwrap();
}

pub fn receive(end: &mut End) {
    read(&end.socket.receive(&FOREVER).unwrap());
}

fn receive_message(end: &mut End) {
    end.socket.receive_into(&mut end.message, &FOREVER).unwrap();
    end.message.frames().iter().for_each(|frame| read(frame));
}

fn send_batch(end: &mut End, frame: &'static [u8]) {
    end.socket.send_batch(&[[frame]; BURST], &FOREVER).1.unwrap();
}

fn receive_batch(end: &mut End) {
    let mut count = 0;
    while count < BURST {
        end.socket.receive_batch_into(&mut end.batch, BURST, &FOREVER).unwrap();
        end.batch.messages().flatten().for_each(|frame| read(frame));
        count += end.batch.count();
    }
}
