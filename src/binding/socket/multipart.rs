//! Messages frame by frame, and many at once.

use std::borrow::Cow;
use std::slice;

use smallvec::SmallVec;

use super::done;
use crate::binding::arguments::{FRAME, FRAMES, TIMEOUT, frame};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Sends, named, required};
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
            sends: Sends::Begun,
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
            sends: Sends::Nothing,
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
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.socket()?.flush()),
        },
        Method {
            name: "sendbatch",
            parameters: &[required("messages", Kinds::LIST, MESSAGES).of(FRAMES.kinds), TIMEOUT],
            result: "Int",
            doc: "Sends each item of a List as a message, in order. An item is one frame, as for \
                  `send`, or a List of frames. So a List that `receivebatch` returned can be sent \
                  as it is. Waits while no peer can accept a message. Returns the number of \
                  messages that were queued, which is smaller than the length of the List if the \
                  timeout expires or a later message fails; the next call reports why. An \
                  interrupt is raised in any case. This is the fastest way to send many small \
                  messages.",
            errors: "`ZMQUnsupported` on a ZMQSubscriber or ZMQPull, or for several frames while \
                     `conflate` is set; `ZMQUnroutable` as for `send`",
            example: r#"
                var pair = ZMQ.pipe()
                print pair[0].sendbatch(["tea", "milk"])   // 2
                print pair[1].receivebatch(100)   // [ tea, milk ]
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Int(0)),
            run: send_batch,
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
            sends: Sends::Nothing,
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
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: enumerate,
        },
    ],
};

/// What `sendbatch` accepts.
const MESSAGES: &str = "a List of messages, each a frame (a String, a ZMQFrame, a number or a \
                        Bool) or a List of frames";

/// The frames of a message that is nearly always a single one.
type Frames<'a> = SmallVec<[Cow<'a, [u8]>; 1]>;

fn send_batch(call: &Call) -> Result<Value, Error> {
    let [ValueRef::List(items)] = call.values() else { return Err(call.refuse(0)) };
    let (socket, wait) = (call.socket()?, call.wait()?);
    if let Some(texts) = texts(items) {
        return counted(call, socket.send_batch(&texts, &wait));
    }
    let mut messages = Vec::<Frames>::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let frames = match item {
            ValueRef::List(frames) if !frames.is_empty() => frames,
            item => slice::from_ref(item),
        };
        let mut message = Frames::with_capacity(frames.len());
        for value in frames {
            let wrong = || call.wrong(0, format!("{value} in message {index}"));
            message.push(frame(value).ok_or_else(wrong)?);
        }
        messages.push(message);
    }
    counted(call, socket.send_batch(&messages, &wait))
}

/// Returns the messages of a batch that consists of Strings, as nearly all do: they need
/// no conversion.
fn texts<'a>(items: &[ValueRef<'a>]) -> Option<Vec<[&'a [u8]; 1]>> {
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let ValueRef::String(text) = item else { return None };
        texts.push([*text]);
    }
    Some(texts)
}

/// Returns the number of messages that were sent. An error after some of them is reported
/// by the next call, except what only this one knows of: an interrupt is over once it was
/// noticed, and so is the error of a script function.
fn counted(call: &Call, (sent, result): (usize, Result<(), Error>)) -> Result<Value, Error> {
    super::sent(call, call.socket()?);
    match result {
        Err(error) if sent == 0 => Err(error),
        Err(error @ (Error::Interrupted | Error::Callback | Error::Host { .. })) => Err(error),
        _ => Ok(Value::Int(i64::try_from(sent).unwrap_or(i64::MAX))),
    }
}

/// Drops the frames of `sendmore` after an error of a call that sends, wherever it was
/// found: a script that catches the error would send them at the front of another message.
///
/// They stay if the call has nothing to do with them: another thread uses the socket, or
/// the call was refused because of them, which its error says how to resolve.
#[cold]
pub(in crate::binding) fn drop_begun(call: &Call, error: &Error) {
    let stays = match (call.row.method.sends, error) {
        (Sends::Nothing, _) | (_, Error::Busy | Error::Forked) => true,
        (sends, Error::State { .. }) => sends == Sends::Whole,
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
    use crate::binding::socket::CLASS;
    use crate::binding::table::Target;

    #[test]
    fn the_methods_that_send_are_known() {
        let sends = |name: &str| name.starts_with("send") || name == "signal" || name == "request";
        let of_sockets = rows().iter().filter(|row| row.class.is(&CLASS));
        for row in of_sockets.filter(|row| row.target == Target::Instance) {
            let (name, known) = (row.method.name, row.method.sends != Sends::Nothing);
            assert_eq!(known, sends(name) || name == "publish", "{}", row.operation());
        }
    }
}
