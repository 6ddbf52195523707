//! The help: what the terminal shows, and that the pages say what the table says.

mod support;

use std::collections::{HashMap, HashSet};
use std::time::Duration;
use std::{env, fs};

use support::markdown::{WIDTH, between, quoted, wrapped};
use support::reference::{Entry, entries, is_socket, section, topic};
use support::{Finished, Reference, launch, pages, program, root};
use zeromq::binding::{CLASSES, Method, Target};
use zeromq::core::code::tags;
use zeromq::core::{HANDSHAKE_FAILURES, REASONS, options};

const DEADLINE: Duration = Duration::from_secs(60);

fn zeromq(arguments: &[&str]) -> Finished {
    launch(program().args(arguments)).finish(DEADLINE)
}

fn shown(topic: &[&str]) -> String {
    let Finished { stdout, stderr, status } = zeromq(&[&["help"], topic].concat());
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{topic:?}");
    // A file gets text without colours, tags and comments.
    assert!(!stdout.contains('\u{1b}') && !stdout.contains("]: # ("), "{stdout}");
    stdout
}

#[test]
fn a_topic_is_found_by_title_tag_and_path() {
    assert!(shown(&[]).starts_with("ZeroMQ\n"));
    assert!(shown(&["ZMQSocket"]).starts_with("ZMQSocket\n"));
    for name in [&["socket"][..], &["ZMQsocket"], &["zeromq", "socket"], &["zeromq.socket"]] {
        assert_eq!(shown(name), shown(&["ZMQSocket"]), "{name:?}");
    }
    // A method has a topic of its own, which is found with its class, too.
    for name in ["receiveall", "ZMQSocket.receiveall", "ZMQReply.receiveall", "socket receiveall"] {
        assert!(shown(&[name]).starts_with("receiveall\n"), "{name}");
    }
    assert!(shown(&["ZMQPoller.wait"]).starts_with("pollerwait\n"));
    assert!(shown(&["ZMQRouter.dropped"]).starts_with("dropped\n"));
    assert!(shown(&["close"]).starts_with("socketclose\n"));
    assert!(shown(&["ZMQ.version()"]).starts_with("zmqversion\n"));
    // Morpho finds an option by its name without `_`.
    for name in ["tcp_keepalive", "tcpkeepalive", "TCP_KEEPALIVE"] {
        let topic = shown(&[name]);
        assert!(
            topic.starts_with("tcpkeepalive\n") && topic.contains("- Default: -1\n"),
            "{topic}"
        );
    }
}

