-- A part of all keys, for people. While keys move about, one of them may appear twice or not at all.
-- KEYS: lib/names.lua
-- ARGV: '<s|d>:<where to go on>' (waiting and running keys, then delayed ones), about how many
-- Reply: { where to go on, or '' at the end, then per key: key, state, class, age ms, remaining ms, failures, owner, causes }

local part, at = string.match(ARGV[1], '^([sd]):(%d+)$')
local count = tonumber(ARGV[2])
local reply = { '' }

local function add(key, state, class, age, remaining, owner, causes)
  local failures = tonumber(redis.call('HGET', FAILURES, key) or 0)
  reply[#reply + 1] = { key, state, class, math.max(0, age), math.max(0, remaining), failures, owner, causes }
end

if part == 's' then
  local scanned = redis.call('HSCAN', STATES, at, 'COUNT', count)
  for i = 1, #scanned[2], 2 do
    local key = scanned[2][i]
    local state = load(key)
    local lease_end = tonumber(redis.call('ZSCORE', RUNNING, key) or nil)
    if lease_end then add(key, 'running', state.class, now - state.since, lease_end - now, state.owner, state.causes)
    else add(key, 'waiting', state.class, now - state.since, 0, '', state.causes) end
  end
  reply[1] = scanned[1] == '0' and 'd:0' or 's:' .. scanned[1]
else
  local due = redis.call('ZRANGE', DUE, at, at + count - 1, 'WITHSCORES')
  for i = 1, #due, 2 do
    local packed = redis.call('HGET', DUE_CAUSES, due[i])
    local causes = packed and cmsgpack.unpack(packed) or {}
    add(due[i], 'delayed', due[i + 1] % 8, 0, math.floor(due[i + 1] / 8) - now, '', causes)
  end
  if #due == 2 * count then reply[1] = 'd:' .. (at + count) end
end
return reply
