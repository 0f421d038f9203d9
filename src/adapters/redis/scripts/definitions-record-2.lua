-- Records content hashes of definitions; the version rises only if one of them is new. All or nothing.
-- KEYS: hash of definitions, their version
-- ARGV: repeated: id, "=" .. hash or "" for a deleted one
-- Reply: the version afterwards

local version = tonumber(redis.call('GET', KEYS[2]) or 0)
local changed = false
for i = 1, #ARGV, 2 do
  local id, hash = ARGV[i], ARGV[i + 1]
  local before = redis.call('HGET', KEYS[1], id)
  if hash == '' then
    if before then redis.call('HDEL', KEYS[1], id); changed = true end
  elseif before ~= string.sub(hash, 2) then
    redis.call('HSET', KEYS[1], id, string.sub(hash, 2))
    changed = true
  end
end
if changed then
  -- The version comes from the clock, in microseconds: a Redis that was set back by a failover, a crash or a restore
  -- must not come again to a version that a worker has verified, with other definitions behind it.
  local time = redis.call('TIME')
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[2], version)
end
return version
