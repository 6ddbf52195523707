//! A server in a thread of its own, and a client that asks it for squares. Run it with
//! `cargo run --example squares`.

use std::thread;
use std::time::Duration;

use zeromq::core::{Error, Socket, SocketType, Wait};

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> Result<(), Error> {
    // A reply socket binds and a request socket connects, unless told otherwise by @ or >.
    // The port is the first free one from 49152 on.
    let replies = Socket::new(SocketType::Rep)?;
    let port = replies.bind("tcp://127.0.0.1:*")?;
    let server = thread::spawn(move || serve(&replies));

    let requests = Socket::attached(SocketType::Req, &format!("tcp://127.0.0.1:{port}"))?;
    for number in 1..=10 {
        println!("{number} {}", ask(&requests, &number.to_string())?);
    }
    assert_eq!(ask(&requests, "12")?, "144");
    assert_eq!(ask(&requests, "twelve")?, "not a number");
    assert_eq!(ask(&requests, "quit")?, "bye");
    server.join().expect("the server does not panic")
}

/// Answers requests until one is "quit".
fn serve(socket: &Socket) -> Result<(), Error> {
    loop {
        let timeout = Wait::new(Some(LIMIT));
        let request = socket.receive(&timeout)?;
        let text = request.as_text().unwrap_or_default();
        if text == "quit" {
            return socket.send(&["bye"], &timeout);
        }
        let reply = match text.parse::<i32>() {
            Ok(number) => i64::from(number).pow(2).to_string(),
            Err(_) => "not a number".to_owned(),
        };
        socket.send(&[reply], &timeout)?;
    }
}

/// Sends a request and returns the reply.
fn ask(socket: &Socket, request: &str) -> Result<String, Error> {
    let timeout = Wait::new(Some(LIMIT));
    socket.send(&[request], &timeout)?;
    let reply = socket.receive(&timeout)?;
    Ok(reply.as_text().unwrap_or_default().to_owned())
}

#[test]
fn the_server_answers() {
    main().unwrap();
}
