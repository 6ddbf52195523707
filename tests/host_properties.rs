//! Properties of virtual machines: host flags, kinds of results, and classes that a
//! host asks for.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::mem::{offset_of, size_of, zeroed};
use std::ops::Deref;
use std::ptr::null;
use std::slice;

use zeromq::capi::error::zeromq_last_error;
use zeromq::core::Code;
use zeromq::vm::abi::{
    Array, Bytes, Class, Host, Items, Method, Payload, Registration, Returned, Sparse, Value,
    ZEROMQ_ABI, ZEROMQ_ARRAY, ZEROMQ_BOOL, ZEROMQ_BY_COLUMNS, ZEROMQ_BY_ROWS, ZEROMQ_BYTES,
    ZEROMQ_DICTIONARY, ZEROMQ_FLOAT64, ZEROMQ_FUNCTION, ZEROMQ_HOST_ARRAYS, ZEROMQ_HOST_BYTES,
    ZEROMQ_HOST_NAMED_LAST, ZEROMQ_HOST_SPARSE, ZEROMQ_INT, ZEROMQ_INT32, ZEROMQ_LIST, ZEROMQ_NIL,
    ZEROMQ_OBJECT, ZEROMQ_SPARSE, ZEROMQ_STRING,
};
use zeromq::vm::{
    zeromq_call, zeromq_classes, zeromq_function_released, zeromq_host_register,
    zeromq_host_unregister, zeromq_object_free, zeromq_result_free,
};

/// The kinds of the arguments that script functions received.
struct Vm {
    registration: Registration,
    seen: Box<RefCell<Vec<u32>>>,
}

impl Drop for Vm {
    fn drop(&mut self) {
        zeromq_host_unregister(self.registration);
    }
}

/// A result, which frees itself and stays in place.
struct Given(Box<Returned>);

impl Deref for Given {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.value
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        // SAFETY: the library has filled it in, or it owns nothing.
        unsafe { zeromq_result_free(&mut *self.0) };
    }
}

/// A result that was not written.
fn room() -> Given {
    let value = plain(ZEROMQ_NIL, Payload { integer: 0 });
    Given(Box::new(Returned { value, owned: 0, memory: [0; 64] }))
}

fn register(host: &Host) -> Result<Registration, Code> {
    let mut registration = 0;
    // SAFETY: the host is as large as it says.
    match unsafe { zeromq_host_register(host, &mut registration) } {
        Code::Ok => Ok(registration),
        code => Err(code),
    }
}

/// A function that returns a list containing a function.
unsafe extern "C" fn call(
    context: *mut c_void,
    _: u64,
    arguments: *const Value,
    count: usize,
    result: *mut Value,
) -> i32 {
    static INNER: [u64; 1] = [77];
    // SAFETY: the library passes as many values, the context is that of the vm,
    // and there is room for a result, which stays as the list is never freed.
    unsafe {
        let seen = &*context.cast::<RefCell<Vec<u32>>>();
        for argument in slice::from_raw_parts(arguments, count) {
            let Items { data, count } = argument.payload.items;
            seen.borrow_mut().extend(slice::from_raw_parts(data, count).iter().map(|v| v.kind));
        }
        let items = Box::leak(Box::new([function(INNER[0])]));
        result.write(list(items));
    }
    0
}

impl Vm {
    fn new(flags: u32) -> Vm {
        Vm::with(flags, |_| {})
    }

    fn with(flags: u32, change: impl FnOnce(&mut Host)) -> Vm {
        let seen = Box::<RefCell<Vec<u32>>>::default();
        // SAFETY: all zeros are a host without functions.
        let mut host: Host = unsafe { zeroed() };
        host.size = size_of::<Host>() as u32;
        host.abi = ZEROMQ_ABI;
        host.context = (&raw const *seen).cast_mut().cast();
        host.call = Some(call);
        host.flags = flags;
        change(&mut host);
        Vm { registration: register(&host).unwrap(), seen }
    }

