//! The reference of all methods, as a help page: a part for each class, and a topic
//! for each method.

use std::collections::HashSet;

use zeromq::binding::{CLASSES, Class, Method, Role, Target};
use zeromq::core::options;

use super::markdown::{WIDTH, header, quoted, signature, wrapped};

/// The methods whose names are topics of Morpho's own help, too. Morpho would show
/// either of them. The table does not know these topics, and Morpho's help is not part of
/// this repository, so they are listed here.
const OF_MORPHO: &[&str] = &[
    "add", "apply", "clock", "close", "contains", "count", "has", "index", "join", "log",
    "property", "remove", "save", "sleep", "tostring", "version",
];

/// A method with the classes that have it.
pub struct Entry {
    /// The title of its topic.
    pub title: String,
    pub method: &'static Method,
    pub target: Target,
    /// The first class is the one whose page it is on.
    pub classes: Vec<&'static Class>,
    pub see: &'static str,
    /// The titles of methods of other classes that have the same name.
    pub others: Vec<String>,
}

impl Entry {
    /// Whether it is about this method.
    pub fn is(&self, method: &Method) -> bool {
        let same = |own: &Method| (own.name, own.doc, own.signature());
        same(self.method) == same(method)
    }

    /// Whether it is the first of its name.
    fn is_first(&self, entries: &[Entry]) -> bool {
        let first = entries.iter().find(|entry| entry.method.name == self.method.name);
        first.is_some_and(|first| std::ptr::eq(first, self))
    }
}

/// A class without "ZMQ", in lower case; ZMQ itself keeps its name.
fn short(class: &Class) -> String {
    match class.name {
        "ZMQ" => "zmq".to_owned(),
        name => name["ZMQ".len()..].to_lowercase(),
    }
}

pub fn is_socket(class: &'static Class) -> bool {
    class.is(CLASSES[0])
}

/// Every method once, in the order of the classes, under the name of its topic.
pub fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for class in CLASSES {
        let groups = class.groups.iter();
        let of_groups = groups.flat_map(|group| group.methods.iter().map(|m| (m, group.see)));
        let methods = of_groups.map(|(method, see)| (method, see, Target::Instance));
        let functions = class.functions.iter().map(|method| (method, "", Target::Class));
        for (method, see, target) in methods.chain(functions) {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.is(method)) {
                entry.classes.push(class);
                continue;
            }
            let taken = entries.iter().any(|entry| entry.method.name == method.name);
            let name = method.name.to_owned();
            let full = short(class) + method.name;
            let title = if taken || OF_MORPHO.contains(&method.name) { full } else { name };
            let (classes, others) = (vec![*class], Vec::new());
            entries.push(Entry { title, method, target, classes, see, others });
        }
    }
    for name in OF_MORPHO {
        assert!(entries.iter().any(|entry| entry.method.name == *name), "{name} is no method");
    }
    for index in 0..entries.len() {
        let others = entries.iter().enumerate().filter(|(other, entry)| {
            *other != index && entry.method.name == entries[index].method.name
        });
        entries[index].others = others.map(|(_, entry)| entry.title.clone()).collect();
    }
    entries
}

/// The part of the page that tells of a class.
pub fn section(class: &'static Class, entries: &[Entry]) -> String {
    let mut out = "\n".to_owned();
    if let Some(constructor) = &class.constructor {
        let shown = constructor.signature();
        out += &match shown.len() < WIDTH {
            true => wrapped(&format!("Constructor: `{shown}`")) + "\n",
            false => format!("Constructor:\n\n{}", signature(&folded(&shown))),
        };
    }
    let mut line = |text: &str| out += &format!("{}\n", wrapped(text));
    if let Some(constructor) = &class.constructor {
        line("");
        line(&quoted(constructor.doc));
        line("");
        describe(&mut line, constructor, class, Target::Constructor);
    }
    if let Some(parent) = class.parent {
        line(&format!("Has all methods of {}.", parent.name));
        line("");
    }
    if let Some(alias) = class.alias {
        line(&format!("{alias} is a deprecated name of this class."));
        line("");
    }
    let names = |methods: &mut dyn Iterator<Item = &'static Method>| {
        let name = |method: &'static Method| {
            let entry = entries.iter().find(|entry| entry.is(method)).unwrap();
            match entry.title == method.name {
                true => format!("`{}`", method.name),
                false => format!("`{}` (`help {}`)", method.name, entry.title),
            }
        };
        methods.map(name).collect::<Vec<_>>().join(", ")
    };
    for group in class.groups {
        let methods = names(&mut group.methods.iter());
        line(&format!("- {}: {methods}", group.doc.trim_end_matches('.')));
    }
    if !class.functions.is_empty() {
        line(&format!("- Functions: {}", names(&mut class.functions.iter())));
    }
    if !class.groups.is_empty() || !class.functions.is_empty() {
        line("");
    }
    for entry in entries.iter().filter(|entry| std::ptr::eq(entry.classes[0], class)) {
        out += &topic(entry, entries);
    }
    out
}

