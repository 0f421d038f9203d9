-- Records content hashes of definitions; the version rises only if one of them is new. All or nothing.
-- KEYS: hash of definitions, counter of their version
-- ARGV: repeated: id, "=" .. hash or "" for a deleted one
-- Reply: the version afterwards

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
  -- A first version is taken from the clock, so that versions rise even across a loss of all data.
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SET', KEYS[2], redis.call('TIME')[1] * 1000) end
  return redis.call('INCR', KEYS[2])
end
return tonumber(redis.call('GET', KEYS[2]) or '0')
