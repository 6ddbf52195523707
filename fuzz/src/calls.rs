//! Calls of any methods with any arguments through the interface for virtual machines, as
//! from a script gone wild: each returns a value or an error within bounded time, and the
//! process survives. `ZEROMQ_TRACE=1` prints each call before it is made.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::env;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr::null;
use std::slice;
use std::time::{Duration, Instant};

use zeromq::capi::error::zeromq_last_error;
use zeromq::core::Code;
use zeromq::core::array::{Element, count};
use zeromq::core::options::rows;
use zeromq::vm::abi::{
    Array, Bytes, Class, Function, Host, Items, Method, Named, Object, Parameter, Payload,
    Registration, Returned, Value, ZEROMQ_ABI, ZEROMQ_ARRAY, ZEROMQ_BOOL, ZEROMQ_BYTES,
    ZEROMQ_CLASS, ZEROMQ_DICTIONARY, ZEROMQ_FLOAT, ZEROMQ_FUNCTION, ZEROMQ_INT, ZEROMQ_LIST,
    ZEROMQ_NAMED, ZEROMQ_NIL, ZEROMQ_OBJECT, ZEROMQ_OTHER, ZEROMQ_REQUIRED, ZEROMQ_STRING,
    ZEROMQ_TUPLE, ZEROMQ_VARIADIC,
};
use zeromq::vm::{
    zeromq_call, zeromq_classes, zeromq_function_released, zeromq_host_register,
    zeromq_host_unregister, zeromq_object_bytes, zeromq_object_class, zeromq_object_equals,
    zeromq_object_free, zeromq_object_hash, zeromq_object_text, zeromq_result_free,
};

/// How long a call may wait before the host interrupts it.
const INTERRUPT_AFTER: Duration = Duration::from_millis(3);

/// How many objects a script holds at most.
const HELD: usize = 40;

/// How many calls are made with the same objects.
const STEPS: usize = 300;

const KINDS: &[u32] = &[
    ZEROMQ_NIL,
    ZEROMQ_BOOL,
    ZEROMQ_INT,
    ZEROMQ_FLOAT,
    ZEROMQ_STRING,
    ZEROMQ_LIST,
    ZEROMQ_TUPLE,
    ZEROMQ_DICTIONARY,
    ZEROMQ_OBJECT,
    ZEROMQ_OTHER,
    ZEROMQ_FUNCTION,
    ZEROMQ_CLASS,
    ZEROMQ_BYTES,
    ZEROMQ_ARRAY,
];

const NUMBERS: &[i64] = &[
    -1,
    0,
    1,
    2,
    3,
    7,
    20,
    100,
    255,
    256,
    5555,
    65535,
    65536,
    -2,
    i32::MAX as i64,
    i32::MIN as i64,
    i64::MAX,
    i64::MIN,
];

