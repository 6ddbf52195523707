//! Runs every script in `tests/scripts` on the reference host, each as a separate test.

mod support;

use libtest_mimic::{Arguments, Trial};
use support::{Reference, scripts};

fn main() {
    let arguments = Arguments::from_args();
    let trials = scripts::all().into_iter().map(|script| {
        let name = script.strip_prefix(scripts::folder()).unwrap_or(&script);
        Trial::test(name.display().to_string(), move || Ok(scripts::run(&Reference, &script)?))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