    fn call(&self, method: &Method, receiver: u64, arguments: &[Value]) -> Result<Given, String> {
        // SAFETY: a call has failed on this thread.
        let message = |_| text(unsafe { (*zeromq_last_error()).message });
        self.code(method, receiver, arguments).map_err(message)
    }

    fn code(&self, method: &Method, receiver: u64, arguments: &[Value]) -> Result<Given, Code> {
        code(self.registration, method, receiver, arguments)
    }

    fn open(&self, class: &str, endpoint: &str) -> u64 {
        // SAFETY: classes stay for ever.
        let constructor = unsafe { &*self::class(class).constructor };
        let made = self.call(constructor, 0, &[string(endpoint)]).unwrap();
        assert_eq!(made.kind, ZEROMQ_OBJECT);
        // SAFETY: it is an object.
        unsafe { made.payload.object }
    }

    fn released(&self) -> HashSet<u64> {
        let next = || Some(zeromq_function_released(self.registration)).filter(|f| *f != 0);
        let all: Vec<u64> = std::iter::from_fn(next).collect();
        let set: HashSet<u64> = all.iter().copied().collect();
        assert_eq!(set.len(), all.len(), "each is told once: {all:?}");
        set
    }
}

fn code(
    host: Registration,
    method: &Method,
    receiver: u64,
    arguments: &[Value],
) -> Result<Given, Code> {
    let (data, count) = (arguments.as_ptr(), arguments.len());
    let mut result = room();
    // SAFETY: the arguments are filled in, and there is room for a result.
    match unsafe { zeromq_call(host, method, receiver, data, count, null(), 0, &mut *result.0) } {
        Code::Ok => Ok(result),
        code => Err(code),
    }
}

fn text(text: *const std::ffi::c_char) -> String {
    // SAFETY: the library terminates its texts.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

fn classes() -> Vec<&'static Class> {
    let first = zeromq_classes();
    // SAFETY: NULL ends the classes, which stay for ever.
    (0..).map_while(|at| unsafe { (*first.add(at)).as_ref() }).collect()
}

fn class(name: &str) -> &'static Class {
    classes().into_iter().find(|class| text(class.name) == name).unwrap()
}

fn method(of: &str, name: &str) -> &'static Method {
    let class = class(of);
    // SAFETY: a class has as many methods as it says, which stay for ever.
    let methods = unsafe { slice::from_raw_parts(class.methods, class.method_count as usize) };
    // SAFETY: as above.
    methods.iter().map(|m| unsafe { &**m }).find(|m| text(m.name) == name).unwrap()
}

fn plain(kind: u32, payload: Payload) -> Value {
    Value { kind, payload }
}

fn function(function: u64) -> Value {
    plain(ZEROMQ_FUNCTION, Payload { function })
}

fn string(text: &str) -> Value {
    let bytes = Bytes { data: text.as_ptr().cast(), size: text.len() };
    plain(ZEROMQ_STRING, Payload { bytes })
}

fn list(items: &[Value]) -> Value {
    let items = Items { data: items.as_ptr(), count: items.len() };
    plain(ZEROMQ_LIST, Payload { items })
}

fn dictionary(items: &[Value]) -> Value {
    Value { kind: ZEROMQ_DICTIONARY, ..list(items) }
}

fn int(integer: i64) -> Value {
    plain(ZEROMQ_INT, Payload { integer })
}

/// Returns the bytes of a value.
fn bytes(value: &Value, kind: u32) -> Vec<u8> {
    assert_eq!(value.kind, kind);
    // SAFETY: both kinds have bytes.
    let Bytes { data, size } = unsafe { value.payload.bytes };
    // SAFETY: there are as many.
    unsafe { slice::from_raw_parts(data.cast::<u8>(), size) }.to_vec()
}

#[test]
fn classes_can_be_asked_for() {
    let classes = classes();
    assert_eq!(classes.len(), zeromq::binding::CLASSES.len());
    let mut known: Vec<*const Class> = vec![null()];
    for class in classes {
        assert!(known.contains(&class.parent), "{} comes too early", text(class.name));
        known.push(class);
    }
}

