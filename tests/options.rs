//! The table of options in `help/zeromq.md` matches the option rows; `ZEROMQ_BLESS=1`
//! rewrites it. The environment sets the default options of sockets.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;
use std::{env, fs};

use support::{launch, pages, program, root};
use zeromq::core::options::{Access, Kind, Needs, Row, When, rows};

const BEGIN: &str = "[comment]: # (the table of options begins)\n";
const END: &str = "[comment]: # (the table of options ends)\n";

fn table() -> String {
    let mut rows: Vec<&Row> = rows().collect();
    rows.sort_by_key(|row| row.name);
    let lines = rows.iter().map(|row| {
        let Row { name, unit, doc, .. } = row;
        let default = row.default.map_or("-".to_owned(), |default| default.to_string());
        let line = format!(
            "    {name:<22} {:<6} {unit:<11} {default:<8} {:<2} {:<5} {}{}",
            kind(row),
            access(row),
            when(row),
            sockets(row),
            needs(row)
        );
        let aliases = match row.aliases {
            [] => String::new(),
            aliases => format!(" Also {}.", aliases.join(", ")),
        };
        format!("{line}\n        {doc}{aliases}\n")
    });
    let head = ["name", "type", "unit", "default", "", "when", "sockets"];
    let head = format!(
        "    {:<22} {:<6} {:<11} {:<8} {:<2} {:<5} {}\n",
        head[0], head[1], head[2], head[3], head[4], head[5], head[6]
    );
    format!("\n{head}{}\n", lines.collect::<String>())
}

fn kind(row: &Row) -> &'static str {
    match row.kind {
        Kind::Bool => "Bool",
        Kind::Int => "Int",
        Kind::Int64 | Kind::Uint64 => "Int64",
        Kind::Bytes => "bytes",
        Kind::Text => "String",
        Kind::Key => "key",
    }
}

fn access(row: &Row) -> &'static str {
    match row.access {
        Access::Read => "r",
        Access::Write => "w",
        Access::ReadWrite => "rw",
    }
}

fn when(row: &Row) -> &'static str {
    match row.when {
        _ if row.access == Access::Read => "-",
        When::Now => "now",
        When::Later => "later",
        When::Next => "next",
        When::First => "first",
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
        (_, others) if others.len() == 1 => format!("all but {}", others[0]),
        (names, _) => names.join(" "),
    }
}

fn needs(row: &Row) -> String {
    match row.needs {
        Needs::Capability(capability) => format!(" (if built with {capability})"),
        Needs::Nothing | Needs::Probe => String::new(),
    }
}

/// Returns the names by which Morpho finds the table: only letters and digits. Names
/// with another meaning are left to that.
fn tags(others: &str) -> String {
    let mut tags = BTreeSet::new();
    for row in rows() {
        tags.extend([row.name].iter().chain(row.aliases).map(|name| name.replace('_', "")));
    }
    tags.retain(|tag| !others.contains(&format!("[tag{tag}]")) && tag != "type" && tag != "fd");
    tags.iter().map(|tag| format!("[tag{tag}]: # ({tag})\n")).collect()
}

#[test]
fn the_help_has_every_option() {
    let path = root("help/zeromq.md");
    let help = fs::read_to_string(&path).unwrap();
    let (before, rest) = help.split_once(BEGIN).expect("the help has a place for the table");
    let (found, after) = rest.split_once(END).expect("the table ends");
    let mut others = [before, after].concat();
    for page in pages::all().iter().filter(|page| **page != path) {
        others += &fs::read_to_string(page).unwrap();
    }
    let table = tags(&others) + &table();
    // Morpho reads lines of at most 2048 bytes, and some terminals show 120.
    assert!(table.lines().all(|line| line.len() <= 120));
    if env::var_os("ZEROMQ_BLESS").is_some() && found != table {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert!(found == table, "the help is stale: run ZEROMQ_BLESS=1 cargo test --test options");
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
