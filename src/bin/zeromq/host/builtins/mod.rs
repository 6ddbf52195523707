//! The builtin functions and methods. Each file has a table of functions, or of the methods
//! of one type; `resolve` looks up functions by name, and `Methods` looks up methods.

pub mod array;
pub mod dictionary;
pub mod error;
pub mod file;
pub mod functions;
pub mod json;
pub mod list;
pub mod matrix;
pub mod number;
pub mod object;
pub mod range;
pub mod string;
pub mod system;

use std::collections::HashMap;

use super::error::Outcome;
use super::interpreter::Interpreter;
use super::syntax::{Name, Names};
use super::value::{Type, Value};

/// The code. It gets the receiver of a method; for a function, that is nil.
pub type Code = fn(&mut Interpreter, receiver: &Value, arguments: &[Value]) -> Outcome<Value>;

/// A function or method. Morpho does not check the number of arguments of most builtins and
/// reads whatever is there; this host rejects such calls.
pub struct Builtin {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    pub code: Code,
}

/// A name whose functions are called with a dot, such as `System.clock()`.
pub struct Module {
    pub name: &'static str,
    pub functions: &'static [Builtin],
    /// The result of calling the name itself.
    pub constructor: Option<&'static Builtin>,
}

/// Makes a row of a table: name, minimum and maximum number of arguments, code.
const fn row(name: &'static str, least: usize, most: usize, code: Code) -> Builtin {
    Builtin { name, least, most, code }
}

/// Any number of arguments.
const ANY: usize = usize::MAX;

static MODULES: [&Module; 3] = [&system::SYSTEM, &json::JSON, &error::ERROR];

/// Returns the value of a builtin name.
pub fn global(name: &str) -> Option<Value> {
    let module = MODULES.into_iter().find(|module| module.name == name).map(Value::Module);
    module.or_else(|| functions::TABLE.iter().find(|row| row.name == name).map(Value::Builtin))
}

/// Returns the builtin names.
pub fn globals() -> impl Iterator<Item = &'static str> {
    let modules = MODULES.iter().map(|module| module.name);
    modules.chain(functions::TABLE.iter().map(|row| row.name))
}

/// The methods of all types, by name.
pub struct Methods(HashMap<(Type, Name), &'static Builtin>);

impl Methods {
    pub fn new(names: &Names) -> Methods {
        let tables: [(Type, &'static [Builtin]); 12] = [
            (Type::String, string::TABLE),
            (Type::List, list::LIST),
            (Type::Tuple, list::TUPLE),
            (Type::Dictionary, dictionary::TABLE),
            (Type::Range, range::TABLE),
            (Type::Array, array::TABLE),
            (Type::Matrix, matrix::TABLE),
            (Type::File, file::TABLE),
            (Type::Int, number::INT),
            (Type::Float, number::FLOAT),
            (Type::Instance, object::INSTANCE),
            (Type::Error, error::TABLE),
        ];
        let mut all = HashMap::new();
        for (kind, table) in tables {
            for method in table {
                all.insert((kind, names.intern(method.name)), method);
            }
        }
        for method in object::ANY {
            for kind in object::TYPES {
                all.entry((kind, names.intern(method.name))).or_insert(method);
            }
        }
        Methods(all)
    }

    /// True if Morpho has a method of this name for some type.
    pub fn knows(&self, name: &str) -> bool {
        MISSING_METHODS.contains(&name) || self.0.keys().any(|(_, known)| **known == *name)
    }

    /// Returns the names of all methods, and of all functions called with a dot.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let functions = MODULES.iter().flat_map(|module| module.functions);
        self.0.keys().map(|(_, name)| &**name).chain(functions.map(|row| row.name))
    }

    /// Returns the names of the methods of a type.
    pub fn of(&self, kind: Type) -> impl Iterator<Item = &str> {
        self.0.keys().filter(move |(known, _)| *known == kind).map(|(_, name)| &**name)
    }

    pub fn find(&self, kind: Type, name: &Name) -> Option<&'static Builtin> {
        self.0.get(&(kind, name.clone())).copied()
    }
}

/// Methods of Morpho's lists and dictionaries that no table has.
const MISSING_METHODS: [&str; 4] = ["add", "sets", "sub", "tuples"];

/// Methods of Morpho's instances, in Morpho's order. Inside a class, a call of one of these
/// names is a call on the object.
pub const OBJECT_METHODS: [&str; 13] = [
    "clss",
    "superclass",
    "has",
    "respondsto",
    "invoke",
    "count",
    "clone",
    "index",
    "setindex",
    "enumerate",
    "prnt",
    "serialize",
    "linearization",
];

/// True for names that Morpho has and this host does not.
pub fn is_missing(name: &str) -> bool {
    MISSING.split_whitespace().any(|missing| missing == name)
}

const MISSING: &str = "
    Area AreaEnclosed AreaIntegral Array CFunction Callable Class Closure Complex
    ComplexMatrix EquiElement Field FiniteElementSpace Folder Function GaussCurvature
    GradSq Hydrogel IdentityMatrix InclusiveRange Invocation Jump Length LineCurvatureSq
    LineIntegral LineTorsionSq LinearElasticity MeanCurvatureSq Mesh Metafunction
    Nematic NematicElectric Nil NormSq Object ScalarPotential Selection Sparse Volume
    VolumeEnclosed VolumeIntegral acos angle arctan asin cgtensor conj cosh elementid grad
    hess imag invjacobian isarray isclass isfield ismesh isselection issparse jacobian
    jumpdn normal randomnormal real sinh system tangent tanh
";