#[test]
fn methods_say_the_kinds_of_their_results() {
    let of = |kinds: &[u32]| kinds.iter().map(|kind| 1 << kind).sum::<u32>();
    let kinds = |class, name| method(class, name).results;
    let text = of(&[ZEROMQ_STRING, ZEROMQ_OBJECT, ZEROMQ_NIL]);
    assert_eq!(kinds("ZMQSocket", "receive"), text);
    assert_eq!(kinds("ZMQSocket", "receiveframe"), of(&[ZEROMQ_OBJECT, ZEROMQ_NIL]));
    assert_eq!(kinds("ZMQSocket", "send"), of(&[ZEROMQ_BOOL]));
    // SAFETY: classes stay for ever.
    assert_eq!(unsafe { &*class("ZMQPush").constructor }.results, of(&[ZEROMQ_OBJECT]));
}

#[test]
fn frames_are_bytes_unless_an_object_is_promised() {
    let vm = Vm::new(ZEROMQ_HOST_BYTES);
    let pull = vm.open("ZMQPull", "inproc://vm-bytes");
    let push = vm.open("ZMQPush", "inproc://vm-bytes");
    let odd = b"\xff\0";
    let given = Bytes { data: odd.as_ptr().cast(), size: 2 };
    let given = [plain(ZEROMQ_BYTES, Payload { bytes: given })];
    for _ in 0..3 {
        vm.call(method("ZMQSocket", "send"), push, &given).unwrap();
    }
    vm.call(method("ZMQSocket", "send"), push, &[string("text")]).unwrap();
    let receive = |name| vm.call(method("ZMQSocket", name), pull, &[]).unwrap();
    assert_eq!(bytes(&receive("receive"), ZEROMQ_BYTES), odd);
    let all = receive("receiveall");
    // SAFETY: it is a list of one.
    assert_eq!((all.kind, unsafe { (*all.payload.items.data).kind }), (ZEROMQ_LIST, ZEROMQ_BYTES));
    let frame = receive("receiveframe");
    assert_eq!(frame.kind, ZEROMQ_OBJECT);
    assert_eq!(bytes(&receive("receive"), ZEROMQ_STRING), b"text");
    // SAFETY: it is an object.
    for object in [unsafe { frame.payload.object }, pull, push] {
        zeromq_object_free(object);
    }
}

/// A host that was compiled with an older or a newer header.
#[test]
fn what_lies_beyond_a_host_is_not_read() {
    let vm = Vm::new(0);
    let pull = vm.open("ZMQPull", "inproc://vm-size");
    let push = vm.open("ZMQPush", "inproc://vm-size");
    let rep = vm.open("ZMQReply", "inproc://vm-size-rep");
    let serve = |size: usize| {
        let vm = Vm::with(ZEROMQ_HOST_BYTES, |host| host.size = size as u32);
        vm.call(method("ZMQSocket", "send"), push, &[string("x")]).unwrap();
        assert_eq!(
            bytes(&vm.call(method("ZMQSocket", "receive"), pull, &[]).unwrap(), ZEROMQ_STRING),
            b"x"
        );
        vm.call(method("ZMQReply", "serve"), rep, &[function(1)]).err().unwrap()
    };
    let req = vm.open("ZMQRequest", "inproc://vm-size-rep");
    vm.call(method("ZMQSocket", "send"), req, &[string("x")]).unwrap();
    // Its call is there and is not read.
    let message = serve(offset_of!(Host, call));
    assert!(message.contains("cannot call script functions"), "{message}");

    #[repr(C)]
    struct Later {
        host: Host,
        more: [u64; 8],
    }
    let later = Vm::with(0, |_| {});
    let seen = (&raw const *later.seen).cast_mut().cast();
    // SAFETY: all zeros are a host without functions.
    let mut later = Later { host: unsafe { zeroed() }, more: [u64::MAX; 8] };
    later.host.size = size_of::<Later>() as u32;
    later.host.abi = ZEROMQ_ABI;
    later.host.context = seen;
    let registration = register(&later.host).unwrap();
    assert_eq!(zeromq_function_released(registration), 0);
    assert_eq!(later.more, [u64::MAX; 8]);
    for object in [rep, req, pull, push] {
        zeromq_object_free(object);
    }
}

