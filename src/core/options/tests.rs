//! Every option on every socket type: read, set, read back, and refused.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::core::{Error, Socket, SocketType, Wait, context};

const NOW: Wait = Wait::new(Some(Duration::ZERO));
const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

/// Returns why an option is refused.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(error @ Error::Option { .. }) => error.to_string(),
        other => panic!("not refused as an option: {other:?}"),
    }
}

fn is_built(row: &Row) -> bool {
    match row.needs {
        Needs::Capability(capability) => context::has(capability),
        Needs::Nothing | Needs::Probe => true,
    }
}

/// Returns a value of a kind that the row does not accept.
fn wrong_kind(row: &Row) -> OptionValue {
    match row.kind {
        Kind::Bytes | Kind::Text | Kind::Key => OptionValue::Int(1),
        _ => OptionValue::Text("many".to_owned()),
    }
}

/// Returns values of the right kind that the row does not accept.
fn out_of_range(row: &Row) -> Vec<OptionValue> {
    match row.kind {
        Kind::Bool => vec![OptionValue::Int(2), OptionValue::Int(-1)],
        Kind::Key => vec![
            OptionValue::Text("short".to_owned()),
            OptionValue::Text("~".repeat(40)),
            OptionValue::Bytes(vec![7; 41]),
        ],
        Kind::Bytes | Kind::Text => {
            let mut values = Vec::new();
            if row.most < MOST_TESTED {
                values.push(OptionValue::Text("x".repeat(row.most as usize + 1)));
            }
            if row.least > 0 {
                values.push(OptionValue::Bytes(Vec::new()));
            }
            if row.kind == Kind::Text {
                values.push(OptionValue::Text("a\0b".to_owned()));
            }
            values
        }
        _ => {
            let below = [row.least - 1, row.least - 2, i64::MIN];
            let above = [row.most.saturating_add(1), i64::MAX];
            let beyond = below.into_iter().chain(above).filter(|value| !row.accepts(*value));
            beyond.map(OptionValue::Int).collect()
        }
    }
}

const MOST_TESTED: i64 = 1 << 20;

#[test]
fn there_is_a_row_for_every_option() {
    // 75 stable ones, 5 old ones, 24 and 8 of NORM that the header calls drafts, and 10 that
    // repairs add.
    assert_eq!(rows().count(), 75 + 5 + 24 + 8 + 10);
    let mut names: Vec<&str> =
        rows().flat_map(|row| [row.name].into_iter().chain(row.aliases.iter().copied())).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let mut numbers: Vec<i32> = rows().map(|row| row.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), rows().count());
}

