//! The parsers of what peers and files send, for the fuzz targets in `fuzz` and for nothing
//! else. Each function takes any input and panics if something does not hold that holds for
//! all of it.

use std::net::IpAddr;

use crate::binding::format::Format;
use crate::binding::{Handle, Value, ValueRef, dictionary, lists, sparse_of};
use crate::core::array::{self, Array, ArrayRef, ListLimit, Number, Sparse, sparse};
use crate::core::authenticator::credentials::{Keys, Passwords};
use crate::core::authenticator::rules::{Origin, Rules};
use crate::core::authenticator::zap::{self, Call, Verdict};
use crate::core::curve::certificate::Content;
use crate::core::endpoint::{self, Target};
use crate::core::{Certificate, Frame};

/// Parses a list of endpoints, and each of them as one to bind and one to connect.
pub fn endpoints(list: &str) {
    let Ok(items) = endpoint::items(list) else {
        return;
    };
    for item in items {
        let endpoint = item.endpoint;
        assert!(list.contains(endpoint) && endpoint.len() <= 255, "{endpoint:?}");
        let again = endpoint::items(endpoint).expect("an item is a list of one");
        assert_eq!(again.len(), 1, "{endpoint:?}");
        let connects = endpoint::check_connect(endpoint).is_ok();
        match endpoint::bind_target(endpoint) {
            Ok(Target::Fixed(port)) if endpoint.starts_with("tcp://") => {
                let any = endpoint.rsplit_once(':').is_some_and(|(host, _)| host == "tcp://*");
                assert_eq!(connects, port > 0 && !any, "{endpoint:?}");
            }
            Ok(Target::Fixed(_)) => assert!(connects, "{endpoint:?}"),
            Ok(Target::Free { host, ports, .. }) => {
                assert!(!connects && *ports.start() > 0 && !ports.is_empty(), "{endpoint:?}");
                let chosen = format!("{host}:{}", ports.end());
                let target = endpoint::bind_target(&chosen);
                assert_eq!(target.ok(), Some(Target::Fixed(*ports.end())), "{endpoint:?}");
            }
            Err(_) => assert!(!connects, "{endpoint:?}"),
        }
        let address = endpoint::network_address(endpoint);
        assert!(address.is_some() || !endpoint::is_ipv6(endpoint), "{endpoint:?}");
    }
}

/// Reads a value from JSON, writes it and reads it again.
pub fn json(bytes: &[u8]) {
    value(Format::Json, bytes);
}

/// Reads a value from MessagePack, writes it and reads it again.
pub fn message_pack(bytes: &[u8]) {
    value(Format::MessagePack, bytes);
}

fn value(format: Format, bytes: &[u8]) {
    let Ok(value) = format.read(bytes, None) else {
        return;
    };
    match format.write(&lent(&value)) {
        Ok(written) => {
            let again = format.read(&written, None).expect("what was written can be read");
            assert_eq!(format!("{again:?}"), format!("{value:?}"));
        }
        // Keys other than strings are only read.
        Err(error) => assert!(error.to_string().contains("the key"), "{error}"),
    }
    // For hosts without arrays.
    let _ = value.without(true, true);
}

/// Reads an array from its two frames, writes it in both forms and reads it again.
pub fn array(described: &[u8], elements: &[u8]) {
    if let Ok(array) = array::read(described, Frame::from(elements)) {
        written(&array);
    }
    // The same bytes as an extension of MessagePack.
    if let Ok(array) = array::read_extension(&[described, elements].concat()) {
        written(&array);
    }
}

fn written(array: &Array) {
    let [described, elements] = rows(array).frames();
    let again = array::read(&described, elements).expect("what was written can be read");
    same(array, &again);
    let data = array::write_extension(&rows(array));
    same(array, &array::read_extension(&data).expect("what was written can be read"));
    let count = array::count(array.shape(), array.element()).expect("it fits into memory");
    assert_eq!(array.bytes().len(), count * array.element().size());
    assert!(array.number(count).is_none() && (count == 0 || array.number(count - 1).is_some()));
    // As a matrix that is stored by columns, with its sizes swapped.
    if let [height, width] = *array.shape() {
        let columns = ArrayRef { by_columns: true, ..rows(array) };
        let turned = ArrayRef { shape: vec![width, height], ..columns.clone() };
        let turned = ArrayRef { bytes: columns.by_rows(), ..turned };
        assert_eq!(*turned.by_rows(), *array.bytes());
    }
    // For hosts without arrays.
    let _ = lists(array, &mut ListLimit::default());
}

fn same(one: &Array, other: &Array) {
    assert_eq!((one.element(), one.shape()), (other.element(), other.shape()));
    assert_eq!(one.bytes(), other.bytes());
}

/// Reads a sparse matrix from its four frames, writes it in all forms and reads it again.
pub fn sparse(described: &[u8], [data, indices, indptr]: [&[u8]; 3]) {
    let vectors = [data, indices, indptr].map(Frame::from);
    if let Ok(matrix) = sparse::read(described, vectors) {
        written_sparse(&matrix);
    }
    // The same bytes as an extension of MessagePack.
    if let Ok(matrix) = sparse::read_extension(&[described, data, indices, indptr].concat()) {
        written_sparse(&matrix);
    }
}

