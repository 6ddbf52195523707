//! The market-data bus.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{DEADLINE, Example, output, start};
use crate::support::{Finished, Host, Running, root};

pub const ALL: &[(&str, Example)] = &[
    ("market_settings", settings),
    ("market_sequence", sequence),
    ("market_consumer", consumer),
    ("market_cache", cache),
    ("market_recording", recording),
    ("market_group", group),
    ("market_lost_member", lost_member),
    ("market_journal", journal),
    ("market_keys", keys),
    ("market_stopped", stopped),
    ("market_failover", failover),
    ("market_monitor", monitor),
    ("market_start", whole),
    ("market_interrupted", interrupted),
];

/// The modules that the other scripts import.
const _: [&str; 3] =
    ["market-data/bus.morpho", "market-data/record.morpho", "market-data/journal.morpho"];

/// How long to wait before checking again.
const PAUSE: Duration = Duration::from_millis(20);

/// A bus on its own ports, with both forwarders.
struct Bus<'a> {
    host: &'a dyn Host,
    port: u16,
    /// The folder of the keys, if there are any.
    keys: Option<&'a Path>,
    primary: Option<Running>,
    backup: Option<Running>,
}

impl Bus<'_> {
    fn new(host: &dyn Host) -> Bus<'_> {
        Bus::secured(host, None)
    }

    fn secured<'a>(host: &'a dyn Host, keys: Option<&'a Path>) -> Bus<'a> {
        let mut bus = Bus { host, port: ports(), keys, primary: None, backup: None };
        bus.primary = Some(bus.start("market-data/forwarder.morpho", "name=primary"));
        bus.backup = Some(bus.start("market-data/forwarder.morpho", "name=backup"));
        bus
    }

    /// Starts a script with arguments separated by spaces.
    fn start(&self, script: &str, arguments: &str) -> Running {
        let port = format!("port={}", self.port);
        let keys = self.keys.map(|folder| format!("keys={}", folder.display()));
        let words = arguments.split(' ').filter(|word| !word.is_empty());
        let arguments: Vec<&str> = words.chain([port.as_str()]).chain(keys.as_deref()).collect();
        start(self.host, script, &arguments)
    }

    fn consumer(&self, arguments: &str) -> Running {
        self.start("market-data/consumer.morpho", arguments)
    }

    /// Starts a feed that waits until both forwarders have a subscriber.
    fn feed(&self, arguments: &str) -> Running {
        self.start("market-data/adapter.morpho", &format!("{arguments} wait=50000"))
    }

    fn recorder(&self, arguments: &str, file: &Path) -> Running {
        let arguments = format!("{arguments} file={}", file.display());
        self.start("market-data/recorder.morpho", &arguments)
    }

    fn replay(&self, arguments: &str, file: &Path) -> Running {
        let arguments = format!("{arguments} wait=50000 file={}", file.display());
        self.start("market-data/replay.morpho", &arguments)
    }
}

/// Returns the first of six free ports, below those that the system assigns.
fn ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed) + (std::process::id() % 100) as u16 * 9;
        let first = 11_000 + offset % 900 * 10;
        if all_free(first) {
            return first;
        }
    }
}

fn all_free(first: u16) -> bool {
    (first..first + 6).all(|port| TcpListener::bind(("0.0.0.0", port)).is_ok())
}

/// Waits for something that other processes do.
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "{what}");
        thread::sleep(PAUSE);
    }
}

/// Returns the lines of a text that begin with `start`.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

/// Parses the topic and the number of a line such as `live   ANGEL_NSE_SBIN_LTP   #1
/// 612.70`.
fn tick(line: &str) -> (&str, u32) {
    let mut words = line.split_whitespace().skip(1);
    let (topic, number) = (words.next().unwrap(), words.next().unwrap());
    (topic, number.trim_start_matches('#').parse().unwrap())
}

