-- Renews leases, all at once.
-- KEYS: lib/names.lua
-- ARGV: lease in ms, then per run: key, fence
-- Reply: { fences whose lease is gone, fences behind which a class-1 trigger waits and that may be pre-empted }

local lease_end = end_of_lease(tonumber(ARGV[1]))
local lost, urgent = {}, {}
for i = 2, #ARGV, 2 do
  local key, fence = ARGV[i], tonumber(ARGV[i + 1])
  local state = load(key)
  if not state or state.fence ~= fence then
    lost[#lost + 1] = fence
  else
    redis.call('ZADD', RUNNING, lease_end, key)
    if state.dirty and state.dirty.class == 1 and not state.calm then urgent[#urgent + 1] = fence end
  end
end
return { lost, urgent }
