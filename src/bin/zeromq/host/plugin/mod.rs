//! The library, called only through its C ABI, as by any other virtual machine. `run` loads
//! it when a script imports it, and `doctor` loads it to check versions; `host` calls its
//! methods. All unsafe code of the host is in this folder.

mod array;
mod exports;
pub mod file;
mod lend;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::env;
use std::ffi::{CStr, CString, OsString, c_char, c_void};
use std::mem::MaybeUninit;
use std::rc::{Rc, Weak};

use zeromq::capi::error::ErrorInfo;
use zeromq::core::Code;
use zeromq::core::array::ListLimit;
use zeromq::vm::abi;

use crate::host::call::Values;
use crate::host::dictionary::Dictionary;
use crate::host::error::{CALLABLE, Outcome, Stop, error, hinted};
use crate::host::hints;
use crate::host::interpreter::Interpreter;
use crate::host::syntax::{Name, Names};
use crate::host::value::Value;
use crate::interrupt;
use crate::library;
use exports::Exports;
use lend::{Functions, Lent};

/// The library, and the data of this host. Never freed, because the library's code may run
/// until the process ends.
pub struct Library {
    exports: Exports,
    /// The number for calls; 0 until the library has registered this host.
    registration: Cell<abi::Registration>,
    state: &'static State,
}

