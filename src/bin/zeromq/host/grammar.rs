//! The grammar, which parses the text without a separate lexer. `resolve` calls `parse`
//! with the text of a file; the names in the resulting tree have no places yet.
//!
//! Two things differ from other languages. A newline ends a statement unless the next line
//! starts with an operator, a dot or `[`, so there are two rules for blanks: `line` within
//! a line and `_` across lines. And the first `}` ends an interpolation, so it cannot
//! contain braces.
//!
//! Where two alternatives can start the same way, the second one starts with `!`: trying
//! both would double the time with every level of nesting.

use std::cell::Cell;
use std::rc::Rc;

use super::error::Refusal;
use super::grammar_actions::*;
use super::hints;
use super::syntax::*;
use super::value::Value;

/// The maximum nesting depth of blocks, expressions and comments.
const DEEPEST: usize = 200;

/// Reserved words.
pub const KEYWORDS: [&str; 28] = [
    "and", "as", "break", "class", "catch", "continue", "do", "else", "false", "fn", "for", "help",
    "if", "import", "im", "in", "is", "nil", "or", "print", "return", "self", "super", "true",
    "try", "var", "while", "with",
];

/// Parses the text of a file that starts at position `base`.
pub fn parse(text: &str, base: Position, names: &Names) -> Result<Block, Refusal> {
    let state = State::new(names, base);
    script::program(text, &state).map_err(|error| match state.too_deep.get() {
        Some(at) => {
            Unrunnable::Unsupported("so many blocks or expressions inside one another").at(at)
        }
        None => complaint(text, &error, state.at(error.location.offset)),
    })
}

/// True if the text may be the start of a longer one: parsing failed at its end.
pub fn is_unfinished(text: &str) -> bool {
    let names = Names::default();
    let state = State::new(&names, 0);
    let Err(error) = script::program(text, &state) else {
        return false;
    };
    let rest = &text[error.location.offset..];
    state.too_deep.get().is_none() && (rest.trim().is_empty() || rest.starts_with("/*"))
}

/// The state that the rules share.
pub struct State<'a> {
    names: &'a Names,
    base: Position,
    depth: Cell<usize>,
    too_deep: Cell<Option<Position>>,
    /// The number of open interpolations, in which `{` is not allowed.
    interpolations: Cell<usize>,
}

impl<'a> State<'a> {
    fn new(names: &'a Names, base: Position) -> State<'a> {
        State {
            names,
            base,
            depth: Cell::new(0),
            too_deep: Cell::new(None),
            interpolations: Cell::new(0),
        }
    }
}

impl State<'_> {
    fn enter(&self, at: usize) {
        if self.depth.get() >= DEEPEST && self.too_deep.get().is_none() {
            self.too_deep.set(Some(self.at(at)));
        }
        self.depth.set(self.depth.get() + 1);
    }

    fn stay(&self) -> Result<(), &'static str> {
        if self.too_deep.get().is_some() { Err("less nesting") } else { Ok(()) }
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    fn brace(&self) -> Result<(), &'static str> {
        if self.interpolations.get() == 0 { Ok(()) } else { Err("no brace in an interpolation") }
    }

    fn interpolate(&self, change: isize) {
        self.interpolations.set(self.interpolations.get().saturating_add_signed(change));
    }

    fn at(&self, offset: usize) -> Position {
        self.base + offset as Position
    }
}

/// Morpho's error is certain only if a token is found in place of an expression. For other
/// errors it depends on how Morpho parses the text.
fn complaint(
    text: &str,
    error: &peg::error::ParseError<peg::str::LineCol>,
    at: Position,
) -> Refusal {
    let wanted = error.expected.tokens().any(|token| token == "expression");
    if wanted && text[error.location.offset..].starts_with(['=', '^']) {
        return Refusal::compile("ExpExpr", "Expected expression.", at);
    }
    let hint = hints::syntax(text, error.location.offset);
    let tokens: Vec<&str> = error.expected.tokens().collect();
    // One advice is enough.
    let expected = if hint.is_empty() { hints::expected(&tokens) } else { String::new() };
    Refusal::Syntax { at, expected, hint }
}

/// Two names in a row are a declaration with a type, or a misspelt keyword.
fn two_names(first: &str) -> Unrunnable {
    match hints::word(first, &KEYWORDS) {
        Some(hint) => Unrunnable::Mistake(hint.into()),
        None => Unrunnable::Unsupported("typed declarations and multiple dispatch"),
    }
}

