"""A forked child closes and stops what it has inherited."""
import os
import sys

import zeromq

auth, proxy, poller = zeromq.ZMQAuth(), zeromq.ZMQProxy(), zeromq.ZMQPoller()
kept = zeromq.ZMQPull("inproc://kept")
monitor = kept.monitor()
queue, worker = zeromq.ZMQTaskQueue("inproc://queue"), zeromq.ZMQWorker("inproc://queue")
queue.add("parent's")
with zeromq.ZMQPull("inproc://forked") as pull:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        print(kept.closed(), kept.close(), kept.close(wait=300), kept.close(linger=0))
        #> True None None None
        print(monitor.stop(), proxy.stop(), auth.stop(), auth.stop())
        #> None None None None
        try:
            kept.receive(timeout=0)
        except zeromq.ZMQClosed as error:
            print(str(error)[:60])
        #> ZMQPull.receive: the socket belongs to the process that this
        for call in queue.next, queue.stats, lambda: queue.add(1), lambda: worker.serve(print):
            try:
                call()
            except zeromq.ZMQClosed:
                print("closed", end=" ")
        print(queue, queue.close(), worker.close())
        #> closed closed closed closed <ZMQTaskQueue closed> None None
        del queue, worker
if child == 0:
    own = zeromq.ZMQPull("inproc://forked")
    push = zeromq.ZMQPush("inproc://forked")
    push.send("own")
    print(own.receive(timeout=5000), pull.closed())
    #> own True
    queue, worker = zeromq.ZMQTaskQueue("inproc://queue"), zeromq.ZMQWorker("inproc://queue")
    queue.add("child's")
    print(worker.serve(lambda task: task, count=1), queue.next()["value"])
    #> True child's
    sys.exit(0)
print(os.waitpid(child, 0)[1], kept.closed(), auth.running() if hasattr(auth, "running") else True)
#> 0 False True
print(worker.serve(lambda task: task, count=1, timeout=20000), queue.next(timeout=20000)["value"])
#> True parent's
