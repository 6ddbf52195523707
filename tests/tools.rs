//! The tools of the program: what they send, receive and print, and how they end.

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Finished, Running, feed, launch, program, root};
use wait_timeout::ChildExt;

const DEADLINE: Duration = Duration::from_secs(60);

/// Returns a command of the program: "sub ENDPOINT --count 1" with spaces between its
/// arguments.
fn tool(line: &str) -> Command {
    let mut command = program();
    command.args(line.split(' '));
    command
}

/// Returns an endpoint in a folder.
fn endpoint(folder: &Path, name: &str) -> String {
    format!("ipc://{}/{name}", folder.display())
}

fn end(running: Running) -> Finished {
    running.finish(DEADLINE)
}

/// Runs a command to its end, without input.
fn run(line: &str) -> Finished {
    end(launch(&mut tool(line)))
}

/// A command whose lines are read while it runs. It is killed when it is dropped.
struct Live {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Live {
    fn start(command: &mut Command) -> Live {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Live { child, stdin, stdout, stderr }
    }

    /// Returns the next line of its output.
    fn line(&self) -> String {
        self.stdout.recv_timeout(DEADLINE).expect("a line")
    }

    /// Returns the endpoint that it says it is bound to.
    fn bound(&self) -> String {
        let line = self.stderr.recv_timeout(DEADLINE).expect("an endpoint");
        line.split_once("bound to ").expect(&line).1.trim_end().to_owned()
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the process is a child of this one that was not waited for.
        assert_eq!(unsafe { libc::kill(self.child.id() as libc::pid_t, signal) }, 0);
    }

    /// Waits for the end. Returns the exit code and the rest of the output.
    fn end(mut self) -> (Option<i32>, String, String) {
        self.stdin = None;
        let status = self.child.wait_timeout(DEADLINE).unwrap().expect("it ends");
        let rest = |lines: &Receiver<String>| lines.iter().collect();
        (status.code(), rest(&self.stdout), rest(&self.stderr))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).is_ok_and(|count| count > 0) {
            let _ = sender.send(std::mem::take(&mut line));
        }
    });
    receiver
}

#[test]
#[cfg(unix)]
fn what_one_command_publishes_another_one_shows() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let input = "plain\ttext\n\n$'two\\nlines'\t$'\\xff'\nlast";
    for (format, shown) in [
        ("text", "plain\ttext\n\n$'two\\nlines'\t$'\\xff'\nlast\n"),
        (
            "json",
            "{\"frames\":[\"plain\",\"text\"]}\n{\"frames\":[\"\"]}\n\
             {\"frames\":[\"two\\nlines\",{\"base64\":\"/w==\"}]}\n{\"frames\":[\"last\"]}\n",
        ),
        ("hex", "706c61696e\t74657874\n\n74776f0a6c696e6573\tff\n6c617374\n"),
        ("raw", "plaintexttwo\nlines\u{fffd}last"),
    ] {
        let sub = launch(&mut tool(&format!("sub {bus} --count 4 --format {format}")));
        let published = end(feed(&mut tool(&format!("pub {bus}")), input));
        assert_eq!((published.status, &*published.stdout), (Some(0), ""));
        let finished = end(sub);
        assert_eq!((finished.status, &*finished.stdout), (Some(0), shown), "{}", finished.stderr);
        if format != "raw" {
            // The same again, from what was shown.
            let sub = launch(&mut tool(&format!("sub {bus} --count 4")));
            let published = feed(&mut tool(&format!("pub {bus} --format {format}")), shown);
            assert_eq!(end(published).status, Some(0));
            assert_eq!(end(sub).stdout, format!("{input}\n"));
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    for (line, problem) in [
        ("sub", "no endpoint was given; name one"),
        ("sub nowhere", "nowhere: an endpoint is transport://address"),
        (
            "sub tcp://localhost:1 --option sndhwn=3",
            "sndhwn: there is no such option; did you mean",
        ),
        ("sub tcp://localhost:1 --option rcvhwm=x", "rcvhwm: expected a whole number"),
        ("sub tcp://localhost:1 --option rcvhwm", "expected NAME=VALUE"),
        ("sub tcp://localhost:1 --option ipv6=2", "ipv6: expected true or false, got \"2\""),
        ("sub tcp://localhost:1 --option rcvhwm=-2", "rcvhwm: -2 is out of range"),
        ("sub tcp://localhost:1 --option conflate=1 --option mechanism=1", "can only be read"),
        ("sub tcp://localhost:1 --option router_mandatory=1", "not for a SUB socket"),
        ("sub tcp://localhost:1 --format raw --stamp", "--stamp does not go with"),
        ("sub tcp://localhost:1 --format json --frames", "--frames goes with"),
        ("sub tcp://localhost:1 --count 0", "--count"),
        ("sub tcp://localhost:1 --format xml", "[possible values: text, json, hex, raw]"),
        ("sub tcp://localhost:1 --curve-serverkey x", "--curve-serverkey"),
        ("sub tcp://localhost:1 --curve-accept any", "--curve-certificate"),
        ("pub inproc://x --format hex xyz", "xyz: expected two hexadecimal digits"),
        ("pub --connect >tcp://localhost:1 x", "does not accept @ or >"),
    ] {
        let finished = run(line);
        assert_eq!((finished.status, &*finished.stdout), (Some(2), ""), "{line}");
        assert!(finished.stderr.contains(problem), "{line}: {}", finished.stderr);
        assert!(finished.stderr.len() < 600, "{line}: {}", finished.stderr);
    }
    let finished = run("sub @ipc:///no/such/folder/x");
    assert_eq!(finished.status, Some(1));
    assert!(finished.stderr.contains("the folder does not exist"), "{}", finished.stderr);
}

#[test]
#[cfg(unix)]
fn a_timeout_has_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let finished = run(&format!("sub {bus} --timeout 50 --quiet"));
    assert_eq!(finished.status, Some(124));
    assert!(finished.stderr.contains("no message has arrived within the timeout"));
    let finished = run(&format!("pub {bus} --timeout 50 x"));
    assert_eq!(finished.status, Some(124));
    assert!(finished.stderr.contains("nobody has subscribed"), "{}", finished.stderr);
}

