//! Errors that stop a script, and errors that it can catch.

use super::syntax::Position;

/// The reasons why an evaluation ends without a value.
pub enum Stop {
    /// An error that the script can catch.
    Error(Box<ScriptError>),
    /// A feature that Morpho may support.
    Unsupported(String),
    /// The user interrupted the script.
    Interrupted,
    /// Standard input cannot be read, or standard output cannot be written.
    Stream(std::io::Error),
}

pub type Outcome<T> = Result<T, Stop>;

/// An error with Morpho's contents.
pub struct ScriptError {
    pub id: String,
    pub text: String,
    /// The stack trace: functions and positions, the innermost first.
    pub frames: Vec<(String, Position)>,
    /// Errors in JSON texts are printed without a stack trace.
    pub shows_frames: bool,
    /// What to do about it, for whoever reads the error; may be empty.
    pub hint: String,
}

/// An error in a script that keeps it from running.
pub enum Refusal {
    /// Morpho's compiler rejects it too. The note adds details.
    Compile { id: &'static str, text: String, at: Position, note: String },
    /// The text cannot be parsed any further; Morpho cannot either. What is expected there
    /// and the hint may be empty.
    Syntax { at: Position, expected: String, hint: String },
    /// Morpho may run it, but this host does not. The hint may be empty.
    Unsupported { what: String, at: Position, hint: String },
}

impl Refusal {
    pub fn compile(id: &'static str, text: impl Into<String>, at: Position) -> Refusal {
        Refusal::Compile { id, text: text.into(), at, note: String::new() }
    }

