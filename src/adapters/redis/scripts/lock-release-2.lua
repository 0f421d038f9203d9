-- Lets go of a lock if it is still the holder's, and takes the list of those who asked meanwhile. Atomic.
-- KEYS: the lock, its set of waiters
-- ARGV: holder
-- Reply: the keys that waited; none when the lock was another's

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {} end
redis.call('DEL', KEYS[1])
local waiting = redis.call('SMEMBERS', KEYS[2])
redis.call('DEL', KEYS[2])
return waiting
