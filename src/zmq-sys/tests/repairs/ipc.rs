//! Files that sockets are bound to over ipc.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use crate::wait::TIMEOUT;

/// The maximum length of a socket's path.
const LONGEST: usize =
    if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 };

/// Makes a new folder, a path in it, and a context.
fn begin() -> (TempDir, PathBuf, zmq::Context) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    (folder, path, zmq::Context::new())
}

fn bind(context: &zmq::Context, path: &Path) -> Result<zmq::Socket, i32> {
    let socket = context.socket(zmq::PULL).unwrap();
    match socket.bind(&format!("ipc://{}", path.display())) {
        Ok(()) => Ok(socket),
        Err(_) => Err(std::io::Error::last_os_error().raw_os_error().unwrap()),
    }
}

/// True if a socket receives a message sent to a path.
fn receives(context: &zmq::Context, path: &Path, socket: &zmq::Socket) {
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect(&format!("ipc://{}", path.display())).unwrap();
    push.send("x", 0).unwrap();
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    assert_eq!(socket.recv_bytes(0).unwrap(), b"x");
}

#[test]
fn what_is_no_socket_stays() {
    let (folder, path, context) = begin();
    fs::write(&path, "keep").unwrap();
    assert_eq!(bind(&context, &path).err(), Some(libc::ENOTSOCK));
    assert_eq!(fs::read_to_string(&path).unwrap(), "keep");

    let link = folder.path().join("link");
    for target in [&path, &folder.path().join("nothing")] {
        symlink(target, &link).unwrap();
        assert_eq!(bind(&context, &link).err(), Some(libc::ENOTSOCK));
        assert_eq!(fs::read_link(&link).unwrap(), *target);
        fs::remove_file(&link).unwrap();
    }

    let inner = folder.path().join("folder");
    fs::create_dir(&inner).unwrap();
    assert_eq!(bind(&context, &inner).err(), Some(libc::ENOTSOCK));
    assert!(inner.is_dir());
}

#[test]
fn a_file_whose_path_is_too_long_for_a_socket_stays() {
    let (folder, _, context) = begin();
    let path = folder.path().join("x".repeat(LONGEST));
    fs::write(&path, "keep").unwrap();
    assert_eq!(bind(&context, &path).err(), Some(libc::ENAMETOOLONG));
    assert_eq!(fs::read_to_string(&path).unwrap(), "keep");

    let rest = LONGEST - folder.path().as_os_str().len() - 1;
    let path = folder.path().join("x".repeat(rest));
    let socket = bind(&context, &path).unwrap();
    receives(&context, &path, &socket);
    drop(socket);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_takes_connections_stays() {
    let (_folder, path, context) = begin();
    let first = bind(&context, &path).unwrap();
    assert_eq!(bind(&context, &path).err(), Some(libc::EADDRINUSE));
    assert_eq!(bind(&zmq::Context::new(), &path).err(), Some(libc::EADDRINUSE));
    receives(&context, &path, &first);
    drop(first);

    // One that has more connections than it takes, and one of another kind.
    let listener = UnixListener::bind(&path).unwrap();
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&listener), 0) }, 0);
    let _waits = UnixStream::connect(&path).unwrap();
    assert_eq!(bind(&context, &path).err(), Some(libc::EADDRINUSE));
    drop(listener);
    fs::remove_file(&path).unwrap();
    let _other = UnixDatagram::bind(&path).unwrap();
    assert_eq!(bind(&context, &path).err(), Some(libc::EADDRINUSE));
    assert!(path.exists());
}

#[test]
fn a_socket_that_nobody_listens_on_is_replaced() {
    let (_folder, path, context) = begin();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let socket = bind(&context, &path).unwrap();
    receives(&context, &path, &socket);
}

#[test]
fn a_name_is_free_when_unbind_or_close_returns() {
    let (_folder, path, context) = begin();
    for _ in 0..100 {
        let socket = bind(&context, &path).unwrap();
        socket.unbind(&format!("ipc://{}", path.display())).unwrap();
        assert!(!path.exists());
        let other = bind(&context, &path).unwrap();
        drop(other);
        assert!(!path.exists());
    }
}

#[test]
fn a_file_that_another_one_has_made_stays() {
    let (_folder, path, context) = begin();
    let socket = bind(&context, &path).unwrap();
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    drop(socket);
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    drop(other);

    let socket = bind(&context, &path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "keep").unwrap();
    drop(socket);
    drop(context);
    assert_eq!(fs::read_to_string(&path).unwrap(), "keep");
}

#[test]
fn a_file_stays_when_a_forked_process_closes_the_socket() {
    let (_folder, path, context) = begin();
    let mut socket = bind(&context, &path).unwrap();
    let raw = socket.as_mut_ptr();
    // SAFETY: the child only closes its copy of the socket, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: as above.
        unsafe {
            zmq_sys::zmq_close(raw);
            libc::_exit(0);
        }
    }
    let mut status = 1;
    // SAFETY: status is a place for a number.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    assert!(path.exists());
    receives(&context, &path, &socket);
}

#[test]
fn only_one_of_several_binds_at_once_has_the_name() {
    const THREADS: usize = 4;
    let (_folder, path, context) = begin();
    let turns = Barrier::new(THREADS);
    for _ in 0..50 {
        // A dead one, which all of them find.
        drop(UnixListener::bind(&path).unwrap());
        let bound: Vec<_> = thread::scope(|scope| {
            let binds: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        turns.wait();
                        bind(&context, &path)
                    })
                })
                .collect();
            binds.into_iter().filter_map(|bind| bind.join().unwrap().ok()).collect()
        });
        assert_eq!(bound.len(), 1);
        receives(&context, &path, &bound[0]);
    }
}

#[test]
fn a_folder_that_cannot_be_read_or_is_locked_does_not_prevent_a_bind() {
    let (folder, path, context) = begin();
    let lock = fs::File::open(folder.path()).unwrap();
    lock.lock().unwrap();
    let socket = bind(&context, &path).unwrap();
    receives(&context, &path, &socket);
}

#[test]
fn names_without_files_are_as_before() {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PULL).unwrap();
    socket.bind("ipc://*").unwrap();
    let endpoint = socket.get_last_endpoint().unwrap().unwrap();
    let path = Path::new(endpoint.strip_prefix("ipc://").unwrap()).to_owned();
    assert!(path.exists());
    receives(&context, &path, &socket);
    drop(socket);
    assert!(!path.exists());
    drop(context);
    assert!(!path.parent().unwrap().exists());

    if cfg!(any(target_os = "linux", target_os = "android")) {
        let context = zmq::Context::new();
        let path = format!("@repairs-{}", std::process::id());
        let socket = bind(&context, Path::new(&path)).unwrap();
        receives(&context, Path::new(&path), &socket);
        assert_eq!(bind(&context, Path::new(&path)).err(), Some(libc::EADDRINUSE));
    }
}
