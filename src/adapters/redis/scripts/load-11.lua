-- Counts the waiting keys by class and tenant.
-- KEYS: lib/names.lua
-- ARGV: most tenants per class
-- Reply: per class and tenant { class, cluster, namespace, waiting keys, ms the longest has been waiting }

local limit = tonumber(ARGV[1])
local reply = {}
for class = 1, 3 do
  local left = limit
  for _, cluster in ipairs(redis.call('ZRANGE', clusters_of(class), 0, limit - 1)) do
    for _, namespace in ipairs(redis.call('ZRANGE', namespaces_of(class, cluster), 0, left - 1)) do
      local leaf = leaf_of(class, cluster, namespace)
      local _, since = head(leaf)
      reply[#reply + 1] = { class, cluster, namespace, redis.call('ZCARD', leaf), math.max(0, now - (since or now)) }
      left = left - 1
    end
    if left <= 0 then break end
  end
end
return reply
