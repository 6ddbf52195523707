//! The interface for virtual machines, used by hosts that make mistakes: each mistake
//! returns a code and a message, and never crashes.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{offset_of, size_of, zeroed};
use std::ops::Deref;
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use zeromq::capi::error::zeromq_last_error;
use zeromq::core::Code;
use zeromq::vm::abi::{
    Bytes, Class, Host, Items, Method, Named, Payload, Registration, Returned, Value, ZEROMQ_ABI,
    ZEROMQ_DICTIONARY, ZEROMQ_FLOAT, ZEROMQ_INT, ZEROMQ_LIST, ZEROMQ_NIL, ZEROMQ_OBJECT,
    ZEROMQ_OTHER, ZEROMQ_STRING,
};
use zeromq::vm::{
    zeromq_call, zeromq_classes, zeromq_error_tags, zeromq_function_released, zeromq_host_register,
    zeromq_host_unregister, zeromq_object_bytes, zeromq_object_class, zeromq_object_equals,
    zeromq_object_free, zeromq_object_hash, zeromq_object_text, zeromq_result_free,
};

/// A virtual vm that records what the library tells it.
struct Vm {
    host: Host,
    registration: Registration,
    seen: Box<Seen>,
}

impl Drop for Vm {
    fn drop(&mut self) {
        zeromq_host_unregister(self.registration);
    }
}

#[derive(Default)]
struct Seen {
    warnings: RefCell<Vec<String>>,
}

/// A call. Its arguments are in place while it is made.
#[derive(Clone, Copy)]
struct Invocation {
    host: Registration,
    method: *const Method,
    receiver: u64,
    arguments: *const Value,
    argument_count: usize,
    named: *const Named,
    named_count: usize,
}

/// A result, which stays in place and is freed once.
struct Given(Box<Returned>);

impl Deref for Given {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.value
    }
}

/// A result that was not written.
fn room() -> Given {
    Given(Box::new(Returned { value: nil(), owned: 0, memory: [0; 64] }))
}

