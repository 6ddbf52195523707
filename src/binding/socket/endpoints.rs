//! Binding, connecting and detaching a socket.

use super::done;
use crate::binding::table::{Group, Method, Parameter, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::endpoint::Action;

pub(in crate::binding) const ENDPOINTS: Parameter = required(
    "endpoints",
    Kinds::STRING,
    "a String such as \"tcp://localhost:5555\", or several separated by commas",
);

pub(super) static GROUP: Group = Group {
    name: "endpoints",
    doc: "Bind and connect.",
    see: "addresses",
    methods: &[
        Method {
            name: "bind",
            parameters: &[ENDPOINTS],
            result: "Int",
            doc: "Binds the socket to each endpoint so that peers can connect to it. Returns the \
                  TCP port of the last endpoint, or 0 if the last endpoint is not TCP. The port \
                  `*` picks the first free port from 49152 up, and `!` picks a free port at \
                  random. If one endpoint fails, the endpoints before it stay bound.",
            errors: "`ZMQErr` if an endpoint is malformed, already in use, or not an address of \
                     this machine",
            example: r#"
                var server = ZMQReply()
                server.bind("tcp://127.0.0.1:*")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Int(call.socket()?.bind(call.text(0)?)?.into())),
        },
        Method {
            name: "unbind",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Stops listening on each endpoint. Accepts the endpoint as it was written in \
                  `bind` or as `endpoint` returns it.",
            errors: "`ZMQErr` if the socket is not bound to the endpoint",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.socket()?.unbind(call.text(0)?)),
        },
        Method {
            name: "connect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Connects to each endpoint and returns immediately. The peers do not have to be \
                  running yet: ZeroMQ connects in the background and reconnects after a failure. \
                  If one endpoint fails, the endpoints before it stay connected.",
            errors: "`ZMQErr` if an endpoint is malformed",
            example: r#"
                var client = ZMQRequest()
                client.connect("tcp://localhost:5555")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.socket()?.connect(call.text(0)?)),
        },
        Method {
            name: "disconnect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Closes the connections to each endpoint. Queued messages that cannot be sent \
                  within the linger period are discarded.",
            errors: "`ZMQErr` if the socket is not connected to the endpoint",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.socket()?.disconnect(call.text(0)?)),
        },
        Method {
            name: "endpoint",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the endpoint that was bound last, with its actual port number or \
                  file, or nil if the socket was never bound.",
            errors: "",
            example: r#"
                var server = ZMQReply("tcp://127.0.0.1:*[61000-61099]")
                var client = ZMQRequest(server.endpoint())
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.socket()?.endpoint()?.into()),
        },
        Method {
            name: "lastendpoint",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the endpoint that was bound or connected last, as libzmq resolved it: \
                  with the address 0.0.0.0 for `*`, or with the file that was chosen for \
                  `ipc://*`. Returns nil if there is none.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.socket()?.last_endpoint()?.into()),
        },
        Method {
            name: "endpoints",
            parameters: &[],
            result: "List",
            doc: "Returns the endpoints that the socket is attached to, as a List of Tuples of \
                  \"bind\" or \"connect\" and the endpoint.",
            errors: "",
            example: r#"
                var pull = ZMQPull("inproc://work")
                print pull.endpoints()[0][1]   // inproc://work
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let endpoints = call.socket()?.endpoints()?.into_iter();
                Ok(Value::List(endpoints.map(attached).collect()))
            },
        },
    ],
};

fn attached((action, endpoint): (Action, String)) -> Value {
    let action = match action {
        Action::Bind => "bind",
        Action::Connect => "connect",
    };
    Value::Tuple(vec![action.into(), endpoint.into()])
}
