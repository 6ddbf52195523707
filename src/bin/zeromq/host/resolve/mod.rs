//! Resolves names to slots. `Program::new` takes the text of a script and returns a
//! program, or the first reason why it cannot run, before anything is executed.
//!
//! Much of this code rejects scripts. Some constructs have surprising meanings in Morpho
//! 0.6.4 (`continue` in a `while` does not test the condition); this host reports an error
//! that says what to write instead.

mod expressions;
mod names;
mod scope;
pub mod session;
mod statements;

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

use super::error::Refusal;
use super::grammar;
use super::hints;
use super::source::Sources;
use super::syntax::*;
use super::value::Value;
use scope::{ClassFacts, Home, Role};

/// The maximum depth of a function's tree.
const DEEPEST: usize = 1000;

/// Loads an extension and returns the names that it defines.
pub type Loader<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<(Name, Value)>, String>;

/// A script that is ready to run.
pub struct Program {
    pub body: Rc<Function>,
    /// The number of global variables.
    pub globals: usize,
}

impl Program {
    /// Parses the text that starts at this position, and everything that it imports.
    pub fn new(
        start: Position,
        names: &Names,
        sources: &mut Sources,
        loader: Loader<'_>,
    ) -> Result<Program, Refusal> {
        let mut resolver = Resolver {
            names,
            sources,
            loader,
            homes: Vec::new(),
            globals: 0,
            classes: HashMap::new(),
            foreign: HashMap::new(),
            earlier: HashSet::new(),
            building: None,
            depth: 0,
        };
        let body = resolver.file(start)?;
        Ok(Program { body, globals: resolver.globals })
    }
}

struct Resolver<'a> {
    names: &'a Names,
    sources: &'a mut Sources,
    loader: Loader<'a>,
    /// The enclosing functions, starting with the file.
    homes: Vec<Home>,
    globals: usize,
    classes: HashMap<Name, Rc<ClassFacts>>,
    /// The names that extensions defined.
    foreign: HashMap<Name, Value>,
    /// At a prompt: names that earlier inputs declared, and that may be declared again.
    earlier: HashSet<Name>,
    /// The local variable that a list or range is being assigned to.
    building: Option<(usize, Place)>,
    depth: usize,
}

type Resolved = Result<(), Refusal>;

impl Resolver<'_> {
    /// Resolves a file as a function without parameters. Its home is kept, because an
    /// import needs the names declared in it.
    fn file(&mut self, start: Position) -> Result<Rc<Function>, Refusal> {
        let block = grammar::parse(self.sources.text(start), start, self.names)?;
        self.homes.push(Home::new(FunctionKind::File, false, None));
        self.statements(block)
    }

    /// Resolves the statements of a file whose home already exists.
    fn statements(&mut self, mut block: Block) -> Result<Rc<Function>, Refusal> {
        self.home().innermost().later = declared_functions(&block);
        for statement in &mut block.statements {
            self.statement(statement)?;
        }
        Ok(Rc::new(Function {
            name: self.names.intern("global"),
            kind: FunctionKind::File,
            parameters: Vec::new(),
            options: Vec::new(),
            rest: None,
            body: Body::Block(block),
            slots: self.home().slots,
            captures: Vec::new(),
            closure: false,
        }))
    }

    /// `import "file"`: reads the file and imports its names, except those that start with
    /// an underscore.
    fn import(&mut self, path: &str, at: Position) -> Result<Option<Rc<Function>>, Refusal> {
        let found = self.sources.beside(at, path);
        if self.sources.has(&found) {
            return Ok(None);
        }
        let start = self.read(path, &found, at)?;
        let outer = std::mem::take(&mut self.homes);
        let body = self.file(start)?;
        let inner = std::mem::replace(&mut self.homes, outer);
        for scope in inner.into_iter().flat_map(|home| home.scopes) {
            let public = scope.names.into_iter().filter(|(name, _)| !name.starts_with('_'));
            self.home().innermost().names.extend(public);
        }
        Ok(Some(body))
    }

    fn read(&mut self, name: &str, path: &Path, at: Position) -> Result<Position, Refusal> {
        let text = crate::files::read_text(path).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => Refusal::unsupported("a file that is not UTF-8", at),
            _ => Refusal::Compile {
                id: "FlNtFnd",
                text: format!("File '{name}' not found."),
                at,
                note: match name {
                    "zeromq" => "a module is imported without quotes: import zeromq".to_owned(),
                    _ => format!("{}: {error}", path.display()),
                },
            },
        })?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let start = self.sources.import(file, path.to_path_buf(), text);
        start.ok_or_else(|| Refusal::unsupported("more than 4 GiB of text", at))
    }

    /// `import zeromq`
    fn extension(&mut self, name: &Name, at: Position) -> Resolved {
        if &**name != "zeromq" {
            let hint = match hints::did_you_mean(name, ["zeromq"].into_iter()) {
                hint if hint.is_empty() => "this host has only the module zeromq: import zeromq; \
                                            a file is imported as in import \"name.morpho\""
                    .to_owned(),
                hint => hint,
            };
            return Err(Refusal::Unsupported {
                what: format!("the module '{}'", &**name),
                at,
                hint,
            });
        }
        if !self.foreign.is_empty() {
            return Ok(());
        }
        let classes = (self.loader)(name).map_err(|note| Refusal::Compile {
            id: "MdlNtFnd",
            text: format!("Module '{}' not found.", &**name),
            at,
            note,
        })?;
        self.foreign.extend(classes);
        Ok(())
    }

    /// Resolves a function inside the current one.
    fn function(
        &mut self,
        function: &mut Rc<Function>,
        kind: FunctionKind,
        class: Option<Rc<ClassFacts>>,
    ) -> Resolved {
        let Some(function) = Rc::get_mut(function) else {
            return Ok(());
        };
        function.kind = kind;
        self.homes.push(Home::new(kind, function.name.is_empty(), class));
        let building = self.building.take();
        if self.home().is_method() {
            let mut receiver = self.variable("self");
            self.declare(&mut receiver, Role::Variable)?;
        }
        let options = function.options.iter_mut().map(|(variable, _)| variable);
        for parameter in function.parameters.iter_mut().chain(&mut function.rest).chain(options) {
            self.declare(parameter, Role::Variable)?;
        }
        match &mut function.body {
            Body::Block(block) => self.block(block)?,
            Body::Expression(expression) => self.effect(expression)?,
        }
        self.building = building;
        if let Some(home) = self.homes.pop() {
            function.slots = home.slots;
            function.captures = home.captures;
        }
        function.closure = self.home().captured;
        Ok(())
    }

    fn variable(&self, name: &str) -> Variable {
        Variable { name: self.names.intern(name), at: 0, place: Place::Unknown }
    }

    /// Returns the current function.
    fn home(&mut self) -> &mut Home {
        if self.homes.is_empty() {
            self.homes.push(Home::new(FunctionKind::File, false, None));
        }
        let last = self.homes.len() - 1;
        &mut self.homes[last]
    }

    /// True inside a method.
    fn in_method(&self) -> bool {
        self.homes.iter().any(Home::is_method)
    }

    /// True if a declaration here is global.
    fn is_global(&self) -> bool {
        matches!(self.homes.as_slice(), [home] if home.scopes.len() == 1)
    }
}

/// Returns the functions that are declared directly in a block.
fn declared_functions(block: &Block) -> HashSet<Name> {
    let names = block.statements.iter().filter_map(|statement| match &statement.action {
        Action::Function(variable, _) => Some(variable.name.clone()),
        _ => None,
    });
    names.collect()
}
