"""A worker of a task queue on plain pyzmq, as `zeromq help taskprotocol` describes it."""

import struct
import sys
import time

import zmq

HELLO, HEARTBEAT, RESULTS, WELCOME, TASKS, GONE, STOP = 1, 2, 3, 0x81, 0x83, 0x85, 0x86
NONE = bytes(16)


def work(endpoint, function, credit=10):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 1000
    socket.connect(endpoint)
    session, heartbeat, told, heard = NONE, 1.0, 0, time.monotonic()
    while True:
        now = time.monotonic()
        if now - heard > 3 * heartbeat:
            session, heard = NONE, now
        if now - told >= heartbeat:
            command = HEARTBEAT if session != NONE else HELLO
            head = b"ZTQ\x01" + struct.pack(">B16sI", command, session, credit)
            socket.send_multipart([head] if session != NONE else [head, b"python"])
            told = now
        if not socket.poll(heartbeat * 1000):
            continue
        head, *payloads = socket.recv_multipart()
        command, of = struct.unpack_from(">B16s", head, 4)
        heard = time.monotonic()
        if command == WELCOME:
            session, told, heartbeat = of, 0, struct.unpack(">I", head[21:])[0] / 1000
        elif of == session and command == TASKS:
            for (number, delivery, _), task in zip(struct.iter_unpack(">QII", head[21:]), payloads):
                record = struct.pack(">QIII", number, delivery, 0, 0)
                head = b"ZTQ\x01" + struct.pack(">B16s", RESULTS, session) + record
                socket.send_multipart([head, function(task)])
        elif of == session and command == GONE:
            session, told = NONE, 0
        elif of == session and command == STOP:
            return


# A small whole number in MessagePack is one byte; twice as much is one, too.
work(sys.argv[1], lambda task: bytes([2 * task[0]]))
