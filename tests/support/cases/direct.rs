//! The cases through the interface for virtual machines itself, with a host in this
//! process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr;
use std::slice;

use serde_json::Value as Json;
use zeromq::capi::error::zeromq_last_error;
use zeromq::core::Code;
use zeromq::vm::abi::{
    Array, Bytes, Class, Host, Items, Method, Named, Object, Payload, Registration, Returned,
    Value, ZEROMQ_ABI, ZEROMQ_ARRAY, ZEROMQ_BOOL, ZEROMQ_BY_ROWS, ZEROMQ_CLASS, ZEROMQ_DICTIONARY,
    ZEROMQ_FLOAT, ZEROMQ_FLOAT64, ZEROMQ_FUNCTION, ZEROMQ_HOST_ARRAYS, ZEROMQ_INT, ZEROMQ_INT64,
    ZEROMQ_LIST, ZEROMQ_NIL, ZEROMQ_OBJECT, ZEROMQ_STRING, ZEROMQ_TUPLE,
};
use zeromq::vm::{
    zeromq_call, zeromq_classes, zeromq_host_register, zeromq_host_unregister, zeromq_object_bytes,
    zeromq_object_class, zeromq_object_free, zeromq_object_text, zeromq_result_free,
};

use super::{Call, Case, Expected, Literal, Step, Target};

/// A virtual machine whose scripts are the steps of cases.
struct Machine {
    registration: Registration,
    _context: Box<u8>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        assert_eq!(zeromq_host_unregister(self.registration), Code::Ok);
    }
}

/// The result of a call, in the form of the table.
type Given = Result<Json, String>;

/// An array, with its shape and its numbers.
type Lending = (Box<Array>, Box<[usize; 2]>, Vec<f64>);

/// Memory that the library borrows.
#[derive(Default)]
struct Lent {
    items: Vec<Vec<Value>>,
    bytes: Vec<Vec<u8>>,
    arrays: Vec<Lending>,
}

thread_local! {
    static RETURNED: RefCell<Lent> = RefCell::default();
}

/// The functions of the table, by number, from 1.
const FUNCTIONS: [&str; 4] = ["echo", "first", "nothing", "fail"];

unsafe extern "C" fn call(
    _: *mut c_void,
    function: u64,
    arguments: *const Value,
    count: usize,
    result: *mut Value,
) -> i32 {
    // SAFETY: the library passes as many values, which stay for the call.
    let arguments = unsafe { slice::from_raw_parts(arguments, count) };
    let returned = match FUNCTIONS[function as usize - 1] {
        "echo" => read(&arguments[0], false),
        "first" => read(&arguments[0], false)[0].clone(),
        "nothing" => Json::Null,
        _ => return 1,
    };
    // It is the library's until its call returns.
    let value = RETURNED.with_borrow_mut(|lent| lend(&returned, lent));
    // SAFETY: there is room for a value.
    unsafe { result.write(value) };
    0
}

fn plain(kind: u32, payload: Payload) -> Value {
    Value { kind, payload }
}

