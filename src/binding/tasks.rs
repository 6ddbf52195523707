//! The classes of task queues and their workers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::arguments::TIMEOUT;
use super::call::Call;
use super::format::Format;
use super::object::{Instance, Object};
use super::socket::options::{OPTION, option_value};
use super::socket::security::{self, PARAMETERS};
use super::socket::values::{VALUE, for_host};
use super::socket::{ENDPOINTS, done};
use super::table::{Class, Group, Method, Parameter, Role, Sends, named, required, variadic};
use super::value::{Handle, Kinds, Value, ValueRef};
use crate::core::options;
use crate::core::tasks::{self, FAILED, Failure, Outcome, Settings, Stats, Terms};
use crate::core::{Error, Frame, Role as Security, Socket, Wait};

/// The endpoints of constructors.
const ATTACHED: Parameter = Parameter { role: Role::Optional, ..ENDPOINTS };

const HEARTBEAT: Parameter =
    named("heartbeat", Kinds::INT.or(Kinds::FLOAT), "10 to 3600000 milliseconds, 1000 by default");

const CREDIT: Parameter = named("credit", Kinds::INT, "an Int from 1 to 65535");

const FUNCTION: Parameter =
    required("function", Kinds::FUNCTION, "a function that takes a task and returns its result")
        .of(VALUE.kinds);

const ORDER: Parameter = named("order", Kinds::BOOL, "true for results in the order of the tasks");

const SHOW: Parameter = required("show", Kinds::BOOL, "true or false");

const SECURE: Method = Method {
    name: "secure",
    parameters: &PARAMETERS,
    result: "nil",
    doc: "Sets the security before the first endpoint is bound or connected, like `secure` of a \
          socket.",
    errors: "`ZMQSecurity` if it is already bound or connected, or as for a socket",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: secure,
};

const SETOPTION: Method = Method {
    name: "setoption",
    parameters: &OPTION,
    result: "nil",
    doc: "Sets an option of the socket before the first endpoint is bound or connected, like \
          `setoption` of a socket. Tasks and results that have more bytes than `maxmsgsize` fail: \
          set it for the queue and its workers.",
    errors: "`ZMQOption` as for a socket; `ZMQSecurity` if it is already bound or connected",
    example: r#"
        ZMQTaskQueue().setoption("maxmsgsize", 1000000000)
    "#,
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        let name = call.text(0)?;
        let value = option_value(options::find(name)?, call.value(1)?)?;
        prepare(call, |socket| socket.set_option(name, &value).map(drop))
    },
};

/// Queues.
pub(super) static QUEUE: Class = Class {
    name: "ZMQTaskQueue",
    doc: "Distributes tasks to workers and collects their results. A task goes to another worker \
          if its worker dies, hangs or leaves.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQTaskQueue",
        parameters: &[
            ATTACHED,
            Parameter { name: "timeout", ..TIMEOUT },
            named("attempts", Kinds::INT, "an Int from 1 on, 3 by default"),
            HEARTBEAT,
            CREDIT,
        ],
        result: "ZMQTaskQueue",
        doc: "Creates a queue and binds it to the endpoints, if there are any. `timeout=` limits \
              how long a task may run, in milliseconds; nil or -1 is forever, the default. A task \
              whose worker is lost or exceeds the limit is started up to `attempts=` times. Who \
              is silent for three times `heartbeat=` is lost. A worker holds at most `credit=` \
              tasks, 1000 by default, and fewer if they take long.",
        errors: "`ZMQErr` if an endpoint cannot be bound",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: queue,
    }),
    alias: None,
    groups: &[&TASKS, &RESULTS, &QUEUE_SETUP],
    functions: &[],
};

/// The results that a `for` loop visits.
pub(super) static ITERATION: Class = Class {
    name: "ZMQResults",
    doc: "The results of a ZMQTaskQueue, for a `for` loop.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQResults",
        parameters: &[required("queue", Kinds::OBJECT, "a ZMQTaskQueue"), ORDER, TIMEOUT],
        result: "ZMQResults",
        doc: "Returns the results of a queue, as `results` of the queue does.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| results(call, call.get(0)?),
    }),
    alias: None,
    groups: &[&LOOP],
    functions: &[],
};

