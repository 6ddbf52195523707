//! Options of transports: TCP, IPC, multicast and the rarer ones.

use super::row::Kind::Uint64;
use super::row::When::Next;
use super::row::{MOST, Row, Via};
use super::value::Sample::{Int, Text};

pub(super) static ROWS: &[Row] = &[
    Row::bool("ipv6", 42, false).doc("TCP by IPv6, and by IPv4 where there is no other."),
    Row::bool("ipv4only", 31, true).doc("The opposite of ipv6. An old name."),
    Row::int("tcp_keepalive", 34, -1, 1)
        .default(-1)
        .test(Int(1))
        .doc("Whether the system looks after idle TCP connections: 1 yes, 0 no, -1 as it likes."),
    // Beyond these limits Linux refuses, and libzmq drops every new connection.
    Row::int("tcp_keepalive_cnt", 35, 1, 127)
        .or(-1)
        .of("packets")
        .default(-1)
        .test(Int(5))
        .doc("After how many packets without an answer a connection is dead; -1 is the system's."),
    Row::int("tcp_keepalive_idle", 36, 1, 32767)
        .or(-1)
        .of("s")
        .default(-1)
        .test(Int(60))
        .doc("After what silence the system begins to ask; -1 is the system's."),
    Row::int("tcp_keepalive_intvl", 37, 1, 32767)
        .or(-1)
        .of("s")
        .default(-1)
        .test(Int(10))
        .doc("How often the system asks; -1 is the system's."),
    Row::int("tcp_maxrt", 80, 0, MOST)
        .of("ms")
        .default(0)
        .test(Int(5000))
        .doc("How long the system repeats what is not confirmed; 0 is the system's."),
    Row::text("tcp_accept_filter", 38, 0, 255)
        .write_only()
        .form("a network such as \"192.168.0.0/16\", or an empty string for all")
        .test(Text("192.168.0.0/16"))
        .doc("From which networks connections are accepted; each adds one. An old way."),
    Row::int("tos", 57, 0, 255)
        .default(0)
        .test(Int(8))
        .doc("The type of service in the packets of TCP."),
    Row::int("priority", 112, 0, 6)
        .default(0)
        .test(Int(3))
        .needs("draft")
        .doc("The priority of packets in the system."),
    Row::int("busy_poll", 113, 0, MOST)
        .of("us")
        .default(0)
        .test(Int(50))
        .needs("draft")
        .doc("How long the system waits actively for packets."),
    Row::text("bindtodevice", 92, 0, 15)
        .test(Text("lo"))
        .doc("The network interface that is used; the system may ask for a privilege."),
    Row::bool("loopback_fastpath", 94, false)
        .probed()
        .doc("The short way for TCP within a machine, on Windows."),
    Row::int("use_fd", 89, -1, MOST)
        .of("descriptor")
        .default(-1)
        .form("the descriptor of a stream socket that listens, or -1 for none")
        .test(Int(-1))
        .when(Next)
        .via(Via::Descriptor)
        .doc("A socket that listens already, which the next bind takes in place of its own."),
    Row::int("ipc_filter_pid", 58, 1, MOST)
        .or(-1)
        .write_only()
        .test(Int(1))
        .probed()
        .via(Via::Filter)
        .doc("Which processes may connect by ipc; each adds one, -1 is every one. An old way."),
    Row::int("ipc_filter_uid", 59, 0, u32::MAX as i64)
        .or(-1)
        .write_only()
        .test(Int(1000))
        .probed()
        .via(Via::Filter)
        .doc("Which users may connect by ipc; each adds one, -1 is every one. An old way."),
    Row::int("ipc_filter_gid", 60, 0, u32::MAX as i64)
        .or(-1)
        .write_only()
        .test(Int(1000))
        .probed()
        .via(Via::Filter)
        .doc("Which groups may connect by ipc; each adds one, -1 is every one. An old way."),
    Row::text("metadata", 95, 0, 4096)
        .write_only()
        .form("a property such as \"X-name:value\" of 5 to 4096 bytes")
        .test(Text("X-desk:fx"))
        .probed()
        .via(Via::Metadata)
        .doc("A property that peers can read from messages; each adds one."),
    // Proxies.
    Row::text("socks_proxy", 68, 0, 255)
        .test(Text(""))
        .via(Via::Proxy)
        .doc("The SOCKS5 proxy for TCP. Not to be set: libzmq 4.3.5 fails with it."),
    Row::text("socks_username", 99, 0, 255)
        .test(Text("me"))
        .probed()
        .doc("The user name for the proxy."),
    Row::text("socks_password", 100, 0, 255)
        .test(Text("sesame"))
        .probed()
        .secret()
        .doc("The password for the proxy."),
    // Multicast.
    Row::int("rate", 8, 1, MOST)
        .of("kbit/s")
        .default(100)
        .test(Int(1000))
        .doc("The rate of multicast transports."),
    Row::int("recovery_ivl", 9, 0, MOST)
        .of("ms")
        .default(10000)
        .test(Int(500))
        .doc("For how long multicast keeps what it sent; memory is rate times this."),
    Row::int("multicast_hops", 25, 1, 255)
        .of("hops")
        .default(1)
        .test(Int(4))
        .doc("How many routers a multicast packet passes."),
    Row::int("multicast_maxtpdu", 84, 1, MOST)
        .of("bytes")
        .default(1500)
        .test(Int(1400))
        .doc("The largest multicast packet."),
    Row::bool("multicast_loop", 96, true)
        .probed()
        .doc("Whether multicast is received on the machine that sends it."),
    Row::int("norm_mode", 117, 0, 4)
        .default(1)
        .test(Int(2))
        .needs("norm")
        .doc("NORM: how it is kept from flooding a network, from 0 for a fixed rate to 4."),
    Row::bool("norm_unicast_nack", 118, false)
        .needs("norm")
        .doc("NORM: receivers answer the sender only."),
    Row::int("norm_buffer_size", 119, 1, MOST)
        .of("kB")
        .default(2048)
        .test(Int(1024))
        .needs("norm")
        .doc("NORM: the buffer of a stream."),
    Row::int("norm_segment_size", 120, 1, MOST)
        .of("bytes")
        .default(1400)
        .test(Int(1000))
        .needs("norm")
        .doc("NORM: the largest payload of a packet."),
    Row::int("norm_block_size", 121, 1, 255)
        .of("segments")
        .default(16)
        .test(Int(32))
        .needs("norm")
        .doc("NORM: the size of a block."),
    Row::int("norm_num_parity", 122, 0, 254)
        .of("segments")
        .default(4)
        .test(Int(8))
        .needs("norm")
        .doc("NORM: parity segments for a block."),
    Row::int("norm_num_autoparity", 123, 0, 254)
        .of("segments")
        .default(0)
        .test(Int(2))
        .needs("norm")
        .doc("NORM: parity segments that are sent unasked."),
    Row::bool("norm_push", 124, false)
        .needs("norm")
        .doc("NORM: a stream that is full drops what is oldest."),
    // Virtual machines of VMware.
    Row::int("vmci_buffer_size", 85, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(65536))
        .needs("vmci")
        .doc("VMCI: the buffer."),
    Row::int("vmci_buffer_min_size", 86, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(128))
        .needs("vmci")
        .doc("VMCI: the least buffer."),
    Row::int("vmci_buffer_max_size", 87, 0, i64::MAX)
        .long(Uint64)
        .of("bytes")
        .default(0)
        .test(Int(262_144))
        .needs("vmci")
        .doc("VMCI: the largest buffer."),
    Row::int("vmci_connect_timeout", 88, -1, MOST)
        .of("ms")
        .default(-1)
        .test(Int(100))
        .needs("vmci")
        .doc("VMCI: how long one attempt to connect may take."),
];
