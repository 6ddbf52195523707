//! The class of the authenticator, which decides which clients servers accept.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::{self, ThreadId};

use super::call::{Call, WhileWaiting, while_waiting};
use super::certificate::{self, Certificate};
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, Sends, named, required, variadic};
use super::value::{Handle, Kept, Kinds, Value, ValueRef};
use crate::core;
use crate::core::authenticator::zap::Credentials;
use crate::core::authenticator::{Decision, Question};
use crate::core::locked::locked;
use crate::core::{Authenticator, Error, Right};

const ORIGINS: Parameter = variadic(
    "addresses",
    Kinds::STRING.or(Kinds::LIST),
    "Strings such as \"192.168.1.10\", \"10.0.0.0/8\" or \"ipc\", or one List of them",
)
.of(Kinds::STRING);

const DOMAIN: Parameter =
    named("domain", Kinds::STRING.or(Kinds::NIL), "a String, or nil for all domains");

/// The authenticator.
pub(super) static CLASS: Class = Class {
    name: "ZMQAuth",
    doc: "Decides which clients the servers of this program accept: by address, password or key. \
          There is one authenticator for all sockets of a program. It runs until `stop`, \
          `ZMQ.shutdown()` or the end of the program. After `ZMQ.shutdown()`, a CURVE server \
          without a domain raises `ZMQSecurity` until another one is started.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQAuth",
        parameters: &[],
        result: "ZMQAuth",
        doc: "Starts the authenticator. At first it accepts every address and knows no passwords \
              and no keys. Start it before servers are bound: clients that connected earlier are \
              not checked.",
        errors: "`ZMQSecurity` if an authenticator is already running",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| {
            call.permitted(Right::Authenticator)?;
            Ok(Value::Object(Object::new(Auth::new(Authenticator::start()?))))
        },
    }),
    alias: None,
    groups: &[&RULES, &LIFE],
    functions: &[],
};

static RULES: Group = Group {
    name: "rules",
    doc: "Set the rules.",
    see: "",
    methods: &[
        Method {
            name: "allow",
            parameters: &[ORIGINS],
            result: "nil",
            doc: "Adds addresses and networks to the allowlist. Once the list has an entry, all \
                  other addresses are refused. Further calls add to the list. \"ipc\" stands for \
                  programs on this machine that connect over ipc.",
            errors: "`ZMQSecurity` if an address is invalid (nothing is added then) or the \
                     authenticator was stopped",
            example: r#"
                var auth = ZMQAuth()
                auth.allow("127.0.0.1", "192.168.0.0/16")
                auth.stop()
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| auth(call)?.allow(&origins(call)?).map(|()| Value::Nil),
        },
        Method {
            name: "deny",
            parameters: &[ORIGINS],
            result: "nil",
            doc: "Adds addresses and networks to the denylist. They are refused even if they are \
                  allowed.",
            errors: "`ZMQSecurity` if an address is invalid or the authenticator was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| auth(call)?.deny(&origins(call)?).map(|()| Value::Nil),
        },
        Method {
            name: "plain",
            parameters: &[
                required(
                    "passwords",
                    Kinds::STRING.or(Kinds::DICTIONARY),
                    "the name of a file of lines name=value, or a Dictionary of Strings",
                ),
                DOMAIN,
            ],
            result: "nil",
            doc: "Accepts users with these passwords, from a Dictionary or from a file. A file is \
                  read again when it changes. With `domain=` the passwords apply to servers in \
                  that domain; without it, to all domains that have no passwords of their own. \
                  Replaces the passwords set earlier for the same domain.",
            errors: "`ZMQSecurity` if the file cannot be read or the authenticator was stopped",
            example: r#"
                var auth = ZMQAuth()
                auth.plain({ "alice": "wonderland" })
                auth.stop()
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: plain,
        },
        Method {
            name: "curve",
            parameters: &[
                required(
                    "keys",
                    Kinds::STRING.or(Kinds::LIST),
                    "the name of a directory, \"*\", or a List of ZMQCertificates and Strings of 40 \
                     characters",
                )
                .of(Kinds::STRING.or(Kinds::OBJECT)),
                DOMAIN,
            ],
            result: "nil",
            doc: "Accepts clients with these CURVE keys: those of a List, or of all certificate \
                  files below a directory, which is read again when it changes. \"*\" accepts \
                  every key. With `domain=` the keys apply to servers in that domain; without it, \
                  to all domains that have no keys of their own. Replaces the keys set earlier \
                  for the same domain.",
            errors: "`ZMQSecurity` if the directory cannot be read or the authenticator was \
                     stopped",
            example: r#"
                var auth = ZMQAuth()
                auth.curve([ZMQCertificate()])
                auth.stop()
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: curve,
        },
        Method {
            name: "decide",
            parameters: &[required(
                "function",
                Kinds::FUNCTION.or(Kinds::NIL),
                "a function that takes a Dictionary and returns a Bool, or nil",
            )
            .of(Kinds::BOOL)],
            result: "nil",
            doc: "Lets a function decide about clients whose address is not refused. The function \
                  gets a Dictionary with \"address\", \"mechanism\", \"domain\", \"user\", \
                  \"password\", \"known\" (true if the rules would accept the client) and \
                  \"reason\", and returns true to accept the client. It is called while the \
                  script waits in a method of the library. A client that waits longer than five \
                  seconds is refused and may try again. Pass nil to let the rules decide again.",
            errors: "`ZMQSecurity` if the authenticator was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: set_decide,
        },
    ],
};

