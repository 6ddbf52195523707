//! Morpho on this machine: which packages it has, what ours is made of, and
//! which Morpho programs there are. `install` and `doctor` use it.

pub mod list;
pub mod package;
pub mod program;
pub mod provider;
pub mod replace;

use std::path::PathBuf;

/// Morpho's name for this package, and what a script imports.
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
