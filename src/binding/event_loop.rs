//! The class of loops, which call script functions when a socket is ready or a timer is
//! due.

use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::arguments::TIMEOUT;
use super::call::Call;
use super::object::{Instance, Object};
use super::poller::socket;
use super::table::{Class, Group, Method, Parameter, Sends, named, required};
use super::value::{Handle, Kept, Kinds, Value, ValueRef};
use crate::core::locked::locked;
use crate::core::poller::{Poller, Ready, Source};
use crate::core::timers::Timers;
use crate::core::{Error, Wait, wait};

const SOCKET: Parameter = required("socket", Kinds::OBJECT, "a socket");
const HANDLER: Parameter =
    required("function", Kinds::FUNCTION, "a function that takes the socket").of(GOES_ON);
/// A function that returns false ends its calls.
const GOES_ON: Kinds = Kinds::BOOL.or(Kinds::NIL);

/// Loops.
pub(super) static CLASS: Class = Class {
    name: "ZMQLoop",
    doc: "Calls functions when sockets are ready and when timers expire.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQLoop",
        parameters: &[],
        result: "ZMQLoop",
        doc: "Creates an event loop without handlers.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| {
            let poller = Poller::under(call.host.policy());
            Ok(Value::Object(Object::new(Loop { poller, state: Mutex::default() })))
        },
    }),
    alias: None,
    groups: &[&HANDLERS, &RUNNING],
    functions: &[],
};

static HANDLERS: Group = Group {
    name: "handlers",
    doc: "Register functions. A function that returns false ends the loop.",
    see: "",
    methods: &[
        Method {
            name: "reader",
            parameters: &[SOCKET, HANDLER],
            result: "nil",
            doc: "Calls the function with the socket whenever the socket has a message to \
                  receive. The function should receive it; otherwise it is called again. Replaces \
                  the previous reader of this socket.",
            errors: "`ZMQUnsupported` if the socket cannot receive",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("tea")
                var loop = ZMQLoop()
                loop.reader(pair[1], fn (socket) { print socket.receive()   // tea
                  return false })
                loop.start()
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| handle(call, Ready::IN),
        },
        Method {
            name: "writer",
            parameters: &[SOCKET, HANDLER],
            result: "nil",
            doc: "Calls the function with the socket whenever the socket can send without \
                  waiting. Replaces the previous writer of this socket. Use `cancel` when there \
                  is nothing to send.",
            errors: "`ZMQUnsupported` if the socket cannot send",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| handle(call, Ready::OUT),
        },
        Method {
            name: "timer",
            parameters: &[
                required("ms", Kinds::INT.or(Kinds::FLOAT), "0 or more milliseconds"),
                required("function", Kinds::FUNCTION, "a function without parameters").of(GOES_ON),
                named(
                    "times",
                    Kinds::INT.or(Kinds::NIL),
                    "the number of calls, or nil for no \
                                                           limit",
                ),
            ],
            result: "Int",
            doc: "Calls the function every `ms` milliseconds, `times=` times or forever. Returns \
                  a number that `cancel` accepts. Periods that are missed while another function \
                  runs are skipped.",
            errors: "",
            example: r#"
                var loop = ZMQLoop()
                loop.timer(10, fn () { print "tick" }, times=1)   // tick
                loop.start()
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: timer,
        },
        Method {
            name: "cancel",
            parameters: &[required(
                "what",
                Kinds::INT.or(Kinds::OBJECT),
                "the number of a timer, or a socket",
            )],
            result: "Bool",
            doc: "Removes a timer by its number, or the reader and the writer of a socket. \
                  Returns false if there was none.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: cancel,
        },
    ],
};

static RUNNING: Group = Group {
    name: "running",
    doc: "Run and stop the loop.",
    see: "",
    methods: &[
        Method {
            name: "start",
            parameters: &[TIMEOUT],
            result: "Bool",
            doc: "Runs the loop. Returns true when a function returns false, when `stop` is \
                  called, or when no timers and no open sockets are left. Returns false on \
                  timeout. If a function raises an error, `start` raises it. Timers run before \
                  readers and writers.",
            errors: "`ZMQArgs` if the loop is already running",
            example: r#"
                var loop = ZMQLoop()
                loop.timer(10, fn () { return false })
                print loop.start()   // true
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Bool(false)),
            run: start,
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Ends the loop after the function that is running has returned.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                call.receiver::<Loop>()?.state().stopping = true;
                Ok(Value::Nil)
            },
        },
    ],
};

/// A script's loop.
#[derive(Debug)]
struct Loop {
    poller: Poller<Handlers>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    timers: Timers<Kept>,
    running: bool,
    stopping: bool,
    /// The function being called, which may have been canceled.
    current: Option<Kept>,
}

/// The functions for a socket.
#[derive(Clone, Debug)]
struct Handlers {
    socket: Kept,
    source: Source,
    reader: Option<Kept>,
    writer: Option<Kept>,
}

impl Loop {
    /// Locks the state, which is never done while the host is called, not even by
    /// dropping a script value.
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Returns the previous one, to be dropped without a lock.
    fn set_current(&self, function: Option<Kept>) -> Option<Kept> {
        mem::replace(&mut self.state().current, function)
    }
}

impl Instance for Loop {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        self.poller.visit(|handlers| {
            let functions = handlers.reader.iter().chain(&handlers.writer);
            functions.chain([&handlers.socket]).for_each(|kept| visit(kept.handle()));
        });
        let state = self.state();
        state.timers.iter().chain(&state.current).for_each(|kept| visit(kept.handle()));
    }
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ZMQLoop>")
    }
}

