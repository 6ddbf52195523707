//! The class of frames: bytes that need not be text.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::arguments::FRAMES;
use super::array::gathered;
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, Sends, optional, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::array::{self, Array, Element, Number};
use crate::core::{Error, Frame};

/// Frames.
pub(super) static CLASS: Class = Class {
    name: "ZMQFrame",
    doc: "Holds the bytes of one frame, including bytes that are not valid text.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQFrame",
        parameters: &[
            required(
                "bytes",
                CONTENT,
                "a String, a ZMQFrame or a List of Ints from 0 to 255; with a dtype, a number, \
                 numbers in Lists, or an array",
            )
            .of(NUMBERS),
            optional("dtype", Kinds::STRING, DTYPE),
        ],
        result: "ZMQFrame",
        doc: "Creates a frame from the bytes of a String or another ZMQFrame, or from a List of \
              Ints from 0 to 255. With a dtype, creates a frame of numbers, row by row: \
              \"float64\", \"float32\", \"int8\" to \"int64\", \"uint8\" to \"uint64\", \"bool\", \
              \"complex64\" or \"complex128\", in the byte order of this machine, or with \">\" \
              before it in big-endian and with \"<\" in little-endian order. `numbers` reads \
              them.",
        errors: "`ZMQArgs` also if the dtype is not known or cannot represent a number",
        example: r#"
            print ZMQFrame([1, 258], ">int16").hex()   // 00010102
            print ZMQFrame([0.5], "<f4").hex()   // 0000003f
        "#,
        sends: Sends::Nothing,
        otherwise: None,
        run: make,
    }),
    alias: None,
    groups: &[&BYTES, &ORIGIN],
    functions: &[],
};

static BYTES: Group = Group {
    name: "bytes",
    doc: "Read and convert bytes.",
    see: "",
    methods: &[
        Method {
            name: "count",
            parameters: &[],
            result: "Int",
            doc: "Returns the number of bytes.",
            errors: "",
            example: r#"
                print ZMQFrame("Hi").count()   // 2
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(count(call.receiver::<Frame>()?)),
        },
        Method {
            name: "index",
            parameters: &[required("index", Kinds::INT.or(Kinds::LIST), INDEX).of(Kinds::INT)],
            result: "Int or ZMQFrame",
            doc: "Supports `frame[i]`: returns the byte at an index as an Int, or a new ZMQFrame \
                  with the bytes at a Range or List of indices. Negative indices count from the \
                  end.",
            errors: "`ZMQArgs` if an index is out of range",
            example: r#"
                var frame = ZMQFrame([72, 105, 0])
                print frame[-1]   // 0
                print frame[0..1].tostring()   // Hi
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: index,
        },
        Method {
            name: "enumerate",
            parameters: &[required("index", Kinds::INT, "an Int, -1 for the count")],
            result: "Int",
            doc: "Supports `for (byte in frame)`: returns the byte at an index, or the number of \
                  bytes for the index -1.",
            errors: "`ZMQArgs` if the index is out of range",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Returns the bytes as a String. Replaces invalid UTF-8 with the character \
                  U+FFFD.",
            errors: "",
            example: r#"
                print ZMQFrame([72, 105]).tostring()   // Hi
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(String::from_utf8_lossy(call.receiver::<Frame>()?).into_owned().into()),
        },
        Method {
            name: "tolist",
            parameters: &[],
            result: "List",
            doc: "Returns the bytes as a List of Ints from 0 to 255.",
            errors: "`ZMQArgs` if the frame has more than 16777216 bytes",
            example: r#"
                print ZMQFrame("Hi").tolist()   // [ 72, 105 ]
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: to_list,
        },
        Method {
            name: "numbers",
            parameters: &[required("dtype", Kinds::STRING, DTYPE)],
            result: "List",
            doc: "Returns the numbers in the frame as a List of Floats, Ints, Bools or complex \
                  numbers, depending on the dtype: see `ZMQFrame`. Integers that no Int \
                  represents become Floats; complex numbers are Tuples in hosts without them.",
            errors: "`ZMQArgs` if the dtype is not known, or the frame has more than 16777216 \
                     numbers; `ZMQDecode` if the size of the frame is not a multiple of that of \
                     the dtype",
            example: r#"
                print ZMQFrame([0, 1, 1, 2]).numbers(">int16")   // [ 1, 258 ]
                print ZMQFrame([0.5, 2], "float64").numbers("float64")   // [ 0.5, 2 ]
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: numbers,
        },
        Method {
            name: "hex",
            parameters: &[],
            result: "String",
            doc: "Returns the bytes as hexadecimal digits, two per byte.",
            errors: "",
            example: r#"
                print ZMQFrame("Hi").hex()   // 4869
            "#,
            sends: Sends::Nothing,
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
            doc: "Returns a new ZMQFrame with the bytes from one index up to, but not including, \
                  another index, or to the end. Negative indices count from the end. Indices out \
                  of range are moved to the nearest end.",
            errors: "",
            example: r#"
                print ZMQFrame("Hello").slice(1, 3).tostring()   // el
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: slice,
        },
        Method {
            name: "join",
            parameters: &[Parameter { name: "others", ..FRAMES }],
            result: "ZMQFrame",
            doc: "Returns a new ZMQFrame with these bytes followed by the bytes of the other \
                  frames.",
            errors: "`ZMQArgs` if the result would have more than 1073741824 bytes",
            example: r#"
                print ZMQFrame("a").join("b", "c").tostring()   // abc
            "#,
            sends: Sends::Nothing,
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
            doc: "Returns true if a ZMQFrame or String has the same bytes. `==` compares two \
                  frames in the same way.",
            errors: "",
            example: r#"
                print ZMQFrame("Hi").equals("Hi")   // true
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(**call.receiver::<Frame>()? == *call.frame(0)?)),
        },
    ],
};

