//! Script values as messages.

use crate::binding::arguments::{FRAME, TIMEOUT};
use crate::binding::array::{gathered, sparse_of};
use crate::binding::call::Call;
use crate::binding::format::Format;
use crate::binding::table::{Group, Method, Parameter, Sends, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;
use crate::core::array::AnyArray;

const ANY: Kinds = FRAME
    .or(Kinds::NIL.or(Kinds::LIST).or(Kinds::TUPLE).or(Kinds::DICTIONARY))
    .or(Kinds::ARRAY.or(Kinds::SPARSE));

pub(in crate::binding) const VALUE: Parameter = required(
    "value",
    ANY,
    "nil, a Bool, a number, a String, a ZMQFrame, an array, or a List, Tuple or Dictionary of these",
)
.of(ANY);

/// A number, or Lists of numbers.
const NUMBERS: Kinds = Kinds::LIST.or(Kinds::TUPLE).or(Kinds::BOOL).or(Kinds::INT).or(Kinds::FLOAT);

const ARRAY: Parameter = required(
    "array",
    Kinds::ARRAY.or(Kinds::SPARSE.or(Kinds::DICTIONARY)).or(NUMBERS),
    "a Matrix, a Sparse or another array, a number, or Lists of numbers that are evenly nested",
)
.of(NUMBERS);

pub(super) static GROUP: Group = Group {
    name: "values",
    doc: "Send and receive values as JSON or MessagePack.",
    see: "serialization",
    methods: &[
        Method {
            name: "sendjson",
            parameters: &[VALUE, TIMEOUT],
            result: "Bool",
            doc: "Sends a value as one frame of JSON. Dictionary keys must be Strings and numbers \
                  must be finite. Tuples become Lists. Returns true if the message was queued, or \
                  false as `send` does.",
            errors: "`ZMQArgs` with the location in the value if it cannot be written as JSON; \
                     `ZMQUnsupported` on a ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].sendjson({ "symbol": "ABC", "bids": [[1.5, 10]] })
                print pair[1].receivejson()["symbol"]   // ABC
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: |call| send(call, Format::Json),
        },
        Method {
            name: "receivejson",
            parameters: &[TIMEOUT],
            result: "any value, or nil",
            doc: "Receives one frame as `receive` does and returns the value that it holds as \
                  JSON. Numbers without a decimal point or exponent become Ints; other numbers, \
                  and integers that are too large for an Int, become Floats.",
            errors: "`ZMQDecode` if the frame is not valid JSON, holds too many values, or the keys \
                     of its Dictionaries collide: the frame is discarded; \
                     `ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("[1, 2.5]")
                print pair[1].receivejson()   // [ 1, 2.5 ]
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| receive(call, Format::Json),
        },
        Method {
            name: "sendvalue",
            parameters: &[VALUE, TIMEOUT],
            result: "Bool",
            doc: "Sends a value as one frame of MessagePack, a compact binary format that most \
                  languages can read. Unlike JSON, MessagePack also supports ZMQFrames, infinite \
                  numbers, and numbers as Dictionary keys. Tuples become Lists. Returns true if \
                  the message was queued, or false as `send` does.",
            errors: "`ZMQArgs` with the location in the value if it cannot be written as \
                     MessagePack; `ZMQUnsupported` on a ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].sendvalue([1, "two", 3.5])
                print pair[1].receivevalue()[1]   // two
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: |call| send(call, Format::MessagePack),
        },
        Method {
            name: "receivevalue",
            parameters: &[TIMEOUT],
            result: "any value, or nil",
            doc: "Receives one frame as `receive` does and returns the value that it holds as \
                  MessagePack.",
            errors: "`ZMQDecode` if the frame is not valid MessagePack, holds too many values, or \
                     the keys of its Dictionaries collide, such as thousands of Floats: the frame \
                     is discarded; \
                     `ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| receive(call, Format::MessagePack),
        },
        Method {
            name: "sendarray",
            parameters: &[ARRAY, TIMEOUT],
            result: "Bool",
            doc: "Sends an array of numbers as two frames: JSON with its dtype and shape, and its \
                  elements, row by row, as in pyzmq's recipe for numpy. Accepts a Matrix, a \
                  ComplexMatrix, a Complex, an Array of numbers, and Lists of numbers that are \
                  evenly nested. Ints are sent as int64, or as float64 if there are Floats among \
                  them. A Sparse, or a Dictionary of its vectors, is sent as four frames: JSON, \
                  and the data, indices and indptr of a csc_matrix of scipy. Returns true if the \
                  message was queued, or false as `send` does.",
            errors: "`ZMQArgs` if it is not an array of numbers; `ZMQUnsupported` on a \
                     ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].sendarray([[1, 2, 3], [4, 5, 6]])
                print pair[1].receive()   // {"dtype": "int64", "shape": [2, 3]}
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: send_array,
        },
        Method {
            name: "receivearray",
            parameters: &[TIMEOUT],
            result: "array, sparse matrix, Dictionary, number or nil",
            doc: "Receives an array that `sendarray`, or numpy by pyzmq's recipe, has sent. One \
                  dimension becomes a Matrix with one column, two a Matrix, and more an Array; \
                  complex numbers a ComplexMatrix or Complex. Hosts without a Matrix get Lists. A \
                  sparse matrix, in the format csc or csr, becomes a Sparse; hosts without one get \
                  a Dictionary of its vectors.",
            errors: "`ZMQDecode` if the message is not an array, or the host cannot represent it: \
                     the message is discarded; `ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: receive_array,
        },
    ],
};

fn send(call: &Call, format: Format) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    socket.send(&[format.write(call.value(0)?)?], &wait)?;
    Ok(super::sent(call, socket))
}

fn receive(call: &Call, format: Format) -> Result<Value, Error> {
    let frame = call.socket()?.receive(&call.wait()?)?;
    for_host(call, format.read(&frame, call.host.interrupt())?)
}

fn send_array(call: &Call) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    let value = call.value(0)?;
    match value {
        ValueRef::Sparse(matrix) => socket.send_sparse(matrix, &wait)?,
        ValueRef::Dictionary(entries) => {
            let matrix = sparse_of(entries).map_err(|why| Error::Argument {
                place: "argument 1 (array)".to_owned(),
                expected: "an array or a sparse matrix".into(),
                got: format!("a Dictionary {why}"),
            })?;
            socket.send_sparse(&matrix, &wait)?;
        }
        value => {
            let array = gathered(value).map_err(|got| call.wrong(0, got))?;
            socket.send_array(&array, &wait)?;
        }
    }
    Ok(super::sent(call, socket))
}

fn receive_array(call: &Call) -> Result<Value, Error> {
    let value = match call.socket()?.receive_any_array(&call.wait()?)? {
        AnyArray::Dense(array) => Value::Array(array),
        AnyArray::Sparse(matrix) => Value::Sparse(matrix),
    };
    for_host(call, value)
}

/// Replaces arrays by Lists, and sparse matrices by Dictionaries, if the host does not have
/// them.
pub(in crate::binding) fn for_host(call: &Call, value: Value) -> Result<Value, Error> {
    value.without(!call.host.takes_arrays(), !call.host.takes_sparse())
}
