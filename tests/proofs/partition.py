"""Two hosts and a network between them that fails: partition.py [--quick]

The hosts are network namespaces, so this needs root. The network is this process: it moves
packets between two TUN devices, and loses, delays or withholds them, so that it needs nothing
from the kernel but those devices. All patterns talk over it with heartbeats, and one pipeline
without, while the network goes through its stages. After each stage,

- everything flows again;
- nothing arrived twice or out of order, and the pipeline without heartbeats lost nothing;
- while the network was down, diagnose() said so, and only then.
"""

import ctypes
import fcntl
import heapq
import json
import os
import queue
import random
import re
import select
import struct
import subprocess
import sys
import threading
import time

SERVER, CLIENT, MOVED = "10.77.0.1", "10.77.0.2", "10.77.0.3"
HEARTBEAT = 500
PORTS = {"request": 5001, "publish": 5002, "push": 5003, "dealer": 5004, "kept": 5005}
RECOVERY = 40  # seconds: the system tries again after 1, 2, 4, 8, 16


# ---- A host: all patterns, each in a thread of its own. ----

class Pattern(threading.Thread):
    """Counts what it has received. Its socket is used by this thread only."""

    def __init__(self, socket, name, run):
        super().__init__(daemon=True)
        self.socket, self.name, self.run_once = socket, name, run
        self.sent = self.received = self.last = 0
        self.wrong = None
        self.questions, self.answers = queue.Queue(), queue.Queue()
        self.over = False

    def run(self):
        while not self.over:
            try:
                self.run_once(self)
            except Exception as error:
                self.wrong = f"{type(error).__name__}: {error}"
                return
            while not self.questions.empty():
                self.questions.get()
                self.answers.put(self.socket.diagnose())

    def diagnose(self):
        self.questions.put(None)
        return self.answers.get(timeout=20)

    def note(self, number):
        """Notes a number: they arrive in order, each one once."""
        if number <= self.last:
            self.wrong = f"{number} arrived after {self.last}"
        self.last = number
        self.received += 1


def reply(at):
    number = at.socket.receive(timeout=200)
    if number is not None:
        at.received += 1
        at.socket.send(number, timeout=1000)


def request(at):
    # A request whose reply does not come is followed by the next one (req_relaxed).
    at.sent += 1
    at.socket.send(str(at.sent), timeout=1000)
    answer = at.socket.receive(timeout=1000)
    if answer is not None:
        at.note(int(answer))
    time.sleep(0.01)


def produce(at):
    if at.socket.send(str(at.sent + 1), timeout=500) is not False:
        at.sent += 1
    time.sleep(0.01)


def consume(at):
    number = at.socket.receive(timeout=200)
    if number is not None:
        at.note(int(number))


def route(at):
    message = at.socket.receiveall(timeout=200)
    if message:
        at.received += 1
        at.socket.send(*message, timeout=0)


def deal(at):
    produce(at)
    while (number := at.socket.receive(timeout=0)) is not None:
        at.note(int(number))