#[test]
#[cfg(unix)]
fn who_reads_only_the_first_lines_ends_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let mut command = tool(&format!("sub {bus} --quiet"));
    let mut sub = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let published = run(&format!("pub {bus} topic body"));
    assert_eq!(published.status, Some(0), "{}", published.stderr);
    let mut stdout = BufReader::new(sub.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "topic\tbody\n");
    // No other message follows, and still it ends.
    drop(stdout);
    let status = sub.wait_timeout(DEADLINE).unwrap();
    let _ = sub.kill();
    let mut stderr = String::new();
    sub.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.expect("it ends").code(), &*stderr), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_read_is_sent_after_a_signal() {
    use std::os::fd::AsRawFd;

    let folder = tempfile::tempdir().unwrap();
    let line = endpoint(folder.path(), "line");
    for (signal, status) in [(libc::SIGTERM, 143), (libc::SIGINT, 130)] {
        let mut push = Live::start(&mut tool(&format!("push --bind {line} -o linger=60000")));
        assert_eq!(push.bound(), line);
        let stdin = push.stdin.as_mut().unwrap();
        let input: String = (0..100).map(|number| format!("{number}\n")).collect();
        // At once, because it reads no more while it waits for a peer.
        stdin.write_all(format!("{input}incomplete").as_bytes()).unwrap();
        let until = Instant::now() + DEADLINE;
        let mut unread = -1;
        while unread != 0 {
            assert!(Instant::now() < until);
            thread::sleep(Duration::from_millis(1));
            // SAFETY: the descriptor is open, and the call writes one int.
            assert_eq!(unsafe { libc::ioctl(stdin.as_raw_fd(), libc::FIONREAD, &mut unread) }, 0);
        }
        push.signal(signal);
        let pull = run(&format!("pull >{line} --count 100 --timeout 50000"));
        assert_eq!((pull.status, pull.stdout), (Some(0), input), "{}", pull.stderr);
        let (code, stdout, stderr) = push.end();
        assert_eq!((code, &*stdout, &*stderr), (Some(status), "", ""));
    }
}