/// The data that the library's callbacks write to.
#[derive(Default)]
struct State {
    classes: RefCell<Vec<Rc<Class>>>,
    /// The script's objects, so that each handle has exactly one value.
    objects: RefCell<HashMap<abi::Object, Weak<Object>>>,
    functions: RefCell<Functions>,
    /// The interpreter and the library of the innermost call, for callbacks during the call.
    calling: Cell<Option<(*mut Interpreter, &'static Library)>>,
    /// The error of the last function that the library called.
    stop: RefCell<Option<Stop>>,
    /// The tag and the text of that error, as the library was told.
    failure: RefCell<[CString; 2]>,
    /// The result of the last function, borrowed by the library.
    returned: RefCell<Option<(Value, Lent)>>,
}

/// A class of the library, which a script calls to make an object.
pub struct Class {
    library: &'static Library,
    address: *const abi::Class,
    name: String,
    alias: Option<String>,
    constructor: Option<Method>,
    methods: HashMap<Name, Method>,
    functions: HashMap<Name, Method>,
}

/// A method, a class function or a constructor.
#[derive(Clone, Copy)]
pub struct Method(*const abi::Method);

/// An object of the library. Freed with the last value that refers to it.
pub struct Object {
    class: Rc<Class>,
    handle: abi::Object,
}

/// The method that says why nothing arrives.
const DIAGNOSIS: &str = "diagnose";

/// The method that returns what a socket is attached to.
const ATTACHMENTS: &str = "endpoints";

// Loading.

/// The library, and the names that it defines.
pub type Loaded = (&'static Library, Vec<(Name, Value)>);

/// Finds and loads the library.
pub fn load(names: &Names) -> Result<Loaded, String> {
    let library = open()?;
    library.register()?;
    let mut brought = Vec::new();
    for address in library.addresses() {
        let class = Rc::new(library.class(address, names)?);
        library.state.classes.borrow_mut().push(class.clone());
        let callable = class.constructor.is_some() || !class.functions.is_empty();
        let known_as = [Some(&class.name), class.alias.as_ref()].into_iter().flatten();
        for name in known_as.filter(|_| callable) {
            brought.push((names.intern(name), Value::ForeignClass(class.clone())));
        }
    }
    Ok((library, brought))
}

/// Finds and loads the library, without its classes.
pub fn open() -> Result<&'static Library, String> {
    let exports = match library::find()? {
        library::Library::Shared(path) => {
            // The code of the library stays: its threads may run to the end.
            Exports::of(Box::leak(Box::new(file::load(&path)?)))?
        }
        library::Library::Linked => Exports::linked(),
    };
    let state: &'static State = Box::leak(Box::default());
    Ok(Box::leak(Box::new(Library { exports, registration: Cell::new(0), state })))
}

/// Called by the library to warn the user.
unsafe extern "C" fn warn(context: *mut c_void, tag: *const c_char, message: *const c_char) {
    // SAFETY: the context is the State that `open` has leaked; the library calls
    // on the thread that called it, which is the only one that uses the state.
    let state = unsafe { &*context.cast::<State>() };
    // SAFETY: the header says that both texts are there for the time of the call.
    let (tag, message) = unsafe { (text(tag), text(message)) };
    let Some((interpreter, _)) = state.calling.get() else {
        eprintln!("Warning '{tag}': {message}");
        return;
    };
    // SAFETY: the call of the library in the middle of which this is was given the
    // interpreter, and leaves it alone until it returns.
    let interpreter = unsafe { &mut *interpreter };
    // The call may go on waiting. Where the text cannot be written, nothing else can be.
    let _ = interpreter.warn(&tag, &message);
}

/// Called by the library while it waits, to ask whether to stop.
unsafe extern "C" fn interrupted(_: *mut c_void) -> i32 {
    i32::from(interrupt::asked())
}

/// Called by the library to call a script function.
unsafe extern "C" fn call(
    context: *mut c_void,
    function: abi::Function,
    arguments: *const abi::Value,
    count: usize,
    result: *mut abi::Value,
) -> i32 {
    // SAFETY: as in warn.
    let state = unsafe { &*context.cast::<State>() };
    let Some((interpreter, library)) = state.calling.get() else {
        return 1;
    };
    // SAFETY: the call of the library in the middle of which this is was given the
    // interpreter, and leaves it alone until it returns.
    let interpreter = unsafe { &mut *interpreter };
    // SAFETY: the library passes as many values, filled in as the header says.
    let given = library.values(unsafe { slice(arguments, count) }, &mut ListLimit::default());
    let function = state.functions.borrow().get(function);
    let outcome = given.and_then(|given| interpreter.call(&function, given.into()));
    let outcome = outcome.and_then(|value| {
        // The library may go on waiting, and somebody may be watching the output.
        interpreter.flush()?;
        let mut lent = Lent::new(state);
        let passed = lent.one(&|| "the result of a function".to_owned(), &value, 0)?;
        lent.pass();
        state.returned.replace(Some((value, lent)));
        Ok(passed)
    });
    match outcome {
        Ok(passed) => {
            // SAFETY: the library has room for a value.
            unsafe { result.write(passed) };
            0
        }
        Err(stop) => {
            state.stop.replace(Some(stop));
            1
        }
    }
}

/// Called by the library to learn the error of a script function.
unsafe extern "C" fn failure(
    context: *mut c_void,
    tag: *mut *const c_char,
    text: *mut *const c_char,
) {
    // SAFETY: as in warn.
    let state = unsafe { &*context.cast::<State>() };
    let stop = state.stop.borrow();
    let (id, message) = match &*stop {
        Some(Stop::Error(error)) => (&*error.id, &*error.text),
        Some(Stop::Interrupted) => ("ZMQInterrupted", "interrupted"),
        Some(Stop::Unsupported(what)) => ("Unsupported", &**what),
        _ => ("", ""),
    };
    let string = |text: &str| CString::new(text.replace('\0', " ")).unwrap_or_default();
    let told = [string(id), string(message)];
    // SAFETY: the library has room for two pointers. What they lead to is in the state, and
    // does not move with the array.
    unsafe {
        tag.write(told[0].as_ptr());
        text.write(told[1].as_ptr());
    }
    state.failure.replace(told);
}

/// # Safety
/// The pointer is NULL or points to a NUL-terminated string.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: guaranteed by the caller.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

impl Class {
    /// Returns its functions.
    pub fn functions(&self) -> impl Iterator<Item = Method> {
        self.functions.values().copied()
    }

    /// Returns the methods of its objects.
    pub fn methods(&self) -> impl Iterator<Item = Method> {
        self.methods.values().copied()
    }

    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(|name| &**name)
    }

    pub fn method_names(&self) -> impl Iterator<Item = &str> {
        self.methods.keys().map(|name| &**name)
    }

    pub fn constructor(&self) -> Option<Method> {
        self.constructor
    }
}

impl Object {
    pub fn class(&self) -> &Class {
        &self.class
    }

    /// Names the classes whose objects have a method that this one does not have. Returns an
    /// empty string if there are none.
    pub fn whose(&self, name: &str) -> String {
        let classes = self.class.library.state.classes.borrow();
        let others =
            classes.iter().filter(|class| class.constructor.is_some() && class.makes(name));
        let others: Vec<&str> = others.take(3).map(|class| &*class.name).collect();
        match others.as_slice() {
            [] => String::new(),
            others => {
                let own = &self.class.name;
                format!("this is a {own}; {name} is a method of {}", others.join(", "))
            }
        }
    }
}

