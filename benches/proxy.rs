//! How fast messages of 10 bytes pass through a proxy, from PUSH to PULL, compared with
//! libzmq's zmq_proxy. The rounds alternate, because machines are noisy; only the
//! ratios are comparable.
//!
//!     cargo bench --bench proxy

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::proxy::{Proxy, Side};
use zeromq::core::{Socket, SocketType};

const MESSAGES: u32 = 300_000;
const ROUNDS: usize = 9;

fn main() {
    for transport in ["tcp", "ipc"] {
        let own = own(transport);
        let libzmq = libzmq(transport);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            times[0].push(time(&libzmq));
            times[1].push(time(&own.1));
        }
        let [libzmq, own] = times.map(|mut times| {
            times.sort();
            times[ROUNDS / 2]
        });
        let rate = |time: Duration| f64::from(MESSAGES) / time.as_secs_f64();
        println!(
            "{transport}: libzmq {:.0}/s, ZMQProxy {:.0}/s, ratio {:.2}",
            rate(libzmq),
            rate(own),
            rate(own) / rate(libzmq)
        );
    }
}

fn address(transport: &str, name: &str) -> String {
    match transport {
        "tcp" => "tcp://127.0.0.1:*".to_owned(),
        _ => format!("ipc://{}/zeromq-proxy-{name}", std::env::temp_dir().display()),
    }
}

fn own(transport: &str) -> (Proxy, [String; 2]) {
    let proxy = Proxy::new().unwrap();
    let mut endpoints = [address(transport, "front"), address(transport, "back")];
    let any = |_: &Arc<Socket>| Ok(false);
    proxy.set(Side::Frontend, SocketType::Pull, &endpoints[0], &any).unwrap();
    proxy.set(Side::Backend, SocketType::Push, &endpoints[1], &any).unwrap();
    for (side, endpoint) in [Side::Frontend, Side::Backend].into_iter().zip(&mut endpoints) {
        *endpoint = endpoint.replace('*', &proxy.port(side).unwrap().unwrap().to_string());
    }
    (proxy, endpoints)
}

fn libzmq(transport: &str) -> [String; 2] {
    let context = zmq::Context::new();
    let [pull, push] = [zmq::PULL, zmq::PUSH].map(|raw| context.socket(raw).unwrap());
    pull.bind(&address(transport, "their-front")).unwrap();
    push.bind(&address(transport, "their-back")).unwrap();
    let endpoints = [&pull, &push].map(|socket| socket.get_last_endpoint().unwrap().unwrap());
    thread::spawn(move || {
        let _context = context;
        zmq::proxy(&pull, &push)
    });
    endpoints
}

fn time([front, back]: &[String; 2]) -> Duration {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.connect(back).unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect(front).unwrap();
    // Once this message has arrived, both are connected.
    push.send("first", 0).unwrap();
    pull.recv_bytes(0).unwrap();
    let start = Instant::now();
    let sending = thread::spawn(move || {
        for _ in 0..MESSAGES {
            push.send("0123456789", 0).unwrap();
        }
        push
    });
    let mut message = zmq::Message::new();
    for _ in 0..MESSAGES {
        pull.recv(&mut message, 0).unwrap();
    }
    let time = start.elapsed();
    drop(sending.join());
    time
}
