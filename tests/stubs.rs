//! `examples/hosts/python/zeromq.pyi` tells type checkers and editors what the adapter for
//! Python makes of the table.

mod support;

use std::fmt::Write as _;
use std::{env, fs};

use support::root;
use zeromq::binding::{CLASSES, Class, Kinds, Method, Parameter, Role, Target};
use zeromq::core::code::tags;

const HEAD: &str = r#"# Generated from the table of methods; ZEROMQ_BLESS=1 cargo test --test stubs rewrites it.

from typing import Any, Callable, Dict, Iterator, List, NoReturn, Sequence, Tuple, Type, TypeVar, Union

_T = TypeVar("_T", bound="Object")

__version__: str

class Error(Exception):
    """What ZeroMQ cannot do: message says why, tag is the name of the class."""

    message: str
    code: int
    tag: str
    def __init__(self, message: str, code: int = ...) -> None: ...

class Array:
    """An array of numbers, which numpy.asarray uses without a copy."""

    dtype: str
    shape: Tuple[int, ...]
    def __init__(self, element: int, shape: Any, data: Any, size: int, owner: Any) -> None: ...
    @property
    def __array_interface__(self) -> Dict[str, Any]: ...
    def tolist(self) -> Any: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Union[int, Tuple[int, ...]]) -> Any: ...

class Sparse:
    """A sparse matrix in compressed sparse columns, as scipy.sparse.csc_matrix uses them."""

    format: str
    data: Array
    indices: Array
    indptr: Array
    shape: Tuple[int, int]
    def __init__(
        self, data: Array, indices: Array, indptr: Array, shape: Tuple[int, int]
    ) -> None: ...
    @property
    def dtype(self) -> str: ...
    @property
    def nnz(self) -> int: ...
    def tolist(self) -> List[List[Any]]: ...

class Object:
    """What all classes of ZeroMQ have in common."""

    def __init__(self, *arguments: Any, **named: Any) -> None: ...
    def __bytes__(self) -> bytes: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __enter__(self: _T) -> _T: ...
    def __exit__(self, *failure: Any) -> None: ...
"#;

/// What Python passes for each kind.
const PASSED: &[(Kinds, &str)] = &[
    (Kinds::BOOL, "bool"),
    (Kinds::INT, "int"),
    (Kinds::FLOAT, "float"),
    (Kinds::STRING, "str"),
    (Kinds::STRING, "bytes"),
    (Kinds::STRING, "bytearray"),
    (Kinds::LIST, "Sequence[Any]"),
    (Kinds::DICTIONARY, "Dict[Any, Any]"),
    (Kinds::OBJECT, "Object"),
    (Kinds::FUNCTION, "Callable[..., Any]"),
    (Kinds::CLASS, "Type[Object]"),
    (Kinds::NIL, "None"),
];

/// Words that cannot be names in Python.
const KEYWORDS: [&str; 8] = ["from", "in", "is", "not", "pass", "class", "import", "with"];

fn union(types: &[&str]) -> String {
    match types {
        [one] => (*one).to_owned(),
        types => format!("Union[{}]", types.join(", ")),
    }
}

/// Returns the type of an argument. Whatever has a buffer is an array.
fn passed(kinds: Kinds) -> String {
    if kinds.has(Kinds::ARRAY) {
        return "Any".to_owned();
    }
    let types = PASSED.iter().filter(|(kind, _)| kinds.has(*kind));
    union(&types.map(|(_, name)| *name).collect::<Vec<_>>())
}

/// Returns the type of a result, from its description.
fn returned(method: &Method) -> String {
    let words: Vec<&str> = method.result.split([' ', ',']).collect();
    // A frame that is not text is bytes.
    let frame = words.contains(&"String") && words.contains(&"ZMQFrame");
    let mut types = Vec::new();
    for word in words {
        types.push(match word {
            "nil" => "None",
            "Bool" => "bool",
            "Int" => "int",
            "Float" => "float",
            "String" => "str",
            "ZMQFrame" if frame => "bytes",
            "List" => "List[Any]",
            "Tuple" => "Tuple[Any, ...]",
            "Dictionary" => "Dict[Any, Any]",
            "array" => "Array",
            "sparse" => "Sparse",
            "matrix" => continue,
            "number" | "value" => return "Any".to_owned(),
            "socket" => "ZMQSocket",
            class if CLASSES.iter().any(|known| known.name == class) => class,
            "or" | "a" | "an" | "any" | "" => continue,
            word => panic!("{}: what is {word} in Python?", method.name),
        });
    }
    union(&types)
}

