-- One watcher says that it lives, and learns who else does and whether this still is the data set it knew. Atomic.
-- KEYS: sorted set of watchers by the end of their time, marker of the data set
-- ARGV: watcher, its time to live in ms, a marker to set where there is none
-- Reply: { marker, { live watchers } }

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) -- first: with memory full, Redis lets no script begin with ZADD
local ttl = tonumber(ARGV[2])
-- A watcher with a much later end got it when the clock was ahead: that of the server before a failover.
for _, watcher in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + math.max(120000, 10 * ttl), '+inf')) do
  redis.call('ZADD', KEYS[1], now + ttl, watcher)
end
redis.call('ZADD', KEYS[1], now + ttl, ARGV[1])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
return { redis.call('GET', KEYS[2]), redis.call('ZRANGE', KEYS[1], 0, -1) }
