//! What a socket is attached to.

use super::done;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::{Kinds, Value};
use crate::core::endpoint::Action;

pub(in crate::binding) const ENDPOINTS: Parameter = required(
    "endpoints",
    Kinds::STRING,
    "a String such as \"tcp://localhost:5555\", several separated by commas",
);

pub(super) static GROUP: Group = Group {
    name: "endpoints",
    doc: "Endpoints: what a socket is bound and connected to.",
    methods: &[
        Method {
            name: "bind",
            parameters: &[ENDPOINTS],
            result: "Int",
            doc: "Binds each endpoint, so that peers can connect to it. Gives the TCP port of the \
                  last one, or 0 if it has none; * and ! as ports find a free one.",
            otherwise: None,
            run: |call| Ok(Value::Int(call.socket()?.bind(call.text(0)?)?.into())),
        },
        Method {
            name: "unbind",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Takes back a bind, in the spelling of bind or in that of endpoint.",
            otherwise: None,
            run: |call| done(call.socket()?.unbind(call.text(0)?)),
        },
        Method {
            name: "connect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Connects to each endpoint. The peers need not be there yet.",
            otherwise: None,
            run: |call| done(call.socket()?.connect(call.text(0)?)),
        },
        Method {
            name: "disconnect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Takes back a connect.",
            otherwise: None,
            run: |call| done(call.socket()?.disconnect(call.text(0)?)),
        },
        Method {
            name: "endpoint",
            parameters: &[],
            result: "String or nil",
            doc: "The endpoint that was bound last, with its port filled in.",
            otherwise: None,
            run: |call| Ok(call.socket()?.endpoint()?.into()),
        },
        Method {
            name: "lastendpoint",
            parameters: &[],
            result: "String or nil",
            doc: "The endpoint that was bound or connected last, as libzmq calls it: the address \
                  0.0.0.0 for *, the file that was found for ipc://*.",
            otherwise: None,
            run: |call| Ok(call.socket()?.last_endpoint()?.into()),
        },
        Method {
            name: "endpoints",
            parameters: &[],
            result: "List",
            doc: "What the socket is attached to: Tuples of \"bind\" or \"connect\" and the endpoint.",
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
