/** Redis servers of a test's own, for what must not happen to the one that all share: death, promotion, short memory. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startRedis, type RedisServer } from "../../control-plane/redis.ts";

/** A server and how to remove it with its data. */
export interface OwnRedis {
  readonly server: RedisServer;
  remove(): Promise<void>;
}

/**
 * Data are kept in memory where the machine has a place for that: an fsync takes no time there. While one lasts, Redis
 * answers before it has written its log, and a kill would then lose what was acknowledged.
 */
const DATA_DIR = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** @param args - for redis-server, after the settings Koreo asks for */
export async function startOwnRedis(args: readonly string[] = []): Promise<OwnRedis> {
  const binary = process.env["KOREO_TEST_REDIS_SERVER"];
  if (binary === undefined) throw new Error("set KOREO_TEST_REDIS_SERVER to a redis-server; `npm test` does");
  const dir = await mkdtemp(path.join(DATA_DIR, "koreo-redis-"));
  const server = await startRedis({ server: binary, env: {}, dir, args });
  return {
    server,
    remove: async () => {
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