#[test]
#[cfg(unix)]
fn slow_subscribers_get_everything_and_gaps_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let input: String = (0..5000).map(|number| format!("topic\t{number}\n")).collect();
    let slow = "--sequence --option rcvhwm=1 --option rcvbuf=4096";
    let sub = launch(&mut tool(&format!("sub {bus} --count 5000 --timeout 50000 {slow}")));
    let slow = "--sequence --option sndhwm=1 --option sndbuf=4096";
    let published = end(feed(&mut tool(&format!("pub {bus} {slow}")), &input));
    assert_eq!(published.status, Some(0), "{}", published.stderr);
    let finished = end(sub);
    assert_eq!((finished.status, &*finished.stderr), (Some(0), ""));
    assert!(finished.stdout == input, "{} lines", finished.stdout.lines().count());

    let number = |number: u8| format!("t\t$'SEQ1publishe{}\\x{number:02x}'\n", "\\x00".repeat(7));
    let sub = launch(&mut tool(&format!("sub {bus} --count 3 --timeout 50000 --sequence")));
    let published = feed(&mut tool(&format!("pub {bus}")), number(1) + &number(5) + "t\tx\n");
    assert_eq!(end(published).status, Some(0));
    let finished = end(sub);
    assert_eq!(finished.stdout, "t\nt\nt\tx\n");
    assert_eq!(finished.stderr, "missed 3 messages of a topic, 3 in all\n");
}

#[test]
#[cfg(unix)]
fn what_was_received_is_shown_after_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let line = endpoint(folder.path(), "line");
    let pull = Live::start(&mut tool(&format!("pull {line}")));
    assert_eq!(pull.bound(), line);
    let input: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let pushed = end(feed(&mut tool(&format!("push {line}")), &input));
    assert_eq!(pushed.status, Some(0), "{}", pushed.stderr);
    let first = pull.line();
    pull.signal(libc::SIGTERM);
    let (code, rest, stderr) = pull.end();
    assert_eq!((code, &*stderr), (Some(0), ""));
    let shown = first + &rest;
    // A loaded machine may not have read all of it, but no line is cut or missing in between.
    assert!(input.starts_with(&shown) && shown.ends_with('\n'), "{shown}");
    // With a number of messages to receive, it was not done.
    let pull = Live::start(&mut tool(&format!("pull {line} --count 2")));
    pull.bound();
    pull.signal(libc::SIGINT);
    assert_eq!(pull.end().0, Some(130));
}

#[test]
#[cfg(unix)]
fn requests_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = endpoint(folder.path(), "server");
    let answered = |arguments: &[&str], request: &str, input: &str| {
        let mut rep = tool(&format!("rep {server} --count 1 --timeout 50000"));
        let rep = feed(rep.args(arguments), input);
        let reply = run(&format!("req {server} {request} --timeout 50000"));
        assert_eq!(reply.status, Some(0), "{}", reply.stderr);
        let rep = end(rep);
        assert_eq!(rep.status, Some(0), "{}", rep.stderr);
        (reply.stdout, rep.stdout, rep.stderr)
    };
    let (reply, request, _) = answered(&["--echo"], "hello world", "");
    assert_eq!((&*reply, &*request), ("hello\tworld\n", "hello\tworld\n"));
    let (reply, request, _) = answered(&["pong", "$'a\\n'", "--quiet"], "ping", "");
    assert_eq!((&*reply, &*request), ("pong\t$'a\\n'\n", ""));
    assert_eq!(answered(&[], "ping", "from\tinput\n").0, "from\tinput\n");
    assert_eq!(answered(&["--exec", "cat"], "a $'b\\t'", "").0, "a\t$'b\\t'\n");
    assert_eq!(answered(&["--exec", "wc -c", "--format", "raw"], "a bc", "").0, "$'3\\n'\n");
    let exec = ["--exec", "tr a-z A-Z", "--format", "hex"];
    assert_eq!(answered(&exec, "J", "").0, "J\n");
    for (command, problem) in [
        ("cat; exit 3", "the command has failed: exit status: 3"),
        ("printf 'a\\nb\\n'", "the command has printed several lines"),
        ("kill -9 $$", "the command has failed: signal: 9"),
        ("exec /no/such/command", "the command has failed: exit status"),
        ("yes", "the command was ended, because it has printed more than 67108864 bytes"),
    ] {
        let (reply, _, stderr) = answered(&["--exec", command], "x", "");
        assert!(reply.starts_with(&format!("\t{problem}")), "{reply}");
        assert!(stderr.contains(&format!("zeromq rep: {problem}")), "{stderr}");
    }
    let finished = run(&format!("req {server} x --timeout 20 --tries 2"));
    assert_eq!(finished.status, Some(124));
    assert!(finished.stderr.contains("no reply within the timeout"), "{}", finished.stderr);
    for wrong in ["--echo x", "--echo --exec cat"] {
        assert_eq!(run(&format!("rep {server} {wrong}")).status, Some(2));
    }
}

