//! The authenticator of the process: a thread that is asked by servers, over
//! `inproc://zeromq.zap.01`, whether a client may come in (RFC 27).
//!
//! It goes on until it is stopped or ZeroMQ ends, also when nobody holds it any
//! more: without it a CURVE server would let everybody in.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::certificate::{Certificate, security};
use super::context;
use super::error::{Error, Fault};
use super::message::Frame;
use super::rules::{Admission, Keys, Origin, Passwords, Rules};
use super::socket::Socket;
use super::socket_type::SocketType;
use super::wait::Wait;
use super::zap::{self, Call, Request, Verdict};

/// Where servers ask, by the RFC.
pub(super) const ENDPOINT: &str = "inproc://zeromq.zap.01";

/// How many decisions are remembered.
const LOGGED: usize = 256;

/// How long the thread may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long somebody who decides may take: less than libzmq gives a handshake.
const DECIDING: Duration = Duration::from_secs(5);

/// How many clients may wait for a decision at the same time.
const ASKED: usize = 1024;

static CURRENT: Mutex<Option<Running>> = Mutex::new(None);

/// The authenticator of the process, as who made it has it.
#[derive(Debug)]
pub struct Authenticator {
    shared: Arc<Shared>,
    _held: Arc<()>,
}

/// An authenticator with its thread.
pub(super) struct Running {
    shared: Arc<Shared>,
    held: Weak<()>,
    ended: mpsc::Receiver<()>,
    thread: JoinHandle<()>,
}

/// What the thread shares with who made it.
#[derive(Debug)]
struct Shared {
    generation: u32,
    /// Connected to the thread's own socket, to wake it up.
    control: Arc<Socket>,
    /// What proves that a message is from there.
    token: Vec<u8>,
    rules: Mutex<Rules>,
    log: Mutex<VecDeque<Decision>>,
    questions: Mutex<Questions>,
}

/// What was decided about a client.
#[derive(Clone, Debug)]
pub struct Decision {
    /// From where it came: an IP address, or what libzmq tells of a peer over ipc.
    pub address: String,
    /// "NULL", "PLAIN" or "CURVE".
    pub mechanism: String,
    /// The domain of the server.
    pub domain: String,
    /// The user name, or the public key as text.
    pub user: String,
    /// Whether it may come in.
    pub accepted: bool,
    /// Why.
    pub reason: String,
}

/// A client that somebody has to decide about.
#[derive(Clone, Debug)]
pub struct Question {
    number: u64,
    /// Who wants to come in.
    pub request: Request,
    /// Whether passwords or keys know it; why, or why not.
    pub known: Result<(), String>,
}

#[derive(Debug, Default)]
struct Questions {
    decider: Decider,
    waiting: VecDeque<Question>,
    last: u64,
}

/// Who decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Decider {
    /// The rules.
    #[default]
    Rules,
    /// Whoever takes the questions.
    Somebody,
    /// Nobody is left to take them.
    Nobody,
}

/// What locks the authenticator of the process.
pub(super) type Lock = MutexGuard<'static, Option<Running>>;

