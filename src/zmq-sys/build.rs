//! Builds libzmq from the sources that zeromq-src carries, with libsodium's CURVE.

use std::env;

/// What zeromq-src leaves undefined: its platform file is empty, and without
/// these libzmq does without event descriptors, close-on-exec, keep-alive
/// settings, interface names and peer credentials.
const UNIX: &[&str] = &[
    "HAVE_FORK",
    "HAVE_CLOCK_GETTIME",
    "HAVE_MKDTEMP",
    "HAVE_IF_NAMETOINDEX",
    "ZMQ_HAVE_IFADDRS",
    "ZMQ_HAVE_SO_KEEPALIVE",
    "ZMQ_HAVE_TCP_KEEPCNT",
    "ZMQ_HAVE_TCP_KEEPINTVL",
    "ZMQ_HAVE_NOEXCEPT",
];

const LINUX: &[&str] = &[
    "HAVE_ACCEPT4",
    "HAVE_POSIX_MEMALIGN=1",
    "ZMQ_CACHELINE_SIZE=64",
    "ZMQ_HAVE_SOCK_CLOEXEC",
    "ZMQ_HAVE_EVENTFD",
    "ZMQ_HAVE_EVENTFD_CLOEXEC",
    "ZMQ_IOTHREAD_POLLER_USE_EPOLL_CLOEXEC",
    "ZMQ_HAVE_TCP_KEEPIDLE",
    "ZMQ_HAVE_SO_PEERCRED",
    "ZMQ_HAVE_SO_BINDTODEVICE",
    "ZMQ_HAVE_SO_PRIORITY",
    "ZMQ_HAVE_PPOLL",
    "ZMQ_HAVE_PTHREAD_SETNAME_2",
    "ZMQ_HAVE_PTHREAD_SET_AFFINITY",
];

const APPLE: &[&str] =
    &["ZMQ_HAVE_TCP_KEEPALIVE", "ZMQ_HAVE_LOCAL_PEERCRED", "ZMQ_HAVE_PTHREAD_SETNAME_1"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CXXFLAGS");

    let is = |name: &str, value: &str| {
        env::var(name).is_ok_and(|list| list.split(',').any(|item| item == value))
    };
    let mut facilities = Vec::new();
    if is("CARGO_CFG_TARGET_FAMILY", "unix") {
        facilities.extend(UNIX);
    }
    if is("CARGO_CFG_TARGET_OS", "linux") {
        facilities.extend(LINUX);
    }
    if is("CARGO_CFG_TARGET_VENDOR", "apple") {
        facilities.extend(APPLE);
    }

    let mut flags = env::var("CXXFLAGS").unwrap_or_default();
    for facility in facilities {
        flags.push_str(" -D");
        flags.push_str(facility);
    }
    if !is("CARGO_CFG_TARGET_ENV", "msvc") {
        // The warnings are libzmq's own. Hidden, none of its symbols can clash
        // with another libzmq in the same process.
        flags.push_str(" -w -fvisibility=hidden");
    }
    // SAFETY: a build script has one thread here.
    unsafe { env::set_var("CXXFLAGS", flags) };

    let sodium = |what: &str| {
        env::var(what).unwrap_or_else(|_| panic!("libsodium-sys-stable did not tell {what}"))
    };
    zeromq_src::Build::new()
        .with_libsodium(Some(zeromq_src::LibLocation::new(
            sodium("DEP_SODIUM_LIB"),
            sodium("DEP_SODIUM_INCLUDE"),
        )))
        .build();
}
