-- Tries once to take the lock of an object; an asker that does not get it is remembered as waiting. Atomic.
-- KEYS: the lock, its set of waiters
-- ARGV: holder, time to live in ms
-- Reply: the key that holds it, or "" when it is the asker's now

redis.call('SREM', KEYS[2], '') -- a script that has written once is not refused when memory is full; locks are few
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ''
end
redis.call('SADD', KEYS[2], ARGV[1])
-- A waiter outlives the lock a little, so that a releaser that is late still finds it.
redis.call('PEXPIRE', KEYS[2], ARGV[2] * 2)
return holder
