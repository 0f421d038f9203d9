-- What happens to one key: it waits, runs, is delayed, and loses its lease.

local POISON_FAILURES = 3 -- from the third failure in a row on, a lost lease is followed by a pause
local POISON_BASE_MS, POISON_MAX_MS = 1000, 300000

-- Wakes one sleeping worker; it passes the wake on when more is waiting.
local function wake() redis.call('ZADD', WAKE, 0, '0') end

local function make_waiting(key, state)
  save(key, { class = state.class, since = state.since, causes = state.causes, calm = state.calm or false })
  put_waiting(key, state.class, state.since)
  wake()
end

-- A trigger for now: an idle key waits; a waiting one keeps its age and may get a better class; a running one is dirty.
local function enqueue(key, class, causes)
  local state = load(key)
  if not state then return make_waiting(key, { class = class, since = now, causes = add_causes({}, causes) }) end
  if state.fence then
    local dirty = state.dirty or { class = class, since = now, causes = {} }
    dirty.class = math.min(dirty.class, class)
    add_causes(dirty.causes, causes)
    state.dirty = dirty
    return save(key, state)
  end
  add_causes(state.causes, causes)
  if class < state.class then
    remove_waiting(key, state.class)
    put_waiting(key, class, state.since)
    state.class = class
  end
  save(key, state)
end

-- Forgets the delay of a key. Returns the causes that came with it.
local function take_due_causes(key)
  if redis.call('ZREM', DUE, key) == 0 then return {} end
  local packed = redis.call('HGET', DUE_CAUSES, key)
  if not packed then return {} end
  redis.call('HDEL', DUE_CAUSES, key)
  return cmsgpack.unpack(packed)
end

-- A trigger for later. The earliest time and the best class of several delays stand; a waiting key runs sooner anyway.
local function delay(key, at, class, causes)
  local state = load(key)
  if state and not state.fence then return end
  local due = tonumber(redis.call('ZSCORE', DUE, key) or nil)
  at = math.floor(at)
  if due then
    causes = add_causes(take_due_causes(key), causes)
    at, class = math.min(at, math.floor(due / 8)), math.min(class, due % 8)
  end
  redis.call('ZADD', DUE, at * 8 + class, key)
  if #causes > 0 then redis.call('HSET', DUE_CAUSES, key, cmsgpack.pack(causes)) end
  if redis.call('ZRANGE', DUE, 0, 0)[1] == key then wake() end -- sleepers know only of later times
end

-- Ends a lease whose run did not end: the key waits again, its fence is void. A lease that ran out counts as a failure,
-- and a key that keeps killing its workers pauses, so that it does not kill all of them.
local function lose(key, is_failure)
  redis.call('ZREM', RUNNING, key)
  local state = load(key)
  if not state or not state.fence then return end
  redis.call('HINCRBY', COUNTERS, 'lost', 1)
  if state.dirty then
    state.class = math.min(state.class, state.dirty.class)
    add_causes(state.causes, state.dirty.causes)
  end
  local failures = is_failure and redis.call('HINCRBY', FAILURES, key, 1) or 0
  if failures < POISON_FAILURES then
    return make_waiting(key, { class = state.class, since = state.since, causes = state.causes })
  end
  redis.call('HDEL', STATES, key)
  local pause = POISON_BASE_MS * 2 ^ math.min(failures - POISON_FAILURES, 20)
  delay(key, now + math.min(POISON_MAX_MS, pause), state.class, state.causes)
end

-- `now` was rounded down, and the holder counts from before it asked: never end a lease before the holder does.
local function end_of_lease(lease_ms) return now + 1 + lease_ms end

-- Ends delays that are over and leases that ran out. A lease that ends much later than one given now was given when the
-- clock was ahead (that of the server before a failover): it ends as if given now. The bounds keep one script short.
local function upkeep(lease_ms)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, now + math.max(120000, 10 * lease_ms), '+inf', 'LIMIT', 0, 100)) do
    redis.call('ZADD', RUNNING, end_of_lease(lease_ms), key)
  end
  local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now * 8 + 7, 'WITHSCORES', 'LIMIT', 0, 200)
  for i = 1, #due, 2 do enqueue(due[i], tonumber(due[i + 1]) % 8, take_due_causes(due[i])) end
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, '-inf', now, 'LIMIT', 0, 100)) do lose(key, true) end
end

-- Milliseconds until a delay or a lease ends, at least 1; 0: there is none.
local function look_again_ms()
  local soonest = math.huge
  local _, due = head(DUE)
  if due then soonest = math.floor(due / 8) end
  local _, lease_end = head(RUNNING)
  if lease_end then soonest = math.min(soonest, lease_end) end
  return soonest < math.huge and math.max(1, soonest - now) or 0
end

-- Rises with every take, even when a failover lost the last takes or everything: it is the time in microseconds, or one
-- more than the last fence while the clock is not ahead of that.
local function next_fence()
  local fence = math.max(tonumber(redis.call('GET', FENCE) or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('SET', FENCE, fence)
  return fence
end

-- Starts the next run. Returns { key, fence, class, waited ms, causes, failures }, or { ms to look again } and, if
-- passed-over keys wait, a 1: another worker is woken for them.
local function take(owner, epoch, lease_ms, passed)
  upkeep(lease_ms)
  local key = pop_waiting(passed)
  if not key then
    if redis.call('EXISTS', RING) == 0 then return { look_again_ms() } end
    wake()
    return { look_again_ms(), 1 }
  end
  local state = load(key)
  add_causes(state.causes, take_due_causes(key)) -- this run supersedes any later look; it decides on the next one
  state.fence, state.owner, state.epoch = next_fence(), owner, epoch
  save(key, state)
  redis.call('ZADD', RUNNING, end_of_lease(lease_ms), key)
  if redis.call('EXISTS', RING) == 1 then wake() end
  local failures = tonumber(redis.call('HGET', FAILURES, key) or 0)
  return { key, state.fence, state.class, math.max(0, now - state.since), state.causes, failures }
end