/// Numbers, or Lists of them.
const NUMBERS: Kinds = Kinds::INT.or(Kinds::FLOAT).or(Kinds::BOOL).or(Kinds::LIST).or(Kinds::TUPLE);
/// What a frame is made of.
const CONTENT: Kinds = Kinds::STRING
    .or(Kinds::OBJECT)
    .or(Kinds::LIST)
    .or(Kinds::TUPLE)
    .or(Kinds::ARRAY)
    .or(Kinds::BOOL)
    .or(Kinds::INT)
    .or(Kinds::FLOAT);
const DTYPE: &str = "a String: the dtype of numbers, such as \"float64\", \"int32\" or \">f8\"";
const INDEX: &str = "an Int from 0 to count() - 1, negative to count from the end, or a Range or \
                     List of them";
const FROM: &str = "an Int, negative to count from the end";
const TO: &str = "an Int, negative to count from the end, or nil for the end";

static ORIGIN: Group = Group {
    name: "origin",
    doc: "Inspect the connection.",
    see: "",
    methods: &[Method {
        name: "property",
        parameters: &[required(
            "name",
            Kinds::STRING,
            "a String: \"Peer-Address\", \"User-Id\", \"Socket-Type\", \"Routing-Id\" or one added \
             by ZMQAuth",
        )],
        result: "String or nil",
        doc: "Returns a property of the connection that the frame arrived over: \"Peer-Address\", \
              \"Socket-Type\", \"Routing-Id\", \"User-Id\" after authentication, or metadata \
              added by ZMQAuth. Returns nil if there is no such property, as on frames received \
              over inproc.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
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
    /// Shows its first bytes.
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
        [content, _] => {
            let (element, swapped) = dtype(call, 1)?;
            let array = gathered(content).map_err(|got| call.wrong(0, got))?;
            let bytes = array.converted(element, swapped);
            let cannot = |number| format!("{number}, which {} cannot represent", element.name());
            Frame::from(bytes.map_err(|number| call.wrong(0, cannot(number)))?)
        }
        [ValueRef::List(items)] => Frame::from(bytes(call, items)?),
        [ValueRef::String(_) | ValueRef::Object(..)] => Frame::from(&*call.frame(0)?),
        _ => return Err(call.refuse(0)),
    };
    Ok(Value::frame(frame))
}

/// Returns the kind of numbers that an argument names, and true if their bytes are in the
/// other order.
fn dtype(call: &Call, index: usize) -> Result<(Element, bool), Error> {
    let name = call.text(index)?;
    Element::from_name(name).ok_or_else(|| call.refuse(index))
}

fn numbers(call: &Call) -> Result<Value, Error> {
    let frame = call.receiver::<Frame>()?;
    let (element, swapped) = dtype(call, 0)?;
    let size = element.size();
    if frame.len() % size != 0 {
        let (count, name) = (frame.len(), element.name());
        let what =
            format!("numbers of {name} have {size} bytes each, and the frame has {count} bytes");
        return Err(Error::Decode { what: what.into() });
    }
    let numbers = array::numbers(frame, element, swapped);
    if numbers.len() > LARGEST_LIST {
        return Err(Error::Argument {
            place: "receiver".to_owned(),
            expected: format!("a frame of no more than {LARGEST_LIST} numbers: slice it").into(),
            got: format!("{} numbers", numbers.len()),
        });
    }
    let value = |number| match number {
        Number::Complex(..) if call.host.takes_arrays() => {
            let array = Array::single(Element::Complex128, number);
            array.map_or(Value::Nil, |array| Value::Array(Box::new(array)))
        }
        number => number.into(),
    };
    Ok(Value::List(numbers.map(value).collect()))
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

/// Returns the byte at an index.
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

/// Frames cannot be joined or converted to lists beyond this size, because a host may end
/// when it runs out of memory.
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