/// Words that users type, with the topic that each is to find.
const WORDS: &[(&str, &str)] = &[
    ("address in use", "AddressInUse"),
    ("address already in use", "AddressInUse"),
    ("backpressure", "Queues"),
    ("batch", "Batches"),
    ("binary", "BinaryData"),
    ("block", "Timeouts"),
    ("broadcast", "PublishSubscribe"),
    ("broker", "ZMQProxy"),
    ("buffer", "Queues"),
    ("cannot connect", "ConnectionRefused"),
    ("catch", "ZMQErrors"),
    ("certificate", "ZMQCertificate"),
    ("close", "socketclose"),
    ("connection refused", "ConnectionRefused"),
    ("ctrl-c", "Interrupts"),
    ("deadlock", "HangsAtExit"),
    ("dictionary", "Serialization"),
    ("disconnect", "disconnect"),
    ("dns", "Hostnames"),
    ("drop", "LostMessages"),
    ("encrypt", "Security"),
    ("error", "ZMQErrors"),
    ("event loop", "ZMQLoop"),
    ("exit", "Closing"),
    ("exit code", "ExitCodes"),
    ("failover", "RequestReply"),
    ("filter", "PublishSubscribe"),
    ("firewall", "ConnectionRefused"),
    ("fork", "Threads"),
    ("free port", "Ports"),
    ("hang", "HangsAtExit"),
    ("handshake failed", "WrongKey"),
    ("heartbeat", "heartbeat"),
    ("high-water mark", "Queues"),
    ("how do I send a list", "Serialization"),
    ("http", "ZMQStream"),
    ("identity", "identity"),
    ("install", "Installing"),
    ("interrupt", "Interrupts"),
    ("ipv6", "ipv6"),
    ("json", "Serialization"),
    ("keepalive", "Heartbeats"),
    ("last value", "LastValue"),
    ("linger", "linger"),
    ("list", "Serialization"),
    ("load balance", "Pipelines"),
    ("lost", "LostMessages"),
    ("matrix", "Serialization"),
    ("memory", "Queues"),
    ("monitor", "monitor"),
    ("multicast", "Multicast"),
    ("nothing arrives", "NothingArrives"),
    ("number", "Serialization"),
    ("order", "Delivery"),
    ("password", "Passwords"),
    ("output format", "Formats"),
    ("port", "Ports"),
    ("prefix", "PublishSubscribe"),
    ("proxy", "ZMQProxy"),
    ("queue", "Queues"),
    ("reconnect", "Reconnecting"),
    ("retry", "RequestReply"),
    ("round robin", "Pipelines"),
    ("routing id", "routingid"),
    ("several sockets", "ZMQPoller"),
    ("signal", "signal"),
    ("shell", "Tools"),
    ("slow joiner", "SlowJoiner"),
    ("socket options", "options"),
    ("thread", "Threads"),
    ("timeout", "Timeouts"),
    ("timer", "timer"),
    ("topic", "PublishSubscribe"),
    ("udp", "Multicast"),
    ("unicode", "BinaryData"),
    ("unix socket", "UnixSockets"),
    ("version", "zmqversion"),
    ("wait", "wait"),
    ("websocket", "WebSockets"),
    ("wildcard", "Ports"),
    ("wrong key", "WrongKey"),
];

