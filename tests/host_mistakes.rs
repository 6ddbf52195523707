//! The interface for virtual machines, used by hosts that make mistakes: each mistake
//! returns a code and a message, and never crashes.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{offset_of, size_of, zeroed};
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use zeromq::capi::error::zeromq_last_error;
use zeromq::core::Code;
use zeromq::vm::abi::{
    Bytes, Class, Host, Invocation, Items, Method, Named, Payload, Value, ZEROMQ_ABI,
    ZEROMQ_DICTIONARY, ZEROMQ_FLOAT, ZEROMQ_INT, ZEROMQ_LIST, ZEROMQ_NIL, ZEROMQ_OBJECT,
    ZEROMQ_OTHER, ZEROMQ_STRING,
};
use zeromq::vm::{
    zeromq_call, zeromq_error_tags, zeromq_object_bytes, zeromq_object_class, zeromq_object_equals,
    zeromq_object_free, zeromq_object_hash, zeromq_object_text, zeromq_register, zeromq_value_free,
};

/// A virtual machine that records what the library tells it.
struct Vm {
    host: Host,
    seen: Box<Seen>,
}

#[derive(Default)]
struct Seen {
    classes: RefCell<Vec<*const Class>>,
    warnings: RefCell<Vec<String>>,
}

unsafe extern "C" fn define_class(context: *mut c_void, class: *const Class) -> i32 {
    // SAFETY: context is the Seen of the virtual machine that registers.
    unsafe { &*context.cast::<Seen>() }.classes.borrow_mut().push(class);
    0
}

unsafe extern "C" fn warn(context: *mut c_void, tag: *const c_char, message: *const c_char) {
    // SAFETY: context is the Seen of the virtual machine that calls.
    let seen = unsafe { &*context.cast::<Seen>() };
    seen.warnings.borrow_mut().push(format!("{}: {}", string(tag), string(message)));
}

impl Vm {
    fn new() -> Vm {
        let seen = Box::<Seen>::default();
        let host = Host {
            size: size_of::<Host>() as u32,
            abi: ZEROMQ_ABI,
            context: (&raw const *seen).cast_mut().cast(),
            define_class: Some(define_class),
            warn: Some(warn),
            interrupted: None,
            call: None,
            retain: None,
            release: None,
            flags: 0,
        };
        let vm = Vm { host, seen };
        assert_eq!(register(&vm.host), Code::Ok);
        vm
    }

    fn class(&self, name: &str) -> &'static Class {
        let classes = self.seen.classes.borrow();
        // SAFETY: descriptors of classes stay for ever.
        let mut classes = classes.iter().map(|class| unsafe { &**class });
        classes.find(|class| string(class.name) == name).unwrap()
    }

    fn method(&self, class: &str, name: &str) -> *const Method {
        let class = self.class(class);
        // SAFETY: the descriptor has as many methods as it says.
        let methods =
            unsafe { std::slice::from_raw_parts(class.methods, class.method_count as usize) };
        // SAFETY: as above.
        *methods.iter().find(|method| string(unsafe { (***method).name }) == name).unwrap()
    }

    fn invocation(&self, method: *const Method, receiver: u64, arguments: &[Value]) -> Invocation {
        Invocation {
            size: size_of::<Invocation>() as u32,
            abi: ZEROMQ_ABI,
            host: &self.host,
            method,
            receiver,
            arguments: arguments.as_ptr(),
            argument_count: arguments.len(),
            named: null(),
            named_count: 0,
        }
    }

    fn call(
        &self,
        method: *const Method,
        receiver: u64,
        arguments: &[Value],
    ) -> Result<Value, Code> {
        invoke(&self.invocation(method, receiver, arguments))
    }

    fn open(&self, class: &str, endpoint: &str) -> u64 {
        let socket = self.call(self.class(class).constructor, 0, &[text(endpoint)]).unwrap();
        assert_eq!(socket.kind, ZEROMQ_OBJECT);
        // SAFETY: it is an object.
        unsafe { socket.payload.object }
    }
}