#[test]
fn the_last_dictionary_has_the_names() {
    let vm = Vm::new(ZEROMQ_HOST_NAMED_LAST);
    let pull = vm.open("ZMQPull", "inproc://vm-names");
    let receive = method("ZMQSocket", "receive");
    let quick = [string("timeout"), int(1)];
    let wrong = [string("timeuot"), int(1)];
    assert_eq!(vm.call(receive, pull, &[dictionary(&quick)]).unwrap().kind, ZEROMQ_NIL);
    // An empty list may be an empty dictionary.
    let poll = [string("timeout"), int(0)];
    let push = vm.open("ZMQPush", "inproc://vm-names");
    vm.call(method("ZMQSocket", "send"), push, &[string("x"), dictionary(&poll)]).unwrap();
    assert_eq!(bytes(&vm.call(receive, pull, &[list(&[])]).unwrap(), ZEROMQ_STRING), b"x");
    for (arguments, expected) in [
        (&[dictionary(&wrong)][..], "expected only timeout="),
        (&[dictionary(&[int(1), int(1)])][..], "got a Dictionary of 1"),
        (&[list(&[int(1)])][..], "got a List of 1"),
        (&[dictionary(&quick), dictionary(&quick)][..], "got a Dictionary of 1"),
    ] {
        let message = vm.call(receive, pull, arguments).err().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    // If a dictionary is expected it is one, and also if an argument is missing.
    let sent = vm.call(method("ZMQSocket", "sendjson"), push, &[dictionary(&quick)]);
    assert_eq!(sent.unwrap().kind, ZEROMQ_BOOL);
    assert_eq!(
        bytes(&vm.call(receive, pull, &[dictionary(&quick)]).unwrap(), ZEROMQ_STRING),
        b"{\"timeout\":1}"
    );
    // Other hosts have named arguments, or none.
    let plain = Vm::new(0);
    let message = plain.call(receive, pull, &[dictionary(&quick)]).err().unwrap();
    assert!(message.contains("got a Dictionary of 1"), "{message}");
    for object in [pull, push] {
        zeromq_object_free(object);
    }
}

/// As if an interpreter gave up while calling a function.
#[test]
fn a_function_without_a_result_has_failed() {
    unsafe extern "C" fn call(
        _: *mut c_void,
        _: u64,
        _: *const Value,
        _: usize,
        _: *mut Value,
    ) -> i32 {
        0
    }
    let vm = Vm::with(0, |host| host.call = Some(call));
    let rep = vm.open("ZMQReply", "inproc://vm-no-result");
    let req = vm.open("ZMQRequest", "inproc://vm-no-result");
    vm.call(method("ZMQSocket", "send"), req, &[string("x")]).unwrap();
    let serve = method("ZMQReply", "serve");
    assert_eq!(vm.code(serve, rep, &[function(1)]).err(), Some(Code::Callback));
    for object in [rep, req] {
        zeromq_object_free(object);
    }
}

#[test]
fn functions_are_told_once_when_they_are_not_needed() {
    let vm = Vm::new(0);
    let push = vm.open("ZMQPush", "inproc://vm-functions");
    // Whatever happens to the call, and wherever they are.
    let inner = [function(2), function(3)];
    let arguments = [function(1), list(&inner), dictionary(&[string("a"), function(4)])];
    vm.call(method("ZMQSocket", "send"), push, &arguments).err().unwrap();
    vm.call(method("ZMQSocket", "send"), 0, &[function(5)]).err().unwrap();
    vm.call(method("ZMQSocket", "send"), 1 << 40, &[function(6)]).err().unwrap();
    let dead = plain(ZEROMQ_OBJECT, Payload { object: 1 << 40 });
    vm.call(method("ZMQSocket", "send"), push, &[dead, function(7)]).err().unwrap();
    assert_eq!(vm.released(), HashSet::from([1, 2, 3, 4, 5, 6, 7]));
    assert_eq!(vm.released(), HashSet::new());

    // What a function returned, after the call.
    let rep = vm.open("ZMQReply", "inproc://vm-serve");
    let req = vm.open("ZMQRequest", "inproc://vm-serve");
    vm.call(method("ZMQSocket", "send"), req, &[string("x")]).unwrap();
    let serve = method("ZMQReply", "serve");
    let message = vm.call(serve, rep, &[function(8)]).err().unwrap();
    assert!(message.contains("function"), "{message}");
    assert_eq!(*vm.seen.borrow(), [ZEROMQ_STRING]);
    assert_eq!(vm.released(), HashSet::from([8, 77]));

    // A function that is kept, once its keeper is freed. Other machines are not told.
    let poller = vm.open_plain("ZMQLoop");
    let every = method("ZMQLoop", "timer");
    let timer = vm.call(every, poller, &[int(60_000), function(9)]);
    assert!(timer.is_ok(), "{:?}", timer.err());
    assert_eq!(vm.released(), HashSet::new());
    zeromq_object_free(poller);
    assert_eq!(Vm::new(0).released(), HashSet::new());
    assert_eq!(vm.released(), HashSet::from([9]));
    for object in [push, rep, req] {
        zeromq_object_free(object);
    }
}

impl Vm {
    fn open_plain(&self, class: &str) -> u64 {
        // SAFETY: classes stay for ever.
        let made = self.call(unsafe { &*self::class(class).constructor }, 0, &[]).unwrap();
        // SAFETY: a constructor makes an object.
        unsafe { made.payload.object }
    }
}

#[test]
fn an_object_does_what_the_host_that_made_it_may() {
    let free = Vm::new(0);
    let rules = c"bind inproc://vm-mine\nconnect inproc://vm-mine";
    let bound = Vm::with(0, |host| host.policy = rules.as_ptr());
    let connect = method("ZMQSocket", "connect");
    let (mine, other) = ([string("inproc://vm-mine")], [string("inproc://vm-other")]);

    // Whoever asks for it, and also when the other host is gone.
    let socket = bound.open("ZMQPush", ">inproc://vm-mine");
    for vm in [&bound, &free] {
        assert_eq!(vm.code(connect, socket, &other).err(), Some(Code::Policy));
        assert!(vm.code(connect, socket, &mine).is_ok());
    }
    drop(bound);
    assert_eq!(free.code(connect, socket, &other).err(), Some(Code::Policy));

    // A host that gives away an object gives away what it may do.
    let bound = Vm::with(0, |host| host.policy = rules.as_ptr());
    let given = free.open("ZMQPush", ">inproc://vm-mine");
    assert!(bound.code(connect, given, &other).is_ok());
    // But not what its own scripts may do with files and new sockets.
    let proxy = free.open_plain("ZMQProxy");
    for (name, endpoint) in [("setfrontend", "inproc://vm-other"), ("setbackend", "tcp://*:*")] {
        let arguments = [string("PULL"), string(endpoint)];
        let result = bound.code(method("ZMQProxy", name), proxy, &arguments);
        assert_eq!(result.err(), Some(Code::Policy), "{name}");
    }
    let capture = method("ZMQProxy", "capture");
    assert_eq!(bound.code(capture, proxy, &other).err(), Some(Code::Policy));
    let certificate = free.open_plain("ZMQCertificate");
    for name in ["load", "save", "savepublic", "savesecret"] {
        let arguments = [string("/tmp/vm-certificate")];
        let result = bound.code(method("ZMQCertificate", name), certificate, &arguments);
        assert_eq!(result.err(), Some(Code::Policy), "{name}");
    }
    for object in [socket, given, proxy, certificate] {
        zeromq_object_free(object);
    }
}

#[test]
fn a_loop_calls_no_function_of_another_host() {
    unsafe extern "C" fn called(
        _: *mut c_void,
        _: u64,
        _: *const Value,
        _: usize,
        _: *mut Value,
    ) -> i32 {
        unreachable!("the number of this function is that of another one here")
    }
    let one = Vm::new(0);
    let other = Vm::with(0, |host| host.call = Some(called));
    let (timer, reader) = (method("ZMQLoop", "timer"), method("ZMQLoop", "reader"));
    let start = method("ZMQLoop", "start");

    let timed = one.open_plain("ZMQLoop");
    one.call(timer, timed, &[int(0), function(1)]).unwrap();
    let reading = one.open_plain("ZMQLoop");
    let pull = one.open("ZMQPull", "inproc://vm-loops");
    let push = one.open("ZMQPush", "inproc://vm-loops");
    one.call(method("ZMQSocket", "send"), push, &[string("x")]).unwrap();
    let socket = plain(ZEROMQ_OBJECT, Payload { object: pull });
    one.call(reader, reading, &[socket, function(2)]).unwrap();
    for looped in [timed, reading] {
        let message = other.call(start, looped, &[]).err().unwrap();
        assert!(message.contains("expected functions of the virtual machine"), "{message}");
    }
    for object in [timed, reading, pull, push] {
        zeromq_object_free(object);
    }
    // They are still told to their own host.
    assert_eq!(one.released(), HashSet::from([1, 2]));
    assert_eq!(other.released(), HashSet::new());
}

/// An array that a host lends.
fn array<T>(element: u32, order: u32, shape: &[usize], numbers: &[T]) -> Array {
    Array {
        element,
        order,
        shape: shape.as_ptr(),
        dimensions: shape.len(),
        data: numbers.as_ptr().cast(),
        size: size_of_val(numbers),
    }
}

#[test]
fn sparse_matrices_are_lent_in_both_directions() {
    let (vm, usual) = (Vm::new(ZEROMQ_HOST_SPARSE), Vm::new(ZEROMQ_HOST_ARRAYS));
    let pull = vm.open("ZMQPull", "inproc://host-sparse");
    let push = vm.open("ZMQPush", "inproc://host-sparse");
    let method = |name: &str| method("ZMQSocket", name);
    let (data, indices, indptr) = ([1.0, -3.0, 2.5], [0_i32, 0, 1], [0_i32, 1, 1, 3]);
    let lent = Sparse {
        rows: 2,
        columns: 3,
        data: array(ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS, &[3], &data),
        indices: array(ZEROMQ_INT32, ZEROMQ_BY_ROWS, &[3], &indices),
        indptr: array(ZEROMQ_INT32, ZEROMQ_BY_ROWS, &[4], &indptr),
    };
    let value = |matrix: *const Sparse| plain(ZEROMQ_SPARSE, Payload { sparse: matrix });
    for (send, receive) in [("sendarray", "receivearray"), ("sendvalue", "receivevalue")] {
        let (send, receive) = (method(send), method(receive));
        vm.call(send, push, &[value(&lent)]).unwrap();
        let given = vm.call(receive, pull, &[]).unwrap();
        assert_eq!(given.kind, ZEROMQ_SPARSE);
        // SAFETY: it is a matrix, whose memory belongs to the result, as does that of its
        // vectors, whose sizes are compared first.
        unsafe {
            let given = &*given.payload.sparse;
            assert_eq!((given.rows, given.columns), (2, 3));
            for (given, sent) in [
                (&given.data, &lent.data),
                (&given.indices, &lent.indices),
                (&given.indptr, &lent.indptr),
            ] {
                assert_eq!((given.element, given.size), (sent.element, sent.size));
                let bytes =
                    |array: &Array| slice::from_raw_parts(array.data.cast::<u8>(), array.size);
                assert_eq!(bytes(given), bytes(sent));
            }
        }
        // Others get a dictionary, and may pass it back.
        vm.call(send, push, &[value(&lent)]).unwrap();
        let entries = usual.call(receive, pull, &[]).unwrap();
        // SAFETY: it is a dictionary, whose keys are strings.
        let keys: Vec<Vec<u8>> = unsafe {
            assert_eq!((entries.kind, entries.payload.items.count), (ZEROMQ_DICTIONARY, 10));
            let items = slice::from_raw_parts(entries.payload.items.data, 10);
            items.iter().step_by(2).map(|key| bytes(key, ZEROMQ_STRING)).collect()
        };
        assert_eq!(keys.join(&b' '), b"format shape data indices indptr");
        usual.call(method("sendarray"), push, &[*entries]).unwrap();
        assert_eq!(vm.call(method("receivearray"), pull, &[]).unwrap().kind, ZEROMQ_SPARSE);
    }
    let send = method("sendarray");
    for wrong in [
        Sparse { data: Array { data: null(), ..lent.data }, ..lent },
        Sparse { indices: Array { element: 99, ..lent.indices }, ..lent },
        Sparse { indptr: Array { shape: null(), ..lent.indptr }, ..lent },
    ] {
        assert_eq!(vm.code(send, push, &[value(&wrong)]).err(), Some(Code::Host));
    }
    assert_eq!(vm.code(send, push, &[value(null())]).err(), Some(Code::Host));
    // These may be of a script.
    for wrong in [
        Sparse { rows: 1, ..lent },
        Sparse { columns: usize::MAX, ..lent },
        Sparse { data: lent.indptr, ..lent },
        Sparse { indices: lent.data, ..lent },
    ] {
        assert_eq!(vm.code(send, push, &[value(&wrong)]).err(), Some(Code::Argument));
    }
    for object in [pull, push] {
        zeromq_object_free(object);
    }
}

#[test]
fn arrays_are_lent_in_both_directions() {
    let (vm, usual) = (Vm::new(ZEROMQ_HOST_ARRAYS), Vm::new(0));
    let pull = vm.open("ZMQPull", "inproc://host-arrays");
    let push = vm.open("ZMQPush", "inproc://host-arrays");
    let method = |name: &str| method("ZMQSocket", name);
    let numbers = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    let lent = array(ZEROMQ_FLOAT64, ZEROMQ_BY_COLUMNS, &[2, 3], &numbers);
    let value = plain(ZEROMQ_ARRAY, Payload { array: &lent });
    for (send, receive) in [("sendarray", "receivearray"), ("sendvalue", "receivevalue")] {
        let (send, receive) = (method(send), method(receive));
        vm.call(send, push, &[value]).unwrap();
        let given = vm.call(receive, pull, &[]).unwrap();
        assert_eq!(given.kind, ZEROMQ_ARRAY);
        // SAFETY: it is an array, whose memory belongs to the result.
        let (given, shape) = unsafe {
            let array = &*given.payload.array;
            (array, slice::from_raw_parts(array.shape, array.dimensions))
        };
        assert_eq!((given.element, given.order), (ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS));
        assert_eq!((shape, given.size), (&[2, 3][..], size_of_val(&numbers)));
        // SAFETY: as many as the size says; they need not be aligned.
        let read = |at| unsafe { given.data.cast::<f64>().add(at).read_unaligned() };
        assert_eq!((0..6).map(read).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        // Others get lists.
        vm.call(send, push, &[value]).unwrap();
        let lists = usual.call(receive, pull, &[]).unwrap();
        // SAFETY: it is a list, and so are its items.
        let (rows, columns) = unsafe {
            let rows = lists.payload.items;
            (rows.count, (*rows.data).payload.items.count)
        };
        assert_eq!((lists.kind, rows, columns), (ZEROMQ_LIST, 2, 3));
    }
    // What is not as it should be is refused.
    let send = method("sendarray");
    for wrong in [
        array(0, ZEROMQ_BY_ROWS, &[6], &numbers),
        array(99, ZEROMQ_BY_ROWS, &[6], &numbers),
        array(ZEROMQ_FLOAT64, 2, &[6], &numbers),
        array(ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS, &[7], &numbers),
        array(ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS, &[usize::MAX, 2], &numbers),
        array(ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS, &[1; 65], &numbers[..1]),
        Array { shape: null(), ..lent },
        Array { data: null(), ..lent },
    ] {
        let value = plain(ZEROMQ_ARRAY, Payload { array: &wrong });
        assert_eq!(vm.code(send, push, &[value]).err(), Some(Code::Host));
    }
    let value = plain(ZEROMQ_ARRAY, Payload { array: null() });
    assert_eq!(vm.code(send, push, &[value]).err(), Some(Code::Host));
    for object in [pull, push] {
        zeromq_object_free(object);
    }
}
