//! How much the library adds to libzmq, with messages of 10 bytes over inproc. One
//! thread sends to itself through libzmq's own functions, the zmq crate, the core, the
//! C API, and the class table as hosts do. Then, with libzmq's functions and with the C
//! API, one thread sends to another, and a request is answered. Finally, a poller finds
//! the one socket of many that has a message, as zmq_poll does. The rounds alternate,
//! because machines are noisy; only the ratios are comparable.
//!
//!     cargo bench --bench inproc
//!
//! `cargo bench --bench inproc -- poller` measures pollers only.

use std::ffi::{CStr, CString, c_char};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use zeromq::binding::{Arguments, Handle, Host, Kept, Object, Value, ValueRef, call};
use zeromq::binding::{Row, rows};
use zeromq::capi::message::{
    Message, zeromq_message_data, zeromq_message_new, zeromq_message_size,
};
use zeromq::capi::socket::{
    self as c, SocketKind, zeromq_socket_new, zeromq_socket_receive, zeromq_socket_send,
};
use zeromq::core::wait::Interrupt;
use zeromq::core::{Error, Poller, Ready, Socket, SocketType, Source, Wait};
use zmq_sys as sys;

const MESSAGES: u32 = 200_000;
const ROUNDS: usize = 15;
const TEXT: &[u8] = b"0123456789";

/// Sends and receives this many messages and returns how long that took.
type Way = Box<dyn FnMut() -> Duration>;

/// A socket connected to another one, and how to send and receive a message.
struct Pair<S> {
    near: S,
    far: S,
    send: fn(&mut S),
    receive: fn(&mut S),
}

struct Silent;

impl Host for Silent {
    fn keep(&self, handle: Handle) -> Kept {
        Kept::new(handle, None)
    }

    fn call(
        &self,
        _: Handle,
        _: Vec<Value>,
        _: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error> {
        Err(Error::Callback)
    }

    fn warn(&self, _: &'static CStr, _: &str) {}

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        None
    }

    fn id(&self) -> usize {
        0
    }
}

fn main() {
    if std::env::args().all(|argument| argument != "poller") {
        calls();
    }
    for count in [1, 2, 5, 8, 12, 101, 501] {
        compare(
            &format!("a message to one of {count} polled sockets"),
            &mut [
                ("libzmq", polled(libzmq_poll(count), count)),
                ("core", polled(core_poll(count), count)),
            ],
        );
    }
    for count in [1, 2, 5, 8, 12, 101, 501] {
        compare(
            &format!("a message from another thread to one of {count} polled sockets"),
            &mut [
                ("libzmq", awaited(libzmq_poll(count), count)),
                ("core", awaited(core_poll(count), count)),
            ],
        );
    }
}

fn calls() {
    compare(
        "a message to itself",
        &mut [
            ("libzmq", to_itself(libzmq("itself", sys::ZMQ_PUSH, sys::ZMQ_PULL))),
            ("zmq crate", zmq_crate()),
            ("core", core()),
            (
                "capi",
                to_itself(capi(
                    c"inproc://itself",
                    SocketKind::ZEROMQ_PUSH,
                    SocketKind::ZEROMQ_PULL,
                )),
            ),
            ("+ read", capi_read()),
            ("table", table()),
        ],
    );
    compare(
        "a message to another thread",
        &mut [
            ("libzmq", to_another(libzmq("another", sys::ZMQ_PUSH, sys::ZMQ_PULL))),
            (
                "capi",
                to_another(capi(
                    c"inproc://another",
                    SocketKind::ZEROMQ_PUSH,
                    SocketKind::ZEROMQ_PULL,
                )),
            ),
        ],
    );
    compare(
        "a request and its reply",
        &mut [
            ("libzmq", there_and_back(libzmq("back", sys::ZMQ_REQ, sys::ZMQ_REP))),
            (
                "capi",
                there_and_back(capi(
                    c"inproc://back",
                    SocketKind::ZEROMQ_REQUEST,
                    SocketKind::ZEROMQ_REPLY,
                )),
            ),
        ],
    );
    println!("{:.1} ns to check a handle of C in a call", check());
}

/// Prints how long each way takes, and its speed relative to the first.
fn compare(what: &str, ways: &mut [(&str, Way)]) {
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter_mut().zip(&mut times) {
            times.push(way());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let raw = median(&mut times[0]);
    println!("{what}:");
    for ((name, _), times) in ways.iter().zip(&mut times) {
        let time = median(times);
        let each = time.as_secs_f64() / f64::from(MESSAGES) * 1e9;
        let ratio = raw.as_secs_f64() / time.as_secs_f64();
        println!("{name:>12}: {each:5.0} ns, {ratio:.2} of libzmq's speed");
    }
}

/// Measures a call that looks up its handle and does almost nothing else.
fn check() -> f64 {
    let message = zeromq_message_new();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            time(|| {
                black_box(zeromq_message_size(black_box(message), 0));
            })
        })
        .collect();
    times.sort();
    times[ROUNDS / 2].as_secs_f64() / f64::from(MESSAGES) * 1e9
}

