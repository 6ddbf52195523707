-- Lua functions that the library calls, and their errors.
local zeromq = require "zeromq"
local rep <const> = zeromq.ZMQReply("inproc://callbacks")
local req <const> = zeromq.ZMQRequest("inproc://callbacks")
local once <const> = { count = 1, timeout = 5000 }

req:send("a", "b")
print(rep:serve(function(frames) return { frames[2], frames[1] .. "\0" } end, once))
--> 1
print(#req:receive(), #req:receive())
--> 1	2

-- Any error comes out of serve as it went in.
local mine = setmetatable({}, { __tostring = function() return "mine" end })
req:send("a")
print(select(2, pcall(rep.serve, rep, function() error(mine) end, once)) == mine)
--> true
print(rep:send("late"), req:receive())
--> true	late
req:send("a")
print(pcall(rep.serve, rep, function() error(nil) end, once) == false, rep:send(""), req:receive())
--> true	true	
req:send("a")
print(select(2, pcall(rep.serve, rep, function() return {} end, once)).tag, rep:send(""), req:receive())
--> ZMQArgs	true	
req:send("a")
print(select(2, pcall(rep.serve, rep, function() local s = string.rep; while true do s = s .. 5 end end, once)):match("attempt.*"))
--> attempt to concatenate a function value (local 's')
rep:send("") req:receive()

-- Calls in calls, each with its own functions and errors.
local inner, asks = zeromq.ZMQReply("inproc://callbacks-inner"), zeromq.ZMQRequest("inproc://callbacks-inner")
req:send("deep")
print(rep:serve(function(frames)
  asks:send(frames[1])
  local ok, failed = pcall(inner.serve, inner, function() error("inner", 0) end, once)
  inner:send(failed)
  return asks:receive()
end, once), req:receive())
--> 1	inner

-- In coroutines too; they cannot be left in the middle of a call.
req:send("a")
print(coroutine.wrap(function()
  local ok, failed = pcall(rep.serve, rep, function() coroutine.yield() end, once)
  return ok, failed
end)())
--> false	attempt to yield across a C-call boundary
rep:send("") req:receive()

-- A function may change what was passed, collect, and close the socket.
local passed = { "x", "y" }
req:send("a")
print(pcall(rep.serve, rep, function()
  rep:close()
  collectgarbage()
  return "z"
end, once))
--> false	ZMQClosed: ZMQReply.serve: the socket is closed

-- Many calls leave nothing behind.
local server, client = zeromq.ZMQReply("inproc://callbacks-many"), zeromq.ZMQDealer("inproc://callbacks-many")
local function fill()
  for i = 1, 500 do client:send("", "request " .. i) end
  server:serve(function(frames) return frames[1] .. string.rep("x", 100) end, { count = 500 })
  for i = 1, 500 do client:receiveall() end
  for i = 1, 200 do pcall(server.send, server, function() end) end
  collectgarbage()
  return collectgarbage("count")
end
fill()
local before = fill()
for i = 1, 5 do fill() end
print(fill() < before + 64)
--> true

-- A function that is kept, and is called while another call waits.
local auth = zeromq.ZMQAuth()
local asked
auth:decide(function(client) asked = client.user return client.password == "secret" end)
collectgarbage()
local guarded, user = zeromq.ZMQPull(), zeromq.ZMQPush()
guarded:secure { plain = true }
local port = guarded:bind("tcp://127.0.0.1:*")
user:secure { username = "me", password = "secret" }
user:connect("tcp://127.0.0.1:" .. port)
user:send("let in")
print(guarded:receive { timeout = 10000 }, asked)
--> let in	me
auth:stop()
auth = nil
collectgarbage()
