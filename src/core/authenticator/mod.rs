//! The authenticator of the process: a thread that decides which clients may connect.
//! Servers ask it over `inproc://zeromq.zap.01` (RFC 27).
//!
//! It runs until it is stopped or ZeroMQ is shut down, even if its object was dropped:
//! without it, a CURVE server would accept every client. After a shutdown, such a server
//! cannot be attached until an authenticator is started.

pub(crate) mod credentials;
pub(crate) mod rules;
mod server;
pub(crate) mod zap;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::context::{self, Hooks};
use super::curve::Certificate;
use super::curve::key::security;
use super::endpoint::AUTHENTICATOR;
use super::error::{EndpointProblem, Error};
use super::socket::Socket;
use super::socket_type::SocketType;
use super::wait::Wait;
use crate::core::locked::locked;
use credentials::{Keys, Passwords};
use rules::{Origin, Rules};
use server::Server;
use zap::Request;

/// The maximum number of decisions that are remembered.
const LOGGED: usize = 256;

/// The maximum time for the thread to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The functions that the context calls on behalf of the authenticator.
static HOOKS: Hooks = Hooks { before_fork, after_fork, end };

thread_local! {
    /// The lock that this thread holds while it forks.
    static FORKING: Cell<Option<Lock>> = const { Cell::new(None) };
}

fn before_fork() {
    FORKING.set(Some(lock()));
}

fn after_fork() {
    FORKING.set(None);
}

static CURRENT: Mutex<Option<Running>> = Mutex::new(None);

/// The state that servers ask for before they are attached: [`NONE`], [`LAPSED`], or the
/// generation of the process in which the authenticator runs, plus one. It needs no lock,
/// which a thread that starts the authenticator holds.
static STATE: AtomicU64 = AtomicU64::new(NONE);

/// How often a call that waits looks whether there is a client to decide on.
const LOOK: Duration = Duration::from_millis(5);

/// None was started, or it was stopped.
const NONE: u64 = 0;

/// It was not stopped, but ended when ZeroMQ was shut down.
const LAPSED: u64 = u64::MAX;

/// Returns true if an authenticator that was never stopped does not run here, because
/// ZeroMQ was shut down or the process was forked. A CURVE server without a domain would
/// then accept the clients that the authenticator refused.
pub(super) fn has_lapsed() -> bool {
    let state = STATE.load(Ordering::Relaxed);
    state != NONE && state != running_here()
}

fn running_here() -> u64 {
    u64::from(context::generation()) + 1
}

/// The handle of the authenticator of the process.
#[derive(Debug)]
pub struct Authenticator {
    shared: Arc<Shared>,
    _held: Arc<()>,
}

/// A running authenticator with its thread.
struct Running {
    shared: Arc<Shared>,
    held: Weak<()>,
    ended: mpsc::Receiver<()>,
    thread: JoinHandle<()>,
}

/// The state that the thread shares with the handle.
#[derive(Debug)]
struct Shared {
    generation: u32,
    /// Connected to the socket of the thread, to wake it.
    control: Arc<Socket>,
    /// Proves that a message comes from `control`.
    token: Vec<u8>,
    rules: Mutex<Rules>,
    log: Mutex<VecDeque<Decision>>,
    questions: Mutex<Questions>,
}

/// A decision on a client.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The IP address of the client, or what libzmq reports about an ipc peer.
    pub address: String,
    /// "NULL", "PLAIN" or "CURVE".
    pub mechanism: String,
    /// The domain of the server.
    pub domain: String,
    /// The user name, or the public key as text.
    pub user: String,
    /// True if the client was accepted.
    pub accepted: bool,
    /// The reason.
    pub reason: String,
}

/// A client that the program has to decide on.
#[derive(Clone, Debug)]
pub struct Question {
    number: u64,
    /// The request of the client.
    pub request: Request,
    /// Ok if the password or key is known, otherwise why not.
    pub known: Result<(), String>,
}

#[derive(Debug, Default)]
struct Questions {
    decider: Decider,
    waiting: VecDeque<Question>,
    last: u64,
}

/// The source of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Decider {
    /// The rules.
    #[default]
    Rules,
    /// The program that takes the questions.
    Somebody(&'static str),
    /// Nobody, because the program that took the questions is gone.
    Nobody,
}

