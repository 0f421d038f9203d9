-- Removes objects from a trigger's entries, except those that a newer run has added. All or nothing, per call.
-- KEYS: beginning of the index's names
-- ARGV: trigger, fence of the run that calls, then the objects that go, or "*" for all
-- Reply: how many were taken out

local trigger, fence = ARGV[1], tonumber(ARGV[2])
local known = KEYS[1] .. ':trigger:' .. trigger
local gone = ARGV[3] == '*' and redis.call('SMEMBERS', known) or { unpack(ARGV, 3) }

local removed = 0
for _, object in ipairs(gone) do
  local triggers = KEYS[1] .. ':object:' .. object
  local added = read_entry(redis.call('HGET', triggers, trigger) or '')
  if added <= fence then
    redis.call('SREM', known, object)
    redis.call('HDEL', triggers, trigger)
    if redis.call('EXISTS', triggers) == 0 then
      local kind = string.match(object, '^([^/]*/[^/]*/[^/]*)')
      local objects = KEYS[1] .. ':kind:' .. kind
      redis.call('SREM', objects, object)
      if redis.call('EXISTS', objects) == 0 then redis.call('SREM', KEYS[1] .. ':kinds', kind) end
    end
    removed = removed + 1
  end
end
return removed
