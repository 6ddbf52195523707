use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::core::endpoint::Action::{Bind, Connect};
use crate::core::{OptionValue, Socket, SocketType};

fn policy(rules: &str) -> Policy {
    Policy::parse(rules).unwrap()
}

/// Checks which endpoints a rule permits.
fn check(rule: &str, permitted: &[&str], refused: &[&str]) {
    let policy = policy(&format!("connect {rule}\nbind {rule}"));
    for action in [Connect, Bind] {
        for endpoint in permitted {
            let result = policy.check_endpoint(action, endpoint);
            assert!(result.is_ok(), "{rule} permits {endpoint}: {result:?}");
        }
        for endpoint in refused {
            let result = policy.check_endpoint(action, endpoint);
            assert!(matches!(result, Err(Error::Policy { .. })), "{rule} refuses {endpoint}");
        }
    }
}

#[test]
fn addresses_are_compared_as_numbers() {
    check(
        "tcp://127.0.0.0/8:5000-5999",
        &[
            "tcp://127.0.0.1:5000",
            "tcp://127.255.0.1:5999",
            "tcp://[127.0.0.1]:5555",
            "tcp://[::ffff:127.0.0.1]:5555",
            "tcp://::ffff:7f00:1:5555",
        ],
        &[
            "tcp://128.0.0.1:5000",
            "tcp://127.0.0.1:4999",
            "tcp://127.0.0.1:6000",
            "tcp://127.0.0.1:05000x",
            "tcp://[::1]:5555",
            // Forms that the system might read as 127.0.0.1, or as something else.
            "tcp://127.1:5555",
            "tcp://0x7f.0.0.1:5555",
            "tcp://2130706433:5555",
            "tcp://0177.0.0.1:5555",
            "tcp://localhost:5555",
            "tcp://lo:5555",
            "tcp://*:5555",
            "tcp://0.0.0.0:5555",
            "tcp://[::]:5555",
            "tcp://127.0.0.1:*",
            "tcp://127.0.0.1:0",
            "tcp://127.0.0.1:*[4000-5000]",
            "tcp://10.0.0.1:5555;127.0.0.1:5555",
            "tcp://127.0.0.1:5555;10.0.0.1:5555",
            "tcp://127.0.0.1:5555;10.0.0.1:5555;127.0.0.1:5555",
            "ws://127.0.0.1:5000",
            "udp://127.0.0.1:5000",
            "tcp://127.0.0.1",
            "tcp://",
            "",
        ],
    );
    check("tcp://127.0.0.0/8:5000-5999", &["tcp://127.0.0.1:5000;127.0.0.1:5001"], &[]);
    check(
        "tcp://[fe80::]/10:*",
        &["tcp://[fe80::1%eth0]:5", "tcp://fe80::1:5", "tcp://[fe80::1]:*"],
        &["tcp://[fd00::1]:5", "tcp://[fe80::1%eth0;10.0.0.1]:5"],
    );
    check("tcp://10.0.0.7:80", &["tcp://10.0.0.7:80"], &["tcp://10.0.0.8:80", "tcp://10.0.0.7:81"]);
}

#[test]
fn any_host_and_names_have_to_be_named() {
    check("tcp://*:*", &["tcp://*:5", "tcp://[::]:*", "tcp://0.0.0.0:0", "tcp://eth0:!"], &[]);
    check(
        "tcp://0.0.0.0/0:*",
        &["tcp://1.2.3.4:5"],
        &["tcp://*:5", "tcp://0.0.0.0:5", "tcp://a:5"],
    );
    check(
        "tcp://Broker.example:5555",
        &["tcp://broker.example:5555", "tcp://BROKER.EXAMPLE:5555"],
        &["tcp://broker.example.:5555", "tcp://xbroker.example:5555", "tcp://10.0.0.1:5555"],
    );
    check(
        "ws://10.0.0.1:80",
        &["ws://10.0.0.1:80", "ws://10.0.0.1:80/chat"],
        &["ws://10.0.0.1:80/x:90", "ws://10.0.0.2:99/10.0.0.1:80", "ws://10.0.0.1:80;10.0.0.2:80"],
    );
}

