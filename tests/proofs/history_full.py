"""A recorder on a disk that becomes full: history_full.py PROGRAM PEER, as root."""

import re
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM, PEER = sys.argv[1:3]


def whole(path):
    """Checks a history, and returns the number of its messages."""
    history = sqlite3.connect(path)
    assert history.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    count, last = history.execute("SELECT count(*), max(sequence) FROM messages").fetchone()
    history.close()
    assert count == last > 10_000, (count, last)
    return count


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", folder], check=True)
    try:
        path, endpoint = f"{folder}/history.db", f"ipc://{folder}/bus"
        publisher = subprocess.Popen([PEER, "publish", endpoint, "50000", "60"])
        record = [PROGRAM, "record", path, endpoint, "--sync", "200ms"]
        ended = subprocess.run(record, stderr=subprocess.PIPE, text=True, timeout=60)
        publisher.kill()
        publisher.wait()
        print(ended.stderr)
        assert ended.returncode == 1 and "the disk is full" in ended.stderr
        lost = int(re.search(r"(\d+) messages that were received are not in", ended.stderr)[1])
        print(f"{whole(path)} messages are there, {lost} are not")
        # It ends at once while the disk is full, and changes nothing.
        ended = subprocess.run(record, stderr=subprocess.PIPE, text=True, timeout=60)
        print(ended.stderr)
        assert ended.returncode == 1 and "the disk is full" in ended.stderr
        whole(path)
    finally:
        subprocess.run(["umount", folder], check=True)
