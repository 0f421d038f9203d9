-- Counts keys by state.
-- KEYS: lib/names.lua
-- ARGV: none
-- Reply: { waiting, running, delayed, failing, leases lost so far, stale ends so far }

local running = redis.call('ZCARD', RUNNING)
local counters = redis.call('HMGET', COUNTERS, 'lost', 'stale')
return {
  redis.call('HLEN', STATES) - running,
  running,
  redis.call('ZCARD', DUE),
  redis.call('HLEN', FAILURES),
  tonumber(counters[1] or 0),
  tonumber(counters[2] or 0),
}