pub(super) fn lock() -> Lock {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

impl Authenticator {
    /// Starts the authenticator. It lets every address in, no password and no key.
    ///
    /// # Errors
    /// [`Error::Security`] when there is one already; one that nobody holds any
    /// more is replaced. [`Error::Zmq`] when there are too many sockets.
    pub fn start() -> Result<Authenticator, Error> {
        let mut current = lock();
        let generation = context::generation();
        if let Some(running) = current.take_if(|running| running.shared.generation == generation) {
            if running.held.upgrade().is_some() && !running.thread.is_finished() {
                *current = Some(running);
                return Err(taken());
            }
            running.stop();
        }
        let (running, authenticator) = start(generation)?;
        // Threads of a parent process are not here, and their handle means nothing.
        std::mem::forget(current.replace(running));
        Ok(authenticator)
    }

    /// Lets these addresses in, and from now on no others: an IP address, a
    /// network such as "10.0.0.0/8", or "ipc" for other processes of this machine.
    ///
    /// # Errors
    /// [`Error::Security`] for anything else, and then none of them is let in.
    pub fn allow(&self, origins: &[&str]) -> Result<(), Error> {
        let origins = origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
        self.rules()?.allow(origins);
        Ok(())
    }

    /// Refuses these addresses, also if they are allowed.
    ///
    /// # Errors
    /// As [`allow`](Authenticator::allow).
    pub fn deny(&self, origins: &[&str]) -> Result<(), Error> {
        let origins = origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
        self.rules()?.deny(origins);
        Ok(())
    }

    /// Lets users with these passwords in, in one domain, or in all that have none
    /// of their own. What was said for the domain before is replaced.
    ///
    /// # Errors
    /// [`Error::Security`] when it is stopped.
    pub fn plain(
        &self,
        domain: Option<&str>,
        passwords: Vec<(String, String)>,
    ) -> Result<(), Error> {
        self.rules()?.plain(domain.map(str::to_owned), Passwords::table(passwords));
        Ok(())
    }

    /// As [`plain`](Authenticator::plain), with lines `name=value` of a file, which
    /// is read again when it has changed.
    ///
    /// # Errors
    /// [`Error::Security`] when it cannot be read.
    pub fn plain_file(&self, domain: Option<&str>, file: &str) -> Result<(), Error> {
        let passwords = Passwords::file(file)?;
        self.rules()?.plain(domain.map(str::to_owned), passwords);
        Ok(())
    }

    /// Lets every client with a key in, in one domain, or in all that have no keys
    /// of their own. What was said for the domain before is replaced.
    ///
    /// # Errors
    /// [`Error::Security`] when it is stopped.
    pub fn curve_any(&self, domain: Option<&str>) -> Result<(), Error> {
        self.rules()?.curve(domain.map(str::to_owned), Keys::Any);
        Ok(())
    }

    /// As [`curve_any`](Authenticator::curve_any), but only the keys of these.
    ///
    /// # Errors
    /// [`Error::Security`] when it is stopped.
    pub fn curve(&self, domain: Option<&str>, certificates: &[Certificate]) -> Result<(), Error> {
        self.rules()?.curve(domain.map(str::to_owned), Keys::listed(certificates));
        Ok(())
    }

    /// As [`curve_any`](Authenticator::curve_any), but only the keys of all files
    /// below a directory, which is read again when something in it has changed.
    /// Files that end in `_secret` are left alone.
    ///
    /// # Errors
    /// [`Error::Security`] when it cannot be read.
    pub fn curve_directory(&self, domain: Option<&str>, directory: &str) -> Result<(), Error> {
        let keys = Keys::directory(directory)?;
        self.rules()?.curve(domain.map(str::to_owned), keys);
        Ok(())
    }

    /// The last decisions, the oldest first; at most 256.
    ///
    /// # Errors
    /// [`Error::Security`] in a forked process.
    pub fn log(&self) -> Result<Vec<Decision>, Error> {
        self.check_process()?;
        Ok(locked(&self.shared.log).iter().cloned().collect())
    }

    /// From now on whoever takes the [`questions`](Authenticator::question) decides
    /// about clients whose address is not refused; `false` gives the decision back
    /// to the rules.
    ///
    /// # Errors
    /// [`Error::Security`] when it is stopped.
    pub fn ask(&self, ask: bool) -> Result<(), Error> {
        self.check()?;
        let decider = if ask { Decider::Somebody } else { Decider::Rules };
        locked(&self.shared.questions).decider = decider;
        Ok(())
    }

    /// The next client to decide about, if there is one.
    pub fn question(&self) -> Option<Question> {
        self.check_process().ok()?;
        locked(&self.shared.questions).waiting.pop_front()
    }

    /// Decides about a client.
    pub fn answer(&self, question: &Question, accept: bool) {
        let number = question.number.to_be_bytes();
        let verdict = [u8::from(accept)];
        // One that cannot be told is refused for want of an answer.
        let _ = self.shared.tell(&[&number, &verdict]);
    }

    /// Whether it still decides.
    pub fn is_running(&self) -> bool {
        self.check().is_ok()
    }

    /// Ends it: from now on nobody is asked. CURVE servers without a domain let
    /// every client in then.
    ///
    /// # Errors
    /// [`Error::Security`] in a forked process.
    pub fn stop(&self) -> Result<(), Error> {
        self.check_process()?;
        let running = lock().take_if(|running| Arc::ptr_eq(&running.shared, &self.shared));
        if let Some(running) = running {
            running.stop();
        }
        Ok(())
    }

    fn check_process(&self) -> Result<(), Error> {
        // A lock that another thread had during the fork is locked for ever here.
        if self.shared.generation == context::generation() {
            Ok(())
        } else {
            Err(security(
                "the authenticator belongs to the process that this one was forked from; start \
                 one here",
            ))
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.check_process()?;
        let current = lock();
        let running = current.as_ref().filter(|running| Arc::ptr_eq(&running.shared, &self.shared));
        match running {
            Some(running) if !running.thread.is_finished() => Ok(()),
            _ => Err(security("the authenticator is stopped")),
        }
    }

    fn rules(&self) -> Result<MutexGuard<'_, Rules>, Error> {
        self.check()?;
        Ok(locked(&self.shared.rules))
    }
}

impl Drop for Authenticator {
    fn drop(&mut self) {
        if self.shared.generation == context::generation() {
            let mut questions = locked(&self.shared.questions);
            if questions.decider == Decider::Somebody {
                questions.decider = Decider::Nobody;
            }
        }
    }
}

fn taken() -> Error {
    security("an authenticator is running already: one serves all sockets of the process; stop it")
}

fn start(generation: u32) -> Result<(Running, Authenticator), Error> {
    let socket = Socket::new(SocketType::Router)?;
    socket.bind(ENDPOINT).map_err(|error| match error {
        Error::Endpoint { fault: Fault::Refused { errno }, .. } if errno.name() == "EADDRINUSE" => {
            security(
                "a socket is bound to inproc://zeromq.zap.01, where the authenticator has to be",
            )
        }
        error => error,
    })?;
    let control = Socket::attached(SocketType::Dealer, &format!(">{ENDPOINT}"))?;
    let shared = Arc::new(Shared {
        generation,
        control,
        token: Certificate::new()?.secret()?.as_bytes().to_vec(),
        rules: Mutex::default(),
        log: Mutex::default(),
        questions: Mutex::default(),
    });
    let (tell, ended) = mpsc::channel();
    let serving = Arc::clone(&shared);
    let serve = move || {
        Server { socket, shared: serving, asked: HashMap::new() }.run();
        // Nobody listens any more if the time was over.
        let _ = tell.send(());
    };
    let thread = thread::Builder::new().name("zeromq-zap".to_owned()).spawn(serve);
    let thread = thread.map_err(|_| security("the system gives the authenticator no thread"))?;
    let held = Arc::new(());
    let running =
        Running { shared: Arc::clone(&shared), held: Arc::downgrade(&held), ended, thread };
    Ok((running, Authenticator { shared, _held: held }))
}

/// Waits for the thread, which ends because ZeroMQ has ended.
pub(super) fn end() {
    let running = lock().take_if(|running| running.shared.generation == context::generation());
    if let Some(running) = running {
        running.join();
    }
}

impl Running {
    fn stop(self) {
        // When it cannot be told, ZeroMQ has ended, and so does the thread.
        let _ = self.shared.tell(&[]);
        self.join();
    }

    fn join(self) {
        if self.ended.recv_timeout(PATIENCE).is_ok() {
            // A panic has ended it as well.
            let _ = self.thread.join();
        }
    }
}

impl Shared {
    fn tell(&self, frames: &[&[u8]]) -> Result<(), Error> {
        let frames = [&[&*self.token], frames].concat();
        let end = Instant::now() + PATIENCE;
        loop {
            match self.control.send(&frames, &Wait::new(Some(PATIENCE))) {
                // Another thread is telling something.
                Err(Error::Busy) if Instant::now() < end => thread::yield_now(),
                result => return result,
            }
        }
    }

    fn note(&self, request: &Request, accepted: bool, reason: String) {
        let mut log = locked(&self.log);
        if log.len() == LOGGED {
            log.pop_front();
        }
        log.push_back(Decision {
            address: request.address.clone(),
            mechanism: request.credentials.mechanism().to_owned(),
            domain: request.domain.clone(),
            user: request.credentials.user(),
            accepted,
            reason,
        });
    }
}

/// The thread.
struct Server {
    socket: Arc<Socket>,
    shared: Arc<Shared>,
    /// The clients that somebody was asked about.
    asked: HashMap<u64, Asked>,
}

struct Asked {
    envelope: Vec<Vec<u8>>,
    id: Vec<u8>,
    request: Request,
    meta: Vec<(String, String)>,
    until: Instant,
}

impl Server {
    fn run(mut self) {
        loop {
            let wait = Wait::new(self.patience());
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
                // ZeroMQ has ended.
                Err(_) => break,
            }
        }
        let _ = self.socket.close(Some(Some(Duration::ZERO)));
    }

    /// How long to wait at most, if somebody is to decide until then.
    fn patience(&self) -> Option<Duration> {
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
                    // Without a server behind it every client would be let in.
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
                self.refuse(envelope, id, &request, "who decides is gone".to_owned());
            }
            (Decider::Somebody, _) if questions.waiting.len() >= ASKED => {
                drop(questions);
                self.postpone(envelope, id, &request, "too many clients wait for a decision");
            }
            (Decider::Somebody, admission) => {
                questions.last += 1;
                let number = questions.last;
                let (known, meta) = match admission {
                    Ok(admission) => (Ok(()), admission.meta),
                    Err(why) => (Err(why), Vec::new()),
                };
                questions.waiting.push_back(Question { number, request: request.clone(), known });
                drop(questions);
                let until = Instant::now() + DECIDING;
                let asked = Asked { envelope: envelope.to_vec(), id, request, meta, until };
                self.asked.insert(number, asked);
            }
        }
    }

    fn decided(&mut self, number: &[u8], accept: bool) {
        let Ok(number) = number.try_into().map(u64::from_be_bytes) else {
            return;
        };
        // One that came too late was told so.
        let Some(asked) = self.asked.remove(&number) else {
            return;
        };
        if accept {
            let reason = "the script let it in".to_owned();
            self.accept(&asked.envelope, asked.id, &asked.request, &asked.meta, reason);
        } else {
            let reason = "the script refused it".to_owned();
            self.refuse(&asked.envelope, asked.id, &asked.request, reason);
        }
    }

    /// Those that nobody has decided about in time.
    fn give_up(&mut self) {
        let now = Instant::now();
        let late: Vec<(u64, Asked)> =
            self.asked.extract_if(|_, asked| asked.until <= now).collect();
        locked(&self.shared.questions)
            .waiting
            .retain(|question| late.iter().all(|(number, _)| *number != question.number));
        for (_, asked) in late {
            let why = "the script did not decide in time";
            self.postpone(&asked.envelope, asked.id, &asked.request, why);
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
        self.shared.note(request, true, reason);
        let user = request.credentials.user();
        self.reply(envelope, id, &Verdict::Accepted { user: &user, meta });
    }

    fn refuse(&self, envelope: &[Vec<u8>], id: Vec<u8>, request: &Request, why: String) {
        self.reply(envelope, id, &Verdict::Refused(&why));
        self.shared.note(request, false, why);
    }

    fn postpone(&self, envelope: &[Vec<u8>], id: Vec<u8>, request: &Request, why: &str) {
        self.shared.note(request, false, why.to_owned());
        self.reply(envelope, id, &Verdict::Later(why));
    }

    fn reply(&self, envelope: &[Vec<u8>], id: Vec<u8>, verdict: &Verdict) {
        let message = [envelope, &zap::reply(id, verdict)].concat();
        // A client that is gone does not wait for it.
        let _ = self.socket.send(&message, &Wait::new(Some(Duration::ZERO)));
    }
}
