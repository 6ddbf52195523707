-- Values, objects and errors in Lua.
local zeromq = require "zeromq"
local pull <const> = zeromq.ZMQPull("inproc://objects")
local push <const> = zeromq.ZMQPush("inproc://objects")
local quick <const> = { timeout = 20 }

-- Strings hold any bytes; numbers keep their kind.
print(push:send("a\0b\xff"), #pull:receive(), push:send(1, 2.5, true), table.concat(pull:receiveall(), " "))
--> true	4	true	1 2.5 true
push:sendvalue({ 1, 2.5, "x\xfe" })
local values = pull:receivevalue()
print(math.type(values[1]), math.type(values[2]))
--> integer	float
push:sendjson({ zeromq.null, {}, zeromq.dictionary {} })
print(pull:receive())
--> [null,[],{}]
push:sendjson({ zeromq.null, {}, zeromq.dictionary {} })
push:sendjson(pull:receivejson())
print(pull:receive())
--> [null,[],{}]

-- The last table has the named arguments, unless the method takes a dictionary there.
print(pull:receive { timeout = 10 }, pull:receive(quick))
--> nil	nil
push:sendjson({ timeout = 5 })
print(pull:receivejson().timeout)
--> 5
print(select(2, pcall(pull.receive, pull, { timeuot = 5 })))
--> ZMQArgs: ZMQPull.receive: named argument timeuot=: expected only timeout=, got the Int 5

-- A Tuple is as many results.
local router = zeromq.ZMQRouter("inproc://objects-router")
local dealer = zeromq.ZMQDealer("inproc://objects-router")
dealer:send("one", "two")
local id, parts = router:receivefrom()
print(#id, #parts, parts[2], router:sendto(id, "back"), dealer:receive())
--> 5	2	two	true	back

-- Errors are objects with a tag, and a place when Lua knows it.
local ok, error_object = pcall(function() zeromq.ZMQPull("inproc://objects") end)
print(ok, error_object.tag, error_object.message:match("^[^:]+: [^:]+: inproc"))
--> false	ZMQErr	ZeroMQ error: ZMQPull: inproc
print((tostring(error_object):gsub("^.*objects.lua:", "")):match("^%d+: ZMQErr: ") ~= nil)
--> true
print(select(2, pcall(push.send, "push")))
--> ZMQArgs: send: call it on an object, with a colon
print(select(2, pcall(push.send, zeromq.ZMQPush)))
--> ZMQArgs: send: call it on an object, with a colon
print(pcall(push.send, io.stdout, "x") == false, pcall(push.subscribe, zeromq.ZMQFrame("x"), "x"))
--> true	false	ZMQArgs: ZMQFrame.subscribe: receiver: expected a ZMQSocket, got <ZMQFrame: 78>

-- One object is one value, whatever gives it; frames are equal by their bytes.
local frame = zeromq.ZMQFrame("ab\0")
print(frame, frame:hex(), frame == zeromq.ZMQFrame("ab\0"), frame ~= zeromq.ZMQFrame("x"), push == pull)
--> <ZMQFrame: 616200>	616200	true	true	false
print(push, zeromq.ZMQXSubcriber == zeromq.ZMQXSubscriber, zeromq.ZMQFrame == zeromq.ZMQPush)
--> <ZMQSocket: PUSH>	true	false
push:send("kept")
local received = pull:receiveframe()
print(received, received:property("Peer-Address"))
--> <ZMQFrame: 6b657074>	nil

-- Classes can be given methods, which their children have too.
function zeromq.ZMQSocket:shout(text) return self:send(text .. "!") end
print(push:shout("Hello"), pull:receive())
--> true	Hello!

-- Closed at the end of the block, also by an error; stopped, where nothing closes.
local left, proxy
pcall(function()
  local socket <close> = zeromq.ZMQPush()
  local streamer <close> = zeromq.ZMQStreamer("@inproc://objects-in", "@inproc://objects-out")
  left, proxy = socket, streamer
  error("oops")
end)
print(left:closed(), left, proxy:state())
--> true	<ZMQSocket: PUSH closed>	stopped

-- What nobody has any more is closed: the name is free.
do zeromq.ZMQPull("inproc://objects-collected") end
collectgarbage()
print(zeromq.ZMQPull("inproc://objects-collected"))
--> <ZMQSocket: PULL>

-- What cannot be passed on is refused: tables that are in themselves, threads.
local ring = {}
ring[1], ring[2] = ring, ring
print(pcall(push.sendjson, push, ring) == false, pcall(push.send, push, coroutine.create(print)))
--> true	false	ZMQArgs: ZMQPush.send: argument 1 (frames): expected Strings, ZMQFrames, numbers or Bools, or one List of them, got thread
print(getmetatable(push), pcall(setmetatable, zeromq.ZMQPush, {}))
--> false	false	cannot change a protected metatable
local many = {}
for i = 1, 10000 do many[i] = i end
print(push:send(table.unpack(many, 1, 200)), #pull:receiveall(), push:send(many), #pull:receiveall())
--> true	200	true	10000
