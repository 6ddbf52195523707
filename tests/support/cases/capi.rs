//! The cases as a C program, for the functions of `zeromq.h` that C programs call.
//! Results are compared as text: bytes in hex, because C has no other kind, and nil or
//! false as a code, so that a case may be strict or not.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Call, Case, Expected, Literal, Step, Target, listed, quoted};
use serde_json::{Map, Value as Json};

/// The beginning of the generated program.
const START: &str = include_str!("capi.h");

/// Cases that make no sense in C, with the reason.
pub const LEFT_OUT: [(&str, &[&str]); 9] = [
    (
        "C programs turn numbers into bytes themselves, and `values.c` and `peers.c` test values \
         and signals",
        &[
            "a list is a message",
            "numbers are text",
            "truth is text",
            "values of every kind",
            "values with bytes",
            "an array in a value",
            "lists of numbers are an array",
            "pictures",
            "pictures with a list",
            "pictures of too little",
            "a wrong picture",
            "signals",
            "a signal too large",
        ],
    ),
    (
        "these are the values of a script; `values.c` tests those of C programs",
        &[
            "json of every kind",
            "json nil in a list",
            "json text",
            "json number",
            "json whole number",
            "json empty dictionary",
            "json empty list",
            "json that is none",
            "json with a time",
            "json dictionary is no named argument",
        ],
    ),
    (
        "a C program answers in a loop of its own",
        &[
            "a function answers",
            "a function answers with the first",
            "a function fails",
            "a function returns nothing",
            "nobody asks",
            "no function",
        ],
    ),
    (
        "the compiler refuses it",
        &[
            "a constructor's wrong argument",
            "too few arguments",
            "too many arguments",
            "a wrong kind",
            "a function cannot be sent",
            "a socket cannot be sent",
            "a class cannot be sent",
            "a wrong time",
            "an error drops what sendmore began",
            "no class function of this kind",
        ],
    ),
    (
        "bytes are plain memory in C",
        &[
            "frames of numbers",
            "slices",
            "joined frames",
            "equal frames",
            "a number that is no byte",
            "an index that is not there",
        ],
    ),
    ("a C program has no lists of values", &["send batch", "batch", "whole batch"]),
    (
        "a C program knows what it has set, bound and subscribed to",
        &["subscriptions", "endpoints", "a proxy with names", "functions of a class"],
    ),
    ("there is no text of a handle", &["type and text"]),
    (
        "`peers.c` tests requests, and C programs keep routing ids themselves",
        &["a request that is answered", "peers", "an unknown peer"],
    ),
];

/// Returns why a case is left out, if it is.
pub fn reason(case: &Case) -> Option<&'static str> {
    let mut reasons = LEFT_OUT.iter();
    reasons.find(|(_, names)| names.contains(&&*case.name)).map(|(reason, _)| *reason)
}

/// The type of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Socket,
    Frame,
    Certificate,
    Proxy,
    Poller,
}

impl Kind {
    fn of(class: &str) -> Kind {
        match class {
            "ZMQFrame" => Kind::Frame,
            "ZMQCertificate" => Kind::Certificate,
            "ZMQProxy" => Kind::Proxy,
            "ZMQPoller" => Kind::Poller,
            _ => Kind::Socket,
        }
    }

    /// Returns how a variable is declared and initialized.
    fn declared(self) -> (&'static str, &'static str) {
        match self {
            Kind::Socket => ("place", "{0}"),
            Kind::Frame => ("zeromq_message *", "NULL"),
            Kind::Certificate => ("zeromq_certificate *", "NULL"),
            Kind::Proxy => ("zeromq_proxy *", "NULL"),
            Kind::Poller => ("zeromq_poller *", "NULL"),
        }
    }
}

type Variables = HashMap<String, Kind>;

