//! A slow link between two sockets.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// The longest time without a byte in a direction that is still used.
const DEADLINE: Duration = Duration::from_secs(60);

/// The system acknowledges little more than was read.
const BUFFER: usize = 8192;

/// Listens on a port of this machine and passes the bytes of one connection to and from
/// `server`, in each direction at most `rate` bytes per second. Returns the endpoint to
/// connect to. Further connections are refused.
pub fn start(server: &str, rate: usize) -> String {
    let server: SocketAddr = server.strip_prefix("tcp://").unwrap().parse().unwrap();
    let listener = narrow();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(1).unwrap();
    let listener = TcpListener::from(listener);
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        drop(listener);
        let socket = narrow();
        socket.connect(&server.into()).unwrap();
        let server = TcpStream::from(socket);
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || pass(from, to, rate));
        pass(server, client, rate);
    });
    endpoint
}

fn narrow() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket
}

/// Passes bytes in one direction until one side ends; then the other one ends, too.
fn pass(mut from: TcpStream, mut to: TcpStream, rate: usize) {
    from.set_read_timeout(Some(DEADLINE)).unwrap();
    to.set_write_timeout(Some(DEADLINE)).unwrap();
    let mut piece = vec![0; rate / 50];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
        thread::sleep(Duration::from_secs_f64(count as f64 / rate as f64));
    }
    for end in [from, to] {
        // It may have ended by itself.
        let _ = end.shutdown(Shutdown::Both);
    }
}
