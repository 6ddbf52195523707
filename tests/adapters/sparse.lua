-- Sparse matrices are tables of their vectors, which can be sent and are received.
local zeromq = require "zeromq"
local one, other = zeromq.ZMQ.pipe()
local function show(m)
  print(m.format, table.concat(m.shape, " x "), table.concat(m.data, " "),
        table.concat(m.indices, " "), table.concat(m.indptr, " "))
end

-- 1 0 -3
-- 0 0 2.5
local matrix = {
  shape = { 2, 3 }, data = { 1.0, -3, 2.5 }, indices = { 0, 0, 1 }, indptr = { 0, 1, 1, 3 },
}
one:sendarray(matrix, { timeout = 5000 })
local received = other:receivearray { timeout = 5000 }
show(received)
--> csc	2 x 3	1.0 -3.0 2.5	0 0 1	0 1 1 3
one:sendarray(received)
show(other:receivearray { timeout = 5000 })
--> csc	2 x 3	1.0 -3.0 2.5	0 0 1	0 1 1 3

-- The vectors may be arrays, and empty.
matrix.data = zeromq.array({ 1, -3, 2.5 }, "float32")
matrix.indices = zeromq.array({ 0, 0, 1 }, "int64")
one:sendarray(matrix)
print((other:receive { timeout = 5000 }))
--> {"format": "csc", "dtype": "float32", "index_dtype": "int32", "shape": [2, 3]}
other:receiveall { timeout = 5000 }
one:sendarray { shape = { 2, 0 }, data = {}, indices = {}, indptr = { 0 } }
received = other:receivearray { timeout = 5000 }
print(#received.data, #received.indices, #received.indptr, received.shape[1], received.shape[2])
--> 0	0	1	2	0

matrix.indices = { 0, 0, 2 }
local ok, failure = pcall(one.sendarray, one, matrix)
print(ok, failure.tag, failure.message:match "got (.*)")
--> false	ZMQArgs	a Dictionary that is no sparse matrix: column 2 has an element in row 2: expected rows below 2