fn string(text: *const c_char) -> String {
    // SAFETY: the library terminates its strings.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

fn register(host: *const Host) -> Code {
    // SAFETY: each test passes NULL or as many bytes as the size in them says.
    unsafe { zeromq_register(host) }
}

fn invoke(invocation: *const Invocation) -> Result<Value, Code> {
    let mut result = nil();
    // SAFETY: each test passes NULL or as many bytes as the size in them says.
    match unsafe { zeromq_call(invocation, &mut result) } {
        Code::Ok => Ok(result),
        code => {
            assert_eq!(result.kind, ZEROMQ_NIL, "the result is written only on success");
            Err(code)
        }
    }
}

fn last_error() -> (String, String) {
    // SAFETY: the error is valid until the next call of this function.
    let error = unsafe { &*zeromq_last_error() };
    (string(error.tag), string(error.message))
}

fn value(kind: u32, payload: Payload) -> Value {
    Value { kind, payload, owner: null_mut() }
}

fn nil() -> Value {
    value(ZEROMQ_NIL, Payload { integer: 0 })
}

fn int(integer: i64) -> Value {
    value(ZEROMQ_INT, Payload { integer })
}

fn bytes(data: *const u8, size: usize) -> Value {
    value(ZEROMQ_STRING, Payload { bytes: Bytes { data: data.cast(), size } })
}

fn text(text: &str) -> Value {
    bytes(text.as_ptr(), text.len())
}

fn items(kind: u32, data: *const Value, count: usize) -> Value {
    value(kind, Payload { items: Items { data, count } })
}

fn of(value: &Value) -> Vec<u8> {
    assert_eq!(value.kind, ZEROMQ_STRING);
    // SAFETY: it is a string of the library.
    unsafe {
        let Bytes { data, size } = value.payload.bytes;
        std::slice::from_raw_parts(data.cast::<u8>(), size).to_owned()
    }
}

fn free(mut value: Value) {
    // SAFETY: the value came from the library, and is not used again.
    unsafe { zeromq_value_free(&mut value) };
    assert_eq!(value.kind, ZEROMQ_NIL);
    // SAFETY: a value that was freed is left alone.
    unsafe { zeromq_value_free(&mut value) };
}

#[test]
fn hosts_that_do_not_fit_are_refused() {
    assert_eq!(register(null()), Code::Host);

    let vm = Vm::new();
    let mut foreign = vm.host;
    foreign.abi = 99;
    assert_eq!(register(&foreign), Code::Host);
    let (tag, message) = last_error();
    assert_eq!(tag, "ZMQErr");
    assert!(message.contains("version 99"), "{message}");

    let mut small = vm.host;
    small.size = 8;
    assert_eq!(register(&small), Code::Host);

    let mut without = vm.host;
    without.define_class = None;
    assert_eq!(register(&without), Code::Host);
}

#[test]
fn a_shorter_and_a_longer_host_are_taken() {
    let vm = Vm::new();
    let mut shorter = vm.host;
    shorter.size = offset_of!(Host, warn) as u32;
    assert_eq!(register(&shorter), Code::Ok);

    #[repr(C)]
    struct Longer {
        host: Host,
        later: [u64; 8],
    }
    let mut longer = Longer { host: vm.host, later: [u64::MAX; 8] };
    longer.host.size = size_of::<Longer>() as u32;
    assert_eq!(register((&raw const longer).cast()), Code::Ok);
}

#[test]
fn a_host_may_end_the_registration() {
    unsafe extern "C" fn refuse(_: *mut c_void, _: *const Class) -> i32 {
        7
    }
    let mut host = Vm::new().host;
    host.define_class = Some(refuse);
    assert_eq!(register(&host), Code::Host);
    assert!(last_error().1.contains("returned 7"));
}

#[test]
fn malformed_invocations_are_refused() {
    let vm = Vm::new();
    let constructor = vm.class("ZMQPull").constructor;
    let good = vm.invocation(constructor, 0, &[]);

    assert_eq!(invoke(null()).err(), Some(Code::Host));
    // SAFETY: a NULL result is an answer of its own.
    assert_eq!(unsafe { zeromq_call(&good, null_mut()) }, Code::Host);
    assert_eq!(invoke(&Invocation { abi: 2, ..good }).err(), Some(Code::Host));
    assert_eq!(invoke(&Invocation { size: 8, ..good }).err(), Some(Code::Host));
    assert_eq!(invoke(&Invocation { host: null(), ..good }).err(), Some(Code::Host));
    assert_eq!(invoke(&Invocation { method: null(), ..good }).err(), Some(Code::Host));
    let invented = constructor.wrapping_byte_add(1);
    assert_eq!(invoke(&Invocation { method: invented, ..good }).err(), Some(Code::Host));
    let counted = Invocation { arguments: null(), argument_count: 1, ..good };
    assert_eq!(invoke(&counted).err(), Some(Code::Host));
    let counted = Invocation { named: null(), named_count: 1, ..good };
    assert_eq!(invoke(&counted).err(), Some(Code::Host));
}

#[test]
fn objects_are_checked() {
    let vm = Vm::new();
    let socket = vm.open("ZMQPull", "inproc://edge-objects");
    let (closed, count) = (vm.method("ZMQSocket", "closed"), vm.method("ZMQFrame", "count"));

    assert!(vm.call(closed, socket, &[]).is_ok());
    assert_eq!(vm.call(closed, 0, &[]).err(), Some(Code::Argument));
    assert_eq!(vm.call(closed, u64::MAX, &[]).err(), Some(Code::Closed));
    assert_eq!(vm.call(closed, 0xdead_beef, &[]).err(), Some(Code::Closed));
    assert_eq!(vm.call(count, socket, &[]).err(), Some(Code::Argument));
    assert!(last_error().1.contains("expected a ZMQFrame"));

    assert_eq!(zeromq_object_class(socket), &raw const *vm.class("ZMQPull"));
    zeromq_object_free(socket);
    zeromq_object_free(socket);
    zeromq_object_free(0);
    assert_eq!(vm.call(closed, socket, &[]).err(), Some(Code::Closed));
    assert!(zeromq_object_class(socket).is_null());
    let mut shown = nil();
    // SAFETY: there is room for the result.
    let code = unsafe { zeromq_object_text(socket, &mut shown) };
    assert_eq!(code, Code::Closed);
    // SAFETY: a NULL result is an answer of its own.
    assert_eq!(unsafe { zeromq_object_text(1, null_mut()) }, Code::Host);
}

#[test]
fn objects_are_equal_that_mean_the_same() {
    let vm = Vm::new();
    let frame = |bytes| {
        let constructor = vm.class("ZMQFrame").constructor;
        let made = vm.call(constructor, 0, &[text(bytes)]).unwrap();
        // SAFETY: the result of a constructor is an object.
        unsafe { made.payload.object }
    };
    let (one, same, other) = (frame("a"), frame("a"), frame("b"));
    let socket = vm.open("ZMQPair", "");
    let another = vm.open("ZMQPair", "");
    assert_eq!(zeromq_object_equals(one, same), 1);
    assert_eq!(zeromq_object_hash(one), zeromq_object_hash(same));
    assert_eq!(zeromq_object_equals(one, other), 0);
    assert_eq!(zeromq_object_equals(one, socket), 0);
    assert_eq!(zeromq_object_equals(socket, socket), 1);
    assert_eq!(zeromq_object_equals(socket, another), 0);
    assert_ne!(zeromq_object_hash(socket), zeromq_object_hash(another));
    zeromq_object_free(same);
    assert_eq!(zeromq_object_equals(one, same), 0);
    assert_eq!((zeromq_object_equals(0, 0), zeromq_object_hash(0)), (0, 0));
}

#[test]
fn malformed_values_are_refused() {
    let vm = Vm::new();
    let socket = vm.open("ZMQPair", "@inproc://edge-values");
    let send = vm.method("ZMQSocket", "send");
    let refused = |value| vm.call(send, socket, &[value]).err();

    assert_eq!(refused(value(99, Payload { integer: 0 })), Some(Code::Host));
    assert_eq!(refused(bytes(null(), 5)), Some(Code::Host));
    assert_eq!(refused(items(ZEROMQ_LIST, null(), 5)), Some(Code::Host));
    assert_eq!(refused(items(ZEROMQ_LIST, [nil()].as_ptr(), usize::MAX)), Some(Code::Host));
    assert_eq!(refused(items(ZEROMQ_DICTIONARY, [nil()].as_ptr(), 1)), Some(Code::Host));
    assert_eq!(refused(value(ZEROMQ_OBJECT, Payload { object: 12345 })), Some(Code::Closed));
    assert_eq!(refused(nil()), Some(Code::Argument));
    let mut function = text("a function");
    function.kind = ZEROMQ_OTHER;
    assert_eq!(refused(function), Some(Code::Argument));
    assert!(last_error().1.ends_with("got a function"));
    assert_eq!(refused(items(ZEROMQ_LIST, null(), 0)), Some(Code::Argument));

    let mut itself = items(ZEROMQ_LIST, null(), 1);
    itself.payload.items.data = &raw const itself;
    assert_eq!(refused(itself), Some(Code::Argument));

    // Each of two lists contains both: as many paths as nobody can walk.
    let (mut one, mut other) = ([nil(); 2], [nil(); 2]);
    let both = [items(ZEROMQ_LIST, one.as_ptr(), 2), items(ZEROMQ_LIST, other.as_ptr(), 2)];
    (one, other) = (both, both);
    assert_eq!(refused(items(ZEROMQ_LIST, one.as_ptr(), 2)), Some(Code::Argument));
    assert_eq!(other.len(), 2);
}

#[test]
fn strings_of_any_bytes_pass_both_ways() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-bytes");
    let push = vm.open("ZMQPush", "inproc://edge-bytes");
    let (send, receive) = (vm.method("ZMQSocket", "send"), vm.method("ZMQSocket", "receive"));

    vm.call(send, push, &[text("a\0b")]).unwrap();
    let received = vm.call(receive, pull, &[]).unwrap();
    assert_eq!(of(&received), b"a\0b");
    free(received);

    vm.call(send, push, &[bytes(null(), 0)]).unwrap();
    let received = vm.call(receive, pull, &[]).unwrap();
    assert_eq!(of(&received), b"");
    free(received);

    vm.call(send, push, &[bytes([0xff, 0xfe].as_ptr(), 2)]).unwrap();
    let received = vm.call(receive, pull, &[]).unwrap();
    assert_eq!(received.kind, ZEROMQ_OBJECT);
    // SAFETY: it is an object.
    let frame = unsafe { received.payload.object };
    let hex = vm.call(vm.method("ZMQFrame", "hex"), frame, &[]).unwrap();
    assert_eq!(of(&hex), b"fffe");
    free(hex);
    zeromq_object_free(frame);
}

