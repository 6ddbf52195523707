//! `--metrics`: metrics of a command over HTTP, for Prometheus.
//!
//! The clients cannot hold up the command: each has a thread of its own, there are few of
//! them, and each has little time and little memory. Servers that are made for more do not
//! limit that: a slow client or many of them would keep threads of theirs forever.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::metrics::CONTENT_TYPE;

use super::arguments::LimitArguments;
use super::failure::{Failure, Outcome};

/// How many clients are answered at once. Others are not.
const CLIENTS: usize = 8;

/// How long a client may take for its request and for reading the answer.
const TIME: Duration = Duration::from_secs(5);

/// The largest request in bytes.
const REQUEST: usize = 8192;

/// The pause after a connection could not be accepted, for want of descriptors for example.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub struct MetricsArguments {
    /// Serves metrics for Prometheus at http://ADDRESS/metrics, such as 127.0.0.1:9464. A port
    /// alone is one of this machine. `zeromq help openmetrics` lists them.
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<String>,
}

/// Returns the text of the metrics.
type Collect = dyn Fn() -> String + Send + Sync;

impl MetricsArguments {
    /// Returns true if metrics are asked for.
    pub fn is_on(&self) -> bool {
        self.metrics.is_some()
    }

    /// Serves metrics until the end of the program, if they are asked for.
    ///
    /// # Errors
    /// [`Failure::Error`] if the address is not free, or is none.
    pub fn serve(&self, limits: &LimitArguments, collect: Arc<Collect>) -> Outcome {
        let Some(address) = &self.metrics else {
            return Ok(());
        };
        let listen = || {
            let listener = match address.parse::<u16>() {
                Ok(port) => TcpListener::bind(("127.0.0.1", port)),
                Err(_) => TcpListener::bind(address),
            }?;
            let bound = listener.local_addr()?;
            thread::Builder::new().spawn(move || serve(&listener, &collect))?;
            Ok(bound)
        };
        let bound = listen().map_err(|error: io::Error| {
            Failure::Error(format!(
                "--metrics {address}: {error}; expected a free address such as 127.0.0.1:9464"
            ))
        })?;
        if !limits.quiet {
            tracing::info!(address = %bound, "metrics at http://{bound}/metrics");
        }
        Ok(())
    }
}

fn serve(listener: &TcpListener, collect: &Arc<Collect>) {
    let clients = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            thread::sleep(PAUSE);
            continue;
        };
        if clients.load(Relaxed) >= CLIENTS {
            continue;
        }
        let client = Client::new(&clients);
        let collect = collect.clone();
        // Without a thread, the client is closed.
        let _ = thread::Builder::new().spawn(move || {
            // Nobody wants to hear of a client that went away.
            let _ = answer(stream, &*collect);
            drop(client);
        });
    }
}

/// A client that counts as long as it is there.
struct Client(Arc<AtomicUsize>);

impl Client {
    fn new(clients: &Arc<AtomicUsize>) -> Client {
        clients.fetch_add(1, Relaxed);
        Client(clients.clone())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Answers one request.
fn answer(mut stream: TcpStream, collect: &Collect) -> io::Result<()> {
    let end = Instant::now() + TIME;
    let (status, body, is_sent) = match read(&mut stream, end)? {
        Request::Metrics { body } => ("200 OK", collect(), body),
        Request::Other(status) => (status, String::new(), true),
    };
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    if is_sent {
        text += &body;
    }
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        stream.set_write_timeout(Some(left(end)?))?;
        let written = stream.write(rest)?;
        rest = &rest[written..];
    }
    stream.shutdown(std::net::Shutdown::Write)
}

enum Request {
    Metrics { body: bool },
    Other(&'static str),
}

/// Reads a request.
fn read(stream: &mut TcpStream, end: Instant) -> io::Result<Request> {
    let mut bytes = [0; REQUEST];
    let mut size = 0;
    loop {
        if size == REQUEST {
            return Ok(Request::Other("431 Request Header Fields Too Large"));
        }
        stream.set_read_timeout(Some(left(end)?))?;
        match stream.read(&mut bytes[size..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => size += read,
        }
        if let Some(request) = parse(&bytes[..size]) {
            return Ok(request);
        }
    }
}

/// Parses a request. Returns `None` if its end has not come yet.
fn parse(bytes: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => return None,
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Some(Request::Other("431 Request Header Fields Too Large"));
        }
        Err(_) => return Some(Request::Other("400 Bad Request")),
    }
    let path = request.path.unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Some(match (request.method, path) {
        (Some("GET"), "/metrics") => Request::Metrics { body: true },
        (Some("HEAD"), "/metrics") => Request::Metrics { body: false },
        (Some("GET" | "HEAD"), _) => Request::Other("404 Not Found"),
        _ => Request::Other("405 Method Not Allowed"),
    })
}

/// Returns the time that is left, which is not zero.
fn left(end: Instant) -> io::Result<Duration> {
    match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    const DEADLINE: Duration = Duration::from_secs(60);

    fn start() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let collect: Arc<Collect> = Arc::new(|| "# EOF\n".to_owned());
        thread::spawn(move || serve(&listener, &collect));
        address
    }

    fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Returns what a client reads until the end.
    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = connect(address);
        stream.write_all(request).unwrap();
        let mut text = Vec::new();
        // A request that was not read to its end resets the connection.
        let _ = stream.read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn prometheus_gets_what_it_asks_for() {
        let address = start();
        let text = ask(address, b"GET /metrics?x=y HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0";
        assert!(text.starts_with(head) && text.ends_with("\r\n\r\n# EOF\n"), "{text}");
        let text = ask(address, b"HEAD /metrics HTTP/1.1\r\n\r\n");
        assert!(text.contains("\r\nContent-Length: 6\r\n"), "{text}");
        for (request, status) in [
            (&b"HEAD /metrics HTTP/1.1\r\n\r\n"[..], "200"),
            (b"GET / HTTP/1.1\r\n\r\n", "404"),
            (b"POST /metrics HTTP/1.1\r\n\r\n", "405"),
            (b"\x16\x03\x01\r\n\r\n", "400"),
        ] {
            let text = ask(address, request);
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
            assert!(text.ends_with("\r\n\r\n"), "{text}");
        }
        assert!(parse(&b"A: b\r\n".repeat(100)).is_some());
        let long = [&b"GET /"[..], &b"x".repeat(REQUEST)].concat();
        assert!(ask(address, &long).is_empty() || ask(address, &long).contains(" 431 "));
    }

    #[test]
    fn clients_that_say_nothing_do_not_hold_up_others_for_long() {
        let address = start();
        let silent: Vec<TcpStream> = (0..3 * CLIENTS).map(|_| connect(address)).collect();
        let end = Instant::now() + DEADLINE;
        while !ask(address, b"GET /metrics HTTP/1.1\r\n\r\n").contains("# EOF") {
            assert!(Instant::now() < end);
            thread::sleep(PAUSE);
        }
        drop(silent);
    }
}
