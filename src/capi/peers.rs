//! The peers of a socket, for C: waiting for them, counting them, and their subscriptions.

use std::cell::RefCell;
use std::ffi::{c_char, c_void};
use std::ptr;

use super::argument::{Lent, bytes, check_size, place, wait};
use super::message::{Frames, Slice};
use super::socket::{Socket, enter};
use crate::core::{self, Action, Code, Error, Frame, Needs, SocketType, Statistics};
use crate::ffi;

/// What a socket has sent and received, and its peers, in numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SocketStats {
    /// `sizeof(zeromq_socket_stats)`, filled in by the caller.
    pub size: u32,
    /// Messages sent.
    pub messages_sent: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Messages received completely.
    pub messages_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Sends that timed out.
    pub expired: u64,
    /// Messages to routing ids that no peer had.
    pub unroutable: u64,
    /// Messages that a ROUTER or STREAM has dropped because no peer could accept them.
    pub dropped: u64,
    /// Current peers, or -1 if that is unknown.
    pub peers: i64,
    /// Connections so far, including reconnects, without inproc.
    pub connections: u64,
    /// Connections that have ended.
    pub disconnections: u64,
    /// Connections that failed in the handshake: because of a wrong key, or a peer that does
    /// not speak ZeroMQ.
    pub failures: u64,
    /// Connections that were not accepted, because no descriptor was left or too many were in
    /// the handshake.
    pub refusals: u64,
    /// Connections that ended because the peer exceeded a limit of sizes.
    pub oversized: u64,
    /// Different prefixes that the peers of a PUB or XPUB subscribe to; -1 on other sockets.
    pub subscriptions: i64,
}

/// What all sockets of the process have sent and received.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Totals {
    /// `sizeof(zeromq_totals)`, filled in by the caller.
    pub size: u32,
    /// Open sockets.
    pub sockets: u64,
    /// Messages sent.
    pub messages_sent: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Messages received completely.
    pub messages_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Sends that timed out.
    pub expired: u64,
    /// Messages to routing ids that no peer had.
    pub unroutable: u64,
}

/// Waits up to `timeout` milliseconds until a socket has at least `count` peers that have
/// completed the handshake.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_ARGUMENT`, also if
/// the socket is neither bound nor connected; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
/// `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_socket_wait_for_peers(
    socket: *mut Socket,
    count: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_wait_for_peers", || {
        Ok(enter(socket)?.socket.wait_for_peers(count, &wait(timeout)?)?)
    })
}

/// Waits up to `timeout` milliseconds until the peers of a PUB socket have at least `count`
/// subscriptions or, if `topic` is not NULL, `count` that match messages beginning with the
/// `size` bytes of `topic`. Messages that are published later reach these peers.
///
/// Returns the codes of `zeromq_socket_wait_for_peers`; `ZEROMQ_CODE_UNSUPPORTED` on other
/// socket types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_wait_for_subscribers(
    socket: *mut Socket,
    count: usize,
    topic: *const c_void,
    size: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_wait_for_subscribers", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(topic, size) }?;
        let topic = (!topic.is_null()).then_some(bytes);
        Ok(enter(socket)?.socket.wait_for_subscribers(count, topic, &wait(timeout)?)?)
    })
}

/// Stores the counters of a socket in `*stats`. The caller sets `stats->size` first.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too small;
/// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_count(socket: *mut Socket, stats: *mut SocketStats) -> Code {
    ffi::guard("zeromq_socket_count", || {
        let place = place(stats)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(stats, "sizeof(zeromq_socket_stats)") }?;
        let counted = counted(size, &enter(socket)?.socket.statistics()?);
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(counted) };
        Ok(())
    })
}

fn counted(size: u32, statistics: &Statistics) -> SocketStats {
    let known = |count: Option<usize>| count.map_or(-1, |count| count as i64);
    let Statistics { counters, peers, connections, disconnections, .. } = statistics;
    SocketStats {
        size,
        messages_sent: counters.messages_sent,
        frames_sent: counters.frames_sent,
        bytes_sent: counters.bytes_sent,
        messages_received: counters.messages_received,
        frames_received: counters.frames_received,
        bytes_received: counters.bytes_received,
        expired: counters.expired,
        unroutable: counters.unroutable,
        dropped: statistics.dropped.unwrap_or(0),
        peers: known(*peers),
        connections: *connections,
        disconnections: *disconnections,
        failures: statistics.failures,
        refusals: statistics.refusals,
        oversized: statistics.oversized,
        subscriptions: known(statistics.subscriptions),
    }
}

/// Stores an endpoint that a socket is attached to in `*endpoint`, and 1 in `*bound` if it is
/// bound or 0 if it is connected; `bound` may be NULL. `index` is 0 for the endpoint that was
/// attached first. If there are not so many, `*endpoint` receives NULL. The string is valid
/// until the next call with the socket.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_attached(
    socket: *mut Socket,
    index: usize,
    endpoint: *mut *const c_char,
    bound: *mut i32,
) -> Code {
    ffi::guard("zeromq_socket_attached", || {
        let here = place(endpoint)?;
        let mut entry = enter(socket)?;
        let all = entry.socket.endpoints()?;
        let (lent, is_bound) = match all.get(index) {
            Some((action, endpoint)) => {
                (entry.lent.lend(endpoint.as_bytes()), i32::from(*action == Action::Bind))
            }
            None => (ptr::null(), 0),
        };
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            here.put(lent);
            if let Ok(bound) = place(bound) {
                bound.put(is_bound);
            }
        }
        Ok(())
    })
}