/// Workers.
pub(super) static WORKER: Class = Class {
    name: "ZMQWorker",
    doc: "Runs the tasks of a ZMQTaskQueue.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQWorker",
        parameters: &[
            ATTACHED,
            named("name", Kinds::STRING, "a String of up to 255 bytes"),
            CREDIT,
            HEARTBEAT,
        ],
        result: "ZMQWorker",
        doc: "Creates a worker and connects it to the endpoint of a queue, if there is one. The \
              queue may start later. `name=` appears in results; by default it consists of the \
              name of the machine and the number of the process. The worker holds at most \
              `credit=` tasks.",
        errors: "`ZMQErr` if the endpoint cannot be connected",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: worker,
    }),
    alias: None,
    groups: &[&SERVING, &WORKER_SETUP],
    functions: &[],
};

static TASKS: Group = Group {
    name: "tasks",
    doc: "Add tasks.",
    see: "tasks",
    methods: &[
        Method {
            name: "add",
            parameters: &[variadic("tasks", VALUE.kinds, VALUE.doc).of(VALUE.kinds)],
            result: "Int or nil",
            doc: "Adds tasks. Each is a value that `sendvalue` accepts. Returns the number of the \
                  last one, or nil if there is none. The first task of a queue is number 1.",
            errors: "`ZMQArgs` with the location in the value if it cannot be sent; `ZMQClosed` \
                     if the queue is closed",
            example: r#"
                var queue = ZMQTaskQueue()
                print queue.add("one task", ["another", 2])   // 2
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: add,
        },
        Method {
            name: "map",
            parameters: &[
                required("tasks", Kinds::LIST.or(Kinds::TUPLE), "a List of tasks").of(VALUE.kinds),
                TIMEOUT,
            ],
            result: "List or nil",
            doc: "Adds all tasks of a List, waits for their results, and returns the values in \
                  the same order. Returns nil on timeout; the tasks are then withdrawn, and \
                  also if a task fails.",
            errors: "`ZMQTask` if a task failed, with its error; `ZMQArgs` with the location in \
                     the value if a task cannot be sent; `ZMQClosed` if the queue is closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: map,
        },
    ],
};

static RESULTS: Group = Group {
    name: "results",
    doc: "Take results.",
    see: "tasks",
    methods: &[
        Method {
            name: "next",
            parameters: &[TIMEOUT],
            result: "Dictionary or nil",
            doc: "Waits for the next result, in the order in which tasks finish, and returns a \
                  Dictionary with \"task\" (its number), \"value\" (nil if it failed), \"error\" \
                  (nil, or the tag of the error), \"message\" (nil, or the text of the error), \
                  \"attempts\" and \"worker\" (its name). Returns nil on timeout, and also if \
                  there is no task whose result was not taken.",
            errors: "`ZMQClosed` if the queue is closed and no results are left",
            example: r#"
                print ZMQTaskQueue().next()   // nil
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let outcome = call.receiver::<Queue>()?.0.next(&call.wait()?)?;
                Ok(outcome.map_or(Value::Nil, |outcome| describe(call, outcome)))
            },
        },
        Method {
            name: "results",
            parameters: &[ORDER, TIMEOUT],
            result: "ZMQResults",
            doc: "Returns the results of all tasks added so far that were not taken yet, for a \
                  `for` loop: as tasks finish, or with `order=true` in the order of their \
                  numbers. Each is a Dictionary as `next` returns it, or nil if it is not there \
                  within `timeout=`. The loop does not get longer if tasks are added meanwhile: \
                  their results, or as many others, are left for `next`.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| results(call, call.receiver()?),
        },
        Method {
            name: "stats",
            parameters: &[],
            result: "Dictionary",
            doc: "Returns a Dictionary with the numbers of tasks \"added\", \"waiting\", \
                  \"running\" (held by a worker), \"done\" and \"failed\", how many were \
                  \"retried\", the \"late\" results that were ignored, the \"workers\", how many \
                  were \"lost\", and the \"invalid\" messages.",
            errors: "",
            example: r#"
                print ZMQTaskQueue().stats()["workers"]   // 0
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: stats,
        },
        Method {
            name: "progress",
            parameters: &[SHOW],
            result: "nil",
            doc: "Shows a line on standard error, if that is a terminal, with the tasks done, \
                  failed and running, the workers, the tasks per second, and the time left. \
                  false ends it, and so does `close`.",
            errors: "`ZMQClosed` if the queue is closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Queue>()?.0.show_progress(call.flag(0))),
        },
    ],
};

