"""Python functions that the library calls, threads, and Ctrl-C."""
import gc
import importlib.util
import itertools
import os
import signal
import sys
import threading
import time

import zeromq

rep, req = zeromq.ZMQReply("inproc://callbacks"), zeromq.ZMQRequest("inproc://callbacks")

req.send("a", b"\xff")
print(rep.serve(lambda frames: [frames[1], frames[0] + "!"], count=1), req.receiveall())
#> 1 [b'\xff', 'a!']
req.send("a")
try:
    rep.serve(lambda frames: 1 / 0, count=1)
except ZeroDivisionError as error:
    print("raised", error, rep.send("late"), req.receive())
#> raised division by zero True late

# Calls in calls.
inner, asks = zeromq.ZMQReply("inproc://inner"), zeromq.ZMQRequest("inproc://inner")
def deep(frames):
    asks.send(frames[0])
    try:
        inner.serve(lambda frames: [][0], count=1)
    except IndexError:
        inner.send("failed inside")
    return asks.receive()
req.send("x")
print(rep.serve(deep, count=1), req.receive())
#> 1 failed inside

# What was passed is forgotten.
for i in range(100):
    try:
        rep.send(lambda: None)
    except zeromq.ZMQArgs:
        pass
print(len(zeromq._functions))
#> 0

# A function that is kept is called while another call waits, and then forgotten.
auth, asked = zeromq.ZMQAuth(), []
auth.decide(lambda client: asked.append(client["user"]) or client["password"] == "secret")
gc.collect()
pull, push = zeromq.ZMQPull(), zeromq.ZMQPush()
pull.secure(plain=True)
port = pull.bind("tcp://127.0.0.1:*")
push.secure(username="me", password="secret")
push.connect(f"tcp://127.0.0.1:{port}")
push.send("let in")
print(pull.receive(timeout=10000), asked, len(zeromq._functions))
#> let in ['me'] 1
auth.stop()
del auth
gc.collect()
pull.closed()  # the next call
print(len(zeromq._functions))
#> 0

# Other threads run while one waits, with sockets of their own; one socket serves
# one call at a time.
waiting = zeromq.ZMQPull("inproc://threads")
received = []


def receive():
    while not received:
        try:
            received.append(waiting.receive(timeout=20000))
        except zeromq.ZMQClosed:
            pass  # the main thread was in a call just now


thread = threading.Thread(target=receive)
thread.start()
busy = None
while busy is None:
    try:
        waiting.receive(timeout=0)
    except zeromq.ZMQClosed as error:
        busy = "in use" in str(error)
zeromq.ZMQPush("inproc://threads").send("from the main thread")
thread.join()
print(busy, received)
#> True ['from the main thread']


def interrupt(after):
    threading.Timer(after, os.kill, [os.getpid(), signal.SIGINT]).start()


# Ctrl-C ends a call that waits, and one that is never out of work.
began = time.monotonic()
interrupt(0.2)
try:
    waiting.receive()
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 10)
#> interrupted True
dealer, done = zeromq.ZMQDealer("inproc://callbacks"), threading.Event()


def feed():
    while not done.is_set():
        dealer.send("", "x", timeout=100)
        dealer.receiveall(timeout=0)


thread = threading.Thread(target=feed)
thread.start()
interrupt(0.3)
try:
    rep.serve(lambda frames: "answer")
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 20)
#> interrupted True
done.set()
thread.join()


# So does whatever else the handler of a signal raises, any number of times.
class Stop(BaseException):
    pass


def stop(*_):
    raise Stop


signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
signal.signal(signal.SIGALRM, stop)
for number in signal.SIGTERM, signal.SIGALRM, signal.SIGTERM:
    threading.Timer(0.1, os.kill, [os.getpid(), number]).start()
    try:
        waiting.receive(timeout=10000)
    except (SystemExit, Stop) as ending:
        print(repr(ending), waiting.receive(timeout=0))
#> SystemExit(3) None
#> Stop() None
#> SystemExit(3) None
# A signal in the middle of another may end what looks after them; it is begun anew.
zeromq._watcher.close()
print(waiting.receive(timeout=200))
#> None

# A copy of the module has functions of its own.
found = importlib.util.spec_from_file_location("copy", zeromq.__file__)
copy = importlib.util.module_from_spec(found)
found.loader.exec_module(copy)
zeromq.ZMQ.version()
before = len(zeromq._functions)
copy._numbers = itertools.count(next(zeromq._numbers) + 1)
loop, other = zeromq.ZMQLoop(), copy.ZMQLoop()
loop.timer(1000, print)
other.timer(1000, print)
del loop
zeromq.ZMQ.version()
print(len(zeromq._functions) - before, len(copy._functions))
#> 0 1
