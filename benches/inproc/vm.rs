//! The ABI for virtual machines, as an adapter uses it.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::sync::LazyLock;

use zeromq::core::{Code, SocketType};
use zeromq::vm::abi::{
    Bytes, Class, Host, Items, Method, Object, Payload, Registration, Returned, Value, ZEROMQ_ABI,
    ZEROMQ_INT, ZEROMQ_LIST, ZEROMQ_OBJECT, ZEROMQ_STRING,
};
use zeromq::vm::{
    zeromq_call, zeromq_classes, zeromq_host_register, zeromq_object_free, zeromq_result_free,
};

use crate::{BURST, Order, Pattern, Ways, class, read};

/// An object, and the methods that it is used with.
struct End {
    host: Registration,
    object: Object,
    send: *const Method,
    receive: *const Method,
}

// SAFETY: objects may be used on any thread, and methods are never changed.
unsafe impl Send for End {}

impl Drop for End {
    fn drop(&mut self) {
        zeromq_object_free(self.object);
    }
}

pub fn ways(pattern: &Pattern) -> Ways {
    vec![match (pattern.order, pattern.frames) {
        (Order::Batch, _) => {
            let open = open("sendbatch", "receivebatch");
            ("ABI sendbatch, receivebatch", pattern.run(open, send_batch, receive_batch))
        }
        (_, 1) => ("ABI send, receive", pattern.run(open("send", "receive"), send::<1>, receive)),
        _ => ("ABI send, receiveall", pattern.run(open("send", "receiveall"), send::<3>, receive)),
    }]
}

fn open(send: &str, receive: &str) -> impl Fn(SocketType, &str) -> End {
    move |kind, endpoint| {
        let host = *HOST;
        let constructor = find_class(class(kind)).constructor;
        let object = call(host, constructor, 0, &[string(endpoint.as_bytes())], |value| {
            assert_eq!(value.kind, ZEROMQ_OBJECT);
            // SAFETY: it is an object.
            unsafe { value.payload.object }
        });
        End { host, object, send: find_method(send), receive: find_method(receive) }
    }
}

/// Sends a message of N frames.
fn send<const N: usize>(end: &mut End, frame: &'static [u8]) {
    call(end.host, end.send, end.object, &[string(frame); N], |_| ());
}

fn send_batch(end: &mut End, frame: &'static [u8]) {
    let messages = [string(frame); BURST];
    let items = Items { data: messages.as_ptr(), count: BURST };
    let list = [Value { kind: ZEROMQ_LIST, payload: Payload { items } }];
    call(end.host, end.send, end.object, &list, |_| ());
}

fn receive(end: &mut End) {
    call(end.host, end.receive, end.object, &[], read_value);
}

fn receive_batch(end: &mut End) {
    let most = [Value { kind: ZEROMQ_INT, payload: Payload { integer: BURST as i64 } }];
    let mut count = 0;
    while count < BURST {
        count += call(end.host, end.receive, end.object, &most, read_value);
    }
}

/// Calls a method, passes its result to `take`, and frees it.
fn call<T>(
    host: Registration,
    method: *const Method,
    object: Object,
    arguments: &[Value],
    take: impl FnOnce(&Value) -> T,
) -> T {
    let (values, count) = (arguments.as_ptr(), arguments.len());
    let mut result = MaybeUninit::<Returned>::uninit();
    let place = result.as_mut_ptr();
    // SAFETY: there are this many values, no named ones, and a place for the result, which
    // is read after the call has succeeded.
    unsafe {
        let code = zeromq_call(host, method, object, values, count, ptr::null(), 0, place);
        assert_eq!(code, Code::Ok);
        let taken = take(&(*place).value);
        if (*place).owned != 0 {
            zeromq_result_free(place);
        }
        taken
    }
}

fn string(bytes: &[u8]) -> Value {
    let bytes = Bytes { data: bytes.as_ptr().cast(), size: bytes.len() };
    Value { kind: ZEROMQ_STRING, payload: Payload { bytes } }
}

/// Reads a string or a list of strings, and returns how many there are.
fn read_value(value: &Value) -> usize {
    match value.kind {
        ZEROMQ_STRING => {
            // SAFETY: it is a string.
            let Bytes { data, size } = unsafe { value.payload.bytes };
            // SAFETY: the result has these bytes.
            read(unsafe { slice::from_raw_parts(data.cast(), size) });
            1
        }
        ZEROMQ_LIST => {
            // SAFETY: it is a list.
            let Items { data, count } = unsafe { value.payload.items };
            // SAFETY: the result has these items.
            unsafe { slice::from_raw_parts(data, count) }.iter().map(read_value).sum()
        }
        other => panic!("a result of kind {other}"),
    }
}

static HOST: LazyLock<Registration> = LazyLock::new(|| {
    static CONTEXT: u8 = 0;
    let host = Host {
        size: size_of::<Host>() as u32,
        abi: ZEROMQ_ABI,
        context: (&raw const CONTEXT).cast_mut().cast(),
        flags: 0,
        warn: None,
        interrupted: None,
        call: None,
        policy: std::ptr::null(),
        failure: None,
    };
    let mut registration = 0;
    // SAFETY: the host is filled in, and the number may be written.
    let code = unsafe { zeromq_host_register(&raw const host, &raw mut registration) };
    assert_eq!(code, Code::Ok);
    registration
});

fn find_class(name: &str) -> &'static Class {
    let classes = zeromq_classes();
    // SAFETY: the array ends with NULL, and classes are never freed.
    let mut classes = (0..).map_while(|index| unsafe { (*classes.add(index)).as_ref() });
    classes.find(|class| is(class.name, name)).unwrap()
}

/// Returns a method of sockets.
fn find_method(name: &str) -> *const Method {
    let socket = find_class("ZMQSocket");
    // SAFETY: the class has this many methods, which are never freed.
    let methods = unsafe { slice::from_raw_parts(socket.methods, socket.method_count as usize) };
    // SAFETY: as above.
    *methods.iter().find(|method| is(unsafe { (***method).name }, name)).unwrap()
}

fn is(text: *const c_char, name: &str) -> bool {
    // SAFETY: names are NUL-terminated.
    unsafe { CStr::from_ptr(text) }.to_bytes() == name.as_bytes()
}
