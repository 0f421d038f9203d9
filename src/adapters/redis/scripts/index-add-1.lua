-- Adds entries to the object index, or brings them up to date. All or nothing.
-- KEYS: beginning of the index's names
-- ARGV: repeated: object, `cluster/group/kind` of it, trigger, "r" where it only reads the object, "=" .. what it has looked
-- at, "?" .. what to record where no version is, or "" to leave what is recorded, fence (0: none)

for i = 1, #ARGV, 6 do
  put_entry(KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == 'r', ARGV[i + 4], tonumber(ARGV[i + 5]))
end
