//! The bridge to NATS, with real servers: one, and a cluster of three that lose their leader.
//! Without nats-server the cases are skipped, and their names say so; with
//! `ZEROMQ_INTEROP=required` they fail.
#![cfg(unix)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, Info};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, HeaderMap};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use futures_util::StreamExt;
use libtest_mimic::{Arguments, Failed, Trial};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;
use support::{program, root};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wait_timeout::ChildExt;
use zeromq::core::tasks::{Assignment, Failure, Terms, Worker};
use zeromq::core::{Frame, OptionValue, Socket, SocketType, Wait};

const DEADLINE: Duration = Duration::from_secs(60);
const SOON: Wait = Wait::new(Some(DEADLINE));

type Message = Vec<Vec<u8>>;

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !reached() {
        assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: the process is a child of this one that was not waited for.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
}

/// One or three servers, with their files in a folder.
struct Nats {
    folder: TempDir,
    servers: Vec<Server>,
    runtime: Runtime,
}

struct Server {
    name: String,
    port: u16,
    config: PathBuf,
    child: Option<Child>,
}

impl Nats {
    /// Starts servers, whose configuration has these lines.
    fn start(count: usize, more: &str) -> Nats {
        let mut nats = Nats::prepare(count, more);
        (0..count).for_each(|index| nats.revive(index));
        nats
    }

    /// Does not start them.
    fn prepare(count: usize, more: &str) -> Nats {
        let folder = tempfile::tempdir().unwrap();
        let listeners: Vec<TcpListener> =
            (0..2 * count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        let routes: Vec<String> =
            ports[count..].iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let servers = (0..count).map(|index| {
            let name = format!("server{index}");
            let config = folder.path().join(format!("{name}.conf"));
            let mut text = format!(
                "server_name: {name}\nlisten: \"127.0.0.1:{}\"\njetstream {{ store_dir: {:?} }}\n\
                 {more}\n",
                ports[index],
                folder.path().join(&name)
            );
            if count > 1 {
                text += &format!(
                    "cluster {{ name: test, listen: \"127.0.0.1:{}\", routes: {routes:?} }}\n",
                    ports[count + index]
                );
            }
            fs::write(&config, text).unwrap();
            Server { name, port: ports[index], config, child: None }
        });
        let servers = servers.collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Nats { folder, servers, runtime }
    }

    fn revive(&mut self, index: usize) {
        let server = &mut self.servers[index];
        let log = fs::File::create(server.config.with_extension("log")).unwrap();
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(&server.config).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        server.child = Some(child);
    }

    fn kill(&mut self, index: usize) {
        self.end(index, libc::SIGKILL);
    }

    fn end(&mut self, index: usize, number: i32) {
        let mut child = self.servers[index].child.take().unwrap();
        signal(&child, number);
        child.wait().unwrap();
    }

    fn urls(&self) -> String {
        let url = |server: &Server| format!("nats://127.0.0.1:{}", server.port);
        self.servers.iter().map(url).collect::<Vec<_>>().join(",")
    }

    /// Returns a client of JetStream, once it answers. It works within `block` only.
    fn client(&self) -> Context {
        self.client_with(ConnectOptions::new())
    }

    fn client_with(&self, options: ConnectOptions) -> Context {
        let urls: Vec<String> = self.urls().split(',').map(str::to_owned).collect();
        let mut client = None;
        wait_until("JetStream", || {
            let urls: Vec<async_nats::ServerAddr> =
                urls.iter().map(|url| url.parse().unwrap()).collect();
            let options = options.clone().request_timeout(Some(Duration::from_secs(2)));
            client = self.runtime.block_on(async {
                let context = jetstream::new(options.connect(&urls[..]).await.ok()?);
                match context.get_stream("none").await {
                    Err(error) if error.to_string().contains("not found") => Some(context),
                    _ => None,
                }
            });
            client.is_some()
        });
        client.unwrap()
    }

    fn info(&self, client: &Context, stream: &str) -> Option<Info> {
        self.runtime.block_on(async { client.get_stream(stream).await.ok()?.get_info().await.ok() })
    }

    /// Returns how many messages a stream has.
    fn stored(&self, client: &Context, stream: &str) -> u64 {
        self.info(client, stream).map_or(0, |info| info.state.messages)
    }

    fn make(&self, client: &Context, config: Config) {
        wait_until("a new stream", || {
            self.runtime.block_on(client.create_stream(config.clone())).is_ok()
        });
    }

    /// Returns the subject, the headers and the payload of all messages of a stream.
    fn read(&self, client: &Context, stream: &str) -> Vec<(String, HeaderMap, Vec<u8>)> {
        let count = self.stored(client, stream) as usize;
        self.runtime.block_on(async {
            let config = pull::Config { ack_policy: AckPolicy::None, ..Default::default() };
            let stream = client.get_stream(stream).await.unwrap();
            let consumer = stream.create_consumer(config).await.unwrap();
            let messages = consumer.messages().await.unwrap();
            messages
                .take(count)
                .map(|message| {
                    let message = message.unwrap().message;
                    let headers = message.headers.unwrap_or_default();
                    (message.subject.to_string(), headers, message.payload.to_vec())
                })
                .collect()
                .await
        })
    }

    /// Returns the index of the server that leads a stream.
    fn leader(&self, client: &Context, stream: &str) -> usize {
        let mut leader = None;
        wait_until("a leader", || {
            let cluster = self.info(client, stream).and_then(|info| info.cluster);
            let name = cluster.and_then(|cluster| cluster.leader);
            leader = self
                .servers
                .iter()
                .position(|server| Some(&server.name) == name.as_ref() && server.child.is_some());
            leader.is_some()
        });
        leader.unwrap()
    }

    fn endpoint(&self, name: &str) -> String {
        format!("ipc://{}/{name}", self.folder.path().display())
    }

    fn connect(&self, socket_type: SocketType, name: &str) -> Arc<Socket> {
        Socket::attached(socket_type, &format!(">{}", self.endpoint(name))).unwrap()
    }

    fn bind(&self, socket_type: SocketType, name: &str) -> Arc<Socket> {
        Socket::attached(socket_type, &format!("@{}", self.endpoint(name))).unwrap()
    }

    /// Starts a bridge, whose line has spaces between its arguments.
    fn bridge(&self, line: &str) -> Bridge {
        Bridge::start(&format!("bridge {line} --nats {}", self.urls()), self.folder.path())
    }

    fn worker(&self, name: &str) -> Worker {
        let worker = Worker::new(&Terms::default()).unwrap();
        worker.connect(&self.endpoint(name)).unwrap();
        worker
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for child in self.servers.iter_mut().filter_map(|server| server.child.as_mut()) {
            // It may have been stopped.
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            for server in &self.servers {
                let log = fs::read_to_string(server.config.with_extension("log"));
                let log = log.unwrap_or_default();
                let is_news = |line: &&str| !line.contains("[INF]");
                let lines: Vec<&str> = log.lines().filter(is_news).collect();
                eprintln!("{}:\n{}", server.name, lines.join("\n"));
            }
        }
    }
}

/// A running command. It is killed when it is dropped.
struct Bridge {
    child: Child,
    lines: Receiver<String>,
    /// All that it has told so far.
    told: Arc<Mutex<String>>,
}

impl Bridge {
    fn start(line: &str, folder: &Path) -> Bridge {
        let mut command = program();
        command.args(line.split(' ')).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let told = Arc::new(Mutex::new(String::new()));
        let copy = told.clone();
        let stderr = child.stderr.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                *copy.lock().unwrap() += &format!("{line}\n");
                // If the test is over, nobody is listening anymore.
                let _ = sender.send(line);
            }
        });
        Bridge { child, lines, told }
    }

    fn told(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    /// Waits for a line with a text, and returns it.
    fn await_line(&self, text: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => panic!("it did not tell {text:?} but:\n{}", self.told()),
            }
        }
    }

    fn signal(&self, number: i32) {
        signal(&self.child, number);
    }

    /// Waits for the end, and returns the exit code and what it has told.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait_timeout(DEADLINE).unwrap();
        let Some(status) = status else {
            panic!("it did not end; it told:\n{}", self.told());
        };
        // The rest of the lines.
        for _ in self.lines.iter() {}
        (status.code(), self.told())
    }

    /// Ends it with SIGTERM, and returns what it has told.
    fn stop(self) -> String {
        self.signal(libc::SIGTERM);
        let (code, told) = self.end();
        assert_eq!(code, Some(0), "{told}");
        told
    }

    /// Returns the value of each metric.
    fn metrics(&self) -> HashMap<String, u64> {
        let mut address = String::new();
        wait_until("metrics", || {
            let told = self.told();
            let line = told.lines().find_map(|line| line.split_once("metrics at http://"));
            address = line.map_or("", |line| line.1).split('/').next().unwrap().to_owned();
            !address.is_empty()
        });
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.ends_with("# EOF\n"), "{text}");
        let samples = text.lines().filter(|line| line.starts_with("zeromq_bridge_"));
        samples
            .map(|line| {
                let (name, value) = line.split_once(' ').unwrap();
                (name["zeromq_bridge_".len()..].to_owned(), value.parse().unwrap())
            })
            .collect()
    }

    fn await_metric(&self, name: &str, least: u64) {
        wait_until(&format!("{name} >= {least}"), || self.metrics()[name] >= least);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the bridge told:\n{}", self.told());
        }
    }
}

