-- Renews leases, all at once.
-- KEYS: lib/names.lua
-- ARGV: lease in ms, then per run: key, fence, owner
-- Reply: { fences whose lease is gone, fences of runs that a waiting class-1 trigger may pre-empt }

allow_when_memory_is_full()
local lease_end = end_of_lease(tonumber(ARGV[1]))
local lost, urgent = {}, {}
for i = 2, #ARGV, 3 do
  local key, fence = ARGV[i], tonumber(ARGV[i + 1])
  local state = load_held(key, fence, ARGV[i + 2])
  if not state then
    lost[#lost + 1] = fence
  else
    redis.call('ZADD', RUNNING, lease_end, key)
    if state.dirty and state.dirty.class == 1 and not state.calm then urgent[#urgent + 1] = fence end
  end
end
return { lost, urgent }