fn text(text: *const c_char) -> String {
    // SAFETY: the library terminates its texts.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// Runs a case. The error is the actual result.
pub fn run(case: &Case) -> Result<(), String> {
    let machine = Machine::new();
    let mut variables = HashMap::new();
    let outcome = case.steps.iter().enumerate().try_for_each(|(at, step)| {
        let outcome = machine.step(step, &mut variables);
        outcome.map_err(|got| format!("step {at}: {got}"))
    });
    for object in variables.into_values() {
        zeromq_object_free(object);
    }
    outcome
}

impl Machine {
    fn new() -> Machine {
        let context = Box::new(0);
        let host = Host {
            size: size_of::<Host>() as u32,
            abi: ZEROMQ_ABI,
            context: (&raw const *context).cast_mut().cast(),
            flags: ZEROMQ_HOST_ARRAYS,
            warn: None,
            interrupted: None,
            call: Some(call),
            policy: std::ptr::null(),
            failure: None,
        };
        let mut registration = 0;
        // SAFETY: the host is filled in.
        assert_eq!(unsafe { zeromq_host_register(&host, &mut registration) }, Code::Ok);
        Machine { registration, _context: context }
    }

    fn step(&self, step: &Step, variables: &mut HashMap<String, Object>) -> Result<(), String> {
        let call = match step {
            Step::Text(variable, text) => {
                let shown = shown(variables[variable]);
                return if shown == *text { Ok(()) } else { Err(shown) };
            }
            Step::Call(call) => call,
        };
        let mut result = MaybeUninit::<Returned>::uninit();
        let code = self.invoke(call, variables, result.as_mut_ptr());
        // SAFETY: the library has written the result of a call that succeeded.
        let value = (code == Code::Ok).then(|| unsafe { (*result.as_ptr()).value });
        let given: Given = match code {
            Code::Ok => Ok(read(&value.unwrap(), call.keep.is_some())),
            Code::Callback => Err("Mine".to_owned()),
            // SAFETY: a call has failed on this thread.
            _ => Err(text(unsafe { (*zeromq_last_error()).tag })),
        };
        if let (Some(value), Some(variable)) = (value, &call.keep)
            && value.kind == ZEROMQ_OBJECT
        {
            // SAFETY: it is an object.
            variables.insert(variable.clone(), unsafe { value.payload.object });
        }
        if let (Err(_), Some(says)) = (&given, &call.says) {
            // SAFETY: a call has failed on this thread.
            let message = text(unsafe { (*zeromq_last_error()).message });
            if !message.contains(&**says) {
                return Err(message);
            }
        }
        if code == Code::Ok {
            // SAFETY: as above.
            unsafe { zeromq_result_free(result.as_mut_ptr()) };
        }
        match (&call.expected, given) {
            (Expected::Anything, Ok(_)) => Ok(()),
            (Expected::Result(expected), Ok(given)) if *expected == given => Ok(()),
            (Expected::Error(expected), Err(tag)) if *expected == tag => Ok(()),
            (_, Ok(given)) => Err(given.to_string()),
            (_, Err(tag)) => Err(tag),
        }
    }

    fn invoke(
        &self,
        call: &Call,
        variables: &HashMap<String, Object>,
        result: *mut Returned,
    ) -> Code {
        let (method, receiver) = match &call.target {
            Target::Constructor(class) => (self.class(class).constructor, 0),
            Target::Function(class, name) => {
                let class = self.class(class);
                (find(class.functions, class.function_count, name).unwrap(), 0)
            }
            Target::Method(variable, name) => {
                let object = variables[variable];
                // SAFETY: the class of an object stays for ever.
                let mut class = unsafe { &*zeromq_object_class(object) };
                loop {
                    if let Some(method) = find(class.methods, class.method_count, name) {
                        break (method, object);
                    }
                    // SAFETY: as above.
                    class = unsafe { class.parent.as_ref() }.unwrap_or_else(|| panic!("{name}"));
                }
            }
        };
        let mut lent = Lent::default();
        let mut lend = |value| self.lend(value, variables, &mut lent);
        let arguments: Vec<Value> = call.arguments.iter().map(&mut lend).collect();
        let names: Vec<CString> =
            call.named.keys().map(|name| CString::new(&**name).unwrap()).collect();
        let named = names.iter().zip(call.named.values());
        let named: Vec<Named> =
            named.map(|(name, value)| Named { name: name.as_ptr(), value: lend(value) }).collect();
        // SAFETY: what the arguments point to is here, and there is room for the result.
        unsafe {
            zeromq_call(
                self.registration,
                method,
                receiver,
                arguments.as_ptr(),
                arguments.len(),
                named.as_ptr(),
                named.len(),
                result,
            )
        }
    }

    fn class(&self, name: &str) -> &'static Class {
        let first = zeromq_classes();
        // SAFETY: NULL ends the classes, which stay for ever.
        let mut classes = (0..).map_while(|at| unsafe { (*first.add(at)).as_ref() });
        classes.find(|class| text(class.name) == name).unwrap_or_else(|| panic!("{name}"))
    }

    /// Converts a value for the library; it may refer to a variable or a class.
    fn lend(&self, value: &Json, variables: &HashMap<String, Object>, lent: &mut Lent) -> Value {
        match Literal::read(value) {
            Literal::Variable(name) => plain(ZEROMQ_OBJECT, Payload { object: variables[name] }),
            Literal::Class(name) => {
                plain(ZEROMQ_CLASS, Payload { described: ptr::from_ref(self.class(name)).cast() })
            }
            Literal::List(items) => {
                let items = items.iter().map(|item| self.lend(item, variables, lent)).collect();
                lent.items(ZEROMQ_LIST, items)
            }
            _ => lend(value, lent),
        }
    }
}

/// Converts a plain value for the library.
fn lend(value: &Json, lent: &mut Lent) -> Value {
    match Literal::read(value) {
        Literal::Nil => plain(ZEROMQ_NIL, Payload { integer: 0 }),
        Literal::Bool(flag) => plain(ZEROMQ_BOOL, Payload { integer: flag.into() }),
        Literal::Int(integer) => plain(ZEROMQ_INT, Payload { integer }),
        Literal::Float(number) => plain(ZEROMQ_FLOAT, Payload { number }),
        Literal::Text(text) => lent.string(text.into()),
        Literal::Bytes(bytes) => lent.string(bytes),
        Literal::Function(name) => {
            let number = FUNCTIONS.iter().position(|known| *known == name).unwrap();
            plain(ZEROMQ_FUNCTION, Payload { function: number as u64 + 1 })
        }
        Literal::List(items) => {
            let items = items.iter().map(|item| lend(item, lent)).collect();
            lent.items(ZEROMQ_LIST, items)
        }
        Literal::Dictionary(entries) => {
            let pairs = entries.iter();
            let pairs =
                pairs.map(|(key, value)| [lend(&Json::from(&**key), lent), lend(value, lent)]);
            let items = pairs.collect::<Vec<_>>().concat();
            lent.items(ZEROMQ_DICTIONARY, items)
        }
        Literal::Array(rows) => lent.array(&rows),
        Literal::Tuple(_) | Literal::Variable(_) | Literal::Class(_) => {
            panic!("{value} is not lent here")
        }
    }
}

