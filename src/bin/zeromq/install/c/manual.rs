//! The manual pages of the C functions, which are made from the header: one for each of its
//! sections, and one that leads there for each function.

use roff::{Inline, Roff, bold, roman};

use super::HEADER;

/// The sections of the header: the title, the name of the page, and what it describes.
const SECTIONS: [(&str, &str, &str); 18] = [
    ("ERRORS", "zeromq_error", "errors and their codes"),
    ("THE LIBRARY AND ITS VERSION", "zeromq_library", "version and shutdown of the library"),
    ("THE CONTEXT", "zeromq_context", "settings that all sockets share"),
    ("MESSAGES", "zeromq_message", "messages of one or more frames"),
    ("CERTIFICATES", "zeromq_certificate", "keys for encrypted connections"),
    ("SOCKETS", "zeromq_socket", "sockets that carry messages"),
    ("PEERS AND SUBSCRIPTIONS", "zeromq_peers", "wait for the peers of a socket and count them"),
    ("PATTERNS", "zeromq_patterns", "requests, numbered publications and signals"),
    ("VALUES", "zeromq_value", "values as JSON and MessagePack"),
    ("OPTIONS OF SOCKETS", "zeromq_options", "read and set the options of a socket"),
    ("POLLERS", "zeromq_poller", "wait for several sockets and descriptors"),
    ("LOOPS", "zeromq_loop", "call functions for sockets, descriptors and timers"),
    ("MONITORS", "zeromq_monitor", "events on the connections of a socket"),
    ("PROXIES", "zeromq_proxy", "forward messages between two sockets"),
    ("TASK QUEUES", "zeromq_task_queue", "give tasks to workers in other programs"),
    ("BEACONS", "zeromq_beacon", "find other programs on the local network"),
    ("THE AUTHENTICATOR", "zeromq_authenticator", "decide which clients may connect"),
    ("VIRTUAL MACHINES", "zeromq_host", "offer sockets to the scripts of a virtual machine"),
];

/// The page about all of them.
const OVERVIEW: &str = "zeromq";

/// A section of the header.
struct Section<'a> {
    name: &'static str,
    about: &'static str,
    /// The lines of its introduction.
    intro: Vec<&'a str>,
    items: Vec<Item<'a>>,
}

/// Something that the header declares, with the lines of its documentation.
struct Item<'a> {
    doc: Vec<&'a str>,
    code: Vec<&'a str>,
}

/// Returns all pages by the names of their files, such as "zeromq_socket.3".
pub fn pages() -> Vec<(String, String)> {
    let sections = sections();
    let mut pages = vec![(format!("{OVERVIEW}.3"), overview(&sections))];
    for section in &sections {
        pages.push((format!("{}.3", section.name), section.page()));
        let leads = format!(".so man3/{}.3\n", section.name);
        pages.extend(section.functions().map(|name| (format!("{name}.3"), leads.clone())));
    }
    pages
}

/// Returns the page with this name, or that of the function with this name.
#[cfg_attr(not(feature = "tools"), expect(dead_code, reason = "only `zeromq man` shows them"))]
pub fn page(name: &str) -> Option<String> {
    let sections = sections();
    if name == OVERVIEW {
        return Some(overview(&sections));
    }
    let is_wanted =
        |section: &&Section| section.name == name || section.functions().any(|known| known == name);
    sections.iter().find(is_wanted).map(|section| section.page())
}

/// Splits the header at the comments with the titles of sections.
fn sections() -> Vec<Section<'static>> {
    let (header, _) = HEADER.rsplit_once("\n#ifdef __cplusplus\n").unwrap_or((HEADER, ""));
    let parts = header.split("\n/* ===").skip(1);
    let sections = parts.filter_map(|part| {
        let (heading, rest) = part.split_once('\n').unwrap_or((part, ""));
        let title = heading.trim_start_matches('=').trim_end_matches("*/").trim();
        let (intro, body) = match heading.ends_with("*/") {
            true => ("", rest),
            false => rest.split_once("\n */\n").unwrap_or(("", rest)),
        };
        let (_, name, about) = SECTIONS.iter().find(|(known, ..)| *known == title)?;
        let intro = intro.lines().map(uncommented).collect();
        Some(Section { name, about, intro, items: body.split("\n\n").filter_map(item).collect() })
    });
    sections.collect()
}