#[test]
fn everyday_words_find_a_topic() {
    assert!(WORDS.len() >= 62, "{}", WORDS.len());
    let mut wrong = Vec::new();
    for (words, title) in WORDS {
        let words: Vec<&str> = words.split(' ').collect();
        let shown = shown(&words);
        let found = shown.lines().next().unwrap_or("");
        if found != *title {
            wrong.push(format!("{words:?}: {found}, not {title}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("words that find their topic: {}", WORDS.len());
}

#[test]
fn words_without_a_topic_list_the_topics_that_mention_them() {
    let found = shown(&["handed", "network"]);
    assert!(found.starts_with("No topic is called 'handed network'."), "{found}");
    assert!(found.contains("  socketclose ") && found.contains("handed"), "{found}");
    let Finished { stderr, status, .. } = zeromq(&["help", "jitter"]);
    assert_eq!(status, Some(1));
    assert!(stderr.starts_with("no help for 'jitter'"), "{stderr}");
}

#[test]
fn what_is_misspelled_is_guessed() {
    let Finished { stdout, stderr, status } = zeromq(&["help", "zmqsoket"]);
    assert_eq!((stdout.as_str(), status), ("", Some(1)));
    assert!(stderr.starts_with("no help for 'zmqsoket': did you mean zmqsocket,"), "{stderr}");
    let Finished { stderr, status, .. } = zeromq(&["help", "!!", "0x"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("`help` alone lists the topics"), "{stderr}");
}

#[test]
fn every_command_has_help_and_shells_complete_it() {
    let Finished { stdout, .. } = zeromq(&["--help"]);
    let Finished { stdout: completions, status, .. } = zeromq(&["completions", "bash"]);
    assert_eq!(status, Some(0));
    for command in ["run", "repl", "help", "completions", "install", "uninstall", "doctor"] {
        assert!(stdout.contains(&format!("\n  {command} ")), "{command}: {stdout}");
        let own = zeromq(&[command, "--help"]);
        assert!(own.status == Some(0) && own.stdout.contains("Usage: zeromq"), "{command}");
        assert!(completions.contains(&format!("zeromq__subcmd__{command}")), "{command}");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(zeromq(&["completions", shell]).stdout.contains("uninstall"), "{shell}");
    }
}

/// Otherwise a script for a shell would be cut off, and nobody would know.
#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    for arguments in [&["completions", "bash"][..], &["help"], &["help", "send"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = program().args(arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("the output cannot be written: No space left"), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_colours_and_a_pager() {
    use support::terminal::Terminal;
    let start = |lines: u16, name: &str, value: &str| {
        let mut command = program();
        command.args(["help", "frame"]).env_remove("NO_COLOR").env_remove("LESS").env(name, value);
        Terminal::sized(lines, command)
    };
    let end = "Inspect the connection";
    // What fits is shown at once; it is broken at the edge and has no marks.
    let terminal = start(500, "PAGER", "false");
    let shown = terminal.wait(|shown| shown.contains(end));
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(!shown.contains('`') && terminal.raw().contains("\u{1b}[36m"), "{shown}");
    assert_eq!(terminal.finish(), Some(0));
    let terminal = start(500, "NO_COLOR", "1");
    terminal.wait(|shown| shown.contains(end));
    assert!(!terminal.raw().contains("\u{1b}[36m"));
    assert_eq!(terminal.finish(), Some(0));
    // What does not goes through the pager; whoever leaves that early is no error.
    let terminal = start(10, "PAGER", "sed 's/^/paged: /'");
    assert!(terminal.wait(|shown| shown.contains(end)).contains("paged: "));
    assert_eq!(terminal.finish(), Some(0));
    assert_eq!(start(10, "PAGER", "true").finish(), Some(0));
    let terminal = start(10, "PAGER", "/nowhere/pager");
    terminal.wait(|shown| shown.contains(end));
    assert_eq!(terminal.finish(), Some(0));
}

#[test]
fn the_code_of_the_pages_runs() {
    pages::run(&Reference);
}

/// The words by which a page calls its topics, in lower case.
fn names(page: &str) -> Vec<String> {
    let tag = |line: &str| {
        let (_, rest) = line.strip_prefix("[tag")?.split_once("]: # (")?;
        Some(rest.strip_suffix(')')?.to_owned())
    };
    page.lines().filter_map(tag).collect()
}

#[test]
fn everything_has_a_topic_and_every_name_only_one() {
    let mut all = HashMap::new();
    for page in pages::all() {
        for name in names(&fs::read_to_string(&page).unwrap()) {
            // Morpho takes letters and digits only, and finds one topic of a name.
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
            let other = all.insert(name.clone(), page.clone());
            assert!(other.is_none(), "{name}: {other:?} and {page:?}");
        }
    }
    for name in all.keys() {
        shown(&[name]);
    }
    for class in CLASSES {
        assert!(all.contains_key(&class.name.to_lowercase()), "{}", class.name);
    }
    // The topic of each method has its signature.
    let entries = entries();
    for Entry { title, method, .. } in &entries {
        let topic = shown(&[title]);
        let signature = format!(".{}(", method.name);
        assert!(topic.starts_with(&format!("{title}\n")) && topic.contains(&signature), "{topic}");
    }
    let methods = CLASSES.iter().flat_map(|class| class.rows());
    let methods: Vec<_> = methods.filter(|row| row.target != Target::Constructor).collect();
    let known = methods.iter().filter(|row| entries.iter().any(|entry| entry.is(row.method)));
    let known = known.count();
    println!("methods with a topic: {known} of {}, in {} topics", methods.len(), entries.len());
    assert_eq!(known, methods.len());
    // So does that of each option.
    let with_topic = options::rows().filter(|row| {
        let topic = shown(&[row.name]);
        let name = format!("option(\"{}\"", row.name);
        topic.contains(&name) || shown(&[&format!("{}option", row.name)]).contains(&name)
    });
    let with_topic = with_topic.count();
    println!("options with a topic: {with_topic} of {}", options::rows().count());
    assert_eq!(with_topic, options::rows().count());
    let tags: HashSet<&str> = tags().into_iter().map(|tag| tag.to_str().unwrap()).collect();
    assert!(tags.len() > 10 && tags.contains("ZMQErr"), "{tags:?}");
    for tag in tags {
        assert!(shown(&[tag]).starts_with(&format!("{tag}\n")), "{tag}");
    }
}

/// The strict parser of Morpho 0.6.4 drops a page that has more of Markdown. Morpho
/// prints lines as they are.
#[test]
fn the_pages_are_simple_markdown() {
    for page in pages::all() {
        for (index, line) in fs::read_to_string(&page).unwrap().lines().enumerate() {
            let at = format!("{}:{}: {line}", page.display(), index + 1);
            assert!(!line.starts_with("####") && !line.starts_with(']'), "{at}");
            assert!(line.starts_with('[') || line.chars().count() <= WIDTH + 4, "{at}");
            if !line.starts_with("    ") && !line.starts_with('[') {
                assert!(line.chars().count() <= WIDTH, "{at}");
                let mut outside = line.split('`').step_by(2);
                assert!(line.matches('`').count() % 2 == 0, "{at}");
                assert!(outside.all(|text| !text.contains(['*', '_'])), "{at}");
            }
        }
    }
}

#[test]
fn the_reference_is_what_the_table_says() {
    let path = root("help/reference.md");
    let found = fs::read_to_string(&path).unwrap();
    let entries = entries();
    let mut page = found.clone();
    for class in CLASSES {
        let [before, _, after] =
            between(&page, class.name).unwrap_or_else(|| panic!("no place for {}", class.name));
        page = [before, &section(class, &entries), after].concat();
    }
    if env::var_os("ZEROMQ_BLESS").is_some() && found != page {
        fs::write(&path, &page).unwrap();
    } else {
        assert!(found == page, "it is stale: run ZEROMQ_BLESS=1 cargo test --test help");
    }
}

#[test]
fn the_reasons_are_those_of_the_library() {
    let path = root("help/problems.md");
    let found = fs::read_to_string(&path).unwrap();
    let item = |text: String| wrapped(&format!("- {}", quoted(&text))) + "\n";
    let reasons = REASONS.iter().map(|reason| {
        let name = reason.name[..1].to_uppercase() + &reason.name[1..];
        item(format!("{name}: {}.", reason.sentence))
    });
    let handshakes = HANDSHAKE_FAILURES.iter().map(|why| item(format!("{why}.")));
    let parts = [("reasons", reasons.collect::<String>()), ("handshakes", handshakes.collect())];
    let mut page = found.clone();
    for (name, list) in parts {
        let [before, _, after] = between(&page, name).unwrap_or_else(|| panic!("no {name}"));
        page = [before, &*list, after].concat();
    }
    if env::var_os("ZEROMQ_BLESS").is_some() && found != page {
        fs::write(&path, &page).unwrap();
    } else {
        assert!(found == page, "it is stale: run ZEROMQ_BLESS=1 cargo test --test help");
    }
}

/// Arguments that a method accepts. Those without any take none.
const ARGUMENTS: &[(&str, &str)] = &[
    ("accept", "\"x\""),
    ("bind", "\"inproc://claim\""),
    ("closepeer", "\"id\""),
    ("connect", "\"inproc://claim\""),
    ("disconnect", "\"inproc://claim\""),
    ("enumerate", "0"),
    ("heartbeat", "1000"),
    ("option", "\"linger\""),
    ("publish", "\"x\""),
    ("receivebatch", "1"),
    ("receivepicture", "\"s\""),
    ("reject", "\"x\""),
    ("request", "\"x\""),
    ("secure", "plain=true"),
    ("send", "\"x\""),
    ("sendarray", "1"),
    ("sendbatch", "[\"x\"]"),
    ("sendjson", "1"),
    ("sendmore", "\"x\""),
    ("sendpicture", "\"s\", \"x\""),
    ("sendto", "\"id\", \"x\""),
    ("sendvalue", "1"),
    ("serve", "fn (frames) \"x\""),
    ("setconflate", "true"),
    ("sethandover", "true"),
    ("sethwm", "1"),
    ("setidentity", "\"x\""),
    ("setlinger", "1"),
    ("setmandatory", "true"),
    ("setmanual", "true"),
    ("setnodrop", "true"),
    ("setnotify", "true"),
    ("setoption", "\"linger\", 1"),
    ("setprobe", "true"),
    ("setreconnect", "1"),
    ("setrelaxed", "true"),
    ("setsequence", "true"),
    ("setstrict", "true"),
    ("settimeout", "1"),
    ("setverbose", "\"new\""),
    ("setwelcome", "\"x\""),
    ("signal", "0"),
    ("subscribe", "\"x\""),
    ("unbind", "\"inproc://claim\""),
    ("unsubscribe", "\"x\""),
    ("waitforpeers", "1"),
    ("waitforsubscribers", "1"),
];

fn arguments(method: &Method) -> &'static str {
    let found = ARGUMENTS.iter().find(|(name, _)| *name == method.name);
    found.map_or("", |(_, arguments)| *arguments)
}

/// The class on which the methods of all sockets are tried.
fn tried(entry: &Entry) -> &'static str {
    match entry.classes[0].name {
        "ZMQSocket" if entry.method.name.contains("subscri") => "ZMQSubscriber",
        "ZMQSocket" => "ZMQDealer",
        name => name,
    }
}

fn of_sockets() -> Vec<Entry> {
    let mut entries = entries();
    entries.retain(|entry| is_socket(entry.classes[0]) && entry.target == Target::Instance);
    entries
}

fn printed(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claims.morpho");
    fs::write(&path, format!("import zeromq\n{script}")).unwrap();
    let Finished { stdout, stderr, status } = zeromq(&["run", path.to_str().unwrap()]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{script}");
    stdout
}

#[test]
fn topics_say_which_methods_need_an_open_socket() {
    let mut script = String::new();
    let mut claims = String::new();
    for entry in of_sockets() {
        let (class, name) = (tried(&entry), entry.method.name);
        let call = format!("socket.{name}({})", arguments(entry.method));
        script += &format!(
            "{{ var socket = {class}()\nsocket.close()\nvar raised = false\n\
             try {{ {call} }} catch {{ \"ZMQClosed\": raised = true }}\n\
             print \"{name} ${{raised}}\" }}\n"
        );
        claims += &format!("{name} {}\n", topic(&entry, &[]).contains("`ZMQClosed`"));
    }
    assert_eq!(printed(&script), claims);
}

#[test]
fn topics_say_what_is_returned_on_timeout() {
    // These return at once, whatever the timeout is.
    let at_once = ["publish", "sendto", "closepeer", "shutdown"];
    let mut script = String::new();
    let mut claims = String::new();
    for (index, entry) in of_sockets().iter().enumerate() {
        let (class, name) = (tried(entry), entry.method.name);
        let waits = entry.method.parameters.iter().any(|parameter| parameter.name == "timeout");
        let Some(claim) = entry.method.on_timeout().filter(|_| waits) else {
            continue;
        };
        if at_once.contains(&name) {
            continue;
        }
        let arguments = match arguments(entry.method) {
            "" => "timeout=1".to_owned(),
            arguments => format!("{arguments}, timeout=1"),
        };
        script += &format!(
            "{{ var socket = {class}(\"@inproc://claim-{index}\")\n\
             print \"{name} ${{socket.{name}({arguments})}}\"\n\
             socket.setstrict(true)\n\
             try {{ socket.{name}({arguments}) }} catch {{ \"ZMQTimeout\": print \"strict\" }} }}\n"
        );
        claims += &format!("{name} {claim}\nstrict\n");
    }
    assert!(claims.lines().count() > 20, "{claims}");
    assert_eq!(printed(&script), claims);
}
