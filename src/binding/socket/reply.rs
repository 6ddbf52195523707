//! What only a reply socket does.

use crate::binding::arguments::{TIMEOUT, frames};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, named, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

pub(super) static GROUP: Group = Group {
    name: "serving",
    doc: "Answering requests with a function.",
    methods: &[Method {
        name: "serve",
        parameters: &[
            required("function", Kinds::FUNCTION, "a function of a List of frames"),
            named("count", Kinds::INT.or(Kinds::NIL), "how many requests, or nil for any number"),
            TIMEOUT,
        ],
        result: "Int",
        doc: "Answers requests: calls the function with the List of frames of each, and sends what \
              it returns, a String or another frame, or a List of frames. Gives how many were \
              answered, once there are as many as count says, or when none has come for as long \
              as timeout says. When the function fails its request stays unanswered.",
        otherwise: None,
        run: serve,
    }],
};

fn serve(call: &Call) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    let count = call.count("count")?;
    let function = call.get(0)?;
    let mut served = 0;
    while count.is_none_or(|count| served < count) {
        let request = match socket.receive_all(&wait) {
            Ok(frames) => frames.into_iter().map(Value::from).collect(),
            Err(Error::Again) => break,
            Err(error) => return Err(error),
        };
        let mut reply: Vec<Vec<u8>> = Vec::new();
        call.host.call(function, vec![Value::List(request)], &mut |returned| {
            let returned = std::slice::from_ref(returned);
            let wrong = |value: &ValueRef| Error::Argument {
                place: "what the function returned".to_owned(),
                expected: "a String, a ZMQFrame, a number, a Bool or a List of them".into(),
                got: value.to_string(),
            };
            // It is the host's only until the next call.
            reply = frames(returned, |_, value| wrong(value))?
                .into_iter()
                .map(|frame| frame.to_vec())
                .collect();
            if reply.is_empty() { Err(wrong(&returned[0])) } else { Ok(()) }
        })?;
        socket.send(&reply, &wait)?;
        served += 1;
    }
    Ok(Value::Int(served))
}