#[test]
fn named_arguments_are_checked() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-named");
    let receive = vm.method("ZMQSocket", "receive");
    let with = |name: &CStr, value: Value| {
        let named = [Named { name: name.as_ptr(), value }];
        let plain = vm.invocation(receive, pull, &[]);
        invoke(&Invocation { named: named.as_ptr(), named_count: 1, ..plain })
    };

    assert_eq!(with(c"timeout", int(0)).unwrap().kind, ZEROMQ_NIL);
    assert_eq!(
        with(c"timeout", value(ZEROMQ_FLOAT, Payload { number: 0.4 })).unwrap().kind,
        ZEROMQ_NIL
    );
    for wrong in [int(-2), value(ZEROMQ_FLOAT, Payload { number: f64::NAN }), text("5")] {
        assert_eq!(with(c"timeout", wrong).err(), Some(Code::Argument));
    }
    assert_eq!(with(c"timeot", int(0)).err(), Some(Code::Argument));
    let (tag, message) = last_error();
    assert_eq!(tag, "ZMQArgs");
    assert_eq!(
        message,
        "ZMQPull.receive: named argument timeot=: expected only timeout=, got the Int 0"
    );
    assert_eq!(with(c"\xff", int(0)).err(), Some(Code::Host));
    // SAFETY: all zeros are a Named.
    let nameless = [unsafe { zeroed::<Named>() }];
    let plain = vm.invocation(receive, pull, &[]);
    let call = Invocation { named: nameless.as_ptr(), named_count: 1, ..plain };
    assert_eq!(invoke(&call).err(), Some(Code::Host));
}