/// Checks that in each topic every number occurs once, in order.
fn assert_complete<'a>(ticks: impl Iterator<Item = (&'a str, u32)>, text: &str) {
    let mut last = BTreeMap::new();
    for (topic, number) in ticks {
        if let Some(before) = last.insert(topic, number) {
            assert_eq!(number, before + 1, "{topic} in:\n{text}");
        }
    }
}

/// Checks that a feed ends and says that it has published this many ticks.
fn published(feed: Running, count: u32) {
    assert_eq!(output(feed), format!("{count} ticks published\n"));
}

/// Sends SIGTERM to a program, as service managers do, and returns its output.
fn stop(program: Running) -> String {
    // SAFETY: the number belongs to the child until it is waited for.
    assert_eq!(unsafe { libc::kill(program.id().cast_signed(), libc::SIGTERM) }, 0);
    output(program)
}

/// Settings come from arguments, a file and the environment, and others are errors.
fn settings(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bus.toml");
    let said = |arguments: &[&str]| {
        let config = format!("config={}", file.display());
        let arguments: Vec<&str> = arguments.iter().copied().chain([config.as_str()]).collect();
        start(host, "market-data/keys.morpho", &arguments).finish(DEADLINE).stdout
    };
    let with = |text: &str| {
        fs::write(&file, text).unwrap();
        said(&[])
    };
    let missing = format!("Error 'Settings': there is no file {}\n", file.display());
    assert!(said(&[]).starts_with(&missing));
    let known = "keys knows backup cache config groups host hwm keys port primary queue";
    let expected = [
        ("prot = 1", format!("unknown option prot in bus.toml; {known}")),
        ("[adaptor]", "unknown section adaptor in bus.toml; there are adapter cache".to_owned()),
        ("port = \"1\"2", "port=1,2: expected an integer".to_owned()),
        ("port = \"x\"", "port=x: expected a number".to_owned()),
        ("port", "expected name = value in bus.toml: port".to_owned()),
        ("host = \"x", "a quotation mark is missing in: host = \"x".to_owned()),
    ];
    for (text, expected) in expected {
        let printed = with(text);
        assert!(printed.starts_with(&format!("Error 'Settings': {expected}")), "{printed}");
    }
    // Sections of other programs do not matter, and arguments count more than the file.
    let text = "# keys = \"/none\"\n\thost = \"a # b\" # a comment\r\ngroups = [ \"a\", \"b\" ]\n\
                \n[adapter]\nrate = 20.5\n [keys]\nkeys = \"\"\n";
    assert!(with(text).starts_with("Error 'Settings': keys=FOLDER is missing\n"));
    fs::create_dir(folder.path().join("clients")).unwrap();
    let keys = format!("keys={}", folder.path().display());
    assert_eq!(said(&[&keys]), format!("Keys are in {}\n", folder.path().display()));
    let printed = said(&[&keys, "speed=1"]);
    let expected = format!("Error 'Settings': unknown option speed; {known}");
    assert!(printed.starts_with(&expected), "{printed}");
    let printed = said(&["verbose"]);
    let expected = "Error 'Settings': unknown option verbose; options have the form name=value";
    assert!(printed.starts_with(expected), "{printed}");

    // The runner passes the environment on.
    let mut command = Command::new("sh");
    command.arg(root("examples/market-data/run.sh")).args(["keys", "hosts=x"]);
    command.env("ZMQ_PORT", "none").env("ZMQ_HOST", "localhost");
    let printed = host.start_shell(&mut command).finish(DEADLINE).stdout;
    assert!(printed.starts_with("Error 'Settings': port=none: expected a number\n"), "{printed}");
    command.env("ZMQ_PORT", "5550");
    let printed = host.start_shell(&mut command).finish(DEADLINE).stdout;
    assert!(printed.starts_with("Error 'Settings': unknown option hosts; "), "{printed}");
}

