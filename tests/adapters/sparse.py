"""Sparse matrices: sent from whatever has the attributes of scipy's csc_matrix."""

import array
import gc

import zeromq

one, other = zeromq.ZMQ.pipe()


class Matrix:
    """Has the attributes of scipy's."""

    def __init__(self, shape, data, indices, indptr, format="csc"):
        self.shape, self.data, self.format = shape, array.array("d", data), format
        self.indices, self.indptr = array.array("i", indices), array.array("i", indptr)


def back(matrix):
    one.sendarray(matrix, timeout=5000)
    return other.receivearray(timeout=5000)


m = back(Matrix((2, 3), [1, -3, 2.5], [0, 0, 1], [0, 1, 1, 3]))
print(m, m.format, m.dtype, m.shape, m.nnz)
#> <Sparse: float64 (2, 3), 3 stored> csc float64 (2, 3) 3
print(m.data, m.indices, m.indptr)
#> <Array: float64 (3,)> <Array: int32 (3,)> <Array: int32 (4,)>
print(m.tolist(), back(m).tolist() == m.tolist())
#> [[1.0, 0, -3.0], [0, 0, 2.5]] True
print(back(Matrix((2, 3), [1, 2.5, -3], [0, 1, 0], [0, 1, 1, 3])).tolist() == m.tolist())
#> True
for shape in [(0, 0), (0, 2), (2, 0), (1, 1), (1 << 40, 1)]:
    empty = back(Matrix(shape, [], [], [0] * (shape[1] + 1)))
    if empty.shape != shape or empty.nnz:
        print(shape, empty)

# In values, each vector stays where it is.
one.sendvalue({"matrix": m, "more": [m, 1]})
value = other.receivevalue(timeout=5000)
m = value["more"][0]
del value
gc.collect()
print(m.tolist())
#> [[1.0, 0, -3.0], [0, 0, 2.5]]


def refused(matrix):
    try:
        one.sendarray(matrix)
    except zeromq.ZMQArgs as error:
        print(str(error).rpartition(", got ")[2])


refused(Matrix((1, 3), [1, -3, 2.5], [0, 0, 1], [0, 1, 1, 3]))
#> a sparse matrix that is not valid: column 2 has an element in row 1: expected rows below 1
refused(Matrix((2, 1), [1, 2], [1, 1], [0, 2]))
#> a sparse matrix that is not valid: column 0 has row 1 twice: sum_duplicates of scipy adds them up
refused(Matrix((2, 1), [1, 2], [0, 1], [0, 2], format="coo"))
#> a sparse matrix in the format coo; tocsc() converts it
matrix = Matrix((2, 1), [1, 2], [0, 1], [0, 2])
matrix.data = "numbers"
refused(matrix)
#> a sparse matrix whose vectors are not arrays of numbers
matrix.data, matrix.indices = array.array("d", [1, 2]), array.array("q", [0, 1])
refused(matrix)
#> a sparse matrix that is not valid: its indices are int64 and its indptr is int32: expected one
