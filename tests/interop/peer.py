"""Does with pyzmq what the scripts in this folder do: peer.py MODE ARGUMENTS."""

import json
import os
import sys
import time

import zmq
from zmq.auth import create_certificates, load_certificate
from zmq.auth.thread import ThreadAuthenticator

DEADLINE = 20_000
context = zmq.Context()


def make(kind):
    socket = context.socket(kind)
    socket.linger = 2_000
    socket.rcvtimeo = socket.sndtimeo = DEADLINE
    return socket


def bind(socket):
    socket.bind("tcp://127.0.0.1:*")
    say(socket.last_endpoint.decode())
    return socket


def say(*words):
    print(*words, flush=True)


def reply():
    server = bind(make(zmq.REP))
    for _ in range(3):
        server.send_multipart([b"re", *server.recv_multipart()])


def request(endpoint):
    client = make(zmq.REQ)
    client.connect(endpoint)
    for i in range(1, 4):
        client.send_multipart([b"hello", b"", str(i).encode()])
        say(b"|".join(client.recv_multipart()).decode())


def publish():
    publisher = bind(make(zmq.XPUB))
    say(publisher.recv().hex())
    publisher.send_multipart([b"weather.oslo", json.dumps({"temperature": 21.5}).encode()])
    publisher.send_multipart([b"sport.oslo", json.dumps({"goals": 3}).encode()])
    publisher.send_multipart([b"weather.rome", json.dumps({"temperature": 30.5}).encode()])


def subscribe(endpoint):
    subscriber = make(zmq.SUB)
    subscriber.subscribe(b"weather")
    subscriber.connect(endpoint)
    for _ in range(2):
        topic, body = subscriber.recv_multipart()
        say(topic.decode(), json.loads(body)["temperature"])


def router():
    socket = bind(make(zmq.ROUTER))
    messages = [socket.recv_multipart() for _ in range(3)]
    for client, empty, body in reversed(messages):
        socket.send_multipart([client, empty, b"answer to " + body])


def dealer(endpoint):
    socket = make(zmq.DEALER)
    socket.connect(endpoint)
    for i in range(1, 4):
        socket.send_multipart([b"", str(i).encode()])
    for _ in range(3):
        empty, body = frames = socket.recv_multipart()
        say(len(frames), len(empty), body.decode())


def heartbeat(socket):
    socket.heartbeat_ivl = 100
    socket.heartbeat_timeout = socket.heartbeat_ttl = 300
    return socket


def keeper():
    socket = heartbeat(make(zmq.ROUTER))
    socket.router_mandatory = True
    bind(socket)
    before, _ = socket.recv_multipart()
    after, body = socket.recv_multipart()
    say(str(before == after).lower())
    say(body.decode())
    try:
        while True:
            socket.send_multipart([before, b"are you there"])
            time.sleep(0.02)
    except zmq.ZMQError as error:
        assert error.errno == zmq.EHOSTUNREACH
        say("gone")


def idler(endpoint):
    socket = heartbeat(make(zmq.DEALER))
    socket.connect(endpoint)
    socket.send(b"before")
    time.sleep(0.8)
    socket.send(b"after")
    while True:
        socket.recv()


def holder():
    socket = bind(make(zmq.ROUTER))
    before, _ = socket.recv_multipart()
    after, body = socket.recv_multipart()
    say(str(before == after).lower())
    say(body.decode())


def sleeper(endpoint):
    socket = make(zmq.DEALER)
    socket.heartbeat_ivl, socket.heartbeat_timeout, socket.heartbeat_ttl = 100, 10_000, 65_600
    socket.connect(endpoint)
    socket.send(b"before")
    time.sleep(0.8)
    socket.send(b"after")


def hub():
    publisher = bind(make(zmq.XPUB))
    say(len({publisher.recv() for _ in range(1500)}))
    publisher.send_multipart([b"S1500.", b"tick"])


def listener(endpoint):
    subscriber = make(zmq.SUB)
    # Its libzmq counts subscriptions as messages.
    subscriber.sndhwm = 0
    for i in range(1500):
        subscriber.subscribe(f"S{i + 1}.")
    subscriber.connect(endpoint)
    say(subscriber.recv_multipart()[1].decode())


def heavy(endpoint):
    socket = make(zmq.PUSH)
    socket.connect(endpoint)
    socket.send(b"0123456789")
    socket.send_multipart([b"01234", b"56789"])
    socket.send(b"0123456789a")


def leaver(endpoint):
    socket = make(zmq.DEALER)
    socket.rcvhwm, socket.rcvbuf, socket.linger = 5, 4096, 0
    socket.connect(endpoint)
    socket.send(b"hello")
    socket.poll()
    # By now there is no room.
    time.sleep(0.5)


def certificates(folder):
    for name in ["server", "clients/alice", "stranger"]:
        create_certificates(folder, name, metadata={"name": name})
    say("written")


def keys(file):
    return load_certificate(file + "_secret")


def serve(server):
    bind(server)
    for _ in range(2):
        frame = server.recv(copy=False)
        say(frame.get("User-Id"))
        server.send(b"welcome")


def ask(client, endpoint, patience):
    client.connect(endpoint)
    client.rcvtimeo = client.sndtimeo = int(patience)
    try:
        client.send(b"hello")
        say(client.recv().decode())
    except zmq.Again:
        client.linger = 0
        say("nil")


def curve_server(folder):
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.allow("127.0.0.1")
    authenticator.configure_curve(domain="*", location=os.path.join(folder, "clients"))
    server = make(zmq.REP)
    server.curve_publickey, server.curve_secretkey = keys(os.path.join(folder, "server.key"))
    server.curve_server = True
    serve(server)
    server.close()
    authenticator.stop()


def curve_client(endpoint, folder, name, patience):
    client = make(zmq.REQ)
    own, client.curve_secretkey = keys(os.path.join(folder, name + ".key"))
    client.curve_publickey = own
    client.curve_serverkey, _ = load_certificate(os.path.join(folder, "server.key"))
    say(own.decode())
    ask(client, endpoint, patience)


def plain_server(file):
    with open(file) as lines:
        words = [line.strip().split("=", 1) for line in lines if line[0] != "#"]
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain(domain="*", passwords=dict(words))
    server = make(zmq.REP)
    server.plain_server = True
    serve(server)
    server.close()
    authenticator.stop()


def plain_client(endpoint, username, password, patience):
    client = make(zmq.REQ)
    client.plain_username = username.encode()
    client.plain_password = password.encode()
    ask(client, endpoint, patience)


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
context.destroy()
