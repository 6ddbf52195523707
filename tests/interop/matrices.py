"""Exchanges sparse matrices with plain pyzmq: matrices.py ENDPOINT."""

import array
import json
import sys

import zmq

CODES = {"float64": "d", "int32": "i"}
socket = zmq.Context().socket(zmq.PAIR)
socket.linger = socket.rcvtimeo = socket.sndtimeo = 20_000
socket.connect(sys.argv[1])

# The vectors are what scipy.sparse.csc_matrix((data, indices, indptr), shape) takes.
described, data, indices, indptr = socket.recv_multipart()
described = json.loads(described)
data = array.array(CODES[described["dtype"]], data)
indices, indptr = (array.array(CODES[described["index_dtype"]], v) for v in (indices, indptr))
print(described["format"], described["shape"], *map(list, (data, indices, indptr)), flush=True)

# The same matrix, and in compressed rows with other types.
described["shape"] = [3, 3]
socket.send_json(described, zmq.SNDMORE)
socket.send_multipart([data, indices, indptr])
socket.send_json({"format": "csr", "dtype": "float32", "index_dtype": "int64", "shape": [2, 3]},
                 zmq.SNDMORE)
socket.send_multipart([array.array("f", [1, 2.5, -3]), array.array("q", [0, 2, 1]),
                       array.array("q", [0, 2, 3])])