static QUEUE_SETUP: Group = Group {
    name: "setup",
    doc: "Set up and close the queue.",
    see: "tasks",
    methods: &[
        SECURE,
        SETOPTION,
        Method {
            name: "bind",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Binds the queue, once, to each endpoint; one that begins with `>` is connected.",
            errors: "`ZMQErr` if an endpoint cannot be bound; `ZMQArgs` if the queue was bound \
                     before; `ZMQClosed` if the queue is closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Queue>()?.0.bind(call.text(0)?)),
        },
        Method {
            name: "endpoint",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the endpoint that was bound last, with its port filled in, or nil.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.receiver::<Queue>()?.0.endpoint()?.into()),
        },
        Method {
            name: "stopworkers",
            parameters: &[],
            result: "nil",
            doc: "Tells all workers to stop, also those that connect later: their `serve` \
                  returns. Tasks without a result stay in the queue.",
            errors: "`ZMQClosed` if the queue is closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Queue>()?.0.stop_workers()),
        },
        Method {
            name: "close",
            parameters: &[],
            result: "nil",
            doc: "Closes the queue and frees its address. Tasks without a result are dropped. \
                  Workers wait for another queue, unless they were told to stop.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Queue>()?.0.close()),
        },
    ],
};

static LOOP: Group = Group {
    name: "loop",
    doc: "Visit results.",
    see: "tasks",
    methods: &[Method {
        name: "enumerate",
        parameters: &[required("index", Kinds::INT, "an Int, -1 for the count")],
        result: "Int, Dictionary or nil",
        doc: "Supports `for (result in queue.results())`: returns the number of results for the \
              index -1, and otherwise waits for the next result, whatever the index.",
        errors: "`ZMQClosed` if the queue is closed and no results are left",
        example: "",
        sends: Sends::Nothing,
        otherwise: Some(|| Value::Nil),
        run: enumerate,
    }],
};

static SERVING: Group = Group {
    name: "serving",
    doc: "Run tasks.",
    see: "tasks",
    methods: &[
        Method {
            name: "serve",
            parameters: &[
                FUNCTION,
                named("count", Kinds::INT.or(Kinds::NIL), "a number of tasks, or nil for any"),
                TIMEOUT,
            ],
            result: "Bool",
            doc: "Calls the function with each task that the queue gives this worker, and sends \
                  back what it returns. Returns true when the queue tells its workers to stop, \
                  when the function calls `stop`, or after `count=` tasks. Returns false on \
                  timeout. Tasks that are left go back to the queue. If the function raises an \
                  error, the queue gets its tag and text, and `serve` raises `ZMQTask`: catch it \
                  and call `serve` again.",
            errors: "`ZMQTask` if the function raised an error; `ZMQClosed` if the worker is \
                     closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Bool(false)),
            run: serve,
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Ends `serve` after the function that is running has returned.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                call.receiver::<Worker>()?.stopping.store(true, Ordering::Relaxed);
                Ok(Value::Nil)
            },
        },
    ],
};

static WORKER_SETUP: Group = Group {
    name: "setup",
    doc: "Set up and close the worker.",
    see: "tasks",
    methods: &[
        SECURE,
        SETOPTION,
        Method {
            name: "connect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Connects the worker, once, to the endpoint of a queue, which may start later.",
            errors: "`ZMQErr` if the endpoint cannot be connected, or if there are several; \
                     `ZMQArgs` if the worker was connected before; `ZMQClosed` if the worker is \
                     closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Worker>()?.worker.connect(call.text(0)?)),
        },
        Method {
            name: "close",
            parameters: &[],
            result: "nil",
            doc: "Leaves the queue, which gives the tasks of this worker to others.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Worker>()?.worker.close()),
        },
    ],
};

