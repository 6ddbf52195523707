"""Values, objects and errors in Python."""
import gc
import inspect
import warnings

import zeromq

pull, push = zeromq.ZMQPull("inproc://objects"), zeromq.ZMQPush("inproc://objects")


def tried(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# Text is str, other bytes are bytes; a ZMQFrame only where it is asked for.
print(push.send("ü", b"\0\xff", bytearray(b"x"), 1, 2.5, True), pull.receiveall())
#> True ['ü', b'\x00\xff', 'x', '1', '2.5', 'true']
push.send("a\0b")
print(repr(pull.receiveframe()), bytes(zeromq.ZMQFrame(b"\xff\0")), tried(bytes, pull)[:10])
#> <ZMQFrame: 610062> b'\xff\x00' ZMQArgs: z
push.sendvalue({"a": [1, 2.5, None, (True,)], 7: zeromq.ZMQFrame(b"\xfe")})
print(pull.receivevalue())
#> {'a': [1, 2.5, None, [True]], 7: b'\xfe'}

# Named arguments, and errors with their tags as classes.
print(pull.receive(timeout=10), tried(pull.receive, timeuot=10))
#> None ZMQArgs: ZMQPull.receive: named argument timeuot=: expected only timeout=, got the Int 10
print(tried(push.send, 1 << 70).split("got ")[1], tried(push.send, object()).split("got ")[1])
#> an int of more than 64 bits object
print(tried(push.send, "\ud800").split(":")[0])
#> UnicodeEncodeError
try:
    zeromq.ZMQPull("inproc://objects")
except zeromq.ZMQErr as error:
    print(error.tag, error.code, isinstance(error, zeromq.Error), error.message == str(error))
#> ZMQErr 2 True True
pull.setstrict(True)
try:
    pull.receive(timeout=1)
except zeromq.ZMQTimeout as error:
    print(error)
#> ZMQPull.receive: timed out
print(tried(zeromq.ZMQ), tried(zeromq.ZMQSocket), tried(zeromq.ZMQPush.send, 5))
#> TypeError: ZMQ has no objects of its own TypeError: ZMQSocket has no objects of its own TypeError: send: it is called on an object of ZeroMQ
ring = []
ring += [ring, ring]
print(tried(push.sendjson, ring)[:7], tried(push.send, [ring])[:7])
#> ZMQArgs ZMQArgs

# One object is one value; frames are equal by their bytes.
print(push, pull == pull, push == pull, push == 5, {pull: 1}[pull])
#> <ZMQSocket: PUSH> True False False 1
print(zeromq.ZMQFrame("a") == zeromq.ZMQFrame("a"), len({zeromq.ZMQFrame("a"), zeromq.ZMQFrame("a")}))
#> True 1

# Children in Python, with a constructor of their own.
class Shouting(zeromq.ZMQPush):
    def __new__(cls, endpoint, mark):
        made = super().__new__(cls, endpoint)
        made.mark = mark
        return made

    def shout(self, text):
        return self.send(text + self.mark)

print(Shouting("inproc://objects", "!").shout("Hello"), pull.receive(timeout=5000))
#> True Hello!
print(issubclass(zeromq.ZMQPush, zeromq.ZMQSocket), zeromq.ZMQXSubcriber is zeromq.ZMQXSubscriber)
#> True True

# Closed at the end of with, or stopped.
with zeromq.ZMQPush() as socket, zeromq.ZMQStreamer("@inproc://objects-a", "@inproc://objects-b") as streamer:
    pass
print(socket, socket.closed(), streamer.state())
#> <ZMQSocket: PUSH closed> True stopped
zeromq.ZMQPull("inproc://objects-collected")
gc.collect()
print(zeromq.ZMQPull("inproc://objects-collected"))
#> <ZMQSocket: PULL>

# Documentation for help().
print(inspect.signature(zeromq.ZMQPush.send), zeromq.ZMQPush.send.__doc__.splitlines()[0])
#> (self, /, *frames, timeout=None) send(frames..., timeout=) -> Bool
print(zeromq.ZMQPush.__doc__.splitlines()[0], zeromq.ZMQ.version.__name__)
#> Sends each message to one of its peers, in turn (PUSH). Connects by default. version

# Warnings are Python's.
rep = zeromq.ZMQReply("inproc://objects-rep")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(rep.send("x"), str(caught[0].message)[:8])
#> False ZMQState
