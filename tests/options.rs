//! The topics of options in `help/options.md` agree with the rows of the options;
//! `ZEROMQ_BLESS=1` rewrites them. And the environment sets defaults of sockets.

mod support;

use std::time::Duration;
use std::{env, fs};

use support::markdown::{between, header, quoted, signature, wrapped};
use support::{launch, pages, program, root};
use zeromq::binding::CLASSES;
use zeromq::core::options::{Access, Kind, Needs, Row, Sample, When, rows};

/// The methods that set an option.
const METHODS: &[(&str, &str)] = &[
    ("conflate", "setconflate"),
    ("heartbeat_ivl", "heartbeat"),
    ("heartbeat_timeout", "heartbeat"),
    ("heartbeat_ttl", "heartbeat"),
    ("linger", "setlinger"),
    ("probe_router", "setprobe"),
    ("rcvhwm", "sethwm"),
    ("rcvmore", "more"),
    ("rcvtimeo", "settimeout"),
    ("reconnect_ivl", "setreconnect"),
    ("reconnect_ivl_max", "setreconnect"),
    ("req_correlate", "setrelaxed"),
    ("req_relaxed", "setrelaxed"),
    ("router_handover", "sethandover"),
    ("router_mandatory", "setmandatory"),
    ("routing_id", "setidentity"),
    ("sndhwm", "sethwm"),
    ("sndtimeo", "settimeout"),
    ("stream_notify", "setnotify"),
    ("xpub_manual", "setmanual"),
    ("xpub_nodrop", "setnodrop"),
    ("xpub_verbose", "setverbose"),
    ("xpub_verboser", "setverbose"),
    ("xpub_welcome_msg", "setwelcome"),
    ("curve_publickey", "secure"),
    ("curve_secretkey", "secure"),
    ("curve_server", "secure"),
    ("curve_serverkey", "secure"),
    ("plain_password", "secure"),
    ("plain_server", "secure"),
    ("plain_username", "secure"),
    ("zap_domain", "secure"),
    ("zap_enforce_domain", "secure"),
];

/// The topics of all options, in the order of their names.
fn topics(others: &str) -> String {
    let mut rows: Vec<&Row> = rows().collect();
    rows.sort_by_key(|row| row.name);
    let topics = rows.iter().map(|row| topic(row, others));
    format!("\n{}", topics.collect::<String>())
}

fn topic(row: &Row, others: &str) -> String {
    let mut out = header(2, &title(row), &tags(row, others));
    let mut code = Vec::new();
    if row.writes() {
        code.push(format!("socket.setoption(\"{}\", value)", row.name));
    }
    if row.reads() {
        code.push(format!("socket.option(\"{}\") -> value", row.name));
    }
    out += &signature(&code.join("\n    "));
    let mut line = |text: &str| out += &format!("{}\n", wrapped(&quoted(text)));
    line(row.doc);
    line("");
    line(&format!("- Type: {}", kind(row)));
    if let Some(format) = row.format() {
        line(&format!("- Format: {format}"));
    }
    if let Some(default) = row.default {
        line(&format!("- Default: {}", default_value(row, default)));
    }
    line(&format!("- Sockets: {}", sockets(row)));
    line(&format!("- Access: {}", access(row)));
    if row.writes() {
        line(&format!("- Takes effect: {}", when(row)));
    }
    if let Needs::Capability(capability) = row.needs {
        line(&format!("- Requires: libzmq built with {capability}"));
    }
    if !row.aliases.is_empty() {
        line(&format!("- Also called: {}", row.aliases.join(", ")));
    }
    if let Some((_, method)) = METHODS.iter().find(|(option, _)| *option == row.name) {
        line(&format!("- Method: `help {method}`"));
    }
    out + "\n"
}

/// The name without `_`, as Morpho finds letters and digits only; methods go first.
fn title(row: &Row) -> String {
    let name = row.name.replace('_', "");
    match is_method(&name) {
        true => name + "option",
        false => name,
    }
}

fn is_method(name: &str) -> bool {
    CLASSES[0].rows().any(|method| method.method.name == name)
}

fn tags(row: &Row, others: &str) -> Vec<String> {
    let mut tags = vec![title(row)];
    tags.extend(row.aliases.iter().map(|alias| alias.replace('_', "")));
    tags.retain(|tag| !others.contains(&format!("[tag{tag}]:")));
    tags
}

/// The type, with its range and unit.
fn kind(row: &Row) -> String {
    match row.kind {
        Kind::Bool => "Bool".to_owned(),
        Kind::Int | Kind::Int64 | Kind::Uint64 => {
            let what = NAMES.iter().find(|(unit, _)| *unit == row.unit);
            let what = what.map_or(String::new(), |(_, what)| format!(" ({what})"));
            format!("Int{what}, {}{}", row.range(), unit(row))
        }
        Kind::Bytes => format!("String or ZMQFrame, {}", row.range()),
        Kind::Text => format!("String, {}", row.range()),
        Kind::Key => "a key: a ZMQFrame of 32 bytes or a String of 40 characters".to_owned(),
    }
}