/// The lock of the authenticator of the process.
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
    /// Starts the authenticator. At first it accepts clients from every address, but no
    /// password and no CURVE key. It does not check clients that are already connected,
    /// so start it before servers are bound.
    ///
    /// # Errors
    /// [`Error::Security`] if one is already running; one whose handle was dropped is
    /// replaced. [`Error::Zmq`] if there are too many sockets.
    pub fn start() -> Result<Authenticator, Error> {
        context::add_hooks(&HOOKS);
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
        // The threads of a parent process do not exist here, so the handle is
        // meaningless.
        std::mem::forget(current.replace(running));
        STATE.store(running_here(), Ordering::Relaxed);
        Ok(authenticator)
    }

    /// Adds addresses to the list of allowed ones: IP addresses, networks such as
    /// "10.0.0.0/8", or "ipc" for other processes on this machine. As long as the list
    /// is empty, every address is allowed; once it is not, clients from other addresses
    /// are refused. A second call adds to the list. Nothing removes an address from it;
    /// [`deny`](Authenticator::deny) overrides it.
    ///
    /// # Errors
    /// [`Error::Security`] if an item is invalid, in which case none is added, or if
    /// the authenticator is stopped.
    pub fn allow(&self, origins: &[&str]) -> Result<(), Error> {
        let origins = origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
        self.rules()?.allow(origins);
        Ok(())
    }

    /// Adds addresses to the list of denied ones. Clients from these addresses are
    /// refused even if they are allowed as well. A second call adds to the list.
    ///
    /// # Errors
    /// The errors of [`allow`](Authenticator::allow).
    pub fn deny(&self, origins: &[&str]) -> Result<(), Error> {
        let origins = origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
        self.rules()?.deny(origins);
        Ok(())
    }

    /// Accepts PLAIN clients with these user names and passwords. They apply to one
    /// domain or, if `domain` is `None`, to every domain that has no passwords of its
    /// own. They replace the passwords set earlier for the same domain.
    ///
    /// # Errors
    /// [`Error::Security`] if the authenticator is stopped.
    pub fn plain(
        &self,
        domain: Option<&str>,
        passwords: Vec<(String, String)>,
    ) -> Result<(), Error> {
        self.rules()?.plain(domain.map(str::to_owned), Passwords::table(passwords));
        Ok(())
    }

    /// Does the same as [`plain`](Authenticator::plain), with the passwords of a file
    /// of `name=value` lines. The file is read again whenever it changes.
    ///
    /// # Errors
    /// [`Error::Security`] if the file cannot be read or the authenticator is stopped.
    pub fn plain_file(&self, domain: Option<&str>, file: &str) -> Result<(), Error> {
        let passwords = Passwords::file(file)?;
        self.rules()?.plain(domain.map(str::to_owned), passwords);
        Ok(())
    }

    /// Accepts CURVE clients with any key. This applies to one domain or, if `domain`
    /// is `None`, to every domain that has no keys of its own. It replaces the keys set
    /// earlier for the same domain.
    ///
    /// # Errors
    /// [`Error::Security`] if the authenticator is stopped.
    pub fn curve_any(&self, domain: Option<&str>) -> Result<(), Error> {
        self.rules()?.curve(domain.map(str::to_owned), Keys::Any);
        Ok(())
    }

    /// Does the same as [`curve_any`](Authenticator::curve_any), but accepts only the
    /// keys of these certificates.
    ///
    /// # Errors
    /// [`Error::Security`] if the authenticator is stopped.
    pub fn curve(&self, domain: Option<&str>, certificates: &[Certificate]) -> Result<(), Error> {
        self.rules()?.curve(domain.map(str::to_owned), Keys::listed(certificates));
        Ok(())
    }

    /// Does the same as [`curve_any`](Authenticator::curve_any), but accepts only the
    /// keys of the certificates in a directory and its subdirectories. They are read
    /// again whenever a file changes. Files whose names end in `_secret` are ignored.
    ///
    /// # Errors
    /// [`Error::Security`] if the directory cannot be read or the authenticator is
    /// stopped.
    pub fn curve_directory(&self, domain: Option<&str>, directory: &str) -> Result<(), Error> {
        let keys = Keys::directory(directory)?;
        self.rules()?.curve(domain.map(str::to_owned), keys);
        Ok(())
    }

    /// Returns the last decisions, oldest first; at most 256.
    ///
    /// # Errors
    /// [`Error::Security`] in a forked process.
    pub fn log(&self) -> Result<Vec<Decision>, Error> {
        self.check_process()?;
        Ok(locked(&self.shared.log).iter().cloned().collect())
    }

    /// Sets whether the program decides, by taking [questions](Authenticator::question)
    /// about clients whose address is not refused. `who` names the program in the
    /// logged reasons; `None` lets the rules decide again.
    ///
    /// # Errors
    /// [`Error::Security`] if the authenticator is stopped.
    pub fn ask(&self, who: Option<&'static str>) -> Result<(), Error> {
        self.check()?;
        let decider = who.map_or(Decider::Rules, Decider::Somebody);
        locked(&self.shared.questions).decider = decider;
        Ok(())
    }

    /// Returns the next client to decide on, if there is one.
    pub fn question(&self) -> Option<Question> {
        self.check_process().ok()?;
        locked(&self.shared.questions).waiting.pop_front()
    }

    /// Waits for the next client to decide on.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Security`] if the authenticator is stopped,
    /// [`Error::Interrupted`].
    pub fn next_question(&self, wait: &Wait) -> Result<Question, Error> {
        let clock = wait.begin();
        loop {
            self.check()?;
            if let Some(question) = self.question() {
                return Ok(question);
            }
            if wait.is_zero() {
                return Err(Error::Again);
            }
            let slice = u64::try_from(clock.slice()?).map_or(LOOK, Duration::from_millis);
            thread::sleep(slice.min(LOOK));
        }
    }

    /// Accepts or refuses a client.
    pub fn answer(&self, question: &Question, accept: bool) {
        let number = question.number.to_be_bytes();
        let verdict = [u8::from(accept)];
        // If the answer cannot be delivered, the client is refused.
        let _ = self.shared.tell(&[&number, &verdict]);
    }

    /// Returns true if the authenticator is running.
    pub fn is_running(&self) -> bool {
        self.check().is_ok()
    }

    /// Stops the authenticator. From then on no server asks it: CURVE servers without a
    /// domain accept every client. Stopping it twice, or in a process that was forked
    /// from its own, is harmless: it does not run there.
    pub fn stop(&self) {
        if self.check_process().is_err() {
            return;
        }
        let running = lock().take_if(|running| Arc::ptr_eq(&running.shared, &self.shared));
        if let Some(running) = running {
            running.stop();
            STATE.store(NONE, Ordering::Relaxed);
        }
        // Stopping one that a shutdown has ended also lets CURVE servers accept every client.
        let _ = STATE.compare_exchange(LAPSED, NONE, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn check_process(&self) -> Result<(), Error> {
        // A lock that another thread held during the fork is locked forever here.
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
    security(
        "an authenticator is already running: one serves all sockets of the process; stop it \
              first",
    )
}

fn start(generation: u32) -> Result<(Running, Authenticator), Error> {
    let socket = Socket::new(SocketType::Router)?;
    socket.bind(AUTHENTICATOR).map_err(|error| match error {
        Error::Endpoint { problem: EndpointProblem::Refused { errno, .. }, .. }
            if errno.name() == "EADDRINUSE" =>
        {
            security(
                "another socket is bound to inproc://zeromq.zap.01, which the authenticator \
                 needs; close it first",
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
        // After a timeout nobody is listening anymore.
        let _ = tell.send(());
    };
    let thread = thread::Builder::new().name("zeromq-zap".to_owned()).spawn(serve);
    let thread =
        thread.map_err(|_| security("the system cannot start a thread for the authenticator"))?;
    let held = Arc::new(());
    let running =
        Running { shared: Arc::clone(&shared), held: Arc::downgrade(&held), ended, thread };
    Ok((running, Authenticator { shared, _held: held }))
}

/// Waits for the thread, which ends because ZeroMQ was shut down.
fn end() {
    let running = lock().take_if(|running| running.shared.generation == context::generation());
    if let Some(running) = running {
        running.join();
        STATE.store(LAPSED, Ordering::Relaxed);
    }
}

impl Running {
    fn stop(self) {
        // If the thread cannot be reached, ZeroMQ was shut down and the thread ends
        // too.
        let _ = self.shared.tell(&[]);
        self.join();
    }

    fn join(self) {
        if self.ended.recv_timeout(STOP_TIMEOUT).is_ok() {
            // The thread may also have ended with a panic.
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
                // Another thread is using the socket.
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
