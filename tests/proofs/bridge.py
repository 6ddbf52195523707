#!/usr/bin/env python3
"""The bridge to NATS, while a cluster of three servers loses its leader twice.

bridge.py PROGRAM MESSAGES

Stores so many messages in a stream with three replicas, and kills the leader of the stream
twice meanwhile. All of them must be acknowledged, and in the stream once. Then a part of them
goes to workers, of which some are killed and so is a bridge: each message must be done.
"""

import collections
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PROGRAM, MESSAGES = os.path.abspath(sys.argv[1]), int(sys.argv[2])
TASKS = min(20_000, MESSAGES // 10)
DEADLINE = 900

# What a worker of the second part does: it writes down each message before it is done. A closed
# file has no buffer that a kill could lose.
WORKER = """
import zeromq
var name = System.arguments()[1]
var worker = ZMQWorker(System.arguments()[0])
worker.serve(fn (message) {
  var done = File(name, "append")
  done.write("${message["sequence"]}")
  done.close()
  return true
})
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Cluster:
    def __init__(self, folder):
        ports = free_ports(9)
        self.clients, routes, self.monitors = ports[:3], ports[3:6], ports[6:]
        peers = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
        self.configs, self.servers = [], [None] * 3
        for index in range(3):
            config = os.path.join(folder, f"server{index}.conf")
            with open(config, "w") as file:
                file.write(
                    f"server_name: server{index}\n"
                    f'listen: "127.0.0.1:{self.clients[index]}"\n'
                    f'http: "127.0.0.1:{self.monitors[index]}"\n'
                    f'jetstream {{ store_dir: "{folder}/server{index}" }}\n'
                    f'cluster {{ name: proof, listen: "127.0.0.1:{routes[index]}", '
                    f"routes: [{peers}] }}\n"
                )
            self.configs.append(config)
            self.start(index)

    def start(self, index):
        with open(self.configs[index] + ".log", "a") as log:
            self.servers[index] = subprocess.Popen(
                ["nats-server", "-c", self.configs[index]], stdout=log, stderr=log
            )

    def kill(self, index):
        self.servers[index].send_signal(signal.SIGKILL)
        self.servers[index].wait()
        self.servers[index] = None

    def urls(self):
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.clients)

    def stream(self):
        """What the server that leads the stream tells about it. Others know less."""
        for index, (port, server) in enumerate(zip(self.monitors, self.servers)):
            if server is None:
                continue
            url = f"http://127.0.0.1:{port}/jsz?streams=true&leader-only=0"
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    told = json.load(answer)
            except OSError:
                continue
            for account in told.get("account_details", []):
                for stream in account.get("stream_detail", []):
                    if stream["cluster"].get("leader") == f"server{index}":
                        return stream
        return None

    def leader(self):
        stream = until("the stream has a leader", self.stream)
        return int(stream["cluster"]["leader"].removeprefix("server"))

    def is_complete(self):
        stream = self.stream()
        replicas = stream["cluster"].get("replicas", []) if stream else []
        return len(replicas) == 2 and all(
            each.get("current") and not each.get("offline") for each in replicas
        )

    def end(self):
        for server in self.servers:
            if server:
                server.kill()


def until(what, reached):
    """Waits, and returns what was waited for."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        result = reached()
        if result:
            return result
        time.sleep(0.1)
    sys.exit(f"not within {DEADLINE} s: {what}")


class Bridge:
    def __init__(self, folder, name, *arguments):
        self.path = os.path.join(folder, name)
        self.errors = open(self.path, "w")
        self.process = subprocess.Popen(
            [PROGRAM, "bridge", *arguments, "--metrics", "0"], stderr=self.errors
        )
        self.address = until("metrics", self.metrics_address)

    def told(self):
        with open(self.path) as file:
            return file.read()

    def metrics_address(self):
        if self.process.poll() is not None:
            sys.exit(f"it ended:\n{self.told()}")
        found = re.search(r"http://\S+/metrics", self.told())
        return found and found.group()

    def metric(self, name):
        with urllib.request.urlopen(self.address, timeout=60) as answer:
            text = answer.read().decode()
        found = re.search(rf"^zeromq_bridge_{name} (\d+)$", text, re.MULTILINE)
        return int(found.group(1))

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=DEADLINE)
        if number == signal.SIGTERM and code != 0:
            sys.exit(f"exit code {code}:\n{self.told()}")
        return self.told()


def count(told, word):
    return int(re.search(rf"(\d+) {word}", told.splitlines()[-1]).group(1))


