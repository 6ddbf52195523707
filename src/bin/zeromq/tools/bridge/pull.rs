//! Asking a consumer of a stream for messages.
//!
//! A server ends its answer with a message that has a status, but whoever publishes can write
//! a status into a message, too. Here only what is not from the stream, as its reply subject
//! shows, is taken for the end.

use std::time::Duration;

use async_nats::jetstream::{Context, Message};
use async_nats::{Client, Subscriber};
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::nats::{ANSWER, reason};

/// How long the stream waits for messages that a bridge has asked for.
pub const EXPIRES: Duration = Duration::from_secs(1);

/// What the messages take together that a stream delivers at once. The largest one may take
/// more.
const AT_ONCE: usize = 64 << 20;

/// What the reply subjects of messages from a stream begin with.
pub const REPLY: &str = "$JS.ACK.";

/// Messages that a stream delivers.
pub struct Batch {
    subscriber: Subscriber,
    context: Context,
    left: usize,
    end: Instant,
    is_cut: bool,
}

/// Asks a consumer for up to this many messages.
///
/// # Errors
/// The reason, if the client has ended.
pub async fn ask(
    client: &Client,
    context: &Context,
    (stream, consumer): (&str, &str),
    most: usize,
) -> Result<Batch, String> {
    let inbox = client.new_inbox();
    let subscriber = client.subscribe(inbox.clone()).await.map_err(|error| reason(&error))?;
    let request = json!({
        "batch": most,
        "max_bytes": AT_ONCE.max(2 * client.server_info().max_payload),
        "expires": EXPIRES.as_nanos() as u64,
    });
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
    let asked = client.publish_with_reply(subject, inbox, request.to_string().into());
    asked.await.map_err(|error| reason(&error))?;
    let end = Instant::now() + EXPIRES + ANSWER;
    Ok(Batch { subscriber, context: context.clone(), left: most, end, is_cut: false })
}

impl Batch {
    /// Waits for the next message. Returns `None` at the end.
    ///
    /// # Errors
    /// The reason, if the consumer does not deliver.
    pub async fn next(&mut self) -> Option<Result<Message, String>> {
        while self.left > 0 {
            let message = match timeout_at(self.end, self.subscriber.next()).await {
                Ok(Some(message)) => message,
                Ok(None) => return Some(Err("the client has ended".to_owned())),
                Err(_) if self.is_cut => return None,
                Err(_) => return Some(Err("the stream does not answer".to_owned())),
            };
            if message.reply.as_ref().is_some_and(|reply| reply.starts_with(REPLY)) {
                self.left -= 1;
                if !self.is_cut {
                    self.end = Instant::now() + EXPIRES + ANSWER;
                }
                return Some(Ok(Message { message, context: self.context.clone() }));
            }
            let about = message.description.as_deref().unwrap_or_default();
            match message.status.map(|status| status.as_u16()) {
                // A sign of life, and what nobody has asked for.
                Some(100) | None => {}
                // There are no more messages now, or they would take too much.
                Some(404 | 408) => return None,
                Some(409) if about.contains("MaxBytes") => return None,
                Some(503) => return Some(Err("nobody serves the stream".to_owned())),
                Some(_) => return Some(Err(about.to_owned())),
            }
        }
        None
    }

    /// Says that nothing more will come, because the connection is lost: only what has arrived
    /// is to be taken.
    pub fn cut(&mut self) {
        self.end = Instant::now();
        self.is_cut = true;
    }
}
