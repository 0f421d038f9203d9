-- Opens every script of the queue: its KEYS, the one clock, and how the state of a key is stored.
-- KEYS are those of `redisKeys(name).queue` in `keys.ts`, in that order; WAITING and RING are beginnings of names.
-- Time is Redis' own: clocks of pods never matter. Every number that becomes a score is a whole number of milliseconds.

local STATES, RUNNING, DUE, DUE_CAUSES, FAILURES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local WAITING, RING, RING_CLOCKS, FENCE, WAKE, COUNTERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- For scripts that free memory in the end. When memory is full, Redis refuses the first write of a script if it might
-- need memory, and no later one: this one needs none and changes nothing. Producers go without it: they are to be
-- refused.
local function allow_when_memory_is_full() redis.call('ZREM', RUNNING, '') end

local MAX_CAUSES = 8

-- Appends to `causes` while there is room: the first ones tell where the work began.
local function add_causes(causes, more)
  for _, cause in ipairs(more) do
    if #causes < MAX_CAUSES then causes[#causes + 1] = cause end
  end
  return causes
end

-- A state is { class, since, causes, calm } while its key waits; a running one has { fence, owner, epoch } as well, and
-- `dirty` = { class, since, causes } once a trigger came. No state: the key is idle. `calm`: not to be pre-empted.
local function load(key)
  local packed = redis.call('HGET', STATES, key)
  if not packed then return nil end
  local field = cmsgpack.unpack(packed)
  local state = { class = field[1], since = field[2], causes = field[3], calm = field[4] }
  state.fence, state.owner, state.epoch = field[5], field[6], field[7]
  if field[8] then state.dirty = { class = field[8], since = field[9], causes = field[10] } end
  return state
end

-- The state of a key while this owner holds it by this fence, or nil. The epoch does not matter: an owner that lists
-- its runs over a new connection keeps them.
local function load_held(key, fence, owner)
  local state = load(key)
  if state and state.fence == fence and state.owner == owner then return state end
end

local function save(key, state)
  local field = { state.class, state.since, state.causes, state.calm }
  if state.fence then field[5], field[6], field[7] = state.fence, state.owner, state.epoch end
  if state.dirty then field[8], field[9], field[10] = state.dirty.class, state.dirty.since, state.dirty.causes end
  redis.call('HSET', STATES, key, cmsgpack.pack(field))
end