fn time(mut each: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..MESSAGES {
        each();
    }
    start.elapsed()
}

fn to_itself<S: 'static>(mut pair: Pair<S>) -> Way {
    Box::new(move || {
        time(|| {
            (pair.send)(&mut pair.near);
            (pair.receive)(&mut pair.far);
        })
    })
}

fn to_another<S: Send + 'static>(mut pair: Pair<S>) -> Way {
    Box::new(move || {
        let Pair { near, far, send, receive } = &mut pair;
        thread::scope(|scope| {
            scope.spawn(|| time(|| send(near)));
            time(|| receive(far))
        })
    })
}

fn there_and_back<S: 'static>(mut pair: Pair<S>) -> Way {
    Box::new(move || {
        let Pair { near, far, send, receive } = &mut pair;
        time(|| {
            send(near);
            receive(far);
            send(far);
            receive(near);
        })
    })
}

/// Polled sockets, one of which has a sender.
struct Polled<S> {
    pair: Pair<S>,
    wait: Box<dyn FnMut()>,
}

/// Measures fewer messages, because each takes longer, as if there were as many.
fn fewer(count: usize, mut each: impl FnMut()) -> Duration {
    let messages = MESSAGES / (count as u32 + 10);
    let start = Instant::now();
    for _ in 0..messages {
        each();
    }
    start.elapsed() * MESSAGES / messages
}

fn polled<S: 'static>(mut polled: Polled<S>, count: usize) -> Way {
    Box::new(move || {
        fewer(count, || {
            (polled.pair.send)(&mut polled.pair.near);
            (polled.wait)();
            (polled.pair.receive)(&mut polled.pair.far);
        })
    })
}

/// The sender sends when it is told, so that the wait blocks.
fn awaited<S: Send + 'static>(mut polled: Polled<S>, count: usize) -> Way {
    let (next, told) = mpsc::channel::<()>();
    let Pair { mut near, mut far, send, receive } = polled.pair;
    thread::spawn(move || {
        while told.recv().is_ok() {
            send(&mut near);
        }
    });
    Box::new(move || {
        fewer(count + 50, || {
            next.send(()).unwrap();
            (polled.wait)();
            receive(&mut far);
        })
    })
}

fn libzmq_poll(count: usize) -> Polled<Raw> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("polled-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let pair = libzmq(&name, sys::ZMQ_PUSH, sys::ZMQ_PULL);
    // SAFETY: as in libzmq.
    let context = unsafe { sys::zmq_ctx_new() };
    let mut items: Vec<sys::zmq_pollitem_t> = (1..count)
        .map(|index| {
            let endpoint = CString::new(format!("inproc://idle-{index}")).unwrap();
            // SAFETY: as in libzmq.
            let pull = unsafe { sys::zmq_socket(context, sys::ZMQ_PULL as i32) };
            // SAFETY: as in libzmq.
            assert_eq!(unsafe { sys::zmq_bind(pull, endpoint.as_ptr()) }, 0);
            item(pull)
        })
        .collect();
    items.insert(count / 2, item(pair.far.0));
    let wait = move || {
        // SAFETY: there are as many items, and their sockets are open.
        assert_eq!(unsafe { sys::zmq_poll(items.as_mut_ptr(), items.len() as i32, -1) }, 1);
    };
    Polled { pair, wait: Box::new(wait) }
}

fn item(socket: *mut std::ffi::c_void) -> sys::zmq_pollitem_t {
    sys::zmq_pollitem_t { socket, fd: 0, events: sys::ZMQ_POLLIN as i16, revents: 0 }
}

fn core_poll(count: usize) -> Polled<Arc<Socket>> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("core-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let pull = |index| {
        Socket::attached(SocketType::Pull, &format!("inproc://idle-{name}-{index}")).unwrap()
    };
    let far = pull(0);
    let near = Socket::attached(SocketType::Push, &format!("inproc://idle-{name}-0")).unwrap();
    let mut pulls: Vec<_> = (1..count).map(pull).collect();
    pulls.insert(count / 2, far.clone());
    let poller = Poller::default();
    for pull in pulls {
        poller.add(Source::Socket(pull), Ready::IN, ()).unwrap();
    }
    let pair = Pair {
        near,
        far,
        send: |socket: &mut Arc<Socket>| socket.send(&[TEXT], &Wait::new(None)).unwrap(),
        receive: |socket| {
            black_box(&*socket.receive(&Wait::new(None)).unwrap());
        },
    };
    let wait = move || {
        poller.wait(&Wait::new(None)).unwrap();
    };
    Polled { pair, wait: Box::new(wait) }
}