fn numbered(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Message> {
    numbers.map(|number| vec![format!("topic.{}", number % 7).into(), number.to_string().into()])
}

fn send(socket: &Socket, messages: impl IntoIterator<Item = Message>) {
    messages.into_iter().for_each(|message| socket.send(&message, &SOON).unwrap());
}

fn receive(socket: &Socket, count: usize) -> Vec<Message> {
    let message = || socket.receive_all(&SOON).unwrap().iter().map(|f| f.to_vec()).collect();
    (0..count).map(|_| message()).collect()
}

/// Returns how often a stream has each body.
fn bodies(messages: &[(String, HeaderMap, Vec<u8>)]) -> BTreeMap<u32, u32> {
    let mut counts = BTreeMap::new();
    for (_, _, body) in messages {
        *counts.entry(String::from_utf8_lossy(body).parse().unwrap()).or_default() += 1;
    }
    counts
}

fn once(numbers: std::ops::Range<u32>) -> BTreeMap<u32, u32> {
    numbers.map(|number| (number, 1)).collect()
}

/// Returns the number before a word in the last line.
fn count_of(told: &str, word: &str) -> u64 {
    let last = told.lines().rfind(|line| line.contains(word)).expect(told);
    let before = last[..last.find(word).unwrap()].trim_end();
    before.rsplit(' ').next().unwrap().parse().expect(told)
}

fn messages_come_back_byte_for_byte() {
    let nats = Nats::start(1, "");
    let all_bytes: Vec<u8> = (0..=255).collect();
    let messages: Vec<Message> = vec![
        vec![b"topic".to_vec(), b"body".to_vec()],
        vec![b"one frame".to_vec()],
        vec![vec![]],
        vec![vec![], vec![]],
        vec![b"a.b..c".to_vec(), vec![], b"x y".to_vec(), vec![], b"body".to_vec()],
        vec![b"$JS.API.STREAM.DELETE.TICKS".to_vec(), b"{}".to_vec()],
        vec![b"_INBOX.x".to_vec(), b"x".to_vec()],
        vec![b"*".to_vec(), b">".to_vec()],
        vec![b"a\r\nPUB b 1\r\nx".to_vec(), b"\r\nNATS/1.0\r\n\r\n".to_vec()],
        vec![vec![0xFF, 0], all_bytes.clone(), all_bytes.clone()],
        vec![all_bytes, vec![7; 500_000]],
        (0..100_u16).map(|number| number.to_be_bytes().to_vec()).collect(),
    ];
    let bridge = nats.bridge(&format!(
        "out --stream ALL --create --subject all.{{topic}} --pull @{} --count {}",
        nats.endpoint("in"),
        messages.len()
    ));
    send(&nats.connect(SocketType::Push, "in"), messages.clone());
    let (code, told) = bridge.end();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("made the stream ALL") && told.contains("stores all.> in"), "{told}");
    let client = nats.client();
    let stored = nats.read(&client, "ALL");
    let subjects: Vec<&str> = stored.iter().map(|(subject, ..)| &**subject).collect();
    assert_eq!(
        &subjects[..9],
        [
            "all.topic",
            "all.%",
            "all.%",
            "all.%",
            "all.a.b.%.c",
            "all.%24JS.API.STREAM.DELETE.TICKS",
            "all._INBOX.x",
            "all.%2A",
            "all.a%0D%0APUB%20b%201%0D%0Ax",
        ]
    );
    assert!(stored[4].1.get("Zeromq-Topic").unwrap().as_str() == "a.b..c");
    assert_eq!((&*stored[0].2, stored[0].1.len()), (&b"body"[..], 4));
    let pull = nats.bind(SocketType::Pull, "out");
    let out = nats.endpoint("out");
    let replay = nats.bridge(&format!("replay --stream ALL >{out} --socket push"));
    assert_eq!(receive(&pull, messages.len()), messages);
    let (code, told) = replay.end();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("sent 12 messages, the last one is number 12"), "{told}");
}