    pub fn unsupported(what: impl Into<String>, at: Position) -> Refusal {
        Refusal::Unsupported { what: what.into(), at, hint: String::new() }
    }
}

/// An error whose text is always the same.
#[derive(Clone, Copy)]
pub struct Known(&'static str, &'static str);

pub const ALLOCATION: Known = Known("Alloc", "Memory allocation failed.");
pub const APPLY: Known = Known("ApplyArgs", "Function 'apply' expects at least two arguments.");
pub const ARRAY_INDEX: Known = Known("NonNmIndx", "Non-numerical array index.");
pub const BOUNDS: Known = Known("IndxBnds", "Index out of bounds.");
pub const CALLABLE: Known = Known("Uncallable", "Can only call a function or method.");
pub const DICTIONARY_SET: Known = Known(
    "DctStArg",
    "Dictionary set methods (union, intersection, difference) expect a dictionary as the argument.",
);
pub const DISPATCH: Known = Known(
    "MltplDsptchFld",
    "Multiple dispatch could not find an implementation that matches these arguments.",
);
pub const ENTRY: Known = Known("EntryNtFnd", "Entry not found.");
pub const ENUMERATE: Known =
    Known("EnmrtArgs", "Enumerate method expects a single integer argument.");
pub const ERROR_ARGUMENTS: Known =
    Known("ErrorArgs", "Error much be called with a tag and a default message as arguments.");
pub const EXIT: Known = Known("Exit", "Program exit.");
pub const FILE_MISSING: Known = Known("FlNmMssng", "Filename missing.");
pub const FILE_MODE: Known =
    Known("FlMode", "Second argument to File should be 'read', 'write' or 'append'.");
pub const FILE_NAME: Known = Known("FlNmArgs", "First argument to File must be a filename.");
pub const FILE_WRITE: Known = Known("FlWrtFld", "Write to file failed.");
pub const FILE_WRITE_ARGUMENTS: Known =
    Known("FlWrtArgs", "Arguments to File.write must be strings.");
pub const FORMAT: Known = Known("InvldFrmt", "Invalid format string.");
pub const FORMAT_ARGUMENT: Known =
    Known("FrmtArg", "Format method requires a format string as its argument.");
pub const HANDLERS: Known = Known("ErrStckOvflw", "Error handler stack overflow.");
pub const HAS_ARGUMENT: Known =
    Known("HasArg", "Method has expects a single string argument or no argument.");
pub const IMMUTABLE: Known = Known("ObjImmutable", "Cannot modify this object.");
pub const INDEX_ARGUMENT: Known =
    Known("IndxArgs", "Index method expects a String property name as its argument.");
pub const INDEXABLE: Known = Known("NotIndxbl", "Value or object not indexable.");
pub const INVOKE: Known = Known("NotAnInst", "Can only invoke methods on objects.");
pub const KEY: Known = Known("DctKyNtFnd", "Key not found in dictionary.");
pub const LIST_INDEX: Known =
    Known("LstArgs", "Lists must be called with integer dimensions as arguments.");
pub const MATRIX_ARGUMENTS: Known =
    Known("LnAlgMtrxInvldArg", "Invalid arguments to matrix method.");
pub const MATRIX_BOUNDS: Known = Known("LnAlgMtrxIndxBnds", "Matrix index out of bounds.");
pub const MATRIX_CONSTRUCTOR: Known = Known(
    "MtrxCns",
    "Matrix() constructor should be called either with integer dimensions or an array, list, tuple or matrix initializer.",
);
pub const MATRIX_INDICES: Known =
    Known("LnAlgInvldIndx", "Matrices require two arguments for indexing.");
pub const MATRIX_NUMBERS: Known =
    Known("LnAlgMtrxNnNmrclArg", "Matrix method requires numerical arguments.");
pub const MATRIX_SHAPES: Known = Known("LnAlgMtrxIncmptbl", "Matrices have incompatible shape.");
pub const MEMBER: Known = Known("IsMmbrArg", "Method ismember expects a single argument.");
pub const NO_OPTIONS: Known = Known("NoOptArg", "Function doesn't expect optional arguments.");
pub const NO_PROPERTIES: Known = Known("ObjNoPrp", "Object does not provide properties.");
pub const OBJECT: Known = Known("NotAnObj", "Not an object.");
pub const RANDOM_ARGUMENT: Known =
    Known("InvldArgsBltn", "Function randomint expects 1 arguments of type positive integer.");
pub const RANGE: Known = Known(
    "RngArgs",
    "Range expects numerical arguments: a start, an end and an optional stepsize.",
);
pub const RESPONDS_ARGUMENT: Known =
    Known("RspndsToArg", "Method respondsto expects a single string argument or no argrument.");
pub const SET_INDEX: Known =
    Known("SetIndxArgs", "Setindex method expects an index and a value as arguments.");
pub const SLEEP: Known = Known("SystmSlpArgs", "Sleep method expects a time in seconds.");
pub const SORT: Known = Known("LstSrtFn", "List sort function must return an integer.");
pub const STACK: Known = Known("StckOvflw", "Stack overflow.");
pub const TUPLE_INDEX: Known =
    Known("TplArgs", "Tuples must be called with integer dimensions as arguments.");

impl From<Known> for Stop {
    fn from(Known(id, text): Known) -> Stop {
        error(id, text)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::Stream(error)
    }
}

/// Makes an error that the script can catch by its id.
pub fn error(id: impl Into<String>, text: impl Into<String>) -> Stop {
    Stop::Error(Box::new(ScriptError {
        id: id.into(),
        text: shorten(text.into()),
        frames: Vec::new(),
        shows_frames: true,
        hint: String::new(),
    }))
}

/// Adds a hint to an error that the script can catch.
pub fn hinted(mut stop: Stop, hint: String) -> Stop {
    if let Stop::Error(error) = &mut stop {
        error.hint = hint;
    }
    stop
}

/// Makes the error for a feature that only Morpho supports.
pub fn unsupported<T>(what: impl Into<String>) -> Outcome<T> {
    Err(Stop::Unsupported(what.into()))
}

/// Cuts a message to 254 bytes, the maximum in Morpho.
fn shorten(mut text: String) -> String {
    let mut end = text.len().min(254);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