#[test]
fn one_warning_a_socket_tells_of_ignored_calls() {
    let vm = Vm::new();
    let request = vm.open("ZMQRequest", "inproc://edge-warning");
    let receive = vm.method("ZMQSocket", "receive");
    for _ in 0..3 {
        assert_eq!(vm.call(receive, request, &[]).unwrap().kind, ZEROMQ_NIL);
    }
    assert_eq!(
        *vm.seen.warnings.borrow(),
        ["ZMQState: ignored ZMQRequest.receive: receive is out of order on a REQ socket: \
          send a request first"]
    );
}

#[test]
fn messages_are_cut_where_hosts_cut_them() {
    let vm = Vm::new();
    let constructor = vm.class("ZMQReply").constructor;
    let long = CString::new("é".repeat(300)).unwrap();
    let endpoint = text(long.to_str().unwrap());
    assert_eq!(vm.call(constructor, 0, &[endpoint]).err(), Some(Code::Endpoint));
    let (_, message) = last_error();
    assert!(message.len() <= 254 && message.starts_with("ZeroMQ error: ZMQReply: "), "{message}");

    assert_eq!(vm.call(constructor, 0, &[int(5)]).err(), Some(Code::Argument));
    assert_eq!(last_error().0, "ZMQConsArgs");
}