static LIFE: Group = Group {
    name: "life",
    doc: "Inspect and stop.",
    see: "",
    methods: &[
        Method {
            name: "log",
            parameters: &[],
            result: "List",
            doc: "Returns the last 256 decisions, oldest first, as a List of Dictionaries with \
                  \"address\", \"mechanism\", \"domain\", \"user\", \"accepted\" and \"reason\".",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let log = auth(call)?.log()?;
                Ok(Value::List(log.into_iter().map(describe).collect()))
            },
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Stops the authenticator. Afterwards PLAIN servers and servers with a domain \
                  refuse every client; other servers accept every client.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                auth(call)?.stop();
                Ok(Value::Nil)
            },
        },
    ],
};

/// A script's authenticator.
#[derive(Debug)]
struct Auth(Arc<Deciding>);

/// An authenticator, and the script function that decides for it.
#[derive(Debug)]
struct Deciding {
    authenticator: Authenticator,
    function: Mutex<Option<Function>>,
    /// True while it is being called.
    called: AtomicBool,
}

/// A function, and the only place where it can be called.
#[derive(Clone, Debug)]
struct Function {
    kept: Kept,
    host: usize,
    thread: ThreadId,
}

thread_local! {
    /// The authenticator whose decisions a script on this thread makes.
    static DECIDING: RefCell<Weak<Deciding>> = const { RefCell::new(Weak::new()) };
}

impl Auth {
    fn new(authenticator: Authenticator) -> Auth {
        let (function, called) = (Mutex::default(), AtomicBool::new(false));
        Auth(Arc::new(Deciding { authenticator, function, called }))
    }
}

impl Deciding {
    /// Locks the function, which is never done while the host is called.
    fn function(&self) -> MutexGuard<'_, Option<Function>> {
        locked(&self.function)
    }
}

impl Instance for Auth {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        let function = self.0.function().as_ref().map(|function| function.kept.handle());
        if let Some(handle) = function {
            visit(handle);
        }
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.0.authenticator.is_running() { "running" } else { "stopped" };
        write!(f, "<{}: {state}>", CLASS.name)
    }
}

fn auth<'a>(call: &Call<'a>) -> Result<&'a Authenticator, Error> {
    Ok(&call.receiver::<Auth>()?.0.authenticator)
}

fn set_decide(call: &Call) -> Result<Value, Error> {
    let deciding = &call.receiver::<Auth>()?.0;
    let function = match call.values() {
        [ValueRef::Function(handle)] => Some(Function {
            kept: call.host.keep(*handle),
            host: call.host.id(),
            thread: thread::current().id(),
        }),
        _ => None,
    };
    deciding.authenticator.ask(function.is_some().then_some("the script"))?;
    let last = mem::replace(&mut *deciding.function(), function);
    // What held it may call the host.
    drop(last);
    DECIDING.set(Arc::downgrade(deciding));
    while_waiting(WhileWaiting { applies: decides, act: decide });
    Ok(Value::Nil)
}

/// Returns true if script functions may decide about clients while a call waits.
fn decides(call: &Call) -> bool {
    DECIDING.with_borrow(|deciding| deciding.strong_count() > 0) && !call.lends_more()
}

/// Lets the script decide about all waiting clients.
///
/// # Errors
/// [`Error::Callback`]; [`Error::Argument`] if it returns anything but a Bool.
fn decide(call: &Call) -> Result<(), Error> {
    // The instance is not held during a call: when it is collected then, its
    // function may be, too, and must not be called once more.
    while let Some((deciding, question, function)) = next(call) {
        let mut accept = false;
        let arguments = vec![ask(&question)];
        let result = call.host.call(function.handle(), arguments, &mut |returned| match returned {
            ValueRef::Bool(returned) => {
                accept = *returned;
                Ok(())
            }
            value => Err(Error::Argument {
                place: "what the function of decide returned".to_owned(),
                expected: "a Bool".into(),
                got: value.to_string(),
            }),
        });
        if let Some(deciding) = deciding.upgrade() {
            deciding.called.store(false, Ordering::Relaxed);
            deciding.authenticator.answer(&question, accept);
        }
        result?;
    }
    Ok(())
}

