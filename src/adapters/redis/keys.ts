/**
 * Every key we use in Redis. All names of one installation share the hash tag `{koreo:<name>}`, so that on Redis Cluster
 * they live in one slot and a script may touch them together.
 */

/** Key names of one installation; `name` is its release name, unique per Redis. */
export function redisKeys(name: string) {
  const key = (suffix: string) => `{koreo:${name}}:${suffix}`;
  /** sorted set of one member: wakes one sleeping worker */
  const queueWake = key("queue:wake");
  return {
    /** The keys of the queue, in the order in which its scripts get them as KEYS; see `scripts/lib/names.lua`. */
    queue: [
      /** hash: key -> its state, waiting or running (msgpack) */
      key("queue:states"),
      /** sorted set: running key by the end of its lease, ms of Redis' clock */
      key("queue:running"),
      /** sorted set: delayed key by due ms * 8 + class */
      key("queue:due"),
      /** hash: delayed key -> its causes (msgpack) */
      key("queue:due-causes"),
      /** hash: key -> failures in a row */
      key("queue:failures"),
      /** sorted sets, one per tenant with waiting keys: `<this>:<class>:<cluster>/<namespace>`, key by waiting since */
      key("queue:waiting"),
      /** sorted sets by virtual time: `<this>` classes, `<this>:<class>` clusters, `<this>:<class>:<cluster>` namespaces;
       *  each with `<ring>/left`, where members that left keep their time */
      key("queue:ring"),
      /** hash: ring -> its virtual time when it last became empty */
      key("queue:ring-clocks"),
      /** the last fence given out */
      key("queue:fence"),
      queueWake,
      /** hash: counters since the queue exists (`lost`, `stale`) */
      key("queue:counters"),
    ],
    queueWake,
    /** string: marker of this data set; another value means that the data was lost */
    epoch: key("epoch"),
    /** sorted set: live watcher by the end of its time, ms of Redis' clock */
    watchers: key("watchers"),
    /** hash: slot -> the watcher that serves it */
    slotOwners: key("slot-owners"),
    /** beginning of the index's names, see `scripts/index-*.lua` */
    index: key("index"),
    /** hash: trigger of one object -> the version it has looked at */
    triggersOf: (object: string) => key(`index:object:${object}`),
    /** set: objects of one trigger */
    objectsOf: (trigger: string) => key(`index:trigger:${trigger}`),
    /** set: indexed objects of one `cluster/group/kind` */
    objectsOfKind: (kind: string) => key(`index:kind:${kind}`),
    /** set: every `cluster/group/kind` with indexed objects */
    indexedKinds: key("index:kinds"),
    /** hash of one field: marker of the data set whose index has every inventory */
    wholeIndex: key("index:whole"),
    /** hash: object of one watch slot -> a text that changes when the object has to wake its key */
    seen: (slot: string) => key(`seen:${slot}`),
    /** hash: trigger slot -> hash of the plans last spread over its keys */
    spreadPlans: key("spread-plans"),
    /** hash: `cluster/group/kind` -> where it cannot be watched, JSON */
    unwatched: key("unwatched"),
    /** hash: reason -> wake-ups sent by watchers */
    wakeUpCounters: key("wake-ups"),
    /** string with a time to live: the key that holds the lock of one object */
    objectLock: (object: string) => key(`lock:${object}`),
    /** set with a time to live: the keys that asked for the lock meanwhile */
    objectLockWaiters: (object: string) => key(`lock-waiters:${object}`),
    /** sorted set: key with records of its last runs, by when it was last recorded */
    recordedRuns: key("runs"),
    /** list with a time to live: the last runs of one key, newest first, JSON */
    runsOf: (trigger: string) => key(`runs:${trigger}`),
    /** hash: definition id -> content hash */
    definitions: key("definitions"),
    /** a number that rises with every change of `definitions` */
    definitionsVersion: key("definitions-version"),
  };
}

export type RedisKeys = ReturnType<typeof redisKeys>;