#[test]
#[cfg(unix)]
fn certificates_secure_a_bus() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mode = |name: &str| std::fs::metadata(name).unwrap().permissions().mode() & 0o777;
    let key = run(&format!("keygen {}", name("server")));
    assert_eq!((key.status, key.stdout.trim_end().len()), (Some(0), 40));
    let own = run(&format!("keygen {} --meta name=Bob", name("client")));
    assert_eq!(own.status, Some(0));
    assert_eq!(mode(&name("server_secret")), 0o600);
    assert!(std::fs::read_to_string(name("client")).unwrap().contains("name = \"Bob\""));
    // What exists is kept, also if it is only half of a certificate.
    std::fs::remove_file(name("client")).unwrap();
    let before = std::fs::read(name("client_secret")).unwrap();
    let again = run(&format!("keygen {}", name("client")));
    assert_eq!((again.status, &*again.stdout), (Some(1), ""));
    assert!(again.stderr.contains("client_secret exists and is kept"), "{}", again.stderr);
    assert_eq!(std::fs::read(name("client_secret")).unwrap(), before);
    let own = run(&format!("keygen {} --force", name("client")));
    assert_eq!(own.status, Some(0));

    std::fs::create_dir(name("accepted")).unwrap();
    std::fs::copy(name("client"), name("accepted/client")).unwrap();
    let bus = endpoint(folder.path(), "bus");
    let server = format!("--curve-certificate {} --curve-accept", name("server"));
    let published = |accept: &str| launch(&mut tool(&format!("pub {bus} {server} {accept} a b")));
    let subscribed = |security: &str, timeout: u32| {
        run(&format!("sub {bus} --count 1 --timeout {timeout} {security}"))
    };
    let by_file = format!("--curve-serverkey {}", name("server"));
    let known = format!("{by_file} --curve-certificate {}", name("client"));

    let publisher = published(&name("accepted"));
    for refused in ["", &by_file] {
        let refused = subscribed(refused, 300);
        assert_eq!((refused.status, &*refused.stdout), (Some(124), ""));
    }
    assert_eq!(subscribed(&known, 50_000).stdout, "a\tb\n");
    assert_eq!(end(publisher).status, Some(0));

    let publisher = published("any");
    let mut command = tool(&format!("sub {bus} --count 1 --timeout 50000 --curve-serverkey"));
    // A key has no spaces.
    let anybody = end(launch(command.arg(key.stdout.trim_end())));
    assert_eq!(anybody.stdout, "a\tb\n", "{}", anybody.stderr);
    assert_eq!(end(publisher).status, Some(0));

    std::fs::write(name("users"), "joe=secret\n").unwrap();
    let accept = format!("pub {bus} a b --plain-accept {}", name("users"));
    let publisher = launch(&mut tool(&accept));
    let login = format!("--plain-login {}", name("users"));
    assert_eq!(subscribed(&login, 50_000).stdout, "a\tb\n");
    assert_eq!(end(publisher).status, Some(0));

    let missing = subscribed(&format!("--curve-serverkey {}", name("nobody")), 10);
    assert_eq!(missing.status, Some(2));
    assert!(missing.stderr.contains("no file has this name"), "{}", missing.stderr);
}

