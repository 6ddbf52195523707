"""Arrays of numbers: sent from any buffer, and received without a copy."""

import array
import gc

import zeromq

one, other = zeromq.ZMQ.pipe()


def back(numbers):
    one.sendarray(numbers, timeout=5000)
    return other.receivearray(timeout=5000)


m = back([[1, 2, 3], [4, 5, 6]])
print(m, m.dtype, m.shape, len(m))
#> <Array: int64 (2, 3)> int64 (2, 3) 2
print(m[1, 2], m[-1, 0], m[0], m[0].tolist(), [row.tolist() for row in m])
#> 6 4 <Array: int64 (3,)> [1, 2, 3] [[1, 2, 3], [4, 5, 6]]
print(m.tolist(), back(m).tolist() == m.tolist())
#> [[1, 2, 3], [4, 5, 6]] True
for wrong in [(2,), (0, 3), (0, 0, 0)]:
    try:
        m[wrong]
    except IndexError as error:
        print(error)
#> the index 2 for a dimension of size 2
#> the index 3 for a dimension of size 3
#> 3 indices for 2 dimensions

# A number without dimensions is a number.
print(back(7), back(2.5), back(True), back(1 + 2j))
#> 7 2.5 True (1+2j)

# Buffers of the standard library, of each kind of numbers.
for code in "bhilqBHILQfd":
    numbers = array.array(code, [1, 2, 100])
    received = back(numbers)
    size = numbers.itemsize
    if received.tolist() != numbers.tolist() or len(bytes(received)) != 3 * size:
        print(code, received)
print(back(array.array("h", [1])), back(array.array("f", [1])))
#> <Array: int16 (1,)> <Array: float32 (1,)>
grid = memoryview(array.array("d", range(6))).cast("B").cast("d", (2, 3))
print(back(grid).tolist(), back(memoryview(array.array("i", range(9)))[::4]).tolist())
#> [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] [0, 4, 8]
print(back(memoryview(bytes(grid)).cast("B").cast("?", (48,)))[3])
#> False

# Bytes are frames, also in a memoryview.
one.send(memoryview(b"abc"), bytearray(b"\xff"))
print(other.receiveall(timeout=5000))
#> ['abc', b'\xff']

# What is no array is refused.
for wrong in ["text", array.array("u", "text"), [[1], [2, 3]], object()]:
    try:
        one.sendarray(wrong)
    except zeromq.ZMQArgs as error:
        print(str(error).rpartition("evenly nested, got ")[2].split(" of the format")[0])
#> the String "text"
#> an array with elements
#> Lists of 1 and of 2 items side by side
#> object

# Arrays in values keep what they point to.
one.sendvalue({"grid": grid, "more": [array.array("f", [0.5])]})
value = other.receivevalue(timeout=5000)
grid, more = value["grid"], value["more"][0]
del value
gc.collect()
print(grid.tolist(), more.tolist())
#> [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] [0.5]

# So does what numpy makes of them: its memory is that of the array.
about = m.__array_interface__
print(about["shape"], about["typestr"][1:], about["data"][0] == m[0].__array_interface__["data"][0])
#> (2, 3) i8 True
print(bytes(back(array.array("B", b"abc"))), back(array.array("d")).tolist())
#> b'abc' []

# A frame of numbers.
print(zeromq.ZMQFrame([1, 2.5], ">f4").numbers(">f4"), zeromq.ZMQFrame([1j], "c8").numbers("c8"))
#> [1.0, 2.5] [1j]
