//! Beacons: datagrams that anyone in the network can send.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::UdpSocket;
use std::time::Duration;

use zeromq::core::{Beacon, Error, Wait};

use crate::input::Input;

/// How long a datagram may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);

/// How many datagrams are remembered. The thread that publishes may fall behind many inputs.
const REMEMBERED: usize = 10_000;

/// A beacon that receives, and a socket that sends to it.
struct Link {
    beacon: Beacon,
    sender: UdpSocket,
    /// What was sent before, the latest first. It may be late: a datagram that nobody wanted
    /// may arrive when somebody does.
    earlier: VecDeque<Vec<u8>>,
}

thread_local! {
    static LINK: RefCell<Option<Link>> = const { RefCell::new(None) };
}

impl Link {
    fn new() -> Link {
        let free = UdpSocket::bind("127.0.0.1:0").expect("there is a port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let beacon = Beacon::new(port, Some("127.0.0.1")).expect("there is a loopback interface");
        let sender = UdpSocket::bind("127.0.0.1:0").expect("there is a port");
        sender.set_broadcast(true).expect("UDP can broadcast");
        sender.connect(("127.255.255.255", port)).expect("the loopback interface is up");
        Link { beacon, sender, earlier: VecDeque::new() }
    }
}

/// The input is a prefix to subscribe to, what the beacon publishes itself, and then
/// datagrams.
pub fn run(input: &[u8]) {
    LINK.with_borrow_mut(|link| {
        let Link { beacon, sender, earlier } = link.get_or_insert_with(Link::new);
        let mut input = Input::new(input);
        let (prefix, own) = (input.short(), input.short());
        beacon.subscribe(None).expect("it was not stopped");
        beacon.subscribe(Some(prefix)).expect("it was not stopped");
        match beacon.publish(own, Duration::from_secs(1000)) {
            Ok(()) => {}
            Err(Error::Argument { .. }) => assert!(own.is_empty()),
            Err(error) => panic!("{error}"),
        }
        earlier.push_front(own.to_vec());
        for _ in 0..16 {
            // Longer ones than beacons can be, as well.
            let mut datagram = input.short().to_vec();
            datagram.extend(std::iter::repeat_n(b'x', input.below(4)));
            sender.send(&datagram).expect("the loopback interface is up");
            let wanted = datagram.len() <= 255 && datagram.starts_with(prefix) && datagram != own;
            let wait = if wanted { DEADLINE } else { Duration::ZERO };
            let is_late =
                |frame: &[u8]| frame != datagram && earlier.iter().any(|sent| sent == frame);
            let received = loop {
                match beacon.receive(&Wait::new(Some(wait))) {
                    Ok((_, frame)) if is_late(&frame) => assert!(frame.starts_with(prefix)),
                    received => break received,
                }
            };
            match received {
                Ok((_, frame)) => {
                    assert!(wanted && *frame == *datagram, "{:?} for {datagram:?}", &*frame);
                }
                Err(Error::Again) => assert!(!wanted, "{datagram:?}"),
                Err(error) => panic!("{error}"),
            }
            earlier.push_front(datagram);
            earlier.truncate(REMEMBERED);
            if input.is_empty() {
                break;
            }
        }
        beacon.silence().expect("it was not stopped");
    });
}
