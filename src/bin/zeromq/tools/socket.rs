//! From arguments to a socket that is bound or connected, and its end.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use zeromq::core::options::{self, Kind, Row};
use zeromq::core::{
    Action, Authenticator, Certificate, Error, OptionValue, PublicKey, Role, Socket, SocketType,
    Wait, context,
};

use super::arguments::{LimitArguments, text_of};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::format::{Format, frame_of};

/// The ZAP domain of servers. It makes them refuse everyone without the authenticator.
const DOMAIN: &str = "zeromq";

/// How long what was read is still sent after a signal, unless the option linger is set; also
/// the default linger of the library.
const LINGER: Duration = Duration::from_secs(1);

/// Where to and how a socket is attached.
#[derive(clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct SocketArguments {
    /// Binds to ENDPOINTS, a list separated by commas.
    #[arg(short, long, value_name = "ENDPOINTS")]
    pub bind: Vec<String>,
    /// Connects to ENDPOINTS, a list separated by commas.
    #[arg(short, long, value_name = "ENDPOINTS")]
    pub connect: Vec<String>,
    #[command(flatten)]
    pub setup: SetupArguments,
}

/// How a socket is set up, wherever it is attached.
#[derive(clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct SetupArguments {
    /// Sets an option of the socket, such as sndhwm=100000. `zeromq help options` lists them.
    #[arg(short, long = "option", value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    /// The certificate of this side for CURVE, a file that `zeromq keygen` has written. A
    /// client without one uses a new key each time.
    #[arg(long, value_name = "FILE")]
    pub curve_certificate: Option<String>,
    /// Encrypts with CURVE and connects only to the server with this public key: its 40
    /// characters, or a file with its public certificate.
    #[arg(long, value_name = "KEY", conflicts_with = "curve_accept")]
    pub curve_serverkey: Option<String>,
    /// Is a CURVE server and accepts the clients whose public certificates are in this folder;
    /// `any` accepts every client.
    #[arg(long, value_name = "DIR", requires = "curve_certificate")]
    pub curve_accept: Option<String>,
    /// Logs in with PLAIN, which does not encrypt: a file with one line `name=password`.
    #[arg(long, value_name = "FILE", conflicts_with_all = CURVE)]
    pub plain_login: Option<String>,
    /// Is a PLAIN server and accepts who knows a password in this file of lines
    /// `name=password`.
    #[arg(long, value_name = "FILE", conflicts_with_all = CURVE, conflicts_with = "plain_login")]
    pub plain_accept: Option<String>,
}

const CURVE: [&str; 3] = ["curve_certificate", "curve_serverkey", "curve_accept"];

/// An open socket of a command.
pub struct Connection {
    pub socket: Arc<Socket>,
    /// The user chose how long to wait for messages to be sent.
    has_linger: bool,
}

impl SocketArguments {
    /// Returns the endpoints, which are the first of the other arguments unless `--bind` or
    /// `--connect` is given, and the remaining arguments.
    ///
    /// # Errors
    /// [`Failure::Usage`] if there are none.
    pub fn endpoints<'a>(
        &self,
        others: &'a [OsString],
    ) -> Outcome<(Option<&'a str>, &'a [OsString])> {
        if !self.bind.is_empty() || !self.connect.is_empty() {
            return Ok((None, others));
        }
        match others {
            [] => Err(Failure::usage(
                "no endpoint was given; name one, such as tcp://localhost:5555 (@ before it binds, \
                 > connects)",
            )),
            [first, others @ ..] => Ok((Some(text_of(first)?), others)),
        }
    }

    /// Opens a socket and attaches it. `prepare` is called before that.
    ///
    /// # Errors
    /// [`Failure::Usage`] for arguments that are wrong whatever happens, and
    /// [`Failure::Error`] for endpoints that cannot be used now.
    pub fn open(
        &self,
        socket_type: SocketType,
        endpoints: Option<&str>,
        limits: &LimitArguments,
        prepare: impl FnOnce(&Socket) -> Outcome,
    ) -> Outcome<Connection> {
        let socket = Socket::new(socket_type)?;
        let has_linger = self.setup.apply(&socket, limits)?;
        prepare(&socket)?;
        if let Some(endpoints) = endpoints {
            socket.attach(endpoints).map_err(at_endpoint)?;
        }
        for endpoints in &self.bind {
            socket.bind(endpoints).map_err(at_endpoint)?;
        }
        for endpoints in &self.connect {
            socket.connect(endpoints).map_err(at_endpoint)?;
        }
        for (action, endpoint) in socket.endpoints()? {
            // The system may have chosen the port.
            if action == Action::Bind {
                limits.bound(&endpoint);
            }
        }
        Ok(Connection { socket, has_linger })
    }
}