fn written_sparse(matrix: &Sparse) {
    let [described, vectors @ ..] = matrix.view().frames();
    let again = sparse::read(&described, vectors).expect("what was written can be read");
    same_sparse(matrix, &again);
    let data = matrix.view().extension();
    same_sparse(matrix, &sparse::read_extension(&data).expect("what was written can be read"));
    // For hosts without sparse matrices, which may pass it back.
    if let Ok(value) = dictionary(matrix, &mut ListLimit::default()) {
        let ValueRef::Dictionary(entries) = lent(&value) else {
            panic!("it is a Dictionary");
        };
        // Complex numbers are pairs there, and some integers Floats.
        if let Ok(again) = sparse_of(&entries) {
            assert_eq!((again.shape(), again.count()), (matrix.shape(), matrix.view().count()));
        }
    }
    // Every element is within the shape, and stored once.
    let [rows, columns] = matrix.shape();
    let number = |vector: &Array, at: usize| match vector.number(at) {
        Some(Number::Int(number)) => usize::try_from(number).expect("it is not negative"),
        number => panic!("{number:?} is no index"),
    };
    for column in 0..columns {
        let range = number(matrix.indptr(), column)..number(matrix.indptr(), column + 1);
        let found: Vec<usize> = range.map(|at| number(matrix.indices(), at)).collect();
        assert!(found.is_sorted_by(|one, other| one < other));
        assert!(found.last().is_none_or(|last| *last < rows));
    }
}

fn same_sparse(one: &Sparse, other: &Sparse) {
    assert_eq!(one.shape(), other.shape());
    same(one.data(), other.data());
    same(one.indices(), other.indices());
    same(one.indptr(), other.indptr());
}

/// Returns an array as a host passes it back.
fn rows(array: &Array) -> ArrayRef<'_> {
    ArrayRef {
        element: array.element(),
        shape: array.shape().to_vec(),
        bytes: array.bytes().into(),
        by_columns: false,
    }
}

/// Returns a value as a host passes it back.
fn lent(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Nil | Value::Kept(_) => ValueRef::Nil,
        Value::Bool(value) => ValueRef::Bool(*value),
        Value::Int(value) => ValueRef::Int(*value),
        Value::Float(value) => ValueRef::Float(*value),
        Value::String(text) => ValueRef::String(text),
        Value::List(items) | Value::Tuple(items) => {
            ValueRef::List(items.iter().map(lent).collect())
        }
        Value::Dictionary(entries) => {
            let entries = entries.iter().map(|(key, value)| (lent(key), lent(value)));
            ValueRef::Dictionary(entries.collect())
        }
        Value::Array(array) => ValueRef::Array(rows(array)),
        Value::Sparse(matrix) => ValueRef::Sparse(Box::new(matrix.view())),
        Value::Object(object) => ValueRef::Object(object.clone(), Handle([0; 2])),
    }
}

/// Parses a certificate file, writes it and parses it again.
pub fn certificate(text: &[u8]) {
    let Ok(certificate) = Certificate::parse(text, "the file") else {
        return;
    };
    let content = if certificate.secret().is_ok() { Content::Secret } else { Content::Public };
    let text = certificate.text(&content).expect("it has these keys");
    let again = Certificate::parse(text.as_bytes(), "the file").expect("it was written");
    assert_eq!(again.public(), certificate.public());
    assert_eq!(again.metas(), certificate.metas());
    let secret =
        |certificate: &Certificate| certificate.secret().ok().map(|key| key.as_bytes().to_vec());
    assert!(secret(&again) == secret(&certificate));
}

/// Parses a file of passwords and asks for one.
pub fn passwords(text: &[u8], username: &str, password: &str) {
    let Ok(mut passwords) = Passwords::parse(text) else {
        return;
    };
    let known = passwords.has(username, password).expect("a table can be read");
    let text = String::from_utf8_lossy(text);
    assert!(!known || text.contains(&format!("{username}={password}")), "{username:?}");
}

/// The rules of an authenticator, for `zap`.
pub struct Authenticator(Rules);

impl Authenticator {
    /// Makes rules that accept every key, one password and, if there are any, the addresses
    /// of a list.
    pub fn new(addresses: &str) -> Authenticator {
        let mut rules = Rules::default();
        let origins = addresses.split(' ').filter_map(|text| Origin::parse(text).ok()).collect();
        rules.allow(origins);
        rules.deny(vec![Origin::parse("192.0.2.0/24").expect("it is a network")]);
        rules.plain(None, Passwords::table(vec![("user".to_owned(), "word".to_owned())]));
        rules.plain(Some("none".to_owned()), Passwords::table(Vec::new()));
        rules.curve(Some("any".to_owned()), Keys::Any);
        rules.curve(None, Keys::listed(&[]));
        Authenticator(rules)
    }

    /// Answers a request, given without its envelope.
    pub fn answer(&mut self, frames: &[&[u8]]) {
        let (id, reply) = match zap::parse(frames) {
            Call::Noise => return assert!(frames.len() < 2),
            Call::Malformed(id, why) => (id.clone(), zap::reply(id, &Verdict::Refused(why))),
            Call::Request(id, request) => {
                let admission = self.0.check_address(&request.address);
                let admission = admission.and_then(|()| self.0.check_credentials(&request));
                let user = request.credentials.user();
                let reply = match &admission {
                    Ok(admission) => {
                        let address = request.address.parse::<IpAddr>();
                        let denied = address.is_ok_and(|address| match address.to_canonical() {
                            IpAddr::V4(address) => address.octets().starts_with(&[192, 0, 2]),
                            IpAddr::V6(_) => false,
                        });
                        assert!(!denied, "{request:?}");
                        let verdict = Verdict::Accepted { user: &user, meta: &admission.meta };
                        zap::reply(id.clone(), &verdict)
                    }
                    Err(why) => zap::reply(id.clone(), &Verdict::Refused(why)),
                };
                (id, reply)
            }
        };
        assert!(reply[0] == b"1.0" && reply[1] == id && reply[2].len() == 3);
        assert!(reply[3].len() <= 255 && str::from_utf8(&reply[3]).is_ok());
    }
}