/// A script's queue.
#[derive(Debug)]
struct Queue(Arc<tasks::Queue>);

/// The results that a loop visits.
#[derive(Debug)]
struct Iteration {
    queue: Arc<tasks::Queue>,
    count: usize,
    timeout: Option<Option<Duration>>,
    /// The numbers of the tasks, if their order matters.
    numbers: Option<Vec<u64>>,
    next: AtomicUsize,
}

/// A script's worker.
#[derive(Debug)]
struct Worker {
    worker: tasks::Worker,
    stopping: AtomicBool,
    serving: AtomicBool,
}

impl Instance for Queue {
    fn class(&self) -> &'static Class {
        &QUEUE
    }
}

impl Instance for Iteration {
    fn class(&self) -> &'static Class {
        &ITERATION
    }
}

impl Instance for Worker {
    fn class(&self) -> &'static Class {
        &WORKER
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = if self.0.is_closed() { " closed" } else { "" };
        write!(f, "<{}{closed}>", QUEUE.name)
    }
}

impl fmt::Display for Iteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}: {}>", ITERATION.name, self.count)
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = if self.worker.is_closed() { " closed" } else { "" };
        write!(f, "<{}{closed}>", WORKER.name)
    }
}

/// Returns an Int passed by name that the core checks further.
fn int<T: TryFrom<i64>>(call: &Call, parameter: &Parameter, default: T) -> Result<T, Error> {
    match call.argument(parameter.name) {
        None => Ok(default),
        Some(ValueRef::Int(number)) => {
            let wrong = |_| call.wrong_named(parameter.name, &ValueRef::Int(*number));
            T::try_from(*number).map_err(wrong)
        }
        Some(value) => Err(call.wrong_named(parameter.name, value)),
    }
}

/// Returns the heartbeat.
fn heartbeat(call: &Call, default: Duration) -> Result<Duration, Error> {
    match call.milliseconds(HEARTBEAT.name)? {
        None => Ok(default),
        Some(Some(heartbeat)) => Ok(heartbeat),
        Some(None) => Err(call.wrong_named(HEARTBEAT.name, &ValueRef::Int(-1))),
    }
}

/// Names the argument of a constructor that the core refuses.
fn by_name(error: Error) -> Error {
    match error {
        Error::Argument { place, expected, got } => {
            Error::Argument { place: format!("named argument {place}="), expected, got }
        }
        error => error,
    }
}

fn queue(call: &Call) -> Result<Value, Error> {
    let usual = Settings::default();
    let settings = Settings {
        timeout: call.milliseconds("timeout")?.unwrap_or(usual.timeout),
        attempts: int(call, &named("attempts", Kinds::INT, ""), usual.attempts)?,
        heartbeat: heartbeat(call, usual.heartbeat)?,
        credit: int(call, &CREDIT, usual.credit)?,
    };
    let queue = tasks::Queue::new(settings).map_err(by_name)?;
    queue.prepare(|socket| socket.restrict(call.host.policy()))?;
    if call.bytes(0).is_some() {
        queue.bind(call.text(0)?)?;
    }
    Ok(Value::Object(Object::new(Queue(Arc::new(queue)))))
}

fn worker(call: &Call) -> Result<Value, Error> {
    let usual = Terms::default();
    let terms = Terms {
        name: call.given_text("name")?.map(str::to_owned),
        credit: int(call, &CREDIT, usual.credit)?,
        heartbeat: heartbeat(call, usual.heartbeat)?,
    };
    let worker = tasks::Worker::new(&terms).map_err(by_name)?;
    worker.prepare(|socket| socket.restrict(call.host.policy()))?;
    if call.bytes(0).is_some() {
        worker.connect(call.text(0)?)?;
    }
    let (stopping, serving) = (AtomicBool::new(false), AtomicBool::new(false));
    Ok(Value::Object(Object::new(Worker { worker, stopping, serving })))
}

