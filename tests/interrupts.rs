//! Ctrl-C or SIGTERM while a script waits: it ends the program as usual, or the script
//! catches it if it asked for that.

#![cfg(unix)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use support::morpho::Morpho;
use support::{Host, Running};

const DEADLINE: Duration = Duration::from_secs(30);

/// Catches the signals in each waiting call, and then restores their usual effect.
const CATCHES: &str = r#"
import zeromq
ZMQ.catchinterrupts(true)
var pull = ZMQPull("tcp://127.0.0.1:*")
var tells = ZMQPush(System.arguments()[0])
var caught = 0
var poller = ZMQPoller(pull)
var loop = ZMQLoop()
loop.reader(pull, fn (socket) true)
var few = ZMQPull(), many = ZMQPush()
few.sethwm(1)
many.sethwm(1)
few.bind("inproc://interrupts")
many.connect("inproc://interrupts")
var waits = [
  fn () many.sendbatch(["1", "2", "3"]),
  fn () pull.receive(),
  fn () pull.receive(),
  fn () poller.wait() == nil && poller.terminated(),
  fn () loop.start(),
  fn () pull.waitforpeers(1),
  fn () ZMQ.sleep(60000)
]
for (wait in waits) {
  tells.send("${caught} caught")
  // A poller does not raise it.
  try {
    if (wait() == true) caught += 1
  } catch { "ZMQInterrupted": caught += 1 }
}
ZMQ.catchinterrupts(false)
tells.send("${caught} caught, ${pull.receive(timeout=0)} came, ${ZMQ.interrupted()}")
pull.receive()
tells.send("it went on")
"#;

/// A server that ends properly when a signal arrives: its address is free again at once.
const SERVES: &str = r#"
import zeromq
ZMQ.catchinterrupts(true)
var server = ZMQReply(System.arguments()[1])
ZMQPush(System.arguments()[0]).send("ready")
fn serve() {
  try {
    while (true) server.send("World for ${server.receive()}")
  } catch { "ZMQInterrupted": return }
}
serve()
var endpoint = server.lastendpoint()
server.close()
ZMQReply(endpoint).close()
print "Server closed by user"
"#;

/// The same without handling signals.
const THOUGHTLESS: &str = r#"
import zeromq
var server = ZMQReply(System.arguments()[1])
ZMQPush(System.arguments()[0]).send("ready")
while (true) server.send("World for ${server.receive()}")
"#;

/// Prints in a function, and replies after that has returned.
const PRINTS: &str = r#"
import zeromq
var server = ZMQReply(">" + System.arguments()[0])
fn answer(request) {
  print "called"
  return "done"
}
server.serve(answer)
"#;

fn serves(host: &dyn Host, source: &str, signal: i32, status: Option<i32>, stdout: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("serves.morpho");
    fs::write(&script, source).unwrap();
    let context = zmq::Context::new();
    let (told, tells) = endpoint(&context);
    // A port chosen by the system, because other tests may take the ports that * finds.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = format!("tcp://127.0.0.1:{port}");
    let running = host.start(&script, &[tells.as_ref(), server.as_ref()]);
    assert_eq!(told.recv_string(0).unwrap().unwrap(), "ready");
    let client = context.socket(zmq::REQ).unwrap();
    client.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    client.set_linger(0).unwrap();
    client.connect(&server).unwrap();
    for hello in ["one", "two"] {
        client.send(hello, 0).unwrap();
        assert_eq!(client.recv_string(0).unwrap().unwrap(), format!("World for {hello}"));
    }
    send(&running, signal);
    let finished = running.finish(DEADLINE);
    assert_eq!((finished.status, finished.stdout.as_str()), (status, stdout));
    // The client is still connected, and another server starts at once.
    let another = context.socket(zmq::REP).unwrap();
    another.bind(&server).unwrap();
}

/// Makes a socket that scripts report to, and its endpoint.
fn endpoint(context: &zmq::Context) -> (zmq::Socket, String) {
    let told = context.socket(zmq::PULL).unwrap();
    told.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    told.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = told.get_last_endpoint().unwrap().unwrap();
    (told, endpoint)
}

fn all(host: &dyn Host) {
    interrupts(host, libc::SIGINT);
    interrupts(host, libc::SIGTERM);
    servers(host);
}

fn servers(host: &dyn Host) {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        serves(host, SERVES, signal, Some(0), "Server closed by user\n");
        serves(host, THOUGHTLESS, signal, None, "");
    }
}

/// Sends a signal to a child that is running or was not waited for yet.
fn send(child: &Running, signal: i32) {
    // SAFETY: the number belongs to the child until it is waited for.
    assert_eq!(unsafe { libc::kill(child.id().cast_signed(), signal) }, 0);
}

fn interrupts(host: &dyn Host, signal: i32) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("catches.morpho");
    fs::write(&script, CATCHES).unwrap();
    let context = zmq::Context::new();
    let (told, endpoint) = endpoint(&context);
    let running = host.start(&script, &[endpoint.as_ref()]);
    let caught = (0..7).map(|caught| format!("{caught} caught"));
    for expected in caught.chain(["7 caught, nil came, false".to_owned()]) {
        assert_eq!(told.recv_string(0).unwrap().unwrap(), expected);
        // Sent a little early it is noticed once the script waits.
        send(&running, signal);
    }
    assert_eq!(running.finish(DEADLINE).status, None, "a signal has ended it");
}

#[test]
fn what_a_function_prints_is_seen_while_the_script_waits() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("prints.morpho");
    fs::write(&script, PRINTS).unwrap();
    let context = zmq::Context::new();
    let client = context.socket(zmq::REQ).unwrap();
    client.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    client.set_linger(0).unwrap();
    client.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = client.get_last_endpoint().unwrap().unwrap();
    let running = support::Reference.start(&script, &[endpoint.as_ref()]);
    client.send("call", 0).unwrap();
    assert_eq!(client.recv_string(0).unwrap().unwrap(), "done");
    send(&running, libc::SIGINT);
    assert_eq!(running.finish(DEADLINE).stdout, "called\n");
}

#[test]
fn the_reference_host_is_interrupted() {
    all(&support::Reference);
}

#[test]
fn morpho_is_interrupted() {
    if let Some(morpho) = Morpho::named() {
        all(&morpho);
    }
}