/// Units that say what a number is.
const NAMES: &[(&str, &str)] = &[("bit mask", "a bit mask"), ("descriptor", "a file descriptor")];

/// The unit of a number, after a blank.
fn unit(row: &Row) -> String {
    match row.unit {
        "" | "bit mask" | "descriptor" => String::new(),
        "us" => " microseconds".to_owned(),
        unit => format!(" {unit}"),
    }
}

fn default_value(row: &Row, default: Sample) -> String {
    match default.to_string().as_str() {
        "\"\"" => "empty".to_owned(),
        value => format!("{value}{}", unit(row)),
    }
}

fn access(row: &Row) -> &'static str {
    match row.access {
        Access::Read => "read only",
        Access::Write => "set only",
        Access::ReadWrite => "read and set",
    }
}

fn when(row: &Row) -> &'static str {
    match row.when {
        When::Now => "immediately",
        When::Later => "for endpoints that are bound or connected afterwards",
        When::Next => "for the next bind or connect only",
        When::First => "must be set before the first bind or connect",
    }
}

fn sockets(row: &Row) -> String {
    let all: Vec<_> = zeromq::core::SocketType::ALL.iter().collect();
    let names = |wanted: bool| {
        let chosen = all.iter().filter(|socket_type| row.is_for(***socket_type) == wanted);
        chosen.map(|socket_type| socket_type.name()).collect::<Vec<_>>()
    };
    match (names(true), names(false)) {
        (_, others) if others.is_empty() => "all".to_owned(),
        (_, others) if others.len() == 1 => format!("all except {}", others[0]),
        (names, _) => names.join(", "),
    }
}

#[test]
fn the_help_has_every_option() {
    let path = root("help/options.md");
    let help = fs::read_to_string(&path).unwrap();
    let [before, found, after] = between(&help, "options").expect("the page has a place for them");
    let mut others = [before, after].concat();
    for page in pages::all().iter().filter(|page| **page != path) {
        others += &fs::read_to_string(page).unwrap();
    }
    let topics = topics(&others);
    let count = topics.lines().filter(|line| line.starts_with("## ")).count();
    println!("topics of options: {count} of {}", rows().count());
    assert_eq!(count, rows().count());
    if env::var_os("ZEROMQ_BLESS").is_some() && found != topics {
        fs::write(&path, [before, &topics, after].concat()).unwrap();
    } else {
        assert!(found == topics, "the help is stale: run ZEROMQ_BLESS=1 cargo test --test options");
    }
}

#[test]
fn methods_of_options_exist() {
    for (option, method) in METHODS {
        assert!(rows().any(|row| row.name == *option), "{option}");
        let known = CLASSES.iter().flat_map(|class| class.rows());
        assert!(known.into_iter().any(|row| row.method.name == *method), "{method}");
    }
}

/// Returns what a script prints about a socket and the context, line by line.
fn settings(variables: &[(&str, &str)], before: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("settings.morpho");
    let source = format!(
        "import zeromq\n{before}\nvar push = ZMQPush()\n\
         for (name in [\"linger\", \"sndhwm\", \"rcvhwm\", \"ipv6\"]) print push.option(name)\n\
         for (name in [\"io_threads\", \"max_sockets\", \"zero_copy_recv\"]) {{\n\
           print ZMQ.context()[name]\n\
         }}\n"
    );
    fs::write(&script, source).unwrap();
    let mut command = program();
    command.arg("run").arg(&script).envs(variables.iter().copied());
    let finished = launch(&mut command).finish(Duration::from_secs(60));
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    finished.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn the_environment_says_what_sockets_begin_with() {
    assert_eq!(settings(&[], ""), ["1000", "1000", "1000", "false", "1", "1023", "1"]);
    let variables = [
        ("ZSYS_LINGER", "5"),
        ("ZSYS_SNDHWM", "6"),
        ("ZSYS_RCVHWM", "0"),
        ("ZSYS_IPV6", "1"),
        ("ZSYS_IO_THREADS", "2"),
        ("ZSYS_MAX_SOCKETS", "9"),
        ("ZSYS_ZERO_COPY_RECV", "0"),
    ];
    assert_eq!(settings(&variables, ""), ["5", "6", "0", "true", "2", "9", "0"]);
    // Values set by the script take precedence.
    let script = "ZMQ.setdefaults(linger=7, rcvhwm=8, ipv6=false)\nZMQ.setcontext(iothreads=3)";
    assert_eq!(settings(&variables, script), ["7", "6", "8", "false", "3", "9", "0"]);
    // Invalid values are ignored.
    let variables = [
        ("ZSYS_LINGER", "-2"),
        ("ZSYS_SNDHWM", "many"),
        ("ZSYS_RCVHWM", ""),
        ("ZSYS_IPV6", "2"),
        ("ZSYS_IO_THREADS", "1000000"),
        ("ZSYS_MAX_SOCKETS", "0"),
        ("ZSYS_ZERO_COPY_RECV", "yes"),
    ];
    assert_eq!(settings(&variables, ""), settings(&[], ""));
}
