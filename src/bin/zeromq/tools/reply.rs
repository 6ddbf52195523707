//! `zeromq rep`: answers requests.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use zeromq::core::{Error, Message, SocketType, Wait};

use super::arguments::{FormatArguments, LimitArguments, ShowArguments, frames_of};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::format::{Format, message_of, write_message};
use super::input::Input;
use super::output::Output;
use super::socket::SocketArguments;

/// Answers requests, and shows them unless --quiet is given.
///
/// The reply is that in the arguments, the request itself (--echo), the output of a command
/// (--exec) or else the next line of the standard input. It binds unless > stands before an
/// endpoint. It runs until Ctrl-C or SIGTERM, and answers the request that it has received
/// first.
///
/// --exec starts COMMAND in a shell for each request and writes the request in --format to its
/// standard input. What it prints is the reply, in the same format: in text, json and hex one
/// line, in raw all of its output as one frame. If the command fails or cannot be started, prints
/// more than 64 MB, or what it prints is not a message, the reply has two frames, an empty one and the reason,
/// which is also reported here.
#[derive(clap::Args)]
#[command(override_usage = "zeromq rep [OPTIONS] <ENDPOINTS> [FRAME]...
       zeromq rep [OPTIONS] --connect <ENDPOINTS> [FRAME]...")]
#[command(after_help = "Examples:
  zeromq rep tcp://*:5555 --echo
  zeromq rep tcp://*:5555 pong --count 1
  zeromq rep tcp://*:5555 --exec 'tr a-z A-Z'
  zeromq rep tcp://*:5555 --exec 'timeout 5 ./handler' --format json --quiet
  zeromq rep tcp://*:5555 --exec 'cat /etc/hosts' --format raw --quiet")]
pub struct Arguments {
    /// Where to answer, and the frames of the reply.
    #[arg(value_name = "ENDPOINTS [FRAME]...", hide = true)]
    rest: Vec<OsString>,
    /// Replies with the request.
    #[arg(long, conflicts_with = "exec")]
    echo: bool,
    /// Replies with what COMMAND prints. It reads the request from its standard input.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

/// How many bytes a command may print.
const LARGEST: u64 = 64 << 20;

/// Where replies come from.
enum Answers<'a> {
    Fixed(Vec<Vec<u8>>),
    Echo,
    Exec(&'a str, Format),
    Input(Box<Input>),
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, show, limits, connection, .. } = arguments;
    let (endpoints, frames) = connection.endpoints(&arguments.rest)?;
    let mut answers = match (arguments.echo, &arguments.exec) {
        (false, None) if frames.is_empty() => Answers::Input(Box::new(Input::new(format.format)?)),
        (false, None) => Answers::Fixed(frames_of(format.format, frames)?),
        _ if !frames.is_empty() => {
            return Err(Failure::usage("a reply goes neither with --echo nor with --exec"));
        }
        (true, _) => Answers::Echo,
        (false, Some(command)) => Answers::Exec(command, format.format),
    };
    let mut output = Output::new(format, show)?;
    let connection = connection.open(SocketType::Rep, endpoints, limits, |_| Ok(()))?;
    let socket = &connection.socket;
    if !limits.quiet {
        ending.watch_output();
    }
    let mut request = Message::default();
    let mut count = 0;
    let is_done = |count| limits.count.is_some_and(|limit| count >= limit);
    while !is_done(count) && !ending.is_asked() {
        match socket.receive_into(&mut request, &ending.wait(limits.timeout())) {
            Ok(()) => {}
            Err(Error::Interrupted) => break,
            Err(Error::Again) => {
                let text = format!("no request has arrived within the timeout, after {count}");
                return Err(connection.timed_out(&text));
            }
            Err(error) => return Err(error.into()),
        }
        // Whoever has closed the output must not cost the requester its reply.
        let shown = if limits.quiet { Ok(()) } else { output.write(request.frames()) };
        answers.answer(&mut request, ending)?;
        // The requester is there, or has gone and gets nothing.
        socket.send_message(&mut request, &Wait::new(limits.timeout()))?;
        count += 1;
        shown?;
    }
    connection.finish(ending, limits.timeout())?;
    if limits.count.is_some() && !is_done(count) { Err(Failure::Stopped) } else { Ok(()) }
}

impl Answers<'_> {
    /// Replaces a request by its reply.
    fn answer(&mut self, message: &mut Message, ending: &Ending) -> Outcome {
        let frames = match self {
            Answers::Echo => return Ok(()),
            Answers::Fixed(frames) => frames.clone(),
            Answers::Exec(command, format) => {
                execute(command, *format, message).unwrap_or_else(|problem| {
                    tracing::error!(command = "rep", "{problem}");
                    vec![Vec::new(), problem.into_bytes()]
                })
            }
            Answers::Input(input) => input.next(ending)?.ok_or_else(|| {
                if ending.is_asked() {
                    Failure::Stopped
                } else {
                    let text = "the standard input has no reply for this request";
                    Failure::Error(text.to_owned())
                }
            })?,
        };
        message.clear();
        for frame in &frames {
            message.push(frame)?;
        }
        Ok(())
    }
}

/// Returns the reply of a command, or what went wrong.
fn execute(command: &str, format: Format, request: &Message) -> Result<Vec<Vec<u8>>, String> {
    let failed = |error: io::Error| format!("the command cannot be run: {error}");
    let mut shell = shell(command);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped());
    // In a group of its own, Ctrl-C in a terminal does not end it before it has answered.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut child = shell.spawn().map_err(failed)?;
    let mut input = Vec::new();
    write_message(format, None, request.frames(), &mut input);
    let stdin = child.stdin.take();
    // A command need not read its input, and it may print before it does.
    let writer = thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(&input);
        }
    });
    let mut printed = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(LARGEST + 1).read_to_end(&mut printed),
        None => Ok(0),
    };
    let too_much = printed.len() as u64 > LARGEST;
    if too_much {
        // What it has started notices that nobody reads anymore.
        child.kill().map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    // What has inherited the pipe may still not read it.
    if writer.is_finished() {
        let _ = writer.join();
    }
    if too_much {
        return Err(format!(
            "the command was ended, because it has printed more than {LARGEST} bytes"
        ));
    }
    read.map_err(|error| format!("the output of the command cannot be read: {error}"))?;
    if !status.success() {
        return Err(format!("the command has failed: {status}"));
    }
    if format == Format::Raw {
        return Ok(vec![printed]);
    }
    let line = printed.strip_suffix(b"\n").unwrap_or(&printed);
    if line.contains(&b'\n') {
        return Err("the command has printed several lines; --format raw replies with all of \
                    them as one frame"
            .to_owned());
    }
    match message_of(format, line) {
        Ok(Some(frames)) => Ok(frames),
        Ok(None) => Err("the command has printed no message".to_owned()),
        Err(problem) => Err(format!("the output of the command is not a message: {problem}")),
    }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    shell
}
