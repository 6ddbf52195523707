# Peers of the tools that use pyzmq: MODE ENDPOINT.
import sys
import zmq

mode, endpoint = sys.argv[1:]
context = zmq.Context()
if mode == "sub":
    # Prints one message in hexadecimal digits.
    socket = context.socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(endpoint)
    socket.rcvtimeo = 50000
    print(" ".join(frame.hex() for frame in socket.recv_multipart()))
elif mode == "pub":
    # Publishes messages until somebody ends it.
    socket = context.socket(zmq.PUB)
    socket.bind(endpoint)
    while not socket.poll(5, zmq.POLLIN):
        socket.send_multipart([b"a1", b"other"])
        socket.send_multipart([b"b1", b"\x00\xff"])
elif mode == "rep":
    # Replies with the frames in reverse order.
    socket = context.socket(zmq.REP)
    socket.bind(endpoint)
    while True:
        socket.send_multipart(socket.recv_multipart()[::-1])
