//! `zeromq help`: shows the help pages in the terminal, with the topics and tags that
//! Morpho finds in them. Called by `main` and by the prompt of `repl`.

pub mod pages;
mod show;

use std::process::ExitCode;

pub use pages::{Topic, Topics};
pub use show::{Look, page};

/// Shows a topic. The status is 1 if it does not exist.
pub fn help(query: &[String]) -> ExitCode {
    match text(&query.join(" "), Look::of_output()) {
        Ok(text) => page(&text),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the text of the topic, or of the topics that mention the words.
///
/// # Errors
/// A message that there is no such topic.
pub fn text(query: &str, look: Look) -> Result<String, String> {
    let topics = Topics::new();
    if query.trim().is_empty() {
        let first = topics.iter().next().ok_or("there is no help")?;
        return Ok(show::render(&topics, first, look));
    }
    if let Some(topic) = topics.find(query) {
        return Ok(show::render(&topics, topic, look));
    }
    match topics.mentioning(query).as_slice() {
        [] => Err(missing(&topics, query)),
        found => Ok(show::mentions(query, topics.misspelt(query), found, look)),
    }
}

fn missing(topics: &Topics, query: &str) -> String {
    let near = topics.near(query);
    let hint = match near.as_slice() {
        [] => "`help` alone lists the topics".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    format!("no help for '{query}': {hint}")
}