const FLOATS: &[f64] =
    &[0.0, -0.0, 0.5, 1.5, 3.0, -1.0, 1e6, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

const TEXTS: &[&[u8]] = &[
    b"",
    b"a",
    b"A",
    b"hello",
    b"a\0b",
    b"\xff\xfe",
    b"\xc3\xa9",
    b"in",
    b"out",
    b"both",
    b"new",
    b"all",
    b"off",
    b"*",
    b"ROUTER",
    b"pull",
    b"lo",
    b"127.0.0.1",
    b"127.0.0.0/8",
    b"::1",
    b"i1248fdsbmzp",
    b"s",
    b"zzzzzz",
    b"1",
    b"{\"a\":[1,2,{}]}",
    b"[[[[[[[[[[",
    b"curve",
    b"connected",
    b"accepted",
    b"certificate",
    b"folder",
    b"Socket-Type",
    b"rcvhwm",
    b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
    b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
];

const ENDPOINTS: &[&[u8]] = &[
    b"inproc://one",
    b"inproc://two",
    b"@inproc://one",
    b">inproc://one",
    b"@inproc://two",
    b">inproc://two",
    b"tcp://127.0.0.1:*",
    b"@tcp://127.0.0.1:*",
    b"tcp://127.0.0.1:!",
    b"tcp://*:*",
    b">tcp://127.0.0.1:1",
    b"tcp://127.0.0.1:45991",
    b">tcp://127.0.0.1:45991",
    b"@ipc://socket",
    b">ipc://socket",
    b"ipc://*",
    b"inproc://one,inproc://two",
    b"@inproc://one,>inproc://two,tcp://127.0.0.1:*",
    b"inproc://",
    b"tcp://",
    b"tcp://127.0.0.1:99999",
    b"tcp://[::1]:*",
    b"tcp://nowhere.invalid:1",
    b"udp://127.0.0.1:1",
    b"pgm://x",
    b"ws://127.0.0.1:*",
    b"inproc://a\0b",
    b"nonsense",
    b"@",
    b",",
];

thread_local! {
    /// When the current call started.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The state that script functions use.
    static SCRIPT: RefCell<Option<Box<Script>>> = const { RefCell::new(None) };
    /// How deeply script functions are nested.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Decides by an input. When it is used up, every number is 0.
struct Chance {
    input: Vec<u8>,
    at: usize,
}

impl Chance {
    fn is_used_up(&self) -> bool {
        self.at >= self.input.len()
    }

    /// Returns a number below `count`.
    fn below(&mut self, count: usize) -> usize {
        let mut byte = || {
            self.at += 1;
            usize::from(self.input.get(self.at - 1).copied().unwrap_or(0))
        };
        let number = if count > 256 { byte() << 8 | byte() } else { byte() };
        number % count
    }

    /// Returns one of the values.
    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

unsafe extern "C" fn warn(_: *mut c_void, tag: *const c_char, message: *const c_char) {
    // The strings are read to verify that they are valid.
    assert!(!string(tag).is_empty() && !string(message).is_empty());
}

unsafe extern "C" fn interrupted(_: *mut c_void) -> i32 {
    BEGAN.get().is_some_and(|began| began.elapsed() > INTERRUPT_AFTER).into()
}

/// Why the last script function failed.
unsafe extern "C" fn failure(_: *mut c_void, tag: *mut *const c_char, text: *mut *const c_char) {
    // SAFETY: there is room for both.
    unsafe {
        tag.write(c"TestTag".as_ptr());
        text.write(c"a text".as_ptr());
    }
}

/// A script function: it may call the library, and it may fail.
unsafe extern "C" fn call(
    _: *mut c_void,
    function: Function,
    arguments: *const Value,
    count: usize,
    result: *mut Value,
) -> i32 {
    SCRIPT.with_borrow_mut(|script| {
        // SAFETY: the library lends as many arguments.
        let arguments = unsafe { slice::from_raw_parts(arguments, count) };
        arguments.iter().for_each(|argument| script.as_mut().unwrap().keep(argument));
    });
    let depth = DEPTH.get();
    if depth < 3 {
        DEPTH.set(depth + 1);
        for _ in 0..function % 3 {
            step();
        }
        DEPTH.set(depth);
    }
    SCRIPT.with_borrow_mut(|script| {
        let script = script.as_mut().unwrap();
        let kind = script.chance.of(KINDS);
        let value = script.argument(kind, 2);
        // The result has to stay until the next call: it stays until the script ends.
        // SAFETY: there is room for the result.
        unsafe { result.write(script.lower(&value)) };
        i32::from(script.chance.below(20) == 0)
    })
}

/// Reads all items.
///
/// # Safety
/// There are as many.
unsafe fn read<T: Copy>(data: *const T, count: usize) {
    if count > 0 {
        // SAFETY: guaranteed by the caller.
        std::hint::black_box(unsafe { slice::from_raw_parts(data, count) }.to_vec());
    }
}

fn string(text: *const c_char) -> String {
    // SAFETY: the library terminates its strings.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// A value to pass.
#[derive(Clone, Debug)]
enum Argument {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(u32, Vec<u8>),
    Items(u32, Vec<Argument>),
    Array { element: u32, order: u32, shape: Vec<usize>, bytes: Vec<u8> },
    Object(u64),
    Other,
    Function(u64),
    Class(*const Class),
}

/// A script: what it knows about the library, and its objects.
struct Script {
    chance: Chance,
    classes: Vec<&'static Class>,
    host: Registration,
    _context: Box<u8>,
    objects: Vec<u64>,
    freed: Vec<u64>,
    /// The memory of values.
    memory: Vec<Box<[Value]>>,
    texts: Vec<Box<[u8]>>,
    shapes: Vec<Box<[usize]>>,
    arrays: Vec<Box<[Array]>>,
    options: Vec<&'static str>,
    codes: BTreeMap<String, usize>,
    trace: bool,
}

/// A call that is ready to be made.
struct Prepared {
    host: Registration,
    method: *const Method,
    receiver: Object,
    positional: Vec<Value>,
    named: Vec<Named>,
    _names: Vec<CString>,
}

impl Drop for Script {
    fn drop(&mut self) {
        assert_eq!(zeromq_host_unregister(self.host), Code::Ok);
    }
}

impl Script {
    /// The first byte of the input chooses the kind of host.
    fn new(input: &[u8], policy: Option<&str>) -> Script {
        let policy = policy.map(|rules| CString::new(rules).unwrap());
        let mut chance = Chance { input: input.to_vec(), at: 0 };
        let context = Box::new(0);
        let host = Host {
            size: size_of::<Host>() as u32,
            abi: ZEROMQ_ABI,
            context: (&raw const *context).cast_mut().cast(),
            flags: chance.below(8) as u32,
            warn: Some(warn),
            interrupted: Some(interrupted),
            call: Some(call),
            policy: policy.as_ref().map_or(null(), |rules| rules.as_ptr()),
            failure: Some(failure),
        };
        let mut registration = 0;
        // SAFETY: the host is filled in.
        assert_eq!(unsafe { zeromq_host_register(&host, &mut registration) }, Code::Ok);
        let first = zeromq_classes();
        // SAFETY: NULL ends the classes, which stay for ever.
        let classes = (0..).map_while(|at| unsafe { (*first.add(at)).as_ref() }).collect();
        Script {
            chance,
            classes,
            host: registration,
            _context: context,
            objects: Vec::new(),
            freed: Vec::new(),
            memory: Vec::new(),
            texts: Vec::new(),
            shapes: Vec::new(),
            arrays: Vec::new(),
            options: rows().map(|row| row.name).collect(),
            codes: BTreeMap::new(),
            trace: env::var_os("ZEROMQ_TRACE").is_some(),
        }
    }

    /// Keeps the objects in a value of the library, and reads its bytes, so that a sanitizer
    /// checks them.
    fn keep(&mut self, value: &Value) {
        match value.kind {
            ZEROMQ_OBJECT => {
                // SAFETY: it is an object.
                self.objects.push(unsafe { value.payload.object });
            }
            ZEROMQ_LIST | ZEROMQ_TUPLE | ZEROMQ_DICTIONARY => {
                // SAFETY: it has items.
                let Items { data, count } = unsafe { value.payload.items };
                if count > 0 {
                    // SAFETY: as many as it says.
                    let items = unsafe { slice::from_raw_parts(data, count) };
                    items.iter().for_each(|item| self.keep(item));
                }
            }
            ZEROMQ_STRING | ZEROMQ_BYTES => {
                // SAFETY: it has bytes.
                let Bytes { data, size } = unsafe { value.payload.bytes };
                // SAFETY: as many as it says.
                unsafe { read(data, size) };
            }
            ZEROMQ_ARRAY => {
                // SAFETY: it has an array.
                let Array { shape, dimensions, data, size, .. } = unsafe { *value.payload.array };
                // SAFETY: it has as many dimensions and bytes.
                unsafe {
                    read(shape, dimensions);
                    read(data.cast::<u8>(), size);
                }
            }
            _ => {}
        }
    }

    /// Frees objects until there are at most `most`.
    fn forget(&mut self, most: usize) {
        while zeromq_function_released(self.host) != 0 {}
        while self.objects.len() > most {
            let index = self.chance.below(self.objects.len());
            let object = self.objects.swap_remove(index);
            if most == 0 {
                self.end(object);
            }
            zeromq_object_free(object);
            self.freed.push(object);
        }
    }

    /// Prevents a socket from lingering forever for peers that never connect, which
    /// scripts may request.
    fn end(&self, object: u64) {
        let class = self.classes.iter().find(|class| string(class.name) == "ZMQSocket").unwrap();
        let methods = listed(class.methods, class.method_count);
        let method = methods.into_iter().find(|method| string(method.name) == "setlinger").unwrap();
        let zero = Value { kind: ZEROMQ_INT, payload: Payload { integer: 0 } };
        let mut result = MaybeUninit::uninit();
        // What is no socket, or closed, refuses; the result is nil and owns nothing.
        // SAFETY: the value is in place, and there is room for the result.
        unsafe {
            zeromq_call(self.host, method, object, &zero, 1, null(), 0, result.as_mut_ptr());
        }
    }

    fn object(&mut self) -> u64 {
        match self.chance.below(12) {
            0 => self.chance.below(1000) as u64,
            1 if !self.freed.is_empty() => self.freed[self.chance.below(self.freed.len())],
            _ if self.objects.is_empty() => 0,
            _ => self.objects[self.chance.below(self.objects.len())],
        }
    }

    /// Returns an object that a method of a class can be called on, if there is one.
    fn receiver(&mut self, class: &'static Class) -> Option<u64> {
        let fits = |object: u64| {
            let mut kind = zeromq_object_class(object);
            while !kind.is_null() && !std::ptr::eq(kind, class) {
                // SAFETY: descriptors of classes stay for ever.
                kind = unsafe { (*kind).parent };
            }
            !kind.is_null()
        };
        let fitting: Vec<u64> = self.objects.iter().copied().filter(|o| fits(*o)).collect();
        (!fitting.is_empty()).then(|| fitting[self.chance.below(fitting.len())])
    }

    fn argument(&mut self, kind: u32, depth: usize) -> Argument {
        match kind {
            ZEROMQ_NIL => Argument::Nil,
            ZEROMQ_BOOL => Argument::Bool(self.chance.below(2) == 1),
            ZEROMQ_INT => Argument::Int(self.chance.of(NUMBERS)),
            ZEROMQ_FLOAT => Argument::Float(self.chance.of(FLOATS)),
            ZEROMQ_STRING | ZEROMQ_BYTES => Argument::Bytes(kind, self.text()),
            ZEROMQ_LIST | ZEROMQ_TUPLE | ZEROMQ_DICTIONARY => {
                let count = if depth == 0 { 0 } else { self.chance.below(5) };
                let count = if kind == ZEROMQ_DICTIONARY { count * 2 } else { count };
                let kinds: Vec<u32> = (0..count).map(|_| self.chance.of(KINDS)).collect();
                // Often all of one kind.
                let alike = self.chance.below(2) == 0;
                let first = self.chance.of(&[ZEROMQ_STRING, ZEROMQ_INT]);
                let kinds = kinds.iter().map(|kind| if alike { first } else { *kind });
                let kinds: Vec<u32> = kinds.collect();
                let items = kinds.iter().map(|kind| self.argument(*kind, depth - 1)).collect();
                Argument::Items(kind, items)
            }
            ZEROMQ_ARRAY => self.array(),
            ZEROMQ_OBJECT => Argument::Object(self.object()),
            ZEROMQ_FUNCTION => Argument::Function(self.chance.below(9) as u64),
            ZEROMQ_CLASS => Argument::Class(self.classes[self.chance.below(self.classes.len())]),
            _ => Argument::Other,
        }
    }

    /// Returns an array, mostly of as many bytes as its shape has.
    fn array(&mut self) -> Argument {
        let (element, order) = (self.chance.below(16) as u32, self.chance.below(3) as u32);
        let dimensions = self.chance.below(4);
        let sizes = [0, 1, 2, 3, 17, 1 << 20, usize::MAX];
        let shape: Vec<usize> = (0..dimensions).map(|_| self.chance.of(&sizes)).collect();
        let fitting =
            Element::of(element).and_then(|kind| Some(count(&shape, kind)? * kind.size()));
        let size = match fitting {
            Some(size @ 0..=65_536) if self.chance.below(8) > 0 => size,
            _ => self.chance.below(64),
        };
        Argument::Array { element, order, shape, bytes: vec![self.chance.below(256) as u8; size] }
    }

    fn text(&mut self) -> Vec<u8> {
        match self.chance.below(20) {
            0 => vec![b'x'; self.chance.of(&[254, 255, 256, 1000, 70000])],
            1 => (0..self.chance.below(9)).map(|_| self.chance.below(256) as u8).collect(),
            2..6 => self.chance.of(ENDPOINTS).to_vec(),
            6 | 7 => self.options[self.chance.below(self.options.len())].into(),
            _ => self.chance.of(TEXTS).to_vec(),
        }
    }

    /// Returns an argument for a parameter, mostly a valid one.
    fn suitable(&mut self, parameter: &Parameter) -> Argument {
        let anything = self.chance.of(KINDS);
        if self.chance.below(25) == 0 {
            return self.argument(anything, 3);
        }
        match string(parameter.name).as_str() {
            "endpoints" | "endpoint" => {
                return Argument::Bytes(ZEROMQ_STRING, self.chance.of(ENDPOINTS).to_vec());
            }
            "name" => {
                let index = self.chance.below(self.options.len());
                return Argument::Bytes(ZEROMQ_STRING, self.options[index].into());
            }
            "timeout" | "ms" | "interval" | "linger" | "delay" if self.chance.below(12) > 0 => {
                return Argument::Int(self.chance.of(&[0, 1, 2, 3]));
            }
            _ => {}
        }
        let kinds: Vec<u32> =
            KINDS.iter().copied().filter(|kind| parameter.kinds & (1 << kind) != 0).collect();
        let kind = self.chance.of(&kinds);
        self.argument(kind, 3)
    }

    /// Converts an argument to a value of the library.
    fn lower(&mut self, argument: &Argument) -> Value {
        let (kind, payload) = match argument {
            Argument::Nil => (ZEROMQ_NIL, Payload { integer: 0 }),
            Argument::Bool(value) => (ZEROMQ_BOOL, Payload { integer: i64::from(*value) }),
            Argument::Int(integer) => (ZEROMQ_INT, Payload { integer: *integer }),
            Argument::Float(number) => (ZEROMQ_FLOAT, Payload { number: *number }),
            Argument::Bytes(kind, bytes) => (*kind, Payload { bytes: self.bytes(bytes) }),
            Argument::Items(kind, items) => {
                let values: Vec<Value> = items.iter().map(|item| self.lower(item)).collect();
                let (data, count) = (self.store(values), items.len());
                (*kind, Payload { items: Items { data, count } })
            }
            Argument::Array { element, order, shape, bytes } => {
                let (element, order, dimensions) = (*element, *order, shape.len());
                self.shapes.push(shape[..].into());
                let shape = self.shapes[self.shapes.len() - 1].as_ptr();
                let Bytes { data, size } = self.bytes(bytes);
                let data = data.cast();
                self.arrays.push([Array { element, order, shape, dimensions, data, size }].into());
                let array = self.arrays[self.arrays.len() - 1].as_ptr();
                (ZEROMQ_ARRAY, Payload { array })
            }
            Argument::Object(object) => (ZEROMQ_OBJECT, Payload { object: *object }),
            Argument::Other => (ZEROMQ_OTHER, Payload { bytes: self.bytes(b"something") }),
            Argument::Function(function) => (ZEROMQ_FUNCTION, Payload { function: *function }),
            Argument::Class(described) => (ZEROMQ_CLASS, Payload { described: described.cast() }),
        };
        Value { kind, payload }
    }

    fn store(&mut self, values: Vec<Value>) -> *const Value {
        self.memory.push(values.into());
        self.memory[self.memory.len() - 1].as_ptr()
    }

    fn bytes(&mut self, bytes: &[u8]) -> Bytes {
        self.texts.push(bytes.into());
        let data = self.texts[self.texts.len() - 1].as_ptr().cast();
        Bytes { data, size: bytes.len() }
    }

    /// Chooses a method and its receiver: a constructor while there are few objects.
    fn method(&mut self) -> (&'static Method, u64) {
        loop {
            let class = self.classes[self.chance.below(self.classes.len())];
            let few = self.objects.len() < 12 || self.chance.below(8) == 0;
            if few && !class.constructor.is_null() {
                // SAFETY: descriptors stay for ever.
                return (unsafe { &*class.constructor }, 0);
            }
            let methods = listed(class.methods, class.method_count);
            let functions = listed(class.functions, class.function_count);
            if self.chance.below(3) == 0 && !functions.is_empty() {
                let method = functions[self.chance.below(functions.len())];
                // Rarely the one that shuts everything down.
                if string(method.name) != "shutdown" || self.chance.below(50) == 0 {
                    return (method, 0);
                }
            } else if !methods.is_empty() {
                let method = methods[self.chance.below(methods.len())];
                let receiver = match self.chance.below(30) {
                    0 => Some(self.object()),
                    _ => self.receiver(class),
                };
                if let Some(receiver) = receiver {
                    return (method, receiver);
                }
            }
        }
    }

    fn prepare(&mut self) -> Prepared {
        let (method, receiver) = self.method();
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        for parameter in listed(method.parameters, method.parameter_count) {
            let times = match parameter.role {
                ZEROMQ_REQUIRED => usize::from(self.chance.below(40) > 0),
                ZEROMQ_VARIADIC => self.chance.below(4),
                // Waiting until the host interrupts takes long.
                _ if string(parameter.name) == "timeout" => usize::from(self.chance.below(20) > 0),
                _ => self.chance.below(2),
            };
            for _ in 0..times {
                let argument = self.suitable(parameter);
                if parameter.role == ZEROMQ_NAMED {
                    named.push((string(parameter.name), argument));
                } else {
                    positional.push(argument);
                }
            }
        }
        if self.chance.below(40) == 0 {
            positional.push(Argument::Nil);
        }
        if self.chance.below(60) == 0 {
            named.push(("invented".into(), Argument::Int(1)));
        }
        if self.trace {
            self.show(method, receiver, &positional, &named);
        }
        let values: Vec<Value> = positional.iter().map(|value| self.lower(value)).collect();
        let mut names = Vec::new();
        let mut lowered = Vec::new();
        for (name, argument) in named {
            names.push(CString::new(name).unwrap());
            let value = self.lower(&argument);
            lowered.push(Named { name: names[names.len() - 1].as_ptr(), value });
        }
        let host = self.host;
        Prepared { host, method, receiver, positional: values, named: lowered, _names: names }
    }

    fn show(
        &self,
        method: &Method,
        receiver: u64,
        positional: &[Argument],
        named: &[(String, Argument)],
    ) {
        let class = zeromq_object_class(receiver);
        // SAFETY: descriptors of classes stay for ever.
        let class = if class.is_null() { String::new() } else { string(unsafe { (*class).name }) };
        let depth = DEPTH.get();
        let arguments: String = format!("{positional:?} {named:?}").chars().take(200).collect();
        eprintln!("{depth} {class} {receiver:x} {} {arguments}", string(method.name));
    }
}

fn listed<T>(data: *const *const T, count: u32) -> Vec<&'static T> {
    if count == 0 {
        return Vec::new();
    }
    // SAFETY: a descriptor has as many as it says, and they stay for ever.
    unsafe { slice::from_raw_parts(data, count as usize) }.iter().map(|t| unsafe { &**t }).collect()
}

/// Makes one call.
fn step() {
    let prepared = SCRIPT.with_borrow_mut(|script| script.as_mut().unwrap().prepare());
    let before = BEGAN.replace(Some(Instant::now()));
    let mut result = MaybeUninit::<Returned>::uninit();
    let Prepared { host, method, receiver, ref positional, ref named, .. } = prepared;
    // SAFETY: the values and what they refer to are in place, and there is room for the
    // result.
    let code = unsafe {
        let (values, count) = (positional.as_ptr(), positional.len());
        let (names, name_count) = (named.as_ptr(), named.len());
        let result = result.as_mut_ptr();
        zeromq_call(host, method, receiver, values, count, names, name_count, result)
    };
    if SCRIPT.with_borrow(|script| script.as_ref().unwrap().trace) {
        eprintln!("  {code:?} after {:?}", BEGAN.get().unwrap().elapsed());
    }
    BEGAN.set(before);
    let mut outcome = String::from("a value");
    if code == Code::Ok {
        // SAFETY: the library has written the result, which is not used after it is freed.
        unsafe {
            let value = &(*result.as_ptr()).value;
            SCRIPT.with_borrow_mut(|script| script.as_mut().unwrap().keep(value));
            zeromq_result_free(result.as_mut_ptr());
        }
    } else {
        // SAFETY: the error is valid until the next call of this function.
        let error = unsafe { &*zeromq_last_error() };
        outcome = string(error.tag);
        let message = string(error.message);
        assert_ne!(code, Code::Panic, "{message}");
        assert!(message.len() <= 254, "{message}");
    }
    SCRIPT.with_borrow_mut(|script| {
        let script = script.as_mut().unwrap();
        *script.codes.entry(outcome).or_default() += 1;
        script.forget(HELD);
    });
}

/// Inspects an object as a host does when it prints or compares it.
fn look() {
    let [one, other] = SCRIPT.with_borrow_mut(|script| {
        let script = script.as_mut().unwrap();
        [script.object(), script.object()]
    });
    for read in [zeromq_object_text, zeromq_object_bytes] {
        let mut result = MaybeUninit::<Returned>::uninit();
        // SAFETY: there is room for the result, which is freed if it was written.
        unsafe {
            if read(one, result.as_mut_ptr()) == Code::Ok {
                zeromq_result_free(result.as_mut_ptr());
            }
        }
    }
    if zeromq_object_equals(one, other) == 1 {
        assert_eq!(zeromq_object_hash(one), zeromq_object_hash(other));
    }
}

/// Makes the calls that an input describes, under a policy, and returns how often each code
/// was returned. Before the objects are freed, it calls `check`.
pub fn calls(input: &[u8], policy: Option<&str>, check: impl FnOnce()) -> BTreeMap<String, usize> {
    SCRIPT.set(Some(Box::new(Script::new(input, policy))));
    for _ in 0..STEPS {
        step();
        look();
        if SCRIPT.with_borrow(|script| script.as_ref().unwrap().chance.is_used_up()) {
            break;
        }
    }
    check();
    let mut script = SCRIPT.take().unwrap();
    script.forget(0);
    std::mem::take(&mut script.codes)
}
