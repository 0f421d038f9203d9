-- Which waiting key comes next: fair sharing by virtual time, class -> cluster -> namespace -> longest waiting.
-- A ring is a sorted set of members by virtual time. The smallest is served, which moves it on by 1 / weight. A member
-- without waiting keys leaves, and `<ring>/left` keeps its time until the ring has passed it: leaving and coming back
-- gains nothing. RING_CLOCKS keeps the time of an empty ring.

local WEIGHTS = { ['1'] = 16, ['2'] = 4, ['3'] = 1 } -- by class; clusters and namespaces weigh the same

-- Tenant of a key `cluster/group/kind/namespace/name`: cluster and namespace.
local function tenant_of(key)
  local cluster, namespace = string.match(key, '^([^/]*)/[^/]*/[^/]*/([^/]*)/')
  return cluster or '_', namespace or '_'
end

-- The member to serve next and its virtual time, or nil.
local function head(ring)
  local first = redis.call('ZRANGE', ring, 0, 0, 'WITHSCORES')
  return first[1], tonumber(first[2])
end

local function join(ring, member)
  if redis.call('ZSCORE', ring, member) then return end
  local _, at = head(ring)
  local clock = at or tonumber(redis.call('HGET', RING_CLOCKS, ring) or 0)
  local kept = tonumber(redis.call('ZSCORE', ring .. '/left', member) or clock)
  redis.call('ZADD', ring, math.max(clock, kept), member)
end

local function leave(ring, member, kept)
  local _, clock = head(ring)
  redis.call('ZREM', ring, member)
  redis.call('ZREMRANGEBYSCORE', ring .. '/left', '-inf', clock)
  redis.call('ZADD', ring .. '/left', kept, member)
  redis.call('HSET', RING_CLOCKS, ring, clock)
end

-- Moves on a served member, or lets it leave when it has no waiting key left. Returns whether the ring is empty now.
local function serve(ring, member, at, weight, is_empty)
  local finish = at + 1 / weight
  if not is_empty then
    redis.call('ZADD', ring, finish, member)
    return false
  end
  leave(ring, member, finish)
  return redis.call('EXISTS', ring) == 0
end

local function leaf_of(class, cluster, namespace) return WAITING .. ':' .. class .. ':' .. cluster .. '/' .. namespace end

-- The rings of clusters of a class, and of namespaces of a cluster.
local function clusters_of(class) return RING .. ':' .. class end
local function namespaces_of(class, cluster) return RING .. ':' .. class .. ':' .. cluster end

local function put_waiting(key, class, since)
  local cluster, namespace = tenant_of(key)
  local leaf = leaf_of(class, cluster, namespace)
  redis.call('ZADD', leaf, since, key)
  if redis.call('ZCARD', leaf) > 1 then return end
  join(namespaces_of(class, cluster), namespace)
  join(clusters_of(class), cluster)
  join(RING, class)
end

local function remove_waiting(key, class)
  local cluster, namespace = tenant_of(key)
  local leaf, ring = leaf_of(class, cluster, namespace), namespaces_of(class, cluster)
  redis.call('ZREM', leaf, key)
  if redis.call('EXISTS', leaf) == 1 then return end
  for _, level in ipairs({ { ring, namespace }, { clusters_of(class), cluster }, { RING, class } }) do
    leave(level[1], level[2], tonumber(redis.call('ZSCORE', level[1], level[2])))
    if redis.call('EXISTS', level[1]) == 1 then return end
  end
end

-- The first member in the order of turns that `fits`, its virtual time, and the answer of `fits`; or nil. If any member
-- fits, one of the first `most + 1` does.
local function first_fitting(ring, most, fits)
  local members = redis.call('ZRANGE', ring, 0, most, 'WITHSCORES')
  for i = 1, #members, 2 do
    local said = fits(members[i])
    if said then return members[i], tonumber(members[i + 1]), said end
  end
end

-- Takes the next waiting key out of its rings, or nil. `passed`: tenants as `cluster/namespace` whose keys stay.
local function pop_waiting(passed)
  local is_passed, most = {}, #passed
  for _, tenant in ipairs(passed) do is_passed[tenant] = true end
  local class, class_at, inner = first_fitting(RING, 2, function(class)
    local cluster, cluster_at, innermost = first_fitting(clusters_of(class), most, function(cluster)
      local namespace, namespace_at = first_fitting(namespaces_of(class, cluster), most, function(namespace)
        return not is_passed[cluster .. '/' .. namespace]
      end)
      return namespace and { namespace, namespace_at }
    end)
    return cluster and { cluster, cluster_at, innermost[1], innermost[2] }
  end)
  if not class then return nil end
  local cluster, cluster_at, namespace, namespace_at = unpack(inner)
  local leaf = leaf_of(class, cluster, namespace)
  local key = redis.call('ZPOPMIN', leaf)[1]
  local is_empty = redis.call('EXISTS', leaf) == 0
  is_empty = serve(namespaces_of(class, cluster), namespace, namespace_at, 1, is_empty)
  is_empty = serve(clusters_of(class), cluster, cluster_at, 1, is_empty)
  serve(RING, class, class_at, WEIGHTS[class], is_empty)
  return key
end