/// Returns a line without the star of a comment.
fn uncommented(line: &str) -> &str {
    let line = line.strip_prefix(" *").unwrap_or(line);
    line.strip_prefix(' ').unwrap_or(line)
}

fn item(text: &str) -> Option<Item<'_>> {
    let (doc, code): (Vec<&str>, Vec<&str>) =
        text.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with("//"));
    let doc = doc.iter().map(|line| line.trim_start_matches("//"));
    let doc = doc.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    (!code.is_empty()).then_some(Item { doc, code })
}

impl<'a> Item<'a> {
    /// Returns the name, if it is a function.
    fn function(&self) -> Option<&'a str> {
        let first = *self.code.first()?;
        if first.starts_with("typedef") || first.starts_with('#') {
            return None;
        }
        first.split_once('(')?.0.rsplit([' ', '*']).next()
    }
}

impl<'a> Section<'a> {
    fn functions(&self) -> impl Iterator<Item = &'a str> {
        self.items.iter().filter_map(Item::function)
    }

    fn page(&self) -> String {
        let names: Vec<&str> = [self.name].into_iter().chain(self.functions()).collect();
        let mut page = Page::new(self.name, &names.join(", "), self.about);
        let (functions, types): (Vec<&Item>, Vec<&Item>) =
            self.items.iter().partition(|item| item.function().is_some());
        for function in &functions {
            page.code(&function.code);
        }
        if !self.intro.iter().all(|line| line.is_empty()) {
            page.heading("SH", "DESCRIPTION");
            page.prose(&self.intro);
        }
        if !functions.is_empty() {
            page.heading("SH", "FUNCTIONS");
        }
        for function in functions {
            page.heading("SS", function.function().unwrap_or_default());
            page.code(&function.code);
            page.prose(&function.doc);
        }
        let types: Vec<&Item> = types.into_iter().filter(|item| !item.doc.is_empty()).collect();
        if !types.is_empty() {
            page.heading("SH", "TYPES");
        }
        for known in types {
            page.prose(&known.doc);
            page.code(&known.code);
        }
        page.heading("SH", "SEE ALSO");
        page.roff.text([bold(OVERVIEW), roman("(3), "), bold("zeromq"), roman("(1)")]);
        page.roff.render()
    }
}

/// Returns the page about all sections, from the comment at the beginning of the header.
fn overview(sections: &[Section]) -> String {
    let about = "ZeroMQ for C, C++ and embedded scripting languages";
    let mut page = Page::new(OVERVIEW, OVERVIEW, about);
    let (intro, _) = HEADER.split_once("\n */\n").unwrap_or_default();
    let lines: Vec<&str> = intro.lines().skip(1).map(uncommented).collect();
    // Titles are lines of capital letters; before the first one is the name of the header.
    let is_title =
        |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    for part in lines.chunk_by(|_, next| !is_title(next)).filter(|part| is_title(&part[0])) {
        page.heading("SH", if part[0] == "OVERVIEW" { "DESCRIPTION" } else { part[0] });
        page.prose(&part[1..]);
    }
    page.heading("SH", "SEE ALSO");
    for section in sections {
        page.roff.control("TP", []);
        page.roff.text([bold(section.name), roman("(3)")]);
        page.roff.text([roman(section.about)]);
    }
    page.roff.render()
}

/// A page that is being made.
struct Page {
    roff: Roff,
    /// True after a heading, which needs no space before what follows.
    headed: bool,
}

