//! The class of loops, which call script functions when a socket is ready or a timer is
//! due.

use std::fmt;

use super::arguments::TIMEOUT;
use super::call::Call;
use super::object::{Instance, Object};
use super::poller::socket;
use super::socket::done;
use super::table::{Class, Group, Method, Parameter, Sends, named, required};
use super::value::{Handle, Kept, Kinds, Value, ValueRef};
use crate::core::event_loop::{EventLoop, Runner};
use crate::core::{Error, Ready, Source, Wait};

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
        run: |call| Ok(Value::Object(Object::new(Loop(EventLoop::under(call.host.policy()))))),
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
                call.receiver::<Loop>()?.0.stop();
                Ok(Value::Nil)
            },
        },
    ],
};

/// A script's loop.
#[derive(Debug)]
struct Loop(EventLoop<Called>);

/// A function, and the socket that it is called with.
#[derive(Clone, Debug)]
struct Called {
    function: Kept,
    socket: Option<Kept>,
}

impl Instance for Loop {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        self.0.visit(&mut |called| {
            called.socket.iter().chain([&called.function]).for_each(|kept| visit(kept.handle()));
        });
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
    let (socket, function) = (Some(call.host.keep(*handle)), call.host.keep(*function));
    done(looped.0.handle(source, event, Called { function, socket }))
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
    let called = Called { function: call.host.keep(function), socket: None };
    Ok(Value::Int(call.receiver::<Loop>()?.0.timer(every, times, called)))
}

fn cancel(call: &Call) -> Result<Value, Error> {
    let looped = &call.receiver::<Loop>()?.0;
    let what = call.value(0)?;
    Ok(Value::Bool(match (what, socket(what)) {
        (ValueRef::Int(id), _) => looped.cancel_timer(*id),
        (_, Some(socket)) => looped.cancel(&Source::Socket(socket)),
        _ => return Err(call.refuse(0)),
    }))
}

fn start(call: &Call) -> Result<Value, Error> {
    let timeout = call.milliseconds("timeout")?.unwrap_or(None);
    let wait = Wait::new(timeout).until(call.host.interrupt());
    call.receiver::<Loop>()?.0.run(&wait, &mut Caller(call))?;
    Ok(Value::Bool(true))
}

/// Calls script functions.
struct Caller<'a, 'b>(&'a Call<'b>);

impl Runner<Called> for Caller<'_, '_> {
    fn call(&mut self, called: &Called) -> Result<bool, Error> {
        let host = self.0.host;
        if called.function.owner() != host.id() {
            return Err(Error::Argument {
                place: "the loop".to_owned(),
                expected: "functions of the virtual machine that starts it".into(),
                got: "one of another".to_owned(),
            });
        }
        let arguments = called.socket.clone().map(Value::Kept).into_iter().collect();
        let mut goes_on = true;
        host.call(called.function.handle(), arguments, &mut |returned| {
            goes_on = !matches!(returned, ValueRef::Bool(false));
            Ok(())
        })?;
        Ok(goes_on)
    }
}
