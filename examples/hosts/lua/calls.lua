-- Runs the calls of the kit with this adapter: lua5.4 calls.lua ../kit/calls.json
-- Lua has no JSON, so the adapter itself reads the table.
local zeromq = require "zeromq"

local functions = {
  echo = function(frames) return frames end,
  first = function(frames) return frames[1] end,
  nothing = function() return nil end,
  fail = function() error({ tag = "Mine" }) end,
}

-- The value of Lua for one of the table; it is nil in a table as it is for the library.
local function value(given, variables)
  if type(given) ~= "table" then return given end
  local mark, content = next(given)
  if mark == "$bytes" then
    return (content:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
  elseif mark == "$array" then return zeromq.array(content)
  elseif mark == "$ref" then return variables[content]
  elseif mark == "$class" then return zeromq[content]
  elseif mark == "$function" then return functions[content]
  elseif mark == "$tuple" then return value(content, variables)
  end
  local made = {}
  for key, item in pairs(given) do made[key] = value(item, variables) end
  return setmetatable(made, getmetatable(given))
end

local function is_list(given) return given ~= nil and not getmetatable(given) end

-- Arguments, with nil for null, and the named ones in a table behind them.
local function arguments(row, variables)
  local given, count = value(row.args or {}, variables), #(row.args or {})
  for at = 1, count do
    if given[at] == zeromq.null then given[at] = nil end
  end
  if row.named then
    count = count + 1
    given[count] = value(row.named, variables)
  end
  return table.unpack(given, 1, count)
end

local function same(one, other)
  if math.type(one) ~= math.type(other) or type(one) ~= type(other) then return false end
  if one == other then return true end
  if type(one) == "userdata" and one.totable and other.totable then
    return same(one:totable(), other:totable())
  end
  if type(one) ~= "table" then return false end
  for key, item in pairs(one) do
    if not same(item, other[key]) then return false end
  end
  for key in pairs(other) do
    if one[key] == nil then return false end
  end
  return is_list(one) == is_list(other)
end

-- Returns what is wrong, or nil.
local function step(row, variables)
  if row.text then
    local got = tostring(variables[row.text[1]])
    return got ~= row.text[2] and got or nil
  end
  local holder, name = row["do"]:match("^(%w+)%.?(%w*)$")
  local object = variables[holder]
  local callee = object or zeromq[holder]
  if name ~= "" then callee = callee[name] end
  local got
  if object then
    got = table.pack(pcall(callee, object, arguments(row, variables)))
  else
    got = table.pack(pcall(callee, arguments(row, variables)))
  end
  if not got[1] then
    local failure = got[2]
    local tag = type(failure) == "table" and failure.tag
    local is_expected = tag == row.error and tostring(failure.message):find(row.says or "", 1, true)
    return not is_expected and tostring(failure) or nil
  end
  if row.let then variables[row.let] = got[2] end
  if row.error then return "no error" end
  if row.result ~= nil then
    -- A tuple is several results.
    local tuple = type(row.result) == "table" and row.result["$tuple"]
    local expected = value(tuple or { row.result }, variables)
    local count = #expected
    if tuple and expected[count] == zeromq.null then expected[count] = nil end
    if not tuple and expected[1] == zeromq.null then expected = {} end
    if not same({ table.unpack(got, 2, got.n) }, expected) then return tostring(got[2]) end
  end
end

local file = assert(io.open(arg[1]))
local pull, push = zeromq.ZMQPull("inproc://calls"), zeromq.ZMQPush("inproc://calls")
push:send(file:read("a"))
for _, case in ipairs(pull:receivejson()) do
  local variables, wrong = {}, nil
  for at, row in ipairs(case.steps) do
    wrong = step(row, variables)
    if wrong then
      wrong = ("step %d: %s"):format(at - 1, wrong)
      break
    end
  end
  print((wrong or "ok") .. ": " .. case.case)
end
