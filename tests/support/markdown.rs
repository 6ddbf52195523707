//! The Markdown of the help pages.

/// Morpho prints the lines of a page as they are.
pub const WIDTH: usize = 78;

/// Breaks a paragraph or an item of a list at spaces outside of code. The further
/// lines of an item are indented.
pub fn wrapped(text: &str) -> String {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut out = String::new();
    let mut width = 0;
    for word in words(text) {
        let length = word.chars().count();
        if width == 0 {
            out += &word;
            width = length;
        } else if width + 1 + length > WIDTH {
            out = out + "\n" + indent + &word;
            width = indent.len() + length;
        } else {
            out = out + " " + &word;
            width += 1 + length;
        }
    }
    out
}

/// The words of a text; code is one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_code = false;
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if in_code => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
        in_code ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// Marks words with signs of Markdown as code.
pub fn quoted(text: &str) -> String {
    let mut parts = text.split('`');
    let mut out = mark(parts.next().unwrap_or(""));
    for (index, part) in parts.enumerate() {
        out.push('`');
        out += &if index % 2 == 0 { part.to_owned() } else { mark(part) };
    }
    out
}

fn mark(text: &str) -> String {
    let word = |word: &str| {
        if !word.contains(['_', '*']) {
            return word.to_owned();
        }
        let code = word.trim_end_matches(['.', ',', ';', ':', ')']);
        let start = code.trim_start_matches('(');
        format!("{}`{start}`{}", &code[..code.len() - start.len()], &word[code.len()..])
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Code in a block of its own, which is no example.
pub fn signature(code: &str) -> String {
    format!("[comment]: # (signature begins)\n\n    {code}\n\n[comment]: # (signature ends)\n")
}

/// A header with its tags.
pub fn header(level: usize, title: &str, tags: &[String]) -> String {
    let tags: String = tags.iter().map(|tag| format!("[tag{tag}]: # ({tag})\n")).collect();
    format!("{} {title}\n{tags}", "#".repeat(level))
}

/// The text between two marks of a page, and what stands before and after it.
pub fn between<'a>(page: &'a str, name: &str) -> Option<[&'a str; 3]> {
    let begin = format!("[comment]: # ({name} begins)\n");
    let end = format!("[comment]: # ({name} ends)\n");
    let from = page.find(&begin)? + begin.len();
    let to = from + page[from..].find(&end)?;
    Some([&page[..from], &page[from..to], &page[to..]])
}
