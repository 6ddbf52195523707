//! Beacons, for C.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::argument::{Lent, bytes, new, place, some_text, wait, wrong};
use super::handle::{InUse, Kind, Registry};
use super::message::Slice;
use crate::core::beacon::LONGEST;
use crate::core::{self, Code, Error};
use crate::ffi;

/// A beacon, which broadcasts short texts on the local network and receives those of others.
pub struct Beacon(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A beacon, and the sender and the bytes that were returned last.
struct Entry {
    beacon: core::Beacon,
    lent: [Lent; 2],
}

impl Kind for Entry {
    const WHAT: &'static str = "beacon";
    const TAG: usize = 10;
}

static BEACONS: Registry<Entry> = Registry::new();

fn enter(beacon: *const Beacon) -> Result<InUse<'static, Entry>, Box<Error>> {
    BEACONS.enter(beacon)
}

/// Opens a beacon on a UDP port, which several programs on a machine can share. `interface` is
/// the name or the address of a network interface, or "*" for any. If it is NULL, it is the
/// one that the environment variable `ZSYS_INTERFACE` names, or else the first one that can
/// broadcast. "127.0.0.1" stays on this machine. The caller frees it with
/// `zeromq_beacon_free`.
///
/// Returns NULL if `port` is 0, if there is no such interface (`ZEROMQ_CODE_ENDPOINT`), or if
/// the port cannot be opened (`ZEROMQ_CODE_ZMQ`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_beacon_new(port: u16, interface: *const c_char) -> *mut Beacon {
    new("zeromq_beacon_new", || {
        ffi::watch_forks();
        if port == 0 {
            return Err(wrong("the port", "1 to 65535", "0").into());
        }
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let interface = unsafe { some_text("the interface", interface) }?;
        let beacon = core::Beacon::new(port, interface)?;
        Ok(BEACONS.give(Entry { beacon, lent: Default::default() })?)
    })
}

/// Stops a beacon and frees it. NULL and handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_beacon_free(beacon: *mut Beacon) {
    ffi::guard_or((), || BEACONS.free(beacon));
}

/// Broadcasts a copy of `size` bytes, 1 to 255, immediately and then every `interval`
/// milliseconds, in a thread of its own, until `zeromq_beacon_silence`, `zeromq_beacon_stop`
/// or another call of this function. If `interval` is 0, it is 1000.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there are too few or too many
/// bytes; `ZEROMQ_CODE_CLOSED` if the beacon was stopped or freed; `ZEROMQ_CODE_BUSY`;
/// `ZEROMQ_CODE_ZMQ` if there are too many threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_beacon_publish(
    beacon: *mut Beacon,
    data: *const c_void,
    size: usize,
    interval: u32,
) -> Code {
    ffi::guard("zeromq_beacon_publish", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(wrong("the data", "1 to 255 bytes", size.to_string()).into());
        }
        let interval = if interval == 0 { 1000 } else { interval };
        let interval = Duration::from_millis(interval.into());
        Ok(enter(beacon)?.beacon.publish(bytes, interval)?)
    })
}

/// Stops broadcasting.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the beacon was stopped or freed;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_beacon_silence(beacon: *mut Beacon) -> Code {
    ffi::guard("zeromq_beacon_silence", || Ok(enter(beacon)?.beacon.silence()?))
}

/// Receives beacons of other programs that begin with a prefix from now on. `(NULL, 0)`
/// receives all. It replaces the previous prefix. Before the first call nothing is received.
///
/// Returns the codes of `zeromq_beacon_silence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_beacon_subscribe(
    beacon: *mut Beacon,
    prefix: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_beacon_subscribe", || {
        // SAFETY: the caller guarantees `size` readable bytes.
        let prefix = unsafe { bytes(prefix, size) }?;
        Ok(enter(beacon)?.beacon.subscribe(Some(prefix))?)
    })
}

/// Stops receiving beacons.
///
/// Returns the codes of `zeromq_beacon_silence`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_beacon_unsubscribe(beacon: *mut Beacon) -> Code {
    ffi::guard("zeromq_beacon_unsubscribe", || Ok(enter(beacon)?.beacon.subscribe(None)?))
}

/// Waits up to `timeout` milliseconds for a beacon of another program and stores its bytes in
/// `*beacon_bytes`, and in `*address`, unless `address` is NULL, the IP address of the sender,
/// such as "192.168.1.7". Both are valid until the next call with the beacon. Beacons with the
/// same bytes as the own ones are ignored. If another thread frees the beacon, the call ends
/// within 100 milliseconds.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if the beacon
/// was stopped or freed; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_beacon_receive(
    beacon: *mut Beacon,
    address: *mut *const c_char,
    beacon_bytes: *mut Slice,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_beacon_receive", || {
        let here = place(beacon_bytes)?;
        let mut entry = enter(beacon)?;
        let freed = || !BEACONS.knows(beacon);
        let received = entry.beacon.receive(&wait(timeout)?.until(Some(&freed)));
        let (sender, frame) = received.map_err(|error| match error {
            Error::Interrupted => Error::Freed { what: Entry::WHAT },
            error => error,
        })?;
        let [name, content] = &mut entry.lent;
        let name = name.lend(sender.to_string().as_bytes());
        let data = content.lend(&frame).cast();
        // SAFETY: the caller passes pointers that are valid for writing.
        unsafe {
            here.put(Slice { data, size: frame.len() });
            if let Ok(address) = place(address) {
                address.put(name);
            }
        }
        Ok(())
    })
}

/// Stores the IP address of this machine on the network of the beacon in `*address`. The
/// string is valid until the next call with the beacon.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the beacon was freed;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_beacon_hostname(
    beacon: *mut Beacon,
    address: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_beacon_hostname", || {
        let place = place(address)?;
        let mut entry = enter(beacon)?;
        let own = entry.beacon.hostname().to_string();
        let lent = entry.lent[0].lend(own.as_bytes());
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Stops broadcasting and receiving, and releases the port. The handle stays valid. Stopping a
/// stopped beacon does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle was
/// freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_beacon_stop(beacon: *mut Beacon) -> Code {
    ffi::guard("zeromq_beacon_stop", || {
        if let Some(entry) = BEACONS.enter_to_end(beacon)? {
            entry.beacon.stop();
        }
        Ok(())
    })
}
