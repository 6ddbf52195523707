//! `zeromq bridge` in a program that was built without it.

use std::ffi::OsString;

use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::log::LogFormat;

/// Connects a bus with NATS JetStream. This program was built without it: `cargo install
/// --locked --path . --features bridge` builds one that has it.
#[derive(clap::Args)]
pub struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

impl Arguments {
    /// It has no log.
    pub fn log(&self) -> Option<LogFormat> {
        None
    }
}

pub fn run(_: &Arguments, _: &Ending) -> Outcome {
    Err(Failure::Error(
        "this program was built without the bridge to NATS; `cargo install --locked --path . \
         --features bridge` in its source builds one that has it"
            .to_owned(),
    ))
}