#[test]
#[cfg(unix)]
fn a_proxy_forwards_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let back = endpoint(folder.path(), "back");
    let capture = endpoint(folder.path(), "capture");
    let proxy = Live::start(&mut tool(&format!(
        "proxy streamer tcp://127.0.0.1:* {back} --capture {capture} --stats 20"
    )));
    let front = proxy.bound();
    assert_eq!(proxy.bound(), back);
    let captured =
        launch(&mut tool(&format!("sub {capture} --count 1 --timeout 50000 --format hex")));
    let pull = Live::start(&mut tool(&format!("pull >{back}")));
    // Until the copies have a reader, whose connection takes its time.
    let push = Live::start(&mut tool(&format!("push >{front} a $'\\xff' --every 20")));
    assert_eq!(pull.line(), "a\t$'\\xff'\n");
    assert_eq!(end(captured).stdout, "61\tff\n");
    push.signal(libc::SIGTERM);
    assert_eq!(push.end().0, Some(0));
    let forwarded = |line: &str| {
        let stats: Value = serde_json::from_str(line).unwrap();
        stats["to_backend"]["messages"].as_u64().unwrap()
    };
    while forwarded(&proxy.line()) == 0 {}
    proxy.signal(libc::SIGTERM);
    let (code, _, stderr) = proxy.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.starts_with("forwarded "), "{stderr}");
    pull.signal(libc::SIGTERM);
    assert_eq!(pull.end().0, Some(0));
    for (wrong, problem) in [
        ("queue tcp://127.0.0.1:* tcp://*:99999", "port 99999 is above 65535"),
        ("queue tcp://127.0.0.1:* tcp://127.0.0.1:* --backend-option x=1", "--backend-option x"),
        (
            "queue tcp://127.0.0.1:* tcp://127.0.0.1:* --frontend-option invert_matching=1",
            "not for",
        ),
    ] {
        let finished = run(&format!("proxy {wrong}"));
        assert_eq!(finished.status, Some(2), "{wrong}");
        assert!(finished.stderr.contains(problem), "{}", finished.stderr);
    }
}

#[test]
#[cfg(unix)]
fn a_bus_is_watched_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    // A message with the number 1 and one with the number 4.
    let number = |number: u8| {
        format!("a\t0\t$'SEQ1publishe\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x{number:02x}'")
    };
    let input = format!("{}\n{}\nb\t2024-01-29T05:20:00Z\n", number(1), number(4));
    let top = Live::start(&mut tool(&format!("top {bus} --format json --every 20 --lag 2")));
    assert_eq!(end(feed(&mut tool(&format!("pub {bus}")), input)).status, Some(0));
    let last = loop {
        let line: Value = serde_json::from_str(&top.line()).unwrap();
        if line["total"]["messages"] == 3 {
            break line;
        }
    };
    assert_eq!((&last["topics"]["a"]["missed"], &last["total"]["missed"]), (&2.into(), &2.into()));
    assert!(last["lag_ms"]["max"].as_f64().unwrap() > 1000.0, "{last}");
    top.signal(libc::SIGINT);
    assert_eq!(top.end().0, Some(0));
    let table = run(&format!("top {bus} --count 1 --every 20"));
    assert_eq!(table.status, Some(0));
    assert!(table.stdout.contains("TOPIC") && table.stdout.contains("(all)"), "{}", table.stdout);
    assert_eq!(run(&format!("top {bus} --lag x")).status, Some(2));

    let measured = |line: &str| -> Value {
        let finished = run(line);
        assert_eq!(finished.status, Some(0), "{line}: {}", finished.stderr);
        serde_json::from_str(&finished.stdout).unwrap()
    };
    let latency = measured("bench latency --count 50 --format json --timeout 50000");
    assert_eq!((&latency["round_trips"], &latency["own_processes"]), (&50.into(), &true.into()));
    let times = &latency["round_trip_us"];
    assert!(times["min"].as_f64() <= times["percentiles"]["99.9"].as_f64(), "{latency}");
    let throughput = "bench throughput --count 2000 --size 10 --transport ipc --format json";
    assert_eq!(measured(&format!("{throughput} --timeout 50000"))["bytes"], 20_000);
    let published = measured(&format!("{throughput} --timeout 50000 --pub"));
    assert_eq!((&published["messages"], &published["sockets"][0]), (&2000.into(), &"PUB".into()));
    let nobody = run(&format!("bench throughput --send --pub {bus} --timeout 20"));
    assert_eq!(nobody.status, Some(124), "{}", nobody.stderr);
    let text = run("bench latency --count 10 --timeout 50000").stdout;
    assert!(text.starts_with("10 round trips of 100 bytes"), "{text}");
    let nobody = run(&format!("bench latency {bus} --timeout 20"));
    assert_eq!(nobody.status, Some(124));
}

