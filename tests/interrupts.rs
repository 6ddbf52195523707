//! Ctrl-C while a script waits: it ends the program as the system does it, or
//! the script catches it, if it asked for that.

#![cfg(unix)]

mod support;

use std::fs;
use std::time::Duration;

use support::Host;
use support::morpho::Morpho;

const DEADLINE: Duration = Duration::from_secs(30);

/// Catches Ctrl-C twice, and then lets it do what it always does.
const CATCHES: &str = r#"
import zeromq
ZMQ.catchinterrupts(true)
var pull = ZMQPull("tcp://127.0.0.1:*")
var tells = ZMQPush(System.arguments()[0])
var caught = 0
for (i in 1..2) {
  tells.send("${caught} caught")
  try { pull.receive() } catch { "ZMQInterrupted": caught += 1 }
}
ZMQ.catchinterrupts(false)
tells.send("${caught} caught, ${pull.receive(timeout=0)} came, ${ZMQ.interrupted()}")
pull.receive()
tells.send("it went on")
"#;

fn interrupts(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("catches.morpho");
    fs::write(&script, CATCHES).unwrap();
    let context = zmq::Context::new();
    let told = context.socket(zmq::PULL).unwrap();
    told.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    told.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = told.get_last_endpoint().unwrap().unwrap();
    let running = host.start(&script, &[endpoint.as_ref()]);
    for expected in ["0 caught", "1 caught", "2 caught, nil came, false"] {
        assert_eq!(told.recv_string(0).unwrap().unwrap(), expected);
        // Sent a little early it is noticed once the script waits.
        // SAFETY: the child is running or not waited for yet.
        assert_eq!(unsafe { libc::kill(running.id().cast_signed(), libc::SIGINT) }, 0);
    }
    assert_eq!(running.finish(DEADLINE).status, None, "a signal has ended it");
}

#[test]
fn the_reference_host_is_interrupted() {
    interrupts(&support::Reference);
}

#[test]
fn morpho_is_interrupted() {
    if let Some(morpho) = Morpho::named() {
        interrupts(&morpho);
    }
}