/// Returns the program with these cases.
pub fn program(cases: &[&Case]) -> String {
    let mut program = START.to_owned();
    for (at, case) in cases.iter().enumerate() {
        writeln!(program, "\nstatic const char *case_{at}(void) {{").unwrap();
        let mut variables = Variables::new();
        for (at, step) in case.steps.iter().enumerate() {
            program += &lines(at, step, &mut variables);
        }
        writeln!(program, "    return NULL;\n}}").unwrap();
    }
    program += "\nint main(void) {\n";
    for (at, case) in cases.iter().enumerate() {
        writeln!(program, "    run({}, case_{at});", quoted(&case.name)).unwrap();
    }
    program + "    return zeromq_shutdown();\n}\n"
}

fn lines(at: usize, step: &Step, variables: &mut Variables) -> String {
    let Step::Call(call) = step else {
        panic!("there is no text of a handle in C");
    };
    let mut lines = String::new();
    let kept = match (&call.keep, &call.target) {
        (Some(name), target) => {
            let kind = match target {
                Target::Constructor(class) => Kind::of(class),
                Target::Method(_, method) if method == "wait" => Kind::Socket,
                _ => Kind::Frame,
            };
            let (c, empty) = kind.declared();
            if variables.insert(name.clone(), kind).is_none() {
                writeln!(lines, "    {c} {name} = {empty};").unwrap();
            }
            name.clone()
        }
        // An object that is not kept is made nevertheless.
        (None, Target::Constructor(class)) => {
            let (c, empty) = Kind::of(class).declared();
            let name = format!("unnamed_{at}");
            writeln!(lines, "    {c} {name} = {empty};").unwrap();
            name
        }
        (None, _) => String::new(),
    };
    let expression = expression(call, &kept, variables);
    let (expected, says) = match &call.expected {
        Expected::Anything => ("NULL".to_owned(), "NULL".to_owned()),
        Expected::Result(value) => (quoted(&shown(call, value)), "NULL".to_owned()),
        Expected::Error(tag) => {
            let says = call.says.as_deref().map_or("NULL".to_owned(), quoted);
            (quoted(&format!("!{tag}")), says)
        }
    };
    writeln!(lines, "    if (!is({at}, {expression}, {expected}, {says})) return failure;")
        .unwrap();
    lines
}

