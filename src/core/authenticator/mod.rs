//! The authenticator of the process: a thread that is asked by servers, over
//! `inproc://zeromq.zap.01`, whether a client may come in (RFC 27).
//!
//! It goes on until it is stopped or ZeroMQ ends, also when nobody holds it any
//! more: without it a CURVE server would let everybody in.

mod credentials;
mod rules;
mod server;
pub mod zap;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::context::{self, Part};
use super::curve::Certificate;
use super::curve::key::security;
use super::endpoint::AUTHENTICATOR;
use super::error::{Error, Fault};
use super::socket::Socket;
use super::socket_type::SocketType;
use super::wait::Wait;
use crate::core::locked::locked;
use credentials::{Keys, Passwords};
use rules::{Origin, Rules};
use server::Server;
use zap::Request;

/// How many decisions are remembered.
const LOGGED: usize = 256;

/// How long the thread may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// What the context does for the authenticator.
static PART: Part = Part { before_fork, after_fork, end };

thread_local! {
    /// The lock, while this thread forks.
    static FORKING: Cell<Option<Lock>> = const { Cell::new(None) };
}

fn before_fork() {
    FORKING.set(Some(lock()));
}

fn after_fork() {
    FORKING.set(None);
}

static CURRENT: Mutex<Option<Running>> = Mutex::new(None);

/// The authenticator of the process, as who made it has it.
#[derive(Debug)]
pub struct Authenticator {
    shared: Arc<Shared>,
    _held: Arc<()>,
}

/// An authenticator with its thread.
struct Running {
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
    Somebody(&'static str),
    /// Nobody is left to take them.
    Nobody,
}

/// What locks the authenticator of the process.
type Lock = MutexGuard<'static, Option<Running>>;

fn lock() -> Lock {
    locked(&CURRENT)
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
        context::join(&PART);
        let mut current = lock();
        let generation = context::generation();
        if let Some(running) = current.take_if(|running| running.shared.generation == generation) {
            if running.held.upgrade().is_some() && !running.thread.is_finished() {
                *current = Some(running);
                return Err(already_running());
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
    /// about clients whose address is not refused; `who` it is, is said in the reasons,
    /// and `None` gives the decision back to the rules.
    ///
    /// # Errors
    /// [`Error::Security`] when it is stopped.
    pub fn ask(&self, who: Option<&'static str>) -> Result<(), Error> {
        self.check()?;
        let decider = who.map_or(Decider::Rules, Decider::Somebody);
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
            if matches!(questions.decider, Decider::Somebody(_)) {
                questions.decider = Decider::Nobody;
            }
        }
    }
}

fn already_running() -> Error {
    security("an authenticator is running already: one serves all sockets of the process; stop it")
}

fn start(generation: u32) -> Result<(Running, Authenticator), Error> {
    let socket = Socket::new(SocketType::Router)?;
    socket.bind(AUTHENTICATOR).map_err(|error| match error {
        Error::Endpoint { fault: Fault::Refused { errno }, .. } if errno.name() == "EADDRINUSE" => {
            security(
                "a socket is bound to inproc://zeromq.zap.01, where the authenticator has to be",
            )
        }
        error => error,
    })?;
    let control = Socket::attached(SocketType::Dealer, &format!(">{AUTHENTICATOR}"))?;
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
        Server::new(socket, serving).run();
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
fn end() {
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
        if self.ended.recv_timeout(STOP_TIMEOUT).is_ok() {
            // A panic has ended it as well.
            let _ = self.thread.join();
        }
    }
}

impl Shared {
    fn tell(&self, frames: &[&[u8]]) -> Result<(), Error> {
        let frames = [&[&*self.token], frames].concat();
        let end = Instant::now() + STOP_TIMEOUT;
        loop {
            match self.control.send(&frames, &Wait::new(Some(STOP_TIMEOUT))) {
                // Another thread is telling something.
                Err(Error::Busy) if Instant::now() < end => thread::yield_now(),
                result => return result,
            }
        }
    }

    fn record(&self, request: &Request, accepted: bool, reason: String) {
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