/// Calls `change` with the socket of a queue or a worker, which is not attached yet.
fn prepare(call: &Call, change: impl FnOnce(&Socket) -> Result<(), Error>) -> Result<Value, Error> {
    done(match call.receiver::<Queue>() {
        Ok(queue) => queue.0.prepare(change),
        Err(_) => call.receiver::<Worker>()?.worker.prepare(change),
    })
}

fn secure(call: &Call) -> Result<Value, Error> {
    let apply = |role: &Security<'_>, domain: Option<&str>| {
        prepare(call, |socket| socket.secure(role, domain)).map(drop)
    };
    done(security::with_role(call, apply))
}

/// Returns the payload of a task.
fn payload(value: &ValueRef) -> Result<Frame, Error> {
    Format::MessagePack.write(value).map(Frame::from)
}

fn add(call: &Call) -> Result<Value, Error> {
    let queue = call.receiver::<Queue>()?;
    let payloads = call.values().iter().map(payload).collect::<Result<Vec<_>, _>>()?;
    let count = payloads.len() as u64;
    let first = queue.0.add(payloads)?;
    if count == 0 {
        return Ok(Value::Nil);
    }
    Ok(Value::Int(i64::try_from(first + count - 1).unwrap_or(i64::MAX)))
}

fn map(call: &Call) -> Result<Value, Error> {
    let queue = call.receiver::<Queue>()?;
    let ValueRef::List(items) = call.value(0)? else {
        return Err(call.refuse(0));
    };
    let payloads = items.iter().map(payload).collect::<Result<Vec<_>, _>>()?;
    let outcomes = queue.0.map(payloads, &call.wait()?)?;
    let mut values = Vec::with_capacity(outcomes.len());
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome.result.and_then(|frame| read(call, &frame)) {
            Ok(value) => values.push(value),
            Err(Failure { tag, text }) => {
                return Err(Error::Task {
                    what: format!("task {index} of the List: {tag}: {text}"),
                });
            }
        }
    }
    Ok(Value::List(values))
}

/// Reads a value that a peer has sent. An interrupt must not lose it, so the next wait
/// notices it.
fn read(call: &Call, frame: &Frame) -> Result<Value, Failure> {
    let value = Format::MessagePack.read(frame, None);
    value.and_then(|value| for_host(call, value)).map_err(|error| failure(&error))
}

fn failure(error: &Error) -> Failure {
    let tag = error.code().tag().to_str().unwrap_or(FAILED).to_owned();
    Failure { tag, text: error.to_string() }
}

fn describe(call: &Call, outcome: Outcome) -> Value {
    let Outcome { task, result, attempts, worker } = outcome;
    let (value, error, message) = match result.and_then(|frame| read(call, &frame)) {
        Ok(value) => (value, Value::Nil, Value::Nil),
        Err(Failure { tag, text }) => (Value::Nil, tag.into(), text.into()),
    };
    Value::Dictionary(vec![
        ("task".into(), count(task)),
        ("value".into(), value),
        ("error".into(), error),
        ("message".into(), message),
        ("attempts".into(), Value::Int(attempts.into())),
        ("worker".into(), (*worker).to_owned().into()),
    ])
}

