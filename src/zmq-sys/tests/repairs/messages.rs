//! Messages with memory of the caller.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use zmq_sys as sys;
use zmq_sys::additions::{
    zmq_msg_disown, zmq_msg_recv_view, zmq_recv_many, zmq_send_many, zmq_view_t,
};

use crate::wait::{await_command, go_on};

static FREED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn free(_: *mut c_void, _: *mut c_void) {
    FREED.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn memory_that_was_not_sent_is_taken_back() {
    let context = zmq::Context::new();
    let mut push = context.socket(zmq::PUSH).unwrap();
    let mut bytes = [7u8; 100];
    for disowned in [false, true] {
        let before = FREED.load(Ordering::SeqCst);
        let mut message = MaybeUninit::<sys::zmq_msg_t>::uninit();
        // SAFETY: the message is made before it is used and closed, and the bytes live
        // longer.
        unsafe {
            let (message, data) = (message.as_mut_ptr(), bytes.as_mut_ptr().cast());
            assert_eq!(sys::zmq_msg_init_data(message, data, 100, Some(free), ptr::null_mut()), 0);
            assert_eq!(sys::zmq_msg_send(message, push.as_mut_ptr(), sys::ZMQ_DONTWAIT as i32), -1);
            if disowned {
                zmq_msg_disown(message);
            }
            assert_eq!(sys::zmq_msg_close(message), 0);
        }
        assert_eq!(FREED.load(Ordering::SeqCst) - before, usize::from(!disowned));
    }
}

#[test]
fn frames_of_an_unfinished_message_are_freed_when_its_peer_ends() {
    static FREED: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "C" fn free(_: *mut c_void, _: *mut c_void) {
        FREED.fetch_add(1, Ordering::SeqCst);
    }
    let context = zmq::Context::new();
    let mut push = context.socket(zmq::PUSH).unwrap();
    let pull = context.socket(zmq::PULL).unwrap();
    push.bind("inproc://unfinished").unwrap();
    pull.connect("inproc://unfinished").unwrap();
    go_on(&push);
    let mut bytes = [7u8; 100];
    let mut message = MaybeUninit::<sys::zmq_msg_t>::uninit();
    // SAFETY: the message is made before it is used and closed, and the bytes live longer than
    // the context.
    unsafe {
        let (message, data) = (message.as_mut_ptr(), bytes.as_mut_ptr().cast());
        assert_eq!(sys::zmq_msg_init_data(message, data, 100, Some(free), ptr::null_mut()), 0);
        assert_eq!(sys::zmq_msg_send(message, push.as_mut_ptr(), sys::ZMQ_SNDMORE as i32), 100);
    }
    drop(pull);
    await_command(&push);
    // It learns of the end before it sends the last frame, which may be refused then.
    let _ = push.send("end", zmq::DONTWAIT);
    drop(push);
    drop(context);
    assert_eq!(FREED.load(Ordering::SeqCst), 1);
}

#[test]
fn a_frame_is_received_and_described() {
    let context = zmq::Context::new();
    let mut pull = context.socket(zmq::PULL).unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    pull.bind("inproc://view").unwrap();
    push.connect("inproc://view").unwrap();
    let long = vec![b'x'; 1000];
    push.send_multipart([&b"short"[..], &long, b""], 0).unwrap();
    let mut message = MaybeUninit::<sys::zmq_msg_t>::uninit();
    let mut view = |message: *mut sys::zmq_msg_t| {
        let mut view = zmq_view_t { data: ptr::null(), size: 0 };
        // SAFETY: the message is initialized before it is received into, and stays in its
        // place as long as its bytes are read.
        unsafe {
            let flags = sys::ZMQ_DONTWAIT as i32;
            let more = zmq_msg_recv_view(message, pull.as_mut_ptr(), flags, &mut view);
            let bytes = || std::slice::from_raw_parts(view.data.cast::<u8>(), view.size);
            (more >= 0).then(|| (bytes().to_vec(), more))
        }
    };
    // SAFETY: it is memory for a message.
    unsafe { assert_eq!(sys::zmq_msg_init(message.as_mut_ptr()), 0) };
    assert_eq!(view(message.as_mut_ptr()), Some((b"short".to_vec(), 1)));
    assert_eq!(view(message.as_mut_ptr()), Some((long.clone(), 1)));
    assert_eq!(view(message.as_mut_ptr()), Some((Vec::new(), 0)));
    // SAFETY: it is closed once.
    unsafe { assert_eq!(sys::zmq_msg_close(message.as_mut_ptr()), 0) };
}

#[test]
fn many_frames_are_sent_and_received_at_once() {
    let context = zmq::Context::new();
    let mut pull = context.socket(zmq::PULL).unwrap();
    let mut push = context.socket(zmq::PUSH).unwrap();
    pull.bind("inproc://many").unwrap();
    push.connect("inproc://many").unwrap();
    let view = |bytes: &'static [u8]| zmq_view_t { data: bytes.as_ptr().cast(), size: bytes.len() };
    let frames = [view(b"one"), view(b""), view(b"three")];
    let flags = sys::ZMQ_DONTWAIT as i32;
    let mut send = |one_message| {
        // SAFETY: the frames are valid.
        unsafe { zmq_send_many(push.as_mut_ptr(), frames.as_ptr(), 3, flags, one_message) }
    };
    assert_eq!((send(1), send(0)), (3, 3));

    let mut messages = [sys::zmq_msg_t::default(); 5];
    let mut views = [zmq_view_t { data: ptr::null(), size: 0 }; 5];
    let mut ends = [0; 5];
    // SAFETY: it is memory for messages.
    messages.iter_mut().for_each(|message| unsafe { assert_eq!(sys::zmq_msg_init(message), 0) });
    let mut receive = |room: usize, most| {
        let mut frames = room;
        // SAFETY: the messages are initialized and there is room for five.
        let count = unsafe {
            zmq_recv_many(
                pull.as_mut_ptr(),
                messages.as_mut_ptr(),
                views.as_mut_ptr(),
                &mut frames,
                ends.as_mut_ptr(),
                most,
                flags,
            )
        };
        (count, frames, ends[..count].to_vec(), views[..frames].iter().map(|v| v.size).collect())
    };
    assert_eq!(receive(2, 9), (0, 2, vec![], vec![3, 0]));
    assert_eq!(receive(5, 2), (2, 2, vec![1, 2], vec![5, 3]));
    assert_eq!(receive(5, 9), (2, 2, vec![1, 2], vec![0, 5]));
    assert_eq!(receive(5, 9), (0, 0, vec![], Vec::<usize>::new()));
    // SAFETY: each is closed once.
    messages.iter_mut().for_each(|message| unsafe { assert_eq!(sys::zmq_msg_close(message), 0) });
}