impl Library {
    fn register(&self) -> Result<(), String> {
        // As for scripts in Morpho.
        let policy = match env::var_os("ZEROMQ_POLICY").map(OsString::into_encoded_bytes) {
            Some(rules) => CString::new(rules).map(Some).map_err(|error| error.to_string())?,
            None => None,
        };
        let host = abi::Host {
            size: size_of::<abi::Host>() as u32,
            abi: abi::ZEROMQ_ABI,
            context: std::ptr::from_ref(self.state).cast_mut().cast(),
            flags: abi::ZEROMQ_HOST_ARRAYS,
            warn: Some(warn),
            interrupted: interrupt::is_watched().then_some(interrupted as _),
            call: Some(call),
            policy: policy.as_ref().map_or(std::ptr::null(), |rules| rules.as_ptr()),
            failure: Some(failure),
        };
        // SAFETY: the host is filled in, and there is room for its number.
        match unsafe { (self.exports.register)(&raw const host, self.registration.as_ptr()) } {
            0 => Ok(()),
            _ => Err(format!("the library refuses this host: {}", self.last_error().1)),
        }
    }

    /// Returns the addresses of all classes, parents first.
    fn addresses(&self) -> impl Iterator<Item = *const abi::Class> {
        // SAFETY: the function takes nothing, and NULL ends the array, which stays.
        let classes = unsafe { (self.exports.classes)() };
        // SAFETY: as above.
        (0..).map(move |at| unsafe { *classes.add(at) }).take_while(|class| !class.is_null())
    }

    /// Forgets functions that the library no longer needs.
    fn forget_functions(&self) {
        while !self.state.functions.borrow().is_empty() {
            // SAFETY: the function takes any number.
            let function = unsafe { (self.exports.function_released)(self.registration.get()) };
            if function == 0 {
                break;
            }
            let released = self.state.functions.borrow_mut().remove(function);
            // What it has taken along is freed only now, and may call the library.
            drop(released);
        }
    }

    /// Reads the library's description of a class.
    fn class(&'static self, address: *const abi::Class, names: &Names) -> Result<Class, String> {
        // SAFETY: the library lists the address; the header says
        // that classes stay in place, and start with size and abi.
        let class =
            unsafe { address.as_ref() }.ok_or("the library defines a class that is NULL")?;
        if class.abi != abi::ZEROMQ_ABI || (class.size as usize) < size_of::<abi::Class>() {
            return Err(format!(
                "the library has version {} of the ABI, this program has {}",
                class.abi,
                abi::ZEROMQ_ABI
            ));
        }
        // SAFETY: the header says that the texts are there, or NULL, and that
        // there are as many methods and functions as counted.
        let (name, alias, mut methods, functions) = unsafe {
            (
                text(class.name),
                text(class.alias),
                rows(class.methods, class.method_count, names),
                rows(class.functions, class.function_count, names),
            )
        };
        let classes = self.state.classes.borrow();
        if let Some(parent) = classes.iter().find(|known| known.address == class.parent) {
            for (name, method) in &parent.methods {
                methods.entry(name.clone()).or_insert(*method);
            }
        }
        let constructor = (!class.constructor.is_null()).then_some(Method(class.constructor));
        let alias = (!alias.is_empty()).then_some(alias);
        Ok(Class { library: self, address, name, alias, constructor, methods, functions })
    }