def store(cluster, folder):
    """The first part. Returns what is wrong."""
    address = f"ipc://{folder}/in"
    bridge = Bridge(
        folder, "out", "out", "--stream", "PROOF", "--create", "--replicas", "3",
        "--subject", "proof.{topic}", "--pull", "@" + address, "--nats", cluster.urls(),
    )
    begin = time.monotonic()
    numbers = subprocess.Popen(
        ["awk", f'BEGIN {{ for (i = 1; i <= {MESSAGES}; i++) print "topic." i % 1000 "\\t" i }}'],
        stdout=subprocess.PIPE,
    )
    push = subprocess.Popen([PROGRAM, "push", ">" + address], stdin=numbers.stdout)
    for share in (0.3, 0.6):
        acknowledged = int(share * MESSAGES)
        until("messages", lambda: bridge.metric("acknowledged_messages_total") >= acknowledged)
        leader = cluster.leader()
        cluster.kill(leader)
        print(f"killed the leader server{leader} after {acknowledged} acknowledgments", flush=True)
        resumed = acknowledged + MESSAGES // 20
        until("messages", lambda: bridge.metric("acknowledged_messages_total") >= resumed)
        cluster.start(leader)
        until("all replicas are complete", cluster.is_complete)
    until("messages", lambda: bridge.metric("acknowledged_messages_total") >= MESSAGES)
    seconds = time.monotonic() - begin
    push.wait(timeout=DEADLINE)
    told = bridge.end()
    print(told, end="")
    stored = collections.Counter(read(cluster, folder))
    lost = sum(1 for number in range(1, MESSAGES + 1) if number not in stored)
    twice = sum(each - 1 for each in stored.values())
    print(
        f"{MESSAGES} messages in {seconds:.0f} s, {MESSAGES / seconds:.0f} per second: "
        f"{count(told, 'published again')} published again, {sum(stored.values())} stored, "
        f"{twice} of them twice, {lost} lost"
    )
    return lost + twice + count(told, "dropped") + count(told, "rejected")


def read(cluster, folder):
    """Returns the numbers of all messages in the stream, in order."""
    address = f"ipc://{folder}/back"
    with open(os.path.join(folder, "read"), "w+") as file:
        pull = subprocess.Popen([PROGRAM, "pull", "@" + address, "-q"], stdout=file)
        subprocess.run(
            [PROGRAM, "bridge", "replay", "--stream", "PROOF", ">" + address, "--socket", "push",
             "--nats", cluster.urls()],
            check=True, timeout=DEADLINE,
        )
        pull.send_signal(signal.SIGTERM)
        pull.wait(timeout=60)
        file.seek(0)
        return [int(line.rstrip("\n").split("\t")[1]) for line in file]


def work(cluster, folder):
    """The second part. Returns what is wrong."""
    address = f"tcp://127.0.0.1:{free_ports(1)[0]}"
    script = os.path.join(folder, "worker.morpho")
    with open(script, "w") as file:
        file.write(WORKER)
    workers, names = [], []

    def worker():
        name = os.path.join(folder, f"done{len(names)}")
        names.append(name)
        workers.append(subprocess.Popen([PROGRAM, "run", script, address, name]))

    def bridge(name):
        return Bridge(
            folder, name, "in", "--stream", "PROOF", "--group", "proof", address,
            "--from", str(MESSAGES - TASKS + 1), "--ack-wait", "2s", "--nats", cluster.urls(),
        )

    for _ in range(3):
        worker()
    first = bridge("in1")
    until("messages", lambda: first.metric("acknowledged_messages_total") >= TASKS // 4)
    workers[0].kill()
    worker()
    until("messages", lambda: first.metric("acknowledged_messages_total") >= TASKS // 2)
    before = first.metric("acknowledged_messages_total")
    first.end(signal.SIGKILL)
    second = bridge("in2")
    leader = cluster.leader()
    cluster.kill(leader)
    print(f"killed a worker, a bridge, and the leader server{leader}", flush=True)
    cluster.start(leader)

    def done():
        numbers = set()
        for name in filter(os.path.exists, names):
            with open(name) as file:
                # The last line of a worker that was killed may not be complete.
                numbers.update(line.rstrip("\n") for line in file if line.endswith("\n"))
        return numbers

    expected = {str(number) for number in range(MESSAGES - TASKS + 1, MESSAGES + 1)}
    until("all messages are done", lambda: expected <= done())
    until("nothing is in flight", lambda: second.metric("in_flight_messages") == 0)
    told = second.end()
    print(told, end="")
    for each in workers:
        each.kill()
        each.wait()
    total = 0
    for name in filter(os.path.exists, names):
        with open(name) as file:
            total += sum(1 for _ in file)
    print(
        f"{TASKS} messages for workers: {total} done, {total - TASKS} of them again, "
        f"{count(told, 'of them again')} redelivered by the second bridge, "
        f"{before} acknowledged by the first one, {count(told, 'acknowledged')} by the second "
        f"one, {count(told, 'given up')} given up, {len(expected - done())} lost"
    )
    return len(expected - done()) + count(told, "given up")


def main():
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(folder)
        try:
            wrong = store(cluster, folder) + work(cluster, folder)
        finally:
            cluster.end()
    sys.exit(1 if wrong else 0)


main()
