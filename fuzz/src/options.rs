//! Options of sockets: any name, any value, at any time.

use std::time::Duration;

use zeromq::core::options::{self, Kind, Row};
use zeromq::core::{OptionValue, Socket, SocketType, Wait};

use crate::input::Input;

const ENDPOINTS: &[&str] = &[
    "@inproc://fuzz-options",
    ">inproc://fuzz-options",
    "@tcp://127.0.0.1:*",
    "@ipc://*",
    "@ws://127.0.0.1:*",
    ">tcp://127.0.0.1:1",
];

/// The input is a socket type and then what is done with two sockets of this type.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let socket_type = input.of(SocketType::ALL);
    let rows: Vec<&Row> = options::rows().collect();
    let sockets = [(); 2].map(|()| Socket::new(socket_type).expect("there is room for sockets"));
    let brief = Wait::new(Some(Duration::ZERO));
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let [socket, other] = if input.byte() < 200 {
            [&sockets[0], &sockets[1]]
        } else {
            [&sockets[1], &sockets[0]]
        };
        match input.below(16) {
            0 => {
                let _ = socket.attach(input.of(ENDPOINTS));
            }
            1 => {
                if let Ok(Some(endpoint)) = other.last_endpoint() {
                    let _ = socket.connect(&endpoint);
                }
            }
            2 => {
                let _ = socket.send(&[input.short(), b"body"], &brief);
            }
            3 => {
                let _ = socket.receive_all(&brief);
            }
            4 => {
                let name = String::from_utf8_lossy(input.short()).into_owned();
                let _ = socket.option(&name);
                let _ = socket.set_option(&name, &OptionValue::Int(input.integer()));
            }
            5 => {
                for (name, _) in socket.options().expect("it is open") {
                    assert!(socket.option(name).is_ok(), "{name}");
                }
            }
            _ => {
                let row = input.of(&rows);
                let value = value(&mut input, row.kind);
                set(socket, row, &value);
            }
        }
    }
    for socket in &sockets {
        socket.close(Some(Some(Duration::ZERO))).expect("it is open");
    }
}

/// Returns a value, mostly one of the kind of the option.
fn value(input: &mut Input, kind: Kind) -> OptionValue {
    let kind = match input.below(20) {
        0 => Kind::Bool,
        1 => Kind::Int,
        2 => Kind::Bytes,
        3 => Kind::Text,
        _ => kind,
    };
    match kind {
        Kind::Bool => OptionValue::Bool(input.byte() & 1 == 1),
        Kind::Int | Kind::Int64 | Kind::Uint64 => OptionValue::Int(input.integer()),
        Kind::Text => OptionValue::Text(String::from_utf8_lossy(input.short()).into_owned()),
        Kind::Bytes | Kind::Key => OptionValue::Bytes(input.short().to_owned()),
    }
}

/// Sets an option and reads it back.
fn set(socket: &Socket, row: &Row, value: &OptionValue) {
    let before = socket.option(row.name).ok();
    let is_set = socket.set_option(row.name, value).is_ok();
    let after = socket.option(row.name).ok();
    if !is_set {
        assert_eq!(after, before, "{} was not set to {value:?}", row.name);
    } else if let (Some(OptionValue::Int(read)), OptionValue::Int(set)) = (&after, value) {
        // It is sent in tenths of a second.
        let set = if row.name == "heartbeat_ttl" { set / 100 * 100 } else { *set };
        assert_eq!(*read, set, "{}", row.name);
    }
}