/// Returns the value of each sample that a command serves at this address.
fn metrics(address: &str) -> HashMap<String, f64> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (_, text) = text.split_once("\r\n\r\n").expect("a body");
    let text = text.strip_suffix("# EOF\n").expect("an end");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Waits until a sample has at least this value.
fn await_sample(address: &str, name: &str, least: f64) -> HashMap<String, f64> {
    let end = Instant::now() + DEADLINE;
    loop {
        let samples = metrics(address);
        if samples.get(name).is_some_and(|value| *value >= least) {
            return samples;
        }
        assert!(Instant::now() < end, "{name} is below {least}: {samples:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[cfg(unix)]
fn the_metrics_of_a_proxy_tell_who_came_and_went() {
    let folder = tempfile::tempdir().unwrap();
    let made = end(launch(tool("keygen server").current_dir(folder.path())));
    assert_eq!(made.status, Some(0), "{}", made.stderr);
    let proxy = Live::start(
        tool(
            "proxy streamer tcp://127.0.0.1:* tcp://127.0.0.1:* --metrics 0 --secure frontend \
             --curve-certificate server --curve-accept any",
        )
        .current_dir(folder.path()),
    );
    let (front, back) = (proxy.bound(), proxy.bound());
    let line = proxy.stderr.recv_timeout(DEADLINE).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let certificate = folder.path().join("server").display().to_string();
    let secure = format!("--curve-serverkey {certificate}");
    let pull = || Live::start(&mut tool(&format!("pull >{back} -q")));
    let first = pull();
    let push = run(&format!("push {front} one {secure} --timeout 50000"));
    assert_eq!(push.status, Some(0), "{}", push.stderr);
    assert_eq!(first.line(), "one\n");
    first.signal(libc::SIGKILL);
    assert_eq!(first.end().0, None);
    await_sample(address, "zeromq_disconnections_total{side=\"backend\"}", 1.0);
    let second = pull();
    let samples = await_sample(address, "zeromq_connections_total{side=\"backend\"}", 2.0);
    assert_eq!(samples["zeromq_peers{side=\"backend\"}"], 1.0);
    assert_eq!(samples["zeromq_proxy_forwarded_messages_total{to=\"backend\"}"], 1.0);
    assert_eq!(samples["zeromq_received_messages_total{side=\"frontend\"}"], 1.0);
    assert_eq!(samples["zeromq_sent_bytes_total{side=\"backend\"}"], 3.0);
    assert_eq!(samples["zeromq_failed_handshakes_total{side=\"frontend\"}"], 0.0);
    // A peer without a key, and one with another security mechanism.
    let keyless = Live::start(&mut tool(&format!("push >{front} two --timeout 60000")));
    await_sample(address, "zeromq_failed_handshakes_total{side=\"frontend\"}", 1.0);
    let mut stranger = TcpStream::connect(back.strip_prefix("tcp://").unwrap()).unwrap();
    let mut greeting = [0; 64];
    greeting[..16].copy_from_slice(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\0NOPE");
    stranger.write_all(&greeting).unwrap();
    await_sample(address, "zeromq_failed_handshakes_total{side=\"backend\"}", 1.0);
    drop(keyless);
    second.signal(libc::SIGTERM);
    assert_eq!(second.end().0, Some(0));
}

#[test]
#[cfg(unix)]
fn top_has_metrics_of_each_topic() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let top = Live::start(&mut tool(&format!("top {bus} --every 20 --lag 2 --metrics 0")));
    let line = top.stderr.recv_timeout(DEADLINE).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let input = "a\t2024-01-29T05:20:00Z\nb \"c\"\t1\na\tx\n";
    assert_eq!(end(feed(&mut tool(&format!("pub {bus}")), input)).status, Some(0));
    let samples = await_sample(address, "zeromq_top_messages_total", 3.0);
    assert_eq!(samples["zeromq_top_topics"], 2.0);
    assert_eq!(samples["zeromq_top_topic_messages_total{topic=\"a\"}"], 2.0);
    assert_eq!(samples["zeromq_top_topic_bytes_total{topic=\"b \\\"c\\\"\"}"], 6.0);
    assert_eq!(samples["zeromq_top_missed_messages_total"], 0.0);
    assert_eq!(samples["zeromq_received_messages_total"], 3.0);
    top.signal(libc::SIGTERM);
    assert_eq!(top.end().0, Some(0));
}

#[test]
#[cfg(unix)]
fn logs_have_time_level_and_fields() {
    let folder = tempfile::tempdir().unwrap();
    let back = endpoint(folder.path(), "back");
    let proxy = |format: &str| {
        let line = format!("proxy streamer tcp://127.0.0.1:* {back} --log {format}");
        let proxy = Live::start(&mut tool(&line));
        let first = proxy.stderr.recv_timeout(DEADLINE).unwrap();
        proxy.signal(libc::SIGTERM);
        let (code, stdout, rest) = proxy.end();
        assert_eq!((code, &*stdout), (Some(0), ""));
        (first, rest.lines().last().unwrap().to_owned())
    };
    let (first, last) = proxy("json");
    let first: Value = serde_json::from_str(&first).unwrap();
    let endpoint = first["endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with("tcp://127.0.0.1:"), "{first}");
    assert_eq!(first["message"], format!("frontend bound to {endpoint}"));
    assert_eq!((&first["level"], &first["side"]), (&"INFO".into(), &"frontend".into()));
    let time = first["timestamp"].as_str().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z'), "{time}");
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["to_backend"], &last["dropped"]), (&0.into(), &0.into()));
    let (first, last) = proxy("text");
    let (time, rest) = first.split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{first}");
    assert!(rest.starts_with(" INFO frontend bound to tcp://127.0.0.1:"), "{first}");
    assert!(rest.contains(" side=\"frontend\" endpoint=\"tcp://127.0.0.1:"), "{first}");
    assert!(last.contains(" INFO forwarded 0 messages"), "{last}");
    // Only the reason of a failure is left, which has a level and the command.
    let failed = run("record /dev/null/x tcp://127.0.0.1:1 --log json --quiet");
    let line: Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!((failed.status, &line["level"]), (Some(1), &"ERROR".into()));
    assert_eq!(line["command"], "record");
    let quiet = run(&format!("top {back} --count 1 --every 20 --quiet --log text"));
    assert_eq!((quiet.status, &*quiet.stderr), (Some(0), ""));
}

#[test]
#[cfg(unix)]
fn a_terminal_shows_one_table_in_place() {
    let command = tool("top tcp://127.0.0.1:1 --every 20 --count 3");
    let terminal = support::terminal::Terminal::sized(24, command);
    terminal.wait(|shown| shown.matches("TOPIC").count() == 3);
    assert_eq!(terminal.raw().matches("\u{1b}[H").count(), 3);
    assert_eq!(terminal.finish(), Some(0));
}

#[test]
fn each_command_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    let written = end(launch(program().args(["man", "--out"]).arg(&out)));
    assert_eq!(written.status, Some(0), "{}", written.stderr);
    let completions = run("completions bash").stdout;
    let tools = [
        "sub", "pub", "push", "pull", "req", "rep", "proxy", "top", "bench", "keygen", "record",
        "replay", "history", "man",
    ];
    for tool in tools {
        let page = std::fs::read_to_string(out.join(format!("zeromq-{tool}.1"))).unwrap();
        let help = run(&format!("{tool} --help"));
        assert_eq!((help.status, &*help.stderr), (Some(0), ""));
        for text in [&page, &help.stdout] {
            let example = format!("zeromq {tool} ");
            assert!(text.contains("Examples:") && text.contains(&example), "{tool}: {text}");
        }
        assert!(completions.contains(&format!("zeromq__subcmd__{tool}")), "{tool}");
    }
    assert!(run("man sub").stdout.contains(".TH zeromq"));
    assert_eq!(run("man nothing").status, Some(2));
    assert_eq!(end(launch(program().args(["man", "--out", "/dev/null/x"]))).status, Some(1));
}

/// Starts a program with pyzmq, if that is there or has to be.
#[cfg(unix)]
fn pyzmq(arguments: &[&str]) -> Option<Live> {
    let mut check = Command::new("python3");
    let there = check.args(["-c", "import zmq"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("ZEROMQ_INTEROP").as_deref(), Ok("required"), "pyzmq is missing");
        return None;
    }
    let mut command = Command::new("python3");
    Some(Live::start(command.arg("-u").arg(root("tests/tools/peer.py")).args(arguments)))
}

#[test]
#[cfg(unix)]
fn pyzmq_is_a_peer() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let Some(sub) = pyzmq(&["sub", &bus]) else {
        return;
    };
    let published = end(feed(&mut tool(&format!("pub {bus}")), "a\t\t$'\\xff\\n'\n"));
    assert_eq!(published.status, Some(0), "{}", published.stderr);
    assert_eq!(sub.line(), "61  ff0a\n");
    assert_eq!(sub.end().0, Some(0));

    let publisher = pyzmq(&["pub", &endpoint(folder.path(), "other")]).unwrap();
    let shown =
        run(&format!("sub {} b --count 2 --timeout 50000", endpoint(folder.path(), "other")));
    assert_eq!(shown.stdout, "b1\t$'\\x00\\xff'\nb1\t$'\\x00\\xff'\n", "{}", shown.stderr);
    drop(publisher);

    let server = pyzmq(&["rep", &endpoint(folder.path(), "rep")]).unwrap();
    let request = format!("req {} one two --timeout 50000", endpoint(folder.path(), "rep"));
    assert_eq!(run(&request).stdout, "two\tone\n");
    drop(server);
}

