-- Records texts in a hash, if this still is the data set they belong to. All or nothing.
-- KEYS: the hash, marker of the data set
-- ARGV: the marker as the watcher knows it, then repeated: name, "=" .. text or "" to forget the name
-- Reply: 1, or 0 when the data set is another one

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] ~= '' then redis.call('HSET', KEYS[1], ARGV[i], string.sub(ARGV[i + 1], 2)) end
end
return 1
