-- Keeps the record of a run; the keys that were recorded longest ago lose theirs when there are too many. Atomic.
-- KEYS: recorded keys by time, the records of this key
-- ARGV: record, key, time in ms, records per key, keys, seconds until the records of a silent key go, beginning of the
--       names of records
-- Reply: how many keys lost their records

redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1)
redis.call('EXPIRE', KEYS[2], ARGV[6])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
local excess = redis.call('ZCARD', KEYS[1]) - ARGV[5]
if excess <= 0 then
  return 0
end
local popped = redis.call('ZPOPMIN', KEYS[1], math.min(excess, 100))
for i = 1, #popped, 2 do
  redis.call('UNLINK', ARGV[7] .. popped[i])
end
return #popped / 2
