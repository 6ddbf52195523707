//! Morpho on this machine: its packages, the contents of ours, and the Morpho programs.
//! Used by `install` and `doctor`.

pub mod list;
pub mod package;
pub mod program;
pub mod provider;
pub mod replace;

use std::path::PathBuf;

/// The name of this package in Morpho, which scripts import.
pub const NAME: &str = "zeromq";

/// The folder in which every Morpho looks for its list of packages.
pub fn home() -> Result<PathBuf, String> {
    match std::env::var_os("HOME") {
        Some(home) if !home.is_empty() => Ok(home.into()),
        _ => Err("HOME is not set, but Morpho looks for its packages in $HOME/.morphopackages: \
                  set HOME to your home folder"
            .into()),
    }
}
