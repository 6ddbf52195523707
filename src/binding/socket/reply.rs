//! Methods of reply sockets only.

use crate::binding::arguments::{FRAMES, TIMEOUT, frames};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Sends, named, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

pub(super) static GROUP: Group = Group {
    name: "serving",
    doc: "Answer requests with a function.",
    see: "requestreply",
    methods: &[Method {
        name: "serve",
        parameters: &[
            required("function", Kinds::FUNCTION, "a function that takes a List of frames")
                .of(FRAMES.kinds),
            named(
                "count",
                Kinds::INT.or(Kinds::NIL),
                "the number of requests, or nil for no limit",
            ),
            TIMEOUT,
        ],
        result: "Int",
        doc: "Answers requests with a function. Calls the function with the List of frames of \
              each request and sends what it returns: a String, a ZMQFrame, a number, a Bool, or \
              a List of these. Returns the number of requests answered, once it reaches `count=` \
              or when no request arrives for `timeout=` milliseconds, even if the socket is \
              strict. If the function raises an error, `serve` raises it and that request stays \
              unanswered.",
        errors: "`ZMQArgs` if the function returns anything else",
        example: r#"
            var rep = ZMQReply("inproc://service")
            var req = ZMQRequest("inproc://service")
            req.send("World")
            rep.serve(fn (frames) "Hello, ${frames[0]}", count=1)
            print req.receive()   // Hello, World
        "#,
        sends: Sends::Nothing,
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
