//! The doctor's report on the library and its libzmq, which it queries through the C ABI.

use std::ffi::CStr;

use super::report::Report;
use crate::host::plugin;
use crate::library::{self, Library};

/// The optional features of libzmq, as named by `zeromq_has`.
const CAPABILITIES: [&CStr; 8] =
    [c"curve", c"ipc", c"ws", c"pgm", c"norm", c"tipc", c"gssapi", c"vmci"];

pub fn check(report: &Report) -> Result<(), String> {
    let place = match library::find()? {
        Library::Shared(path) => path.display().to_string(),
        Library::Linked => "the one in this program".to_owned(),
    };
    let library = plugin::open()?;
    let version = library.version();
    let found = format!("library {version}: {place}");
    if version == env!("CARGO_PKG_VERSION") {
        report.ok(found);
    } else {
        report.warning(format!("{found}, which is not the version of this program"));
    }
    let (with, without): (Vec<&CStr>, Vec<&CStr>) =
        CAPABILITIES.into_iter().partition(|name| library.has(name));
    let listed = |names: &[&CStr]| {
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        names.join(", ")
    };
    let version = library.libzmq_version();
    report.ok(format!("libzmq {version} with {}; without {}", listed(&with), listed(&without)));
    if !with.contains(&c"curve") {
        report.warning("this libzmq has no CURVE, so nothing can be encrypted");
    }
    Ok(())
}
