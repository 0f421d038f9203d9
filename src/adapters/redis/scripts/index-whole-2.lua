-- Notes that the index has every inventory there is, if this still is the data set that was rebuilt.
-- KEYS: what was noted, marker of the data set
-- ARGV: the marker as the watcher knows it
-- Reply: 1, or 0 when the data set is another one

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