#[test]
fn rows_are_consistent() {
    for row in rows() {
        let Row { name, .. } = *row;
        assert!(row.doc.ends_with('.') && row.doc.len() < 100, "{name}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        assert!(row.expected().len() < 120, "{name}");
        assert!(!row.sockets.is_empty(), "{name}");
        let fits = match row.test {
            Sample::Bool(_) => row.kind == Kind::Bool,
            Sample::Int(value) => row.is_number() && row.accepts(value),
            Sample::Bytes(bytes) => row.kind == Kind::Bytes && row.accepts(bytes.len() as i64),
            Sample::Text(_) => matches!(row.kind, Kind::Text | Kind::Key),
        };
        assert!(fits || row.access == Access::Read, "{name}: {:?}", row.test);
    }
}

#[test]
fn every_option_is_read_as_it_is_on_a_new_socket() {
    for socket_type in SocketType::ALL {
        let socket = Socket::new(*socket_type).unwrap();
        for row in rows().filter(|row| row.is_for(*socket_type) && is_built(row)) {
            let at = format!("{} on {}", row.name, socket_type.name());
            if row.reads() {
                let value = socket.option(row.name).unwrap_or_else(|error| panic!("{at}: {error}"));
                if let Some(default) = row.default {
                    assert_eq!(value, default.into(), "{at}");
                }
                for alias in row.aliases {
                    assert_eq!(socket.option(alias).unwrap(), value, "{at}");
                }
            } else {
                assert!(
                    refusal(socket.option(row.name)).contains("does not return its value"),
                    "{at}"
                );
            }
        }
    }
}

#[test]
fn every_option_is_set_and_read_back() {
    for socket_type in SocketType::ALL {
        for row in rows().filter(|row| row.is_for(*socket_type) && is_built(row)) {
            let at = format!("{} on {}", row.name, socket_type.name());
            let socket = Socket::new(*socket_type).unwrap();
            let value = OptionValue::from(row.test);
            let result = socket.set_option(row.name, &value);
            if !row.writes() {
                assert!(refusal(result).contains("only be read"), "{at}");
                continue;
            }
            if socket_type == &SocketType::Xpub
                && row.name.ends_with("subscribe")
                && row.when == When::Now
                && row.kind == Kind::Bytes
            {
                assert!(refusal(result).contains("manual mode"), "{at}");
                socket.set_option("xpub_manual", &OptionValue::Bool(true)).unwrap();
                assert_eq!(socket.set_option(row.name, &value).unwrap(), When::Now, "{at}");
                continue;
            }
            assert_eq!(result.unwrap_or_else(|error| panic!("{at}: {error}")), When::Now, "{at}");
            if row.reads() {
                assert_eq!(socket.option(row.name).unwrap(), value, "{at}");
            }
            if let Some(default) = row.default.filter(|default| takes(row, *default)) {
                socket
                    .set_option(row.name, &default.into())
                    .unwrap_or_else(|error| panic!("{at}: {error}"));
                if row.reads() {
                    assert_eq!(socket.option(row.name).unwrap(), default.into(), "{at}");
                }
            }
        }
    }
}

/// Returns true if a default can be set again.
fn takes(row: &Row, default: Sample) -> bool {
    match default {
        Sample::Bool(_) => true,
        Sample::Int(value) => row.accepts(value),
        Sample::Bytes(bytes) => row.accepts(bytes.len() as i64),
        // It returns to no security, but the name stays.
        Sample::Text(text) => {
            row.kind == Kind::Text
                && row.accepts(text.len() as i64)
                && !row.name.starts_with("plain_")
        }
    }
}

#[test]
fn every_option_refuses_what_it_does_not_take() {
    for socket_type in SocketType::ALL {
        let socket = Socket::new(*socket_type).unwrap();
        for row in rows() {
            let at = format!("{} on {}", row.name, socket_type.name());
            let value = OptionValue::from(row.test);
            if !row.is_for(*socket_type) {
                let text = refusal(socket.set_option(row.name, &value));
                assert!(
                    text.contains(&format!("not for a {} socket", socket_type.name())),
                    "{at}: {text}"
                );
                assert!(refusal(socket.option(row.name)).contains("it is for"), "{at}");
                continue;
            }
            if !is_built(row) {
                let text = refusal(socket.set_option(row.name, &value));
                assert!(text.contains("was built without"), "{at}: {text}");
                assert!(refusal(socket.option(row.name)).contains("was built without"), "{at}");
                continue;
            }
            if !row.writes() {
                continue;
            }
            let text = refusal(socket.set_option(row.name, &wrong_kind(row)));
            assert!(text.contains("expected") && text.contains("got"), "{at}: {text}");
            let before = row.reads().then(|| socket.option(row.name).unwrap());
            for value in out_of_range(row) {
                let text = refusal(socket.set_option(row.name, &value));
                assert!(text.contains("out of range"), "{at} {value:?}: {text}");
                assert!(text.len() < 200, "{at}: {text}");
                assert!(!row.secret || !text.contains("short") && !text.contains('~'), "{text}");
            }
            assert_eq!(row.reads().then(|| socket.option(row.name).unwrap()), before, "{at}");
        }
    }
}

#[test]
fn unknown_names_are_told_with_names_that_are_near() {
    let socket = Socket::new(SocketType::Push).unwrap();
    assert_eq!(
        refusal(socket.option("lingr")),
        "lingr: there is no such option; did you mean linger?"
    );
    assert!(refusal(socket.option("sendhwm")).contains("sndhwm"));
    assert_eq!(refusal(socket.option("")), ": there is no such option");
    assert!(refusal(socket.option(&"x\0".repeat(500))).len() < 200);
    assert_eq!(socket.option("ZMQ_SNDHWM").unwrap(), OptionValue::Int(1000));
}

#[test]
fn secrets_are_not_listed() {
    let socket = Socket::new(SocketType::Dealer).unwrap();
    socket.set_option("plain_password", &OptionValue::Text("sesame".to_owned())).unwrap();
    let options = socket.options().unwrap();
    assert!(options.len() > 50);
    assert!(
        options.iter().any(|(name, value)| *name == "mechanism" && *value == OptionValue::Int(1))
    );
    for (name, value) in options {
        assert!(!matches!(name, "plain_password" | "curve_secretkey" | "socks_password"));
        assert_ne!(value, OptionValue::Text("sesame".to_owned()), "{name}");
    }
}

#[test]
fn what_comes_too_late_is_told() {
    let socket = Socket::attached(SocketType::Dealer, "@inproc://options-late").unwrap();
    assert!(
        refusal(socket.set_option("conflate", &OptionValue::Bool(true)))
            .contains("before the first")
    );
    assert_eq!(socket.set_option("sndbuf", &OptionValue::Int(9999)).unwrap(), When::Later);
    assert_eq!(socket.set_option("linger", &OptionValue::Int(0)).unwrap(), When::Now);
}

#[test]
fn timeouts_hold_for_calls_that_are_not_told() {
    let socket = Socket::attached(SocketType::Dealer, "@inproc://options-timeouts").unwrap();
    socket.set_option("rcvtimeo", &OptionValue::Int(3)).unwrap();
    socket.set_option("sndtimeo", &OptionValue::Int(0)).unwrap();
    assert!(matches!(socket.receive(&Wait::usual()), Err(Error::Again)));
    assert!(matches!(socket.send(&["x"], &Wait::usual()), Err(Error::Again)));
}

#[test]
fn a_conflated_socket_sends_single_frames() {
    let push = Socket::new(SocketType::Push).unwrap();
    push.set_option("conflate", &OptionValue::Bool(true)).unwrap();
    push.bind("inproc://options-conflate").unwrap();
    let pull = Socket::attached(SocketType::Pull, ">inproc://options-conflate").unwrap();
    assert!(matches!(push.send(&["a", "b"], &SOON), Err(Error::Unsupported { .. })));
    push.send(&["a"], &SOON).unwrap();
    assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some("a"));
}

