"""Records a bus at full speed, kills the recorder again and again, and replays the result.

history.py PROGRAM PEER SECONDS KILLS [RATE]: PROGRAM is zeromq, PEER the program made of
history.c. Fails if the file is damaged, if a message is wrong or is missing without a kill or
a count, if a kill has lost more than the promised interval, if memory grows, or if a replay
is not what was recorded, byte for byte. Prints the figures."""

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib

PROGRAM, PEER = sys.argv[1:3]
SECONDS, KILLS = float(sys.argv[3]), int(sys.argv[4])
RATE = int(sys.argv[5]) if len(sys.argv) > 5 else 100_000
SYNC = 1.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Recorder:
    def __init__(self, path, endpoint):
        # A file, because nobody reads a pipe meanwhile.
        self.errors = tempfile.TemporaryFile("w+")
        command = [PROGRAM, "record", path, endpoint, "--sync", f"{SYNC * 1000:.0f}ms"]
        self.process = subprocess.Popen(command, stderr=self.errors)

    def resident(self):
        """Returns the resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def seconds(self):
        """Returns the processor time that it has taken."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def said(self):
        self.errors.seek(0)
        return self.errors.read().strip()


def record(path):
    """Returns the number of messages published, and the times of the kills."""
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    publisher = subprocess.Popen(
        [PEER, "publish", endpoint, str(RATE), str(SECONDS)], stdout=subprocess.PIPE, text=True
    )
    recorder = Recorder(path, endpoint)
    begin = time.monotonic()
    pause = SECONDS / (KILLS + 1)
    times = [pause * (index + random.uniform(0.6, 1.4)) for index in range(1, KILLS + 1)]
    kills, resident, busy = [], [], []
    sampled = 0
    while publisher.poll() is None:
        passed = time.monotonic() - begin
        if times and passed >= times[0]:
            times.pop(0)
            busy.append(recorder.seconds())
            kills.append(time.time_ns())
            recorder.process.kill()
            recorder.process.wait()
            recorder = Recorder(path, endpoint)
        elif int(passed) > sampled:
            sampled = int(passed)
            resident.append(recorder.resident())
        time.sleep(0.02)
    # It has received everything once nothing comes anymore.
    busy.append(recorder.seconds())
    time.sleep(2 * SYNC)
    recorder.process.send_signal(signal.SIGTERM)
    assert recorder.process.wait(60) == 0, recorder.said()
    print(f"the last recorder said: {recorder.said()}")
    sent = int(publisher.stdout.read())
    middle = resident[len(resident) // 2:]
    print(
        f"memory: {max(resident) / 1e6:.1f} MB at most; {resident[min(3, len(resident) - 1)] / 1e6:.1f} MB"
        f" early, {middle[-1] / 1e6:.1f} MB at the end"
    )
    print(f"processor: {sum(busy) / SECONDS * 100:.0f} % of a core")
    assert max(resident) < 200e6
    return sent, kills


def check(path, sent, kills):
    history = sqlite3.connect(path)
    assert history.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ends = [row[0] for row in history.execute("SELECT sequence FROM events WHERE kind = 'killed' ORDER BY number")]
    assert len(ends) == len(kills), (ends, kills)
    counted = dict(history.execute("SELECT kind, sum(count) FROM events GROUP BY kind"))
    dropped = counted.get("dropped", 0)
    stored, lost, unexplained, last_number, last = 0, 0, 0, -1, 0
    worst = 0.0
    kill_of = dict(zip(ends, kills))
    for sequence, received, topic, body, rest in history.execute(
        "SELECT sequence, time, topic, body, rest FROM messages ORDER BY sequence"
    ):
        number = int(body[:20])
        assert sequence == last + 1 and rest is None, sequence
        assert topic == f"PROOF_{number % 1000:04}_NSE_TICKS", topic
        assert len(body) == 100 and body[42:] == chr(97 + number % 26) * 58, body
        assert number > last_number, (number, last_number)
        gap = number - last_number - 1
        if gap:
            if sequence - 1 in kill_of or last == 0:
                lost += gap
            else:
                unexplained += gap
        if sequence in kill_of:
            worst = max(worst, (kill_of[sequence] - received) / 1e9)
        stored, last_number, last = stored + 1, number, sequence
    print(f"{sent} published, {stored} stored, {lost} while no recorder ran or lost by {len(kills)} kills,")
    print(f"{dropped} dropped and counted, {unexplained - dropped} missing without a reason")
    print(f"a kill has lost {worst * 1000:.0f} ms at most; promised are {SYNC * 1000:.0f} ms")
    print(f"{os.path.getsize(path) / stored:.0f} bytes of the file per message")
    # What the publisher drops, it does not tell.
    assert unexplained - dropped == 0
    assert worst <= SYNC + 0.5
    total = history.execute("SELECT sum(count) FROM topics").fetchone()[0]
    assert total == stored == last, (total, stored, last)


def replay(path, folder, seconds):
    """Replays the end of the history in its original time."""
    history = sqlite3.connect(path)
    last = history.execute("SELECT max(time) FROM messages").fetchone()[0]
    first = history.execute(
        "SELECT min(sequence) FROM messages WHERE time >= ?", (last - int(seconds * 1e9),)
    ).fetchone()[0]
    sum, count = 0, 0
    for topic, body in history.execute("SELECT topic, body FROM messages WHERE sequence >= ?", (first,)):
        count += 1
        for frame in topic.encode(), body.encode():
            sum = zlib.crc32(len(frame).to_bytes(4, "big") + frame, sum)
    history.close()
    endpoint = f"ipc://{folder}/replay"
    for speed in "1", "max":
        receiver = subprocess.Popen([PEER, "receive", endpoint, str(count)], stdout=subprocess.PIPE, text=True)
        begin = time.monotonic()
        command = [PROGRAM, "replay", path, ">" + endpoint, "--socket", "push", "--from", str(first)]
        done = subprocess.run(command + ["--speed", speed], stderr=subprocess.PIPE, text=True, check=True)
        assert int(receiver.communicate(timeout=120)[0]) == sum, "the replay differs"
        passed = time.monotonic() - begin
        said = re.sub(r"\s+", " ", done.stderr.strip())
        print(f"replay at speed {speed}: {count} messages in {passed:.1f} s, equal byte for byte; {said}")


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "history.db")
    check(path, *record(path))
    replay(path, folder, min(SECONDS / 3, 30))