#[test]
fn a_call_on_a_socket_that_waits_in_another_thread_is_refused() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-threads");
    let push = vm.open("ZMQPush", "inproc://edge-threads");
    let waiting = std::thread::spawn(move || {
        let vm = Vm::new();
        let receive = vm.method("ZMQSocket", "receive");
        // The other thread asks too, and may be the one that is served.
        let received = loop {
            match vm.call(receive, pull, &[]) {
                Err(Code::Busy) => {}
                result => break result.unwrap(),
            }
        };
        let text = of(&received);
        free(received);
        text
    });
    let receive = vm.method("ZMQSocket", "receive");
    let at_once = [Named { name: c"timeout".as_ptr(), value: int(0) }];
    let plain = vm.invocation(receive, pull, &[]);
    let call = Invocation { named: at_once.as_ptr(), named_count: 1, ..plain };
    // Until the other thread waits, this one finds nothing to receive.
    let deadline = Instant::now() + Duration::from_secs(30);
    let code = loop {
        match invoke(&call) {
            Ok(_) => assert!(Instant::now() < deadline),
            Err(code) => break code,
        }
    };
    assert_eq!(code, Code::Busy);
    vm.call(vm.method("ZMQSocket", "send"), push, &[text("done")]).unwrap();
    assert_eq!(waiting.join().unwrap(), b"done");
}

#[test]
fn the_bytes_of_a_frame_are_any_bytes() {
    let vm = Vm::new();
    let bytes_of = |object| {
        let mut result = nil();
        // SAFETY: there is room for a value.
        let code = unsafe { zeromq_object_bytes(object, &mut result) };
        (code, result)
    };
    for given in [&b""[..], b"\0\xff", &[0xfe; 100_000]] {
        let frame = vm.class("ZMQFrame").constructor;
        let frame = vm.call(frame, 0, &[bytes(given.as_ptr(), given.len())]).unwrap();
        // SAFETY: it is an object.
        let object = unsafe { frame.payload.object };
        let (code, read) = bytes_of(object);
        // The value goes on without the object.
        zeromq_object_free(object);
        assert_eq!((code, of(&read)), (Code::Ok, given.to_vec()));
        free(read);
        assert_eq!(bytes_of(object).0, Code::Closed);
    }
    let socket = vm.open("ZMQPull", "inproc://no-frame");
    assert_eq!(bytes_of(socket).0, Code::Argument);
    assert!(last_error().1.contains("expected a frame"), "{}", last_error().1);
    // SAFETY: NULL is refused.
    assert_eq!(unsafe { zeromq_object_bytes(socket, null_mut()) }, Code::Host);
    zeromq_object_free(socket);
}

#[test]
fn the_tags_of_errors_end_with_null() {
    let tags = zeromq_error_tags();
    // SAFETY: the last one is NULL.
    let tags = (0..).map(|at| unsafe { *tags.add(at) }).take_while(|tag| !tag.is_null());
    let tags: Vec<String> = tags.map(string).collect();
    assert!(tags.contains(&"ZMQErr".to_owned()) && tags.contains(&"ZMQTimeout".to_owned()));
    assert!(tags.iter().all(|tag| tag.starts_with("ZMQ")), "{tags:?}");
}