/// Returns the call of a helper function at the beginning of the program, which calls
/// the functions of the header.
fn expression(call: &Call, kept: &str, variables: &Variables) -> String {
    let arguments = &*call.arguments;
    let (variable, method) = match &call.target {
        Target::Constructor(class) => return constructor(class, kept, arguments, &call.named),
        Target::Function(class, name) => {
            return match (&**class, &**name) {
                ("ZMQ", "has") => format!("has({})", text(&arguments[0])),
                ("ZMQ", "version") => "version()".to_owned(),
                _ => panic!("{class}.{name} has no function in C"),
            };
        }
        Target::Method(variable, name) => (&**variable, &**name),
    };
    let timeout = time(call.named.get("timeout"));
    let first = || text(&arguments[0]);
    match (variables[variable], method) {
        (Kind::Socket, "send") => {
            format!("send(&{variable}, {}, {timeout})", frames(arguments, variables))
        }
        (Kind::Socket, "sendto") => {
            format!("send(&{variable}, {}, {timeout})", frames(arguments, variables))
        }
        (Kind::Socket, "sendmore") => {
            format!("send_more(&{variable}, {})", frames(arguments, variables))
        }
        (Kind::Socket, "receive") => format!("receive(&{variable}, {timeout})"),
        (Kind::Socket, "receiveframe") if kept.is_empty() => {
            format!("receive(&{variable}, {timeout})")
        }
        (Kind::Socket, "receiveframe") => {
            format!("receive_frame(&{variable}, &{kept}, {timeout})")
        }
        (Kind::Socket, "receiveall") => format!("receive_all(&{variable}, {timeout})"),
        (Kind::Socket, "sendarray") => {
            let Literal::Array(rows) = Literal::read(&arguments[0]) else {
                panic!("{} is no array", arguments[0]);
            };
            let numbers = listed(rows.concat().iter().map(|number| format!("{number:?}")));
            let shape = format!("{}, {}", rows.len(), rows[0].len());
            format!(
                "send_array(&{variable}, (size_t[]){{{shape}}}, (double[]){{{numbers}}}, {timeout})"
            )
        }
        (Kind::Socket, "receivearray") => format!("receive_array(&{variable}, {timeout})"),
        (Kind::Socket, "receivetopic" | "receivefrom") => {
            format!("receive_apart(&{variable}, {timeout})")
        }
        (Kind::Socket, "receivesubscription") => {
            format!("receive_subscription(&{variable}, {timeout})")
        }
        (Kind::Socket, "canreceive") => {
            format!("ready(zeromq_socket_can_receive, &{variable})")
        }
        (Kind::Socket, "cansend") => format!("ready(zeromq_socket_can_send, &{variable})"),
        (Kind::Socket, "poll") => format!("poll_socket(&{variable}, {timeout})"),
        (Kind::Socket, "more" | "flush" | "endpoint" | "close" | "closed" | "type") => {
            format!("{}(&{variable})", if method == "close" { "shut" } else { method })
        }
        (Kind::Socket, "bind") => format!("bind_to(&{variable}, {})", first()),
        (Kind::Socket, "connect" | "unbind" | "disconnect") => {
            format!("attach(zeromq_socket_{method}, &{variable}, {})", first())
        }
        (Kind::Socket, "subscribe" | "unsubscribe") => {
            let frames = frames(arguments, variables);
            format!("each(zeromq_socket_{method}, &{variable}, {frames})")
        }
        (Kind::Socket, "setstrict") => format!("set_strict(&{variable}, {})", arguments[0]),
        (Kind::Socket, "setmandatory") => {
            format!("set_number(&{variable}, \"router_mandatory\", {})", number(&arguments[0]))
        }
        (Kind::Socket, "setidentity") => {
            format!("set_bytes(&{variable}, \"routing_id\", {})", frames(arguments, variables))
        }
        (Kind::Socket, "identity") => format!("bytes_of(&{variable}, \"routing_id\")"),
        (Kind::Socket, "setoption") => match &arguments[1] {
            Json::Number(_) | Json::Bool(_) => {
                format!("set_number(&{variable}, {}, {})", first(), number(&arguments[1]))
            }
            _ => {
                let frames = frames(&arguments[1..], variables);
                format!("set_bytes(&{variable}, {}, {frames})", first())
            }
        },
        (Kind::Socket, "option") => match &call.expected {
            Expected::Result(Json::String(_) | Json::Object(_)) => {
                format!("bytes_of(&{variable}, {})", first())
            }
            _ => format!("number_of(&{variable}, {})", first()),
        },
        (Kind::Socket, "diagnose") => format!("diagnosis_of(&{variable})"),
        (Kind::Socket, "secure") => secure(variable, arguments, &call.named),
        (Kind::Frame, "count" | "hex" | "tostring") => {
            format!("frame_{}({variable})", if method == "count" { "count" } else { "bytes" })
        }
        (Kind::Frame, "tolist") => format!("frame_list({variable})"),
        (Kind::Certificate, "publickey" | "secretkey") => {
            let function = method.replace("key", "_key");
            format!("key(zeromq_certificate_{function}, {variable})")
        }
        (Kind::Certificate, "setmeta") => {
            let value = text(&arguments[1]);
            format!("done(NULL, zeromq_certificate_set_meta({variable}, {}, {value}))", first())
        }
        (Kind::Certificate, "meta") => format!("meta({variable}, {})", first()),
        (Kind::Proxy, "setfrontend" | "setbackend") => {
            let function = method.replace("set", "set_");
            let (kind, endpoints) = (socket_type(&arguments[0]), text(&arguments[1]));
            format!("done(NULL, zeromq_proxy_{function}({variable}, {kind}, {endpoints}))")
        }
        (Kind::Proxy, "capture") => {
            let kind = arguments.get(1).map_or("ZEROMQ_PUSH".to_owned(), socket_type);
            let endpoints = text(&arguments[0]);
            format!("done(NULL, zeromq_proxy_set_capture({variable}, {kind}, {endpoints}))")
        }
        (Kind::Proxy, "pause" | "resume" | "stop") => {
            format!("done(NULL, zeromq_proxy_{method}({variable}))")
        }
        (Kind::Proxy, "state") => format!("state({variable})"),
        (Kind::Poller, "add") => {
            let events = match arguments.get(1).and_then(Json::as_str) {
                Some("out") => "ZEROMQ_POLL_OUT",
                _ => "ZEROMQ_POLL_IN",
            };
            let socket = name(&arguments[0]);
            format!(
                "done(NULL, zeromq_poller_add({variable}, {socket}.socket, {events}, &{socket}))"
            )
        }
        (Kind::Poller, "wait") => {
            let found = if kept.is_empty() { "NULL".to_owned() } else { format!("&{kept}") };
            format!("wait_for({variable}, {found}, {timeout})")
        }
        (kind, method) => panic!("{method} of a {kind:?} has no function in C"),
    }
}