impl SetupArguments {
    /// Sets up a socket that is not attached yet. Returns true if its linger was set.
    ///
    /// # Errors
    /// [`Failure::Usage`] for options that are wrong, [`Failure::Error`] for certificates that
    /// cannot be used.
    pub fn apply(&self, socket: &Socket, limits: &LimitArguments) -> Outcome<bool> {
        let has_linger = set_options(socket, "--option", &self.options)?;
        self.secure(socket, limits)?;
        Ok(has_linger)
    }

    /// Sets up the security of a socket.
    ///
    /// # Errors
    /// Those of [`apply`](SetupArguments::apply).
    pub fn secure(&self, socket: &Socket, limits: &LimitArguments) -> Outcome {
        let own = self.curve_certificate.as_deref().map(|name| load(name, limits)).transpose()?;
        match (own, &self.curve_serverkey, &self.curve_accept) {
            (own, Some(key), _) => {
                let own = own.map_or_else(Certificate::new, Ok)?;
                socket.secure(&Role::CurveClient(&own, server_key(key)?), None)?;
            }
            (Some(own), None, Some(accept)) => {
                let authenticator = authenticator()?;
                match accept.as_str() {
                    "any" => authenticator.curve_any(None)?,
                    folder => authenticator.curve_directory(None, folder)?,
                }
                socket.secure(&Role::CurveServer(&own), Some(DOMAIN))?;
            }
            (Some(_), None, None) => {
                return Err(Failure::usage(
                    "--curve-certificate needs --curve-serverkey KEY to connect to a server, or \
                     --curve-accept DIR to be one",
                ));
            }
            (None, None, _) => {}
        }
        if let Some(file) = &self.plain_accept {
            authenticator()?.plain_file(None, file)?;
            socket.secure(&Role::PlainServer, Some(DOMAIN))?;
        }
        if let Some(file) = &self.plain_login {
            let text = crate::files::read_text(file)
                .map_err(|error| Failure::Error(format!("{file} cannot be read: {error}")))?;
            let Some((username, password)) = text.trim_end_matches(['\r', '\n']).split_once('=')
            else {
                return Err(Failure::Error(format!("{file}: expected one line name=password")));
            };
            socket.secure(&Role::PlainClient { username, password }, None)?;
        }
        Ok(())
    }
}

/// Returns the authenticator of this process, which all sockets of a command share and which
/// runs until the end.
fn authenticator() -> Outcome<&'static Authenticator> {
    use std::sync::OnceLock;
    static AUTHENTICATOR: OnceLock<Authenticator> = OnceLock::new();
    if let Some(running) = AUTHENTICATOR.get() {
        return Ok(running);
    }
    let started = Authenticator::start()?;
    Ok(AUTHENTICATOR.get_or_init(|| started))
}

/// Loads a certificate and warns if others can read its secret key.
fn load(name: &str, limits: &LimitArguments) -> Outcome<Certificate> {
    let certificate = Certificate::load(name)?;
    if let Some(warning) = certificate.exposure(name) {
        limits.warn(&warning);
    }
    Ok(certificate)
}

/// Returns the key that an argument names, or that of a certificate file.
fn server_key(key: &str) -> Outcome<PublicKey> {
    match PublicKey::new(key.as_bytes()) {
        Ok(key) => Ok(key),
        Err(_) if std::path::Path::new(key).exists() => Ok(Certificate::load(key)?.public()),
        Err(error) => {
            Err(Failure::usage(format!("--curve-serverkey: {error}, and no file has this name")))
        }
    }
}

