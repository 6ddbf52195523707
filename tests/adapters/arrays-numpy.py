"""Arrays of numpy, and those of pyzmq's recipe."""

import gc
import json

import numpy
import zeromq

one, other = zeromq.ZMQ.pipe()


def back(numbers):
    one.sendarray(numbers, timeout=5000)
    return other.receivearray(timeout=5000)


dtypes = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]
for dtype in dtypes + [">i2", ">u8", ">f4", ">f8", ">c8", ">c16"]:
    grid = (numpy.arange(12).reshape(3, 4) * 3).astype(dtype)
    for sent in [grid, grid.T, numpy.asfortranarray(grid), grid[::2, 1:3], grid[0], grid[:0],
                 grid.reshape(2, 3, 2), grid[1, 1]]:
        received = numpy.asarray(back(sent))
        same = received.shape == sent.shape and received.tolist() == sent.tolist()
        if not same or sent.shape and received.dtype != sent.dtype.newbyteorder("="):
            print(dtype, sent, received)

# Nothing is copied on the way to numpy, and nothing is freed too early.
array = back(numpy.array([[0.5, -0.0], [numpy.inf, 1e-320]]))
taken = numpy.asarray(array)
print(taken.__array_interface__["data"][0] == array.__array_interface__["data"][0])
#> True
del array
gc.collect()
print(taken.tolist())
#> [[0.5, -0.0], [inf, 1e-320]]
taken[0, 0] = 7
print(taken[0, 0])
#> 7.0

# Not-a-numbers keep their bits.
bits = numpy.array([0x7ff8000000000001, 0xfff0000000000123], "u8")
print(hex(int(numpy.asarray(back(bits.view("f8"))).view("u8")[1])))
#> 0xfff0000000000123

# Elements that no host has are refused.
for wrong in [numpy.array(["a"]), numpy.array([1.5], "f2"), numpy.array([1], "M8[s]")]:
    try:
        back(wrong)
    except zeromq.ZMQArgs as error:
        print(str(error).rpartition("evenly nested, got ")[2])
#> an array with elements of the format 1w
#> an array with elements of the format e
#> ndarray

# The recipe of pyzmq, in both directions.
one.send(json.dumps({"dtype": "float32", "shape": [2, 2]}), numpy.eye(2, dtype="f4").tobytes())
print(numpy.asarray(other.receivearray(timeout=5000)).tolist())
#> [[1.0, 0.0], [0.0, 1.0]]
one.sendarray(numpy.arange(6).reshape(2, 3))
described, elements = other.receiveframe(timeout=5000), other.receiveframe(timeout=5000)
described = json.loads(bytes(described))
print(numpy.frombuffer(bytes(elements), described["dtype"]).reshape(described["shape"]).tolist())
#> [[0, 1, 2], [3, 4, 5]]