fn constructor(class: &str, kept: &str, arguments: &[Json], named: &Map<String, Json>) -> String {
    match class {
        "ZMQFrame" => format!("make_frame(&{kept}, {})", bytes(&arguments[0])),
        "ZMQProxy" => format!("made(({kept} = zeromq_proxy_new()) != NULL)"),
        "ZMQPoller" => {
            let sockets = arguments.iter().map(|socket| format!("&{}", name(socket)));
            let sockets = listed(sockets.chain(["NULL".to_owned()]));
            format!("make_poller(&{kept}, (place *[]){{{sockets}}})")
        }
        "ZMQCertificate" if named.is_empty() => {
            format!("made(({kept} = zeromq_certificate_new()) != NULL)")
        }
        "ZMQCertificate" => {
            let half = |name| named.get(name).map_or("NULL, 0".to_owned(), bytes);
            let (public, secret) = (half("public"), half("secret"));
            format!("made(({kept} = zeromq_certificate_of_keys({public}, {secret})) != NULL)")
        }
        _ => {
            let kind = socket_type(&serde_json::json!({ "$class": class }));
            let endpoints = arguments.first().map_or("NULL".to_owned(), text);
            // Scripts pass the prefixes to the constructor of a subscriber.
            let prefixes: &[Json] = match (class, arguments) {
                ("ZMQSubscriber", [_]) => &[Json::String(String::new())],
                ("ZMQSubscriber" | "ZMQXSubscriber", [_, prefixes @ ..]) => prefixes,
                _ => &[],
            };
            let prefixes = frames(prefixes, &Variables::new());
            format!("open_socket(&{kept}, {kind}, {endpoints}, {prefixes})")
        }
    }
}

fn secure(variable: &str, arguments: &[Json], named: &Map<String, Json>) -> String {
    let given = |name: &str| named.get(name).map_or("NULL".to_owned(), text);
    let socket = format!("{variable}.socket");
    let call = if let [certificate] = arguments {
        let certificate = name(certificate);
        match named.get("serverkey") {
            Some(key) => {
                let key = text(key);
                format!("zeromq_socket_curve_client({socket}, {certificate}, {key})")
            }
            None => {
                format!("zeromq_socket_curve_server({socket}, {certificate}, {})", given("domain"))
            }
        }
    } else if named.contains_key("plain") {
        format!("zeromq_socket_plain_server({socket}, {})", given("domain"))
    } else {
        let (user, password) = (given("username"), given("password"));
        format!("zeromq_socket_plain_client({socket}, {user}, {password})")
    };
    format!("done(NULL, {call})")
}

