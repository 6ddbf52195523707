"""A forked child closes and stops what it has inherited."""
import os
import sys

import zeromq

auth, proxy, poller = zeromq.ZMQAuth(), zeromq.ZMQProxy(), zeromq.ZMQPoller()
kept = zeromq.ZMQPull("inproc://kept")
monitor = kept.monitor()
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
if child == 0:
    own = zeromq.ZMQPull("inproc://forked")
    push = zeromq.ZMQPush("inproc://forked")
    push.send("own")
    print(own.receive(timeout=5000), pull.closed())
    #> own True
    sys.exit(0)
print(os.waitpid(child, 0)[1], kept.closed(), auth.running() if hasattr(auth, "running") else True)
#> 0 False True
