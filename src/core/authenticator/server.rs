//! The thread of the authenticator: it reads requests, decides by the rules or asks the
//! program, and replies.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::credentials::Admission;
use super::zap::{self, Call, Request, Verdict};
use super::{Decider, Question, Shared, locked};
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::socket::Socket;
use crate::core::wait::Wait;

/// The maximum time for the program to decide: less than the handshake timeout of libzmq.
const DECIDING: Duration = Duration::from_secs(5);

/// The maximum number of clients that wait for a decision at the same time.
const ASKED: usize = 1024;

/// The thread.
pub(super) struct Server {
    socket: Arc<Socket>,
    shared: Arc<Shared>,
    /// The clients that the program was asked about.
    asked: HashMap<u64, Asked>,
}

struct Asked {
    who: &'static str,
    envelope: Vec<Vec<u8>>,
    id: Vec<u8>,
    request: Request,
    meta: Vec<(String, String)>,
    until: Instant,
}

impl Server {
    pub fn new(socket: Arc<Socket>, shared: Arc<Shared>) -> Server {
        Server { socket, shared, asked: HashMap::new() }
    }

    pub fn run(mut self) {
        loop {
            let wait = Wait::new(self.timeout());
            match self.socket.receive_all(&wait) {
                Ok(message)
                    if message.get(1).is_some_and(|frame| **frame == *self.shared.token) =>
                {
                    match message.as_slice() {
                        [_, _, number, verdict] => self.decided(number, **verdict == [1]),
                        _ => break,
                    }
                }
                Ok(message) => self.serve(&message),
                Err(Error::Again) => self.give_up(),
                // ZeroMQ was shut down.
                Err(_) => break,
            }
        }
        let _ = self.socket.close(Some(Some(Duration::ZERO)));
    }

    /// Returns how long to wait until the first decision is overdue.
    fn timeout(&self) -> Option<Duration> {
        let first = self.asked.values().map(|asked| asked.until).min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    fn serve(&mut self, message: &[Frame]) {
        // The routing ids of the way back, then an empty frame, then the request.
        let Some(end) = message.iter().skip(1).position(|frame| frame.is_empty()) else {
            return;
        };
        let (envelope, body) = message.split_at(end + 2);
        let envelope: Vec<Vec<u8>> = envelope.iter().map(|frame| frame.to_vec()).collect();
        let body: Vec<&[u8]> = body.iter().map(|frame| &**frame).collect();
        match zap::parse(&body) {
            Call::Noise => {}
            Call::Malformed(id, why) => self.reply(&envelope, id, &Verdict::Refused(why)),
            Call::Request(id, request) => {
                let number = id.clone();
                let decide = AssertUnwindSafe(|| self.request(&envelope, id, request));
                if catch_unwind(decide).is_err() {
                    // If this thread ended, every client would be accepted.
                    self.reply(&envelope, number, &Verdict::Failed);
                }
            }
        }
    }

    fn request(&mut self, envelope: &[Vec<u8>], id: Vec<u8>, request: Request) {
        let mut rules = locked(&self.shared.rules);
        if let Err(why) = rules.check_address(&request.address) {
            drop(rules);
            return self.refuse(envelope, id, &request, why);
        }
        let admission = rules.check_credentials(&request);
        drop(rules);
        let mut questions = locked(&self.shared.questions);
        match (questions.decider, admission) {
            (Decider::Rules, Ok(Admission { reason, meta })) => {
                drop(questions);
                self.accept(envelope, id, &request, &meta, reason);
            }
            (Decider::Rules, Err(why)) => {
                drop(questions);
                self.refuse(envelope, id, &request, why);
            }
            (Decider::Nobody, _) => {
                drop(questions);
                self.refuse(envelope, id, &request, "nobody is left to decide".to_owned());
            }
            (Decider::Somebody(_), _) if questions.waiting.len() >= ASKED => {
                drop(questions);
                self.postpone(envelope, id, &request, "too many clients wait for a decision");
            }
            (Decider::Somebody(who), admission) => {
                questions.last += 1;
                let number = questions.last;
                let (known, meta) = match admission {
                    Ok(admission) => (Ok(()), admission.meta),
                    Err(why) => (Err(why), Vec::new()),
                };
                questions.waiting.push_back(Question { number, request: request.clone(), known });
                drop(questions);
                let until = Instant::now() + DECIDING;
                let asked = Asked { envelope: envelope.to_vec(), id, request, meta, until, who };
                self.asked.insert(number, asked);
            }
        }
    }

    fn decided(&mut self, number: &[u8], accept: bool) {
        let Ok(number) = number.try_into().map(u64::from_be_bytes) else {
            return;
        };
        // A decision that came too late was already replaced.
        let Some(asked) = self.asked.remove(&number) else {
            return;
        };
        if accept {
            let reason = format!("{} accepted it", asked.who);
            self.accept(&asked.envelope, asked.id, &asked.request, &asked.meta, reason);
        } else {
            let reason = format!("{} refused it", asked.who);
            self.refuse(&asked.envelope, asked.id, &asked.request, reason);
        }
    }

    /// Refuses clients that were not decided on in time.
    fn give_up(&mut self) {
        let now = Instant::now();
        let late: Vec<(u64, Asked)> =
            self.asked.extract_if(|_, asked| asked.until <= now).collect();
        locked(&self.shared.questions)
            .waiting
            .retain(|question| late.iter().all(|(number, _)| *number != question.number));
        for (_, asked) in late {
            let why = format!("{} did not decide in time", asked.who);
            self.postpone(&asked.envelope, asked.id, &asked.request, &why);
        }
    }

    fn accept(
        &self,
        envelope: &[Vec<u8>],
        id: Vec<u8>,
        request: &Request,
        meta: &[(String, String)],
        reason: String,
    ) {
        self.shared.record(request, true, reason);
        let user = request.credentials.user();
        self.reply(envelope, id, &Verdict::Accepted { user: &user, meta });
    }

    fn refuse(&self, envelope: &[Vec<u8>], id: Vec<u8>, request: &Request, why: String) {
        self.shared.record(request, false, why.clone());
        self.reply(envelope, id, &Verdict::Refused(&why));
    }

    fn postpone(&self, envelope: &[Vec<u8>], id: Vec<u8>, request: &Request, why: &str) {
        self.shared.record(request, false, why.to_owned());
        self.reply(envelope, id, &Verdict::Later(why));
    }

    fn reply(&self, envelope: &[Vec<u8>], id: Vec<u8>, verdict: &Verdict) {
        let message = [envelope, &zap::reply(id, verdict)].concat();
        // A client that is gone does not wait for the reply.
        let _ = self.socket.send(&message, &Wait::new(Some(Duration::ZERO)));
    }
}
