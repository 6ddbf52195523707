"""The library and pyzmq in one process talk to each other, both ways."""
import zeromq
import zmq

context = zmq.Context()

# A request of theirs, a reply of ours.
ours = zeromq.ZMQReply()
port = ours.bind("tcp://127.0.0.1:*")
theirs = context.socket(zmq.REQ)
theirs.setsockopt(zmq.RCVTIMEO, 20000)
theirs.connect(f"tcp://127.0.0.1:{port}")
theirs.send_multipart([b"question", b"\0\xff"])
print(ours.serve(lambda frames: [frames[1], "answer"], count=1, timeout=20000))
#> 1
print(theirs.recv_multipart())
#> [b'\x00\xff', b'answer']

# The other way round, with topics.
publisher = context.socket(zmq.XPUB)
publisher.setsockopt(zmq.RCVTIMEO, 20000)
port = publisher.bind_to_random_port("tcp://127.0.0.1")
subscriber = zeromq.ZMQSubscriber(f"tcp://127.0.0.1:{port}", "news")
print(publisher.recv())
#> b'\x01news'
publisher.send_multipart([b"weather", b"x"])
publisher.send_multipart([b"news", "größer".encode()])
print(subscriber.receivetopic(timeout=20000))
#> ('news', ['größer'])

# Names of inproc belong to a libzmq, of which there are two.
one, other = context.socket(zmq.PAIR), zeromq.ZMQPair("@inproc://beside")
one.bind("inproc://beside")
print(zeromq.ZMQPair(">inproc://beside").send("ours"), other.receive(timeout=20000))
#> True ours

# Each ends without the other.
context.destroy(linger=0)
again = zeromq.ZMQPush("inproc://again")
print(zeromq.ZMQPull("inproc://again").receive(timeout=0), again.closed())
#> None False
