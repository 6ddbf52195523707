//! What the doctor says of the shared library and of the libzmq in it. It asks
//! as the reference host does: through the C ABI.

use std::rc::Rc;

use super::report::Report;
use crate::host::error::Failure;
use crate::host::machine::Machine;
use crate::host::plugin::{self, Class};
use crate::host::source::Sources;
use crate::host::syntax::{Name, Names};
use crate::host::value::Value;
use crate::library;

/// What libzmq may have been built with, as `ZMQ.has` knows it.
const CAPABILITIES: [&str; 8] = ["curve", "ipc", "ws", "pgm", "norm", "tipc", "gssapi", "vmci"];

/// The class ZMQ, and what it takes to call it.
struct Zmq {
    class: Rc<Class>,
    version: Name,
    has: Name,
    machine: Machine,
}

pub fn check(report: &Report) -> Result<(), String> {
    let path = library::find()?;
    let names = Names::default();
    let (library, brought) = plugin::load(&names)?;
    let version = library.version();
    let found = format!("library {version}: {}", path.display());
    if version == env!("CARGO_PKG_VERSION") {
        report.ok(found);
    } else {
        report.warning(format!("{found}, which is not the version of this program"));
    }
    let class = brought.into_iter().find_map(|(_, value)| match value {
        Value::ForeignClass(class) if class.name() == "ZMQ" => Some(class),
        _ => None,
    });
    let mut zmq = Zmq {
        class: class.ok_or("the library has no class ZMQ")?,
        version: names.intern("version"),
        has: names.intern("has"),
        machine: Machine::new(names, Sources::default(), Vec::new()),
    };
    zmq.check(report)
}

impl Zmq {
    fn check(&mut self, report: &Report) -> Result<(), String> {
        let version = match self.ask(&self.version.clone(), Vec::new())? {
            Value::String(version) => version,
            _ => return Err("ZMQ.version() is not a String".into()),
        };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for name in CAPABILITIES {
            let has = self.ask(&self.has.clone(), vec![Value::string(name)])?;
            let side = if matches!(has, Value::Bool(true)) { &mut with } else { &mut without };
            side.push(name);
        }
        let (with, without) = (with.join(", "), without.join(", "));
        report.ok(format!("libzmq {version} with {with}; without {without}"));
        if !with.contains("curve") {
            report.warning("this libzmq has no CURVE, so nothing can be encrypted");
        }
        Ok(())
    }

    fn ask(&mut self, function: &Name, arguments: Vec<Value>) -> Result<Value, String> {
        let method = self.class.function(function);
        let method = method.ok_or("the class ZMQ of the library lacks a function")?;
        let answer = self.class.call(&mut self.machine, method, &arguments.into());
        answer.map_err(|failure| match failure {
            Failure::Error(error) => error.text,
            Failure::Unsupported(what) => what,
            Failure::Stream(error) => error.to_string(),
            Failure::Interrupted => "interrupted".to_owned(),
        })
    }
}