/// Stores the prefixes that a SUB or XSUB socket has subscribed to in `*prefixes`, each as
/// often as it was subscribed to. They are valid until the next call with the socket.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_subscriptions(
    socket: *mut Socket,
    prefixes: *mut Frames,
) -> Code {
    ffi::guard("zeromq_socket_subscriptions", || {
        let place = place(prefixes)?;
        let mut entry = enter(socket)?;
        let known = entry.socket.subscriptions()?;
        let lent = entry.lend_frames(known.into_iter().map(Frame::from).collect());
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Waits up to `timeout` milliseconds until a peer of an XPUB socket subscribes or
/// unsubscribes. Stores 1 in `*subscribed` if it subscribes, otherwise 0, and in `*prefix`
/// the prefix, which is valid until the next call with the socket. Other messages of peers
/// are discarded.
///
/// Returns the codes of `zeromq_socket_receive`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_receive_subscription(
    socket: *mut Socket,
    subscribed: *mut i32,
    prefix: *mut Slice,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_receive_subscription", || {
        let (yes, place) = (place(subscribed)?, place(prefix)?);
        let mut entry = enter(socket)?;
        let (subscribes, prefix) = entry.socket.receive_subscription(&wait(timeout)?)?;
        let data = entry.lent.lend(&prefix).cast();
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            yes.put(subscribes.into());
            place.put(Slice { data, size: prefix.len() });
        }
        Ok(())
    })
}

/// Subscribes the peer whose subscription an XPUB socket has received last to a prefix of at
/// most 4096 bytes, whatever it asked for. The option "xpub_manual" has to be 1.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` on other socket types and without the
/// option; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_accept_subscription(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_accept_subscription", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.accept(prefix)?)
    })
}

/// Undoes one `zeromq_socket_accept_subscription` for the peer whose subscription was
/// received last.
///
/// Returns the codes of `zeromq_socket_accept_subscription`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_reject_subscription(
    socket: *mut Socket,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_reject_subscription", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(socket)?.socket.reject(prefix)?)
    })
}

/// Closes the connection to a peer of a STREAM socket, given by its routing id. Waits up to
/// `timeout` milliseconds until the socket can send to it. The connection ends during the calls
/// with the socket that follow, such as the next receive; bytes that have not left yet are
/// dropped.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNROUTABLE` if no peer has the routing id;
/// `ZEROMQ_CODE_UNSUPPORTED` on other socket types; `ZEROMQ_CODE_AGAIN` on timeout;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
/// `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_close_peer(
    socket: *mut Socket,
    id: *const c_void,
    size: usize,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_socket_close_peer", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let id = unsafe { bytes(id, size) }?;
        let entry = enter(socket)?;
        if entry.socket.socket_type() != SocketType::Stream {
            return Err(Error::Unsupported {
                operation: "close the connection to a peer",
                socket_type: entry.socket.socket_type(),
                needs: Needs::Types(&[SocketType::Stream]),
            }
            .into());
        }
        match entry.socket.close_peer(id, &wait(timeout)?)? {
            true => Ok(()),
            false => Err(Error::Unroutable.into()),
        }
    })
}

/// Stores what all sockets of the process have sent and received, closed ones too, in
/// `*totals`. The caller sets `totals->size` first. Sockets that are in a call of another
/// thread are left out.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `totals->size` is too small.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_count(totals: *mut Totals) -> Code {
    ffi::guard("zeromq_count", || {
        let place = place(totals)?;
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(totals, "sizeof(zeromq_totals)") }?;
        let counters = core::socket::counters();
        let open = core::sockets().iter().filter(|socket| !socket.is_closed()).count();
        let counted = Totals {
            size,
            sockets: open as u64,
            messages_sent: counters.messages_sent,
            frames_sent: counters.frames_sent,
            bytes_sent: counters.bytes_sent,
            messages_received: counters.messages_received,
            frames_received: counters.frames_received,
            bytes_received: counters.bytes_received,
            expired: counters.expired,
            unroutable: counters.unroutable,
        };
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(counted) };
        Ok(())
    })
}

/// Stores the statistics of all sockets in `*text`, in the OpenMetrics format, which Prometheus
/// reads: for each open socket its messages, bytes, peers, connections, failed handshakes and
/// drops, with labels for its number, type and first endpoint. The string is valid until the
/// next call of this function on this thread.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_metrics(text: *mut *const c_char) -> Code {
    thread_local! {
        static TOLD: RefCell<Lent> = RefCell::default();
    }
    ffi::guard("zeromq_metrics", || {
        let place = place(text)?;
        let mut metrics = core::Metrics::default();
        metrics.add_sockets();
        let metrics = metrics.to_string();
        let lent = TOLD.with_borrow_mut(|told| told.lend(metrics.as_bytes()));
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}