fn handle(call: &Call, event: Ready) -> Result<Value, Error> {
    let looped = call.receiver::<Loop>()?;
    let [ValueRef::Object(_, handle), ValueRef::Function(function)] = call.values() else {
        return Err(call.refuse(0));
    };
    let source = Source::Socket(call.get(0)?);
    let (socket, function) = (call.host.keep(*handle), Some(call.host.keep(*function)));
    let (mut events, known) = looped.poller.find(&source).unzip();
    let mut handlers =
        known.unwrap_or(Handlers { socket, source: source.clone(), reader: None, writer: None });
    if event.input {
        handlers.reader = function;
    } else {
        handlers.writer = function;
    }
    let events = events.get_or_insert(event);
    events.input |= event.input;
    events.output |= event.output;
    looped.poller.add(source, *events, handlers)?;
    Ok(Value::Nil)
}

fn timer(call: &Call) -> Result<Value, Error> {
    let function = call.get(1)?;
    let every = call.duration(0, "ms")?;
    let times = call.count("times")?.map(i64::unsigned_abs);
    if times == Some(0) {
        return Err(Error::Argument {
            place: "named argument times=".to_owned(),
            expected: "a positive Int, or nil for no limit".into(),
            got: "the Int 0".to_owned(),
        });
    }
    let function = call.host.keep(function);
    Ok(Value::Int(call.receiver::<Loop>()?.state().timers.add(every, times, function)))
}

fn cancel(call: &Call) -> Result<Value, Error> {
    let looped = call.receiver::<Loop>()?;
    let what = call.value(0)?;
    let cancelled = match (what, socket(what)) {
        (ValueRef::Int(id), _) => {
            let cancelled = looped.state().timers.cancel(*id);
            cancelled.is_some()
        }
        (_, Some(socket)) => looped.poller.remove(&Source::Socket(socket)),
        _ => return Err(call.refuse(0)),
    };
    Ok(Value::Bool(cancelled))
}

fn start(call: &Call) -> Result<Value, Error> {
    let looped = call.receiver::<Loop>()?;
    let timeout = call.milliseconds("timeout")?.unwrap_or(None);
    {
        let mut state = looped.state();
        if state.running {
            return Err(Error::Argument {
                place: "the loop".to_owned(),
                expected: "one that is not running".into(),
                got: "one that is".to_owned(),
            });
        }
        state.running = true;
        state.stopping = false;
    }
    let result = run(call, looped, timeout);
    looped.state().running = false;
    let last = looped.set_current(None);
    drop(last);
    result.map(|()| Value::Bool(true))
}

/// Runs until the loop ends.
fn run(call: &Call, looped: &Loop, timeout: Option<Duration>) -> Result<(), Error> {
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    looped.poller.remove_closed();
    loop {
        if call.host.interrupt().is_some_and(|interrupt| interrupt.interrupted()) {
            return Err(Error::Interrupted);
        }
        if !run_timers(call, looped)? {
            return Ok(());
        }
        // Nothing will ever come from these.
        looped.poller.remove_skipped();
        let sockets = looped.poller.count();
        let next = looped.state().timers.next();
        if sockets == 0 && next.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        if end.is_some_and(|end| end <= now) {
            return Err(Error::Again);
        }
        let until = [end, next].into_iter().flatten().min();
        let slice = until.map(|until| until.saturating_duration_since(now));
        let slice = Wait::new(slice).until(call.host.interrupt());
        if sockets == 0 {
            wait::sleep(&slice)?;
        } else if !run_handlers(call, looped, &slice)? {
            return Ok(());
        }
    }
}

/// Runs the timers that are due. Returns true if the loop continues.
fn run_timers(call: &Call, looped: &Loop) -> Result<bool, Error> {
    let now = Instant::now();
    let due = looped.state().timers.due(now);
    for id in due {
        let mut state = looped.state();
        let Some(function) = state.timers.fire(id, now) else {
            continue;
        };
        // It may have been the last turn.
        let before = state.current.replace(function.clone());
        drop(state);
        drop(before);
        if !goes_on(call, looped, &function, Vec::new())? {
            return Ok(false);
        }
    }
    Ok(!looped.state().stopping)
}

/// Waits for sockets and calls the functions of those that are ready. Returns true if the
/// loop continues.
fn run_handlers(call: &Call, looped: &Loop, wait: &Wait) -> Result<bool, Error> {
    let ready = match looped.poller.wait_all(wait) {
        Ok(ready) => ready,
        // Closed by another thread meanwhile.
        Err(Error::Again | Error::Closed) => return Ok(true),
        Err(error) => return Err(error),
    };
    for (handlers, ready) in ready {
        let functions = [(ready.input, true), (ready.output, false)];
        for (_, reads) in functions.into_iter().filter(|(ready, _)| *ready) {
            // A function before may have cancelled it, or closed the socket.
            let known = looped.poller.find(&handlers.source).map(|(_, handlers)| handlers);
            let Some(Handlers { socket, source: Source::Socket(open), reader, writer }) = known
            else {
                continue;
            };
            let function = if reads { reader } else { writer };
            if let Some(function) = function
                && !open.is_closed()
                && !goes_on(call, looped, &function, vec![Value::Kept(socket)])?
            {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Calls a script function. Returns true if the loop continues.
fn goes_on(
    call: &Call,
    looped: &Loop,
    function: &Kept,
    arguments: Vec<Value>,
) -> Result<bool, Error> {
    if function.owner() != call.host.id() {
        return Err(Error::Argument {
            place: "the loop".to_owned(),
            expected: "functions of the virtual machine that starts it".into(),
            got: "one of another".to_owned(),
        });
    }
    drop(looped.set_current(Some(function.clone())));
    let mut goes_on = true;
    call.host.call(function.handle(), arguments, &mut |returned| {
        goes_on = !matches!(returned, ValueRef::Bool(false));
        Ok(())
    })?;
    Ok(goes_on && !looped.state().stopping)
}
