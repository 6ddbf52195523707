"""The program ends cleanly while other threads wait and run functions."""
import threading
import time

import zeromq


def run(reads):
    loop, pull = zeromq.ZMQLoop(), zeromq.ZMQPull(f"@inproc://end-{reads}")
    loop.timer(0, lambda: time.sleep(0.0001))
    if reads:
        loop.reader(pull, print)
    started.release()
    try:
        loop.start()
    except zeromq.Error:
        pass


def wait():
    pull = zeromq.ZMQPull("@inproc://waits")
    started.release()
    try:
        pull.receive()
    except zeromq.Error:
        pass


started = threading.Semaphore(0)
for target, *arguments in (run, False), (run, True), (wait,):
    threading.Thread(target=target, args=arguments, daemon=True).start()
for _ in range(3):
    started.acquire()
time.sleep(0.05)
print("end", threading.active_count())
#> end 4
