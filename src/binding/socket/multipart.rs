//! Messages frame by frame, and many at once.

use smallvec::SmallVec;

use super::done;
use super::messages::SEND;
use crate::binding::arguments::{FRAME, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, named, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::{Error, Frame};

pub(super) static GROUP: Group = Group {
    name: "frames and batches",
    doc: "Handle messages frame by frame or in batches.",
    see: "messages",
    methods: &[
        Method {
            name: "sendmore",
            parameters: &[required("frame", FRAME, "a String, a ZMQFrame, a number or a Bool")],
            result: "Bool",
            doc: "Adds a frame to the front of the next message. Nothing is sent until the next \
                  `send`, `sendjson`, `sendvalue` or similar call, which sends all the frames as \
                  one message. Receiving is not affected meanwhile. If that call returns false, \
                  the frames are kept for the next attempt. `flush`, `close` and any error that \
                  `sendmore` or that call raises, `ZMQTimeout` and `ZMQArgs` included, discard \
                  them.",
            errors: "`ZMQUnsupported` on a ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].sendmore("head")
                pair[0].send("body")
                print pair[1].receiveall()   // [ head, body ]
            "#,
            otherwise: Some(|| Value::Bool(false)),
            run: |call| {
                call.socket()?.send_more(&call.frame(0)?)?;
                Ok(Value::Bool(true))
            },
        },
        Method {
            name: "more",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if the message that was received last has more frames to receive.",
            errors: "",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("head", "body")
                print pair[1].receive()   // head
                print pair[1].more()   // true
            "#,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.more()?)),
        },
        Method {
            name: "flush",
            parameters: &[],
            result: "nil",
            doc: "Discards the remaining frames of a partly received message and the frames \
                  queued by `sendmore`.",
            errors: "",
            example: "",
            otherwise: None,
            run: |call| done(call.socket()?.flush()),
        },
        Method {
            name: "receivebatch",
            parameters: &[
                required("max", Kinds::INT, "the maximum number of messages, a positive Int"),
                named("whole", Kinds::BOOL, "true to return every message as a List of frames"),
                TIMEOUT,
            ],
            result: "List or nil",
            doc: "Waits for one message, then returns a List of it and of all messages that have \
                  already arrived, up to `max` messages and never more than 65536. A message with \
                  one frame is a String, or a ZMQFrame if it is not valid UTF-8. A message with \
                  several frames is a List. With `whole=true` every message is a List. This is \
                  the fastest way to receive many small messages.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pair = ZMQ.pipe()
                for (n in 1..3) pair[0].send(n)
                print pair[1].receivebatch(100)   // [ 1, 2, 3 ]
            "#,
            otherwise: Some(|| Value::Nil),
            run: receive_batch,
        },
        Method {
            name: "enumerate",
            parameters: &[required("index", Kinds::INT, "an Int, -1 for the count")],
            result: "String, ZMQFrame, List, nil or Int",
            doc: "Supports `for (message in socket)`: receives one message for each pass of the \
                  loop, in the form that `receivebatch` returns. The loop variable is nil if the \
                  timeout set by `settimeout` expires. The loop ends only with `break` or with an \
                  error such as `ZMQClosed`.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("tea")
                for (message in pair[1]) {
                  print message   // tea
                  break
                }
            "#,
            otherwise: Some(|| Value::Nil),
            run: enumerate,
        },
    ],
};

/// The methods that send, and whether the frames of `sendmore` are part of what they send.
const SENDING: &[(&str, bool)] = &[
    (SEND, true),
    ("sendmore", true),
    ("sendjson", true),
    ("sendvalue", true),
    ("sendpicture", true),
    ("signal", true),
    ("publish", false),
    ("sendto", false),
    ("request", false),
];

/// Drops the frames of `sendmore` after an error of a call that sends, wherever it was
/// found: a script that catches the error would send them at the front of another message.
///
/// They stay if the call has nothing to do with them: another thread uses the socket, or
/// the call was refused because of them, which its error says how to resolve.
#[cold]
pub(in crate::binding) fn drop_begun(call: &Call, error: &Error) {
    let name = call.row.method.name;
    let Some((_, own)) = SENDING.iter().find(|(known, _)| *known == name) else {
        return;
    };
    let stays = match error {
        Error::Busy | Error::Forked => true,
        Error::State { .. } => !own,
        _ => false,
    };
    if !stays && let Ok(socket) = call.receiver::<super::Socket>() {
        socket.drop_begun();
    }
}

/// Hosts ask for the count once and then for each element.
fn enumerate(call: &Call) -> Result<Value, Error> {
    match call.values() {
        [ValueRef::Int(-1)] => Ok(Value::Int(i32::MAX.into())),
        [ValueRef::Int(0..)] => {
            let mut frames = SmallVec::<[Value; 1]>::new();
            let take = |frame: &mut Frame| frames.push(Value::of(frame));
            call.socket()?.receive_all_with(&call.wait()?, take)?;
            Ok(match frames.pop() {
                Some(frame) if frames.is_empty() => frame,
                last => Value::List(frames.into_iter().chain(last).collect()),
            })
        }
        _ => Err(call.refuse(0)),
    }
}

/// Returns a List with one item for each message: a frame, or a List of frames.
fn receive_batch(call: &Call) -> Result<Value, Error> {
    let most = match call.values() {
        [ValueRef::Int(most @ 1..)] => usize::try_from(*most).unwrap_or(usize::MAX),
        values => return Err(call.wrong(0, values[0].to_string())),
    };
    let whole = matches!(call.argument("whole"), Some(ValueRef::Bool(true)));
    let (socket, wait) = (call.socket()?, call.wait()?);
    call.host.list(&mut |list| {
        let mut inside = false;
        socket.receive_batch(most, &wait, |frame| {
            let more = frame.more();
            if !inside && (more || whole) {
                list.open();
                inside = true;
            }
            list.push(frame);
            if inside && !more {
                list.close();
                inside = false;
            }
        })?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::rows;

    #[test]
    fn the_methods_that_send_are_known() {
        for (name, _) in SENDING {
            assert!(rows().iter().any(|row| row.method.name == *name), "{name}");
        }
        let sends = |name: &str| name.starts_with("send") || ["signal", "publish"].contains(&name);
        for row in rows().iter().filter(|row| sends(row.method.name)) {
            assert!(
                SENDING.iter().any(|(name, _)| *name == row.method.name),
                "{}",
                row.operation()
            );
        }
    }
}
