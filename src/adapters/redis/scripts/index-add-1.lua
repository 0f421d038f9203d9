-- Adds entries to the object index, or brings the version a trigger has looked at up to date. All or nothing.
-- KEYS: beginning of the index's names
-- ARGV: repeated: object, `cluster/group/kind` of it, trigger, "=" .. what it has looked at or "" to leave what is recorded
-- Reply: for each entry all triggers that name its object, each followed by what it has looked at

local replies = {}
for i = 1, #ARGV, 4 do
  local object, kind, trigger, version = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local triggers = KEYS[1] .. ':object:' .. object
  -- A script that has written once is not refused when memory is full: what is known may go on, what is new may not.
  if redis.call('HEXISTS', triggers, trigger) == 1 then redis.call('HDEL', triggers, '') end
  if version == '' then
    redis.call('HSETNX', triggers, trigger, '')
  else
    redis.call('HSET', triggers, trigger, string.sub(version, 2))
  end
  redis.call('SADD', KEYS[1] .. ':trigger:' .. trigger, object)
  redis.call('SADD', KEYS[1] .. ':kind:' .. kind, object)
  redis.call('SADD', KEYS[1] .. ':kinds', kind)
  replies[#replies + 1] = redis.call('HGETALL', triggers)
end
return replies