fn subscribers_choose_topics_and_subjects() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    let subjects = vec!["ANGEL.>".to_owned(), "DHAN.NSE.>".to_owned()];
    nats.make(&client, Config { name: "TICKS".into(), subjects, ..Default::default() });
    let publisher = nats.bind(SocketType::Pub, "bus");
    let bridge = nats.bridge(&format!(
        "out --stream TICKS --separator _ {} ANGEL_ DHAN_ --count 4 --log json",
        nats.endpoint("bus")
    ));
    publisher.wait_for_subscribers(2, None, &SOON).unwrap();
    for topic in ["ANGEL_NSE_SBIN_LTP", "ZERODHA_X", "DHAN_BSE_TCS_LTP", "DHAN_NSE_TCS_LTP"] {
        publisher.send(&[topic, "1"], &SOON).unwrap();
    }
    publisher.send(&["ANGEL_", "header", "2"], &SOON).unwrap();
    let (code, told) = bridge.end();
    assert_eq!(code, Some(0), "{told}");
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let last = lines.last().unwrap();
    assert_eq!(
        [&last["received"], &last["acknowledged"], &last["rejected"], &last["dropped"]],
        [4, 3, 1, 0]
    );
    let warning = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    assert!(
        warning["message"].as_str().unwrap().contains("not store the subject DHAN.BSE.TCS.LTP"),
        "{warning}"
    );
    let stored = nats.read(&client, "TICKS");
    let subjects: Vec<&str> = stored.iter().map(|(subject, ..)| &**subject).collect();
    assert_eq!(subjects, ["ANGEL.NSE.SBIN.LTP", "DHAN.NSE.TCS.LTP", "ANGEL.%"]);
    let header = stored[2].1.get("Zeromq-Frame").unwrap();
    assert_eq!((header.as_str(), &*stored[2].2), ("header", &b"2"[..]));
}

fn a_replay_has_ranges_and_follows() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    let subjects = vec!["t.>".to_owned()];
    nats.make(&client, Config { name: "T".into(), subjects, ..Default::default() });
    // Published by programs of NATS.
    let publish = |numbers: std::ops::Range<u32>| {
        nats.runtime.block_on(async {
            for number in numbers {
                let subject = format!("t.{}", if number % 2 == 0 { "even" } else { "odd" });
                client.publish(subject, number.to_string().into()).await.unwrap().await.unwrap();
            }
        });
    };
    publish(1..21);
    let replay = |line: &str, name: &str| {
        let pull = nats.bind(SocketType::Pull, name);
        let line = format!("replay --stream T --socket push >{} {line}", nats.endpoint(name));
        (nats.bridge(line.trim_end()), pull)
    };
    let texts = |messages: Vec<Message>| -> Vec<String> {
        messages.into_iter().map(|m| String::from_utf8(m.join(&b'|')).unwrap()).collect()
    };
    let (bridge, pull) = replay("--from 5 --to 7 --separator _", "range");
    assert_eq!(texts(receive(&pull, 3)), ["t_odd|5", "t_even|6", "t_odd|7"]);
    assert_eq!(bridge.end().0, Some(0));
    let (bridge, pull) = replay("t.even --to -0s --paced", "filter");
    assert_eq!(texts(receive(&pull, 10))[9], "t.even|20");
    assert_eq!(bridge.end().0, Some(0));
    let (bridge, pull) = replay("--count 3", "count");
    assert_eq!(receive(&pull, 3).len(), 3);
    assert_eq!(bridge.end().0, Some(0));
    let (bridge, _pull) = replay("--from 20 --count 3", "few");
    let (code, told) = bridge.end();
    assert!(code == Some(1) && told.contains("only 1 messages in this range"), "{told}");
    let (bridge, _pull) = replay("t.none", "none");
    let (code, told) = bridge.end();
    assert!(code == Some(0) && told.contains("sent nothing"), "{told}");
    let (bridge, pull) = replay("--from 19 --follow --metrics 0", "follow");
    assert_eq!(texts(receive(&pull, 2)), ["t.odd|19", "t.even|20"]);
    publish(21..23);
    assert_eq!(texts(receive(&pull, 2)), ["t.odd|21", "t.even|22"]);
    bridge.await_metric("sent_messages_total", 4);
    assert_eq!(bridge.metrics()["last_sequence"], 22);
    assert!(bridge.stop().contains("sent 4 messages, the last one is number 22"));
    let (bridge, _pull) = replay("--from 1970-01-01", "wrong");
    assert_eq!(bridge.end().0, Some(2));
}

fn a_full_window_drops_or_waits() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    for (when_full, drops) in [("drop", true), ("wait", false)] {
        let bridge = nats.bridge(&format!(
            "out --stream S{when_full} --create --subject {when_full} --pull @{} --metrics 0 \
             --window 10 --when-full {when_full} --option rcvhwm=5",
            nats.endpoint(when_full)
        ));
        let push = nats.connect(SocketType::Push, when_full);
        send(&push, numbered(0..5));
        bridge.await_metric("acknowledged_messages_total", 5);
        let server = nats.servers[0].child.as_ref().unwrap();
        signal(server, libc::SIGSTOP);
        let sent = if drops {
            send(&push, numbered(5..300));
            bridge.await_metric("received_messages_total", 300);
            300
        } else {
            // Until the queues of both sides are full.
            let mut sent = 5;
            let brief = Wait::new(Some(Duration::from_millis(500)));
            let next = |number| numbered(number..number + 1).next().unwrap();
            while push.send(&next(sent), &brief).is_ok() {
                sent += 1;
                assert!(sent < 100_000);
            }
            sent
        };
        let metrics = bridge.metrics();
        assert_eq!(metrics["in_flight_messages"], 10, "{metrics:?}");
        assert!(metrics["in_flight_bytes"] >= 10);
        assert_eq!(metrics["dropped_messages_total"], if drops { 285 } else { 0 });
        signal(server, libc::SIGCONT);
        let stored = if drops { 15 } else { sent };
        bridge.await_metric("acknowledged_messages_total", stored.into());
        let told = bridge.stop();
        assert_eq!(count_of(&told, "dropped"), u64::from(sent - stored), "{told}");
        assert_eq!(told.contains("warning: messages are dropped"), drops, "{told}");
        let read = nats.read(&client, &format!("S{when_full}"));
        assert_eq!(bodies(&read), once(0..stored));
    }
}

fn a_server_that_comes_late_and_goes_away() {
    let mut nats = Nats::prepare(1, "");
    let bridge = nats.bridge(&format!(
        "out --stream S --create --subject s.{{topic}} --pull @{} --metrics 0 --window 10000",
        nats.endpoint("in")
    ));
    bridge.await_line("waiting for NATS at");
    nats.revive(0);
    bridge.await_line("bound to");
    let push = nats.connect(SocketType::Push, "in");
    send(&push, numbered(0..100));
    bridge.await_metric("acknowledged_messages_total", 100);
    nats.kill(0);
    bridge.await_line("the connection to NATS is lost");
    assert_eq!(bridge.metrics()["connected"], 0);
    // More than the client of NATS keeps for a connection.
    send(&push, numbered(100..6000));
    bridge.await_metric("received_messages_total", 6000);
    nats.revive(0);
    bridge.await_metric("acknowledged_messages_total", 6000);
    let told = bridge.stop();
    assert!(told.contains("connected to NATS again"), "{told}");
    assert_eq!(count_of(&told, "reconnects"), 1, "{told}");
    assert_eq!(count_of(&told, "dropped"), 0, "{told}");
    let client = nats.client();
    assert_eq!(bodies(&nats.read(&client, "S")), once(0..6000));
    nats.kill(0);
    // What cannot be stored is told at the end.
    let line = "out --stream S --pull @tcp://127.0.0.1:* --timeout 100";
    let (code, told) = nats.bridge(line).end();
    assert!(code == Some(124) && told.contains("no NATS at"), "{told}");
}