def host(role):
    import zeromq

    kinds = {
        "server": [("request", zeromq.ZMQReply, reply), ("publish", zeromq.ZMQPublisher, produce),
                   ("push", zeromq.ZMQPull, consume), ("dealer", zeromq.ZMQRouter, route),
                   ("kept", zeromq.ZMQPull, consume)],
        "client": [("request", zeromq.ZMQRequest, request), ("publish", zeromq.ZMQSubscriber, consume),
                   ("push", zeromq.ZMQPush, produce), ("dealer", zeromq.ZMQDealer, deal),
                   ("kept", zeromq.ZMQPush, produce)],
    }
    patterns = {}
    for name, kind, run in kinds[role]:
        socket = kind()
        if name != "kept":
            socket.heartbeat(HEARTBEAT)
        if kind is zeromq.ZMQRequest:
            socket.setoption("req_relaxed", True)
            socket.setoption("req_correlate", True)
        if kind is zeromq.ZMQSubscriber:
            socket.subscribe("")
        # What is sent meanwhile waits in the queues.
        socket.setoption("sndhwm", 100000)
        if role == "server":
            socket.bind(f"tcp://*:{PORTS[name]}")
        else:
            socket.connect(f"tcp://{SERVER}:{PORTS[name]}")
        patterns[name] = Pattern(socket, name, run)
    for pattern in patterns.values():
        pattern.start()
    print("ready", flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "stop":
            # Only the sources end; what they sent still arrives.
            for pattern in patterns.values():
                pattern.over = pattern.run_once in (produce, request, deal)
        if word == "diagnose":
            told = {name: pattern.diagnose() for name, pattern in patterns.items()}
        else:
            told = {name: {"sent": at.sent, "received": at.received, "last": at.last,
                           "wrong": at.wrong} for name, at in patterns.items()}
        print(json.dumps(told), flush=True)


# ---- The network. ----

class Network(threading.Thread):
    """Moves packets between the devices of two namespaces."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.devices = [self.device(name) for name in names]
        self.moved = [0, 0]
        self.mend()

    def mend(self):
        """Both ways: from the server, and from the client."""
        self.loss, self.delay, self.down = [0, 0], [0, 0], [False, False]

    @staticmethod
    def device(name):
        libc = ctypes.CDLL(None, use_errno=True)
        own = os.open("/proc/self/ns/net", os.O_RDONLY)

        def enter(path):
            with open(path) as namespace:
                if libc.setns(namespace.fileno(), 0x40000000) != 0:
                    raise OSError(ctypes.get_errno(), path)

        enter(f"/var/run/netns/{name}")
        try:
            # IFF_TUN and IFF_NO_PI
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(device, 0x400454ca, struct.pack("16sH", b"wire", 0x1001))
        finally:
            enter(f"/proc/self/fd/{own}")
            os.close(own)
        return device

    def run(self):
        late, count = [], 0
        while True:
            pause = max(0, late[0][0] - time.monotonic()) if late else 1
            ready, _, _ = select.select(self.devices, [], [], pause)
            for device in ready:
                way = self.devices.index(device)
                try:
                    packet = os.read(device, 65536)
                except OSError:
                    continue
                if self.down[way] or random.random() < self.loss[way]:
                    continue
                count += 1
                due = time.monotonic() + self.delay[way] * random.uniform(0.8, 1.2)
                heapq.heappush(late, (due, count, way, packet))
            while late and late[0][0] <= time.monotonic():
                _, _, way, packet = heapq.heappop(late)
                self.moved[way] += 1
                try:
                    os.write(self.devices[1 - way], packet)
                except OSError:
                    pass  # The device is down.


class Namespaces:
    """Two hosts and the network between them, for a with statement."""

    def __init__(self):
        self.names = [f"zeromq-{os.getpid()}-{side}" for side in ("server", "client")]

    def __enter__(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        self.network = Network(self.names)
        for side, address in enumerate([SERVER, CLIENT]):
            self.run(side, "addr", "add", f"{address}/24", "dev", "wire")
            self.run(side, "link", "set", "lo", "up")
            self.run(side, "link", "set", "wire", "up")
        self.network.start()
        return self

    def __exit__(self, *failure):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name])

    def on(self, side):
        """The words that run a command on the server, 0, or on the client, 1."""
        return ["ip", "netns", "exec", self.names[side]]

    def run(self, side, *words):
        subprocess.run([*self.on(side), "ip", *words], check=True)


# ---- The stages. ----

class Host:
    def __init__(self, namespace, role):
        self.role = role
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, __file__, "host", role],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask(None)

    def ask(self, word):
        if word:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready, f"the {self.role} does not answer"
        line = self.process.stdout.readline()
        return json.loads(line) if word else line


failures = []


def expect(truth, text):
    if not truth:
        failures.append(text)
        print(f"FAILED: {text}", flush=True)


def progress(hosts):
    """What has arrived at the end of each pattern."""
    server, client = (host.ask("figures") for host in hosts)
    for role, figures in ("server", server), ("client", client):
        for name, figure in figures.items():
            expect(not figure["wrong"], f"{role}, {name}: {figure['wrong']}")
    return {"request": client["request"]["received"], "publish": client["publish"]["received"],
            "push": server["push"]["received"], "dealer": client["dealer"]["received"],
            "kept": server["kept"]["received"]}


def flows_again(hosts, stage, but=()):
    """Waits until each pattern has made progress twice."""
    begin, first = time.monotonic(), progress(hosts)
    times = {}
    while len(times) < len(first) and time.monotonic() - begin < RECOVERY:
        time.sleep(0.1)
        now = progress(hosts)
        for name in now:
            if now[name] >= first[name] + 5:
                times.setdefault(name, time.monotonic() - begin)
    shown = ", ".join(f"{name} after {times.get(name, -1):.1f} s" for name in first)
    print(f"{stage}: {shown}", flush=True)
    for name in first:
        expect(name in times or name in but, f"{stage}: {name} does not flow again")


LOST = "stopped answering heartbeats"
GONE = re.compile(
    f"{LOST}|all peers have gone|does not answer|no route|unreachable|host is down|timed out|"
    "connecting to .* for")


def told(hosts, stage, down):
    """Asks both sides what they see. The pipeline without heartbeats cannot know. A side
    that is bound speaks of a lost peer for ten seconds, because another one may have come."""
    time.sleep(0 if down else 11)
    texts = [host.ask("diagnose") for host in hosts]
    seen = 0
    for host, answers in zip(hosts, texts):
        for name, text in answers.items():
            seen += LOST in text
            if name == "kept":
                continue
            if down:
                expect(text.startswith("no peer;") and GONE.search(text),
                       f"{stage}: the {host.role} says about {name}: {text}")
            else:
                expect(text.startswith("1 peer") and not GONE.search(text),
                       f"{stage}: the {host.role} says about {name}: {text}")
    if down:
        print(f"{stage}: {seen} of 8 say that the peer stopped answering heartbeats", flush=True)
        print(f"  {texts[1]['push']}", flush=True)
    return seen


def main():
    quick = "--quick" in sys.argv
    length = 5 if quick else 10
    hosts = []
    namespaces = Namespaces()
    names, run = namespaces.names, namespaces.run
    try:
        network = namespaces.__enter__().network
        hosts += [Host(names[0], "server"), Host(names[1], "client")]
        flows_again(hosts, "at first")
        told(hosts, "at first", down=False)

        def stage(name, down, seconds=length):
            time.sleep(seconds)
            if down:
                seen = told(hosts, name, down=True)
                expect(seen >= 4, f"{name}: only {seen} say that the peer stopped answering")
            else:
                flows_again(hosts, f"during '{name}'")
            network.mend()
            flows_again(hosts, f"after '{name}'")

        network.down = [True, True]
        stage("the network is down", down=True)
        told(hosts, "after a network that was down", down=False)

        run(1, "link", "set", "wire", "down")
        time.sleep(length)
        told(hosts, "the link of the client is down", down=True)
        run(1, "link", "set", "wire", "up")
        flows_again(hosts, "after 'the link of the client is down'")

        network.loss = [0.1, 0.1]
        stage("a tenth of the packets is lost", down=False)
        network.delay = [0.15, 0.15]
        stage("packets take 150 ms", down=False)
        for way, name in (0, "nothing comes from the server"), (1, "nothing comes from the client"):
            network.down[way] = True
            stage(name, down=True)
        told(hosts, "after all stages", down=False)

        # What was sent without heartbeats has arrived, all of it, and in order.
        sent = hosts[1].ask("stop")["kept"]["sent"]
        sent = max(sent, hosts[1].ask("figures")["kept"]["sent"])
        begin = time.monotonic()
        while (last := hosts[0].ask("figures"))["kept"]["last"] < sent and \
                time.monotonic() - begin < RECOVERY:
            time.sleep(0.1)
        kept, pushed = last["kept"], last["push"]
        expect(kept["received"] >= sent, f"without heartbeats {kept['received']} of {sent} arrived")
        print(f"without heartbeats, {kept['received']} of {sent} messages arrived; with them, "
              f"{pushed['received']} of {hosts[1].ask('figures')['push']['sent']}", flush=True)

        # A client whose address changes. Connections without heartbeats do not notice.
        hosts.pop().process.kill()
        hosts.append(Host(names[1], "client"))
        fresh(hosts, "a new client")
        run(1, "addr", "del", f"{CLIENT}/24", "dev", "wire")
        run(1, "addr", "add", f"{MOVED}/24", "dev", "wire")
        fresh(hosts, "after a new address of the client")
    finally:
        for host in hosts:
            host.process.kill()
            host.process.wait()
        namespaces.__exit__()
    print("partition: " + ("FAILED" if failures else "ok"))
    return 1 if failures else 0


def fresh(hosts, stage):
    """Like flows_again, for a client whose numbers begin again."""
    begin, first = time.monotonic(), hosts[1].ask("figures")
    watched = ["request", "publish", "dealer"]
    while time.monotonic() - begin < RECOVERY:
        now = hosts[1].ask("figures")
        if all(now[name]["received"] >= first[name]["received"] + 5 for name in watched):
            break
        time.sleep(0.1)
    else:
        expect(False, f"{stage}: {first} became only {now}")
    print(f"{stage}: after {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["host"]:
        host(sys.argv[2])
    else:
        sys.exit(main())
