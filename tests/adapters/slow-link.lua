-- Sends a long message over a slow link and receives it back, with heartbeats.
local zeromq = require "zeromq"

local dealer = zeromq.ZMQDealer()
dealer:heartbeat(200)
dealer:connect(arg[1])
local text = ("x"):rep(1 << 19)
dealer:send(text)
print(dealer:receive { timeout = 20000 } == text)