    /// Calls a method. Arguments are borrowed; the result is copied.
    fn call(
        &'static self,
        interpreter: &mut Interpreter,
        method: Method,
        receiver: abi::Object,
        values: &Values,
    ) -> Outcome<Value> {
        // The call may wait, and somebody may be watching the output.
        interpreter.flush()?;
        let mut lent = Lent::new(self.state);
        let name = || method.name();
        let arguments = lent.all(&name, &values.positional, 0)?;
        let named = lent.named(&name, &values.named)?;
        lent.pass();
        let mut result = MaybeUninit::uninit();
        let outer = self.state.calling.replace(Some((&raw mut *interpreter, self)));
        // SAFETY: the arguments are filled in as the header says. What they point to is in
        // `arguments`, `named`, `lent` and `values`, which outlive the call; nothing changes
        // them, for strings do not change and lists are copied. There is room for a result.
        let code = unsafe {
            (self.exports.call)(
                self.registration.get(),
                method.0,
                receiver,
                arguments.as_ptr(),
                arguments.len(),
                named.as_ptr(),
                named.len(),
                result.as_mut_ptr(),
            )
        };
        self.state.calling.set(outer);
        // SAFETY: the library has written the result of a call that succeeded.
        let value = (code == 0).then(|| unsafe { self.take(&mut result) });
        self.forget_functions();
        if let Some(value) = value {
            return value;
        }
        if code == Code::Callback as i32
            && let Some(stop) = self.state.stop.take()
        {
            return Err(stop);
        }
        let (tag, message) = self.last_error();
        let hint = match code {
            code if code == Code::Interrupted as i32 => self.diagnosis(receiver),
            code if code == Code::Closed as i32 => {
                "what was closed stays closed: make a new one".to_owned()
            }
            code if code == Code::Again as i32 => {
                "diagnose() of a socket says why nothing arrives".to_owned()
            }
            _ => method.meant(&values.named),
        };
        Err(hinted(error(tag, message), hint))
    }

    /// Returns why nothing arrives at a socket, or an empty string for other objects.
    fn diagnosis(&'static self, receiver: abi::Object) -> String {
        let known = self.state.objects.borrow().get(&receiver).and_then(Weak::upgrade);
        let method = known.and_then(|object| {
            let methods = object.class.methods.iter();
            methods.clone().find(|(name, _)| ***name == *DIAGNOSIS).map(|(_, method)| *method)
        });
        let Some(method) = method else {
            return String::new();
        };
        let mut result = MaybeUninit::uninit();
        let (none, nobody) = (std::ptr::null(), std::ptr::null());
        // SAFETY: there are no arguments, and there is room for a result.
        let code = unsafe {
            (self.exports.call)(
                self.registration.get(),
                method.0,
                receiver,
                none,
                0,
                nobody,
                0,
                result.as_mut_ptr(),
            )
        };
        // SAFETY: the library has written the result of a call that succeeded.
        match (code == 0).then(|| unsafe { self.take(&mut result) }) {
            Some(Ok(Value::String(text))) => text.to_string(),
            _ => String::new(),
        }
    }

    /// Copies a result, and frees it.
    ///
    /// # Safety
    /// The library has written it.
    unsafe fn take(&self, result: &mut MaybeUninit<abi::Returned>) -> Outcome<Value> {
        // SAFETY: guaranteed by the caller, for the members that are used.
        let value = unsafe { &(*result.as_ptr()).value };
        let value = self.value(value, &mut ListLimit::default());
        // SAFETY: guaranteed by the caller, and it is not used again.
        unsafe { (self.exports.result_free)(result.as_mut_ptr()) };
        value
    }

    /// Returns the tag and message of the last failed call.
    fn last_error(&self) -> (String, String) {
        // SAFETY: the function takes nothing.
        let info = unsafe { (self.exports.last_error)() };
        let known = size_of::<ErrorInfo>() as u32;
        // SAFETY: the result, if not NULL, is valid until the function is called
        // again; it starts with its size. No reference is made to it, for its
        // code may be one that this program does not know.
        if info.is_null() || unsafe { (*info).size } < known {
            return ("ZMQErr".into(), "the library reports no reason".into());
        }
        // SAFETY: as above, and the header says that both texts are there.
        unsafe { (text((*info).tag), text((*info).message)) }
    }

    /// Converts a value of the library to a script value.
    fn value(&self, value: &abi::Value, limit: &mut ListLimit) -> Outcome<Value> {
        // SAFETY: the library says by `kind` which member of the union it has
        // written, and what a pointer in it leads to stays until result_free.
        Ok(unsafe {
            match value.kind {
                abi::ZEROMQ_BOOL => Value::Bool(value.payload.integer != 0),
                abi::ZEROMQ_INT => integer(value.payload.integer),
                abi::ZEROMQ_FLOAT => Value::Float(value.payload.number),
                abi::ZEROMQ_STRING => {
                    let abi::Bytes { data, size } = value.payload.bytes;
                    Value::string(String::from_utf8_lossy(slice(data.cast(), size)))
                }
                abi::ZEROMQ_LIST => Value::list(self.items(value.payload.items, limit)?),
                abi::ZEROMQ_TUPLE => Value::tuple(self.items(value.payload.items, limit)?),
                abi::ZEROMQ_DICTIONARY => {
                    let mut made = Dictionary::default();
                    for pair in self.items(value.payload.items, limit)?.chunks_exact(2) {
                        made.insert(pair[0].clone(), pair[1].clone());
                    }
                    Value::dictionary(made)
                }
                abi::ZEROMQ_OBJECT => self.object(value.payload.object),
                abi::ZEROMQ_FUNCTION => self.state.functions.borrow().get(value.payload.function),
                abi::ZEROMQ_ARRAY => array::take(&*value.payload.array, limit)?,
                _ => Value::Nil,
            }
        })
    }