/// A libzmq socket.
struct Raw(*mut std::ffi::c_void);

// SAFETY: one thread at a time has it, and a thread that is joined hands it back.
unsafe impl Send for Raw {}

fn libzmq(name: &str, near: u32, far: u32) -> Pair<Raw> {
    let endpoint = CString::new(format!("inproc://raw-{name}")).unwrap();
    // SAFETY: the functions get a context and sockets that are never closed.
    let (near, far) = unsafe {
        let context = sys::zmq_ctx_new();
        let far = sys::zmq_socket(context, far as i32);
        let near = sys::zmq_socket(context, near as i32);
        assert_eq!(sys::zmq_bind(far, endpoint.as_ptr()), 0);
        assert_eq!(sys::zmq_connect(near, endpoint.as_ptr()), 0);
        (Raw(near), Raw(far))
    };
    Pair {
        near,
        far,
        send: |socket| {
            // SAFETY: the socket is open, and there are as many bytes.
            black_box(unsafe { sys::zmq_send(socket.0, TEXT.as_ptr().cast(), TEXT.len(), 0) });
        },
        receive: |socket| {
            let mut buffer = [0u8; 64];
            let place = buffer.as_mut_ptr().cast();
            // SAFETY: the socket is open, and there is room for as many bytes.
            let size = unsafe { sys::zmq_recv(socket.0, place, buffer.len(), 0) };
            black_box((size, &buffer));
        },
    }
}

fn zmq_crate() -> Way {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    pull.bind("inproc://crate").unwrap();
    push.connect("inproc://crate").unwrap();
    Box::new(move || {
        time(|| {
            push.send(TEXT, 0).unwrap();
            black_box(&*pull.recv_msg(0).unwrap());
        })
    })
}

fn core() -> Way {
    let pull = Socket::attached(SocketType::Pull, "inproc://core").unwrap();
    let push = Socket::attached(SocketType::Push, "inproc://core").unwrap();
    let wait = Wait::new(None);
    Box::new(move || {
        time(|| {
            push.send(&[TEXT], &wait).unwrap();
            black_box(&*pull.receive(&wait).unwrap());
        })
    })
}

/// The handles of a socket and of the message it receives into.
struct Handles(*mut c::Socket, *mut Message);

// SAFETY: they are checked in every call.
unsafe impl Send for Handles {}

fn capi(endpoint: &CStr, near: SocketKind, far: SocketKind) -> Pair<Handles> {
    // SAFETY: the endpoint is a text.
    let open = |kind: SocketKind, endpoint: *const c_char| unsafe {
        zeromq_socket_new(kind as i32, endpoint)
    };
    let far = open(far, endpoint.as_ptr());
    let near = open(near, endpoint.as_ptr());
    assert!(!near.is_null() && !far.is_null());
    Pair {
        near: Handles(near, zeromq_message_new()),
        far: Handles(far, zeromq_message_new()),
        send: |handles| {
            // SAFETY: there are as many bytes; handles are checked.
            black_box(unsafe {
                zeromq_socket_send(handles.0, TEXT.as_ptr().cast(), TEXT.len(), -1)
            });
        },
        receive: |handles| {
            black_box(zeromq_socket_receive(handles.0, handles.1, -1));
        },
    }
}

/// Does the same as `capi`, and reads the bytes.
fn capi_read() -> Way {
    let mut pair = capi(c"inproc://read", SocketKind::ZEROMQ_PUSH, SocketKind::ZEROMQ_PULL);
    Box::new(move || {
        time(|| {
            (pair.send)(&mut pair.near);
            (pair.receive)(&mut pair.far);
            let message = pair.far.1;
            black_box((zeromq_message_size(message, 0), zeromq_message_data(message, 0)));
        })
    })
}

fn table() -> Way {
    let open = |class| {
        let endpoint = [ValueRef::String(b"inproc://table")];
        let arguments = Arguments { positional: &endpoint, named: &[] };
        let object = |value: &mut Value| match value {
            Value::Object(object) => object.clone(),
            other => panic!("{other:?}"),
        };
        call(row(class), None, &arguments, &Silent, object).unwrap()
    };
    let (pull, push): (Object, Object) = (open("ZMQPull"), open("ZMQPush"));
    let (send, receive) = (row("send"), row("receive"));
    Box::new(move || {
        let text = [ValueRef::String(TEXT)];
        let arguments = Arguments { positional: &text, named: &[] };
        let result = |value: &mut Value| {
            black_box(value);
        };
        time(|| {
            call(send, Some(&push), &arguments, &Silent, result).unwrap();
            call(receive, Some(&pull), &Arguments::default(), &Silent, result).unwrap();
        })
    })
}

fn row(name: &str) -> &'static Row {
    rows().iter().find(|row| row.method.name == name).unwrap()
}