/// Returns the parameters in Python's syntax, as `_signature` of the adapter makes them.
fn parameters(first: &str, method: &Method) -> String {
    let rows = method.parameters;
    let with = |roles: &'static [Role]| rows.iter().filter(|row| roles.contains(&row.role));
    let name = |row: &Parameter| {
        let both = with(&[Role::Named]).any(|other| other.name == row.name);
        let reserved = KEYWORDS.contains(&row.name) || row.role != Role::Named && both;
        format!("{}{}", row.name, if reserved { "_" } else { "" })
    };
    let mut list: Vec<String> = (!first.is_empty()).then(|| first.to_owned()).into_iter().collect();
    let positional = with(&[Role::Required, Role::Optional]);
    list.extend(positional.map(|row| {
        let default = if row.role == Role::Optional { " = ..." } else { "" };
        format!("{}: {}{default}", name(row), passed(row.kinds))
    }));
    if !list.is_empty() {
        list.push("/".to_owned());
    }
    list.extend(
        with(&[Role::Variadic]).map(|row| format!("*{}: {}", name(row), passed(row.kinds))),
    );
    if with(&[Role::Variadic]).next().is_none() && with(&[Role::Named]).next().is_some() {
        list.push("*".to_owned());
    }
    let named = with(&[Role::Named]);
    list.extend(named.map(|row| format!("{}: {} = ...", name(row), passed(row.kinds))));
    list.join(", ")
}

fn quoted(text: &str) -> String {
    format!("\"\"\"{}\"\"\"", text.replace('\\', "\\\\").replace("\"\"\"", "'''"))
}

fn class(class: &'static Class) -> String {
    let parent = class.parent.map_or("Object", |parent| parent.name);
    let mut text = format!("\nclass {}({parent}):\n    {}\n\n", class.name, quoted(class.doc));
    let rows: Vec<_> = class.rows().collect();
    if !rows.iter().any(|row| row.target == Target::Constructor) {
        text += "    def __new__(cls, /, *arguments: Any, **named: Any) -> NoReturn: ...\n";
    }
    for row in rows {
        let method = row.method;
        let (decorator, name, first) = match row.target {
            Target::Constructor => ("", "__new__", "cls"),
            Target::Instance => ("", method.name, "self"),
            Target::Class => ("    @staticmethod\n", method.name, ""),
        };
        let result = match row.target {
            Target::Constructor => class.name.to_owned(),
            _ => returned(method),
        };
        let parameters = parameters(first, method);
        let doc = quoted(method.doc);
        writeln!(text, "{decorator}    def {name}({parameters}) -> {result}:").unwrap();
        writeln!(text, "        {doc}").unwrap();
    }
    if let Some(alias) = class.alias {
        writeln!(text, "\n{alias} = {}", class.name).unwrap();
    }
    text
}

#[test]
fn the_stubs_are_those_of_the_table() {
    let mut stubs = HEAD.to_owned();
    for tag in tags() {
        write!(stubs, "\nclass {}(Error): ...\n", tag.to_str().unwrap()).unwrap();
    }
    CLASSES.iter().for_each(|one| stubs += &class(one));

    let path = root("examples/hosts/python/zeromq.pyi");
    if env::var_os("ZEROMQ_BLESS").is_some() {
        fs::write(&path, stubs).unwrap();
    } else {
        assert!(
            fs::read_to_string(&path).unwrap_or_default() == stubs,
            "{} is out of date: run ZEROMQ_BLESS=1 cargo test --test stubs",
            path.display()
        );
    }
}
