//! Sockets with arbitrary options, set at arbitrary times, talk to each other, and the
//! process survives. Several combinations would make libzmq abort the process, and the
//! library refuses them. `ZEROMQ_SECONDS` and `ZEROMQ_SEED` set the duration and the
//! seed.

mod support;

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::chance::Chance;
use zeromq::core::options::{Kind, Row, rows};
use zeromq::core::{OptionValue, Socket, SocketType, Wait};

const PAIRS: &[(SocketType, SocketType)] = {
    use SocketType::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub};
    &[
        (Pair, Pair),
        (Pub, Sub),
        (Xpub, Xsub),
        (Xpub, Sub),
        (Req, Rep),
        (Req, Router),
        (Dealer, Router),
        (Dealer, Dealer),
        (Dealer, Rep),
        (Router, Router),
        (Push, Pull),
        (Stream, Stream),
        (Stream, Router),
    ]
};

const NUMBERS: &[i64] = &[-1, 0, 1, 2, 3, 7, 100, 127, 255, 32767, 65536, i32::MAX as i64];

/// These include CURVE keys: two pairs, each with a public and a secret key.
const TEXTS: &[&str] = &[
    "",
    "a",
    "lo",
    "peer",
    "127.0.0.1/8",
    "::/0",
    "127.0.0.1:1",
    "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
    "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
    "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
    "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
];

const TRANSPORTS: &[&str] = &["tcp://127.0.0.1:*", "ipc://*", "inproc://wild"];

const NOBODY: &[&str] = &["tcp://127.0.0.1:1", "inproc://wild-nobody", "ipc:///tmp/wild-nobody"];

fn value(chance: &mut Chance, row: &Row) -> OptionValue {
    match row.kind {
        Kind::Bool => OptionValue::Bool(chance.below(2) == 1),
        Kind::Int | Kind::Int64 | Kind::Uint64 => OptionValue::Int(chance.of(NUMBERS)),
        Kind::Text if row.name == "metadata" => {
            OptionValue::Text(format!("X-a:{}", "v".repeat(1 + chance.below(4000))))
        }
        Kind::Bytes | Kind::Text | Kind::Key => OptionValue::Text(chance.of(TEXTS).to_owned()),
    }
}

/// Sets up to `most` options and returns how many were accepted.
fn set(chance: &mut Chance, options: &[&Row], socket: &Socket, most: usize) -> usize {
    (0..chance.below(most))
        .filter(|_| {
            let row = options[chance.below(options.len())];
            let value = value(chance, row);
            socket.set_option(row.name, &value).is_ok()
        })
        .count()
}

fn talk(chance: &mut Chance, options: &[&Row]) -> usize {
    let brief = Wait::new(Some(Duration::from_millis(1)));
    let (one, other) = chance.of(PAIRS);
    let sockets = [one, other].map(|socket_type| Socket::new(socket_type).unwrap());
    let [bound, connected]: [&Arc<Socket>; 2] =
        if chance.below(2) == 0 { [&sockets[0], &sockets[1]] } else { [&sockets[1], &sockets[0]] };
    let mut accepted = 0;
    for socket in &sockets {
        accepted += set(chance, options, socket, 12);
    }
    if bound.bind(chance.of(TRANSPORTS)).is_ok()
        && let Ok(OptionValue::Text(endpoint)) = bound.option("last_endpoint")
    {
        let _ = connected.connect(&endpoint);
    }
    for round in 0..4 {
        for socket in &sockets {
            let _ = socket.subscribe(b"");
            let _ = match chance.below(4) {
                0 => socket.send(&["one"], &brief),
                1 => socket.send(&["peer", "one"], &brief),
                2 => socket.send(&["", "one", "two"], &brief),
                _ => Ok(()),
            };
            let _ = socket.receive_all(&brief);
            if round == 1 {
                accepted += set(chance, options, socket, 5);
            }
            if chance.below(6) == 0 {
                let _ = socket.connect(chance.of(NOBODY));
            }
            if chance.below(8) == 0 {
                let _ = socket.accept(b"one");
            }
        }
    }
    for socket in &sockets {
        socket.close(Some(Some(Duration::ZERO))).unwrap();
        assert!(socket.is_closed());
    }
    accepted
}

#[test]
fn no_options_end_the_process() {
    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let mut chance = Chance::new(number("ZEROMQ_SEED").unwrap_or(7));
    let end = Instant::now() + Duration::from_secs(number("ZEROMQ_SECONDS").unwrap_or(2));
    let options: Vec<&Row> = rows().filter(|row| row.writes()).collect();
    let mut accepted = 0;
    while Instant::now() < end {
        accepted += talk(&mut chance, &options);
    }
    assert!(accepted > 0);
}