/// Which ticks are new, among those that two forwarders can deliver.
fn sequence(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("sequence.morpho");
    let text = r#"
var sequence = Sequence()
fn take(session, number) {
  var new = sequence.isnew(["A_B_C_LTP", "${session} ${number} 1.5", "{}"])
  print "${session}/${number} ${new}, ${sequence.missed} missed, ${sequence.twice} twice"
}
take(1, 5)
take(1, 5)
take(1, 4)
take(1, 8)
take(1, 7)
take(1, 7)
take(1, 6)
take(1, 9)
take(2.5, 2)
take(1, 10)
take(2.5, 1)
take(2.5, 3)
take(3, 5000)
take(3, 4999)
take(3, 1000)
print sequence.lines["A_B_C_LTP"].missed
print sequence.isnew(["A_B_D_LTP", "1 2 3"])
print sequence.isnew(["A_B_D", "1 2 3", "{}"])
print sequence.isnew(["A_B_\"_D", "1 2 3", "{}"])
print sequence.isnew(["A_B_D_LTP", "1 x 3", "{}"])
print sequence.isnew(["A_B_D_LTP", "1 2", "{}"])
print sequence.isnew(["A_B_D_LTP", ZMQFrame([255]), "{}"])
print sequence.isnew([ZMQFrame([255]), "1 2 3", "{}"])
print sequence.isnew(["A_B_C_LTP", "x 2 3", "{}"])
print sequence.lines.count()
var tick = ["A_B_C_LTP", "1.5 2 3.25", "{\"ltp\": 1.50,\n\t\"volume\": 7}"]
print line(tick)
print parse(line(tick))["data"]
var lags = Lags()
for (i in 1..100) lags.note((System.clock() - i).format("%.6f"))
print lags.count
print lags.most >= 100000
"#;
    let modules = ["bus", "record"].map(|name| {
        let path = root("examples/market-data").join(name);
        format!("import \"{}.morpho\"\n", path.display())
    });
    fs::write(&script, modules.concat() + text).unwrap();
    let expected = "\
1/5 true, 0 missed, 0 twice
1/5 false, 0 missed, 1 twice
1/4 false, 0 missed, 2 twice
1/8 true, 2 missed, 2 twice
1/7 true, 1 missed, 2 twice
1/7 false, 1 missed, 3 twice
1/6 true, 0 missed, 3 twice
1/9 true, 0 missed, 3 twice
2.5/2 true, 1 missed, 3 twice
1/10 false, 1 missed, 4 twice
2.5/1 true, 0 missed, 4 twice
2.5/3 true, 0 missed, 4 twice
3/5000 true, 4999 missed, 4 twice
3/4999 false, 4999 missed, 5 twice
3/1000 true, 4998 missed, 5 twice
4998
false
false
false
false
false
false
false
false
1
{\"time\":3.250000,\"session\":1.500,\"number\":2,\"topic\":\"A_B_C_LTP\",\"data\":\t{\"ltp\": 1.50,\"volume\": 7}\t}
{\"ltp\": 1.50,\"volume\": 7}
100
true
";
    assert_eq!(output(host.start(&script, &[])), expected);
}

fn consumer(host: &dyn Host) {
    let bus = Bus::new(host);
    let consumer = bus.consumer("prefix=ANGEL_NSE count=6 snapshot=no");
    let feed = bus.feed("broker=ANGEL seed=1 count=20 rate=0");
    let printed = output(consumer);
    let expected = "\
live   ANGEL_NSE_SBIN_QUOTE          #1   612.65  612.60 x 850 / 612.70 x 250
live   ANGEL_NSE_SBIN_QUOTE          #2   613.05  613.00 x 1000 / 613.10 x 400
live   ANGEL_NSE_TCS_QUOTE           #1  3568.05  3568.00 x 150 / 3568.10 x 300
live   ANGEL_NSE_INFY_DEPTH          #1  1450.75  1450.70 / 1450.80, 5 levels
live   ANGEL_NSE_TCS_QUOTE           #2  3568.05  3568.00 x 500 / 3568.10 x 150
live   ANGEL_NSE_INFY_DEPTH          #2  1451.00  1450.95 / 1451.05, 5 levels
6 ticks shown, 0 missed, none twice
";
    assert!(printed.starts_with(expected), "{printed}");
    published(feed, 20);
}

fn cache(host: &dyn Host) {
    let bus = Bus::new(host);
    let _cache = bus.start("market-data/cache.morpho", "");
    let feed = bus.feed("broker=ANGEL seed=1 count=40 rate=0");
    published(feed, 40);
    // The last one of each topic, once the cache has them.
    let expected = "\
cached ANGEL_NSE_INFY_DEPTH          #4  1451.30  1451.25 / 1451.35, 5 levels
cached ANGEL_NSE_INFY_LTP            #1  1451.15  volume 1610
cached ANGEL_NSE_INFY_QUOTE          #3  1451.45  1451.40 x 800 / 1451.50 x 950
";
    let begin = Instant::now();
    loop {
        let late = output(bus.consumer("prefix=ANGEL_NSE_INFY count=3 idle=100"));
        if late.starts_with(expected) {
            break;
        }
        assert!(begin.elapsed() < DEADLINE, "{late}");
    }

    // Later ticks arrive live.
    let _feed = bus.feed("broker=ANGEL seed=2 rate=50");
    let late = output(bus.consumer("prefix=ANGEL_NSE_INFY count=6"));
    assert_eq!(lines(&late, "cached").len(), 3, "{late}");
    assert_eq!(lines(&late, "live").len(), 3, "{late}");

    // Without the cache, the stream still works.
    drop(_cache);
    let late = output(bus.consumer("prefix=ANGEL_NSE_INFY count=3"));
    assert_eq!(lines(&late, "The cache does not answer").len(), 1, "{late}");
    assert_eq!(lines(&late, "live").len(), 3, "{late}");
}

fn recording(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let bus = Bus::new(host);
    let [first, second, third] = ["1", "2", "3"].map(|name| folder.path().join(name));

    let recorder = bus.recorder("count=40", &first);
    published(bus.feed("broker=ANGEL seed=1 count=40 rate=0"), 40);
    assert_eq!(output(recorder), "40 ticks recorded, 0 missed\n");
    let recorded = fs::read_to_string(&first).unwrap();
    let begin = recorded.lines().next().unwrap();
    let data =
        r#"{"ltp":612.65,"bid":612.60,"bid_qty":850,"ask":612.70,"ask_qty":250,"volume":431}"#;
    assert!(begin.contains(r#""number":1,"topic":"ANGEL_NSE_SBIN_QUOTE","data":"#), "{begin}");
    assert!(begin.contains(data), "{begin}");

    // When played and recorded again, the ticks are the same except for their times.
    let recorder = bus.recorder("prefix=REPLAY count=40", &second);
    assert_eq!(output(bus.replay("speed=0 broker=REPLAY", &first)), "40 ticks replayed\n");
    assert_eq!(output(recorder), "40 ticks recorded, 0 missed\n");
    let ticks = |text: &str| -> Vec<String> {
        let ticks = text.lines().map(|line| line[line.find("\"number\"").unwrap()..].to_string());
        ticks.map(|tick| tick.replace("REPLAY", "ANGEL")).collect()
    };
    let replayed = fs::read_to_string(&second).unwrap();
    assert_eq!(ticks(&replayed), ticks(&recorded));

    // It takes as long as the original, and missing ticks are counted.
    let without = |gone: &str| recorded.lines().filter(|line| !line.contains(gone)).collect();
    let lines: Vec<&str> = without("\"number\":2,\"topic\":\"ANGEL_NSE_TCS_QUOTE\"");
    assert_eq!(lines.len(), 39);
    fs::write(&first, lines.join("\n")).unwrap();
    let recorder = bus.recorder("prefix=REPLAY count=39", &third);
    assert_eq!(output(bus.replay("speed=1 broker=REPLAY", &first)), "39 ticks replayed\n");
    assert_eq!(output(recorder), "39 ticks recorded, 1 missed\n");
}

fn group(host: &dyn Host) {
    let bus = Bus::new(host);
    // Two groups get the same ticks, each from when it subscribes.
    let group = bus.start("market-data/group.morpho", "count=60 batch=5");
    let audit = bus.start("market-data/group.morpho", "name=audit count=60");
    let auditor = bus.start("market-data/member.morpho", "group=audit name=auditor quiet=yes");
    let members = ["one", "two", "three"]
        .map(|name| bus.start("market-data/member.morpho", &format!("name={name} work=1")));
    let _feed = bus.feed("broker=ANGEL seed=1 rate=200");
    let printed = output(group);
    assert!(printed.starts_with("60 ticks given out, 60 handled, 0 failed, 0 missed\n"));
    let printed = members.map(output).concat();
    let handled: Vec<&str> =
        printed.lines().filter_map(|line| line.split_once(": ")).map(|p| p.1).collect();
    assert_eq!(handled.len(), 60);
    let mut sorted: Vec<(&str, u32)> = handled
        .iter()
        .map(|tick| tick.split_once(" #").unwrap())
        .map(|(topic, number)| (topic, number.parse().unwrap()))
        .collect();
    sorted.sort_unstable();
    assert_eq!(sorted.iter().collect::<HashSet<_>>().len(), 60, "{printed}");
    assert_complete(sorted.into_iter(), &printed);
    assert_eq!(output(audit), "60 ticks given out, 60 handled, 0 failed, 0 missed\n");
    assert_eq!(output(auditor), "auditor handled 60 ticks\n");
}

/// A member of a group that takes ticks and does not finish them. It speaks the protocol in
/// `help/tasks.md`. Returns once it has some.
fn idle_member(context: &zmq::Context, port: u16) -> zmq::Socket {
    let member = context.socket(zmq::DEALER).unwrap();
    member.set_linger(0).unwrap();
    member.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    member.connect(&format!("tcp://127.0.0.1:{port}")).unwrap();
    let hello = [&b"ZTQ\x01\x01"[..], &[0; 16], &10_u32.to_be_bytes()].concat();
    member.send_multipart([&hello[..], b"idle"], 0).unwrap();
    let tasks = |message: Vec<Vec<u8>>| message[0][4] == 0x83;
    while !tasks(member.recv_multipart(0).unwrap()) {}
    member
}

fn lost_member(host: &dyn Host) {
    let bus = Bus::new(host);
    let group = bus.start("market-data/group.morpho", "count=20");
    published(bus.feed("broker=ANGEL seed=1 count=20 rate=0"), 20);
    let context = zmq::Context::new();
    drop(idle_member(&context, bus.port + 5));
    let member = bus.start("market-data/member.morpho", "name=one");
    let printed = output(group);
    let mut said = printed.lines();
    assert_eq!(said.next(), Some("20 ticks given out, 20 handled, 0 failed, 0 missed"));
    let again = said.next().unwrap().strip_prefix("given to another member: ").unwrap();
    let (batches, rest) = again.split_once(' ').unwrap();
    assert!(batches.parse::<u32>().unwrap() >= 1 && rest == "batches", "{printed}");
    assert!(output(member).ends_with("\none handled 20 ticks\n"));
}

/// The ticks that no member has finished outlive the program that distributes them.
fn journal(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal");
    let arguments = format!("batch=3 journal={}", file.display());
    let bus = Bus::new(host);
    let text = || fs::read_to_string(&file).unwrap_or_default();
    let ticks = || text().matches("ANGEL_").count();
    let group = bus.start("market-data/group.morpho", &arguments);
    published(bus.feed("broker=ANGEL seed=1 count=20 rate=0"), 20);
    until("the ticks are in the journal", || ticks() == 20);
    drop(group);
    // A line that was being written, and one about what is not there.
    fs::write(&file, text() + "remove\t1000\tend\nadd\t1001\tANGEL_X").unwrap();

    let group = bus.start("market-data/group.morpho", &format!("{arguments} count=20"));
    let member = bus.start("market-data/member.morpho", "name=one quiet=yes");
    let expected = format!(
        "20 ticks from {}\n20 ticks given out, 20 handled, 0 failed, 0 missed\n",
        file.display()
    );
    assert_eq!(output(group), expected);
    assert_eq!(output(member), "one handled 20 ticks\n");

    // Everything is finished now.
    let group = bus.start("market-data/group.morpho", &format!("{arguments} idle=0"));
    assert_eq!(output(group), "0 ticks given out, 0 handled, 0 failed, 0 missed\n");
    assert_eq!(text(), "");
}

/// With keys, everything is encrypted, and who has none gets nothing.
fn keys(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("clients")).unwrap();
    let made =
        start(host, "market-data/keys.morpho", &[&format!("keys={}", folder.path().display())]);
    assert_eq!(output(made), format!("Keys are in {}\n", folder.path().display()));
    let bus = Bus::secured(host, Some(folder.path()));
    let port = format!("port={}", bus.port);
    let stranger = start(host, "market-data/consumer.morpho", &["snapshot=no", &port]);
    let cache = bus.start("market-data/cache.morpho", "");
    let group = bus.start("market-data/group.morpho", "count=10");
    let member = bus.start("market-data/member.morpho", "name=one quiet=yes");
    let _feed = bus.feed("broker=ANGEL seed=1 rate=100");
    assert!(output(group).starts_with("10 ticks given out, 10 handled, 0 failed, 0 missed\n"));
    assert_eq!(output(member), "one handled 10 ticks\n");
    let begin = Instant::now();
    loop {
        let printed = output(bus.consumer("count=30"));
        if !lines(&printed, "cached").is_empty() {
            break;
        }
        assert!(begin.elapsed() < DEADLINE, "{printed}");
    }
    assert!(stop(stranger).starts_with("0 ticks shown, 0 missed, none twice\n"));
    assert!(stop(cache).contains(" topics, 0 ticks missed\n"));
}

/// A socket of the test in place of a part of the bus.
fn part(context: &zmq::Context, kind: zmq::SocketType, port: u16) -> zmq::Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    if kind == zmq::XPUB {
        socket.set_xpub_verbose(true).unwrap();
    }
    if kind == zmq::SUB {
        socket.set_subscribe(b"").unwrap();
    }
    socket.bind(&format!("tcp://127.0.0.1:{port}")).unwrap();
    socket
}

/// SIGTERM lets each program finish.
fn stopped(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let [journal, recording] = ["journal", "recording"].map(|name| folder.path().join(name));
    let context = zmq::Context::new();
    let bus = Bus { host, port: ports(), keys: None, primary: None, backup: None };
    let run = |name: &str, more: &str| bus.start(&format!("market-data/{name}.morpho"), more);

    // Forwarders catch signals before they bind.
    let forwarder = run("forwarder", "name=primary");
    let address = ("127.0.0.1", bus.port + 1);
    until("the primary listens", || TcpStream::connect(address).is_ok());
    let printed = stop(forwarder);
    assert!(printed.ends_with("\n0 ticks forwarded, 0 dropped\n"), "{printed}");

    // What others do is seen by their subscriptions.
    let ticks = part(&context, zmq::XPUB, bus.port + 1);
    let tick = |program: Running, done: &dyn Fn() -> bool| {
        assert_eq!(ticks.recv_bytes(0).unwrap(), b"\x01");
        ticks.send_multipart(["ANGEL_NSE_SBIN_LTP", "1 1 1.5", "{\"ltp\":1.5}"], 0).unwrap();
        until("the tick arrives", done);
        let printed = stop(program);
        // The end of its subscription.
        assert_eq!(ticks.recv_bytes(0).unwrap(), b"\x00");
        printed
    };
    let holds = |file: &Path| fs::read_to_string(file).is_ok_and(|text| text.contains("ANGEL"));
    assert!(tick(run("cache", ""), &|| true).ends_with(" topics, 0 ticks missed\n"));
    tick(run("monitor", ""), &|| true);
    let printed = tick(run("consumer", "snapshot=no"), &|| true);
    assert!(printed.contains(" ticks shown, 0 missed, none twice\n"), "{printed}");
    let recorder = bus.recorder("", &recording);
    assert_eq!(tick(recorder, &|| holds(&recording)), "1 ticks recorded, 0 missed\n");
    let group = run("group", &format!("finish=0 journal={}", journal.display()));
    let printed = tick(group, &|| holds(&journal));
    let expected = "1 ticks given out, 0 handled, 0 failed, 0 missed\n1 ticks not finished\n";
    assert_eq!(printed, expected);
    assert!(holds(&journal));

    let work = part(&context, zmq::ROUTER, bus.port + 5);
    let member = run("member", "name=one");
    work.recv_multipart(0).unwrap();
    assert_eq!(stop(member), "one handled 0 ticks\n");

    let fronts = [0, 2].map(|more| part(&context, zmq::SUB, bus.port + more));
    let feed = bus.feed("rate=0.001");
    // A bound subscriber subscribes with its first call after a publisher has connected, so
    // all of them are asked.
    let arrived = || {
        let ready = |front: &&zmq::Socket| front.poll(zmq::POLLIN, 0).unwrap() > 0;
        until("both get a tick", || fronts.iter().filter(ready).count() == 2);
        fronts.iter().for_each(|front| drop(front.recv_multipart(0).unwrap()));
    };
    arrived();
    assert_eq!(stop(feed), "1 ticks published\n");
    let text = fs::read_to_string(&recording).unwrap();
    let later = text.replace("\"time\":1.5", "\"time\":9000.5");
    fs::write(&recording, text + &later).unwrap();
    let replay = bus.replay("", &recording);
    arrived();
    assert_eq!(stop(replay), "1 ticks replayed\n");
}

fn failover(host: &dyn Host) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ticks");
    let mut bus = Bus::new(host);
    let consumer = bus.consumer("prefix=ANGEL snapshot=no count=121");
    // A tick is sent once both forwarders know the consumer.
    published(bus.feed("broker=ANGEL seed=1 count=1"), 1);
    let recorder = bus.recorder("count=120", &file);
    let _feed = bus.feed("broker=ANGEL seed=1 rate=60");
    let recorded = || fs::read_to_string(&file).unwrap_or_default().lines().count();
    until("ticks before the primary is gone", || recorded() >= 20);
    drop(bus.primary.take());

    let printed = output(consumer);
    assert_eq!(lines(&printed, "-- the primary forwarder is gone").len(), 1, "{printed}");
    assert_eq!(lines(&printed, "121 ticks shown, 0 missed, none twice").len(), 1, "{printed}");
    // The first one was from another session.
    let live = lines(&printed, "live");
    assert_complete(live[1..].iter().map(|line| tick(line)), &printed);
    assert_eq!(output(recorder), "120 ticks recorded, 0 missed\n");

    // The primary comes back and the backup goes away. Whether or not the feed has
    // found the primary again by then, the consumer knows what it missed.
    let consumer = bus.consumer("prefix=ANGEL snapshot=no count=120");
    bus.primary = Some(bus.start("market-data/forwarder.morpho", "name=primary"));
    let address = ("127.0.0.1", bus.port + 1);
    until("the primary listens", || TcpStream::connect(address).is_ok());
    let before = bus.recorder("count=60", &file);
    assert!(output(before).starts_with("60 ticks recorded, "));
    drop(bus.backup.take());
    let printed = output(consumer);
    let shown = lines(&printed, "live").into_iter().map(tick);
    let said = format!("120 ticks shown, {} missed, none twice", missing(shown));
    assert_eq!(lines(&printed, &said).len(), 1, "{printed}");
}

/// Returns how many numbers are missing between the first and the last of each topic.
fn missing<'a>(ticks: impl Iterator<Item = (&'a str, u32)>) -> usize {
    let mut topics: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (topic, number) in ticks {
        topics.entry(topic).or_default().push(number);
    }
    let missing = topics.values().map(|numbers| {
        let (first, last) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
        (last - first + 1) as usize - numbers.len()
    });
    missing.sum()
}

