//! The class of frames: bytes that need not be text.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::arguments::FRAMES;
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, optional, required};
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
    groups: &[&BYTES, &ORIGIN],
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
            parameters: &[required("index", Kinds::INT.or(Kinds::LIST), INDEX)],
            result: "Int or ZMQFrame",
            doc: "The byte at an index, as frame[index]; for a Range or a List of indices a new \
                  frame of those bytes, as frame[0..2].",
            otherwise: None,
            run: index,
        },
        Method {
            name: "enumerate",
            parameters: &[required("index", Kinds::INT, "an Int, -1 for the count")],
            result: "Int",
            doc: "What for (byte in frame) walks over: the byte at an index, or how many there are.",
            otherwise: None,
            run: |call| match call.values() {
                [ValueRef::Int(-1)] => Ok(count(call.receiver::<Frame>()?)),
                _ => index(call),
            },
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
            run: to_list,
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
            name: "slice",
            parameters: &[
                required("from", Kinds::INT, FROM),
                optional("to", Kinds::INT.or(Kinds::NIL), TO),
            ],
            result: "ZMQFrame",
            doc: "The bytes from one index up to, but not with, another one, or to the end; as \
                  many of them as there are.",
            otherwise: None,
            run: slice,
        },
        Method {
            name: "join",
            parameters: &[Parameter { name: "others", ..FRAMES }],
            result: "ZMQFrame",
            doc: "A new frame of these bytes and those of the others after them.",
            otherwise: None,
            run: join,
        },
        Method {
            name: "equals",
            parameters: &[required(
                "other",
                Kinds::STRING.or(Kinds::OBJECT),
                "a ZMQFrame or a String",
            )],
            result: "Bool",
            doc: "Whether the other one has the same bytes.",
            otherwise: None,
            run: |call| Ok(Value::Bool(**call.receiver::<Frame>()? == *call.frame(0)?)),
        },
    ],
};

const INDEX: &str = "an Int from 0 to count() - 1, or from -1 down to count from the end, or a Range \
                     or List of them";
const FROM: &str = "an Int, from -1 down to count from the end";
const TO: &str = "an Int, from -1 down to count from the end, or nil for the end";

static ORIGIN: Group = Group {
    name: "origin",
    doc: "What is known of the connection that a frame came over.",
    methods: &[Method {
        name: "property",
        parameters: &[required(
            "name",
            Kinds::STRING,
            "a String: \"Peer-Address\", \"User-Id\", \"Socket-Type\", \"Routing-Id\" or one of an \
             authenticator",
        )],
        result: "String or nil",
        doc: "A property of the connection that the frame came over: Peer-Address, Socket-Type, \
              Routing-Id, after authentication User-Id, and what an authenticator has added. nil \
              when there is none, as on frames that came over inproc.",
        otherwise: None,
        run: property,
    }],
};

impl Instance for Frame {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.len())
    }

    fn equals(&self, other: &Object) -> bool {
        other.get::<Frame>().is_some_and(|other| **self == **other)
    }

    fn hash(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        self[..].hash(&mut hasher);
        Some(hasher.finish())
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
        _ => Frame::from(&*call.frame(0)?),
    };
    Ok(Value::frame(frame))
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

fn count(frame: &[u8]) -> Value {
    Value::Int(i64::try_from(frame.len()).unwrap_or(i64::MAX))
}

fn index(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    match call.values() {
        [ValueRef::List(indices)] => {
            let bytes: Result<Vec<u8>, Error> =
                indices.iter().map(|index| byte(call, frame, index)).collect();
            Ok(Value::frame(Frame::from(bytes?)))
        }
        values => Ok(Value::Int(byte(call, frame, &values[0])?.into())),
    }
}

/// The byte at an index.
fn byte(call: &Call, bytes: &[u8], index: &ValueRef) -> Result<u8, Error> {
    let place = match index {
        ValueRef::Int(index) if *index < 0 => usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| bytes.len().checked_sub(back)),
        ValueRef::Int(index) => usize::try_from(*index).ok(),
        _ => None,
    };
    let found = place.and_then(|place| bytes.get(place)).copied();
    found.ok_or_else(|| call.wrong(0, format!("{index} in a frame of {}", bytes.len())))
}

/// Frames are not joined to larger ones, and larger ones are no lists: a host may
/// end when there is no memory.
const LARGEST: usize = 1 << 30;
const LARGEST_LIST: usize = 1 << 24;

fn join(call: &Call) -> Result<Value, Error> {
    let (frame, others) = (call.receiver::<Frame>()?, call.frames()?);
    let size = others.iter().fold(frame.len(), |size, other| size.saturating_add(other.len()));
    if size > LARGEST {
        return Err(call.wrong(0, format!("{size} bytes in all, where {LARGEST} are the most")));
    }
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(frame);
    others.iter().for_each(|other| bytes.extend_from_slice(other));
    Ok(Value::frame(Frame::from(bytes)))
}

fn to_list(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    if frame.len() > LARGEST_LIST {
        return Err(Error::Argument {
            place: "receiver".to_owned(),
            expected: format!("a frame of no more than {LARGEST_LIST} bytes: slice it").into(),
            got: format!("{} bytes", frame.len()),
        });
    }
    Ok(Value::List(frame.iter().map(|byte| Value::Int((*byte).into())).collect()))
}

fn slice(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    let place = |index: usize| match call.values().get(index) {
        Some(ValueRef::Int(place)) if *place < 0 => {
            let back = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
            frame.len().saturating_sub(back)
        }
        Some(ValueRef::Int(place)) => {
            usize::try_from(*place).unwrap_or(usize::MAX).min(frame.len())
        }
        _ => frame.len(),
    };
    let (from, to) = (place(0), place(1));
    Ok(Value::frame(Frame::from(frame.get(from..to).unwrap_or_default())))
}

fn property(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    Ok(frame.property(call.text(0)?).map(str::to_owned).into())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
