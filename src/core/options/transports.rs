//! Options of transports: TCP, IPC, multicast and the rarer ones.

use super::row::Kind::Uint64;
use super::row::When::Next;
use super::row::{MOST, Row, Via};
use super::value::Sample::{Int, Text};

pub(super) static ROWS: &[Row] = &[
    Row::bool("ipv6", 42, false).doc("Enables IPv6, with IPv4 as a fallback."),
    Row::bool("ipv4only", 31, true).doc("Deprecated: the opposite of ipv6."),
    Row::int("tcp_keepalive", 34, -1, 1)
        .default(-1)
        .test(Int(1))
        .doc("Enables TCP keepalive: 1 turns it on, 0 turns it off, -1 uses the system's default."),
    // Beyond these limits Linux refuses, and libzmq drops every new connection.
    Row::int("tcp_keepalive_cnt", 35, 1, 127).or(-1).of("packets").default(-1).test(Int(5)).doc(
        "Sets how many probes may go unanswered before a connection is closed; -1: system default.",
    ),
    Row::int("tcp_keepalive_idle", 36, 1, 32767)
        .or(-1)
        .of("s")
        .default(-1)
        .test(Int(60))
        .doc("Sets how long a connection is idle before the first probe; -1: system default."),
    Row::int("tcp_keepalive_intvl", 37, 1, 32767)
        .or(-1)
        .of("s")
        .default(-1)
        .test(Int(10))
        .doc("Sets the interval between probes; -1: system default."),
    Row::int("tcp_maxrt", 80, 0, MOST).of("ms").default(0).test(Int(5000)).doc(
        "Sets how long the system retransmits unacknowledged data; 0 uses the system's default.",
    ),
    Row::text("tcp_accept_filter", 38, 0, 255)
        .write_only()
        .form("a network such as \"192.168.0.0/16\", or an empty string for all")
        .test(Text("192.168.0.0/16"))
        .doc("Deprecated: adds a network whose connections are accepted; empty accepts all."),
    Row::int("tos", 57, 0, 255)
        .default(0)
        .test(Int(8))
        .doc("Sets the type of service in TCP packets."),
    Row::int("priority", 112, 0, 6)
        .default(0)
        .test(Int(3))
        .needs("draft")
        .doc("Sets the priority of outgoing packets."),
    Row::int("busy_poll", 113, 0, MOST)
        .of("us")
        .default(0)
        .test(Int(50))
        .needs("draft")
        .doc("Sets how long the system polls for packets instead of sleeping."),
    Row::text("bindtodevice", 92, 0, 15)
        .test(Text("lo"))
        .doc("Binds the socket to a network interface; may require a privilege."),
    Row::bool("loopback_fastpath", 94, false)
        .probed()
        .doc("Enables the fast path for loopback TCP on Windows."),
    Row::int("use_fd", 89, -1, MOST)
        .of("descriptor")
        .default(-1)
        .form("the file descriptor of a listening stream socket, or -1 for none")
        .test(Int(-1))
        .when(Next)
        .via(Via::Descriptor)
        .doc("Sets a listening file descriptor for the next bind to use; -1 means none."),
    Row::int("ipc_filter_pid", 58, 1, MOST)
        .or(-1)
        .write_only()
        .test(Int(1))
        .probed()
        .via(Via::Filter)
        .doc("Deprecated: adds a process that may connect over ipc; -1 allows all."),
    Row::int("ipc_filter_uid", 59, 0, u32::MAX as i64)
        .or(-1)
        .write_only()
        .test(Int(1000))
        .probed()
        .via(Via::Filter)
        .doc("Deprecated: adds a user who may connect over ipc; -1 allows all."),
    Row::int("ipc_filter_gid", 60, 0, u32::MAX as i64)
        .or(-1)
        .write_only()
        .test(Int(1000))
        .probed()
        .via(Via::Filter)
        .doc("Deprecated: adds a group that may connect over ipc; -1 allows all."),
    Row::text("metadata", 95, 0, 4096)
        .write_only()
        .form("a property such as \"X-name:value\" of 5 to 4096 bytes")
        .test(Text("X-desk:fx"))
        .probed()
        .via(Via::Metadata)
        .doc("Adds a property that peers can read from frames with the property method."),
    // Proxies.
    Row::text("socks_proxy", 68, 0, 255)
        .test(Text(""))
        .via(Via::Proxy)
        .doc("Sets the SOCKS5 proxy for TCP; not supported, because libzmq 4.3.5 crashes with it."),
    Row::text("socks_username", 99, 0, 255)
        .test(Text("me"))
        .probed()
        .doc("Sets the user name for the SOCKS5 proxy."),
    Row::text("socks_password", 100, 0, 255)
        .test(Text("sesame"))
        .probed()
        .secret()
        .doc("Sets the password for the SOCKS5 proxy."),
    // Multicast.
    Row::int("rate", 8, 1, MOST)
        .of("kbit/s")
        .default(100)
        .test(Int(1000))
        .doc("Sets the maximum rate of multicast transports."),
    Row::int("recovery_ivl", 9, 0, MOST).of("ms").default(10000).test(Int(500)).doc(
        "Sets how long sent multicast data can be recovered; it uses memory of rate times this.",
    ),
    Row::int("multicast_hops", 25, 1, 255)
        .of("hops")
        .default(1)
        .test(Int(4))
        .doc("Sets the maximum number of routers that a multicast packet passes."),
    Row::int("multicast_maxtpdu", 84, 1, MOST)
        .of("bytes")
        .default(1500)
        .test(Int(1400))
        .doc("Sets the maximum size of a multicast packet."),
    Row::bool("multicast_loop", 96, true)
        .probed()
        .doc("Receives multicast packets on the machine that sends them, too."),
    Row::int("norm_mode", 117, 0, 4)
        .default(1)
        .test(Int(2))
        .needs("norm")
        .doc("Sets NORM's congestion control: 0 is a fixed rate, 1 to 4 adapt to the network."),
    Row::bool("norm_unicast_nack", 118, false)
        .needs("norm")
        .doc("Makes NORM receivers reply to the sender only."),
    Row::int("norm_buffer_size", 119, 1, MOST)
        .of("kB")
        .default(2048)
        .test(Int(1024))
        .needs("norm")
        .doc("Sets NORM's buffer size per stream."),
    Row::int("norm_segment_size", 120, 1, MOST)
        .of("bytes")
        .default(1400)
        .test(Int(1000))
        .needs("norm")
        .doc("Sets NORM's maximum payload per packet."),
    Row::int("norm_block_size", 121, 1, 255)
        .of("segments")
        .default(16)
        .test(Int(32))
        .needs("norm")
        .doc("Sets the number of segments in a NORM block."),
    Row::int("norm_num_parity", 122, 0, 254)
        .of("segments")
        .default(4)
        .test(Int(8))
        .needs("norm")
        .doc("Sets the number of parity segments per NORM block."),
    Row::int("norm_num_autoparity", 123, 0, 254)
        .of("segments")
        .default(0)
        .test(Int(2))
        .needs("norm")
        .doc("Sets the number of parity segments that NORM sends without a request."),
    Row::bool("norm_push", 124, false)
        .needs("norm")
        .doc("Makes a full NORM stream drop its oldest data."),
    // Virtual machines of VMware.
    Row::int("vmci_buffer_size", 85, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(65536))
        .needs("vmci")
        .doc("Sets the VMCI buffer size."),
    Row::int("vmci_buffer_min_size", 86, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(128))
        .needs("vmci")
        .doc("Sets the minimum VMCI buffer size."),
    Row::int("vmci_buffer_max_size", 87, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(262_144))
        .needs("vmci")
        .doc("Sets the maximum VMCI buffer size."),
    Row::int("vmci_connect_timeout", 88, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(100))
        .needs("vmci")
        .doc("Sets the timeout for one VMCI connection attempt; -1 waits forever."),
];
