//! `zeromq keygen`: makes CURVE certificates.

use std::path::Path;

use zeromq::core::Certificate;

use super::failure::{Failure, Outcome};
use super::output;

/// Makes a key pair for CURVE and writes it to two files.
///
/// FILE gets the public key, for the other side; FILE_secret gets both keys, and only its owner
/// may read it (mode 0600). It prints the public key. Files that exist are kept, and it fails
/// then, unless --force is given. ZMQCert and czmq read and write the same files; pyzmq reads
/// those whose name ends in .key, with .key_secret beside them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  zeromq keygen server
  zeromq keygen client --meta name='Price feed' --meta email=ops@example.com
  zeromq pub tcp://*:5556 --curve-certificate server --curve-accept any
  zeromq sub tcp://localhost:5556 --curve-certificate client --curve-serverkey server")]
pub struct Arguments {
    /// The file for the public key.
    file: String,
    /// Adds metadata to both files, such as the name of the owner.
    #[arg(long, value_name = "NAME=VALUE")]
    meta: Vec<String>,
    /// Replaces files that exist.
    #[arg(long)]
    force: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let Arguments { file, meta, force } = arguments;
    let mut certificate = Certificate::new()?;
    for entry in meta {
        let Some((name, value)) = entry.split_once('=') else {
            return Err(Failure::usage(format!("--meta {entry}: expected NAME=VALUE")));
        };
        certificate
            .set_meta(name, Some(value))
            .map_err(|error| Failure::usage(format!("--meta {entry}: {error}")))?;
    }
    let secret = Certificate::secret_file(file);
    // Also for a link to nowhere.
    let exists = |file: &str| Path::new(file).symlink_metadata().is_ok();
    if let Some(known) = [file, &secret].into_iter().find(|file| exists(file))
        && !force
    {
        return Err(Failure::Error(format!(
            "{known} exists and is kept; choose another name, or replace it with --force"
        )));
    }
    certificate.save(file)?;
    output::write(format!("{}\n", certificate.public()).as_bytes())
}