fn monitor(host: &dyn Host) {
    let mut bus = Bus::new(host);
    let monitor = bus.start("market-data/monitor.morpho", "every=300 rounds=30");
    published(bus.feed("broker=ANGEL seed=1 count=30 rate=0"), 30);
    published(bus.feed("broker=DHAN seed=2 count=50 rate=0 repeat=10"), 50);
    drop(bus.backup.take());
    let printed = output(monitor);
    for line in printed.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let last: Vec<&str> = printed.trim_end().rsplit("\n\n").next().unwrap().lines().collect();
    let [forwarders, header, angel, dhan] = last[..] else {
        panic!("{printed}");
    };
    assert!(
        forwarders.contains("primary alive") && forwarders.contains("backup down"),
        "{printed}"
    );
    assert_eq!(header, "feed        ticks  per sec  missed  age, s  lag, ms  last tick");
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_string).collect() };
    let [angel, dhan] = [angel, dhan].map(words);
    assert_eq!(angel[..4], ["ANGEL", "30", "0.0", "0"], "{printed}");
    assert_eq!(dhan[..4], ["DHAN", "50", "0.0", "0"], "{printed}");
    assert_eq!((angel.len(), dhan.len()), (7, 7), "{printed}");
    assert!(angel[6].starts_with("ANGEL_"), "{printed}");
}

