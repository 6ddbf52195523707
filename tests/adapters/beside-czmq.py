"""The library, another copy of it, Debian's libzmq and czmq in one process: each
keeps to itself, and they talk over TCP."""
import ctypes
import importlib.util
import os

# Everybody can see the names of these two.
czmq = ctypes.CDLL("libczmq.so.4", ctypes.RTLD_GLOBAL)
libzmq = ctypes.CDLL("libzmq.so.5", ctypes.RTLD_GLOBAL)

import zeromq

os.environ["ZEROMQ_PLUGIN"] = os.environ["ZEROMQ_COPY"]
spec = importlib.util.spec_from_file_location("copy_of_zeromq", zeromq.__file__)
copy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(copy)
print(zeromq.__version__ == copy.__version__, zeromq._library._name != copy._library._name)
#> True True

# The name of an inproc endpoint is free in each.
one, other = zeromq.ZMQPull("inproc://here"), copy.ZMQPull("inproc://here")
zeromq.ZMQPush("inproc://here").send("one")
copy.ZMQPush("inproc://here").send("other")
print(one.receive(timeout=20000), other.receive(timeout=20000))
#> one other

# An object is nothing to the other copy.
try:
    one.send(other)
except zeromq.ZMQArgs as error:
    print(error.message.split("got ")[1])
#> ZMQPull

# What one sends the other receives.
port = one.bind("tcp://127.0.0.1:*")
print(copy.ZMQPush(f"tcp://127.0.0.1:{port}").send("from the copy"), one.receive(timeout=20000))
#> True from the copy

# And so does czmq.
for name in "zsock_new_push", "zsock_new_pull":
    getattr(czmq, name).restype = ctypes.c_void_p
czmq.zstr_recv.restype = ctypes.c_char_p
push = ctypes.c_void_p(czmq.zsock_new_push(f">tcp://127.0.0.1:{port}".encode()))
czmq.zstr_send(push, b"from czmq")
print(one.receive(timeout=20000))
#> from czmq
czmq.zsock_destroy(ctypes.byref(push))
pull = ctypes.c_void_p(czmq.zsock_new_pull(b"@inproc://here"))
print(bool(pull))
#> True
czmq.zsock_destroy(ctypes.byref(pull))

# One copy ends, the other goes on.
copy._library.zeromq_shutdown()
print(other.closed(), one.closed(), zeromq.ZMQPull("inproc://after").closed())
#> True False False