peg::parser! {
    grammar script(state: &State<'_>) for str {
        // Blanks.

        rule line() = quiet! { ([' ' | '\t' | '\r'] / comment())* }
        rule _() = quiet! { ([' ' | '\t' | '\r' | '\n'] / remark() / comment())* }
        rule remark() = "//" [^ '\n']*
        rule comment() -> () = "/*" (nested(<comment()>) / !("/*" / "*/") [_] {})* "*/" {}

        /// Returns the position of the next character.
        rule at() -> Position = offset:position!() { state.at(offset) }

        /// A construct that may contain itself.
        rule nested<T>(inner: rule<T>) -> T
            = enter() stay() it:inner() leave() { it } / leave() too_deep() it:inner() { it }
        rule enter() = offset:position!() { state.enter(offset) }
        rule stay() = "" {? state.stay() }
        rule leave() = "" { state.leave() }
        rule too_deep() = "" {? Err("less nesting") }

        // Words.

        rule letter() = ['a'..='z' | 'A'..='Z' | '_' | '0'..='9']
        rule w() = quiet! { !letter() }
        rule keyword() = text:$(letter()+) {?
            if KEYWORDS.contains(&text) { Ok(()) } else { Err("a keyword") }
        }
        rule word() -> Name
            = quiet! { text:$(['a'..='z' | 'A'..='Z' | '_'] letter()*) { state.names.intern(text) } }
            / expected!("name")
        rule name() -> Name = !keyword() it:word() { it }
        rule declared() -> Variable = at:at() name:name() { variable(name, at) }

        // Statements.

        pub rule program() -> Block
            = ("#!" [^ '\n']*)? _ statements:(it:declaration() _ { it })* ![_]
            { Block { statements, functions: Vec::new() } }

        rule end()
            = _ ";" / line() (&("\n" / "//" / "}" / "else" w()) / ![_])

        rule declaration() -> Statement
            = variables() / function_declaration() / class() / import() / statement()

        rule variables() -> Statement
            = at:at() "var" w() _ list:(first_value() ++ (_ "," _)) end()
            { statement(at, Action::Declare(list)) }
            / at:at() "var" w() _ name() line() "[" [^ '\n']*
            { statement(at, Action::Unrunnable(Unrunnable::Unsupported("numerical classes"))) }
        rule first_value() -> (Variable, Option<Expression>)
            = name:declared() value:(_ "=" !"=" _ it:value() { it })? { (name, value) }

        rule function_declaration() -> Statement
            = at:at() "fn" w() _ start:at() name:word() _ parameters:parameters() _ body:body()
            {
                statement(at, match function(name.clone(), parameters, Body::Block(body)) {
                    Ok(function) => Action::Function(variable(name, start), function),
                    Err(problem) => Action::Unrunnable(problem),
                })
            }
        rule parameters() -> Vec<Parameter>
            = "(" _ list:(parameter() ** (_ "," _)) _ ")" { list }
        rule parameter() -> Parameter
            = "..." _ it:declared() { Parameter::Rest(it) }
            / it:declared() _ "=" _ at:at() value:option_default()
              { Parameter::Option(it, expression(at, value)) }
            / name() _ name() { Parameter::Typed }
            / it:declared() { Parameter::Plain(it) }
        rule option_default() -> Kind
            = !"(" it:primary() { it.kind }
            / it:expression() { unsupported("a default that is not a literal") }

        rule class() -> Statement
            = at:at() "class" w() _ name:declared() parent:(_ ("is" w() / "<") _ it:declared() { it })? _
            mixins:("with" w() [^ '{']*)? "{" _ methods:(it:method() _ { it })* "}"
            {
                let methods: Result<Vec<_>, Unrunnable> = methods.into_iter().collect();
                statement(at, match methods {
                    Err(problem) => Action::Unrunnable(problem),
                    Ok(_) if mixins.is_some() => Action::Unrunnable(Unrunnable::Unsupported("mixins")),
                    Ok(methods) => Action::Class(Box::new(ClassTree { variable: name, parent, methods })),
                })
            }
        rule method() -> Result<(Position, Rc<Function>), Unrunnable>
            = at:at() name:word() _ parameters:parameters() _ body:body()
            { Ok((at, function(name, parameters, Body::Block(body))?)) }

        rule import() -> Statement
            = at:at() "import" w() _ what:imported() line() ("as" / "for") w() [^ '\n']*
            {
                let what = "import … as and import … for; write import zeromq";
                statement(at, Action::Unrunnable(Unrunnable::Unsupported(what)))
            }
            / "import" w() _ at:at() what:imported() end() { statement(at, Action::Import(what)) }
        rule imported() -> Import
            = name:name() { Import::Extension(name) }
            / path:plain_string() { Import::File(path, None) }

        rule block() -> Block
            = brace() _ statements:(it:declaration() _ { it })* "}"
            { Block { statements, functions: Vec::new() } }

        /// The body of a function, which may contain other functions.
        rule body() -> Block = nested(<block()>)

        rule brace() = "{" {? state.brace() }

        rule statement() -> Statement = nested(<simple()>)
        rule simple() -> Statement
            = at:at() action:action() { statement(at, action) }
        rule action() -> Action
            = block:block() { Action::Block(block) }
            / "if" w() _ condition:condition() _ then:statement()
              otherwise:(_ "else" w() _ it:statement() { Box::new(it) })?
              { Action::If(condition, Box::new(then), otherwise) }
            / "while" w() _ condition:condition() _ body:statement()
              { Action::While(condition, Box::new(body)) }
            / "do" w() _ body:statement() _ "while" w() _ condition:condition() (line() ";")?
              { Action::Do(Box::new(body), condition) }
            / "for" w() _ "(" _ action:for_loop() { action }
            / "break" w() end() { Action::Break }
            / "continue" w() end() { Action::Continue }
            / "return" w() value:(line() it:value() { it })? end() { Action::Return(value) }
            / "try" w() _ body:block() _ "catch" w() _ "{" _ handlers:handler()* "}"
              { Action::Try(body, handlers) }
            / "print" w() _ value:value() end() { Action::Print(value) }
            / first:$(name()) (_ "." _ word())? _ name() [^ '\n']*
              { Action::Unrunnable(two_names(first)) }
            / "@" [^ '\n']*
              { Action::Unrunnable(Unrunnable::Unsupported("breakpoints")) }
            / !['{'] it:expression() end() { Action::Evaluate(it) }
        rule condition() -> Expression = "(" _ it:expression() _ ")" { it }

        rule for_loop() -> Action
            = ("var" w() _)? item:declared() position:(_ "," _ it:declared() { it })? _ "in" w() _
              collection:expression() _ ")" body:loop_body()
              { Action::Each(Box::new(Each { item, position, collection, body })) }
            / start:for_start()? _ ";" _ condition:expression()? _ ";" _ step:expression()? _ ")"
              body:loop_body()
              { Action::For(Box::new(For { start, condition, step, body })) }
        rule for_start() -> Statement
            = at:at() "var" w() _ list:(first_value() ++ (_ "," _))
              { statement(at, Action::Declare(list)) }
            / at:at() it:expression() { statement(at, Action::Evaluate(it)) }
        rule loop_body() -> Statement
            = line() &("\n" / "//") at:at()
              {
                  let what = "a for body that starts on the next line";
                  statement(at, Action::Unrunnable(Unrunnable::Unsupported(what)))
              }
            / line() it:statement() { it }

        rule handler() -> (Rc<str>, Block)
            = label:label() statements:(!label() !['"' | '0'..='9'] it:declaration() _ { it })*
            { (label, Block { statements, functions: Vec::new() }) }
        rule label() -> Rc<str> = it:plain_string() _ ":" _ { it }

        // Expressions, the loosest first.

        /// An expression after `=` or `return`, as an argument or in a list.
        rule value() -> Expression
            = at:at() "fn" w() _ parameters:parameters() _ body:short_body()
            {
                expression(at, match function(state.names.intern(""), parameters, body) {
                    Ok(function) => Kind::Function(function),
                    Err(problem) => Kind::Unrunnable(problem),
                })
            }
            / expression()
        rule short_body() -> Body
            = it:body() { Body::Block(it) } / !"{" it:expression() { Body::Expression(it) }

        rule expression() -> Expression = nested(<assignment()>)
        rule assignment() -> Expression
            = target:choice() rest:(_ at:at() by:assigner() _ it:value() { (at, by, it) })?
            {
                match rest {
                    None => target,
                    Some((at, operator, value)) => assign(target, at, operator, value),
                }
            }
        rule assigner() -> Option<Operator>
            = "=" !"=" { None }
            / "+=" { Some(Operator::Add) }
            / "-=" { Some(Operator::Subtract) }
            / "*=" { Some(Operator::Multiply) }
            / "/=" { Some(Operator::Divide) }

        rule choice() -> Expression
            = condition:or()
              rest:(_ at:at() "?" _ a:expression() _ ":" _ b:expression() { (at, a, b) })?
            {
                match rest {
                    None => condition,
                    Some((at, a, b)) => expression(at, Kind::Choice(Box::new([condition, a, b]))),
                }
            }
        rule or() -> Expression
            = first:and()
              rest:(_ at:at() ("||" / "or" w()) _ it:and() { (at, Kind::Or as Join, it) })*
            { chain(first, rest) }
        rule and() -> Expression
            = first:equal()
              rest:(_ at:at() ("&&" / "and" w()) _ it:equal() { (at, Kind::And as Join, it) })*
            { chain(first, rest) }
        rule equal() -> Expression
            = first:compare() rest:(_ at:at() by:equality() _ it:compare() { (at, binary(by), it) })*
            { chain(first, rest) }
        rule equality() -> Operator = "==" { Operator::Equal } / "!=" { Operator::Differs }
        rule compare() -> Expression
            = first:range() rest:(_ at:at() by:comparison() _ it:range() { (at, binary(by), it) })*
            { chain(first, rest) }
        rule comparison() -> Operator
            = "<=" { Operator::AtMost } / ">=" { Operator::AtLeast }
            / "<" { Operator::Less } / ">" { Operator::Greater }
        rule range() -> Expression
            = start:sum() rest:(_ at:at() dots:$("..." / "..") _ end:expression()
                step:(_ ":" _ it:expression() { it })? { (at, dots, end, step) })?
            {
                match rest {
                    None => start,
                    Some((at, dots, end, step)) => {
                        let inclusive = dots == "..";
                        expression(at, Kind::Range(Box::new(RangeParts { start, end, step, inclusive })))
                    }
                }
            }
        rule sum() -> Expression
            = first:term() rest:(_ at:at() by:sign() !"=" _ it:term() { (at, binary(by), it) })*
            { chain(first, rest) }
        rule sign() -> Operator = "+" { Operator::Add } / "-" { Operator::Subtract }
        rule term() -> Expression
            = first:unary() rest:(_ at:at() by:factor() !"=" _ it:unary() { (at, binary(by), it) })*
            { chain(first, rest) }
        rule factor() -> Operator = "*" { Operator::Multiply } / "/" { Operator::Divide }
        rule unary() -> Expression
            = at:at() "-" _ it:nested(<unary()>) { expression(at, negate(it)) }
            / at:at() "!" _ it:nested(<unary()>) { expression(at, Kind::Not(Box::new(it))) }
            / power()
        rule power() -> Expression
            = base:postfix_expression() rest:(_ at:at() "^" _ it:nested(<unary()>) { (at, it) })?
            {
                match rest {
                    None => base,
                    Some((at, power)) => {
                        expression(at, Kind::Binary(Operator::Power, Box::new([base, power])))
                    }
                }
            }
        rule postfix_expression() -> Expression
            = first:primary() rest:suffix()* { postfix(first, rest) }
        rule suffix() -> (Position, Suffix)
            = line() at:at() arguments:arguments() { (at, Suffix::Call(arguments)) }
            / _ at:at() "[" _ list:(expression() ++ (_ "," _)) _ "]" { (at, Suffix::Index(list)) }
            / _ at:at() "." !"." _ name:word() call:call()
            {
                (at, match call {
                    Some((at, arguments)) => Suffix::Invoke(name, at, arguments),
                    None => Suffix::Property(name),
                })
            }
        rule call() -> Option<(Position, Arguments)>
            = line() at:at() it:arguments() { Some((at, it)) } / !(line() "(") { None }
        rule arguments() -> Arguments
            = "(" _ named:(named_argument() ++ (_ "," _)) _ ")"
            { Arguments { positional: Vec::new(), named } }
            / "(" _ positional:(positional() ** (_ "," _))
              named:(_ "," _ it:named_argument() { it })* _ ")"
            { Arguments { positional, named } }
        rule positional() -> Expression = !(name() _ "=" !"=") it:value() { it }
        rule named_argument() -> (Name, Expression)
            = name:name() _ "=" !"=" _ it:expression() { (name, it) }

        rule primary() -> Expression = some_primary() / expected!("expression")
        rule some_primary() -> Expression
            = number() / string_literal() / list() / dictionary()
            / at:at() "(" _ items:(value() ** (_ "," _)) comma:$((_ ",")?) _ ")" {?
                let comma = !comma.is_empty();
                // A comma at the end makes a tuple of one value only.
                if items.is_empty() || (comma && items.len() > 1) { Err("expression") }
                else { Ok(parenthesized(at, items, comma)) }
            }
            / at:at() kind:constant_word() w() { expression(at, constant(kind)) }
            / at:at() "self" w()
              { expression(at, Kind::Variable(variable(state.names.intern("self"), at))) }
            / at:at() "super" w() _ "." _ name:word() line() arguments:arguments()
            {
                let receiver = variable(state.names.intern("self"), at);
                let call = SuperCall { class: Place::Unknown, receiver, name, arguments };
                expression(at, Kind::Super(Box::new(call)))
            }
            / at:at() "super" w() !(_ "." _ word() line() "(")
              { expression(at, unsupported("super without a call")) }
            / name:declared() { expression(name.at, Kind::Variable(name)) }
        rule constant_word() -> Value
            = "true" { Value::Bool(true) } / "false" { Value::Bool(false) } / "nil" { Value::Nil }

        rule number() -> Expression
            = at:at() number_text() "im" w() { expression(at, unsupported("numerical classes")) }
            / at:at() text:$(digits() ("." digits() exponent()? / exponent() / "." &blank()))
              { expression(at, float(text.trim_end_matches('.'))) }
            / at:at() text:$(digits()) { expression(at, integer(text)) }
        rule blank() = [' ' | '\t' | '\r' | '\n'] / ![_]
        rule number_text() = digits() ("." digits())? exponent()?
        rule digits() = ['0'..='9']+
        rule exponent() = ['e' | 'E'] ['+' | '-']? digits()

        rule list() -> Expression
            = at:at() "[" _ items:(value() ** (_ "," _)) _ "]" { expression(at, Kind::List(items)) }
        rule dictionary() -> Expression
            = at:at() "{" _ entries:(entry() ** (_ "," _)) (_ ",")? _ "}" {
                match state.brace() {
                    Ok(()) => expression(at, Kind::Dictionary(entries)),
                    Err(_) => {
                        let what = "a dictionary in an interpolation; give it a name first";
                        expression(at, unsupported(what))
                    }
                }
            }
        rule entry() -> (Expression, Expression)
            = key:entry_part() _ ":" _ value:entry_part() { (key, value) }
        rule entry_part() -> Expression
            = at:at() &"{" expression()
              {
                  let what = "a dictionary directly inside a dictionary; put it in parentheses";
                  expression(at, unsupported(what))
              }
            / !"{" it:expression() { it }

        // Strings.

        rule string_literal() -> Expression
            = at:at() "\"" pieces:piece()* "\"" { string(at, pieces) }
        rule plain_string() -> Rc<str>
            = it:string_literal() {?
                match it.kind {
                    Kind::Constant(Value::String(text)) => Ok(text),
                    _ => Err("string without interpolation"),
                }
            }
        rule piece() -> Piece
            = "${" _ inner:interpolated(<expression()>)? _ "}" { Piece::Expression(inner) }
            / "\\" it:escape() { it }
            / text:$(([^ '"' | '\\' | '$' | '\0'..='\u{9}' | '\u{b}'..='\u{1f}'] / "$" !"{")+)
              { Piece::Bytes(text.into()) }
        rule interpolated<T>(inner: rule<T>) -> T
            = opened() it:inner() closed() { it } / closed() too_deep() it:inner() { it }
        rule opened() = "" { state.interpolate(1) }
        rule closed() = "" { state.interpolate(-1) }
        rule escape() -> Piece
            = "b" { Piece::Bytes(vec![8]) } / "f" { Piece::Bytes(vec![12]) }
            / "n" { Piece::Bytes(vec![10]) } / "r" { Piece::Bytes(vec![13]) }
            / "t" { Piece::Bytes(vec![9]) }
            / "u" code:$(hex()*<4>) { character(code) }
            / "U" code:$(hex()*<8>) { character(code) }
            / "x" code:$(hex()*<2>)
              { Piece::Bytes(vec![u8::from_str_radix(code, 16).unwrap_or(b'?')]) }
            / it:$([_]) { Piece::Bytes(it.into()) }
        rule hex() = ['0'..='9' | 'a'..='f' | 'A'..='F']
    }
}
