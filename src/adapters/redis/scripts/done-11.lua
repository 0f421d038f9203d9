-- Ends a run and, if asked, takes the next key: lease, dirty check, backoff and next look are one step.
-- KEYS: lib/names.lua
-- ARGV: key, fence, owner, 'done' | 'failed' | 'interrupted', then for
--   done: ms until the next look (-1: none), its class; failed: base ms, max ms of the backoff; interrupted: 0, 0
--   and: a number in [0, 1) as jitter, cause ('': none); to take: owner, epoch, lease in ms, tenants as for take
-- Reply: { 'stale' | 'idle' | 'again' | 'later' } and, if taken, the reply of take

local function backoff_ms(key, base_ms, max_ms, jitter)
  local failures = redis.call('HINCRBY', FAILURES, key, 1)
  return math.floor(math.min(max_ms, base_ms * 2 ^ math.min(failures - 1, 30)) * (0.5 + jitter / 2))
end

-- An interrupted key waits at once as if it had never been taken. If a trigger is why, that run is not pre-empted.
local function hand_back(key, state)
  local dirty = state.dirty
  if dirty then
    state.class = math.min(state.class, dirty.class)
    add_causes(state.causes, dirty.causes)
  end
  state.calm = dirty ~= nil
  make_waiting(key, state)
  return 'again'
end

local function finish(key, fence, owner, kind, first, second, jitter, causes)
  local state = load_held(key, fence, owner)
  if not state then
    redis.call('HINCRBY', COUNTERS, 'stale', 1)
    return 'stale'
  end
  redis.call('ZREM', RUNNING, key)
  if kind == 'interrupted' then return hand_back(key, state) end

  local after_ms, class = first, second
  if kind == 'failed' then
    after_ms, class = backoff_ms(key, first, second, jitter), 2
    causes = add_causes(state.causes, causes) -- the causes of the failed run are still unanswered
  else
    redis.call('HDEL', FAILURES, key)
  end
  local dirty = state.dirty
  if dirty then
    if kind == 'failed' then dirty.causes = add_causes(causes, dirty.causes) end
    make_waiting(key, dirty)
    return 'again'
  end
  redis.call('HDEL', STATES, key)
  if after_ms >= 0 then delay(key, now + after_ms, class, causes) end
  return redis.call('ZSCORE', DUE, key) and 'later' or 'idle'
end

allow_when_memory_is_full()
local causes = ARGV[8] ~= '' and { ARGV[8] } or {}
local first, second, jitter = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local state = finish(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], first, second, jitter, causes)
if not ARGV[9] then return { state } end
return { state, take(ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11]), { unpack(ARGV, 12) }) }
