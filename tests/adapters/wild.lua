-- Every method with arguments of every kind: each call returns a result or an error with
-- a tag. The first argument is the seed of the random numbers.
local zeromq = require "zeromq"
math.randomseed(tonumber(arg and arg[1]) or 7)
zeromq.ZMQ.setdefaults { linger = 0 }

-- These wait without a time, at the end too, write files, or are for the start.
local left_out = { "save", "savepublic", "savesecret", "load", "monitor", "start", "setcontext", "setlinger" }
for _, name in ipairs(left_out) do left_out[name] = true end

local ring = {}
ring[1] = ring
local hostile = setmetatable({}, { __index = function() error("index") end, __len = function() error("length") end })
local frame = zeromq.ZMQFrame("frame")
local function make(class)
  local made, object = pcall(class)
  if not made then return nil end
  pcall(object.settimeout, object, 1)
  return object
end

local values = {
  function() return nil end, function() return true end, function() return math.random(-2, 300) end,
  function() return math.mininteger end, function() return 0 / 0 end, function() return 1e300 end,
  function() return "" end, function() return "\0\xff" end, function() return ("x"):rep(300) end,
  function() return "inproc://wild" .. math.random(3) end, function() return "tcp://127.0.0.1:*" end,
  function() return {} end, function() return { 1, "a", { b = 2 } } end, function() return ring end,
  function() return { timeout = 1 } end, function() return { timeout = 1, count = 1, nonsense = {} } end,
  function() return { [{}] = 1, [1.5] = 2, [frame] = frame } end, function() return hostile end,
  function() return print end, function() return function() error(hostile) end end,
  function() return coroutine.create(print) end, function() return io.stdout end,
  function() return frame end, function() return zeromq.ZMQPull end, function() return zeromq.null end,
  function() return zeromq.dictionary {} end, function() return make(zeromq.ZMQPair) end,
}

local names = {}
for name, class in pairs(zeromq) do
  if type(class) == "table" then names[#names + 1] = name end
end
table.sort(names)
local calls, odd = 0, 0
local function check(ok, problem)
  calls = calls + 1
  if not ok and (type(problem) ~= "table" or type(problem.tag) ~= "string" and problem ~= hostile) then
    odd = odd + 1
    print(problem)
  end
end

for _ = 1, 4 do
  for _, name in ipairs(names) do
    local class = zeromq[name]
    local methods = {}
    for method, value in pairs(class) do
      if type(value) == "function" and not left_out[method] then methods[#methods + 1] = method end
    end
    table.sort(methods)
    for _, method in ipairs(methods) do
      local object = make(class) or make(zeromq.ZMQDealer)
      for _ = 1, 3 do
        local arguments, count = {}, math.random(0, 3)
        for at = 1, count do arguments[at] = values[math.random(#values)]() end
        -- The last one keeps it from waiting for ever, where that has a meaning.
        if math.random(2) == 1 then
          count = count + 1
          arguments[count] = { timeout = 1 }
        end
        if method ~= "serve" and method ~= "wait" and method ~= "request" then
          check(pcall(class[method], object, table.unpack(arguments, 1, count)))
          check(pcall(class[method], table.unpack(arguments, 1, count)))
        end
      end
      pcall(function() object:close() end)
      pcall(function() object:stop() end)
    end
  end
  collectgarbage()
end
print(calls > 2000, odd)
--> true	0
