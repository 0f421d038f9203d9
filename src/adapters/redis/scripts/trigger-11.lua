-- Enqueues keys, all of a batch at once.
-- KEYS: lib/names.lua
-- ARGV: per key: key, class, delay in ms (0: now), cause ('': none)
-- Reply: 0

for i = 1, #ARGV, 4 do
  local key, class, after_ms = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local causes = ARGV[i + 3] ~= '' and { ARGV[i + 3] } or {}
  if after_ms > 0 then delay(key, now + after_ms, class, causes) else enqueue(key, class, causes) end
end
return 0
