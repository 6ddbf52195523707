//! Messages that the client of NATS cannot read. It gives up the connection, or itself, at
//! headers or subjects that servers accept from anybody, and would do so again and again.

use async_nats::{Client, HeaderName, StatusCode};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::nats::reason;
use crate::tools::format::shown;

/// A stored message.
pub struct Stored {
    pub sequence: u64,
    pub subject: String,
    /// Why it cannot be read, if so.
    pub problem: Option<&'static str>,
}

/// A message as the server describes it.
struct Found {
    sequence: u64,
    subject: String,
    headers: Vec<u8>,
}

/// Looks at the first message of a stream from a sequence number on, with this subject, which
/// may have wildcards and may be empty for all. Returns `None` if there is none.
///
/// # Errors
/// The reason, if the server does not answer.
pub async fn look_from(
    client: &Client,
    stream: &str,
    subject: &str,
    from: u64,
) -> Result<Option<Stored>, String> {
    let subject = if subject.is_empty() { ">" } else { subject };
    let found = get(client, stream, json!({ "seq": from, "next_by_subj": subject })).await?;
    look(client, stream, found).await
}

/// Looks at the message of a stream with a sequence number. Returns `None` if there is none.
///
/// # Errors
/// The reason, if the server does not answer.
pub async fn look_at(
    client: &Client,
    stream: &str,
    sequence: u64,
) -> Result<Option<Stored>, String> {
    let found = get(client, stream, json!({ "seq": sequence })).await?;
    look(client, stream, found).await
}

async fn look(
    client: &Client,
    stream: &str,
    found: Option<Found>,
) -> Result<Option<Stored>, String> {
    let Some(Found { sequence, subject, headers }) = found else {
        return Ok(None);
    };
    let problem = if !headers.is_empty() && subject.contains(char::is_whitespace) {
        Some("its subject has spaces")
    } else if subject.contains(char::REPLACEMENT_CHARACTER)
        && !is_found(client, stream, &subject, sequence).await?
    {
        // The server has replaced what is not UTF-8.
        Some("its subject is not UTF-8")
    } else {
        problem_of(&headers)
    };
    Ok(Some(Stored { sequence, subject, problem }))
}

/// Returns true if a message has this subject, and not one that the server shows so.
async fn is_found(
    client: &Client,
    stream: &str,
    subject: &str,
    sequence: u64,
) -> Result<bool, String> {
    // As a subject to search for, it would stand for others.
    if subject.split('.').any(|token| matches!(token, "*" | ">")) {
        return Ok(false);
    }
    let request = json!({ "seq": sequence, "next_by_subj": subject });
    let found = get(client, stream, request).await?;
    Ok(found.is_some_and(|found| found.sequence == sequence))
}

/// Says that a message cannot be read, and what is done instead.
pub fn warning(stored: &Stored, problem: &str, done: &str) -> String {
    format!(
        "message {} of {} is {done}, because the client of NATS cannot read it: {problem}; `nats \
         stream get` shows it",
        stored.sequence,
        shown(&stored.subject)
    )
}

/// Asks a server for a message. Returns `None` if there is none.
async fn get(client: &Client, stream: &str, request: Value) -> Result<Option<Found>, String> {
    let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
    let asked = client.request(subject.clone(), request.to_string().into());
    let answer = asked.await.map_err(|error| {
        let error = reason(&error);
        format!("{subject} does not answer, for which this user may need permission: {error}")
    })?;
    let answer: Value = serde_json::from_slice(&answer.payload).map_err(|error| reason(&error))?;
    let error = &answer["error"];
    if error["code"] == 404 {
        return Ok(None);
    }
    let text = |name| answer["message"][name].as_str();
    let headers = BASE64.decode(text("hdrs").unwrap_or_default().as_bytes());
    match (answer["message"]["seq"].as_u64(), text("subject"), headers) {
        (Some(sequence), Some(subject), Ok(headers)) => {
            Ok(Some(Found { sequence, subject: subject.to_owned(), headers }))
        }
        _ => Err(error["description"].as_str().unwrap_or("it is not understood").to_owned()),
    }
}

/// Returns why the client of NATS cannot read headers, if so.
fn problem_of(headers: &[u8]) -> Option<&'static str> {
    if headers.is_empty() {
        return None;
    }
    let Ok(text) = std::str::from_utf8(headers) else {
        return Some("its headers are not UTF-8");
    };
    let mut lines = text.lines().peekable();
    let Some(version) = lines.next().and_then(|line| line.strip_prefix("NATS/1.0")) else {
        return Some("its headers do not begin with NATS/1.0");
    };
    let version = version.trim();
    let status = version.split_once(' ').map_or(version, |(status, _)| status.trim());
    if !status.is_empty() && status.parse::<StatusCode>().is_err() {
        return Some("its headers have a status that is no number");
    }
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Some("its headers have a line without a colon");
        };
        if name.parse::<HeaderName>().is_err() {
            return Some("its headers have a name with other characters than printable ASCII");
        }
        // As the client does it: what is appended is trimmed at its end only.
        let mut value = value.trim_start().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        if value.trim_end().contains('\r') {
            return Some("its headers have a value with a carriage return");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_accepts_is_readable() {
        for headers in [
            "",
            "NATS/1.0\r\n\r\n",
            "NATS/1.0 404 No Messages\r\n\r\n",
            "NATS/1.0\r\na: b\r\nA:\r\n c\r\n\r\n",
            "NATS/1.0\r\na: \u{e4}\r\n\r\n",
            "NATS/1.0\r\na: b \r\r\n\r\n",
            "NATS/1.0\r\n: b\r\n\r\n",
            "NATS/1.0\r\na: \rb\r\n\r\n",
        ] {
            assert_eq!(problem_of(headers.as_bytes()), None, "{headers:?}");
        }
    }

    #[test]
    fn what_it_does_not_accept_has_a_reason() {
        for (headers, reason) in [
            (&b"NATS/1.0\r\na: \xFF\r\n\r\n"[..], "UTF-8"),
            (b"NATS/2.0\r\n\r\n", "begin"),
            (b"\r\n", "begin"),
            (b"NATS/1.0 abc\r\n\r\n", "status"),
            (b"NATS/1.0 1\r\n\r\n", "status"),
            (b"NATS/1.0\r\nabc\r\n\r\n", "colon"),
            (b"NATS/1.0\r\na b: c\r\n\r\n", "name"),
            (b"NATS/1.0\r\na: b\rc\r\n\r\n", "carriage"),
            (b"NATS/1.0\r\na: b\r\n c\rd\r\n\r\n", "carriage"),
            (b"NATS/1.0\r\na:\r\n\rc\r\n\r\n", "carriage"),
        ] {
            let problem = problem_of(headers).expect(reason);
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