fn what_is_lost_at_the_end_is_told() {
    let mut nats = Nats::start(1, "");
    let bridge = nats.bridge(&format!(
        "out --stream S --create --subject s --pull @{} --metrics 0 --grace 300ms",
        nats.endpoint("in")
    ));
    bridge.await_line("metrics at");
    nats.kill(0);
    bridge.await_line("is lost");
    send(&nats.connect(SocketType::Push, "in"), numbered(0..20));
    bridge.await_metric("received_messages_total", 20);
    bridge.signal(libc::SIGTERM);
    let (code, told) = bridge.end();
    assert!(
        code == Some(1) && told.contains("20 messages that were received are not in"),
        "{told}"
    );
    assert_eq!(count_of(&told, "not acknowledged"), 20, "{told}");
}

fn a_signal_stores_what_was_received_first() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    let bridge = nats.bridge(&format!(
        "out --stream S --create --subject s --pull @{} --window 20",
        nats.endpoint("in")
    ));
    bridge.await_line("bound to");
    let push = nats.connect(SocketType::Push, "in");
    send(&push, numbered(0..500));
    bridge.signal(libc::SIGTERM);
    let (code, told) = bridge.end();
    assert_eq!(code, Some(0), "{told}");
    let count = count_of(&told, "messages in") as u32;
    assert!(count > 0 && count_of(&told, "not acknowledged") == 0, "{told}");
    assert_eq!(bodies(&nats.read(&client, "S")), once(0..count));
}

fn logins_are_checked() {
    let nats = Nats::start(1, "authorization { user: ada, password: secret }");
    let write = |name: &str, text: &str| fs::write(nats.folder.path().join(name), text).unwrap();
    write("right", "ada=secret\n");
    write("wrong", "ada=guess\n");
    write("odd", "ada\n");
    nats.client_with(ConnectOptions::with_user_and_password("ada".into(), "secret".into()));
    let out = format!("out --stream S --create --subject s --pull @{}", nats.endpoint("in"));
    for (login, problem) in [
        ("", "authorization violation"),
        (" --nats-login wrong", "authorization violation"),
        (" --nats-login odd", "one line name=password"),
        (" --nats-login missing", "cannot be read"),
        (" --nats-token right", "authorization violation"),
        (" --nats-creds odd", "cannot be used"),
    ] {
        let (code, told) = nats.bridge(&format!("{out}{login}")).end();
        assert!(code == Some(1) && told.contains(problem), "{login}: {code:?} {told}");
        assert!(!told.contains("secret") && !told.contains("guess"), "{told}");
    }
    let bridge = nats.bridge(&format!("{out} --nats-login right"));
    bridge.await_line("bound to");
    bridge.stop();
    for (wrong, code) in [
        ("out --stream S tcp://127.0.0.1:1 --nats-login right --nats-token right", 2),
        ("out --stream S --pull tcp://127.0.0.1:1 prefix", 2),
        ("out --stream S tcp://127.0.0.1:1 --subject a..b", 2),
        ("out --stream S tcp://127.0.0.1:1 --create", 2),
        ("out --stream S tcp://127.0.0.1:1 --replicas 3", 2),
        ("out --stream S tcp://127.0.0.1:1 --window 0", 2),
        ("out --stream S tcp://127.0.0.1:99999 --nats-login right", 2),
        ("out --stream NONE tcp://127.0.0.1:1 --nats-login right", 1),
        ("in --stream NONE --group g tcp://127.0.0.1:* --nats-login right", 1),
        ("in --stream S --group a.b tcp://127.0.0.1:* --nats-login right", 2),
        ("in --stream S --group g tcp://127.0.0.1:* --heartbeat 1ms", 2),
        ("replay --stream NONE tcp://127.0.0.1:* --nats-login right", 1),
    ] {
        let (status, told) = nats.bridge(wrong).end();
        assert_eq!(status, Some(code), "{wrong}: {told}");
    }
}

/// A key of NATS: 32 bytes of an Ed25519 key, and the letter that it begins with.
struct Key {
    seed: [u8; 32],
    kind: u8,
}

impl Key {
    /// Makes a key of an operator (O), an account (A) or a user (U).
    fn new(letter: u8) -> Key {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).unwrap();
        // The first five bits are the letter, A is 0.
        Key { seed, kind: (letter - b'A') << 3 }
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.seed).unwrap()
    }

    fn public(&self) -> String {
        Key::text(&[&[self.kind], self.pair().public_key().as_ref()].concat())
    }

    fn secret(&self) -> String {
        // The letter S is 18.
        let head = [(18 << 3) | (self.kind >> 5), self.kind << 3];
        Key::text(&[&head[..], &self.seed].concat())
    }

    /// Appends the checksum CRC-16/XMODEM.
    fn text(bytes: &[u8]) -> String {
        let checksum = bytes.iter().fold(0_u16, |sum, byte| {
            (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
                if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
            })
        });
        BASE32_NOPAD.encode(&[bytes, &checksum.to_le_bytes()].concat())
    }

    /// Returns a token about another key, which this one has signed.
    fn token(&self, about: &Key, claims: serde_json::Value) -> String {
        let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
        let body = json!({
            "jti": "test", "iat": 1_700_000_000, "iss": self.public(), "name": "test",
            "sub": about.public(), "nats": claims,
        });
        let text = format!("{}.{}", part(head), part(body));
        let signature = self.pair().sign(text.as_bytes());
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn credentials_are_accepted() {
    let [operator, account, system, user] = [b'O', b'A', b'A', b'U'].map(Key::new);
    let limits = |storage: i64| {
        json!({
            "type": "account", "version": 2,
            "limits": {
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
                "wildcards": true, "conn": -1, "leaf": -1, "mem_storage": storage,
                "disk_storage": storage, "streams": storage, "consumer": storage,
            },
        })
    };
    let claims = json!({
        "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1,
    });
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\n\
         resolver_preload: {{ {}: {}, {}: {} }}",
        operator.token(&operator, json!({ "type": "operator", "version": 2 })),
        system.public(),
        account.public(),
        operator.token(&account, limits(-1)),
        system.public(),
        operator.token(&system, limits(0)),
    );
    let nats = Nats::start(1, &config);
    let write = |name: &str, signer: &Key| {
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            signer.token(&user, claims.clone()),
            user.secret()
        );
        fs::write(nats.folder.path().join(name), text).unwrap();
    };
    write("right", &account);
    write("forged", &Key::new(b'A'));
    let out = format!("out --stream S --create --subject s --pull @{}", nats.endpoint("in"));
    let bridge = nats.bridge(&format!("{out} --nats-creds right --count 3"));
    send(&nats.connect(SocketType::Push, "in"), numbered(0..3));
    let (code, told) = bridge.end();
    assert_eq!((code, count_of(&told, "dropped")), (Some(0), 0), "{told}");
    for creds in ["", " --nats-creds forged"] {
        let (code, told) = nats.bridge(&format!("{out}{creds}")).end();
        assert!(code == Some(1) && told.contains("authorization violation"), "{creds}: {told}");
    }
}

