-- Gives back the keys that an owner took without knowing it, because a reply was lost with its connection.
-- KEYS: lib/names.lua
-- ARGV: owner, epoch of its connection now, '1' to include keys taken through this connection, then the fences it holds
-- Reply: how many keys were given back

allow_when_memory_is_full()
local held = {}
for i = 4, #ARGV do held[tonumber(ARGV[i])] = true end
local count = 0
for _, key in ipairs(redis.call('ZRANGE', RUNNING, 0, -1)) do
  local state = load(key)
  local is_old = state.epoch < tonumber(ARGV[2]) or ARGV[3] == '1'
  if state.owner == ARGV[1] and is_old and not held[state.fence] then
    lose(key, false)
    count = count + 1
  end
end
if redis.call('EXISTS', RING) == 1 then wake() end -- the owner may have swallowed a wake-up with the lost reply
return count
