//! Recording messages and replaying them, with the program and sockets of this process.
#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use support::{Finished, Running, launch, program};
use zeromq::core::{Error, OptionValue, Socket, SocketType, Wait};

const DEADLINE: Duration = Duration::from_secs(60);
const SOON: Wait = Wait::new(Some(DEADLINE));

type Message = Vec<Vec<u8>>;

/// A folder with a history and a bus.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("history")
    }

    /// Returns a command in this folder.
    fn tool(&self, line: &str) -> Command {
        let mut command = program();
        command.args(line.split(' ')).current_dir(self.0.path());
        command
    }

    fn launch(&self, line: &str) -> Running {
        launch(&mut self.tool(line))
    }

    fn run(&self, line: &str) -> Finished {
        self.launch(line).finish(DEADLINE)
    }

    /// Runs a command that succeeds, and returns its output.
    fn show(&self, line: &str) -> String {
        let finished = self.run(line);
        assert_eq!(finished.status, Some(0), "{line}: {}", finished.stderr);
        finished.stdout
    }

    fn endpoint(&self, name: &str) -> String {
        format!("ipc://{}/{name}", self.0.path().display())
    }

    /// Binds a socket in the folder.
    fn bind(&self, socket_type: SocketType, name: &str) -> Arc<Socket> {
        Socket::attached(socket_type, &format!("@{}", self.endpoint(name))).unwrap()
    }

    /// Connects a socket to a command in the folder.
    fn connect(&self, socket_type: SocketType, name: &str) -> Arc<Socket> {
        Socket::attached(socket_type, &format!(">{}", self.endpoint(name))).unwrap()
    }

    /// Opens the history as a stranger does.
    fn open(&self) -> Connection {
        open(&self.file())
    }

    /// Waits until this query of the history returns at least a number.
    fn await_number(&self, sql: &str, least: i64) {
        wait_until(|| {
            let read =
                || Connection::open(self.file())?.query_row(sql, [], |row| row.get::<_, i64>(0));
            self.file().exists() && read().is_ok_and(|number| number >= least)
        });
    }
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(DEADLINE).unwrap();
    connection
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn wait_until(mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !reached() {
        assert!(Instant::now() < end, "it did not happen within {DEADLINE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the metrics that a command serves, which it tells in a file.
fn metrics(told: &Path) -> String {
    use std::io::{Read, Write};
    let mut address = String::new();
    wait_until(|| {
        let text = fs::read_to_string(told).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("metrics at http://"));
        address = line.and_then(|line| line.split('/').next()).unwrap_or_default().to_owned();
        !address.is_empty()
    });
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\n# EOF\n"), "{text}");
    text
}

/// Sends one signal. The second one would end a command at once.
fn signal(running: Running, signal: i32) -> Finished {
    // SAFETY: the process is a child of this one that was not waited for.
    unsafe { libc::kill(running.id() as libc::pid_t, signal) };
    running.finish(DEADLINE)
}

fn numbered(numbers: std::ops::Range<usize>) -> impl Iterator<Item = Message> {
    numbers.map(|number| vec![format!("topic.{}", number % 7).into(), format!("{number}").into()])
}

fn send(socket: &Socket, messages: impl IntoIterator<Item = Message>) {
    messages.into_iter().for_each(|message| socket.send(&message, &SOON).unwrap());
}

fn receive(socket: &Socket, count: usize) -> Vec<Message> {
    (0..count)
        .map(|_| socket.receive_all(&SOON).unwrap().iter().map(|frame| frame.to_vec()).collect())
        .collect()
}

/// Records messages, and ends the recorder.
fn record(place: &Place, options: &str, messages: &[Message]) {
    let line = format!(
        "record --pull history @{} --count {} {options}",
        place.endpoint("in"),
        messages.len()
    );
    let recorder = place.launch(line.trim_end());
    let push = place.connect(SocketType::Push, "in");
    send(&push, messages.iter().cloned());
    let finished = recorder.finish(DEADLINE);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
}

#[test]
fn a_replay_is_what_was_recorded_byte_for_byte() {
    let place = Place::new();
    let all_bytes: Vec<u8> = (0..=255).collect();
    let messages: Vec<Message> = vec![
        vec![b"topic".to_vec(), b"body".to_vec()],
        vec![vec![]],
        vec![vec![], vec![]],
        vec![b"one frame".to_vec()],
        vec![b"\0".to_vec(), b"text\0text".to_vec()],
        vec![vec![0xFF], vec![0xC3], vec![0xFF, 0, 0xFF]],
        vec![b"a".to_vec(), vec![], vec![], b"d".to_vec(), vec![]],
        vec!["\u{e4}\u{1f980}".into(), all_bytes.clone()],
        vec![all_bytes, vec![7; 1_000_000]],
        (0..300_u16).map(|number| number.to_be_bytes().to_vec()).collect(),
        vec![b"null".to_vec(), b"NULL".to_vec(), b"'; DROP TABLE messages; --".to_vec()],
    ];
    record(&place, "", &messages);
    let pull = place.bind(SocketType::Pull, "out");
    let out = place.endpoint("out");
    for speed in ["1", "max"] {
        let replay = place.launch(&format!("replay history >{out} --socket push --speed {speed}"));
        assert_eq!(receive(&pull, messages.len()), messages);
        let finished = replay.finish(DEADLINE);
        assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    }
    // What SQL sees of it.
    let history = place.open();
    let sql =
        "SELECT count(*) FROM messages WHERE topic = 'topic' AND body = 'body' AND rest IS NULL";
    assert_eq!(number(&history, sql), 1);
    let sql = "SELECT count(*) FROM history WHERE topic IS NULL AND body IN ('', 'one frame')";
    assert_eq!(number(&history, sql), 2);
    let sql = "SELECT sum(count) FROM topics";
    assert_eq!(number(&history, sql), messages.len() as i64);
    assert_eq!(number(&history, "PRAGMA application_id"), 0x5A4D_5148);
    let text = place.show("history history --messages --format json --to 3");
    assert!(text.contains("\"frames\":[\"\",\"\"]}"), "{text}");
}

#[test]
fn a_range_is_replayed_in_time() {
    let place = Place::new();
    let messages: Vec<Message> = numbered(0..20).collect();
    record(&place, "", &messages);
    let history = place.open();
    // A message every 10 seconds since 2026.
    let set = "UPDATE messages SET time = (1767225600 + 10 * sequence) * 1000000000";
    history.execute(set, []).unwrap();
    drop(history);
    let pull = place.bind(SocketType::Pull, "out");
    let command = format!("replay history >{} --socket push", place.endpoint("out"));
    let begin = Instant::now();
    let replay = place.launch(&format!("{command} --speed 100 --from 2026-01-01T00:00:30Z --to 7"));
    assert_eq!(receive(&pull, 5), messages[2..7]);
    // Four pauses of a tenth of a second.
    assert!(begin.elapsed() >= Duration::from_millis(400));
    let finished = replay.finish(DEADLINE);
    assert!(
        finished.stderr.contains("sent 5 messages, the last one is number 7"),
        "{}",
        finished.stderr
    );
    // By topic, and continued after a sequence.
    let replay = place.launch(&format!("{command} --speed max --from 4 topic.3 topic.1"));
    let wanted = [8, 10, 15, 17].map(|number| messages[number].clone());
    assert_eq!(receive(&pull, 5)[1..], wanted);
    assert_eq!(replay.finish(DEADLINE).status, Some(0));
    for (line, shown) in [
        ("--count", "20\n"),
        ("--count topic.3", "3\n"),
        ("--count --from 2026-01-01T05:30:50+05:30", "16\n"),
        ("--count --to 2026-01-01T00:00:50Z topic.1 topic.2", "2\n"),
        (
            "--last 1 --format hex topic.6",
            "14\t2026-01-01T00:02:20.000000Z\t746f7069632e36\t3133\n",
        ),
        (
            "--topics --from 15",
            "1\ttopic.0\n1\ttopic.1\n1\ttopic.2\n1\ttopic.3\n1\ttopic.4\n1\ttopic.5\n",
        ),
        ("--messages --from 21", ""),
    ] {
        assert_eq!(place.show(&format!("history history {line}")), shown, "{line}");
    }
    let summary = place.show("history history");
    assert!(summary.contains("messages\t20\ntopics\t7\nfirst\t1\nlast\t20\n"), "{summary}");
}

#[test]
fn publishers_reach_subscribers_of_a_replay() {
    let place = Place::new();
    let publisher = place.bind(SocketType::Pub, "bus");
    let recorder =
        place.launch(&format!("record history {} topic.1 topic.2", place.endpoint("bus")));
    publisher.wait_for_subscribers(2, None, &SOON).unwrap();
    let messages: Vec<Message> = numbered(0..50).collect();
    send(&publisher, messages.clone());
    place.await_number("SELECT max(sequence) FROM messages", 14);
    let finished = signal(recorder, libc::SIGTERM);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("recorded 14 messages"), "{}", finished.stderr);
    assert!(finished.stderr.contains("0 dropped"), "{}", finished.stderr);
    // Nothing is sent before there is a subscriber.
    let replay = place.launch(&format!("replay history {} --speed max", place.endpoint("again")));
    let subscriber = Socket::attached_after(SocketType::Sub, &place.endpoint("again"), |socket| {
        socket.subscribe(b"topic.2")
    });
    let wanted: Vec<Message> = messages.iter().filter(|m| m[0] == b"topic.2").cloned().collect();
    assert_eq!(receive(&subscriber.unwrap(), wanted.len()), wanted);
    assert_eq!(replay.finish(DEADLINE).status, Some(0));
}

#[test]
fn a_kill_loses_nothing_that_was_safe() {
    let place = Place::new();
    let line = format!("record --pull history @{} --sync 20ms", place.endpoint("in"));
    let mut first = 1;
    for round in 1..=3 {
        let recorder = place.launch(&line);
        let push = place.connect(SocketType::Push, "in");
        push.set_option("linger", &OptionValue::Int(0)).unwrap();
        // What was sent is safe soon without anything that follows.
        send(&push, numbered(0..500));
        let history = "SELECT max(sequence) FROM messages";
        place.await_number(history, first + 499);
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let sender = thread::spawn({
            let stop = stop.clone();
            move || {
                let mut number = 500;
                let brief = Wait::new(Some(Duration::from_millis(20)));
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let message = numbered(number..number + 1).next().unwrap();
                    match push.send(&message, &brief) {
                        Ok(()) => number += 1,
                        Err(Error::Again) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        });
        place.await_number(history, first + 999);
        drop(recorder);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        sender.join().unwrap();
        let history = place.open();
        let check: String =
            history.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let last = number(&history, "SELECT max(sequence) FROM messages");
        assert!(last >= first + 999);
        assert_eq!(number(&history, "SELECT count(*) FROM messages"), last);
        assert_eq!(number(&history, "SELECT sum(count) FROM topics"), last);
        let sql = format!(
            "SELECT count(*) FROM messages WHERE sequence >= {first} AND (CAST(body AS INTEGER) != \
             sequence - {first} OR topic != 'topic.' || ((sequence - {first}) % 7))"
        );
        assert_eq!(number(&history, &sql), 0);
        let sql = "SELECT count(*) FROM events WHERE kind = 'killed'";
        assert_eq!(number(&history, sql), round - 1);
        first = last + 1;
    }
}

#[test]
fn a_follower_continues_where_the_history_ends() {
    for options in ["", " --rotate 30KB"] {
        let place = Place::new();
        let line = format!("record --pull history @{} --sync 30ms{options}", place.endpoint("in"));
        let recorder = place.launch(&line);
        let push = place.connect(SocketType::Push, "in");
        send(&push, numbered(0..3000));
        wait_until(|| {
            place.file().exists() && place.run("history history --count").stdout == "3000\n"
        });
        let pull = place.bind(SocketType::Pull, "out");
        let command =
            format!("replay history >{} --socket push --speed max --follow", place.endpoint("out"));
        let follower = place.launch(&command);
        let mut received = receive(&pull, 2000);
        send(&push, numbered(3000..6000));
        received.extend(receive(&pull, 4000));
        send(&push, numbered(6000..6001));
        received.extend(receive(&pull, 1));
        assert_eq!(signal(recorder, libc::SIGINT).status, Some(0));
        // The follower goes on with the next recorder.
        let recorder = place.launch(&line);
        send(&push, numbered(6001..7000));
        received.extend(receive(&pull, 999));
        let wanted: Vec<Message> = numbered(0..7000).collect();
        assert!(received == wanted, "{options}: a gap or a duplicate");
        let finished = signal(follower, libc::SIGTERM);
        assert_eq!(finished.status, Some(0));
        assert!(finished.stderr.contains("sent 7000 messages"), "{}", finished.stderr);
        assert_eq!(signal(recorder, libc::SIGTERM).status, Some(0));
    }
}

#[test]
fn what_is_too_old_is_removed() {
    let place = Place::new();
    record(&place, "", &numbered(0..300).collect::<Vec<_>>());
    let history = place.open();
    history
        .execute("UPDATE messages SET time = time - 7200000000000 WHERE sequence <= 200", [])
        .unwrap();
    drop(history);
    let line = format!("record --pull history @{} --keep 1h", place.endpoint("in"));
    let recorder = place.launch(&line);
    place.await_number("SELECT min(sequence) FROM messages", 201);
    assert_eq!(signal(recorder, libc::SIGTERM).status, Some(0));
    let history = place.open();
    assert_eq!(number(&history, "SELECT sum(count) FROM topics"), 100);
    assert_eq!(number(&history, "SELECT count FROM events WHERE kind = 'deleted'"), 200);
    // Also if nothing is left, numbers are not used again.
    history.execute("UPDATE messages SET time = time - 7200000000000", []).unwrap();
    drop(history);
    let recorder = place.launch(&line);
    place.await_number("SELECT count(*) = 0 FROM messages", 1);
    assert_eq!(signal(recorder, libc::SIGTERM).status, Some(0));
    record(&place, "", &numbered(0..1).collect::<Vec<_>>());
    assert_eq!(number(&place.open(), "SELECT sequence FROM messages"), 301);
    assert_eq!(number(&place.open(), "SELECT count FROM events WHERE kind = 'deleted'"), 300);
}

#[test]
fn a_history_stays_below_its_size() {
    let place = Place::new();
    let message = vec![b"topic".to_vec(), vec![b'x'; 500]];
    let messages = vec![message; 12_000];
    record(&place, "--max-size 1MB --buffer 50KB --sync 50ms", &messages);
    let size = fs::metadata(place.file()).unwrap().len();
    assert!((500_000..1_300_000).contains(&size), "{size}");
    let history = place.open();
    let kept = number(&history, "SELECT count(*) FROM messages");
    assert!((1000..3000).contains(&kept), "{kept}");
    assert_eq!(number(&history, "SELECT max(sequence) FROM messages"), 12_000);
    assert_eq!(number(&history, "SELECT min(sequence) FROM messages"), 12_001 - kept);
    assert_eq!(number(&history, "SELECT count FROM topics"), kept);
    assert_eq!(number(&history, "SELECT count FROM events WHERE kind = 'deleted'"), 12_000 - kept);
    // The same in a folder.
    let place = Place::new();
    record(&place, "--max-size 1MB --rotate 200KB --buffer 50KB --sync 50ms", &messages);
    let size: u64 =
        fs::read_dir(place.file()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert!((400_000..1_300_000).contains(&size), "{size}");
    let kept: i64 = place.show("history history --count").trim().parse().unwrap();
    assert!((800..3000).contains(&kept), "{kept}");
    let summary = place.show("history history");
    assert!(summary.contains(&format!("first\t{}\nlast\t12000\n", 12_001 - kept)), "{summary}");
}

#[test]
fn dropped_and_missed_messages_are_counted() {
    let place = Place::new();
    let publisher = Socket::new(SocketType::Pub).unwrap();
    publisher.set_option("sndhwm", &OptionValue::Int(0)).unwrap();
    publisher.bind(&place.endpoint("bus")).unwrap();
    let errors = place.0.path().join("errors");
    let line = format!(
        "record history {} --count 1000 --buffer 2KB --sync 10ms --metrics 0",
        place.endpoint("bus")
    );
    let mut recorder = place.tool(&line).stderr(File::create(&errors).unwrap()).spawn().unwrap();
    publisher.wait_for_subscribers(1, None, &SOON).unwrap();
    let numbered = |number: u64| {
        let mut mark = b"SEQ1publishe".to_vec();
        mark.extend_from_slice(&number.to_be_bytes());
        vec![b"t".to_vec(), vec![b'x'; 100], mark]
    };
    send(&publisher, [numbered(1), numbered(5)]);
    place.await_number("SELECT count(*) FROM messages", 2);
    // While someone else writes, the recorder cannot.
    let history = place.open();
    history.execute_batch("BEGIN IMMEDIATE").unwrap();
    send(&publisher, (6..1004).map(numbered));
    wait_until(|| fs::read_to_string(&errors).unwrap().contains("warning: messages are dropped"));
    let text = metrics(&errors);
    for sample in [
        "zeromq_record_missed_messages_total 3",
        "zeromq_record_queued_messages ",
        "zeromq_peers ",
        "zeromq_received_messages_total ",
    ] {
        assert!(text.contains(&format!("\n{sample}")), "{text}");
    }
    assert!(!text.contains("\nzeromq_record_dropped_messages_total 0"), "{text}");
    history.execute_batch("ROLLBACK").unwrap();
    wait_until(|| recorder.try_wait().unwrap().is_some());
    assert!(recorder.wait().unwrap().success());
    let written = number(&history, "SELECT count(*) FROM messages");
    let dropped = number(&history, "SELECT sum(count) FROM events WHERE kind = 'dropped'");
    assert!(dropped > 0);
    assert_eq!(written + dropped, 1000);
    assert_eq!(number(&history, "SELECT sum(count) FROM events WHERE kind = 'missed'"), 3);
    let errors = fs::read_to_string(&errors).unwrap();
    assert!(errors.contains(&format!("{dropped} dropped, 3 missed")), "{errors}");
    // The events are where messages are missing.
    let sql = "SELECT count(*) FROM events WHERE kind = 'dropped' AND sequence IN
        (SELECT a.sequence FROM messages a JOIN messages b ON b.sequence = a.sequence + 1
         WHERE a.rest = b.rest)";
    assert_eq!(number(&history, sql), 0);
    let summary = place.show("history history");
    assert!(summary.contains(&format!("dropped\t{dropped}\nmissed\t3\n")), "{summary}");
}

#[test]
fn other_files_and_a_second_recorder_are_refused() {
    let place = Place::new();
    let path = |name: &str| place.0.path().join(name);
    fs::write(path("text"), "This is no history. ".repeat(100)).unwrap();
    open(&path("foreign")).execute_batch("CREATE TABLE x (y)").unwrap();
    record(&place, "", &numbered(0..3).collect::<Vec<_>>());
    fs::copy(place.file(), path("newer")).unwrap();
    open(&path("newer")).execute_batch("PRAGMA user_version = 2").unwrap();
    let before = ["text", "foreign", "newer"].map(|name| fs::read(path(name)).unwrap());
    for (file, problem) in [
        ("text", "text: the file is not a history: it is no SQLite file"),
        ("foreign", "it is an SQLite file of another program"),
        ("newer", "the history has schema 2, and this program knows schema 1"),
    ] {
        for line in ["history", "record", "replay"] {
            let endpoint = if line == "history" { "" } else { " inproc://x" };
            let finished = place.run(&format!("{line} {file}{endpoint}"));
            assert_eq!(finished.status, Some(1), "{line} {file}");
            assert!(finished.stderr.contains(problem), "{line} {file}: {}", finished.stderr);
        }
    }
    let after = ["text", "foreign", "newer"].map(|name| fs::read(path(name)).unwrap());
    assert!(before == after);
    assert!(place.run("history missing").stderr.contains("missing: No such file"));
    // Opening a pipe would wait for somebody who writes to it.
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    for line in ["history pipe", "record pipe inproc://x", "replay pipe inproc://x"] {
        let finished = place.run(line);
        assert_eq!(finished.status, Some(1), "{line}");
        assert!(finished.stderr.contains("it is not a regular file"), "{}", finished.stderr);
    }
    fs::write(path("empty"), "").unwrap();
    assert!(place.run("history empty").stderr.contains("the file is empty"));
    for options in ["", " --rotate 1h"] {
        let line =
            format!("record --pull file{} @{}{options}", options.len(), place.endpoint("in"));
        let recorder = place.launch(&line);
        let push = place.connect(SocketType::Push, "in");
        push.wait_for_peers(1, &SOON).unwrap();
        let second = place.run(&line.replace("/in", "/other"));
        assert_eq!(second.status, Some(1));
        assert!(second.stderr.contains("another recorder is writing"), "{}", second.stderr);
        assert_eq!(signal(recorder, libc::SIGTERM).status, Some(0));
    }
}

#[test]
fn a_history_of_a_stranger_is_read_once() {
    let place = Place::new();
    record(&place, "", &numbered(0..3).collect::<Vec<_>>());
    let last = i64::MAX;
    place
        .open()
        .execute_batch(&format!(
            "INSERT INTO messages SELECT {last}, time, topic, body, rest FROM messages LIMIT 1;
             UPDATE topics SET chunk = {last} WHERE chunk = 0;
             INSERT INTO topics VALUES (0, 'topic.0', {last}), (7, 'topic.0', {last})"
        ))
        .unwrap();
    assert_eq!(place.show("history history --messages").lines().count(), 3);
    assert_eq!(place.show("history history --last 5").lines().count(), 3);
    assert_eq!(place.show("history history topic.0 --messages").lines().count(), 1);
    place.run("history history --topics");
    place.run("history history --count");
    let pull = place.bind(SocketType::Pull, "out");
    let line = format!("replay history >{} --socket push --speed max", place.endpoint("out"));
    assert_eq!(place.run(&line).status, Some(0));
    assert_eq!(receive(&pull, 3).len(), 3);
    let refused = place.run("record history inproc://x");
    assert_eq!(refused.status, Some(1));
    assert!(refused.stderr.contains(&format!("its last message has the number {last}")));
}

#[test]
fn what_has_arrived_before_a_signal_is_recorded() {
    const COUNT: usize = 3000;
    let place = Place::new();
    let recorder = place.launch(&format!("record --pull history @{}", place.endpoint("in")));
    let push = Socket::new(SocketType::Push).unwrap();
    push.set_option("sndhwm", &OptionValue::Int(0)).unwrap();
    push.connect(&place.endpoint("in")).unwrap();
    push.wait_for_peers(1, &SOON).unwrap();
    let pid = recorder.id() as libc::pid_t;
    // SAFETY: the process is a child of this one that was not waited for.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
    send(&push, numbered(0..COUNT));
    // SAFETY: as above.
    unsafe { libc::kill(pid, libc::SIGTERM) };
    // SAFETY: as above.
    unsafe { libc::kill(pid, libc::SIGCONT) };
    let finished = recorder.finish(DEADLINE);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    assert_eq!(number(&place.open(), "SELECT count(*) FROM messages"), COUNT as i64);
}

#[test]
fn wrong_arguments_are_named() {
    let place = Place::new();
    for (line, problem) in [
        ("record", "FILE"),
        ("record x", "no endpoint was given"),
        ("record x inproc://x --sync 0s", "expected more than zero"),
        ("record x inproc://x --keep long", "expected a duration such as 500ms"),
        ("record x inproc://x --max-size 0", "expected a size such as 64MB"),
        ("record x inproc://x --rotate x", "expected a duration or a size"),
        ("record --pull x inproc://x prefix", "--pull receives everything"),
        ("replay x inproc://x --speed 0", "expected a number above zero"),
        ("replay x inproc://x --from yesterday", "expected a sequence number, a time"),
        ("replay x inproc://x --socket sub", "[possible values: pub, xpub, push, dealer, pair]"),
        ("history x --topics --count", "cannot be used with"),
    ] {
        let finished = place.run(line);
        assert_eq!(finished.status, Some(2), "{line}: {}", finished.stderr);
        assert!(finished.stderr.contains(problem), "{line}: {}", finished.stderr);
    }
    assert!(!place.0.path().join("x").exists());
}
