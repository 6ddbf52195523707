-- Task queues and workers in Lua: values, errors, and the end.
local zeromq = require "zeromq"
local queue <const> = zeromq.ZMQTaskQueue("inproc://tasks", { attempts = 2, heartbeat = 500, credit = 50 })
local worker = zeromq.ZMQWorker("inproc://tasks", { name = "w" })
local once <const>, soon <const> = { count = 1, timeout = 20000 }, { timeout = 20000 }
print(queue, worker, queue:endpoint())
--> <ZMQTaskQueue>	<ZMQWorker>	inproc://tasks

print(queue:add(1, "two", { 3, zeromq.null, { four = 4.5 } }))
--> 3
print(worker:serve(function(task) return { task } end, { count = 3, timeout = 20000 }))
--> true
local results = queue:results({ order = true, timeout = 20000 })
print(results, results:enumerate(-1))
--> <ZMQResults: 3>	3
for i = 0, results:enumerate(-1) - 1 do
  local result = results:enumerate(i)
  local value = result.value[1]
  print(result.task, type(value) == "table" and value[3].four or value, result.error, result.attempts, result.worker)
end
--> 1	1	userdata: (nil)	1	w
--> 2	two	userdata: (nil)	1	w
--> 3	4.5	userdata: (nil)	1	w

-- Errors of any kind reach the queue.
local function fails(task)
  if task == "text" then error("only text", 0) end
  if task == "table" then error(setmetatable({}, { __tostring = function() return "a table" end })) end
  if task == "odd" then error(setmetatable({}, { __tostring = function() error("odd") end })) end
  if task == "nil" then error(nil) end
  if task == "zeromq" then queue:add(print) end
end
for _, task in ipairs { "text", "table", "odd", "nil", "zeromq" } do
  queue:add(task)
  local ok, failed = pcall(worker.serve, worker, fails, once)
  local result = queue:next(soon)
  print(ok, failed.tag, result.error, (result.message:gsub("[^%w ].*", "")))
end
--> false	ZMQTask	error	only text
--> false	ZMQTask	error	a table
--> false	ZMQTask	ZMQTask	a script function failed
--> false	ZMQTask	error	nil
--> false	ZMQTask	ZMQArgs	ZMQTaskQueue
queue:add("x")
print(worker:serve(function() return print end, once), queue:next(soon).error)
--> true	ZMQArgs

-- Ctrl-C, as lua shows it, gives the task back.
queue:add("again")
print(select(2, pcall(worker.serve, worker, function() error("interrupted!", 0) end, soon)))
--> interrupted!
print(worker:serve(function(task) return task end, once), queue:next(soon).value)
--> true	again

-- Calls in calls: a worker that adds tasks, and stops itself.
queue:add(3)
print(worker:serve(function(task)
  if task > 1 then queue:add(task - 1) else worker:stop() end
  return task
end, soon))
--> true
for _ = 1, 3 do io.write(queue:next(soon).value, " ") end
print(queue:next(soon))
--> 3 2 1 nil
print(worker:serve(print, { timeout = 5 }), #queue:map({}, soon))
--> false	0
local stats = queue:stats()
print(stats.done, stats.failed, stats.lost, stats.invalid, stats.workers)
--> 7	6	0	0	1
queue:stopworkers()
print(worker:serve(print, soon))
--> true
worker:close()
queue:close()
print(worker, queue, select(2, pcall(queue.next, queue)).tag)
--> <ZMQWorker closed>	<ZMQTaskQueue closed>	ZMQClosed
