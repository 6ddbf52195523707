//! How much the library adds to libzmq: one thread sends messages of 10 bytes to
//! itself over inproc, through libzmq's own functions, through the zmq crate,
//! through the core, by the functions for C, and by the table as hosts do. The rounds take turns, since
//! machines are noisy; only the ratios carry over.
//!
//!     cargo bench --bench inproc

use std::ffi::CStr;
use std::hint::black_box;
use std::time::{Duration, Instant};

use zeromq::binding::table::{Row, rows};
use zeromq::binding::{Arguments, Handle, Host, Kept, Object, Value, ValueRef, call};
use zeromq::capi::message::{
    Message, zeromq_message_data, zeromq_message_new, zeromq_message_size,
};
use zeromq::capi::socket::{
    self as c, zeromq_socket_new, zeromq_socket_receive, zeromq_socket_send,
};
use zeromq::core::wait::Interrupt;
use zeromq::core::{Error, Socket, SocketType, Wait};

const MESSAGES: u32 = 200_000;
const ROUNDS: usize = 15;
const TEXT: &[u8] = b"0123456789";

/// Sends and receives one message.
type Way = Box<dyn FnMut()>;

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

    fn machine(&self) -> usize {
        0
    }
}

fn main() {
    let mut ways: [(&str, Way); 6] = [
        ("libzmq", libzmq()),
        ("zmq crate", zmq_crate()),
        ("core", core()),
        ("capi", capi()),
        ("+ read", capi_read()),
        ("table", table()),
    ];
    let mut times = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter_mut().zip(&mut times) {
            times.push(time(way));
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let raw = median(&mut times[0]);
    for ((name, _), times) in ways.iter().zip(&mut times) {
        let time = median(times);
        let each = time.as_secs_f64() / f64::from(MESSAGES) * 1e9;
        let ratio = raw.as_secs_f64() / time.as_secs_f64();
        println!("{name:>10}: {each:5.0} ns a message, {ratio:.2} of libzmq's speed");
    }
    println!("{:>10}: {:5.1} ns to check a handle of C in a call", "", check());
}

/// What a call costs that finds out what its handle means and does next to nothing.
fn check() -> f64 {
    let message = zeromq_message_new();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            time(&mut || {
                black_box(zeromq_message_size(black_box(message), 0));
            })
        })
        .collect();
    times.sort();
    times[ROUNDS / 2].as_secs_f64() / f64::from(MESSAGES) * 1e9
}

fn time(way: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..MESSAGES {
        way();
    }
    start.elapsed()
}

fn libzmq() -> Way {
    // SAFETY: the socket functions get sockets that are never closed, and buffers
    // of the length that they are told.
    unsafe {
        let context = zmq_sys::zmq_ctx_new();
        let pull = zmq_sys::zmq_socket(context, zmq_sys::ZMQ_PULL as i32);
        let push = zmq_sys::zmq_socket(context, zmq_sys::ZMQ_PUSH as i32);
        assert_eq!(zmq_sys::zmq_bind(pull, c"inproc://raw".as_ptr()), 0);
        assert_eq!(zmq_sys::zmq_connect(push, c"inproc://raw".as_ptr()), 0);
        let mut buffer = [0u8; 64];
        Box::new(move || {
            zmq_sys::zmq_send(push, TEXT.as_ptr().cast(), TEXT.len(), 0);
            let size = zmq_sys::zmq_recv(pull, buffer.as_mut_ptr().cast(), buffer.len(), 0);
            black_box((size, &buffer));
        })
    }
}

fn zmq_crate() -> Way {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    pull.bind("inproc://crate").unwrap();
    push.connect("inproc://crate").unwrap();
    Box::new(move || {
        push.send(TEXT, 0).unwrap();
        black_box(&*pull.recv_msg(0).unwrap());
    })
}

fn core() -> Way {
    let pull = Socket::attached(SocketType::Pull, "inproc://core").unwrap();
    let push = Socket::attached(SocketType::Push, "inproc://core").unwrap();
    let wait = Wait::new(None);
    Box::new(move || {
        push.send(&[TEXT], &wait).unwrap();
        black_box(&*pull.receive(&wait).unwrap());
    })
}

fn capi() -> Way {
    let (pull, push, message) = c_sockets(c"inproc://capi");
    Box::new(move || {
        // SAFETY: there are as many bytes; handles are checked.
        let sent = unsafe { zeromq_socket_send(push, TEXT.as_ptr().cast(), TEXT.len(), -1) };
        let received = zeromq_socket_receive(pull, message, -1);
        black_box((sent, received));
    })
}

/// As `capi`, and the bytes are looked at.
fn capi_read() -> Way {
    let (pull, push, message) = c_sockets(c"inproc://capi-read");
    Box::new(move || {
        // SAFETY: there are as many bytes; handles are checked.
        let sent = unsafe { zeromq_socket_send(push, TEXT.as_ptr().cast(), TEXT.len(), -1) };
        let received = zeromq_socket_receive(pull, message, -1);
        let size = zeromq_message_size(message, 0);
        black_box((sent, received, size, zeromq_message_data(message, 0)));
    })
}

fn c_sockets(endpoint: &CStr) -> (*mut c::Socket, *mut c::Socket, *mut Message) {
    // SAFETY: the endpoint is a text.
    let open = |kind| unsafe { zeromq_socket_new(kind, endpoint.as_ptr()) };
    let sockets = (open(c::ZEROMQ_PULL), open(c::ZEROMQ_PUSH), zeromq_message_new());
    assert!(!sockets.0.is_null() && !sockets.1.is_null() && !sockets.2.is_null());
    sockets
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
        call(send, Some(&push), &arguments, &Silent, result).unwrap();
        call(receive, Some(&pull), &Arguments::default(), &Silent, result).unwrap();
    })
}

fn row(name: &str) -> &'static Row {
    rows().iter().find(|row| row.method.name == name).unwrap()
}
