//! `zeromq help`: the help pages in the terminal, with the topics and tags that
//! Morpho finds in them. `main` calls it, and the prompt of `repl`.

pub mod pages;
mod show;

use std::process::ExitCode;

pub use pages::{Topic, Topics};
pub use show::{Look, page};

/// Shows the topic, or what there is. The status is 1 when there is no such topic.
pub fn help(query: &[String]) -> ExitCode {
    match text(&query.join(" "), Look::of_output()) {
        Ok(text) => {
            page(&text);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The text of the topic, or what to say when there is none.
pub fn text(query: &str, look: Look) -> Result<String, String> {
    let topics = Topics::new();
    if query.trim().is_empty() {
        let first = topics.iter().next().ok_or("there is no help")?;
        return Ok(show::render(&topics, first, look));
    }
    // Its row tells more than the whole table.
    if topics.find(query).is_none_or(|topic| topic.title == "Options")
        && let Some(row) = topics.option(query)
    {
        return Ok(show::option(&row, look));
    }
    let found = topics.find(query).or_else(|| topics.mentioning(last_word(query)));
    found.map(|topic| show::render(&topics, topic, look)).ok_or_else(|| missing(&topics, query))
}

/// A method may be named with its class or a socket: `ZMQSocket.bind`.
fn last_word(query: &str) -> &str {
    query.trim().rsplit(['.', ' ']).next().unwrap_or(query)
}

fn missing(topics: &Topics, query: &str) -> String {
    let near = topics.near(query);
    let hint = match near.as_slice() {
        [] => "`help` alone lists the topics".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    format!("no help for '{query}': {hint}")
}