fn streams_refuse_what_does_not_fit() {
    let nats = Nats::start(1, "max_payload: 10000");
    let client = nats.client();
    let config = Config {
        name: "S".into(),
        subjects: vec!["s.>".into()],
        max_message_size: 5000,
        ..Default::default()
    };
    nats.make(&client, config);
    let (code, told) = nats
        .bridge("out --stream S --create --replicas 3 --subject x.{topic} tcp://127.0.0.1:1 --timeout 500")
        .end();
    // The stream is there already, and the socket has no publisher.
    assert!(code == Some(124) && told.contains("stores s.>"), "{told}");
    let (code, told) = nats
        .bridge("out --stream R --create --replicas 3 --subject r.{topic} tcp://127.0.0.1:1")
        .end();
    assert!(code == Some(1) && told.contains("the stream R: "), "{told}");
    let bridge = nats.bridge(&format!(
        "out --stream S --subject s.{{topic}} --pull @{} --count 6",
        nats.endpoint("in")
    ));
    let push = nats.connect(SocketType::Push, "in");
    let sizes = [1, 6000, 20_000, 1].map(|size| vec![b"topic".to_vec(), vec![b'1'; size]]);
    send(&push, sizes);
    send(&push, [vec![vec![b'x'; 3000], b"1".to_vec()], vec![b"last".to_vec(), b"1".to_vec()]]);
    let (code, told) = bridge.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(count_of(&told, "rejected"), 3, "{told}");
    assert_eq!(nats.stored(&client, "S"), 3);
}

fn several_bridges_store_a_bus_once() {
    let nats = Nats::start(1, "");
    let publisher = nats.bind(SocketType::Pub, "bus");
    let line = format!(
        "out --stream S --create --subject s.{{topic}} --identify content {} --metrics 0 --count 200",
        nats.endpoint("bus")
    );
    let bridges = [nats.bridge(&line), nats.bridge(&line)];
    publisher.wait_for_subscribers(1, None, &SOON).unwrap();
    wait_until("two peers", || publisher.statistics().unwrap().peers == Some(2));
    for bridge in &bridges {
        bridge.await_line("metrics at");
    }
    // The subscription of the second one may still be on its way.
    let mut probe = 1_000_000;
    let both_receive =
        |number| bridges.iter().all(|b| b.metrics()["received_messages_total"] >= number);
    while !both_receive(1) {
        send(&publisher, numbered(probe..probe + 1));
        probe += 1;
        thread::sleep(Duration::from_millis(20));
    }
    send(&publisher, numbered(0..200));
    let mut duplicates = 0;
    for bridge in bridges {
        let (code, told) = bridge.end();
        assert_eq!(code, Some(0), "{told}");
        duplicates += count_of(&told, "of them twice");
    }
    let client = nats.client();
    let stored = bodies(&nats.read(&client, "S"));
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    assert_eq!(duplicates + stored.len() as u64, 400);
}

fn a_cluster_loses_its_leader_and_nothing_else() {
    let mut nats = Nats::start(3, "");
    let client = nats.client();
    let bridge = nats.bridge(&format!(
        "out --stream S --create --replicas 3 --subject s.{{topic}} --pull @{} --metrics 0 \
         --window 500",
        nats.endpoint("in")
    ));
    bridge.await_line("metrics at");
    let push = nats.connect(SocketType::Push, "in");
    let mut begin = 0;
    for _ in 0..2 {
        send(&push, numbered(begin..begin + 500));
        let acknowledged = u64::from(begin) + 250;
        bridge.await_metric("acknowledged_messages_total", acknowledged);
        let leader = nats.leader(&client, "S");
        nats.kill(leader);
        send(&push, numbered(begin + 500..begin + 1000));
        begin += 1000;
        bridge.await_metric("acknowledged_messages_total", begin.into());
        nats.revive(leader);
        wait_until("all replicas", || {
            let cluster = nats.info(&client, "S").and_then(|info| info.cluster);
            cluster.is_some_and(|cluster| {
                cluster.leader.is_some()
                    && cluster.replicas.len() == 2
                    && cluster.replicas.iter().all(|replica| replica.current && !replica.offline)
            })
        });
    }
    let told = bridge.stop();
    assert!(count_of(&told, "published again") > 0, "{told}");
    assert_eq!(bodies(&nats.read(&client, "S")), once(0..2000));
}

fn body(task: &Assignment) -> (String, u64) {
    let task: serde_json::Value = rmp_serde::from_slice(&task.payload).unwrap();
    let body = task["frames"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    assert!(task["time"].as_f64().unwrap() > 1.7e9 && task["subject"].is_string());
    (body, task["delivery"].as_u64().unwrap())
}

fn done(worker: &Worker, task: &Assignment) {
    worker.reply(task, Ok(Frame::from(&b"\xC3"[..]))).unwrap();
}

/// Makes a stream with a message for each body.
fn work(nats: &Nats, client: &Context, bodies: &[&str]) {
    let subjects = vec!["work.>".to_owned()];
    nats.make(client, Config { name: "WORK".into(), subjects, ..Default::default() });
    nats.runtime.block_on(async {
        for body in bodies {
            let body = (*body).to_owned().into();
            client.publish("work.x", body).await.unwrap().await.unwrap();
        }
    });
}

fn workers_confirm_each_message() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["one", "bad", "two"]);
    let line = format!(
        "in --stream WORK --group g {} --metrics 0 --attempts 2 --retry-delay 50ms --time-limit 500ms",
        nats.endpoint("queue")
    );
    let bridge = nats.bridge(&line);
    bridge.await_line("metrics at");
    let worker = nats.worker("queue");
    let mut seen = Vec::new();
    for _ in 0..4 {
        let task = worker.receive(&SOON).unwrap();
        let (body, delivery) = body(&task);
        match &*body {
            "bad" => {
                let failure = Failure { tag: "Bad".into(), text: "no\x1b[2J\nyes".into() };
                worker.reply(&task, Err(failure)).unwrap();
            }
            _ => done(&worker, &task),
        }
        seen.push((body, delivery));
    }
    seen.sort();
    let expected = [("bad", 1), ("bad", 2), ("one", 1), ("two", 1)];
    assert_eq!(seen, expected.map(|(body, delivery)| (body.to_owned(), delivery)));
    bridge.await_metric("given_up_messages_total", 1);
    bridge.await_metric("acknowledged_messages_total", 2);
    let metrics = bridge.metrics();
    assert_eq!((metrics["redelivered_messages_total"], metrics["workers"]), (1, 1));
    // One that takes too long.
    nats.runtime.block_on(async {
        client.publish("work.slow", "slow".into()).await.unwrap().await.unwrap();
    });
    assert_eq!(body(&worker.receive(&SOON).unwrap()), ("slow".to_owned(), 1));
    bridge.await_metric("returned_messages_total", 2);
    let told = bridge.stop();
    assert!(told.contains(r"Bad: $'no\x1b[2J\nyes'") && told.contains("given up: Bad"), "{told}");
    worker.close().unwrap();
    // Another one of the group goes on with what is left.
    let bridge = nats.bridge(&format!("{line} --count 1"));
    let worker = nats.worker("queue");
    let task = worker.receive(&SOON).unwrap();
    let (text, delivery) = body(&task);
    assert!(text == "slow" && delivery >= 2, "{text} {delivery}");
    done(&worker, &task);
    let (code, told) = bridge.end();
    assert_eq!((code, count_of(&told, "acknowledged")), (Some(0), 1), "{told}");
    let (code, told) = nats.bridge(&format!("{line} work.other")).end();
    assert!(code == Some(1) && told.contains("has other subjects"), "{told}");
}