    fn values(&self, values: &[abi::Value], limit: &mut ListLimit) -> Outcome<Vec<Value>> {
        values.iter().map(|value| self.value(value, limit)).collect()
    }

    /// # Safety
    /// The items come from the library.
    unsafe fn items(&self, items: abi::Items, limit: &mut ListLimit) -> Outcome<Vec<Value>> {
        // SAFETY: guaranteed by the caller.
        self.values(unsafe { slice(items.data, items.count) }, limit)
    }

    /// Returns the value for a handle. The same handle is always the same object.
    fn object(&self, handle: abi::Object) -> Value {
        let mut objects = self.state.objects.borrow_mut();
        if let Some(known) = objects.get(&handle).and_then(Weak::upgrade) {
            // Each time that it is given counts; this program needs it once.
            // SAFETY: the function takes any number.
            unsafe { (self.exports.object_free)(handle) };
            return Value::Foreign(known);
        }
        // SAFETY: the function takes any number, and gives NULL for a wrong one.
        let address = unsafe { (self.exports.object_class)(handle) };
        let classes = self.state.classes.borrow();
        let Some(class) = classes.iter().find(|class| class.address == address) else {
            return Value::Nil;
        };
        let object = Rc::new(Object { class: class.clone(), handle });
        objects.insert(handle, Rc::downgrade(&object));
        Value::Foreign(object)
    }

    /// Returns the version of the library's libzmq.
    pub fn libzmq_version(&self) -> String {
        // SAFETY: the text stays for ever.
        unsafe { text((self.exports.libzmq_version)()) }
    }

    /// True if this libzmq was built with a capability.
    pub fn has(&self, capability: &CStr) -> bool {
        // SAFETY: the text is there for the time of the call.
        unsafe { (self.exports.has)(capability.as_ptr()) == 1 }
    }

    /// Returns the version of the library itself, not that of libzmq.
    pub fn version(&self) -> String {
        // SAFETY: the function takes nothing, and gives a text that stays.
        unsafe { text((self.exports.version)()) }
    }

    /// Closes all sockets and waits until their messages have been sent.
    pub fn shutdown(&self) {
        // SAFETY: the function takes nothing, and objects stay valid after it.
        unsafe { (self.exports.shutdown)() };
    }
}

/// Script integers have 32 bits.
fn integer(number: i64) -> Value {
    i32::try_from(number).map_or(Value::Float(number as f64), Value::Int)
}

/// # Safety
/// There are `count` values, unless the pointer is NULL.
unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if data.is_null() {
        return &[];
    }
    // SAFETY: guaranteed by the caller.
    unsafe { std::slice::from_raw_parts(data, count) }
}

/// # Safety
/// There are `count` pointers to methods, unless the pointer is NULL.
unsafe fn rows(
    data: *const *const abi::Method,
    count: u32,
    names: &Names,
) -> HashMap<Name, Method> {
    // SAFETY: guaranteed by the caller.
    let rows = unsafe { slice(data, count as usize) };
    let methods = rows.iter().map(|&method| Method(method));
    methods.map(|method| (names.intern(&method.name()), method)).collect()
}

impl Method {
    pub fn name(self) -> String {
        // SAFETY: the pointer is one of a class of the library, whose methods and
        // their names stay in place.
        unsafe { text((*self.0).name) }
    }

    /// Returns how it is called, and what it returns.
    pub fn signature(self) -> String {
        // SAFETY: as above.
        unsafe { text((*self.0).signature) }
    }

