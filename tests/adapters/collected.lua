-- Finalizers make calls while results are converted, and the results stay as they are.
local zeromq = require "zeromq"
local pull, push = zeromq.ZMQPull("inproc://gc"), zeromq.ZMQPush("inproc://gc")
local one, other = zeromq.ZMQPull("inproc://gc2"), zeromq.ZMQPush("inproc://gc2")
local calls = 0
local function trash() return setmetatable({}, { __gc = function()
  calls = calls + 1
  other:send("finalizer " .. calls .. ("y"):rep(calls % 200))
  assert(one:receive():match("^finalizer " .. calls))
end }) end
collectgarbage("incremental", 10, 1000)
for i = 1, 200 do
  local frames = {}
  for k = 1, 20 do frames[k] = ("x"):rep((i * k) % 150) .. k end
  push:send(frames)
  for _ = 1, 5 do trash() end
  local got = pull:receiveall()
  for k = 1, 20 do assert(got[k] == frames[k], k) end
  push:send(("z"):rep(i * 10)) trash()
  assert(pull:receive() == ("z"):rep(i * 10))
end
print(calls > 100)
--> true
