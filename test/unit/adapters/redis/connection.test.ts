import { describe, expect, it } from "vitest";
import { checkRedisSettings, orUnavailable } from "../../../../src/adapters/redis/connection.ts";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";

/** What ioredis rejects with when the server refuses. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

const fateOf = (error: unknown) => orUnavailable(Promise.reject(error as Error)).catch((fate: unknown) => fate);

describe("replies of Redis that speak of the server's state are no bugs of ours", () => {
  const SHA = "f_1f2c0e4a5b";
  const TRANSIENT: readonly { readonly name: string; readonly reply: string }[] = [
    { name: "a script runs too long", reply: "BUSY Redis is busy running a script." },
    { name: "a cluster without a quorum", reply: "CLUSTERDOWN The cluster is down" },
    { name: "protected mode", reply: "DENIED Redis is running in protected mode" },
    { name: "data are being loaded", reply: "LOADING Redis is loading the dataset in memory" },
    { name: "a replica without its master", reply: "MASTERDOWN Link with MASTER is down" },
    { name: "a disk that does not take snapshots", reply: "MISCONF Redis is configured to save RDB snapshots, but" },
    { name: "a password that is asked for by now", reply: "NOAUTH Authentication required." },
    { name: "a user that lost a permission", reply: "NOPERM this user has no permissions to run 'evalsha'" },
    { name: "too few replicas", reply: "NOREPLICAS Not enough good replicas to write." },
    { name: "memory full", reply: "OOM command not allowed when used memory > 'maxmemory'." },
    { name: "memory full, in a script", reply: `OOM command not allowed. script: ${SHA}, on @user_script:12.` },
    { name: "a replica that was a master", reply: "READONLY You can't write against a read only replica." },
    { name: "a cluster slot on its way", reply: "TRYAGAIN Multiple keys request during rehashing of slot" },
    { name: "a password that changed", reply: "WRONGPASS invalid username-password pair or user is disabled." },
    ...["OOM", "MISCONF", "READONLY", "NOREPLICAS"].map((code) => ({
      name: `${code} in a script of Redis 6.2`,
      reply: `ERR Error running script (call to ${SHA}): @user_script:88: @user_script: 88: -${code} why, at length `,
    })),
    {
      name: "OOM in a script, other wording",
      reply: `ERR Error running script (call to ${SHA}): @user_script:7: -OOM command not allowed`,
    },
  ];
  it.each(TRANSIENT)("$name: unavailable, with the reason", async ({ reply }) => {
    const fate = await fateOf(replyError(reply));
    expect(fate).toBeInstanceOf(StoreUnavailable);
    expect((fate as Error).message).toBe(reply);
    expect((fate as Error).cause).toMatchObject({ name: "ReplyError" });
  });

  it.each([
    { name: "a wrong type", reply: "WRONGTYPE Operation against a key holding the wrong kind of value" },
    { name: "a wrong command", reply: "ERR unknown command 'BZMPOP'" },
    { name: "keys of two slots", reply: "CROSSSLOT Keys in request don't hash to the same slot" },
    {
      name: "a mistake in a script of Redis 6.2",
      reply: `ERR Error running script (call to ${SHA}): @user_script:3: attempt to index a nil value`,
    },
    {
      name: "a mistake in a command of a script",
      reply: `ERR Error running script (call to ${SHA}): @user_script:3: @user_script: 3: -WRONGTYPE Operation against`,
    },
    { name: "a mistake that speaks of memory", reply: "ERR user_script:3: field OOM is nil script: x" },
  ])("$name: a bug, as it is", async ({ reply }) => {
    const error = replyError(reply);
    expect(await fateOf(error)).toBe(error);
  });

  it.each([
    { name: "a cut connection", error: new Error("Connection is closed.") },
    { name: "a refused connection", error: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }) },
    {
      name: "a request too many",
      error: Object.assign(new Error("Reached max"), { name: "MaxRetriesPerRequestError" }),
    },
  ])("$name: unavailable", async ({ error }) => {
    expect(await fateOf(error)).toBeInstanceOf(StoreUnavailable);
  });

  it("an answer passes", async () => {
    expect(await orUnavailable(Promise.resolve("PONG"))).toBe("PONG");
  });
});

describe("what is said of a server's settings", () => {
  const GOOD = { redis_version: "7.0.15", maxmemory_policy: "noeviction", aof_enabled: "1" };
  const findings = async (different: Record<string, string | undefined>) => {
    const fields = Object.entries<string | undefined>({ ...GOOD, ...different }).filter(
      ([, value]) => value !== undefined,
    );
    const text = ["# Server", ...fields.map(([field, value]) => `${field}:${value ?? ""}`), ""].join("\r\n");
    return checkRedisSettings({ info: () => Promise.resolve(text) });
  };

  it("nothing, of one that keeps what we store", async () => {
    expect(await findings({})).toEqual([]);
  });

  it.each([
    { name: "an old one", given: { redis_version: "6.0.9" }, severity: "error", says: [/6\.0\.9/, /6\.2 or newer/] },
    {
      name: "one that evicts",
      given: { maxmemory_policy: "allkeys-lru" },
      severity: "error",
      says: [/allkeys-lru/, /CONFIG SET maxmemory-policy noeviction/],
    },
    {
      name: "one without an append-only file: what a crash costs, and how to change it",
      given: { aof_enabled: "0", rdb_last_bgsave_status: "ok" },
      severity: "warning",
      says: [
        /after a crash of Redis the last minutes may be lost/,
        /watchers notice the restart and list everything anew/,
        /CONFIG SET appendonly yes/,
        /appendfsync everysec/,
      ],
    },
    {
      name: "one that does not say",
      given: { aof_enabled: undefined },
      severity: "warning",
      says: [/could not check/],
    },
  ])("$name", async ({ given, severity, says }) => {
    const found = await findings(given);
    expect(found).toMatchObject([{ severity }]);
    for (const words of says) expect(found[0]?.message).toMatch(words);
  });
});
