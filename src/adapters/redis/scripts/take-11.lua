-- Takes the next key: choosing it, its fence and its lease are one step.
-- KEYS: lib/names.lua
-- ARGV: owner, epoch of the owner's connection, lease in ms, then the tenants to be passed over
-- Reply: { key, fence, class, waited ms, causes, failures } or { ms to look again, 0: not before a wake-up } and, if
-- keys were passed over, 1

allow_when_memory_is_full()
return take(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), { unpack(ARGV, 4) })