/// Compiles a program with czmq, if that is there or has to be. Its folder has to be kept.
#[cfg(unix)]
fn czmq() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let mut compiler = Command::new("cc");
    compiler.arg(root("tests/tools/peer.c")).arg("-o").arg(folder.path().join("peer"));
    let built = compiler.args(["-lczmq", "-lzmq"]).output();
    match built {
        Ok(output) if output.status.success() => Some(folder),
        Ok(output) if Path::new("/usr/include/czmq.h").exists() => {
            panic!("{}", String::from_utf8_lossy(&output.stderr))
        }
        _ => {
            assert_ne!(std::env::var("ZEROMQ_INTEROP").as_deref(), Ok("required"), "no czmq");
            None
        }
    }
}

#[test]
#[cfg(unix)]
fn czmq_is_a_peer() {
    let Some(folder) = czmq() else {
        return;
    };
    let at = |name: &str| endpoint(folder.path(), name);
    let peer = |mode: &str, endpoint: String| {
        let mut command = Command::new(folder.path().join("peer"));
        Live::start(command.arg(mode).arg(endpoint))
    };
    let sub = peer("sub", format!(">{}", at("pub")));
    let published = end(feed(&mut tool(&format!("pub {}", at("pub"))), "a\t\t$'\\xff\\n'\n"));
    assert_eq!(published.status, Some(0), "{}", published.stderr);
    assert_eq!(sub.line(), "61  ff0a\n");
    assert_eq!(sub.end().0, Some(0));

    let publisher = peer("pub", format!("@{}", at("sub")));
    let shown = run(&format!("sub {} b --count 2 --timeout 50000", at("sub")));
    assert_eq!(shown.stdout, "b1\t$'\\x00\\xff'\n".repeat(2), "{}", shown.stderr);
    drop(publisher);

    let pull = launch(&mut tool(&format!("pull {} --count 3 --timeout 50000", at("pull"))));
    let push = peer("push", format!(">{}", at("pull")));
    assert_eq!(end(pull).stdout, "task\t1\ntask\t2\ntask\t3\n");
    assert_eq!(push.end().0, Some(0));

    let pull = peer("pull", format!("@{}", at("push")));
    let pushed = run(&format!("push {} task $'\\x00' --timeout 50000", at("push")));
    assert_eq!(pushed.status, Some(0), "{}", pushed.stderr);
    assert_eq!(pull.line(), "7461736b 00\n");
    assert_eq!(pull.end().0, Some(0));

    let rep = launch(&mut tool(&format!("rep {} --echo --count 1 --timeout 50000", at("rep"))));
    let req = peer("req", format!(">{}", at("rep")));
    assert_eq!(req.line(), "6f6e65 ff0a\n");
    assert_eq!(req.end().0, Some(0));
    assert_eq!(end(rep).stdout, "one\t$'\\xff\\n'\n");

    let rep = peer("rep", format!("@{}", at("req")));
    let request = run(&format!("req {} one two --timeout 50000", at("req")));
    assert_eq!(request.stdout, "two\tone\n", "{}", request.stderr);
    drop(rep);
}
