"""Task queues and workers in Python: values, errors, threads, and the end of a program."""
import threading

import zeromq

queue = zeromq.ZMQTaskQueue("inproc://tasks", attempts=2, heartbeat=500, credit=50)
worker = zeromq.ZMQWorker("inproc://tasks", name="w")
print(queue, worker, queue.endpoint())
#> <ZMQTaskQueue> <ZMQWorker> inproc://tasks

# Values of all kinds, in the order of the tasks.
print(queue.add(1, "two", [3, None, {"four": 4.5}], b"\xff"))
#> 4
print(worker.serve(lambda task: [task], count=4, timeout=20000))
#> True
for result in queue.results(order=True, timeout=20000):
    print(result["task"], result["value"], result["error"], result["attempts"], result["worker"])
#> 1 [1] None 1 w
#> 2 ['two'] None 1 w
#> 3 [[3, None, {'four': 4.5}]] None 1 w
#> 4 [b'\xff'] None 1 w

# An error reaches the queue with its name and text; serve raises ZMQTask because of it.
class Odd(Exception):
    def __str__(self):
        raise RuntimeError
def fails(task):
    raise {"key": KeyError, "odd": Odd, "zeromq": zeromq.ZMQArgs}[task](f"{task} error")
for task in "key", "odd", "zeromq":
    queue.add(task)
    try:
        worker.serve(fails, count=1, timeout=20000)
    except zeromq.ZMQTask as error:
        print(error, type(error.__cause__).__name__)
    result = queue.next(timeout=20000)
    print(result["value"], result["error"], result["message"])
#> ZMQWorker.serve: task 5: KeyError: 'key error' KeyError
#> None KeyError 'key error'
#> ZMQWorker.serve: task 6: Odd: an error that cannot be shown Odd
#> None Odd an error that cannot be shown
#> ZMQWorker.serve: task 7: ZMQArgs: zeromq error ZMQArgs
#> None ZMQArgs zeromq error

# A result that is none.
queue.add("x")
print(worker.serve(lambda task: threading, count=1, timeout=20000), queue.next(timeout=20000)["error"])
#> True ZMQArgs

# Ctrl-C gives the task back; another worker, or this one, gets it.
queue.add("again")
def interrupted(task):
    raise KeyboardInterrupt
try:
    worker.serve(interrupted, timeout=20000)
except KeyboardInterrupt:
    print("interrupted", queue.stats()["failed"])
#> interrupted 4
print(worker.serve(lambda task: task, count=1, timeout=20000), queue.next(timeout=20000)["value"])
#> True again
# The end of the program is told.
queue.add("end")
try:
    worker.serve(lambda task: exit(3), timeout=20000)
except SystemExit as end:
    print("exit", end.code, queue.next(timeout=20000)["error"])
#> exit 3 Exit

# A worker in a thread of its own, while this one waits.
def double(task):
    if task == "stop":
        worker.stop()
    return task * 2
thread = threading.Thread(target=worker.serve, args=[double])
thread.start()
print(sum(queue.map(list(range(1000)), timeout=20000)))
#> 999000
queue.add("stop")
thread.join()
print(queue.next(timeout=20000)["value"])
#> stopstop
queue.add("last")
thread = threading.Thread(target=worker.serve, args=[double])
thread.start()
print(queue.next(timeout=20000)["value"], queue.next())
#> lastlast None
stats = queue.stats()
print(stats["workers"], stats["lost"], stats["invalid"], stats["late"])
#> 1 0 0 0
queue.progress(True)
queue.stopworkers()
thread.join()
print(worker.serve(double))
#> True

# A function that closes its worker.
other = zeromq.ZMQTaskQueue("inproc://tasks-2")
worker = zeromq.ZMQWorker("inproc://tasks-2")
other.add(1)
try:
    worker.serve(lambda task: worker.close(), timeout=20000)
except zeromq.ZMQClosed:
    print(worker, other.next(timeout=0))
#> <ZMQWorker closed> None
with zeromq.ZMQWorker("inproc://tasks-2") as worker:
    worker.serve(lambda task: -task, count=1, timeout=20000)
print(other.next(timeout=20000)["value"], worker)
#> -1 <ZMQWorker closed>
for closed in queue, other:
    closed.close()
try:
    queue.add(1)
except zeromq.ZMQClosed as error:
    print(error)
#> ZMQTaskQueue.add: the task queue was stopped; make a new one
print(len(zeromq._functions))
#> 0