    /// Returns the names of the named arguments.
    pub fn options(self) -> Vec<String> {
        // SAFETY: as above; there are as many parameters as counted, and they stay too.
        unsafe {
            let parameters = slice((*self.0).parameters, (*self.0).parameter_count as usize);
            let named = parameters.iter().filter(|row| (***row).role == abi::ZEROMQ_NAMED);
            named.map(|row| text((**row).name)).collect()
        }
    }

    /// Returns the hint about the first named argument that does not exist, or an empty
    /// string.
    fn meant(self, named: &[(Name, Value)]) -> String {
        let options = self.options();
        let unknown = named.iter().find(|(name, _)| !options.iter().any(|known| **known == **name));
        unknown.map_or_else(String::new, |(name, _)| {
            match hints::did_you_mean(name, options.iter().map(String::as_str)) {
                hint if hint.is_empty() => hint,
                hint => hint.replace('?', "=?"),
            }
        })
    }
}

impl Class {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if its objects have this method.
    pub fn makes(&self, method: &str) -> bool {
        self.methods.keys().any(|name| **name == *method)
    }

    /// Returns the address by which the library knows it.
    fn address(&self) -> *const abi::Class {
        self.address
    }

    /// Returns the names of its methods and functions.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.methods.keys().chain(self.functions.keys()).map(|name| &**name)
    }

    /// A function that is called on the class itself.
    pub fn function(&self, name: &Name) -> Option<Method> {
        self.functions.get(name).copied()
    }

    pub fn call(
        &self,
        interpreter: &mut Interpreter,
        function: Method,
        values: &Values,
    ) -> Outcome<Value> {
        self.library.call(interpreter, function, 0, values)
    }

    /// Makes an object.
    pub fn construct(&self, interpreter: &mut Interpreter, values: &Values) -> Outcome<Value> {
        match self.constructor {
            Some(constructor) => self.library.call(interpreter, constructor, 0, values),
            None => Err(CALLABLE.into()),
        }
    }
}

impl Object {
    pub fn class_name(&self) -> &str {
        &self.class.name
    }

    pub fn method(&self, name: &Name) -> Option<Method> {
        self.class.methods.get(name).copied()
    }

    pub fn call(
        &self,
        interpreter: &mut Interpreter,
        method: Method,
        values: &Values,
    ) -> Outcome<Value> {
        self.class.library.call(interpreter, method, self.handle, values)
    }

    /// Returns the result of `==`.
    pub fn equals(&self, other: &Object) -> bool {
        // SAFETY: it may be called with any numbers.
        unsafe { (self.class.library.exports.object_equals)(self.handle, other.handle) == 1 }
    }

    /// Returns the class of a socket and what it is attached to, for the prompt: " ZMQReply,
    /// bound to tcp://0.0.0.0:5555". Returns an empty string for other objects.
    pub fn attachments(&self, interpreter: &mut Interpreter) -> String {
        let Some(method) = self.method(&interpreter.names.intern(ATTACHMENTS)) else {
            return String::new();
        };
        let Ok(Value::List(list)) = self.call(interpreter, method, &Values::default()) else {
            return String::new();
        };
        let mut text = format!(" {}", self.class.name);
        for pair in list.0.borrow().iter() {
            if let Value::Tuple(pair) = pair
                && let [Value::String(action), Value::String(endpoint)] = &pair.0.borrow()[..]
            {
                let attached = if &**action == "bind" { "bound" } else { "connected" };
                text.push_str(&format!(", {attached} to {endpoint}"));
            }
        }
        text
    }

    /// Returns a hash, which is the same for equal objects.
    pub fn hash(&self) -> u64 {
        // SAFETY: it may be called with any number.
        unsafe { (self.class.library.exports.object_hash)(self.handle) }
    }

    /// Returns the text that `print` shows.
    pub fn text(&self) -> String {
        let library = self.class.library;
        let mut result = MaybeUninit::uninit();
        // SAFETY: there is room for a result.
        let code = unsafe { (library.exports.object_text)(self.handle, result.as_mut_ptr()) };
        if code != 0 {
            return format!("<{}>", self.class.name);
        }
        // SAFETY: the library has written the result of a call that succeeded.
        match unsafe { library.take(&mut result) } {
            Ok(Value::String(text)) => text.to_string(),
            _ => String::new(),
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let library = self.class.library;
        library.state.objects.borrow_mut().remove(&self.handle);
        // SAFETY: the function takes any number; this one is not used again.
        unsafe { (library.exports.object_free)(self.handle) };
    }
}