/// The topic of a method.
pub fn topic(entry: &Entry, entries: &[Entry]) -> String {
    let Entry { title, method, classes, .. } = entry;
    let class = classes[0];
    let mut out = header(3, title, std::slice::from_ref(title));
    if *title != method.name && entry.is_first(entries) {
        out += &format!("[comment]: # (words: {})\n", method.name);
    }
    let receiver = match entry.target {
        Target::Class => class.name.to_owned(),
        _ => short(class),
    };
    out += &signature(&folded(&format!("{receiver}.{}", method.signature())));
    let mut line = |text: &str| out += &format!("{}\n", wrapped(text));
    line(&quoted(method.doc));
    line("");
    if class.parent.is_some() && is_socket(class) {
        let names: Vec<&str> = classes.iter().map(|class| class.name).collect();
        line(&format!("Available on {}.", listed(&names)));
        line("");
    }
    describe(&mut line, method, class, entry.target);
    if !method.example.is_empty() {
        line("Example:");
        line("");
        for code in indented(method.example) {
            out += &code;
        }
        out.push('\n');
    }
    let own = match class.name {
        "ZMQ" => "zmqfunctions".to_owned(),
        name => name.to_lowercase(),
    };
    let see = if entry.see.is_empty() { own.as_str() } else { entry.see };
    let mut see: Vec<String> = vec![see.to_owned()];
    see.extend(entry.others.iter().cloned());
    see.extend(options_called(method.name).filter(|_| is_socket(class)));
    let see: Vec<String> = see.iter().map(|topic| format!("`help {topic}`")).collect();
    out += &format!("{}\n\n", wrapped(&format!("See also: {}.", see.join(", "))));
    out
}

/// The topic of an option that has the name of a method.
fn options_called(name: &str) -> impl Iterator<Item = String> {
    let same = options::rows().filter(move |row| row.name.replace('_', "") == name);
    same.map(|row| format!("{}option", row.name.replace('_', "")))
}

/// What a method takes, what it returns on timeout, and its errors.
fn describe(line: &mut impl FnMut(&str), method: &Method, class: &'static Class, target: Target) {
    let waits = method.parameters.iter().any(|parameter| parameter.name == "timeout");
    let socket = is_socket(class) && target == Target::Instance;
    let mut told = HashSet::new();
    for parameter in method.parameters.iter().filter(|parameter| told.insert(parameter.name)) {
        let name = match parameter.role {
            Role::Required | Role::Optional => parameter.name.to_owned(),
            Role::Variadic => format!("{}...", parameter.name),
            Role::Named => format!("{}=", parameter.name),
        };
        let usual = match (parameter.name, method.name) {
            ("timeout", "shutdown") => " (default: as long as the linger periods last)",
            ("timeout", name) if socket && !name.starts_with("waitfor") => {
                " (default: see `settimeout`)"
            }
            ("timeout", _) => " (default: forever)",
            (_, _) if parameter.role == Role::Optional => " (optional)",
            _ => "",
        };
        line(&format!("- `{name}`: {}{usual}.", quoted(parameter.doc)));
    }
    if !method.parameters.is_empty() {
        line("");
    }
    if let Some(result) = method.on_timeout().filter(|_| waits) {
        let strict = if socket { "; in strict mode, raises `ZMQTimeout`" } else { "" };
        line(&format!("On timeout: returns {result}{strict}."));
        line("");
    }
    let mut also = Vec::new();
    let of_arguments = if target == Target::Constructor { "ZMQConsArgs" } else { "ZMQArgs" };
    if !method.parameters.is_empty() {
        also.push(of_arguments);
    }
    if socket && !OPEN_OR_CLOSED.contains(&method.name) {
        also.push("ZMQClosed");
    }
    if waits && method.name != "shutdown" || method.name == "close" {
        also.push("ZMQInterrupted");
    }
    also.retain(|tag| !method.errors.contains(&format!("`{tag}`")));
    let also: Vec<String> = also.iter().map(|tag| format!("`{tag}`")).collect();
    let also = listed(&also.iter().map(String::as_str).collect::<Vec<_>>());
    match (method.errors, also.as_str()) {
        ("", "") => return,
        ("", also) => line(&format!("Errors: {also}.")),
        (errors, "") => line(&format!("Errors: {}.", quoted(errors))),
        (errors, also) => line(&format!("Errors: {}. Also {also}.", quoted(errors))),
    }
    line("");
}

/// The methods of sockets that do not need an open one.
const OPEN_OR_CLOSED: &[&str] = &[
    "close",
    "closed",
    "dropped",
    "lasterror",
    "missed",
    "peers",
    "setstrict",
    "subscriptions",
    "type",
];

/// "a, b and c".
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// A signature on several lines, if it is too long for one.
fn folded(signature: &str) -> String {
    let indent = signature.find('(').unwrap_or(0) + 5;
    let mut out = String::new();
    let mut width = 4;
    for (index, part) in signature.split_inclusive(", ").enumerate() {
        if index > 0 && width + part.len() > WIDTH {
            out = out.trim_end().to_owned() + "\n" + &" ".repeat(indent);
            width = indent;
        }
        out += part;
        width += part.len();
    }
    out
}

/// The lines of an example, as code.
fn indented(example: &str) -> Vec<String> {
    let lines = || example.lines().filter(|line| !line.trim().is_empty());
    let indent = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines().map(|line| format!("    {}\n", &line[indent..])).collect()
}
