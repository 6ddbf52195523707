//! Messages that subscribers send to publishers.

use std::mem::MaybeUninit;

use zmq_sys as sys;

use crate::wait::TIMEOUT;

/// True if the bytes of a message may be shared, as reported by `zmq_msg_get(3)`.
const SHARED: i32 = 3;

#[test]
fn a_shared_message_arrives_at_an_xpub_as_one_of_its_own() {
    let context = zmq::Context::new();
    let mut xpub = context.socket(zmq::XPUB).unwrap();
    let mut xsub = context.socket(zmq::XSUB).unwrap();
    xpub.bind("inproc://upstream").unwrap();
    xsub.connect("inproc://upstream").unwrap();
    xpub.set_rcvtimeo(TIMEOUT).unwrap();

    let mut kept = MaybeUninit::<sys::zmq_msg_t>::uninit();
    let mut sent = MaybeUninit::<sys::zmq_msg_t>::uninit();
    let mut received = MaybeUninit::<sys::zmq_msg_t>::uninit();
    // SAFETY: each message is made before it is used and closed, or sent, once.
    unsafe {
        assert_eq!(sys::zmq_msg_init_size(kept.as_mut_ptr(), 300), 0);
        std::ptr::write_bytes(sys::zmq_msg_data(kept.as_mut_ptr()).cast::<u8>(), b'm', 300);
        assert_eq!(sys::zmq_msg_init(sent.as_mut_ptr()), 0);
        assert_eq!(sys::zmq_msg_copy(sent.as_mut_ptr(), kept.as_mut_ptr()), 0);
        assert_eq!(sys::zmq_msg_send(sent.as_mut_ptr(), xsub.as_mut_ptr(), 0), 300);

        assert_eq!(sys::zmq_msg_init(received.as_mut_ptr()), 0);
        assert_eq!(sys::zmq_msg_recv(received.as_mut_ptr(), xpub.as_mut_ptr(), 0), 300);
        assert_eq!(sys::zmq_msg_get(received.as_ptr(), SHARED), 0);
        assert_eq!(sys::zmq_msg_close(received.as_mut_ptr()), 0);
        assert_eq!(sys::zmq_msg_close(kept.as_mut_ptr()), 0);
    }
}

#[test]
fn parts_of_an_upstream_message_stay_together() {
    let context = zmq::Context::new();
    let xpub = context.socket(zmq::XPUB).unwrap();
    let xsub = context.socket(zmq::XSUB).unwrap();
    xpub.bind("inproc://upstream-parts").unwrap();
    xsub.connect("inproc://upstream-parts").unwrap();
    xpub.set_rcvtimeo(TIMEOUT).unwrap();

    xsub.send_multipart(["one", "two", "three"], 0).unwrap();
    assert_eq!(
        xpub.recv_multipart(0).unwrap(),
        [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]
    );
}