unsafe extern "C" fn warn(context: *mut c_void, tag: *const c_char, message: *const c_char) {
    // SAFETY: context is the Seen of the virtual vm that calls.
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
            flags: 0,
            warn: Some(warn),
            interrupted: None,
            call: None,
            policy: std::ptr::null(),
            failure: None,
        };
        let registration = registered(&host).unwrap();
        Vm { host, registration, seen }
    }

    fn class(&self, name: &str) -> &'static Class {
        let first = zeromq_classes();
        // SAFETY: NULL ends the classes, which stay for ever.
        let mut classes = (0..).map_while(|at| unsafe { (*first.add(at)).as_ref() });
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
            host: self.registration,
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
    ) -> Result<Given, Code> {
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

fn registered(host: *const Host) -> Result<Registration, Code> {
    let mut registration = 0;
    // SAFETY: each test passes NULL or as many bytes as the size in them says.
    match unsafe { zeromq_host_register(host, &mut registration) } {
        Code::Ok => Ok(registration),
        code => {
            assert_eq!(registration, 0, "the number is written only on success");
            Err(code)
        }
    }
}

/// Registers a host and ends the registration again.
fn register(host: *const Host) -> Code {
    match registered(host) {
        Ok(registration) => zeromq_host_unregister(registration),
        Err(code) => code,
    }
}

/// # Safety
/// What the invocation points to is in place, and `result` is NULL or has room.
unsafe fn call(call: &Invocation, result: *mut Returned) -> Code {
    let Invocation { host, method, receiver, arguments, argument_count, named, named_count } =
        *call;
    // SAFETY: guaranteed by the caller.
    unsafe {
        let (count, names) = (argument_count, named_count);
        zeromq_call(host, method, receiver, arguments, count, named, names, result)
    }
}

fn invoke(invocation: &Invocation) -> Result<Given, Code> {
    let mut result = room();
    // SAFETY: each test fills in what it passes.
    match unsafe { call(invocation, &mut *result.0) } {
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
    Value { kind, payload }
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

/// Returns the items of a list, which are valid until it is freed.
fn items_of(list: &Given) -> &[Value] {
    assert_eq!(list.kind, ZEROMQ_LIST);
    // SAFETY: it is a list of the library, and has as many items.
    unsafe {
        let Items { data, count } = list.payload.items;
        std::slice::from_raw_parts(data, count)
    }
}

fn free(mut value: Given) {
    // SAFETY: the value came from the library, and is not used again.
    unsafe { zeromq_result_free(&mut *value.0) };
    assert_eq!((value.kind, value.0.owned), (ZEROMQ_NIL, 0));
    // SAFETY: a value that was freed is left alone.
    unsafe { zeromq_result_free(&mut *value.0) };
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

    // SAFETY: a NULL registration is an answer of its own.
    assert_eq!(unsafe { zeromq_host_register(&vm.host, null_mut()) }, Code::Host);
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
fn a_number_that_is_not_registered_is_refused() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "");
    let closed = vm.method("ZMQSocket", "closed");
    let good = vm.invocation(closed, pull, &[]);
    let stale = registered(&vm.host).unwrap();
    assert!(invoke(&Invocation { host: stale, ..good }).is_ok());
    assert_eq!(zeromq_host_unregister(stale), Code::Ok);
    let fresh = registered(&vm.host).unwrap();
    for host in [0, stale, fresh + 1_000_000, 1 << 32, u64::MAX] {
        assert_eq!(invoke(&Invocation { host, ..good }).err(), Some(Code::Host));
        assert!(last_error().1.contains("not registered"), "{}", last_error().1);
        assert_eq!(zeromq_host_unregister(host), Code::Host);
        assert_eq!(zeromq_function_released(host), 0);
    }
    // The other registrations go on, and so do the objects.
    assert!(invoke(&good).is_ok());
    assert_eq!(zeromq_host_unregister(fresh), Code::Ok);
    zeromq_object_free(pull);
}

#[test]
fn malformed_invocations_are_refused() {
    let vm = Vm::new();
    let constructor = vm.class("ZMQPull").constructor;
    let good = vm.invocation(constructor, 0, &[]);

    // SAFETY: a NULL result is an answer of its own.
    assert_eq!(unsafe { call(&good, null_mut()) }, Code::Host);
    assert_eq!(invoke(&Invocation { host: 0, ..good }).err(), Some(Code::Host));
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
    let mut shown = room();
    // SAFETY: there is room for the result.
    let code = unsafe { zeromq_object_text(socket, &mut *shown.0) };
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
        let mut result = room();
        // SAFETY: there is room for a value.
        let code = unsafe { zeromq_object_bytes(object, &mut *result.0) };
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

/// The frames of a message are in the result as long as they and their values fit.
#[test]
fn short_frames_of_a_message_own_nothing() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-short");
    let push = vm.open("ZMQPush", "inproc://edge-short");
    let (send, all) = (vm.method("ZMQSocket", "send"), vm.method("ZMQSocket", "receiveall"));
    let room = 512;
    let value = size_of::<Value>();
    let most = room / (value + 10);
    let shapes =
        [vec![0], vec![room - value], vec![room - value + 1], vec![1, 5000, 1], vec![10, most]];
    let many = [vec![10; most], vec![10; most + 1], vec![0; 100]];
    for sizes in shapes.into_iter().chain(many) {
        let texts: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        let frames: Vec<Value> = texts.iter().map(|sent| text(sent)).collect();
        vm.call(send, push, &[items(ZEROMQ_LIST, frames.as_ptr(), frames.len())]).unwrap();
        let list = vm.call(all, pull, &[]).unwrap();
        let fits = sizes.iter().map(|size| size + value).sum::<usize>() <= room;
        assert_eq!(list.0.owned == 0, fits, "{sizes:?}");
        assert!(items_of(&list).iter().map(of).eq(texts.iter().map(|sent| sent.as_bytes())));
        free(list);
    }
    // A frame that is not text is an object of this host.
    vm.call(send, push, &[text("a"), bytes(b"\xff".as_ptr(), 1), text("b")]).unwrap();
    let list = vm.call(all, pull, &[]).unwrap();
    let [first, frame, last] = items_of(&list) else { panic!("three frames were sent") };
    assert_eq!((of(first), frame.kind, of(last)), (b"a".into(), ZEROMQ_OBJECT, b"b".into()));
    // SAFETY: it is an object.
    zeromq_object_free(unsafe { frame.payload.object });
    free(list);
    zeromq_object_free(pull);
    zeromq_object_free(push);
}

/// A result is valid until it is freed, whatever else is called, on this thread or another.
#[test]
fn a_result_stays_while_other_calls_are_made() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-lent");
    let push = vm.open("ZMQPush", "inproc://edge-lent");
    let send = vm.method("ZMQSocket", "send");
    let (receive, all) = (vm.method("ZMQSocket", "receive"), vm.method("ZMQSocket", "receiveall"));
    // From those that fit into the result to those that libzmq allocated.
    let texts: Vec<String> =
        [0, 1, 33, 34, 48, 49, 512, 513, 5000].map(|size| "x".repeat(size)).into();
    let mut kept = Vec::new();
    for sent in &texts {
        vm.call(send, push, &[text(sent)]).unwrap();
        kept.push(vm.call(receive, pull, &[]).unwrap());
        assert_eq!(kept.last().unwrap().0.owned != 0, sent.len() > 512, "{}", sent.len());
    }
    let frames: Vec<Value> = texts.iter().map(|sent| text(sent)).collect();
    vm.call(send, push, &frames).unwrap();
    let list = vm.call(all, pull, &[]).unwrap();
    std::thread::spawn(move || {
        let vm = Vm::new();
        for _ in 0..100 {
            vm.call(send_of(&vm), push, &[text("other")]).unwrap();
            let receive = vm.method("ZMQSocket", "receive");
            free(vm.call(receive, pull, &[]).unwrap());
        }
    })
    .join()
    .unwrap();
    zeromq_object_free(pull);
    zeromq_object_free(push);
    for (sent, value) in texts.iter().zip(kept) {
        assert_eq!(of(&value), sent.as_bytes());
        free(value);
    }
    assert!(items_of(&list).iter().map(of).eq(texts.iter().map(|sent| sent.as_bytes().to_vec())));
    free(list);
}

fn send_of(vm: &Vm) -> *const Method {
    vm.method("ZMQSocket", "send")
}

/// Lists in lists point into one array.
#[test]
fn nested_results_are_read_as_they_were_written() {
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-nested");
    let push = vm.open("ZMQPush", "inproc://edge-nested");
    let json = r#"[[],[1,[2,"three",{"four":[5,{}],"six":null}]],"seven"]"#;
    vm.call(send_of(&vm), push, &[text(json)]).unwrap();
    let read = vm.call(vm.method("ZMQSocket", "receivejson"), pull, &[]).unwrap();
    assert_eq!(shown(&read), json);
    free(read);
}

/// Returns a value of the library as JSON.
fn shown(value: &Value) -> String {
    let inside = || {
        // SAFETY: it has items, which stay until it is freed.
        let Items { data, count } = unsafe { value.payload.items };
        let items = if count == 0 {
            &[][..]
        } else {
            // SAFETY: as above.
            unsafe { std::slice::from_raw_parts(data, count) }
        };
        items.iter().map(shown).collect::<Vec<_>>()
    };
    match value.kind {
        ZEROMQ_NIL => "null".into(),
        // SAFETY: it is a whole number.
        ZEROMQ_INT => unsafe { value.payload.integer }.to_string(),
        ZEROMQ_STRING => format!("\"{}\"", String::from_utf8(of(value)).unwrap()),
        ZEROMQ_LIST => format!("[{}]", inside().join(",")),
        ZEROMQ_DICTIONARY => {
            let pairs: Vec<String> = inside().chunks(2).map(|pair| pair.join(":")).collect();
            format!("{{{}}}", pairs.join(","))
        }
        kind => panic!("kind {kind}"),
    }
}

#[test]
fn threads_share_a_registration() {
    let vm = Vm::new();
    let host = vm.registration;
    std::thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || {
                let vm = Vm::new();
                let endpoint = format!("inproc://edge-shared-{number}");
                let pull = vm.open("ZMQPull", &endpoint);
                let push = vm.open("ZMQPush", &endpoint);
                for round in 0..500 {
                    let sent = format!("{number} {round} {}", "x".repeat(round % 150));
                    let given = [text(&sent)];
                    let send = vm.invocation(send_of(&vm), push, &given);
                    invoke(&Invocation { host, ..send }).unwrap();
                    let receive = vm.method("ZMQSocket", "receive");
                    let receive = vm.invocation(receive, pull, &[]);
                    let received = invoke(&Invocation { host, ..receive }).unwrap();
                    assert_eq!(of(&received), sent.as_bytes());
                    free(received);
                }
                zeromq_object_free(pull);
                zeromq_object_free(push);
            });
        }
    });
}

#[test]
fn a_host_unregisters_while_it_waits() {
    unsafe extern "C" fn interrupted(_: *mut c_void) -> i32 {
        0
    }
    let vm = Vm::new();
    let pull = vm.open("ZMQPull", "inproc://edge-unregistered");
    let receive = vm.method("ZMQSocket", "receive");
    let mut host = vm.host;
    host.interrupted = Some(interrupted);
    let registration = registered(&host).unwrap();
    let call = Invocation { host: registration, ..vm.invocation(receive, pull, &[]) };
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        zeromq_host_unregister(registration)
    });
    // It waits for ever otherwise.
    assert_eq!(invoke(&call).err(), Some(Code::Interrupted));
    assert_eq!(ending.join().unwrap(), Code::Ok);
    assert_eq!(invoke(&call).err(), Some(Code::Host));
    zeromq_object_free(pull);
}