#[test]
fn texts_are_compared_whole_or_by_their_beginning() {
    check("inproc://a", &["inproc://a"], &["inproc://ab", "ipc://a", "inproc://A"]);
    check(
        "inproc://*",
        &["inproc://a", "inproc://x*"],
        &["inproc://zeromq-pipe-1", "inproc://zeromq.zap.01"],
    );
    check("inproc://zeromq-*", &["inproc://zeromq-pipe-1"], &["inproc://zeromq.zap.01"]);
    check("ipc://@bus-*", &["ipc://@bus-1"], &["ipc://@other", "ipc://bus-1", "ipc://*"]);
    check("ipc://*", &["ipc://*", "ipc:///tmp/x", "ipc://@x"], &["tcp://127.0.0.1:1"]);
}

#[test]
fn paths_are_resolved_before_they_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(path("in")).unwrap();
    fs::create_dir(path("out")).unwrap();
    fs::write(path("out/secret"), "secret").unwrap();
    fs::write(path("in/key"), "key").unwrap();
    symlink(path("out/secret"), path("in/link")).unwrap();
    symlink(path("out"), path("in/linked")).unwrap();
    let policy =
        policy(&format!("read {0}\nwrite {0}\nbind ipc://{0}/*\nconnect ipc://{0}/*", path("in")));
    for name in ["in", "in/key", "in/../in/key", "in/missing"] {
        assert!(policy.check_read(&path(name)).is_ok(), "{name}");
    }
    for name in ["out/secret", "in/../out/secret", "in/link", "in/linked/secret", "", "out/missing"]
    {
        assert!(policy.check_read(&path(name)).is_err(), "{name}");
    }
    for name in ["in/key", "in/new", "in/link"] {
        assert!(policy.check_write(&path(name)).is_ok(), "{name}");
    }
    for name in ["out/new", "in/../new", "in/linked/new", "in/missing/new", "in/..", "in/", "in/."]
    {
        assert!(policy.check_write(&path(name)).is_err(), "{name}");
    }
    for name in ["key", "/etc/passwd", "/dev/stdin", "/proc/self/environ"] {
        assert!(policy.check_read(name).is_err(), "{name}");
    }
    let ipc = |name: &str| format!("ipc://{}", path(name));
    for action in [Bind, Connect] {
        assert!(policy.check_endpoint(action, &ipc("in/socket")).is_ok());
        for name in ["out/socket", "in/link", "in/linked/socket", "in/../out/socket", "in"] {
            assert!(policy.check_endpoint(action, &ipc(name)).is_err(), "{name}");
        }
        for endpoint in ["ipc://*", "ipc://@socket", "ipc://socket", "ipc://", "ipc://*x"] {
            assert!(policy.check_endpoint(action, endpoint).is_err(), "{endpoint}");
        }
    }
}

#[test]
fn a_rule_names_one_socket_or_those_below_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let permitted = |rule: &str| {
        let policy = policy(&format!("bind ipc://{}", path(rule)));
        let names = ["bus", "bus/../bus", "bus/", "bus/.", "bus/a", "bus/../bus/a"];
        let permits =
            |name: &&str| policy.check_endpoint(Bind, &format!("ipc://{}", path(name))).is_ok();
        names.into_iter().filter(permits).collect::<Vec<_>>()
    };
    // While the folder is not there, nothing can be below it.
    assert_eq!((permitted("bus/*"), permitted("bus")), (vec![], vec!["bus"]));
    fs::create_dir(path("bus")).unwrap();
    assert_eq!(permitted("bus/*"), ["bus/a", "bus/../bus/a"]);
    assert_eq!(permitted("bus"), ["bus", "bus/../bus"]);
}