/// The script that starts everything, in its own process group, which is killed when
/// this is dropped.
struct Shell(u32);

impl Shell {
    fn start(host: &dyn Host, port: u16) -> (Running, Shell) {
        let mut command = Command::new("sh");
        command.arg(root("examples/market-data/start.sh")).arg(port.to_string());
        let running = host.start_shell(command.process_group(0));
        let shell = Shell(running.id());
        (running, shell)
    }

    fn signal(&self, name: &str) {
        // The group may already be empty.
        let group = format!("-{}", self.0);
        let _ = Command::new("kill").args([name, "--", &group]).output();
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.signal("-KILL");
    }
}

fn whole(host: &dyn Host) {
    let port = ports();
    let (running, shell) = Shell::start(host, port);
    let printed = output(running);
    for line in printed.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let parts: Vec<&str> = printed.split("\n== ").skip(1).collect();
    let [feeds, late, killed, monitor, group, replay] = parts[..] else {
        panic!("{printed}");
    };
    assert_eq!(lines(feeds, "live   ANGEL_NSE_").len(), 6, "{printed}");
    assert!(!lines(late, "cached ZERODHA_NSE_INFY_").is_empty(), "{printed}");
    assert_eq!(lines(late, "7 ticks shown, ").len(), 1, "{printed}");
    assert_eq!(lines(killed, "-- the primary forwarder is gone").len(), 1, "{printed}");
    assert_eq!(lines(killed, "50 ticks shown, 0 missed, none twice").len(), 1, "{printed}");
    assert_eq!(lines(monitor, "forwarders: primary down, ").len(), 1, "{printed}");
    for broker in ["ANGEL ", "DHAN ", "ZERODHA "] {
        assert_eq!(lines(monitor, broker).len(), 1, "{printed}");
    }
    assert!(
        group.contains("\n300 ticks given out, 300 handled, 0 failed, 0 missed\n"),
        "{printed}"
    );
    assert_eq!(lines(group, "auditor handled ").len(), 1, "{printed}");
    assert_eq!(lines(replay, "live   REPLAY_").len(), 6, "{printed}");
    assert!(replay.contains("6 ticks shown, 0 missed, none twice"), "{printed}");
    until("nothing is left running", || all_free(port));
    drop(shell);
}

fn interrupted(host: &dyn Host) {
    let port = ports();
    let (running, shell) = Shell::start(host, port);
    until("the backup listens", || TcpStream::connect(("127.0.0.1", port + 3)).is_ok());
    // As Ctrl-C does, to all of them.
    shell.signal("-INT");
    let Finished { status, .. } = running.finish(DEADLINE);
    assert_eq!(status, Some(130));
    until("nothing is left running", || all_free(port));
}