impl Lent {
    fn string(&mut self, bytes: Vec<u8>) -> Value {
        let payload = Payload { bytes: Bytes { data: bytes.as_ptr().cast(), size: bytes.len() } };
        self.bytes.push(bytes);
        plain(ZEROMQ_STRING, payload)
    }

    fn array(&mut self, rows: &[Vec<f64>]) -> Value {
        let (shape, numbers) = (Box::new([rows.len(), rows[0].len()]), rows.concat());
        let array = Box::new(Array {
            element: ZEROMQ_FLOAT64,
            order: ZEROMQ_BY_ROWS,
            shape: shape.as_ptr(),
            dimensions: shape.len(),
            data: numbers.as_ptr().cast(),
            size: size_of_val(&*numbers),
        });
        let payload = Payload { array: &raw const *array };
        self.arrays.push((array, shape, numbers));
        plain(ZEROMQ_ARRAY, payload)
    }

    fn items(&mut self, kind: u32, items: Vec<Value>) -> Value {
        let payload = Payload { items: Items { data: items.as_ptr(), count: items.len() } };
        self.items.push(items);
        plain(kind, payload)
    }
}

fn find(methods: *const *const Method, count: u32, name: &str) -> Option<*const Method> {
    // SAFETY: a class has as many methods as it says.
    let methods = unsafe { slice::from_raw_parts(methods, count as usize) };
    // SAFETY: methods stay for ever.
    methods.iter().copied().find(|method| text(unsafe { (**method).name }) == name)
}

fn shown(object: Object) -> String {
    let mut result = MaybeUninit::<Returned>::uninit();
    // SAFETY: there is room for a result, and it is written.
    unsafe {
        assert_eq!(zeromq_object_text(object, result.as_mut_ptr()), Code::Ok);
        let shown = String::from_utf8(string(&(*result.as_ptr()).value)).unwrap();
        zeromq_result_free(result.as_mut_ptr());
        shown
    }
}

fn string(value: &Value) -> Vec<u8> {
    assert_eq!(value.kind, ZEROMQ_STRING);
    // SAFETY: it is a string of the library.
    unsafe {
        let Bytes { data, size } = value.payload.bytes;
        if size == 0 { vec![] } else { slice::from_raw_parts(data.cast(), size).to_vec() }
    }
}

/// Converts a value of the library to one of the table. Objects are freed unless the
/// case keeps them; objects other than frames cannot be compared.
fn read(value: &Value, kept: bool) -> Json {
    // SAFETY: the library says by the kind which member it has filled in.
    unsafe {
        match value.kind {
            ZEROMQ_NIL => Json::Null,
            ZEROMQ_BOOL => Json::Bool(value.payload.integer != 0),
            ZEROMQ_INT => value.payload.integer.into(),
            ZEROMQ_FLOAT => value.payload.number.into(),
            ZEROMQ_STRING => String::from_utf8(string(value)).unwrap().into(),
            ZEROMQ_LIST => items(value).into(),
            ZEROMQ_TUPLE => serde_json::json!({ "$tuple": items(value) }),
            ZEROMQ_DICTIONARY => {
                let items = items(value);
                let pairs = items.chunks_exact(2);
                pairs.map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone())).collect()
            }
            ZEROMQ_ARRAY => {
                let array = &*value.payload.array;
                // A number without dimensions.
                if array.dimensions == 0 {
                    assert_eq!(array.element, ZEROMQ_INT64);
                    return array.data.cast::<i64>().read_unaligned().into();
                }
                assert_eq!((array.element, array.dimensions), (ZEROMQ_FLOAT64, 2));
                let bytes: &[u8] = slice::from_raw_parts(array.data.cast(), array.size);
                let numbers = bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes));
                let numbers: Vec<f64> = numbers.collect();
                let width = *array.shape.add(1);
                serde_json::json!({ "$array": numbers.chunks(width).collect::<Vec<_>>() })
            }
            ZEROMQ_OBJECT => {
                let object = value.payload.object;
                let mut bytes = MaybeUninit::<Returned>::uninit();
                let read = match zeromq_object_bytes(object, bytes.as_mut_ptr()) {
                    Code::Ok => {
                        let read = string(&(*bytes.as_ptr()).value);
                        zeromq_result_free(bytes.as_mut_ptr());
                        let hex: String = read.iter().map(|byte| format!("{byte:02x}")).collect();
                        serde_json::json!({ "$bytes": hex })
                    }
                    _ => shown(object).into(),
                };
                if !kept {
                    zeromq_object_free(object);
                }
                read
            }
            kind => panic!("kind {kind}"),
        }
    }
}

fn items(value: &Value) -> Vec<Json> {
    // SAFETY: it is a list, a tuple or a dictionary of the library.
    let items = unsafe { value.payload.items };
    let items = if items.count == 0 {
        &[]
    } else {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(items.data, items.count) }
    };
    items.iter().map(|item| read(item, false)).collect()
}