#[test]
fn options_are_free_unless_they_reach_further_or_are_listed() {
    let check = |rules: &str, name: &str, number| policy(rules).check_option(name, number).is_ok();
    assert!(check("", "sndhwm", Some(0)) && check("", "tos", Some(1)));
    assert!(!check("", "use_fd", Some(3)) && !check("", "bindtodevice", None));
    assert!(!check("options *", "use_fd", Some(3)) && check("options * use_fd", "use_fd", Some(3)));
    assert!(check("options sndhwm", "sndhwm", Some(5)) && !check("options sndhwm", "tos", Some(5)));
    assert!(
        !check("memory 1 MB", "sndhwm", Some(0)) && !check("memory 1 MB", "rcvhwm", Some(10_001))
    );
    assert!(check("memory 1 MB", "sndhwm", Some(10_000)));
    assert!(!check("memory 1 MB; options *", "memory_limit", Some(0)));
    assert!(check("", "linger", Some(30_000)) && !check("", "linger", Some(30_001)));
    assert!(!check("", "linger", Some(-1)) && check("options linger", "linger", Some(-1)));
}

#[test]
fn a_rule_that_is_none_is_told() {
    for (rules, says) in [
        ("conect tcp://*:*", "expected bind, connect"),
        ("connect", "expected a keyword and what it permits"),
        ("connect tcp://127.0.0.1", "'connect tcp://127.0.0.1' is not a rule"),
        ("connect tcp://127.0.0.1:0", "expected a port"),
        ("connect tcp://127.0.0.1:9-5", "expected a port"),
        ("connect tcp://10.0.0.0/33:*", "expected an endpoint"),
        ("connect tcp://a/8:*", "expected an endpoint"),
        ("connect ipc://relative", "expected an absolute path"),
        ("bind ipc:///run/*/x", "expected an absolute path"),
        ("read keys", "expected an absolute path"),
        ("sockets many", "expected a number"),
        ("memory 64 MiB", "expected a number of bytes"),
        ("memory 0", "expected a number of bytes"),
        ("memory 99999999999 GB", "expected a number of bytes"),
        ("allow everything", "expected one of process, authenticator, descriptors"),
        ("beacon 0", "expected a port"),
    ] {
        let error = Policy::parse(rules).unwrap_err().to_string();
        assert!(error.contains(says), "{rules}: {error}");
    }
    let rules = "# comment\nsockets 2; memory 64 MB # more\n\n;connect tcp://*:* inproc://a;";
    assert_eq!(policy(rules).memory(), Some(64_000_000));
    let named = policy("bind inproc://feed#1 # a comment;sockets 0\nsockets 1;# sockets 0");
    assert!(named.check_endpoint(Bind, "inproc://feed#1").is_ok());
    assert!(named.check_endpoint(Bind, "inproc://feed").is_err());
    assert!(named.open_socket().is_ok());
    let unusable = Policy::unusable(&Policy::parse("nonsense x").unwrap_err());
    let error = unusable.check_right(Right::Process).unwrap_err().to_string();
    assert!(error.contains("'nonsense x' is not a rule"), "{error}");
    assert!(unusable.open_socket().is_err() && unusable.check_linger(None).is_err());
}

#[test]
fn sockets_are_counted_until_they_are_closed() {
    let policy = policy("sockets 2; bind inproc://*");
    let open = |endpoint: &str| {
        let restrict = |socket: &Socket| socket.restrict(&policy);
        Socket::attached_after(SocketType::Pull, endpoint, restrict)
    };
    let first = open("inproc://policy-1").unwrap();
    let _second = open("inproc://policy-2").unwrap();
    let error = open("inproc://policy-3").unwrap_err().to_string();
    assert!(error.contains("permits 2 sockets"), "{error}");
    first.close(None).unwrap();
    // A socket that could not be attached does not count.
    assert!(open("tcp://127.0.0.1:*").is_err());
    let third = open("inproc://policy-3").unwrap();
    assert!(matches!(third.connect("inproc://policy-2"), Err(Error::Policy { .. })));
    assert!(matches!(third.close(Some(None)), Err(Error::Policy { .. })));
    let linger = third.set_option("linger", &OptionValue::Int(-1));
    assert!(matches!(linger, Err(Error::Policy { .. })));
    third.close(None).unwrap();
}
