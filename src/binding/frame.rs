//! The class of frames: bytes that need not be text.

use std::fmt;

use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::{Error, Frame};

/// Frames.
pub(super) static CLASS: Class = Class {
    name: "ZMQFrame",
    doc: "The bytes of one frame of a message, whatever they are.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQFrame",
        parameters: &[required(
            "bytes",
            Kinds::STRING.or(Kinds::LIST).or(Kinds::OBJECT),
            "a String, a ZMQFrame or a List of Ints from 0 to 255",
        )],
        result: "ZMQFrame",
        doc: "Makes a frame of the bytes of a String, or of a List of Ints from 0 to 255.",
        otherwise: None,
        run: make,
    }),
    alias: None,
    groups: &[&BYTES],
    functions: &[],
};

static BYTES: Group = Group {
    name: "bytes",
    doc: "The bytes of a frame.",
    methods: &[
        Method {
            name: "count",
            parameters: &[],
            result: "Int",
            doc: "How many bytes.",
            otherwise: None,
            run: |call| Ok(count(call.receiver::<Frame>()?)),
        },
        Method {
            name: "index",
            parameters: &[required(
                "index",
                Kinds::INT,
                "an Int from 0 to count() - 1, or from -1 down to count from the end",
            )],
            result: "Int",
            doc: "The byte at an index, as frame[index].",
            otherwise: None,
            run: index,
        },
        Method {
            name: "tostring",
            parameters: &[],
            result: "String",
            doc: "The bytes as text; what is not UTF-8 becomes the replacement character U+FFFD.",
            otherwise: None,
            run: |call| Ok(String::from_utf8_lossy(call.receiver::<Frame>()?).into_owned().into()),
        },
        Method {
            name: "tolist",
            parameters: &[],
            result: "List",
            doc: "The bytes as Ints from 0 to 255.",
            otherwise: None,
            run: |call| {
                let bytes = call.receiver::<Frame>()?.iter().copied();
                Ok(Value::List(bytes.map(|byte| Value::Int(byte.into())).collect()))
            },
        },
        Method {
            name: "hex",
            parameters: &[],
            result: "String",
            doc: "The bytes as hexadecimal digits, two each.",
            otherwise: None,
            run: |call| Ok(hex(call.receiver::<Frame>()?).into()),
        },
        Method {
            name: "property",
            parameters: &[required(
                "name",
                Kinds::STRING,
                "a String: \"User-Id\", \"Peer-Address\" or a name in a certificate",
            )],
            result: "String or nil",
            doc: "What is known about the peer that the frame was received from, if a ZMQAuth let \
                  it in: User-Id is its user name or public key.",
            otherwise: None,
            run: |call| {
                let property = call.receiver::<Frame>()?.property(call.text(0)?);
                Ok(property.map(str::to_owned).into())
            },
        },
    ],
};

impl Instance for Frame {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl fmt::Display for Frame {
    /// Its first bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        let digits = hex(&self[..self.len().min(SHOWN)]);
        match self.len() {
            0..=SHOWN => write!(f, "<{}: {digits}>", CLASS.name),
            size => write!(f, "<{}: {digits}... {size} bytes>", CLASS.name),
        }
    }
}

fn make(call: &Call) -> Result<Value, Error> {
    let frame = match call.values() {
        [ValueRef::List(items)] => Frame::from(bytes(call, items)?),
        _ => Frame::from(&*call.frames()?.concat()),
    };
    Ok(Value::Object(Object::new(frame)))
}

fn bytes(call: &Call, items: &[ValueRef]) -> Result<Vec<u8>, Error> {
    let byte = |item: &ValueRef| match item {
        ValueRef::Int(byte) => u8::try_from(*byte).ok(),
        _ => None,
    };
    let bytes =
        items.iter().map(|item| byte(item).ok_or_else(|| call.wrong(0, format!("{item} in it"))));
    bytes.collect()
}

fn count(frame: &Frame) -> Value {
    Value::Int(i64::try_from(frame.len()).unwrap_or(i64::MAX))
}

fn index(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    let found = match call.values() {
        [ValueRef::Int(index)] if *index < 0 => usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| frame.len().checked_sub(back)),
        [ValueRef::Int(index)] => usize::try_from(*index).ok(),
        _ => None,
    };
    match found.and_then(|index| frame.get(index)) {
        Some(byte) => Ok(Value::Int((*byte).into())),
        None => Err(call.wrong(0, format!("{} in a frame of {}", call.values()[0], frame.len()))),
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
