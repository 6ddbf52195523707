//! The program `zeromq run`: what it refuses and how, and how it ends.

mod support;

use std::time::Duration;

use support::{feed, loopback, program, start};

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

#[test]
fn files_are_written_to_the_end_and_refused_where_morpho_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("files.morpho");
    std::fs::write(folder.path().join("bytes"), b"a\nx\xff\n").unwrap();
    // Nothing frees two objects that hold each other; the file is complete anyway.
    let held = "class A { }\nvar a = A()\na.self = a\na.file = File(\"held\", \"write\")\n\
                a.file.write(\"line\")\na = nil";
    for (text, refusal) in [
        (held, None),
        ("var f = File(\"bytes\")\nf.readline()\nf.readline()", Some("not UTF-8")),
        ("File(\".\")", Some("a folder as a file")),
        ("File(\"out\", \"write\").lines()", Some("never ends")),
        ("File(\"bytes\", mode=\"write\")", Some("named arguments")),
    ] {
        std::fs::write(&script, text).unwrap();
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(i32::from(refusal.is_some())), "{text}");
        assert_eq!(finished.stdout, "", "{text}");
        let refusal = refusal.unwrap_or_default();
        assert!(finished.stderr.contains(refusal), "{text}: {}", finished.stderr);
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("held")).unwrap(), "line\n");
}

/// The Matrix of this program lacks most of Morpho's, and says so.
#[test]
fn what_a_matrix_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("matrix.morpho");
    for (text, says) in [
        ("Matrix(2, 2).inverse()", "the method 'inverse' of a Matrix, which has only clone, count"),
        ("Matrix(2, 2).column(0)", "the method 'column' of a Matrix, which has only"),
        ("var a = Matrix(3)[0..1]", "parts of a Matrix, which has only elements"),
        ("var a = Matrix(2, 2)[[0, 1], 0]", "parts of a Matrix, which has only elements"),
        ("var m = Matrix(2)\nm[0, 0] = m", "an assignment to a part of a Matrix"),
        ("var m = Matrix(2, 2)\nprint m / m", "solving equations with matrix / matrix"),
        ("Matrix([Matrix(2), Matrix(2)])", "joining matrices"),
        ("print [1][0, 1]", "more than one index of a value that is not a Matrix"),
        ("print Matrix(2).dimension()", "did you mean dimensions?"),
    ] {
        std::fs::write(&script, text).unwrap();
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(1), "{text}");
        assert!(finished.stderr.contains(says), "{text}: {}", finished.stderr);
    }
}

/// A few bytes of a peer may describe arrays of many empty lists, or a matrix of many empty
/// rows.
#[test]
fn few_bytes_do_not_become_many_lists() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("arrays.morpho");
    let text = r#"
import zeromq
var pair = ZMQ.pipe()
fn received(count) {
  var bytes = [144 + count]
  for (i in 1..count) {
    // An array of 1000000 x 0 x 0 floats, as an extension of MessagePack.
    for (byte in [199, 26, 78, 6, 3, 64, 66, 15]) bytes.append(byte)
    for (j in 1..21) bytes.append(0)
  }
  pair[0].send(ZMQFrame(bytes))
  return pair[1].receivevalue(timeout=60000)
}
for (array in received(2)) print array.count()
try { received(3) } catch { "ZMQDecode": print "too many" }
pair[0].send("{\"dtype\": \"float64\", \"shape\": [1099511627776, 0]}", "")
try { pair[1].receivearray(timeout=60000) } catch { "Alloc": print "too large" }
"#;
    std::fs::write(&script, text).unwrap();
    let finished = start::<&str>(&script, &[]).finish(DEADLINE);
    assert_eq!(finished.stdout, "1000000\n1000000\ntoo many\ntoo large\n", "{}", finished.stderr);
}

/// A descriptor whose writer has gone still has something to read.
#[cfg(unix)]
#[test]
fn what_is_left_to_read_comes_before_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("poll.morpho");
    let text = "import zeromq\nvar poller = ZMQPoller(0)\nZMQ.sleep(200)\n\
                print poller.waitall(10000)[0][1]\nprint System.readline()\n\
                print poller.waitall(10000)[0][1]";
    std::fs::write(&script, text).unwrap();
    let finished = feed(loopback(program().arg("run").arg(&script)), "hello\n").finish(DEADLINE);
    assert_eq!(finished.stdout, "in\nhello\nerror\n", "{}", finished.stderr);
}

/// Ctrl-C ends the last wait, also after `catchinterrupts`.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_last_flush() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("flush.morpho");
    let text = "import zeromq\nZMQ.catchinterrupts(true)\nvar push = ZMQPush()\n\
                push.setlinger(-1)\npush.connect(\"tcp://127.0.0.1:1\")\npush.send(\"x\")";
    std::fs::write(&script, text).unwrap();
    let running = start::<&str>(&script, &[]);
    std::thread::sleep(Duration::from_millis(500));
    let finished = running.interrupt(DEADLINE);
    assert_eq!(finished.status, None, "a signal has ended it: {}", finished.stderr);
}

#[test]
#[cfg(unix)]
fn pipes_and_devices_are_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("import.morpho");
    std::fs::write(&script, "import \"other.morpho\"").unwrap();
    let other = folder.path().join("other.morpho");
    let made = std::process::Command::new("mkfifo").arg(&other).status().unwrap();
    assert!(made.success());
    for _ in 0..2 {
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains("a pipe or a device, not a file"), "{}", finished.stderr);
        std::fs::remove_file(&other).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &other).unwrap();
    }
}