/// Returns the next client to decide about and the function that decides, if it can be
/// called here and now.
fn next(call: &Call) -> Option<(Weak<Deciding>, Question, Kept)> {
    let deciding = DECIDING.with_borrow(Weak::upgrade)?;
    let function = deciding.function().clone()?;
    let here = (call.host.id(), thread::current().id());
    if (function.host, function.thread) != here || deciding.called.load(Ordering::Relaxed) {
        return None;
    }
    let question = deciding.authenticator.question()?;
    deciding.called.store(true, Ordering::Relaxed);
    Some((Arc::downgrade(&deciding), question, function.kept))
}

fn ask(question: &Question) -> Value {
    let request = &question.request;
    let credentials = &request.credentials;
    let password = match credentials {
        Credentials::Plain { password, .. } => Some(password.clone()),
        _ => None,
    };
    Value::Dictionary(vec![
        ("address".into(), request.address.clone().into()),
        ("mechanism".into(), credentials.mechanism().to_owned().into()),
        ("domain".into(), request.domain.clone().into()),
        ("user".into(), credentials.user().into()),
        ("password".into(), password.into()),
        ("known".into(), Value::Bool(question.known.is_ok())),
        ("reason".into(), question.known.clone().err().into()),
    ])
}

fn origins<'a>(call: &Call<'a>) -> Result<Vec<&'a str>, Error> {
    let values = match call.values() {
        [ValueRef::List(items)] => items,
        values => values,
    };
    let text = |(index, value): (usize, &'a ValueRef)| match value {
        ValueRef::String(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| call.wrong(index, value.to_string()))
        }
        _ => Err(call.wrong(index, value.to_string())),
    };
    let origins: Vec<&str> = values.iter().enumerate().map(text).collect::<Result<_, _>>()?;
    if origins.is_empty() {
        return Err(call.wrong(0, "nothing".to_owned()));
    }
    Ok(origins)
}

/// Returns the domain that a rule applies to; `None` means all domains.
fn domain<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Error> {
    Ok(call.given_text("domain")?.filter(|domain| *domain != "*"))
}

fn plain(call: &Call) -> Result<Value, Error> {
    let (auth, domain) = (auth(call)?, domain(call)?);
    let ValueRef::Dictionary(entries) = call.value(0)? else {
        return auth.plain_file(domain, call.file_to_read(0)?).map(|()| Value::Nil);
    };
    let text = |value: &ValueRef| match value {
        ValueRef::String(bytes) => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    };
    let entry = |(name, word): &(ValueRef, ValueRef)| Some((text(name)?, text(word)?));
    let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
    // What is wrong may be a password, so it is not shown.
    let entries = entries
        .ok_or_else(|| call.wrong(0, "a Dictionary with something else in it".to_owned()))?;
    auth.plain(domain, entries).map(|()| Value::Nil)
}

fn curve(call: &Call) -> Result<Value, Error> {
    let (auth, domain) = (auth(call)?, domain(call)?);
    let done = match call.value(0)? {
        ValueRef::List(items) => {
            let known = |item: &ValueRef| match item {
                ValueRef::Object(object, _) if object.get::<Certificate>().is_some() => {
                    Ok(object.get::<Certificate>().ok_or(Error::Closed)?.lock().clone())
                }
                item => match certificate::key(item) {
                    Some(key) => core::Certificate::from_keys(Some(key), None),
                    None => Err(call.wrong(0, format!("{item} in it"))),
                },
            };
            let certificates: Vec<_> = items.iter().map(known).collect::<Result<_, _>>()?;
            auth.curve(domain, &certificates)
        }
        ValueRef::String(b"*") => auth.curve_any(domain),
        _ => auth.curve_directory(domain, call.file_to_read(0)?),
    };
    done.map(|()| Value::Nil)
}

fn describe(decision: Decision) -> Value {
    Value::Dictionary(vec![
        ("address".into(), decision.address.into()),
        ("mechanism".into(), decision.mechanism.into()),
        ("domain".into(), decision.domain.into()),
        ("user".into(), decision.user.into()),
        ("accepted".into(), Value::Bool(decision.accepted)),
        ("reason".into(), decision.reason.into()),
    ])
}