#[test]
fn a_routing_id_is_given_once() {
    let router = Socket::new(SocketType::Router).unwrap();
    let dealers: Vec<Arc<Socket>> = ["a", "b"]
        .into_iter()
        .map(|name| {
            Socket::attached(SocketType::Dealer, &format!("@inproc://options-id-{name}")).unwrap()
        })
        .collect();
    let id = OptionValue::Text("peer".to_owned());
    router.set_option("connect_routing_id", &id).unwrap();
    assert!(router.connect("tcp://").is_err());
    router.connect("inproc://options-id-a").unwrap();
    assert!(refusal(router.set_option("connect_routing_id", &id)).contains("already"));
    router.connect("inproc://options-id-b").unwrap();
    router.send(&["peer", "hello"], &SOON).unwrap();
    assert_eq!(dealers[0].receive(&SOON).unwrap().as_text(), Some("hello"));
    // A peer that chose this name itself, after the option was set.
    router.set_option("connect_routing_id", &OptionValue::Text("own".to_owned())).unwrap();
    router.bind("inproc://options-id-router").unwrap();
    let own = Socket::new(SocketType::Dealer).unwrap();
    own.set_option("routing_id", &OptionValue::Text("own".to_owned())).unwrap();
    own.connect("inproc://options-id-router").unwrap();
    own.send(&["here"], &SOON).unwrap();
    assert_eq!(router.receive_all(&SOON).unwrap()[0].as_text(), Some("own"));
    let error = router.connect("inproc://options-id-b").unwrap_err();
    assert!(error.to_string().contains("connect_routing_id"), "{error}");
}

#[test]
fn a_stream_routing_id_is_given_once() {
    let server = Socket::new(SocketType::Stream).unwrap();
    let port = server.bind("tcp://127.0.0.1:*").unwrap();
    let stream = Socket::new(SocketType::Stream).unwrap();
    let id = OptionValue::Text("peer".to_owned());
    stream.set_option("connect_routing_id", &id).unwrap();
    stream.connect(&format!("tcp://127.0.0.1:{port}")).unwrap();
    assert!(refusal(stream.set_option("connect_routing_id", &id)).contains("already"));
}

