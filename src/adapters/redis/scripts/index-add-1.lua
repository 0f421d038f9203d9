-- Adds entries to the object index, or brings the version a trigger has looked at up to date. All or nothing. An entry is
-- `fence:version`, with the newest fence that spoke of it; what an older run says of the version is passed over.
-- KEYS: beginning of the index's names
-- ARGV: repeated: object, `cluster/group/kind` of it, trigger, "=" .. what it has looked at or "" to leave what is recorded,
-- fence (0: none)
-- Reply: for each entry all triggers that name its object, each followed by what it has looked at

local replies = {}
for i = 1, #ARGV, 5 do
  local object, kind, trigger, said, fence = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4])
  local triggers = KEYS[1] .. ':object:' .. object
  local known = redis.call('HGET', triggers, trigger)
  -- A script that has written once is not refused when memory is full: what is known may go on, what is new may not.
  if known then redis.call('HDEL', triggers, '') end
  local known_fence, version = string.match(known or '', '^(%d+):(.*)$')
  known_fence, version = tonumber(known_fence or '0'), version or known or ''
  if said ~= '' and fence >= known_fence then version = string.sub(said, 2) end
  redis.call('HSET', triggers, trigger, string.format('%.0f', math.max(fence, known_fence)) .. ':' .. version)
  redis.call('SADD', KEYS[1] .. ':trigger:' .. trigger, object)
  redis.call('SADD', KEYS[1] .. ':kind:' .. kind, object)
  redis.call('SADD', KEYS[1] .. ':kinds', kind)
  replies[#replies + 1] = redis.call('HGETALL', triggers)
end
return replies