fn count(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn results(call: &Call, queue: &Queue) -> Result<Value, Error> {
    let queue = queue.0.clone();
    let ordered = call.named("order").unwrap_or(false);
    let numbers = if ordered { Some(queue.open_numbers()?) } else { None };
    let count = numbers.as_ref().map_or_else(|| queue.open(), |numbers| Ok(numbers.len()))?;
    let timeout = call.milliseconds("timeout")?;
    let iteration = Iteration { queue, count, timeout, numbers, next: AtomicUsize::new(0) };
    Ok(Value::Object(Object::new(iteration)))
}

fn enumerate(call: &Call) -> Result<Value, Error> {
    let iteration = call.receiver::<Iteration>()?;
    if let [ValueRef::Int(-1)] = call.values() {
        return Ok(count(iteration.count as u64));
    }
    let wait = match iteration.timeout {
        None => call.wait()?,
        Some(timeout) => Wait::new(timeout).until(call.host.interrupt()),
    };
    let Some(numbers) = &iteration.numbers else {
        return Ok(iteration
            .queue
            .next(&wait)?
            .map_or(Value::Nil, |outcome| describe(call, outcome)));
    };
    let next = iteration.next.load(Ordering::Relaxed);
    let Some(number) = numbers.get(next) else {
        return Ok(Value::Nil);
    };
    let outcome = iteration.queue.next_of(*number, &wait)?;
    iteration.next.store(next + 1, Ordering::Relaxed);
    Ok(outcome.map_or(Value::Nil, |outcome| describe(call, outcome)))
}

fn stats(call: &Call) -> Result<Value, Error> {
    let Stats { added, waiting, running, done, failed, retried, late, invalid, workers, lost } =
        call.receiver::<Queue>()?.0.stats()?;
    let counts = [
        ("added", added),
        ("waiting", waiting),
        ("running", running),
        ("done", done),
        ("failed", failed),
        ("retried", retried),
        ("late", late),
        ("invalid", invalid),
        ("workers", workers),
        ("lost", lost),
    ];
    Ok(Value::Dictionary(counts.map(|(name, number)| (name.into(), count(number))).into()))
}

fn serve(call: &Call) -> Result<Value, Error> {
    let worker = call.receiver::<Worker>()?;
    let function: Handle = call.get(0)?;
    let most = call.count("count")?;
    let timeout = call.milliseconds("timeout")?.unwrap_or(None);
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    if worker.serving.swap(true, Ordering::Relaxed) {
        return Err(Error::Argument {
            place: "the worker".to_owned(),
            expected: "one that is not serving".into(),
            got: "one that is".to_owned(),
        });
    }
    let _serving = Serving(worker);
    worker.stopping.store(false, Ordering::Relaxed);
    let mut served = 0;
    let result = loop {
        if worker.stopping.load(Ordering::Relaxed) || most.is_some_and(|most| served >= most) {
            break Ok(());
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let wait = Wait::new(left).until(call.host.interrupt());
        let task = match worker.worker.receive(&wait) {
            Ok(task) => task,
            Err(Error::Stopped { what: "task queue" }) => break Ok(()),
            Err(error) => break Err(error),
        };
        if let Err(error) = run(call, &worker.worker, &task, function) {
            break Err(error);
        }
        served += 1;
    };
    result.map(|()| Value::Bool(true))
}

/// A worker in `serve`, whatever ends it.
struct Serving<'a>(&'a Worker);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        // Whatever waits here goes to others. If the worker is closed, it has gone already.
        let _ = self.0.worker.pause();
        self.0.serving.store(false, Ordering::Relaxed);
    }
}

/// Runs a task and sends its result.
fn run(
    call: &Call,
    worker: &tasks::Worker,
    task: &tasks::Assignment,
    function: Handle,
) -> Result<(), Error> {
    let value = match read(call, &task.payload) {
        Ok(value) => value,
        Err(failure) => return worker.reply(task, Err(failure)),
    };
    let mut written = Err(Error::Callback);
    let called = call.host.call(function, vec![value], &mut |returned| {
        written = payload(returned);
        Ok(())
    });
    match called {
        Ok(()) => worker.reply(task, written.map_err(|error| failure(&error))),
        Err(Error::Interrupted) => {
            worker.give_back(task)?;
            Err(Error::Interrupted)
        }
        Err(Error::Callback) => {
            let failed = call.host.failure();
            if failed.tag == "ZMQInterrupted" {
                worker.give_back(task)?;
                return Err(Error::Callback);
            }
            let what = format!("task {}: {}: {}", task.number, failed.tag, failed.text);
            let exits = failed.tag == "Exit";
            worker.reply(task, Err(Failure { tag: failed.tag, text: failed.text }))?;
            if exits { Err(Error::Callback) } else { Err(Error::Task { what }) }
        }
        // The result was not a value.
        Err(error) => worker.reply(task, Err(failure(&error))),
    }
}