fn a_group_that_is_removed_ends_its_bridge() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["one"]);
    let bridge =
        nats.bridge(&format!("in --stream WORK --group g {} --metrics 0", nats.endpoint("queue")));
    bridge.await_line("metrics at");
    let worker = nats.worker("queue");
    done(&worker, &worker.receive(&SOON).unwrap());
    bridge.await_metric("acknowledged_messages_total", 1);
    nats.runtime.block_on(async {
        client.get_stream("WORK").await.unwrap().delete_consumer("g").await.unwrap();
    });
    let (code, told) = bridge.end();
    assert!(code == Some(1) && told.contains("the group g was removed"), "{told}");
}

fn another_worker_gets_the_message_of_a_dead_one() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["hang"]);
    let bridge =
        nats.bridge(&format!("in --stream WORK --group g {} --metrics 0", nats.endpoint("queue")));
    bridge.await_line("metrics at");
    let mut command = program();
    command.arg("run").arg(root("tests/bridge/worker.morpho")).arg(nats.endpoint("queue"));
    let mut script = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "hang work.x 1");
    script.kill().unwrap();
    script.wait().unwrap();
    bridge.await_metric("lost_workers_total", 1);
    let worker = nats.worker("queue");
    let task = worker.receive(&SOON).unwrap();
    assert_eq!(body(&task), ("hang".to_owned(), 2));
    done(&worker, &task);
    bridge.await_metric("acknowledged_messages_total", 1);
    let told = bridge.stop();
    assert_eq!(count_of(&told, "of them again"), 1, "{told}");
    assert_eq!(count_of(&told, "workers lost"), 1, "{told}");
}

fn another_bridge_gets_the_messages_of_a_killed_one() {
    let mut nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["one"]);
    let line = |name: &str| {
        format!(
            "in --stream WORK --group g {} --ack-wait 1s --metrics 0 --grace 300ms",
            nats.endpoint(name)
        )
    };
    let bridge = nats.bridge(&line("first"));
    bridge.await_line("metrics at");
    let worker = nats.worker("first");
    let task = worker.receive(&SOON).unwrap();
    // The bridge asks for time as long as the worker works.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(bridge.metrics()["delivered_messages_total"], 1);
    bridge.signal(libc::SIGKILL);
    bridge.end();
    drop((task, worker));
    let bridge = nats.bridge(&line("second"));
    let worker = nats.worker("second");
    let task = worker.receive(&SOON).unwrap();
    assert_eq!(body(&task), ("one".to_owned(), 2));
    // The third one does not have to wait, because the second one gives it back.
    bridge.signal(libc::SIGTERM);
    let (code, told) = bridge.end();
    assert_eq!((code, count_of(&told, "returned")), (Some(0), 1), "{told}");
    drop((task, worker));
    let bridge = nats.bridge(&line("third"));
    bridge.await_line("metrics at");
    let worker = nats.worker("third");
    let task = worker.receive(&SOON).unwrap();
    assert_eq!(body(&task), ("one".to_owned(), 3));
    // Its answer comes through although the server is away. A killed server would forget what
    // it has delivered last.
    nats.end(0, libc::SIGTERM);
    bridge.await_line("is lost");
    done(&worker, &task);
    nats.revive(0);
    bridge.await_metric("acknowledged_messages_total", 1);
    bridge.stop();
    let client = nats.client();
    nats.runtime.block_on(async {
        let stream = client.get_stream("WORK").await.unwrap();
        let info = stream.consumer_info("g").await.unwrap();
        assert_eq!((info.num_ack_pending, info.num_pending), (0, 0));
        stream.delete_consumer("g").await.unwrap();
    });
}

