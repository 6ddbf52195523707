//! The reference host refuses scripts that nest too deeply; it does not crash.

mod support;

use std::time::Duration;

use support::start;

const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn deep_nesting_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("deep.morpho");
    for (part, times) in
        [("fn a() {", 200_000), ("(", 100_000), ("-", 100_000), ("if (true) 1\nelse ", 100_000)]
    {
        std::fs::write(&script, part.repeat(times)).unwrap();
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(1), "{part}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{part}");
    }
}
