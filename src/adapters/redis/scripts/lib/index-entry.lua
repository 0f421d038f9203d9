-- One entry of the object index: `fence:version` with the newest fence that recorded it, `fence` + `r:version` where
-- the trigger only reads the object, and after a space what workers tell each other.

local function read_entry(text)
  local fence, reads, look = string.match(text, '^(%d+)(r?):(.*)$')
  return tonumber(fence or '0'), reads == 'r', look or text
end

-- Adds or updates an entry; a version from an older run is ignored. A trigger that has managed the object counts as its
-- manager until the entry goes: a run that reads it at one step may manage it at a later one. `said` is "=" .. what was
-- looked at, "?" .. a version for where none is recorded, or "" to leave what is recorded. Returns what is recorded then:
-- version and note.
local function put_entry(index, object, kind, trigger, reads, said, fence)
  local triggers = index .. ':object:' .. object
  local known = redis.call('HGET', triggers, trigger)
  -- With memory full, Redis refuses no script that has written once: known entries may change, new ones may not come.
  if known then redis.call('HDEL', triggers, '') end
  local known_fence, known_reads, look = read_entry(known or '')
  if fence >= known_fence then
    local first = string.sub(said, 1, 1)
    if first == '=' then look = string.sub(said, 2) end
    -- Without a version, at most what workers tell each other is there, behind its space.
    if first == '?' and string.match(look, '^[^ ]*') == '' then look = string.sub(said, 2) .. look end
  end
  if known and not known_reads then reads = false end
  local text = string.format('%.0f', math.max(fence, known_fence)) .. (reads and 'r:' or ':') .. look
  redis.call('HSET', triggers, trigger, text)
  redis.call('SADD', index .. ':trigger:' .. trigger, object)
  redis.call('SADD', index .. ':kind:' .. kind, object)
  redis.call('SADD', index .. ':kinds', kind)
  return look
end