/// Publishes messages as they are: their subject, their headers, and their body. A server stores
/// more than its clients accept.
fn publish_raw(nats: &Nats, messages: &[(&[u8], &[u8], &str)]) {
    let mut stream = TcpStream::connect(("127.0.0.1", nats.servers[0].port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // Without users, a server ignores the login.
    let login = r#"CONNECT {"verbose":false,"headers":true,"user":"all","pass":"x"}"#;
    let mut bytes = format!("{login}\r\n").into_bytes();
    for (subject, headers, body) in messages {
        let (begin, sizes) = match headers.len() {
            0 => ("PUB", String::new()),
            size => ("HPUB", format!("{size} ")),
        };
        bytes.extend_from_slice(begin.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(subject);
        let size = headers.len() + body.len();
        bytes.extend_from_slice(format!(" {sizes}{size}\r\n").as_bytes());
        bytes.extend_from_slice(headers);
        bytes.extend_from_slice(format!("{body}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"PING\r\n");
    stream.write_all(&bytes).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    // It may say that a subject is wrong, and store it.
    assert!(lines.any(|line| line == "PONG"), "the server has closed the connection");
}

fn what_clients_cannot_read_is_left_out() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["first"]);
    let hostile: [(&[u8], &[u8]); 11] = [
        (b"work.x", b"NATS/1.0\r\nno colon\r\n\r\n"),
        (b"work.x", b"NATS/1.0\r\na: \xFF\r\n\r\n"),
        // The client ends itself at this one.
        (b"work.x", b"NATS/1.0\r\na: b\rc\r\n\r\n"),
        (b"work.x", b"NATS/1.0\r\na:\r\n\rc\r\n\r\n"),
        (b"work.x", b"NATS/2.0\r\n\r\n"),
        (b"work.x", b"NATS/1.0 never\r\n\r\n"),
        (b"work.\xFF", b""),
        (b"work.\xFF", b"NATS/1.0\r\n\r\n"),
        (b"work.*.\xFF", b""),
        (b"work.>.\xFF", b""),
        ("work.\u{a0}x".as_bytes(), b"NATS/1.0\r\n\r\n"),
    ];
    // These look like words of a server.
    let statuses = ["100 Idle Heartbeat", "404 No Messages", "408", "409 Consumer Deleted", "503"];
    let statuses = statuses.map(|status| format!("NATS/1.0 {status}\r\n\r\n"));
    let mut messages = Vec::new();
    let mut expected = vec!["first".to_owned()];
    let bodies: Vec<String> = (0..20).map(|number| format!("good{number}")).collect();
    for (index, body) in bodies.iter().enumerate() {
        if let Some((subject, headers)) = hostile.get(index) {
            messages.push((*subject, *headers, "bad"));
        }
        let headers = statuses.get(index).map_or(&b""[..], |status| status.as_bytes());
        let subject = if index == 6 { "work.\u{fffd}" } else { "work.x" };
        messages.push((subject.as_bytes(), headers, body));
        expected.push(body.clone());
    }
    publish_raw(&nats, &messages);
    let all = 1 + messages.len() as u64;
    wait_until("all are stored", || nats.stored(&client, "WORK") == all);

    let bridge = nats.bridge(&format!(
        "in --stream WORK --group g {} --metrics 0 --ack-wait 1s",
        nats.endpoint("queue")
    ));
    bridge.await_line("metrics at");
    let worker = nats.worker("queue");
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < expected.len() {
        let task = worker.receive(&SOON).unwrap();
        seen.insert(body(&task).0);
        done(&worker, &task);
    }
    assert_eq!(seen, expected.iter().cloned().collect());
    bridge.await_metric("unreadable_messages_total", hostile.len() as u64);
    wait_until("all are done", || {
        nats.runtime.block_on(async {
            let stream = client.get_stream("WORK").await.unwrap();
            let info = stream.consumer_info("g").await.unwrap();
            (info.num_ack_pending, info.num_pending) == (0, 0)
        })
    });
    let told = bridge.stop();
    assert_eq!(count_of(&told, "unreadable"), hostile.len() as u64, "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert!(told.contains("message 2 of work.x is given up"), "{told}");

    let (code, told) = {
        let subscriber = nats.bind(SocketType::Sub, "sub");
        subscriber.subscribe(b"").unwrap();
        let bridge = nats.bridge(&format!("replay --stream WORK >{}", nats.endpoint("sub")));
        let received = receive(&subscriber, expected.len());
        let bodies: Vec<&[u8]> = received.iter().map(|message| &*message[1]).collect();
        assert_eq!(bodies, expected.iter().map(String::as_bytes).collect::<Vec<_>>());
        bridge.end()
    };
    assert_eq!((code, count_of(&told, "unreadable")), (Some(0), 11), "{told}");
    assert!(told.contains("its subject is not UTF-8"), "{told}");
}

fn permissions_may_come_later() {
    let denied = ", permissions: { publish: { deny: [\"$JS.API.STREAM.MSG.GET.>\"] } }";
    let users = format!(
        "authorization {{ users: [\n{{ user: bridge, password: x{denied} }}\n\
         {{ user: all, password: x }}\n] }}"
    );
    let nats = Nats::start(1, &users);
    let login = nats.folder.path().join("login");
    fs::write(&login, "bridge=x\n").unwrap();
    let client =
        nats.client_with(ConnectOptions::new().user_and_password("all".into(), "x".into()));
    work(&nats, &client, &["first"]);
    let bridge = nats.bridge(&format!(
        "in --stream WORK --group g {} --metrics 0 --ack-wait 1s --nats-login {}",
        nats.endpoint("queue"),
        login.display()
    ));
    bridge.await_line("metrics at");
    let worker = nats.worker("queue");
    let task = worker.receive(&SOON).unwrap();
    assert_eq!(body(&task).0, "first");
    done(&worker, &task);
    bridge.await_metric("acknowledged_messages_total", 1);
    publish_raw(
        &nats,
        &[(b"work.x", b"NATS/1.0\r\nno colon\r\n\r\n", "bad"), (b"work.x", b"", "good")],
    );
    bridge.await_line("$JS.API.STREAM.MSG.GET.WORK does not answer");
    let server = &nats.servers[0];
    let config = fs::read_to_string(&server.config).unwrap();
    fs::write(&server.config, config.replace(denied, "")).unwrap();
    signal(server.child.as_ref().unwrap(), libc::SIGHUP);
    bridge.await_metric("unreadable_messages_total", 1);
    let task = worker.receive(&SOON).unwrap();
    assert_eq!(body(&task).0, "good");
    done(&worker, &task);
    bridge.await_metric("acknowledged_messages_total", 2);
    bridge.stop();
}

fn a_replay_ends_without_its_stream() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["first"]);
    // More than are read ahead.
    publish_raw(&nats, &[(&b"work.x"[..], &b""[..], "next"); 9000]);
    let puller = Socket::new(SocketType::Pull).unwrap();
    puller.set_option("rcvhwm", &OptionValue::Int(1)).unwrap();
    puller.bind(&nats.endpoint("pull")).unwrap();
    let to = format!(">{}", nats.endpoint("pull"));
    let bridge = nats
        .bridge(&format!("replay --stream WORK --socket push --option sndhwm=1 --metrics 0 {to}"));
    bridge.await_metric("sent_messages_total", 1);
    // What was to come is removed.
    nats.runtime.block_on(async {
        client.get_stream("WORK").await.unwrap().purge().await.unwrap();
    });
    let drained = thread::spawn(move || while puller.receive_all(&SOON).unwrap().len() == 2 {});
    let (code, told) = bridge.end();
    assert_eq!(code, Some(0), "{told}");
    let (code, told) =
        nats.bridge(&format!("replay --stream WORK --socket push {to} other.x")).end();
    send(&nats.connect(SocketType::Push, "pull"), [vec![b"the end".to_vec()]]);
    drained.join().unwrap();
    assert!(code == Some(1) && told.contains("has no subjects like other.x"), "{told}");
    let subscriber = nats.bind(SocketType::Sub, "sub");
    subscriber.subscribe(b"").unwrap();
    let replay = |more: &str| {
        let bridge = nats.bridge(&format!("replay --stream WORK {more} >{}", nats.endpoint("sub")));
        assert_eq!(receive(&subscriber, 1)[0][1], b"first");
        bridge
    };
    for again in [false, true] {
        nats.runtime.block_on(client.delete_stream("WORK")).unwrap();
        work(&nats, &client, &["first"]);
        let bridge = replay("--follow");
        nats.runtime.block_on(client.delete_stream("WORK")).unwrap();
        if again {
            work(&nats, &client, &["other"]);
            let (code, told) = bridge.end();
            assert!(code == Some(1) && told.contains("removed and made again"), "{told}");
        } else {
            let (code, told) = bridge.end();
            assert!(code == Some(1) && told.contains("the stream WORK was removed"), "{told}");
            work(&nats, &client, &["first"]);
        }
    }
}

fn a_group_that_is_made_again_ends_its_bridge() {
    let nats = Nats::start(1, "");
    let client = nats.client();
    work(&nats, &client, &["one", "two"]);
    let bridge =
        nats.bridge(&format!("in --stream WORK --group g --window 2 {}", nats.endpoint("queue")));
    let worker = nats.worker("queue");
    let task = worker.receive(&SOON).unwrap();
    // With messages in its window the bridge asks for none, so the stream cannot tell it.
    nats.runtime.block_on(client.delete_stream("WORK")).unwrap();
    work(&nats, &client, &["other"]);
    nats.runtime.block_on(async {
        let config = pull::Config { durable_name: Some("g".into()), ..Default::default() };
        client.get_stream("WORK").await.unwrap().create_consumer(config).await.unwrap();
    });
    let (code, told) = bridge.end();
    assert!(code == Some(1) && told.contains("the group g was removed and made again"), "{told}");
    drop(task);
}

fn what_may_not_be_published_is_rejected() {
    let nats = Nats::start(
        1,
        "authorization { users: [\n\
         { user: bridge, password: x, permissions: { publish: { deny: [\"s.bad.>\"] } } }\n\
         { user: all, password: x }\n] }",
    );
    let login = nats.folder.path().join("login");
    fs::write(&login, "bridge=x\n").unwrap();
    let (code, told) = nats.bridge("out --stream S inproc://x --nats nats://a:secret@h:1").end();
    assert!(code == Some(2) && !told.contains("secret"), "{told}");
    let bridge = nats.bridge(&format!(
        "out --stream S --create --subjects s.>,t --pull @{} --subject s.{{topic}} --window 20 \
         --metrics 0 --nats-login {}",
        nats.endpoint("in"),
        login.display()
    ));
    bridge.await_line("bound to");
    let push = nats.connect(SocketType::Push, "in");
    let message = |topic: &str| vec![topic.as_bytes().to_vec(), b"x".to_vec()];
    send(&push, (0..40).map(|_| message("bad.a")));
    send(&push, (0..40).map(|_| message("good.a")));
    bridge.await_metric("acknowledged_messages_total", 40);
    bridge.await_metric("rejected_messages_total", 40);
    // A subject that the stream does not have anymore.
    let client =
        nats.client_with(ConnectOptions::new().user_and_password("all".into(), "x".into()));
    nats.runtime.block_on(async {
        let mut config = client.get_stream("S").await.unwrap().cached_info().config.clone();
        config.subjects = vec!["s.good.>".to_owned()];
        client.update_stream(config).await.unwrap();
    });
    send(&push, [message("other"), message("good.a")]);
    bridge.await_metric("rejected_messages_total", 41);
    bridge.await_metric("acknowledged_messages_total", 41);
    let told = bridge.stop();
    assert!(told.contains("this user may not publish it"), "{told}");
}

fn messages_of_too_many_frames_are_rejected() {
    let nats = Nats::start(1, "");
    let bridge = nats.bridge(&format!(
        "out --stream S --create --subject s --pull @{} --count 5",
        nats.endpoint("in")
    ));
    bridge.await_line("bound to");
    let push = nats.connect(SocketType::Push, "in");
    let many: Message = vec![vec![]; 100_000];
    send(&push, [many.clone(), vec![b"one".to_vec()], many.clone(), many, vec![b"two".to_vec()]]);
    let (code, told) = bridge.end();
    assert_eq!((code, count_of(&told, "rejected")), (Some(0), 3), "{told}");
    assert!(told.contains("a message of 100000 frames and 0 bytes is larger than"), "{told}");
    assert_eq!(nats.stored(&nats.client(), "S"), 2);
}

fn tls_is_spoken() {
    let made = tempfile::tempdir().unwrap();
    let path = |name: &str| made.path().join(name);
    let mut command = Command::new("openssl");
    command.args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(' '));
    command.args([
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=CA:FALSE",
    ]);
    command.arg("-keyout").arg(path("key.pem")).arg("-out").arg(path("cert.pem"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let nats = Nats::start(
        1,
        &format!("tls {{ cert_file: {:?}, key_file: {:?} }}", path("cert.pem"), path("key.pem")),
    );
    let out = format!("out --stream S --create --subject s --pull @{}", nats.endpoint("in"));
    let trusted = format!("{out} --nats-ca {} --nats-tls", path("cert.pem").display());
    let bridge = nats.bridge(&trusted);
    bridge.await_line("bound to");
    bridge.stop();
    let (code, told) = nats.bridge(&format!("{out} --timeout 2000")).end();
    assert!(matches!(code, Some(1 | 124)) && told.contains("ertificate"), "{told}");
}

fn each_direction_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let man = program().args(["man", "--out"]).arg(folder.path()).output().unwrap();
    assert!(man.status.success());
    let completions = program().args(["completions", "bash"]).output().unwrap().stdout;
    let completions = String::from_utf8(completions).unwrap();
    for direction in ["out", "in", "replay"] {
        let page = folder.path().join(format!("zeromq-bridge-{direction}.1"));
        let page = fs::read_to_string(page).unwrap();
        let help = program().args(["bridge", direction, "--help"]).output().unwrap().stdout;
        for text in [page, String::from_utf8(help).unwrap()] {
            let example = format!("zeromq bridge {direction} ");
            assert!(text.contains("Examples:") && text.contains(&example), "{text}");
        }
        let completed = format!("zeromq__subcmd__bridge__subcmd__{direction}");
        assert!(completions.contains(&completed), "{direction}");
    }
}

/// A case, and what it needs besides nats-server.
type Case = (&'static str, fn(), Option<&'static str>);

const CASES: &[Case] = &[
    ("messages come back byte for byte", messages_come_back_byte_for_byte, None),
    ("subscribers choose topics and subjects", subscribers_choose_topics_and_subjects, None),
    ("a replay has ranges and follows", a_replay_has_ranges_and_follows, None),
    ("a full window drops or waits", a_full_window_drops_or_waits, None),
    ("a server that comes late and goes away", a_server_that_comes_late_and_goes_away, None),
    ("what is lost at the end is told", what_is_lost_at_the_end_is_told, None),
    ("a signal stores what was received first", a_signal_stores_what_was_received_first, None),
    ("logins are checked", logins_are_checked, None),
    ("credentials are accepted", credentials_are_accepted, None),
    ("streams refuse what does not fit", streams_refuse_what_does_not_fit, None),
    ("several bridges store a bus once", several_bridges_store_a_bus_once, None),
    (
        "a cluster loses its leader and nothing else",
        a_cluster_loses_its_leader_and_nothing_else,
        None,
    ),
    ("workers confirm each message", workers_confirm_each_message, None),
    ("a group that is removed ends its bridge", a_group_that_is_removed_ends_its_bridge, None),
    (
        "another worker gets the message of a dead one",
        another_worker_gets_the_message_of_a_dead_one,
        None,
    ),
    (
        "another bridge gets the messages of a killed one",
        another_bridge_gets_the_messages_of_a_killed_one,
        None,
    ),
    ("what clients cannot read is left out", what_clients_cannot_read_is_left_out, None),
    ("permissions may come later", permissions_may_come_later, None),
    ("a replay ends without its stream", a_replay_ends_without_its_stream, None),
    (
        "a group that is made again ends its bridge",
        a_group_that_is_made_again_ends_its_bridge,
        None,
    ),
    ("what may not be published is rejected", what_may_not_be_published_is_rejected, None),
    ("messages of too many frames are rejected", messages_of_too_many_frames_are_rejected, None),
    ("tls is spoken", tls_is_spoken, Some("openssl")),
    ("each direction is documented", each_direction_is_documented, None),
];

fn is_installed(name: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|p| p.join(name).exists()))
}

fn main() {
    let trials = CASES.iter().map(|&(name, run, other)| {
        let missing = ["nats-server"].into_iter().chain(other).find(|name| !is_installed(name));
        match missing {
            None => Trial::test(name, move || {
                run();
                Ok(())
            }),
            Some(missing) => {
                let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
                let why = format!("{missing} is not installed: apt-get install {missing}");
                let trial = Trial::test(format!("{name} [skipped: {why}]"), || {
                    Err(Failed::from("it is required"))
                });
                trial.with_ignored_flag(!required)
            }
        }
    });
    let mut arguments = Arguments::from_args();
    // Servers and leaders need processor time to be elected.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