#[test]
fn manual_mode_stays() {
    let publisher = Socket::attached(SocketType::Xpub, "@inproc://options-manual").unwrap();
    assert!(refusal(publisher.accept(b"x")).contains("manual mode"));
    publisher.set_option("xpub_manual", &OptionValue::Bool(true)).unwrap();
    let subscriber = Socket::attached(SocketType::Sub, ">inproc://options-manual").unwrap();
    subscriber.subscribe(b"x").unwrap();
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01x");
    publisher.accept(b"y").unwrap();
    publisher.send(&["y1"], &SOON).unwrap();
    publisher.send(&["x1"], &SOON).unwrap();
    // The subscriber itself only lets through what it subscribed to.
    assert!(matches!(subscriber.receive(&NOW), Err(Error::Again)));
    publisher.accept(b"x").unwrap();
    publisher.send(&["x2"], &SOON).unwrap();
    assert_eq!(subscriber.receive(&SOON).unwrap().as_text(), Some("x2"));
    for name in ["xpub_manual", "xpub_manual_last_value"] {
        assert!(
            refusal(publisher.set_option(name, &OptionValue::Bool(false)))
                .contains("cannot be left")
        );
    }
    let push = Socket::new(SocketType::Push).unwrap();
    assert!(refusal(push.accept(b"x")).contains("XPUB"));
}

#[cfg(unix)]
#[test]
fn a_socket_that_listens_already_is_taken() {
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;

    let pull = Socket::new(SocketType::Pull).unwrap();
    let fd = |listener: &TcpListener| OptionValue::Int(listener.as_raw_fd().into());
    assert!(refusal(pull.set_option("use_fd", &OptionValue::Int(0))).contains("listens"));
    assert!(refusal(pull.set_option("use_fd", &OptionValue::Int(99_999))).contains("listens"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The same one twice, which libzmq alone does not survive.
    for _ in 0..2 {
        pull.set_option("use_fd", &fd(&listener)).unwrap();
        assert_eq!(pull.option("use_fd").unwrap(), fd(&listener));
        assert_eq!(pull.bind("tcp://127.0.0.1:*").unwrap(), port);
        assert_eq!(pull.option("use_fd").unwrap(), OptionValue::Int(-1));
    }
    let push = Socket::attached(SocketType::Push, &format!("tcp://127.0.0.1:{port}")).unwrap();
    push.send(&["hello"], &SOON).unwrap();
    assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some("hello"));
}

#[test]
fn a_proxy_is_refused() {
    let socket = Socket::new(SocketType::Push).unwrap();
    let proxy = OptionValue::Text("127.0.0.1:1080".to_owned());
    assert!(refusal(socket.set_option("socks_proxy", &proxy)).contains("aborts the process"));
}

#[test]
fn what_ends_the_process_is_refused() {
    let router = Socket::new(SocketType::Router).unwrap();
    let yes = OptionValue::Bool(true);
    assert!(refusal(router.set_option("router_raw", &yes)).contains("STREAM"));
    assert!(refusal(router.set_option("zap_enforce_domain", &yes)).contains("zap_domain first"));
    router.set_option("zap_domain", &OptionValue::Text("global".to_owned())).unwrap();
    router.set_option("zap_enforce_domain", &yes).unwrap();
    assert_eq!(router.option("zap_enforce_domain").unwrap(), yes);
}

#[test]
fn a_domain_is_enforced_unless_the_program_said_no() {
    let [yes, no] = [true, false].map(OptionValue::Bool);
    let domain = OptionValue::Text("global".to_owned());
    let enforced = |socket: &Socket| socket.option("zap_enforce_domain").unwrap();
    let socket = Socket::new(SocketType::Pull).unwrap();
    assert_eq!(enforced(&socket), no);
    socket.set_option("zap_domain", &domain).unwrap();
    assert_eq!(enforced(&socket), yes);
    socket.set_option("zap_enforce_domain", &no).unwrap();
    socket.set_option("zap_domain", &domain).unwrap();
    assert_eq!(enforced(&socket), no);
    let socket = Socket::new(SocketType::Pull).unwrap();
    socket.set_option("zap_enforce_domain", &no).unwrap();
    socket.set_option("zap_domain", &domain).unwrap();
    assert_eq!(enforced(&socket), no);
}