/// Syntax errors are those of the command line.
pub fn at_endpoint(error: Error) -> Failure {
    match error {
        Error::Endpoint { .. } if error.errno().is_none() => Failure::usage(error.to_string()),
        error => error.into(),
    }
}

/// Sets the options of an argument with this name, each NAME=VALUE. Returns true if linger is
/// one of them.
///
/// # Errors
/// [`Failure::Usage`] for those that are wrong.
pub fn set_options(socket: &Socket, argument: &str, options: &[String]) -> Outcome<bool> {
    let mut has_linger = false;
    for option in options {
        let usage = |problem: String| Failure::usage(format!("{argument} {problem}"));
        let (row, value) = parse_option(option).map_err(usage)?;
        match socket.set_option(row.name, &value) {
            Ok(_) => {}
            Err(error @ Error::Option { .. }) => return Err(usage(error.to_string())),
            Err(error) => return Err(error.into()),
        }
        has_linger |= row.name == "linger";
    }
    Ok(has_linger)
}

/// Parses NAME=VALUE.
fn parse_option(option: &str) -> Result<(&'static Row, OptionValue), String> {
    let Some((name, value)) = option.split_once('=') else {
        return Err(format!("{option}: expected NAME=VALUE, such as sndhwm=100000"));
    };
    let row = options::find(name.trim()).map_err(|error| error.to_string())?;
    let refuse = || row.refuse(&format!("\"{value}\"")).to_string();
    let value = match row.kind {
        Kind::Bool => match value {
            "1" | "true" | "on" | "yes" => OptionValue::Bool(true),
            "0" | "false" | "off" | "no" => OptionValue::Bool(false),
            _ => return Err(refuse()),
        },
        Kind::Int | Kind::Int64 | Kind::Uint64 => {
            OptionValue::Int(value.parse().map_err(|_| refuse())?)
        }
        Kind::Bytes | Kind::Text | Kind::Key => {
            let bytes = frame_of(Format::Text, value.as_bytes());
            OptionValue::Bytes(bytes.map_err(|problem| format!("{name}: {problem}"))?)
        }
    };
    Ok((row, value))
}

impl Connection {
    /// Closes a socket that has sent, once everything was passed to the network. That has no
    /// end unless the option linger, the timeout or a signal sets one.
    ///
    /// # Errors
    /// [`Failure::Timeout`], or [`Failure::Error`] if messages may not have been sent.
    pub fn finish(self, ending: &Ending, timeout: Option<Duration>) -> Outcome {
        let linger = match (self.has_linger, ending.is_asked()) {
            (true, _) => None,
            (false, true) => Some(Some(LINGER)),
            (false, false) => Some(None),
        };
        let wait = Wait::new(timeout);
        let wait = if ending.is_asked() { wait } else { wait.until(Some(ending)) };
        let sent = match self.socket.close_and_wait(linger, &wait) {
            Ok(Some(sent)) => sent,
            Ok(None) => true,
            Err(Error::Interrupted) => context::shutdown_within(Some(&Wait::new(Some(LINGER)))),
            Err(error) => return Err(error.into()),
        };
        if sent {
            return Ok(());
        }
        let text = "some messages may not have been sent: no peer has accepted them in time";
        if timeout.is_some() && !ending.is_asked() {
            Err(Failure::Timeout(text.to_owned()))
        } else {
            Err(Failure::Error(text.to_owned()))
        }
    }

    /// Returns a timeout, with what is known about its cause.
    pub fn timed_out(&self, text: &str) -> Failure {
        match self.socket.diagnose() {
            Ok(diagnosis) => Failure::Timeout(format!("{text}; {diagnosis}")),
            Err(_) => Failure::Timeout(text.to_owned()),
        }
    }

    /// Returns how long messages are still sent after a signal.
    pub fn linger(&self) -> Option<Duration> {
        match self.socket.option("linger") {
            Ok(OptionValue::Int(ms)) => u64::try_from(ms).ok().map(Duration::from_millis),
            _ => Some(LINGER),
        }
    }
}
