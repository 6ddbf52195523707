-- Arrays of numbers: made of tables, read and changed by index, sent and received.
local zeromq = require "zeromq"
local one, other = zeromq.ZMQ.pipe()
local function back(numbers)
  one:sendarray(numbers, { timeout = 5000 })
  return other:receivearray { timeout = 5000 }
end

local m = zeromq.array { { 1, 2, 3 }, { 4, 5, 6.5 } }
print(m, #m, #m[1], m.dtype, m.shape[1], m.shape[2], #m.shape)
--> <array: float64 2 x 3>	2	3	float64	2	3	2
print(m[2][3], m[3], m[0], m.other, m[1][4])
--> 6.5	nil	nil	nil	nil
m[2][3] = 7
local r = back(m)
print(r, r[2][3], table.concat(r:totable()[1], " "), back(r)[1][1])
--> <array: float64 2 x 3>	7.0	1.0 2.0 3.0	1.0

-- Tables of numbers are arrays, too, and a number without dimensions is a number.
print(back { 1, 2, 3 }, back { 1, 2, 3 }[3], back(7), back(true), back(2.5))
--> <array: int64 3>	3	7	true	2.5

for _, dtype in ipairs { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                         "float32", "float64" } do
  local r = back(zeromq.array({ { 1, 100 }, { 0, 1 } }, dtype))
  if r.dtype ~= dtype or r[1][2] ~= 100 or r[2][1] ~= 0 then print(dtype, r) end
end
print(back(zeromq.array({ { true, false } }, "bool"))[1][1])
--> true
local z = back(zeromq.array({ { 1, 2 }, { 3, 4 }, 5 }, "complex64"))
print(z, z[2][2], z[3][1], z[3][2])
--> <array: complex64 3>	4.0	5.0	0.0
z = back(zeromq.array({ { { 1, 2 }, { 3, 4 } } }, "complex128"))
print(z, z[1][2][1])
--> <array: complex128 1 x 2>	3.0
print(zeromq.array {}, #zeromq.array {}, zeromq.array { {}, {} })
--> <array: float64 0>	0	<array: float64 2 x 0>

-- The limits of integers.
for dtype, limits in pairs { int8 = { -128, 127 }, uint8 = { 0, 255 }, int32 = { -1 << 31, (1 << 31) - 1 },
                             uint32 = { 0, (1 << 32) - 1 }, uint64 = { 0, math.maxinteger },
                             int64 = { math.mininteger, math.maxinteger } } do
  local a = back(zeromq.array(limits, dtype))
  if a[1] ~= limits[1] or a[2] ~= limits[2] then print(dtype, a[1], a[2]) end
end
for _, wrong in ipairs { { { 300 }, "int8" }, { { -129 }, "int8" }, { { -1 }, "uint64" },
                         { { 1 << 32 }, "uint32" }, { { 1.5 }, "int32" }, { { "a" } },
                         { { { 1 }, { 2, 3 } } }, { { { 1 }, 2 } }, { { 1 }, "float" } } do
  print(select(2, pcall(zeromq.array, wrong[1], wrong[2])))
end
--> ZMQArgs: an element of an array of int8 cannot be 300
--> ZMQArgs: an element of an array of int8 cannot be -129
--> ZMQArgs: an element of an array of uint64 cannot be -1
--> ZMQArgs: an element of an array of uint32 cannot be 4294967296
--> ZMQArgs: an element of an array of int32 cannot be 1.5
--> ZMQArgs: an element of an array of float64 cannot be a
--> ZMQArgs: zeromq.array: expected tables that are evenly nested
--> ZMQArgs: zeromq.array: expected tables that are evenly nested
--> ZMQArgs: zeromq.array: the dtype float is not known
for _, wrong in ipairs { function() m[1] = 2 end, function() m[1][4] = 2 end,
                         function() m.other = 2 end, function() m.totable(1) end } do
  print(pcall(wrong) == false, getmetatable(m))
end
--> true	false
--> true	false
--> true	false
--> true	false

-- Rows keep the array that they are part of, and arrays in values their elements.
local row = zeromq.array { { 1, 2 }, { 3, 4 } }[2]
one:sendvalue { m = m, list = { zeromq.array { 0.5 } } }
local value = other:receivevalue { timeout = 5000 }
collectgarbage()
collectgarbage()
print(row[1], back(row)[2], value.m[2][3], value.list[1][1])
--> 3.0	4.0	7.0	0.5