impl Page {
    /// Begins a page.
    fn new(name: &str, names: &str, about: &str) -> Page {
        let version = concat!("zeromq ", env!("CARGO_PKG_VERSION"));
        let mut page = Page { roff: Roff::new(), headed: false };
        page.roff.control("TH", [name, "3", "\"\"", version, "ZeroMQ for C"]);
        // Names are not hyphenated, and there are no gaps between them.
        page.roff.control("nh", []).control("ad", ["l"]);
        page.heading("SH", "NAME");
        page.roff.text([roman(format!("{names} - {about}"))]);
        page.heading("SH", "SYNOPSIS");
        page.code(&["#include <zeromq.h>"]);
        page
    }

    fn heading(&mut self, level: &str, title: &str) {
        self.roff.control(level, [title]);
        self.headed = true;
    }

    /// Begins a paragraph.
    fn paragraph(&mut self) {
        if !std::mem::replace(&mut self.headed, false) {
            self.roff.control("PP", []);
        }
    }

    /// Adds lines that stay as they are.
    fn code(&mut self, lines: &[&str]) {
        self.paragraph();
        self.roff.control("nf", []);
        for line in lines {
            self.roff.text([bold(*line)]);
        }
        self.roff.control("fi", []);
    }

    /// Adds paragraphs, lists and examples.
    fn prose(&mut self, lines: &[&str]) {
        for block in lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
            if block[0].starts_with("    ") {
                let lines: Vec<_> =
                    block.iter().map(|line| line.get(4..).unwrap_or(line)).collect();
                self.paragraph();
                self.roff.control("RS", ["4"]);
                self.headed = true;
                self.code(&lines);
                self.roff.control("RE", []);
                continue;
            }
            for entry in block.chunk_by(|_, next| !next.trim_start().starts_with("- ")) {
                let text = entry.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
                match text.strip_prefix("- ") {
                    Some(text) => {
                        self.roff.control("IP", ["\\(bu", "2"]).text(words(text));
                    }
                    None => {
                        self.paragraph();
                        self.roff.text(words(&text));
                    }
                }
            }
        }
    }
}

/// Returns a text in which what is in backticks is bold, and so is a word that the text
/// explains: "Ownership.  Functions ...".
fn words(text: &str) -> Vec<Inline> {
    let (term, text) = match text.split_once(".  ") {
        Some((term, text)) if !term.contains('.') => (vec![bold(term), roman(". ")], text),
        _ => (Vec::new(), text),
    };
    let words = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    let words = words.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part) });
    term.into_iter().chain(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_section_and_each_function_has_a_page() {
        let titles = HEADER.lines().filter(|line| line.starts_with("/* ===")).count();
        assert_eq!((sections().len(), titles), (SECTIONS.len(), SECTIONS.len()));
        let pages = pages();
        let names: HashSet<&str> = pages.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names.len(), pages.len(), "two pages have the same name");
        let functions = HEADER.split('(').filter_map(|text| text.rsplit([' ', '*', '\n']).next());
        let functions: HashSet<&str> = functions
            .filter(|name| name.starts_with("zeromq_") && HEADER.contains(&format!("\n{name}(")))
            .collect();
        for name in functions {
            assert!(names.contains(&*format!("{name}.3")), "{name} has no page");
        }
        for (_, section, _) in SECTIONS {
            assert!(page(section).unwrap().contains(".SH FUNCTIONS"), "{section}");
        }
        assert!(page("zeromq_socket_send").unwrap().contains(".SS zeromq_socket_send\n"));
        assert!(page("zeromq").unwrap().contains("\\fBOwnership\\fR. "));
        assert!(page("zeromq_nothing").is_none());
    }

    #[test]
    fn nothing_of_the_documentation_is_lost() {
        let pages: String = pages().into_iter().map(|(_, page)| page).collect();
        let plain = pages.replace("\\fB", "").replace("\\fR", "").replace("\\-", "-");
        let plain = plain.replace("\\*(Aq", "'").replace("\\\\", "\\");
        let plain: String = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let docs = HEADER.lines().filter_map(|line| line.strip_prefix("// "));
        for line in docs.filter(|line| !line.starts_with("    ")) {
            let line = line.replace('`', "");
            let line = line.trim_start_matches("- ").trim();
            assert!(plain.contains(line), "{line} is missing");
        }
    }
}
