//! `zeromq install` and `zeromq uninstall`: our package in a folder, and its line in
//! Morpho's list. Called by `main`, which prints what they return.

pub mod c;
mod licenses;
pub mod morpho;
pub mod program;
mod record;

use std::path::Path;

use crate::install::morpho::list::{List, Meaning};
use crate::install::morpho::package::Package;
use crate::install::morpho::{home, provider};
use crate::library::{self, Library};

/// Says why `install --program` installs only the program, if there is no library to install.
pub fn reason_for_the_program_alone(prefix: Option<&Path>) -> Option<String> {
    if prefix.is_some() || !matches!(library::find(), Ok(Library::Linked)) {
        return None;
    }
    let (_, file) = library::names();
    Some(format!(
        "The package for Morpho is not installed, or stays as it is: {file} is not beside this \
         program.\n"
    ))
}

/// Installs the package and adds its line.
pub fn install(prefix: Option<&Path>) -> Result<String, String> {
    let home = home()?;
    let package = Package::new(prefix, &home)?;
    let mut list = List::read(&home)?;
    package.install(&library::shared()?)?;
    let added = list.add(&package.folder)?;
    let (folder, path) = (package.folder.display(), list.path.display());
    let listed = if added { "was added to" } else { "is already in" };
    let mut text = format!("Installed the package in {folder}, which {listed} {path}.\n");
    for warning in warnings(&list, &package.folder) {
        text.push_str(&format!("Warning: {warning}.\n"));
    }
    Ok(text)
}

/// Problems that keep Morpho from using the package, or may puzzle the user.
fn warnings(list: &List, folder: &Path) -> Vec<String> {
    let providers = provider::all(list);
    let mut warnings = match provider::rivals(&providers, folder) {
        Ok(odd) => odd,
        Err(wrong) => vec![wrong],
    };
    let roots = list.lines().filter(|line| matches!(line.meaning(), Meaning::Root));
    warnings.extend(roots.map(|line| line.complaint(list)));
    warnings
}

/// Undoes `install`. Calling it twice is harmless.
pub fn uninstall(prefix: Option<&Path>) -> Result<String, String> {
    let home = home()?;
    let package = Package::new(prefix, &home)?;
    let mut list = List::read(&home)?;
    // The line first: Morpho had better not look for what is being removed.
    let listed = list.remove(&package.folder)?;
    let removed = package.remove()?;
    let folder = package.folder.display();
    if !listed && !removed.any {
        return Ok(format!(
            "Nothing to remove: there is no package from `zeromq install` in \
                           {folder}.\n"
        ));
    }
    let mut text = format!("Removed the package in {folder}.\n{}", removed.warnings());
    for other in provider::all(&list) {
        text.push_str(&format!("{other} still provides zeromq.\n"));
    }
    Ok(text)
}