/// Returns a socket type, given by its class or by its name in ZeroMQ.
fn socket_type(value: &Json) -> String {
    let name = match Literal::read(value) {
        Literal::Class(class) => class.trim_start_matches("ZMQ").to_uppercase(),
        Literal::Text(text) => text.to_owned(),
        _ => panic!("{value} is no type"),
    };
    let name = match &*name {
        "REQ" => "REQUEST",
        "REP" => "REPLY",
        "PUB" => "PUBLISHER",
        "SUB" => "SUBSCRIBER",
        "XPUB" => "XPUBLISHER",
        "XSUB" => "XSUBSCRIBER",
        other => other,
    };
    format!("ZEROMQ_{name}")
}

/// Returns the variable that a value refers to.
fn name(value: &Json) -> &str {
    match Literal::read(value) {
        Literal::Variable(name) => name,
        _ => panic!("{value} is no variable"),
    }
}

/// Returns a timeout in milliseconds, or the socket's own if it is omitted.
fn time(value: Option<&Json>) -> String {
    match value {
        None => "ZEROMQ_USUAL".to_owned(),
        Some(Json::Null) => "ZEROMQ_FOREVER".to_owned(),
        Some(ms) => ms.to_string(),
    }
}

fn number(value: &Json) -> String {
    value.as_bool().map_or_else(|| value.to_string(), |flag| u8::from(flag).to_string())
}

/// Returns a string, or NULL.
fn text(value: &Json) -> String {
    value.as_str().map_or("NULL".to_owned(), quoted)
}

/// Returns bytes and their number.
fn bytes(value: &Json) -> String {
    let bytes = match Literal::read(value) {
        Literal::Text(text) => text.as_bytes().to_vec(),
        Literal::Bytes(bytes) => bytes,
        _ => panic!("{value} is no bytes"),
    };
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{escaped}\", {}", bytes.len())
}

/// Returns the frames of a message; some of them may be variables.
fn frames(values: &[Json], variables: &Variables) -> String {
    let values = match values {
        [Json::Array(items)] => items,
        values => values,
    };
    let frames = values.iter().map(|value| match Literal::read(value) {
        Literal::Variable(name) => {
            assert_eq!(variables[name], Kind::Frame, "{name}");
            format!("frame_of({name})")
        }
        _ => format!("(zeromq_slice){{{}}}", bytes(value)),
    });
    let frames = listed(frames.chain(["{NULL, 0}".to_owned()]));
    format!("(zeromq_slice[]){{{frames}}}, {}", values.len())
}

/// Returns a result as the program prints it.
fn shown(call: &Call, value: &Json) -> String {
    let inside = |items: &[Json]| {
        items.iter().map(|item| shown(call, item)).collect::<Vec<String>>().join(",")
    };
    let is = |name: &str| matches!(&call.target, Target::Method(_, method) if method == name);
    match Literal::read(value) {
        // Boolean options are numbers.
        Literal::Bool(flag) if is("option") => u8::from(flag).to_string(),
        // Names of states, types and versions, not bytes of messages.
        Literal::Text(text) if is("state") || is("type") || is("endpoint") => text.to_owned(),
        Literal::Text(text) if is("hex") => format!("<{text}>"),
        Literal::Text(text) if matches!(call.target, Target::Function(..)) => text.to_owned(),
        Literal::Text(text) => hex(text.as_bytes()),
        Literal::Bytes(bytes) => hex(&bytes),
        Literal::List(items) => format!("[{}]", inside(items)),
        Literal::Tuple(items) => format!("({})", inside(items)),
        // Numbers by their bits.
        Literal::Array(rows) => {
            let numbers = rows.concat();
            let numbers = numbers.iter().map(|number| format!(" {:016x}", number.to_bits()));
            format!("{}{}", rows.len(), numbers.collect::<String>())
        }
        Literal::Nil | Literal::Bool(_) | Literal::Int(_) => value.to_string(),
        _ => panic!("{value} is no result in C"),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("<{digits}>")
}
