//! The macros that tell libzmq what the target supports. libzmq's own build systems
//! detect this with a configure script; zeromq-src leaves its platform file empty.

use std::env;

const EVERYWHERE: &[&str] = &[
    "ZMQ_STATIC",
    "ZMQ_HAVE_WS",
    "ZMQ_USE_BUILTIN_SHA1",
    "ZMQ_USE_LIBSODIUM",
    "ZMQ_HAVE_CURVE",
    "ZMQ_USE_CV_IMPL_STL11",
    "ZMQ_POLL_BASED_ON_POLL",
    "ZMQ_HAVE_IPC",
    "ZMQ_HAVE_STRUCT_SOCKADDR_UN",
    "ZMQ_HAVE_UIO",
    "HAVE_STRNLEN",
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
    "ZMQ_HAVE_LINUX",
    "ZMQ_IOTHREAD_POLLER_USE_EPOLL",
    "ZMQ_IOTHREAD_POLLER_USE_EPOLL_CLOEXEC",
    "HAVE_ACCEPT4",
    "HAVE_POSIX_MEMALIGN=1",
    "ZMQ_CACHELINE_SIZE=64",
    "ZMQ_HAVE_SOCK_CLOEXEC",
    "ZMQ_HAVE_EVENTFD",
    "ZMQ_HAVE_EVENTFD_CLOEXEC",
    "ZMQ_HAVE_TCP_KEEPIDLE",
    "ZMQ_HAVE_SO_PEERCRED",
    "ZMQ_HAVE_SO_BINDTODEVICE",
    "ZMQ_HAVE_SO_PRIORITY",
    "ZMQ_HAVE_PPOLL",
    "ZMQ_HAVE_PTHREAD_SETNAME_2",
    "ZMQ_HAVE_PTHREAD_SET_AFFINITY",
];

const KQUEUE: &[&str] = &["ZMQ_IOTHREAD_POLLER_USE_KQUEUE", "ZMQ_HAVE_STRLCPY"];

const APPLE: &[&str] =
    &["ZMQ_HAVE_TCP_KEEPALIVE", "ZMQ_HAVE_LOCAL_PEERCRED", "ZMQ_HAVE_PTHREAD_SETNAME_1"];

/// True if a variable that cargo sets contains this value.
pub fn is(variable: &str, value: &str) -> bool {
    env::var(variable).is_ok_and(|list| list.split(',').any(|item| item == value))
}

/// Returns the macros for the target, as `NAME` or `NAME=VALUE`.
pub fn macros() -> Vec<&'static str> {
    let mut macros = EVERYWHERE.to_vec();
    if is("CARGO_CFG_TARGET_OS", "linux") || is("CARGO_CFG_TARGET_OS", "android") {
        macros.extend(LINUX);
        // glibc has it since 2.38.
        if has("#include <string.h>\nint main() { char c; return strlcpy(&c, \"\", 1); }") {
            macros.push("ZMQ_HAVE_STRLCPY");
        }
    } else {
        macros.extend(KQUEUE);
    }
    if is("CARGO_CFG_TARGET_VENDOR", "apple") {
        macros.extend(APPLE);
    }
    macros
}

/// True if a C++ program compiles for the target.
fn has(program: &str) -> bool {
    let out = std::path::PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let source = out.join("probe.cpp");
    std::fs::write(&source, program).expect("OUT_DIR is writable");
    cc::Build::new()
        .cpp(true)
        .cargo_metadata(false)
        .cargo_warnings(false)
        .file(&source)
        .out_dir(out.join("probe"))
        .try_compile("probe")
        .is_ok()
}
