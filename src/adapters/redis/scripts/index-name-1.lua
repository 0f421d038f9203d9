-- Adds the entry of an object that a run is about to look at, and answers what the run must know about the object,
-- however many triggers share it.
-- KEYS: beginning of the index's names
-- ARGV: object, `cluster/group/kind` of it, trigger, "r" where it only reads the object, fence
-- Reply: { what the trigger has looked at, how many other triggers name the object, some of those that manage it }

local object, kind, trigger, reads, fence = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == 'r', tonumber(ARGV[5])
local look = put_entry(KEYS[1], object, kind, trigger, reads, '', fence)
local triggers = KEYS[1] .. ':object:' .. object
local others = redis.call('HLEN', triggers) - 1
local managers = {}
if others > 0 then
  -- Reads all of a small hash and some of a large one, the same ones while nobody comes or goes.
  local page = redis.call('HSCAN', triggers, 0, 'COUNT', 128)[2]
  for i = 1, #page, 2 do
    local _, only_reads = read_entry(page[i + 1])
    if page[i] ~= trigger and not only_reads then managers[#managers + 1] = page[i] end
  end
end
return { look, others, managers }
